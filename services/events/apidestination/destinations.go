package apidestination

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// defaultRate is the calls per second of an API destination that names no rate,
// and the highest rate that there is (EventBridge quotas).
const defaultRate = 300

// destination is an API destination as it is kept.
type destination struct {
	wire.Scope
	Name        string
	UUID        string
	Description *string
	Connection  string // ARN
	Endpoint    string
	Method      string
	Rate        *int32 // calls per second; nil: defaultRate
	Created     time.Time
	Modified    time.Time
}

func (d *destination) key() string { return d.Scope.Key(d.Name) }

func (d *destination) arn() string {
	return d.Scope.ARN("events", "api-destination/"+d.Name+"/"+d.UUID)
}

func (d *destination) rate() int {
	if d.Rate == nil {
		return defaultRate
	}
	return int(*d.Rate)
}

// state is INACTIVE while the connection is gone or not authorized.
func (s *Destinations) state(d *destination) string {
	if c, err := s.connectionByARN(d.Connection); err != nil || c.State != api.ConnectionStateAuthorized {
		return api.ApiDestinationStateInactive
	}
	return api.ApiDestinationStateActive
}

func (s *Destinations) destination(ctx context.Context, name string) (*destination, error) {
	if d := s.destinations.Get(wire.ScopeOf(ctx).Key(name)); d != nil {
		return d, nil
	}
	return nil, api.NotFound("Failed to describe the api-destination(s). An api-destination '%s' does not exist.", name)
}

// destinationByARN is the API destination that a rule's target names; nil where
// there is none, or another one of that name by now.
func (s *Destinations) destinationByARN(text string) *destination {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	_, rest := a.Split()
	name, _, _ := strings.Cut(rest, "/")
	d := s.destinations.Get(wire.ScopeOfARN(a).Key(name))
	if d == nil || d.arn() != text {
		return nil
	}
	return d
}

// check refuses what could never be called.
func (s *Destinations) checkDestination(d *destination) error {
	if _, err := s.connectionByARN(d.Connection); err != nil {
		return err
	}
	if d.rate() > defaultRate {
		return api.Invalid("Parameter InvocationRateLimitPerSecond is not valid. Reason: it must be between 1 and %d.", defaultRate)
	}
	return checkEndpoint("InvocationEndpoint", d.Endpoint)
}

// checkEndpoint wants an absolute URL. EventBridge takes https alone; plain
// http is taken as well here, for what is called is often on the same machine.
func checkEndpoint(member, endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return api.Invalid("Parameter %s is not valid. Reason: it must be a URL that begins with https:// or http://.", member)
	}
	return nil
}

// CreateApiDestination implements [api.API].
func (s *Destinations) CreateApiDestination(ctx context.Context, in *api.CreateApiDestinationInput) (*api.CreateApiDestinationOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Clock.Now()
	d := &destination{
		Scope: wire.ScopeOf(ctx), Name: *in.Name, UUID: uuid.NewString(), Description: in.Description, Connection: *in.ConnectionArn,
		Endpoint: *in.InvocationEndpoint, Method: *in.HttpMethod, Rate: in.InvocationRateLimitPerSecond, Created: now, Modified: now,
	}
	if s.destinations.Get(d.key()) != nil {
		return nil, api.Exists("An api-destination '%s' already exists.", d.Name)
	}
	if err := s.checkDestination(d); err != nil {
		return nil, err
	}
	if err := s.destinations.Put(ctx, d.key(), d); err != nil {
		return nil, err
	}
	return &api.CreateApiDestinationOutput{
		ApiDestinationArn: new(d.arn()), ApiDestinationState: new(s.state(d)), CreationTime: api.Stamp(d.Created), LastModifiedTime: api.Stamp(d.Modified),
	}, nil
}

// UpdateApiDestination implements [api.API]. Members that are absent stay as they are.
func (s *Destinations) UpdateApiDestination(ctx context.Context, in *api.UpdateApiDestinationInput) (*api.UpdateApiDestinationOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.destination(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	d := *old
	d.Description = api.Either(in.Description, d.Description)
	d.Connection = *api.Either(in.ConnectionArn, &d.Connection)
	d.Endpoint = *api.Either(in.InvocationEndpoint, &d.Endpoint)
	d.Method = *api.Either(in.HttpMethod, &d.Method)
	d.Rate = api.Either(in.InvocationRateLimitPerSecond, d.Rate)
	d.Modified = s.config.Clock.Now()
	if err := s.checkDestination(&d); err != nil {
		return nil, err
	}
	if err := s.destinations.Put(ctx, d.key(), &d); err != nil {
		return nil, err
	}
	s.outbound.setRate(&d)
	return &api.UpdateApiDestinationOutput{
		ApiDestinationArn: new(d.arn()), ApiDestinationState: new(s.state(&d)), CreationTime: api.Stamp(d.Created), LastModifiedTime: api.Stamp(d.Modified),
	}, nil
}

// DeleteApiDestination implements [api.API].
func (s *Destinations) DeleteApiDestination(ctx context.Context, in *api.DeleteApiDestinationInput) (*api.DeleteApiDestinationOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.destination(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.destinations.Delete(ctx, d.key()); err != nil {
		return nil, err
	}
	s.outbound.forget(d)
	return &api.DeleteApiDestinationOutput{}, nil
}

// DescribeApiDestination implements [api.API].
func (s *Destinations) DescribeApiDestination(ctx context.Context, in *api.DescribeApiDestinationInput) (*api.DescribeApiDestinationOutput, error) {
	d, err := s.destination(ctx, *in.Name)
	if err != nil {
		return nil, err
	}
	return &api.DescribeApiDestinationOutput{
		ApiDestinationArn: new(d.arn()), Name: new(d.Name), Description: d.Description, ApiDestinationState: new(s.state(d)),
		ConnectionArn: new(d.Connection), InvocationEndpoint: new(d.Endpoint), HttpMethod: new(d.Method),
		InvocationRateLimitPerSecond: new(int32(d.rate())), CreationTime: api.Stamp(d.Created), LastModifiedTime: api.Stamp(d.Modified),
	}, nil
}

// ListApiDestinations implements [api.API].
func (s *Destinations) ListApiDestinations(ctx context.Context, in *api.ListApiDestinationsInput) (*api.ListApiDestinationsOutput, error) {
	all := s.destinations.List(wire.ScopeOf(ctx).Key(wire.Value(in.NamePrefix)))
	if in.ConnectionArn != nil {
		all = slices.DeleteFunc(all, func(d *destination) bool { return d.Connection != *in.ConnectionArn })
	}
	rows, next, err := api.Page(all, func(d *destination) string { return d.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListApiDestinationsOutput{ApiDestinations: make([]api.ApiDestination, len(rows)), NextToken: next}
	for i, d := range rows {
		out.ApiDestinations[i] = api.ApiDestination{
			ApiDestinationArn: new(d.arn()), Name: new(d.Name), ApiDestinationState: new(s.state(d)), ConnectionArn: new(d.Connection),
			InvocationEndpoint: new(d.Endpoint), HttpMethod: new(d.Method), InvocationRateLimitPerSecond: new(int32(d.rate())),
			CreationTime: api.Stamp(d.Created), LastModifiedTime: api.Stamp(d.Modified),
		}
	}
	return out, nil
}
