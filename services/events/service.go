package events

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/services/events/apidestination"
	"github.com/signalbox/signalbox/services/events/buslog"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// Config is what the service works with. All but Logger and HTTP are required.
type Config struct {
	Engine  engine.Engine
	Clock   clock.Clock
	Hub     *hub.Hub
	Box     *seal.Box // seals the secrets of connections
	Targets Targets   // what ARNs of other services stand for
	// Authorizer says whether an event may go to a target; nil: every event may.
	Authorizer Authorizer
	HTTP       *http.Client // calls API destinations and token endpoints; nil: a client of its own
	Logger     *slog.Logger
	Logs       buslog.Sink    // takes what the LogConfigs of buses ask for; nil: it goes nowhere
	Traces     *trace.Journal // keeps which events belong to traces, and calls of API destinations; nil: nobody
}

// What others in the server look at of the parts in folders.
type (
	PutEventsInput        = api.PutEventsInput
	PutEventsRequestEntry = api.PutEventsRequestEntry
	HttpParameters        = api.HttpParameters
	Target                = api.Target
)

// What others in the server look at of the API.
const (
	CodeResourceNotFoundException = api.CodeResourceNotFoundException
	RuleStateEnabled              = api.RuleStateEnabled
	RuleStateDisabled             = api.RuleStateDisabled
)

// Targets knows the things outside this package to which events can go.
type Targets interface {
	// Target returns the delivery target that a rule's target names, or an
	// error for the caller of PutTargets where nothing of that kind can be
	// a target. Whether the thing exists shows when an event is delivered.
	Target(t api.Target) (delivery.Target, error)
	// DeadLetters returns the dead-letter queue with that ARN, for events
	// of the rule's target.
	DeadLetters(queueARN, ruleARN, targetARN string) (delivery.DeadLetters, error)
}

// Service implements [api.API]: all but connections and API destinations, which
// it embeds.
type Service struct {
	Config
	*apidestination.Destinations

	mu       sync.Mutex // serializes changes of the configuration
	buses    *engine.Documents[bus]
	rules    *engine.Documents[rule]
	archives *engine.Documents[archive]
	replays  *engine.Documents[replay]

	replaying *replaying
	logging   *buslog.Follower
	appending sync.Map // archive's log → *sync.Mutex: one batch at a time
}

var _ api.API = (*Service)(nil)

// New loads the configuration and takes up the subscriptions and replays where
// they stood.
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c}
	var err error
	s.Destinations, err = apidestination.New(ctx, apidestination.Config{
		Records: c.Engine.Records(), Clock: c.Clock, Box: c.Box, HTTP: c.HTTP, Logger: c.Logger, Traces: c.Traces,
	})
	if err != nil {
		return nil, err
	}
	err = engine.OpenEach(ctx, c.Engine.Records(),
		engine.Into(&s.buses, "events.bus"),
		engine.Into(&s.rules, "events.rule"),
		engine.Into(&s.archives, "events.archive"),
		engine.Into(&s.replays, "events.replay"))
	if err != nil {
		return nil, err
	}
	s.replaying = newReplaying(s)
	s.logging = buslog.New(c.Hub, c.Logs, c.Clock, c.Logger)
	if err := s.resume(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// NewService is the service as the gateway serves it.
func NewService(s *Service) *wire.Service { return api.NewService(s) }

// resume subscribes what was subscribed when the service last ran.
func (s *Service) resume(ctx context.Context) error {
	for _, r := range s.rules.List("") {
		if err := s.subscribe(ctx, r); err != nil {
			return fmt.Errorf("resuming: %w", err)
		}
	}
	s.replaying.resume()
	for _, b := range s.buses.List("") {
		s.log(b)
	}
	return nil
}

// log follows a bus for its LogConfig, or leaves it where that asks for nothing.
func (s *Service) log(b *bus) {
	level := wire.Value(wire.Value(b.Log).Level)
	if s.Logs == nil || level == "" || level == api.LevelOff {
		s.logging.Leave(b.log())
		return
	}
	s.logging.Follow(buslog.Bus{
		Log: b.log(), ARN: b.arn(), Level: level, Detail: wire.Value(b.Log.IncludeDetail) == api.IncludeDetailFull,
	})
}

// Close ends replays under way; they go on at the next start. The hub, which
// delivers, is closed by who made it.
func (s *Service) Close(ctx context.Context) error {
	err := s.replaying.close(ctx)
	s.logging.Close()
	return err
}

// locate splits a name that may be an ARN of the given kind ("event-bus") into
// the scope it lies in and the bare name.
func locate(ctx context.Context, kind, nameOrARN string) (wire.Scope, string) {
	if arn.Is(nameOrARN) {
		if a, err := arn.Parse(nameOrARN); err == nil {
			if k, name := a.Split(); k == kind {
				return wire.ScopeOfARN(a), name
			}
		}
	}
	return wire.ScopeOf(ctx), nameOrARN
}
