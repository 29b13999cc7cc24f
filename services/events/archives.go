package events

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// archiveManager is who manages the rules of archives at AWS.
const archiveManager = "prod.vhs.events.aws.internal"

// archive is an archive as it is kept. Its events are a log, filled by a rule of
// the bus that the archive manages, as at AWS.
type archive struct {
	wire.Scope
	Name        string
	Incarnation string // tells an archive from an earlier one of its name
	Bus         string // its name
	Source      string // its ARN
	Description *string
	Pattern     *string
	KMSKey      *string
	Days        int32 // of retention; 0: for ever
	Created     time.Time
}

func (a *archive) key() string { return a.Scope.Key(a.Name) }

func (a *archive) arn() string { return a.Scope.ARN("events", "archive/"+a.Name) }

func (a *archive) log() string { return "events.archive/" + a.arn() + "#" + a.Incarnation }

func (a *archive) ruleName() string { return "Events-Archive-" + a.Name }

// rule is the rule that fills the archive: the archive's pattern, but not what
// a replay put on the bus.
func (a *archive) rule() *rule {
	members := map[string]json.RawMessage{}
	if a.Pattern != nil {
		_ = json.Unmarshal([]byte(*a.Pattern), &members) // it was checked
	}
	members["replay-name"] = json.RawMessage(`[{"exists":false}]`)
	return &rule{
		Scope: a.Scope, Bus: a.Bus, Name: a.ruleName(), Pattern: new(api.JSON(members)), State: api.RuleStateEnabled,
		ManagedBy: new(archiveManager), Targets: []api.Target{{Id: new(a.ruleName()), Arn: new(a.arn())}},
	}
}

func (s *Service) archive(ctx context.Context, name string) (*archive, error) {
	if a := s.archives.Get(wire.ScopeOf(ctx).Key(name)); a != nil {
		return a, nil
	}
	return nil, api.NotFound("Archive %s does not exist.", name)
}

func (s *Service) archiveByARN(text string) *archive {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	_, name := a.Split()
	return s.archives.Get(wire.ScopeOfARN(a).Key(name))
}

