package logs

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// Service implements [API].
type Service struct {
	clock clock.Clock
	logs  engine.Logs

	mu       sync.Mutex // serializes changes of the documents
	groups   *engine.Documents[group]
	streams  *engine.Documents[stream]
	policies *engine.Documents[policy]

	deliverySources      *engine.Documents[deliverySource]
	deliveryDestinations *engine.Documents[deliveryDestination]
	deliveries           *engine.Documents[logDelivery]

	// recent is what streams were written since their documents were: when
	// their events are counted, and not worth a write for each batch.
	recent  sync.Map // stream key → *activity
	writing sync.Map // group log → *sync.Mutex: one batch at a time
}

var _ API = (*Service)(nil)

// New loads the groups and streams.
func New(ctx context.Context, eng engine.Engine, clk clock.Clock) (*Service, error) {
	s := &Service{clock: clk, logs: eng.Logs()}
	err := engine.OpenEach(ctx, eng.Records(),
		engine.Into(&s.groups, "logs.group"),
		engine.Into(&s.streams, "logs.stream"),
		engine.Into(&s.policies, "logs.policy"),
		engine.Into(&s.deliverySources, "logs.deliverysource"),
		engine.Into(&s.deliveryDestinations, "logs.deliverydestination"),
		engine.Into(&s.deliveries, "logs.delivery"))
	if err != nil {
		return nil, err
	}
	return s, nil
}

func invalid(format string, args ...any) error {
	return wire.Errorf(CodeInvalidParameterException, format, args...)
}

func notFound(what string) error {
	return wire.Errorf(CodeResourceNotFoundException, "The specified %s does not exist.", what)
}

func exists(what string) error {
	return wire.Errorf(CodeResourceAlreadyExistsException, "The specified %s already exists", what)
}

// identify finds a group by the name or the identifier (name or ARN) of a
// request, one of which must be there.
func (s *Service) identify(ctx context.Context, name, identifier *string) (*group, error) {
	switch {
	case name != nil && identifier != nil:
		return nil, invalid("LogGroupName and logGroupIdentifier cannot both be given.")
	case name == nil && identifier == nil:
		return nil, invalid("Either logGroupName or logGroupIdentifier must be given.")
	}
	text := *either(name, identifier)
	sc := wire.ScopeOf(ctx)
	if a, err := arn.Parse(text); err == nil {
		_, text = a.Split()
		sc, text = wire.ScopeOfARN(a), strings.TrimSuffix(text, ":*")
	}
	if g := s.groups.Get(sc.Key(text)); g != nil {
		return g, nil
	}
	return nil, notFound("log group")
}

func either[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// millis is a time as this API writes it: milliseconds since 1970.
func millis(t time.Time) *int64 { return new(t.UnixMilli()) }
