package pipes

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// Config is what the service works with. Engine, Clock, Queues and Outlets are
// required.
type Config struct {
	Engine  engine.Engine
	Clock   clock.Clock
	Logger  *slog.Logger // nil: silence
	Queues  sources.Queues
	Streams sources.Streams // nil: streams as sources are refused
	Outlets Outlets
	// TraceOf is the trace header that a source's record came with, "" where it
	// has none; nil: none has.
	TraceOf func(record []byte) string
	Traces  *trace.Journal // keeps what became of records; nil: nobody
}

// Service implements [API].
type Service struct {
	Config

	mu      sync.Mutex // serializes changes of the configuration
	pipes   *engine.Documents[pipe]
	readers *readers

	life context.Context // ends when Close waits no longer
	cut  context.CancelFunc
}

var _ API = (*Service)(nil)

// New loads the pipes and lets those that run go on where they stood.
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c}
	var err error
	if s.pipes, err = engine.OpenDocuments[pipe](ctx, c.Engine.Records(), "pipes.pipe"); err != nil {
		return nil, fmt.Errorf("loading pipes: %w", err)
	}
	s.life, s.cut = context.WithCancel(context.WithoutCancel(ctx))
	s.readers = newReaders(s)
	for _, p := range s.pipes.List("") {
		s.readers.follow(p)
	}
	return s, nil
}

// Close stops reading and waits for the batches under way; when ctx ends it cuts
// them off: they come again. It may be called twice.
func (s *Service) Close(ctx context.Context) error {
	err := s.readers.close(ctx)
	s.cut()
	s.readers.ends.Wait()
	return err
}

func (s *Service) find(ctx context.Context, name string) (*pipe, error) {
	if p := s.pipes.Get(wire.ScopeOf(ctx).Key(name)); p != nil {
		return p, nil
	}
	return nil, notFound(name)
}

func (s *Service) findARN(text string) (*pipe, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return nil, invalid("Invalid ARN: %s", text)
	}
	kind, name := a.Split()
	if a.Service != "pipes" || kind != "pipe" {
		return nil, invalid("Invalid ARN: %s is not the ARN of a pipe.", text)
	}
	if p := s.pipes.Get(wire.ScopeOfARN(a).Key(name)); p != nil {
		return p, nil
	}
	return nil, notFound(name)
}

func notFound(name string) error {
	return wire.Errorf(CodeNotFoundException, "Pipe %s does not exist.", name)
}

func invalid(format string, args ...any) error {
	return wire.Errorf(CodeValidationException, format, args...)
}

func conflict(name, format string, args ...any) error {
	e := wire.Errorf(CodeConflictException, format, args...)
	e.Detail = &ConflictException{ResourceId: &name, ResourceType: new("pipe")}
	return e
}
