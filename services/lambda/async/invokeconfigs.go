package async

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// InvokeConfig is how asynchronous invocations of a function, or of one of its
// qualifiers, are tried.
type InvokeConfig struct {
	wire.Scope
	Function  string
	Qualifier string // "$LATEST" where none was given
	Retries   *int32 // 0 to 2; nil: 2
	MaxAge    *int32 // seconds, 60 to 21600; nil: 21600
	OnSuccess string // ARN
	OnFailure string // ARN
	Modified  time.Time
}

func (c *InvokeConfig) describe() api.FunctionEventInvokeConfig {
	out := api.FunctionEventInvokeConfig{
		FunctionArn: new(catalog.FunctionARN(c.Scope, c.Function, c.Qualifier)), LastModified: new(wire.At(c.Modified)),
		MaximumRetryAttempts: c.Retries, MaximumEventAgeInSeconds: c.MaxAge, DestinationConfig: &api.DestinationConfig{OnSuccess: &api.OnSuccess{}, OnFailure: &api.OnFailure{}},
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
func (s *Invocations) configured(ctx context.Context, functionName string, qualifier *string) (catalog.Name, *catalog.Function, error) {
	n, f, err := s.Catalog.Function(ctx, functionName, qualifier)
	if err != nil {
		return n, nil, err
	}
	if _, err := s.Catalog.Version(n, f); err != nil {
		return n, nil, err
	}
	if n.Qualifier == "" {
		n.Qualifier = catalog.Latest
	}
	return n, f, nil
}

// mustSay refuses a configuration that says nothing.
func mustSay(retries, age *int32, d *api.DestinationConfig) error {
	if retries == nil && age == nil && d == nil {
		return api.Invalid("You must specify at least one of error handling or destination setting.")
	}
	return nil
}

// setDestinations changes the destinations to those that a request gives.
func (s *Invocations) setDestinations(c *InvokeConfig, d *api.DestinationConfig) error {
	if d == nil {
		return nil
	}
	success, failure := "null", "null"
	if d.OnSuccess != nil && d.OnSuccess.Destination != nil {
		success = "OnSuccess(destination=" + *d.OnSuccess.Destination + ")"
	}
	if d.OnFailure != nil && d.OnFailure.Destination != nil {
		failure = "OnFailure(destination=" + *d.OnFailure.Destination + ")"
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
		text := wire.Value(p.from)
		if a, err := arn.Parse(text); text != "" && (err != nil || !slices.Contains(destinations, a.Service)) {
			return api.Invalid("The provided destination config DestinationConfig(onSuccess=%s, onFailure=%s) is invalid.", success, failure)
		}
		if err := CheckDestination(text); err != nil {
			return err
		}
		if err := s.checkFunction(c, text); err != nil {
			return err
		}
		*p.to = wire.Value(p.from)
	}
	return nil
}

// checkFunction sees that a function which is a destination is another one, and that
// there is one, as far as it is of the same account and region.
func (s *Invocations) checkFunction(c *InvokeConfig, text string) error {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "lambda" || wire.ScopeOfARN(a) != c.Scope {
		return nil
	}
	n, ok := catalog.Read(c.Scope, text)
	if !ok || s.Catalog.Functions.Get(n.Key()) == nil {
		return api.Invalid("The destination ARN %s is invalid.", text)
	}
	if n.Function == c.Function {
		return api.Invalid("You can't specify the function as a destination for itself.")
	}
	return nil
}

// destinations are the services that records can be sent to.
var destinations = []string{"sqs", "sns", "lambda", "events", "s3"}

// CheckDestination refuses what no record of an invocation can be sent to.
func CheckDestination(text string) error {
	if text == "" {
		return nil
	}
	a, err := arn.Parse(text)
	if err != nil || !slices.Contains(destinations, a.Service) {
		return api.Invalid("The provided destination config DestinationConfig is invalid: %s", text)
	}
	if a.Service == "sqs" && strings.HasSuffix(a.Resource, ".fifo") {
		return api.Invalid("The destination ARN %s is invalid: a FIFO queue cannot be a destination.", text)
	}
	if a.Service == "s3" {
		return api.Invalid("S3 as a destination is not implemented by Signalbox: %s", text)
	}
	return nil
}

func CheckDeadLetter(target *string) error {
	if wire.Value(target) == "" {
		return nil
	}
	a, err := arn.Parse(*target)
	if err != nil || a.Service != "sqs" && a.Service != "sns" || strings.HasSuffix(a.Resource, ".fifo") {
		return api.Invalid("The provided target %s is invalid: a dead-letter queue is a standard SQS queue or an SNS topic.", *target)
	}
	return nil
}

// PutFunctionEventInvokeConfig implements [api.API]: it replaces what there is.
func (s *Invocations) PutFunctionEventInvokeConfig(ctx context.Context, in *api.PutFunctionEventInvokeConfigInput) (*api.PutFunctionEventInvokeConfigOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	n, f, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if wire.IsCode(err, api.CodeResourceNotFoundException) {
		return nil, api.NotFound("The function doesn't exist.")
	}
	if err == nil {
		err = mustSay(in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, in.DestinationConfig)
	}
	if err != nil {
		return nil, err
	}
	c := &InvokeConfig{Scope: n.Scope, Function: n.Function, Qualifier: n.Qualifier}
	c.Retries, c.MaxAge, c.Modified = in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, s.Clock.Now()
	if err := s.setDestinations(c, in.DestinationConfig); err != nil {
		return nil, err
	}
	if err := s.putConfig(ctx, f, c); err != nil {
		return nil, err
	}
	return new(api.PutFunctionEventInvokeConfigOutput(c.describe())), nil
}

func (s *Invocations) putConfig(ctx context.Context, f *catalog.Function, c *InvokeConfig) error {
	if err := s.Configs.Put(ctx, f.Key(c.Qualifier), c); err != nil {
		return err
	}
	s.update(f)
	return nil
}

// UpdateFunctionEventInvokeConfig implements [api.API].
func (s *Invocations) UpdateFunctionEventInvokeConfig(ctx context.Context, in *api.UpdateFunctionEventInvokeConfigInput) (*api.UpdateFunctionEventInvokeConfigOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	n, f, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if err := mustSay(in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, in.DestinationConfig); err != nil {
		return nil, err
	}
	old := s.Configs.Get(n.Key(n.Qualifier))
	if old == nil {
		return nil, api.NotFound("The function %s doesn't have an EventInvokeConfig", n.ARN())
	}
	c := *old
	if in.MaximumRetryAttempts != nil {
		c.Retries = in.MaximumRetryAttempts
	}
	if in.MaximumEventAgeInSeconds != nil {
		c.MaxAge = in.MaximumEventAgeInSeconds
	}
	if err := s.setDestinations(&c, in.DestinationConfig); err != nil {
		return nil, err
	}
	c.Modified = s.Clock.Now()
	if err := s.putConfig(ctx, f, &c); err != nil {
		return nil, err
	}
	return new(api.UpdateFunctionEventInvokeConfigOutput(c.describe())), nil
}

// GetFunctionEventInvokeConfig implements [api.API].
func (s *Invocations) GetFunctionEventInvokeConfig(ctx context.Context, in *api.GetFunctionEventInvokeConfigInput) (*api.GetFunctionEventInvokeConfigOutput, error) {
	n, _, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := s.Configs.Get(n.Key(n.Qualifier))
	if c == nil {
		return nil, api.NotFound("The function %s doesn't have an EventInvokeConfig", n.ARN())
	}
	return new(api.GetFunctionEventInvokeConfigOutput(c.describe())), nil
}

// DeleteFunctionEventInvokeConfig implements [api.API].
func (s *Invocations) DeleteFunctionEventInvokeConfig(ctx context.Context, in *api.DeleteFunctionEventInvokeConfigInput) (*api.DeleteFunctionEventInvokeConfigOutput, error) {
	s.Catalog.Mu.Lock()
	defer s.Catalog.Mu.Unlock()
	n, f, err := s.configured(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if s.Configs.Get(n.Key(n.Qualifier)) == nil {
		return nil, api.NotFound("The function %s doesn't have an EventInvokeConfig", n.ARN())
	}
	if err := s.Configs.Delete(ctx, n.Key(n.Qualifier)); err != nil {
		return nil, err
	}
	s.update(f)
	return nil, nil
}

// ListFunctionEventInvokeConfigs implements [api.API].
func (s *Invocations) ListFunctionEventInvokeConfigs(ctx context.Context, in *api.ListFunctionEventInvokeConfigsInput) (*api.ListFunctionEventInvokeConfigsOutput, error) {
	_, f, err := s.Catalog.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	rows, next, err := api.Page(s.Configs.List(f.Key("")), func(c *InvokeConfig) string { return c.Qualifier }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListFunctionEventInvokeConfigsOutput{FunctionEventInvokeConfigs: []api.FunctionEventInvokeConfig{}, NextMarker: next}
	for _, c := range rows {
		out.FunctionEventInvokeConfigs = append(out.FunctionEventInvokeConfigs, c.describe())
	}
	return out, nil
}
