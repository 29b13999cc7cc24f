package events

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/services/events/buspolicy"
	"github.com/signalbox/signalbox/wire"
)

const defaultBus = "default"

// always is since when the default bus of an account is told to exist, which
// nobody created.
var always = time.Date(2019, time.July, 11, 0, 0, 0, 0, time.UTC)

// bus is an event bus as it is kept.
type bus struct {
	wire.Scope
	Name        string
	Incarnation string // tells a bus from an earlier one of its name
	Description *string
	KMSKey      *string
	DeadLetter  *api.DeadLetterConfig
	Log         *api.LogConfig
	Policy      buspolicy.Policy
	Created     time.Time
	Modified    time.Time
	Tags        tags
}

func (b *bus) arn() string { return b.Scope.ARN("events", "event-bus/"+b.Name) }

func (b *bus) key() string { return b.Scope.Key(b.Name) }

// log names the bus to the hub.
func (b *bus) log() string { return b.arn() + "#" + b.Incarnation }

// BusARN is the ARN of the bus that the hub knows by this name.
func BusARN(log string) string {
	arn, _, _ := strings.Cut(log, "#")
	return arn
}

func newDefaultBus(sc wire.Scope) *bus {
	return &bus{Scope: sc, Name: defaultBus, Incarnation: "0", Created: always, Modified: always}
}

// bus finds a bus by its name or ARN; nil is the default one, which every
// account has in every region without creating it.
func (s *Service) bus(ctx context.Context, nameOrARN *string) (*bus, error) {
	name := defaultBus
	if nameOrARN != nil {
		name = *nameOrARN
	}
	sc, name := locate(ctx, "event-bus", name)
	if b := s.buses.Get(sc.Key(name)); b != nil {
		return b, nil
	}
	if name == defaultBus {
		return newDefaultBus(sc), nil
	}
	return nil, api.NotFound("Event bus %s does not exist.", name)
}

// changeBus puts the changed copy of a bus.
func (s *Service) changeBus(ctx context.Context, nameOrARN *string, change func(*bus) error) (*bus, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.bus(ctx, nameOrARN)
	if err != nil {
		return nil, err
	}
	b := *old
	if err := change(&b); err != nil {
		return nil, err
	}
	b.Modified = s.Clock.Now()
	if b.Created.IsZero() { // kept by earlier versions
		b.Created = always
	}
	if err := s.buses.Put(ctx, b.key(), &b); err != nil {
		return nil, err
	}
	s.log(&b)
	return &b, nil
}

