package mapping

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/async"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/wire"
)

// record is an event source mapping as it is kept.
type record struct {
	wire.Scope
	ID        string
	Source    string // ARN
	Function  string // ARN, with its qualifier
	Enabled   bool
	Batch     int32
	Window    int32 // seconds
	Filters   []string
	Parallel  *int32 // of streams
	Start     string // of streams
	OnFailure string // ARN
	MaxAge    *int32 // seconds; -1: any
	Bisect    *bool
	Retries   *int32 // -1: without end
	Responses []string
	Scaling   *int32
	Metrics   []string
	KMSKey    string
	Tags      map[string]string
	Modified  time.Time
}

func (m *record) key() string { return m.Scope.Key(m.ID) }

func (m *record) isQueue() bool { return strings.Contains(m.Source, ":sqs:") }

// ID is the id of the mapping that an ARN names.
func ID(resource string) (string, bool) {
	a, err := arn.Parse(resource)
	if err != nil {
		return "", false
	}
	kind, id := a.Split()
	return id, kind == "event-source-mapping"
}

func noMapping() error { return api.NotFound("The resource you requested does not exist.") }

func (s *Mappings) mapping(ctx context.Context, id string) (*record, error) {
	if m := s.kept.Get(wire.ScopeOf(ctx).Key(id)); m != nil {
		return m, nil
	}
	return nil, noMapping()
}

// describeMapping is a mapping as answers show it; state is empty for the one
// that it is in.
func (s *Mappings) describeMapping(m *record, state string) api.EventSourceMappingConfiguration {
	if state == "" {
		state = "Disabled"
		if m.Enabled {
			state = "Enabled"
		}
	}
	c := api.EventSourceMappingConfiguration{
		UUID: new(m.ID), EventSourceArn: new(m.Source), FunctionArn: new(m.Function), BatchSize: new(m.Batch),
		MaximumBatchingWindowInSeconds: new(m.Window), LastModified: new(wire.At(m.Modified)), State: new(state),
		StateTransitionReason: new("USER_INITIATED"), FunctionResponseTypes: m.Responses,
		EventSourceMappingArn: new(m.Scope.ARN("lambda", "event-source-mapping:"+m.ID)),
	}
	if len(m.Filters) > 0 {
		c.FilterCriteria = &api.FilterCriteria{}
		for _, f := range m.Filters {
			c.FilterCriteria.Filters = append(c.FilterCriteria.Filters, api.Filter{Pattern: new(f)})
		}
	}
	if m.Scaling != nil {
		c.ScalingConfig = &api.ScalingConfig{MaximumConcurrency: m.Scaling}
	}
	if m.KMSKey != "" {
		c.KMSKeyArn = new(m.KMSKey)
	}
	if m.Metrics != nil {
		c.MetricsConfig = &api.EventSourceMappingMetricsConfig{Metrics: m.Metrics}
	}
	if !m.isQueue() {
		c.StartingPosition, c.ParallelizationFactor, c.MaximumRecordAgeInSeconds = new(m.Start), m.Parallel, m.MaxAge
		c.BisectBatchOnFunctionError, c.MaximumRetryAttempts, c.TumblingWindowInSeconds = m.Bisect, m.Retries, new(int32(0))
		c.LastProcessingResult = new(s.pollers.result(m))
		c.DestinationConfig = &api.DestinationConfig{OnFailure: &api.OnFailure{}}
		if m.OnFailure != "" {
			c.DestinationConfig.OnFailure.Destination = new(m.OnFailure)
		}
	}
	return c
}

// mappingChange are the members that both Create and Update have.
type mappingChange struct {
	FunctionName                                           *string
	Enabled, Bisect                                        *bool
	BatchSize, Window, Parallel, MaxAge, Retries, Tumbling *int32
	Filter                                                 *api.FilterCriteria
	KMSKeyArn                                              *string
	Metrics                                                *api.EventSourceMappingMetricsConfig
	Scaling                                                *api.ScalingConfig
	Destination                                            *api.DestinationConfig
	Responses                                              []string
}

