package lambda

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// invokeConfig is how asynchronous invocations of a function, or of one of its
// qualifiers, are tried.
type invokeConfig struct {
	wire.Scope
	Function  string
	Qualifier string // "$LATEST" where none was given
	Retries   *int32 // 0 to 2; nil: 2
	MaxAge    *int32 // seconds, 60 to 21600; nil: 21600
	OnSuccess string // ARN
	OnFailure string // ARN
	Modified  time.Time
}

func (c *invokeConfig) describe() FunctionEventInvokeConfig {
	out := FunctionEventInvokeConfig{
		FunctionArn: new(functionARN(c.Scope, c.Function, c.Qualifier)), LastModified: new(wire.At(c.Modified)),
		MaximumRetryAttempts: c.Retries, MaximumEventAgeInSeconds: c.MaxAge, DestinationConfig: &DestinationConfig{OnSuccess: &OnSuccess{}, OnFailure: &OnFailure{}},
	}
	if c.OnSuccess != "" {
		out.DestinationConfig.OnSuccess.Destination = new(c.OnSuccess)
	}
	if c.OnFailure != "" {
		out.DestinationConfig.OnFailure.Destination = new(c.OnFailure)
	}
	return out
}

// configured finds the function and qualifier that a request is about.
func (s *Service) configured(ctx context.Context, functionName string, qualifier *string) (name, *function, error) {
	n, f, err := s.function(ctx, functionName, qualifier)
	if err != nil {
		return n, nil, err
	}
	if _, err := s.version(n, f); err != nil {
		return n, nil, err
	}
	if n.qualifier == "" {
		n.qualifier = latest
	}
	return n, f, nil
}

func (c *invokeConfig) setDestinations(d *DestinationConfig) error {
	if d == nil {
		return nil
	}
	for _, p := range []struct {
		to   *string
		from *string
		set  bool
	}{
		{&c.OnSuccess, wire.Value(d.OnSuccess).Destination, d.OnSuccess != nil},
		{&c.OnFailure, wire.Value(d.OnFailure).Destination, d.OnFailure != nil},
	} {
		if !p.set {
			continue
		}
		if err := checkDestination(wire.Value(p.from)); err != nil {
			return err
		}
		*p.to = wire.Value(p.from)
	}
	return nil
}

// checkDestination refuses what no record of an invocation can be sent to.
func checkDestination(text string) error {
	if text == "" {
		return nil
	}
	a, err := arn.Parse(text)
	if err != nil || !slices.Contains([]string{"sqs", "sns", "lambda", "events", "s3"}, a.Service) {
		return invalid("The provided destination config DestinationConfig is invalid: %s", text)
	}
	if a.Service == "sqs" && strings.HasSuffix(a.Resource, ".fifo") {
		return invalid("The destination ARN %s is invalid: a FIFO queue cannot be a destination.", text)
	}
	if a.Service == "s3" {
		return invalid("S3 as a destination is not implemented by Signalbox: %s", text)
	}
	return nil
}

func checkDeadLetter(target *string) error {
	if wire.Value(target) == "" {
		return nil
	}
	a, err := arn.Parse(*target)
	if err != nil || a.Service != "sqs" && a.Service != "sns" || strings.HasSuffix(a.Resource, ".fifo") {
		return invalid("The provided target %s is invalid: a dead-letter queue is a standard SQS queue or an SNS topic.", *target)
	}
	return nil
}

// PutFunctionEventInvokeConfig implements [API]: it replaces what there is.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, in *PutFunctionEventInvokeConfigInput) (*PutFunctionEventInvokeConfigOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, f, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := &invokeConfig{Scope: n.Scope, Function: n.function, Qualifier: n.qualifier}
	c.Retries, c.MaxAge, c.Modified = in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, s.Clock.Now()
	if err := c.setDestinations(in.DestinationConfig); err != nil {
		return nil, err
	}
	if err := s.putConfig(ctx, f, c); err != nil {
		return nil, err
	}
	return new(PutFunctionEventInvokeConfigOutput(c.describe())), nil
}

func (s *Service) putConfig(ctx context.Context, f *function, c *invokeConfig) error {
	if err := s.configs.Put(ctx, f.key(c.Qualifier), c); err != nil {
		return err
	}
	s.async.update(f)
	return nil
}

// UpdateFunctionEventInvokeConfig implements [API].
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, in *UpdateFunctionEventInvokeConfigInput) (*UpdateFunctionEventInvokeConfigOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, f, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	old := s.configs.Get(n.key(n.qualifier))
	if old == nil {
		return nil, notFound("The function %s doesn't have an EventInvokeConfig", n.arn())
	}
	c := *old
	if in.MaximumRetryAttempts != nil {
		c.Retries = in.MaximumRetryAttempts
	}
	if in.MaximumEventAgeInSeconds != nil {
		c.MaxAge = in.MaximumEventAgeInSeconds
	}
	if err := c.setDestinations(in.DestinationConfig); err != nil {
		return nil, err
	}
	c.Modified = s.Clock.Now()
	if err := s.putConfig(ctx, f, &c); err != nil {
		return nil, err
	}
	return new(UpdateFunctionEventInvokeConfigOutput(c.describe())), nil
}

// GetFunctionEventInvokeConfig implements [API].
func (s *Service) GetFunctionEventInvokeConfig(ctx context.Context, in *GetFunctionEventInvokeConfigInput) (*GetFunctionEventInvokeConfigOutput, error) {
	n, _, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := s.configs.Get(n.key(n.qualifier))
	if c == nil {
		return nil, notFound("The function %s doesn't have an EventInvokeConfig", n.arn())
	}
	return new(GetFunctionEventInvokeConfigOutput(c.describe())), nil
}

// DeleteFunctionEventInvokeConfig implements [API].
func (s *Service) DeleteFunctionEventInvokeConfig(ctx context.Context, in *DeleteFunctionEventInvokeConfigInput) (*DeleteFunctionEventInvokeConfigOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, f, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if s.configs.Get(n.key(n.qualifier)) == nil {
		return nil, notFound("The function %s doesn't have an EventInvokeConfig", n.arn())
	}
	if err := s.configs.Delete(ctx, n.key(n.qualifier)); err != nil {
		return nil, err
	}
	s.async.update(f)
	return nil, nil
}

// ListFunctionEventInvokeConfigs implements [API].
func (s *Service) ListFunctionEventInvokeConfigs(ctx context.Context, in *ListFunctionEventInvokeConfigsInput) (*ListFunctionEventInvokeConfigsOutput, error) {
	_, f, err := s.function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(s.configs.List(f.key("")), func(c *invokeConfig) string { return c.Qualifier }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListFunctionEventInvokeConfigsOutput{FunctionEventInvokeConfigs: []FunctionEventInvokeConfig{}, NextMarker: next}
	for _, c := range rows {
		out.FunctionEventInvokeConfigs = append(out.FunctionEventInvokeConfigs, c.describe())
	}
	return out, nil
}
