// Package mapping is the event source mappings of functions: what reads queues
// and streams, and invokes a function with what it read.
//
//	CreateEventSourceMapping ── checked, kept ──► a poller (package sources)
//	    ──► Config.Call ──► settled, or tried again ──► given up: Config.Send
//
// It promises: a change of a mapping lets the batches under way end first;
// mappings go on after a restart where they stood.
package mapping

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/async"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/sources"
)

// Config is what mappings work with. All but Queues and Streams are required.
type Config struct {
	Engine  engine.Engine
	Clock   clock.Clock
	Logger  *slog.Logger
	Catalog *catalog.Catalog
	Queues  sources.Queues  // nil: mappings of queues are refused
	Streams sources.Streams // nil: mappings of streams are refused
	// Call invokes a function and waits for its answer.
	Call func(ctx context.Context, functionARN string, payload []byte, p api.CallParams) (api.Result, error)
	// Send makes a record of a batch that was given up durable on its way.
	Send func(ctx context.Context, n catalog.Name, f *catalog.Function, m async.Message) error
	// TraceOf is the trace header that a source's record came with, "" where it
	// has none; nil: none has. A batch goes on with the trace of its first record.
	TraceOf func(record []byte) string
}

// Mappings are all event source mappings.
type Mappings struct {
	Config
	kept    *engine.Documents[record]
	pollers *pollers
	life    context.Context
}

// New loads the mappings. Resume is called once functions can be invoked.
func New(ctx context.Context, c Config) (*Mappings, error) {
	s := &Mappings{Config: c, life: context.WithoutCancel(ctx)}
	var err error
	if s.kept, err = engine.OpenDocuments[record](ctx, c.Engine.Records(), "lambda.mapping"); err != nil {
		return nil, fmt.Errorf("loading event source mappings: %w", err)
	}
	s.pollers = newPollers(s)
	return s, nil
}

// Resume begins to read the sources of all mappings that are enabled.
func (s *Mappings) Resume() { s.pollers.resume() }

// Close stops reading, and waits for the invocations under way until ctx ends;
// Wait waits for the rest, once nothing is left that they wait for.
func (s *Mappings) Close(ctx context.Context) error { return s.pollers.close(ctx) }

// Wait waits until nothing is under way.
func (s *Mappings) Wait() { s.pollers.ends.Wait() }
