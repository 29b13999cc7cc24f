package lambda

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/lambda/sandbox"
	"github.com/signalbox/signalbox/wire"
)

// Limits of payloads (Lambda quotas), in bytes.
const (
	maxPayload = 6 << 20
	maxEvent   = 1 << 20
)

// CallParams are what may be said of a call beside its payload.
type CallParams struct {
	RequestID     string // empty: a new one
	Qualifier     string // where the ARN has none
	ClientContext string // JSON
	Trace         string // X-Ray trace header; empty: a new one
}

// Result is what a function answered.
type Result struct {
	Payload   []byte // JSON; the error where there is one
	Error     string // type of the error; empty: success
	RequestID string
	Version   string // that was executed
	Log       []byte // the last 4 KB of the invocation's log
}

// Call invokes a function and waits for its answer, as Invoke with
// RequestResponse does: the way of API Gateway, state machines, pipes and
// everything else inside. The payload is JSON; an empty one is {}. An error is
// what kept the function from running: no such function, no capacity
// (TooManyRequestsException), a runtime that is missing. When ctx ends the
// invocation is cut off.
func (s *Service) Call(ctx context.Context, functionARN string, payload []byte, p CallParams) (Result, error) {
	n, f, err := s.function(ctx, functionARN, optional(p.Qualifier))
	if err != nil {
		return Result{}, err
	}
	if len(payload) > maxPayload {
		return Result{}, tooLarge(len(payload), "InvokeFunction", maxPayload)
	}
	if payload, err = checkPayload(payload); err != nil {
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

func tooLarge(size int, operation string, limit int) error {
	return refuse(CodeRequestTooLargeException, "Request must be smaller than %d bytes for the %s operation: it has %d", limit, operation, size)
}

func newRequestID() string { return uuid.NewString() }

// checkPayload sees that it is JSON. Without one the event is an empty object.
func checkPayload(payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(payload) {
		var v any
		err := json.Unmarshal(payload, &v)
		return nil, refuse(CodeInvalidRequestContentException, "Could not parse request body into json: Could not parse payload into json: %v", err)
	}
	return payload, nil
}

// run invokes the version that the name stands for.
func (s *Service) run(ctx context.Context, n name, f *function, payload []byte, p CallParams) (Result, error) {
	if p.RequestID == "" {
		p.RequestID = newRequestID()
	}
	if p.Trace == "" {
		p.Trace = s.newTrace()
	}
	leave, err := s.enter(f)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	for {
		if now := s.functions.Get(n.key()); now != nil {
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
				RequestID: p.RequestID, FunctionARN: n.arn(), Trace: p.Trace, ClientContext: p.ClientContext, Payload: payload,
			})
		}
		if errors.Is(err, sandbox.ErrClosed) && s.life.Err() == nil {
			// The version was replaced meanwhile, or the service closes.
			if s.functions.Get(n.key()) == nil {
				return Result{}, notFound("Function not found: %s", n.arn())
			}
			if s.workshop.isClosed() {
				return Result{}, wire.Errorf(CodeServiceException, "Signalbox is stopping.")
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
func (s *Service) route(n name, f *function) (*version, error) {
	if a := s.aliases.Get(n.key(n.qualifier)); a != nil && n.qualifier != "" {
		n.qualifier = a.pick(rand.Float64())
	}
	return s.version(n, f)
}

// newTrace begins a trace that nobody samples.
func (s *Service) newTrace() string {
	var b [20]byte
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", s.Clock.Now().Unix(), hex.EncodeToString(b[:12]), hex.EncodeToString(b[12:]))
}

// Invoke implements [API]. A client that goes away does not end the invocation.
func (s *Service) Invoke(ctx context.Context, in *InvokeInput) (*InvokeOutput, error) {
	n, f, err := s.function(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	v, err := s.version(n, f)
	if err != nil {
		return nil, err
	}
	event := wire.Value(in.InvocationType) == InvocationTypeEvent
	if event && len(in.Payload) > maxEvent {
		return nil, refuse(CodeRequestTooLargeException, "%d byte payload is too large for the Event invocation type (limit %d bytes)", len(in.Payload), maxEvent)
	}
	if len(in.Payload) > maxPayload {
		return nil, tooLarge(len(in.Payload), "InvokeFunction", maxPayload)
	}
	payload, err := checkPayload(in.Payload)
	if err != nil {
		return nil, err
	}
	clientContext, err := base64.StdEncoding.DecodeString(wire.Value(in.ClientContext))
	if err != nil || len(clientContext) > 0 && !json.Valid(clientContext) {
		return nil, refuse(CodeInvalidRequestContentException, "Client context must be a valid Base64-encoded JSON object.")
	}
	p := CallParams{RequestID: wire.FromContext(ctx).RequestID, ClientContext: string(clientContext)}
	switch {
	case wire.Value(in.InvocationType) == InvocationTypeDryRun:
		return &InvokeOutput{StatusCode: new(int32(204))}, nil
	case event:
		if err := s.submit(ctx, n, f, asyncEvent{Payload: payload, Params: p}); err != nil {
			return nil, err
		}
		return &InvokeOutput{StatusCode: new(int32(202))}, nil
	}
	result, err := s.run(context.WithoutCancel(ctx), n, f, payload, p)
	if err != nil {
		return nil, err
	}
	out := &InvokeOutput{StatusCode: new(int32(200)), ExecutedVersion: new(result.Version), Payload: result.Payload}
	if result.Error != "" {
		out.FunctionError = new("Unhandled")
	}
	if wire.Value(in.LogType) == LogTypeTail {
		out.LogResult = new(base64.StdEncoding.EncodeToString(result.Log))
	}
	if n.qualifier == "" {
		out.ExecutedVersion = new(v.Version)
	}
	return out, nil
}

// InvokeAsync implements [API], the older form of Invoke with Event.
func (s *Service) InvokeAsync(ctx context.Context, in *InvokeAsyncInput) (*InvokeAsyncOutput, error) {
	n, f, err := s.function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	defer in.InvokeArgs.Close()
	payload, err := io.ReadAll(io.LimitReader(in.InvokeArgs, maxEvent+1))
	if err != nil {
		return nil, refuse(CodeInvalidRequestContentException, "The request body could not be read.")
	}
	if len(payload) > maxEvent {
		return nil, refuse(CodeInvalidRequestContentException, "More than %s bytes of payload", strconv.Itoa(maxEvent))
	}
	if payload, err = checkPayload(payload); err != nil {
		return nil, err
	}
	if err := s.submit(ctx, n, f, asyncEvent{Payload: payload, Params: CallParams{RequestID: wire.FromContext(ctx).RequestID}}); err != nil {
		return nil, err
	}
	return &InvokeAsyncOutput{Status: new(int32(202))}, nil
}
