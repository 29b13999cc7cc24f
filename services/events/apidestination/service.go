package apidestination

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/trace"
)

// Config is what connections and API destinations work with. Records, Clock, Box
// and Logger are required.
type Config struct {
	Records engine.Records
	Clock   clock.Clock
	Box     *seal.Box    // seals the secrets of connections
	HTTP    *http.Client // calls endpoints; nil: a client of its own
	Logger  *slog.Logger
	Traces  *trace.Journal // keeps calls that belong to traces; nil: nobody
}

// Destinations implements the operations of connections and API destinations.
type Destinations struct {
	config Config

	mu           sync.Mutex // serializes changes of the documents
	connections  *engine.Documents[connection]
	destinations *engine.Documents[destination]

	outbound *outbound // HTTP, tokens, rates
}

// New loads the connections and API destinations.
func New(ctx context.Context, c Config) (*Destinations, error) {
	s := &Destinations{config: c}
	err := engine.OpenEach(ctx, c.Records,
		engine.Into(&s.connections, "events.connection"),
		engine.Into(&s.destinations, "events.destination"))
	if err != nil {
		return nil, err
	}
	s.outbound = newOutbound(s)
	return s, nil
}
