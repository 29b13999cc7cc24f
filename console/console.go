// Package console lets a person look into a running Signalbox: what there is,
// what happens, why, and what to do about it. The command line and the web
// pages both ask here, under /_signalbox/api/.
//
// A request passes the caller's authentication ([Config.Authenticate]), is
// answered from the hub, the buses and the queues, and comes back as JSON; live
// events come as one JSON object a line, or as server-sent events to whom
// accepts those. Nothing is kept here.
//
//	GET  /_signalbox/api/overview?account=&region=&bus=   what exists, and how it does
//	GET  /_signalbox/api/events?bus=&pattern=&since=      the events of a bus, live
//	GET  /_signalbox/api/trace/{event}?why=               the journey of an event, and its trace; or of a trace's, request's or record's id
//	GET  /_signalbox/api/refusals                         what IAM's policies do not allow
//	POST /_signalbox/api/explain                          why a rule matches an event or not
//	POST /_signalbox/api/redrive                          dead letters back to their targets
//	PUT  /_signalbox/code/{sha256}.zip                    a package that functions can be made of
//
// Errors are {"error": {"code": …, "message": …}} with a fitting status. POST
// requests must say that they are JSON, so that no web page of another origin
// can make a browser send them.
package console

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/sqs"
)

// Path is where the console is mounted.
const Path = "/_signalbox/"

// Buses is what the console asks of the event buses.
type Buses interface {
	Overview(ctx context.Context, f events.Filter) (*events.Overview, error)
	LogOf(ctx context.Context, busNameOrARN string) (string, error)
	ExplainRule(ctx context.Context, busNameOrARN, rule string, event []byte) (events.RuleExplanation, error)
	ExplainRules(ctx context.Context, busNameOrARN string, event []byte) ([]events.RuleExplanation, error)
	Redrive(ctx context.Context, d events.DeadLetter) error
}

// Queues is what the console asks of the queues.
type Queues interface {
	Take(ctx context.Context, queueARN string, most int) ([]sqs.DeadLetter, error)
	Settle(ctx context.Context, queueARN string, tokens ...string) error
	Release(ctx context.Context, queueARN string, after time.Duration, tokens ...string) error
	ListQueues(ctx context.Context, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error)
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error)
}

// Caller is who asks, and where.
type Caller struct {
	Account string // 12 digits
	Region  string
}

// Config is what the console works with; Clock and Logger have defaults.
type Config struct {
	Events   Buses
	Hub      *hub.Hub
	Queues   Queues
	Packages Packages
	Traces   Traces // nil: journeys of events alone are told
	// Authenticate says who sends a request with that body. Its error is
	// shown to the caller. nil lets nobody in.
	Authenticate func(r *http.Request, body []byte) (Caller, error)
	// Refusals lists what IAM's policies do not allow, the latest first; nil: nothing.
	Refusals func() []access.Refusal
	Clock    clock.Clock
	Logger   *slog.Logger
}

// Console is the handler of everything under [Path].
type Console struct {
	Config
	mux  *http.ServeMux
	life context.Context // of live streams; ends with Close
	end  context.CancelFunc
	once sync.Once
}

// New is a console.
func New(c Config) *Console {
	if c.Clock == nil {
		c.Clock = clock.Real()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Console{Config: c, mux: http.NewServeMux()}
	s.life, s.end = context.WithCancel(context.Background())
	s.mux.Handle("GET "+Path+"api/overview", s.answering(s.overview))
	s.mux.Handle("GET "+Path+"api/trace/{event}", s.answering(s.trace))
	s.mux.Handle("GET "+Path+"api/refusals", s.answering(s.refusals))
	s.mux.Handle("POST "+Path+"api/explain", s.answering(s.explain))
	s.mux.Handle("POST "+Path+"api/redrive", s.answering(s.redrive))
	s.mux.HandleFunc("GET "+Path+"api/events", s.tail)
	s.mux.HandleFunc("PUT "+Path+"code/{name}", s.keepPackage)
	s.mux.HandleFunc(Path, s.unknown)
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends the live streams. It may be called twice.
func (s *Console) Close() { s.once.Do(s.end) }
