package hub

import (
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/pattern"
)

// Subscription is what reacts to the events of a bus.
type Subscription struct {
	ID     string // unique on its bus, e.g. "created/target-1"
	Rule   string // ARN of its rule, for [Event.Only], journeys and status
	Target string // ARN, for journeys and status

	// Pattern chooses the events; nil: all of them. Subscriptions that share
	// their Rule and the very same *Pattern are matched once for all.
	Pattern *pattern.Pattern

	Delivery delivery.Config // transform, retries, dead letters, target, order
	// Group gives the order group of an event where Delivery keeps order.
	Group func(event []byte) string

	// FirstHand: it sees only events that were put on this very bus, none
	// that came through another one ([Event.Hops]).
	FirstHand bool

	// Start is where a new subscription begins; the zero value is [Latest].
	// One that is known goes on where it was.
	Start Start

	// Disabled: it sees none of the events that are put from now on. What was
	// put before is delivered still, retries too. Enabled again, it sees the
	// events put from then on.
	Disabled bool
	// Paused: nothing is delivered; the events wait in the log.
	Paused bool

	// Batch and End are the shape of what is to come (batching windows,
	// bounded reads). Other than zero they are refused.
	Batch Batch
	End   time.Time
}

// Batch describes how events are handed to the target together.
type Batch struct {
	Size   int
	Window time.Duration
}

// Start is a place in a bus's log.
type Start struct {
	kind     startKind
	position engine.Position
	time     time.Time
}

type startKind uint8

const (
	startLatest startKind = iota
	startEarliest
	startPosition
	startTime
)

// Latest is the end of the log: the events that are put from now on.
func Latest() Start { return Start{} }

// Earliest is the oldest event that is kept.
func Earliest() Start { return Start{kind: startEarliest} }

// At is a position.
func At(p engine.Position) Start { return Start{kind: startPosition, position: p} }

// Since is the first event that came in at t or later.
func Since(t time.Time) Start { return Start{kind: startTime, time: t} }

// ErrSubscription is what Subscribe wraps where the subscription itself is wrong.
var ErrSubscription = errors.New("invalid subscription")

func (s *Subscription) validate() error {
	var wrong string
	switch {
	case s.ID == "":
		wrong = "ID is empty"
	case s.Delivery.Target == nil:
		wrong = "Delivery.Target is missing"
	case s.Delivery.Order == delivery.PerGroup && s.Group == nil:
		wrong = "its order is per group, and Group is missing"
	case s.Batch != Batch{}:
		wrong = "Batch is not implemented: events reach the target as they come"
	case !s.End.IsZero():
		wrong = "End is not implemented: a subscription has no end"
	default:
		return nil
	}
	return fmt.Errorf("%w %q: %s", ErrSubscription, s.ID, wrong)
}

// subscription is a Subscription at work. At any time exactly one reads for
// it: the bus's tail (it is attached), a catchUp of its own, or nobody, when
// it is paused, or disabled with nothing left to see.
type subscription struct {
	bus    *bus
	id     string
	runner *delivery.Runner

	// Guarded by bus.mu:
	conf     Subscription
	source   *journey.Source // conf in the journal's terms
	group    *group
	attached bool
	catchUp  *catchUp
	// next is the position below which it has seen everything; while it is
	// attached, the higher of next and bus.tailNext.
	next engine.Position
	gaps gaps // what it is not to see
	pend []delivery.Event

	written cursor // what its record says; guarded by hub.cursors
}

// seen is the position below which it has seen everything. The caller holds bus.mu.
func (s *subscription) seen() engine.Position {
	if s.attached {
		return max(s.next, s.bus.tailNext)
	}
	return s.next
}

// idle reports whether there is nothing for it to read. The caller holds bus.mu.
func (s *subscription) idle() bool {
	s.next = s.gaps.skip(s.next)
	return s.conf.Paused || s.gaps.endless(s.next)
}

// event is the delivery of an entry. Its strings and data share the entry's bytes.
func (s *subscription) event(e *entry, group func([]byte) string) delivery.Event {
	d := delivery.Event{
		ID: e.id, Position: e.position, Ingested: time.UnixMilli(e.ingested),
		Data: e.envelope, Trace: e.trace,
	}
	if group != nil {
		d.Group = group(e.envelope)
	}
	return d
}

// observer writes the journey of a subscription's events and passes on to the
// observer that its owner gave.
type observer struct {
	journal *journey.Journal
	source  *journey.Source
	next    delivery.Observer
}

func (o *observer) Attempted(e *delivery.Event, a delivery.Attempt) {
	o.journal.Attempted(o.source, e, &a)
	if o.next != nil {
		o.next.Attempted(e, a)
	}
}

func (o *observer) Settled(e *delivery.Event, out delivery.Outcome, last delivery.Attempt) {
	o.journal.Settled(o.source, e, out, &last)
	if o.next != nil {
		o.next.Settled(e, out, last)
	}
}