// CreateEventBus implements [api.API].
func (s *Service) CreateEventBus(ctx context.Context, in *api.CreateEventBusInput) (*api.CreateEventBusOutput, error) {
	name := *in.Name
	switch {
	case name == defaultBus:
		return nil, api.Exists("Event bus %s already exists.", name)
	case strings.Contains(name, "/"):
		return nil, api.Invalid("Event bus name must not contain '/'.")
	}
	if err := checkDeadLetter(in.DeadLetterConfig); err != nil {
		return nil, err
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clock.Now()
	b := &bus{
		Scope: wire.ScopeOf(ctx), Name: name, Incarnation: strconv.FormatInt(now.UnixNano(), 36),
		Description: in.Description, KMSKey: in.KmsKeyIdentifier, DeadLetter: in.DeadLetterConfig, Log: in.LogConfig,
		Created: now, Modified: now, Tags: tags,
	}
	if s.buses.Get(b.key()) != nil {
		return nil, api.Exists("Event bus %s already exists.", name)
	}
	if err := s.buses.Put(ctx, b.key(), b); err != nil {
		return nil, err
	}
	s.log(b)
	return &api.CreateEventBusOutput{
		EventBusArn: new(b.arn()), Description: b.Description, KmsKeyIdentifier: b.KMSKey,
		DeadLetterConfig: b.DeadLetter, LogConfig: b.Log,
	}, nil
}

// UpdateEventBus implements [api.API]. Members that are absent stay as they are.
func (s *Service) UpdateEventBus(ctx context.Context, in *api.UpdateEventBusInput) (*api.UpdateEventBusOutput, error) {
	if err := checkDeadLetter(in.DeadLetterConfig); err != nil {
		return nil, err
	}
	b, err := s.changeBus(ctx, in.Name, func(b *bus) error {
		if in.Description != nil {
			b.Description = in.Description
		}
		if in.KmsKeyIdentifier != nil {
			b.KMSKey = in.KmsKeyIdentifier
			if *in.KmsKeyIdentifier == "" { // back to the AWS owned key
				b.KMSKey = nil
			}
		}
		if in.DeadLetterConfig != nil {
			b.DeadLetter = in.DeadLetterConfig
		}
		if in.LogConfig != nil {
			b.Log = in.LogConfig
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateEventBusOutput{
		Arn: new(b.arn()), Name: new(b.Name), KmsKeyIdentifier: b.KMSKey, Description: b.Description,
		DeadLetterConfig: b.DeadLetter, LogConfig: b.Log,
	}, nil
}

// DeleteEventBus implements [api.API]. A bus that does not exist is no error; the
// default bus, and one that still has rules, cannot be deleted.
func (s *Service) DeleteEventBus(ctx context.Context, in *api.DeleteEventBusInput) (*api.DeleteEventBusOutput, error) {
	if *in.Name == defaultBus {
		return nil, api.Invalid("Cannot delete event bus default.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buses.Get(wire.ScopeOf(ctx).Key(*in.Name))
	if b == nil {
		return &api.DeleteEventBusOutput{}, nil
	}
	var managed []string
	for _, r := range s.rules.List(b.key() + "|") {
		if r.ManagedBy == nil {
			return nil, api.Invalid("Cannot delete event bus %s. Rules are still attached to it.", b.Name)
		}
		managed = append(managed, r.key())
	}
	if len(managed) > 0 {
		if err := s.rules.Delete(ctx, managed...); err != nil {
			return nil, err
		}
	}
	if err := s.buses.Delete(ctx, b.key()); err != nil {
		return nil, err
	}
	s.logging.Leave(b.log())
	if err := s.Hub.DropBus(ctx, b.log()); err != nil {
		return nil, err
	}
	return &api.DeleteEventBusOutput{}, nil
}

// DescribeEventBus implements [api.API].
func (s *Service) DescribeEventBus(ctx context.Context, in *api.DescribeEventBusInput) (*api.DescribeEventBusOutput, error) {
	b, err := s.bus(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &api.DescribeEventBusOutput{
		Name: new(b.Name), Arn: new(b.arn()), Description: b.Description, KmsKeyIdentifier: b.KMSKey,
		DeadLetterConfig: b.DeadLetter, LogConfig: b.Log, Policy: b.Policy.Text(),
		CreationTime: api.Stamp(b.Created), LastModifiedTime: api.Stamp(b.Modified),
	}, nil
}

// ListEventBuses implements [api.API].
func (s *Service) ListEventBuses(ctx context.Context, in *api.ListEventBusesInput) (*api.ListEventBusesOutput, error) {
	rows, next, err := api.Page(s.busesOf(wire.ScopeOf(ctx), in.NamePrefix), func(b *bus) string { return b.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListEventBusesOutput{EventBuses: make([]api.EventBus, len(rows)), NextToken: next}
	for i, b := range rows {
		out.EventBuses[i] = api.EventBus{
			Name: new(b.Name), Arn: new(b.arn()), Description: b.Description, Policy: b.Policy.Text(),
			CreationTime: api.Stamp(b.Created), LastModifiedTime: api.Stamp(b.Modified),
		}
	}
	return out, nil
}

// busesOf lists the buses of a scope by name, the default one among them.
func (s *Service) busesOf(sc wire.Scope, prefix *string) []*bus {
	p := wire.Value(prefix)
	all := s.buses.List(sc.Key(p))
	if s.buses.Get(sc.Key(defaultBus)) == nil && strings.HasPrefix(defaultBus, p) {
		all = append(all, newDefaultBus(sc))
	}
	sortByName(all, func(b *bus) string { return b.Name })
	return all
}

func sortByName[T any](items []T, name func(T) string) {
	slices.SortFunc(items, func(a, b T) int { return strings.Compare(name(a), name(b)) })
}