// apply puts the change into a mapping, or says what is wrong with it.
func (s *Mappings) apply(ctx context.Context, m *record, c mappingChange) error {
	if c.FunctionName != nil {
		n, f, err := s.Catalog.Function(ctx, *c.FunctionName, nil)
		if err != nil {
			return err
		}
		if _, err := s.Catalog.Version(n, f); err != nil {
			return err
		}
		m.Function = n.ARN()
	}
	api.Put(&m.Enabled, c.Enabled)
	api.Put(&m.Batch, c.BatchSize)
	api.Put(&m.Window, c.Window)
	api.Put(&m.KMSKey, c.KMSKeyArn)
	if wire.Value(c.Tumbling) > 0 {
		return api.Invalid("TumblingWindowInSeconds is not implemented by Signalbox.")
	}
	if c.Filter != nil {
		m.Filters = nil
		for _, f := range c.Filter.Filters {
			m.Filters = append(m.Filters, wire.Value(f.Pattern))
		}
		if len(m.Filters) > 5 {
			return api.Invalid("Filter criteria must have at most 5 filters.")
		}
		if _, err := sources.NewFilter(m.Filters); err != nil {
			return api.Invalid("Invalid filter pattern definition. %s", err)
		}
	}
	if c.Metrics != nil {
		m.Metrics = slices.Concat([]string{}, c.Metrics.Metrics)
	}
	if c.Responses != nil {
		m.Responses = c.Responses
	}
	if m.isQueue() {
		return s.applyQueue(ctx, m, c)
	}
	return applyStream(m, c)
}

func (s *Mappings) applyQueue(ctx context.Context, m *record, c mappingChange) error {
	for name, given := range map[string]bool{
		"ParallelizationFactor": c.Parallel != nil, "BisectBatchOnFunctionError": c.Bisect != nil,
		"MaximumRetryAttempts": c.Retries != nil, "MaximumRecordAgeInSeconds": c.MaxAge != nil,
	} {
		if given {
			return api.Invalid("%s is not supported for SQS event sources.", name)
		}
	}
	if c.Scaling != nil {
		m.Scaling = c.Scaling.MaximumConcurrency
	}
	info, err := s.Queues.Queue(ctx, m.Source)
	if errors.Is(err, sources.ErrGone) {
		return api.Invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.")
	}
	if err != nil {
		return err
	}
	switch {
	case info.FIFO && m.Window > 0:
		return api.Invalid("Batching window is not supported for FIFO queues.")
	case info.FIFO && m.Batch > 10:
		return api.Invalid("Batch size for FIFO queues must be at most 10.")
	case m.Batch > 10 && m.Window == 0:
		return api.Invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	}
	n, f, err := s.Catalog.Function(ctx, m.Function, nil)
	if err != nil {
		return err
	}
	v, err := s.Catalog.Version(n, f)
	if err != nil {
		return err
	}
	if visible := int32(info.Visibility / time.Second); visible < v.Timeout {
		return api.Invalid("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", visible, v.Timeout)
	}
	return nil
}

func applyStream(m *record, c mappingChange) error {
	if c.Scaling != nil && c.Scaling.MaximumConcurrency != nil {
		return api.Invalid("ScalingConfig is only supported for SQS event sources.")
	}
	for _, p := range []struct{ to, from **int32 }{{&m.Parallel, &c.Parallel}, {&m.MaxAge, &c.MaxAge}, {&m.Retries, &c.Retries}} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	if m.MaxAge != nil && *m.MaxAge != -1 && *m.MaxAge < 60 {
		return api.Breaks(*m.MaxAge, "maximumRecordAgeInSeconds", "Member must have value greater than or equal to 60, or -1")
	}
	if c.Bisect != nil {
		m.Bisect = c.Bisect
	}
	if c.Destination != nil && c.Destination.OnFailure != nil {
		if err := async.CheckDestination(wire.Value(c.Destination.OnFailure.Destination)); err != nil {
			return err
		}
		m.OnFailure = wire.Value(c.Destination.OnFailure.Destination)
	}
	return nil
}

