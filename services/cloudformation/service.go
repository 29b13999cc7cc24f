package cloudformation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

// Call calls an operation of a service in the name of req's principal; see
// [wire.Service.Invoke].
type Call func(ctx context.Context, req *wire.Request, service, operation string, in map[string]any) (map[string]any, error)

// Config is what the service needs.
type Config struct {
	Engine engine.Engine
	Clock  clock.Clock
	Box    *seal.Box
	Call   Call
	Logger *slog.Logger // nil: slog.Default
	// Home, unless nil, gives an output to who asks for it: addresses that the
	// template put together for AWS become those that lead here.
	Home func(ctx context.Context, text string) string
}

// Service implements [API].
type Service struct {
	clock  clock.Clock
	call   Call
	log    *slog.Logger
	home   func(ctx context.Context, text string) string
	stacks *store
	sets   *engine.Documents[sealedSet]

	mu      sync.Mutex // serializes what looks at several stacks or at change sets before it writes
	context context.Context
	stop    context.CancelFunc
	running sync.WaitGroup // one for each stack operation
}

var _ API = (*Service)(nil)

// New loads the stacks. Operations that were under way go on with [Service.Resume].
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Home == nil {
		c.Home = func(_ context.Context, text string) string { return text }
	}
	s := &Service{clock: c.Clock, call: c.Call, log: c.Logger, home: c.Home}
	s.context, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if s.stacks, err = openStore(ctx, c.Engine.Records(), c.Box, c.Clock.Now()); err != nil {
		return nil, err
	}
	if s.sets, err = engine.OpenDocuments[sealedSet](ctx, c.Engine.Records(), changeSetCollection); err != nil {
		return nil, err
	}
	return s, nil
}

// Resume goes on with the operations that were under way when the service was
// last closed, or died. It is called once, when all services answer.
func (s *Service) Resume() {
	for _, id := range s.stacks.unfinished() {
		s.start(id)
	}
}

// start runs a stack's operation to its end.
func (s *Service) start(id string) {
	s.running.Go(func() { s.run(s.context, id) })
}

// Close stops the operations under way, after the step that each is at; they go
// on when the stacks are loaded again.
func (s *Service) Close(ctx context.Context) error {
	s.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for stack operations: %w", ctx.Err())
	}
}

func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeQueryValidation, format, args...)
}

func notThere(name string) error { return invalid("Stack with id %s does not exist", name) }

func alreadyExists(name string) error {
	return wire.Errorf(CodeAlreadyExistsException, "Stack [%s] already exists", name)
}

// explained makes a template's error one that the caller sees.
func explained(err error) error {
	if e, ok := errors.AsType[*template.Error](err); ok {
		return invalid("%s", e.Message)
	}
	return err
}

// noStack is what operations that write say of a stack that is not there.
func noStack(name string) error { return invalid("Stack [%s] does not exist", name) }

// find returns the caller's stack.
func (s *Service) find(ctx context.Context, name *string) (*stack, error) {
	if st := s.stacks.find(wire.ScopeOf(ctx), wire.Value(name)); st != nil {
		return st, nil
	}
	return nil, notThere(wire.Value(name))
}

// living returns the caller's stack if it is not deleted.
func (s *Service) living(ctx context.Context, name *string) (*stack, error) {
	st, err := s.find(ctx, name)
	if err == nil && st.gone() {
		err = notThere(*name)
	}
	return st, err
}

// newToken is the random part of a made-up name, as CloudFormation's.
func newToken() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	var b [12]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:])
}

// newOperation is one in the name of the request's caller.
func newOperation(ctx context.Context, phase string, token *string) *operation {
	r := wire.FromContext(ctx)
	return &operation{
		ID: uuid.NewString(), Phase: phase, Token: wire.Value(token),
		Principal: r.Principal, Scheme: r.Scheme, Host: r.Host,
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalTime(t time.Time) *wire.Time {
	if t.IsZero() {
		return nil
	}
	return new(wire.At(t))
}
