package lambda

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/wire"
)

// mapping is an event source mapping as it is kept.
type mapping struct {
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

func (m *mapping) key() string { return m.Scope.Key(m.ID) }

func (m *mapping) isQueue() bool { return strings.Contains(m.Source, ":sqs:") }

// mappingID is the id of the mapping that an ARN names.
func mappingID(resource string) (string, bool) {
	a, err := arn.Parse(resource)
	if err != nil {
		return "", false
	}
	kind, id := a.Split()
	return id, kind == "event-source-mapping"
}

func noMapping() error { return notFound("The resource you requested does not exist.") }

func (s *Service) mapping(ctx context.Context, id string) (*mapping, error) {
	if m := s.mappings.Get(wire.ScopeOf(ctx).Key(id)); m != nil {
		return m, nil
	}
	return nil, noMapping()
}

// describeMapping is a mapping as answers show it; state is empty for the one
// that it is in.
func (s *Service) describeMapping(m *mapping, state string) EventSourceMappingConfiguration {
	if state == "" {
		state = "Disabled"
		if m.Enabled {
			state = "Enabled"
		}
	}
	c := EventSourceMappingConfiguration{
		UUID: new(m.ID), EventSourceArn: new(m.Source), FunctionArn: new(m.Function), BatchSize: new(m.Batch),
		MaximumBatchingWindowInSeconds: new(m.Window), LastModified: new(wire.At(m.Modified)), State: new(state),
		StateTransitionReason: new("USER_INITIATED"), FunctionResponseTypes: m.Responses,
		EventSourceMappingArn: new(m.Scope.ARN("lambda", "event-source-mapping:"+m.ID)),
	}
	if len(m.Filters) > 0 {
		c.FilterCriteria = &FilterCriteria{}
		for _, f := range m.Filters {
			c.FilterCriteria.Filters = append(c.FilterCriteria.Filters, Filter{Pattern: new(f)})
		}
	}
	if m.Scaling != nil {
		c.ScalingConfig = &ScalingConfig{MaximumConcurrency: m.Scaling}
	}
	if m.KMSKey != "" {
		c.KMSKeyArn = new(m.KMSKey)
	}
	if m.Metrics != nil {
		c.MetricsConfig = &EventSourceMappingMetricsConfig{Metrics: m.Metrics}
	}
	if !m.isQueue() {
		c.StartingPosition, c.ParallelizationFactor, c.MaximumRecordAgeInSeconds = new(m.Start), m.Parallel, m.MaxAge
		c.BisectBatchOnFunctionError, c.MaximumRetryAttempts, c.TumblingWindowInSeconds = m.Bisect, m.Retries, new(int32(0))
		c.LastProcessingResult = new(s.pollers.result(m))
		c.DestinationConfig = &DestinationConfig{OnFailure: &OnFailure{}}
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
	Filter                                                 *FilterCriteria
	KMSKeyArn                                              *string
	Metrics                                                *EventSourceMappingMetricsConfig
	Scaling                                                *ScalingConfig
	Destination                                            *DestinationConfig
	Responses                                              []string
}

// apply puts the change into a mapping, or says what is wrong with it.
func (s *Service) apply(ctx context.Context, m *mapping, c mappingChange) error {
	if c.FunctionName != nil {
		n, f, err := s.function(ctx, *c.FunctionName, nil)
		if err != nil {
			return err
		}
		if _, err := s.version(n, f); err != nil {
			return err
		}
		m.Function = n.arn()
	}
	put(&m.Enabled, c.Enabled)
	put(&m.Batch, c.BatchSize)
	put(&m.Window, c.Window)
	put(&m.KMSKey, c.KMSKeyArn)
	if wire.Value(c.Tumbling) > 0 {
		return invalid("TumblingWindowInSeconds is not implemented by Signalbox.")
	}
	if c.Filter != nil {
		m.Filters = nil
		for _, f := range c.Filter.Filters {
			m.Filters = append(m.Filters, wire.Value(f.Pattern))
		}
		if len(m.Filters) > 5 {
			return invalid("Filter criteria must have at most 5 filters.")
		}
		if _, err := sources.NewFilter(m.Filters); err != nil {
			return invalid("Invalid filter pattern definition. %s", err)
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

func (s *Service) applyQueue(ctx context.Context, m *mapping, c mappingChange) error {
	for name, given := range map[string]bool{
		"ParallelizationFactor": c.Parallel != nil, "BisectBatchOnFunctionError": c.Bisect != nil,
		"MaximumRetryAttempts": c.Retries != nil, "MaximumRecordAgeInSeconds": c.MaxAge != nil,
	} {
		if given {
			return invalid("%s is not supported for SQS event sources.", name)
		}
	}
	if c.Scaling != nil {
		m.Scaling = c.Scaling.MaximumConcurrency
	}
	info, err := s.Queues.Queue(ctx, m.Source)
	if errors.Is(err, sources.ErrGone) {
		return invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.")
	}
	if err != nil {
		return err
	}
	switch {
	case info.FIFO && m.Window > 0:
		return invalid("Batching window is not supported for FIFO queues.")
	case info.FIFO && m.Batch > 10:
		return invalid("Batch size for FIFO queues must be at most 10.")
	case m.Batch > 10 && m.Window == 0:
		return invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	}
	n, f, err := s.function(ctx, m.Function, nil)
	if err != nil {
		return err
	}
	v, err := s.version(n, f)
	if err != nil {
		return err
	}
	if visible := int32(info.Visibility / time.Second); visible < v.Timeout {
		return invalid("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", visible, v.Timeout)
	}
	return nil
}

func applyStream(m *mapping, c mappingChange) error {
	if c.Scaling != nil && c.Scaling.MaximumConcurrency != nil {
		return invalid("ScalingConfig is only supported for SQS event sources.")
	}
	for _, p := range []struct{ to, from **int32 }{{&m.Parallel, &c.Parallel}, {&m.MaxAge, &c.MaxAge}, {&m.Retries, &c.Retries}} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	if m.MaxAge != nil && *m.MaxAge != -1 && *m.MaxAge < 60 {
		return breaks(*m.MaxAge, "maximumRecordAgeInSeconds", "Member must have value greater than or equal to 60, or -1")
	}
	if c.Bisect != nil {
		m.Bisect = c.Bisect
	}
	if c.Destination != nil && c.Destination.OnFailure != nil {
		if err := checkDestination(wire.Value(c.Destination.OnFailure.Destination)); err != nil {
			return err
		}
		m.OnFailure = wire.Value(c.Destination.OnFailure.Destination)
	}
	return nil
}

// newMapping is the mapping of a request, with the defaults of its source.
func (s *Service) newMapping(ctx context.Context, in *CreateEventSourceMappingInput) (*mapping, error) {
	if in.EventSourceArn == nil {
		return nil, invalid("EventSourceArn is required.")
	}
	a, err := arn.Parse(*in.EventSourceArn)
	if err != nil {
		return nil, invalid("Unrecognized event source: %s", *in.EventSourceArn)
	}
	m := &mapping{
		Scope: wire.ScopeOf(ctx), ID: uuid.NewString(), Source: *in.EventSourceArn, Enabled: true, Batch: 10,
		Tags: in.Tags, Modified: s.Clock.Now(),
	}
	switch {
	case a.Service == "sqs":
		if in.StartingPosition != nil {
			return nil, invalid("StartingPosition is not valid for SQS event sources.")
		}
		if s.Queues == nil {
			return nil, invalid("Queues as event sources are not wired.")
		}
	case a.Service == "dynamodb" && strings.Contains(a.Resource, "/stream/"), a.Service == "kinesis":
		m.Batch, m.Start = 100, wire.Value(in.StartingPosition)
		m.Parallel, m.MaxAge, m.Retries, m.Bisect = new(int32(1)), new(int32(-1)), new(int32(-1)), new(false)
		if m.Start == "" {
			return nil, invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
		}
		if m.Start == EventSourcePositionAtTimestamp {
			return nil, invalid("Unsupported starting position for this event source: AT_TIMESTAMP")
		}
		if s.Streams == nil || a.Service == "kinesis" {
			return nil, invalid("%s streams as event sources are not implemented by Signalbox yet: %s", a.Service, m.Source)
		}
	default:
		return nil, invalid("%s as an event source is not implemented by Signalbox: %s", a.Service, m.Source)
	}
	return m, nil
}

// CreateEventSourceMapping implements [API].
func (s *Service) CreateEventSourceMapping(ctx context.Context, in *CreateEventSourceMappingInput) (*CreateEventSourceMappingOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	for _, o := range s.mappings.List(m.Scope.Key("")) {
		if o.Source == m.Source && o.Function == m.Function {
			return nil, conflict("An event source mapping with event source arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s", m.Source, m.Function, o.ID)
		}
	}
	if !m.isQueue() {
		if err := s.pollers.runner(m).Begin(ctx); err != nil {
			return nil, invalid("Stream not found: %s", m.Source)
		}
	}
	if err := s.mappings.Put(ctx, m.key(), m); err != nil {
		return nil, err
	}
	out := CreateEventSourceMappingOutput(s.describeMapping(m, "Creating"))
	s.pollers.follow(m)
	return &out, nil
}

// UpdateEventSourceMapping implements [API].
func (s *Service) UpdateEventSourceMapping(ctx context.Context, in *UpdateEventSourceMappingInput) (*UpdateEventSourceMappingOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	if err := s.mappings.Put(ctx, m.key(), &m); err != nil {
		return nil, err
	}
	s.pollers.follow(&m)
	return new(UpdateEventSourceMappingOutput(s.describeMapping(&m, "Updating"))), nil
}

// GetEventSourceMapping implements [API].
func (s *Service) GetEventSourceMapping(ctx context.Context, in *GetEventSourceMappingInput) (*GetEventSourceMappingOutput, error) {
	m, err := s.mapping(ctx, *in.UUID)
	if err != nil {
		return nil, err
	}
	return new(GetEventSourceMappingOutput(s.describeMapping(m, ""))), nil
}

// DeleteEventSourceMapping implements [API]. Invocations under way end.
func (s *Service) DeleteEventSourceMapping(ctx context.Context, in *DeleteEventSourceMappingInput) (*DeleteEventSourceMappingOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.mapping(ctx, *in.UUID)
	if err != nil {
		return nil, err
	}
	if err := s.mappings.Delete(ctx, m.key()); err != nil {
		return nil, err
	}
	out := DeleteEventSourceMappingOutput(s.describeMapping(m, "Deleting"))
	s.pollers.forget(m)
	return &out, nil
}

// ListEventSourceMappings implements [API].
func (s *Service) ListEventSourceMappings(ctx context.Context, in *ListEventSourceMappingsInput) (*ListEventSourceMappingsOutput, error) {
	wanted := ""
	if in.FunctionName != nil {
		n, err := locate(ctx, *in.FunctionName, nil)
		if err != nil {
			return nil, err
		}
		wanted = n.arn()
	}
	all := slices.DeleteFunc(s.mappings.List(wire.ScopeOf(ctx).Key("")), func(m *mapping) bool {
		return wanted != "" && m.Function != wanted || in.EventSourceArn != nil && m.Source != *in.EventSourceArn
	})
	rows, next, err := page(all, func(m *mapping) string { return m.ID }, in.MaxItems, 100, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListEventSourceMappingsOutput{EventSourceMappings: []EventSourceMappingConfiguration{}, NextMarker: next}
	for _, m := range rows {
		out.EventSourceMappings = append(out.EventSourceMappings, s.describeMapping(m, ""))
	}
	return out, nil
}