// newMapping is the mapping of a request, with the defaults of its source.
func (s *Mappings) newMapping(ctx context.Context, in *api.CreateEventSourceMappingInput) (*record, error) {
	if in.EventSourceArn == nil {
		return nil, api.Invalid("EventSourceArn is required.")
	}
	a, err := arn.Parse(*in.EventSourceArn)
	if err != nil {
		return nil, api.Invalid("Unrecognized event source: %s", *in.EventSourceArn)
	}
	m := &record{
		Scope: wire.ScopeOf(ctx), ID: uuid.NewString(), Source: *in.EventSourceArn, Enabled: true, Batch: 10,
		Tags: in.Tags, Modified: s.Clock.Now(),
	}
	switch {
	case a.Service == "sqs":
		if in.StartingPosition != nil {
			return nil, api.Invalid("StartingPosition is not valid for SQS event sources.")
		}
		if s.Queues == nil {
			return nil, api.Invalid("Queues as event sources are not wired.")
		}
	case a.Service == "dynamodb" && strings.Contains(a.Resource, "/stream/"), a.Service == "kinesis":
		m.Batch, m.Start = 100, wire.Value(in.StartingPosition)
		m.Parallel, m.MaxAge, m.Retries, m.Bisect = new(int32(1)), new(int32(-1)), new(int32(-1)), new(false)
		if m.Start == "" {
			return nil, api.Invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
		}
		if m.Start == api.EventSourcePositionAtTimestamp {
			return nil, api.Invalid("Unsupported starting position for this event source: AT_TIMESTAMP")
		}
		if s.Streams == nil || a.Service == "kinesis" {
			return nil, api.Invalid("%s streams as event sources are not implemented by Signalbox yet: %s", a.Service, m.Source)
		}
	default:
		return nil, api.Invalid("%s as an event source is not implemented by Signalbox: %s", a.Service, m.Source)
	}
	return m, nil
}