// CreateArchive implements [api.API]. It archives the events that come from then on.
func (s *Service) CreateArchive(ctx context.Context, in *api.CreateArchiveInput) (*api.CreateArchiveOutput, error) {
	if in.EventPattern != nil {
		if err := checkPattern(*in.EventPattern); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(ctx, in.EventSourceArn)
	if err != nil {
		return nil, err
	}
	switch {
	case b.arn() != *in.EventSourceArn:
		return nil, api.Invalid("Parameter EventSourceArn is not valid. Reason: it must be the ARN of an event bus.")
	case b.Scope != wire.ScopeOf(ctx):
		return nil, api.NotFound("Event bus %s does not exist.", b.Name)
	}
	now := s.Clock.Now()
	a := &archive{
		Scope: wire.ScopeOf(ctx), Name: *in.ArchiveName, Incarnation: strconv.FormatInt(now.UnixNano(), 36), Bus: b.Name, Source: b.arn(),
		Description: in.Description, Pattern: in.EventPattern, KMSKey: in.KmsKeyIdentifier, Days: wire.Value(in.RetentionDays), Created: now,
	}
	if s.archives.Get(a.key()) != nil {
		return nil, api.Exists("Archive %s already exists.", a.Name)
	}
	// The rule first: of an archive that was not acknowledged a rule may be
	// left, which creating it again puts anew.
	if err := s.putRule(ctx, nil, a.rule()); err != nil {
		return nil, err
	}
	if err := s.archives.Put(ctx, a.key(), a); err != nil {
		return nil, err
	}
	return &api.CreateArchiveOutput{ArchiveArn: new(a.arn()), State: new(api.ArchiveStateEnabled), CreationTime: api.Stamp(a.Created)}, nil
}

// UpdateArchive implements [api.API]. Members that are absent stay as they are.
func (s *Service) UpdateArchive(ctx context.Context, in *api.UpdateArchiveInput) (*api.UpdateArchiveOutput, error) {
	if in.EventPattern != nil {
		if err := checkPattern(*in.EventPattern); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.archive(ctx, *in.ArchiveName)
	if err != nil {
		return nil, err
	}
	a := *old
	a.Description = api.Either(in.Description, a.Description)
	a.Pattern = api.Either(in.EventPattern, a.Pattern)
	a.KMSKey = api.Either(in.KmsKeyIdentifier, a.KMSKey)
	a.Days = *api.Either(in.RetentionDays, &a.Days)
	if err := s.archives.Put(ctx, a.key(), &a); err != nil {
		return nil, err
	}
	if s.rules.Get(a.rule().key()) != nil { // the bus may be gone
		if err := s.putRule(ctx, nil, a.rule()); err != nil {
			return nil, err
		}
	}
	return &api.UpdateArchiveOutput{ArchiveArn: new(a.arn()), State: new(s.archiveState(&a)), CreationTime: api.Stamp(a.Created)}, nil
}

// DeleteArchive implements [api.API]: the archive's events are gone for good.
func (s *Service) DeleteArchive(ctx context.Context, in *api.DeleteArchiveInput) (*api.DeleteArchiveOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.archive(ctx, *in.ArchiveName)
	if err != nil {
		return nil, err
	}
	if r := s.rules.Get(a.rule().key()); r != nil {
		if err := s.unsubscribe(ctx, r, a.ruleName()); err != nil {
			return nil, err
		}
		if err := s.rules.Delete(ctx, r.key()); err != nil {
			return nil, err
		}
	}
	if err := s.archives.Delete(ctx, a.key()); err != nil {
		return nil, err
	}
	return &api.DeleteArchiveOutput{}, s.Engine.Logs().Drop(ctx, a.log())
}

// archiveState is DISABLED once the archive's bus is gone.
func (s *Service) archiveState(a *archive) string {
	if s.rules.Get(a.rule().key()) == nil {
		return api.ArchiveStateDisabled
	}
	return api.ArchiveStateEnabled
}

// DescribeArchive implements [api.API].
func (s *Service) DescribeArchive(ctx context.Context, in *api.DescribeArchiveInput) (*api.DescribeArchiveOutput, error) {
	a, err := s.archive(ctx, *in.ArchiveName)
	if err != nil {
		return nil, err
	}
	count, size, err := s.extent(ctx, a)
	if err != nil {
		return nil, err
	}
	return &api.DescribeArchiveOutput{
		ArchiveArn: new(a.arn()), ArchiveName: new(a.Name), EventSourceArn: new(a.Source), Description: a.Description,
		EventPattern: a.Pattern, State: new(s.archiveState(a)), KmsKeyIdentifier: a.KMSKey, RetentionDays: new(a.Days),
		SizeBytes: size, EventCount: count, CreationTime: api.Stamp(a.Created),
	}, nil
}

// ListArchives implements [api.API].
func (s *Service) ListArchives(ctx context.Context, in *api.ListArchivesInput) (*api.ListArchivesOutput, error) {
	if in.EventSourceArn != nil {
		if _, err := s.bus(ctx, in.EventSourceArn); err != nil {
			return nil, err
		}
	}
	all := slices.DeleteFunc(s.archives.List(wire.ScopeOf(ctx).Key(wire.Value(in.NamePrefix))), func(a *archive) bool {
		return in.EventSourceArn != nil && a.Source != *in.EventSourceArn || in.State != nil && s.archiveState(a) != *in.State
	})
	rows, next, err := api.Page(all, func(a *archive) string { return a.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListArchivesOutput{Archives: make([]api.Archive, len(rows)), NextToken: next}
	for i, a := range rows {
		count, size, err := s.extent(ctx, a)
		if err != nil {
			return nil, err
		}
		out.Archives[i] = api.Archive{
			ArchiveName: new(a.Name), EventSourceArn: new(a.Source), State: new(s.archiveState(a)), RetentionDays: new(a.Days),
			SizeBytes: size, EventCount: count, CreationTime: api.Stamp(a.Created),
		}
	}
	return out, nil
}

// An entry of an archive's log is the sum of the sizes of all events up to and
// with this one (8 bytes, so that the archive's size is read from its ends),
// then the event.
const archiveHeader = 8

// expire forgets the events beyond the archive's retention.
func (s *Service) expire(ctx context.Context, a *archive) error {
	if a.Days == 0 {
		return nil
	}
	logs := s.Engine.Logs()
	first, _, err := logs.Bounds(ctx, a.log())
	if err != nil {
		return err
	}
	keep, err := logs.Seek(ctx, a.log(), s.Clock.Now().AddDate(0, 0, -int(a.Days)))
	if err != nil || keep <= first {
		return err
	}
	return logs.Trim(ctx, a.log(), keep)
}

// extent is the number of the archive's events and their size in bytes.
func (s *Service) extent(ctx context.Context, a *archive) (count, size int64, err error) {
	if err := s.expire(ctx, a); err != nil {
		return 0, 0, err
	}
	first, next, err := s.Engine.Logs().Bounds(ctx, a.log())
	if err != nil || first == next {
		return 0, 0, err
	}
	oldest, err := s.archived(ctx, a, first)
	if err != nil {
		return 0, 0, err
	}
	newest, err := s.archived(ctx, a, next-1)
	if err != nil {
		return 0, 0, err
	}
	size = sum(newest.Data) - sum(oldest.Data) + int64(len(oldest.Data)-archiveHeader)
	return int64(newest.Position-oldest.Position) + 1, size, nil
}

func sum(entry []byte) int64 { return int64(binary.BigEndian.Uint64(entry)) }

// archived is the entry at a position that is in the log.
func (s *Service) archived(ctx context.Context, a *archive, at engine.Position) (engine.Entry, error) {
	r, err := s.Engine.Logs().Open(ctx, a.log(), at)
	if err != nil {
		return engine.Entry{}, err
	}
	defer r.Close()
	entries, err := r.Next(ctx, nil, 1)
	if err != nil {
		return engine.Entry{}, fmt.Errorf("reading archive %s: %w", a.Name, err)
	}
	return entries[0], nil
}

// archiveTarget appends events to an archive's log.
type archiveTarget struct {
	s   *Service
	arn string
}

func (s *Service) archiveTarget(arn string) delivery.Target { return archiveTarget{s: s, arn: arn} }

// MaxBatch implements [delivery.Target].
func (archiveTarget) MaxBatch() int { return 1024 }

// Deliver implements [delivery.Target].
func (t archiveTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	a := t.s.archiveByARN(t.arn)
	failure := permanent("NO_RESOURCE", "archive %s does not exist", t.arn)
	if a != nil {
		err := t.s.append(ctx, a, requests)
		if err == nil {
			return results
		}
		t.s.Logger.Error("archiving events", "archive", t.arn, "error", err)
		failure = delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: "the archive could not store the event"}
	}
	for i := range results {
		results[i] = failure
	}
	return results
}

// append adds events to the archive, one batch at a time for the sums' sake.
func (s *Service) append(ctx context.Context, a *archive, requests []delivery.Request) error {
	lock, _ := s.appending.LoadOrStore(a.log(), new(sync.Mutex))
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	if err := s.expire(ctx, a); err != nil {
		return err
	}
	first, next, err := s.Engine.Logs().Bounds(ctx, a.log())
	if err != nil {
		return err
	}
	total := int64(0)
	if first != next {
		newest, err := s.archived(ctx, a, next-1)
		if err != nil {
			return err
		}
		total = sum(newest.Data)
	}
	entries := make([][]byte, len(requests))
	for i, r := range requests {
		total += int64(len(r.Input))
		entries[i] = append(binary.BigEndian.AppendUint64(nil, uint64(total)), r.Input...)
	}
	_, err = s.Engine.Logs().Append(ctx, a.log(), entries...)
	return err
}
