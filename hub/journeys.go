package hub

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
)

// Steps yields the steps of all journeys on a bus as they are noted from now
// on, a moment (100 ms) later, until ctx ends, whose error it then yields, or
// the caller stops. It is what goes to the log group of a bus's LogConfig. Like
// all journeys it is a report: what passed while nobody followed is not told.
//
// The receipts of events are not among them, for the bus's own log has those:
// [Hub.Tail] with [Hub.Receipt] tells them.
func (h *Hub) Steps(ctx context.Context, busName string) iter.Seq2[journey.Step, error] {
	return func(yield func(journey.Step, error) bool) {
		b, err := h.bus(busName)
		if err != nil {
			yield(journey.Step{}, err)
			return
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(h.ctx, func() { cancel(ErrClosed) })()
		for records, err := range b.journal.Follow(ctx) {
			if err == nil {
				var steps []journey.Step
				if steps, err = b.tell(ctx, records); err == nil {
					for _, s := range steps {
						if !yield(s, nil) {
							return
						}
					}
					continue
				}
			}
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			yield(journey.Step{}, fmt.Errorf("the journeys of %s: %w", busName, err))
			return
		}
	}
}

// tell makes the steps of records, with the events that they speak of.
func (b *bus) tell(ctx context.Context, records []journey.Record) ([]journey.Step, error) {
	events := map[engine.Position]journey.Event{}
	for _, r := range records {
		if r.Position != 0 {
			events[r.Position] = journey.Event{}
		}
	}
	if err := b.lookUp(ctx, events); err != nil {
		return nil, err
	}
	var steps []journey.Step
	for _, r := range records {
		e := events[r.Position]
		if e.ID == "" { // submitted, or trimmed meanwhile
			e = journey.Event{Bus: b.hub.opts.BusARN(b.name), ID: r.EventID, Ingested: r.Attempt.Start}
		}
		unmatched := false
		if r.Match && len(r.Matched) == 0 {
			var err error
			if unmatched, err = b.passed(ctx, r.Position); err != nil {
				return nil, err
			}
		}
		steps = append(steps, journey.Later(e, r, unmatched)...)
	}
	return steps, nil
}

// lookUpGap is how many entries lookUp rather reads than opens a reader anew.
const lookUpGap = 1000

// lookUp fills in the events at the positions.
func (b *bus) lookUp(ctx context.Context, events map[engine.Position]journey.Event) error {
	wanted := slices.Sorted(maps.Keys(events))
	for len(wanted) > 0 {
		n := 1
		for n < len(wanted) && wanted[n]-wanted[n-1] <= lookUpGap {
			n++
		}
		err := b.scan(ctx, wanted[0], wanted[n-1]+1, func(e *entry) (bool, error) {
			if _, ok := events[e.position]; ok {
				s := e.seen(b.name)
				events[e.position] = b.hub.journeyEvent(&s)
			}
			return true, nil
		})
		if err != nil {
			return err
		}
		wanted = wanted[n:]
	}
	return nil
}

func (h *Hub) journeyEvent(s *Seen) journey.Event {
	return journey.Event{Bus: h.opts.BusARN(s.Bus), ID: s.ID, Ingested: s.Ingested, Kept: s.Kept, Envelope: s.Envelope}
}

// Receipt tells, as the first steps of its journey, that the bus has the event.
func (h *Hub) Receipt(s Seen) []journey.Step { return journey.Receipt(h.journeyEvent(&s)) }