// CreateEventSourceMapping implements [api.API].
func (s *Mappings) CreateEventSourceMapping(ctx context.Context, in *api.CreateEventSourceMappingInput) (*api.CreateEventSourceMappingOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	m, err := s.newMapping(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.apply(ctx, m, mappingChange{
		FunctionName: in.FunctionName, Enabled: in.Enabled, Bisect: in.BisectBatchOnFunctionError, BatchSize: in.BatchSize,
		Window: in.MaximumBatchingWindowInSeconds, Parallel: in.ParallelizationFactor, MaxAge: in.MaximumRecordAgeInSeconds,
		Retries: in.MaximumRetryAttempts, Tumbling: in.TumblingWindowInSeconds, Filter: in.FilterCriteria, KMSKeyArn: in.KMSKeyArn,
		Metrics: in.MetricsConfig, Scaling: in.ScalingConfig, Destination: in.DestinationConfig, Responses: in.FunctionResponseTypes,
	}); err != nil {
		return nil, err
	}
	for _, o := range s.kept.List(m.Scope.Key("")) {
		if o.Source == m.Source && o.Function == m.Function {
			return nil, api.Conflict("An event source mapping with event source arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s", m.Source, m.Function, o.ID)
		}
	}
	if !m.isQueue() {
		if err := s.pollers.runner(m).Begin(ctx); err != nil {
			return nil, api.Invalid("Stream not found: %s", m.Source)
		}
	}
	if err := s.kept.Put(ctx, m.key(), m); err != nil {
		return nil, err
	}
	out := api.CreateEventSourceMappingOutput(s.describeMapping(m, "Creating"))
	s.pollers.follow(m)
	return &out, nil
}

// UpdateEventSourceMapping implements [api.API].
func (s *Mappings) UpdateEventSourceMapping(ctx context.Context, in *api.UpdateEventSourceMappingInput) (*api.UpdateEventSourceMappingOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	old, err := s.mapping(ctx, *in.UUID)
	if err != nil {
		return nil, err
	}
	m := *old
	if err := s.apply(ctx, &m, mappingChange{
		FunctionName: in.FunctionName, Enabled: in.Enabled, Bisect: in.BisectBatchOnFunctionError, BatchSize: in.BatchSize,
		Window: in.MaximumBatchingWindowInSeconds, Parallel: in.ParallelizationFactor, MaxAge: in.MaximumRecordAgeInSeconds,
		Retries: in.MaximumRetryAttempts, Tumbling: in.TumblingWindowInSeconds, Filter: in.FilterCriteria, KMSKeyArn: in.KMSKeyArn,
		Metrics: in.MetricsConfig, Scaling: in.ScalingConfig, Destination: in.DestinationConfig, Responses: in.FunctionResponseTypes,
	}); err != nil {
		return nil, err
	}
	m.Modified = s.Clock.Now()
	if err := s.kept.Put(ctx, m.key(), &m); err != nil {
		return nil, err
	}
	s.pollers.follow(&m)
	return new(api.UpdateEventSourceMappingOutput(s.describeMapping(&m, "Updating"))), nil
}

// GetEventSourceMapping implements [api.API].
func (s *Mappings) GetEventSourceMapping(ctx context.Context, in *api.GetEventSourceMappingInput) (*api.GetEventSourceMappingOutput, error) {
	m, err := s.mapping(ctx, *in.UUID)
	if err != nil {
		return nil, err
	}
	return new(api.GetEventSourceMappingOutput(s.describeMapping(m, ""))), nil
}

// DeleteEventSourceMapping implements [api.API]. Invocations under way end.
func (s *Mappings) DeleteEventSourceMapping(ctx context.Context, in *api.DeleteEventSourceMappingInput) (*api.DeleteEventSourceMappingOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	m, err := s.mapping(ctx, *in.UUID)
	if err != nil {
		return nil, err
	}
	if err := s.kept.Delete(ctx, m.key()); err != nil {
		return nil, err
	}
	out := api.DeleteEventSourceMappingOutput(s.describeMapping(m, "Deleting"))
	s.pollers.forget(m)
	return &out, nil
}

// ListEventSourceMappings implements [api.API].
func (s *Mappings) ListEventSourceMappings(ctx context.Context, in *api.ListEventSourceMappingsInput) (*api.ListEventSourceMappingsOutput, error) {
	wanted := ""
	if in.FunctionName != nil {
		n, err := catalog.Locate(ctx, *in.FunctionName, nil)
		if err != nil {
			return nil, err
		}
		wanted = n.ARN()
	}
	all := slices.DeleteFunc(s.kept.List(wire.ScopeOf(ctx).Key("")), func(m *record) bool {
		return wanted != "" && m.Function != wanted || in.EventSourceArn != nil && m.Source != *in.EventSourceArn
	})
	rows, next, err := api.Page(all, func(m *record) string { return m.ID }, in.MaxItems, 100, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListEventSourceMappingsOutput{EventSourceMappings: []api.EventSourceMappingConfiguration{}, NextMarker: next}
	for _, m := range rows {
		out.EventSourceMappings = append(out.EventSourceMappings, s.describeMapping(m, ""))
	}
	return out, nil
}

// Tags are a mapping's tags, and how they are changed.
func (s *Mappings) Tags(ctx context.Context, id string) (tags map[string]string, change func(map[string]string) error, err error) {
	m, err := s.mapping(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	return m.Tags, func(tags map[string]string) error {
		changed := *m
		changed.Tags = tags
		return s.kept.Put(ctx, m.key(), &changed)
	}, nil
}
