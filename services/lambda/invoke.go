package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/sandbox"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// CallParams and Result are what a call is given and answers.
type (
	CallParams = api.CallParams
	Result     = api.Result
)

// Call invokes a function and waits for its answer, as Invoke with
// RequestResponse does: the way of API Gateway, state machines, pipes and
// everything else inside. The payload is JSON; an empty one is {}. An error is
// what kept the function from running: no such function, no capacity
// (TooManyRequestsException), a runtime that is missing. When ctx ends the
// invocation is cut off.
func (s *Service) Call(ctx context.Context, functionARN string, payload []byte, p CallParams) (Result, error) {
	n, f, err := s.Function(ctx, functionARN, optional(p.Qualifier))
	if err != nil {
		return Result{}, err
	}
	if len(payload) > api.MaxPayload {
		return Result{}, tooLarge()
	}
	if payload, err = api.CheckPayload(payload); err != nil {
		return Result{}, err
	}
	return s.run(ctx, n, f, payload, p)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func tooLarge() error {
	return api.TooLarge("Request must be smaller than %d bytes for the InvokeFunction operation", api.MaxPayload)
}

// run invokes the version that the name stands for.
func (s *Service) run(ctx context.Context, n catalog.Name, f *catalog.Function, payload []byte, p CallParams) (Result, error) {
	if p.RequestID == "" {
		p.RequestID = uuid.NewString()
	}
	begun := s.Clock.Now()
	h, err := descend(trace.Continue(p.Trace, begun), f)
	if err != nil {
		s.Logger.Warn("a function was stopped that invokes itself again and again", "function", n.ARN())
		return Result{}, err
	}
	span := trace.Span{
		Root: h.Root, ID: trace.NewSpan(), Parent: h.Parent, Kind: trace.Invocation, Name: n.Function, Resource: n.ARN(), Start: begun, Request: p.RequestID,
	}
	// What the function calls belongs under its invocation.
	p.Trace = h.Under(span.ID).String()
	result, err := s.runVersion(ctx, n, f, payload, p)
	if err == nil || !wire.IsCode(err, api.CodeTooManyRequestsException) { // else it waits for its turn, and comes again
		span.Duration, span.Error = s.Clock.Now().Sub(begun), result.Error
		if err != nil {
			span.Error = err.Error()
		}
		s.Traces.Add(span)
	}
	return result, err
}

// runVersion is run, inside its span.
func (s *Service) runVersion(ctx context.Context, n catalog.Name, f *catalog.Function, payload []byte, p CallParams) (Result, error) {
	leave, err := s.enter(n, f)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	for {
		if now := s.Catalog.Functions.Get(n.Key()); now != nil {
			f = now // it may have been changed since it was looked up
		}
		v, err := s.route(n, f)
		if err != nil {
			return Result{}, err
		}
		pool, err := s.workshop.pool(ctx, v)
		var out sandbox.Outcome
		if err == nil {
			out, err = pool.Invoke(ctx, sandbox.Call{
				RequestID: p.RequestID, FunctionARN: n.ARN(), Trace: p.Trace, ClientContext: p.ClientContext, Payload: payload,
			})
		}
		if errors.Is(err, sandbox.ErrClosed) && s.life.Err() == nil {
			// The version was replaced meanwhile, or the service closes.
			if s.Catalog.Functions.Get(n.Key()) == nil {
				return Result{}, api.NotFound("Function not found: %s", n.ARN())
			}
			if s.workshop.isClosed() {
				return Result{}, wire.Errorf(api.CodeServiceException, "Signalbox is stopping.")
			}
			continue
		}
		if err != nil {
			return Result{}, err
		}
		return Result{Payload: out.Payload, Error: out.ErrorType, RequestID: p.RequestID, Version: v.Version, Log: out.Log}, nil
	}
}

// route finds the version to run; of an alias with weights, by chance.
func (s *Service) route(n catalog.Name, f *catalog.Function) (*catalog.Version, error) {
	if a := s.Aliases.Get(n.Key(n.Qualifier)); a != nil && n.Qualifier != "" {
		n.Qualifier = a.Pick(rand.Float64())
	}
	return s.Version(n, f)
}

// Invoke implements [api.API]. A client that goes away does not end the invocation.
func (s *Service) Invoke(ctx context.Context, in *api.InvokeInput) (*api.InvokeOutput, error) {
	n, f, err := s.Function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	v, err := s.Version(n, f)
	if err != nil {
		return nil, err
	}
	event := wire.Value(in.InvocationType) == api.InvocationTypeEvent
	if event && len(in.Payload) > api.MaxEvent {
		return nil, api.TooLarge("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(in.Payload), api.MaxEvent)
	}
	if len(in.Payload) > api.MaxPayload {
		return nil, tooLarge()
	}
	payload, err := api.CheckPayload(in.Payload)
	if err != nil {
		return nil, err
	}
	clientContext, err := base64.StdEncoding.DecodeString(wire.Value(in.ClientContext))
	if err != nil || len(clientContext) > 0 && !json.Valid(clientContext) {
		return nil, api.Refuse(api.CodeInvalidRequestContentException, "Client context must be a valid Base64-encoded JSON object.")
	}
	p := CallParams{RequestID: wire.FromContext(ctx).RequestID, ClientContext: string(clientContext), Trace: wire.FromContext(ctx).Trace}
	switch {
	case wire.Value(in.InvocationType) == api.InvocationTypeDryRun:
		return &api.InvokeOutput{StatusCode: new(int32(204))}, nil
	case event:
		if err := s.Submit(ctx, n, f, payload, p); err != nil {
			return nil, err
		}
		return &api.InvokeOutput{StatusCode: new(int32(202))}, nil
	}
	result, err := s.run(context.WithoutCancel(ctx), n, f, payload, p)
	if err != nil {
		return nil, err
	}
	out := &api.InvokeOutput{StatusCode: new(int32(200)), ExecutedVersion: new(result.Version), Payload: result.Payload}
	if result.Error != "" {
		out.FunctionError = new("Unhandled")
	}
	if wire.Value(in.LogType) == api.LogTypeTail {
		out.LogResult = new(base64.StdEncoding.EncodeToString(result.Log))
	}
	if n.Qualifier == "" {
		out.ExecutedVersion = new(v.Version)
	}
	return out, nil
}

// InvokeAsync implements [api.API], the older form of Invoke with Event.
func (s *Service) InvokeAsync(ctx context.Context, in *api.InvokeAsyncInput) (*api.InvokeAsyncOutput, error) {
	n, f, err := s.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	defer in.InvokeArgs.Close()
	payload, err := io.ReadAll(io.LimitReader(in.InvokeArgs, api.MaxEvent+1))
	if err != nil {
		return nil, api.Refuse(api.CodeInvalidRequestContentException, "The request body could not be read.")
	}
	if len(payload) > api.MaxEvent {
		return nil, api.Refuse(api.CodeInvalidRequestContentException, "More than %s bytes of payload", strconv.Itoa(api.MaxEvent))
	}
	if payload, err = api.CheckPayload(payload); err != nil {
		return nil, err
	}
	if err := s.Submit(ctx, n, f, payload, CallParams{RequestID: wire.FromContext(ctx).RequestID, Trace: wire.FromContext(ctx).Trace}); err != nil {
		return nil, err
	}
	return &api.InvokeAsyncOutput{Status: new(int32(202))}, nil
}
