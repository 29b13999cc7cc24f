package hub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/pattern"
)

// Seen is an event as it lies in a bus's log.
type Seen struct {
	Bus      string
	Position engine.Position
	ID       string
	Ingested time.Time // when it was handed in
	Kept     time.Time // when it was durable
	Trace    string
	Only     []string
	Hops     int
	Envelope []byte // not to be changed
}

func (e *entry) seen(bus string) Seen {
	return Seen{
		Bus: bus, Position: e.position, ID: e.id, Ingested: time.UnixMilli(e.ingested).UTC(), Kept: e.kept.UTC(),
		Trace: e.trace, Only: e.rules(), Hops: e.hops, Envelope: e.envelope,
	}
}

// Tail yields the events of a bus that match the pattern (nil: all) from a
// place on, and goes on with those to come until ctx ends, whose error it then
// yields, or the caller stops. It is for a person who looks on; it keeps no
// place and holds up nobody.
func (h *Hub) Tail(ctx context.Context, busName string, p *pattern.Pattern, from Start) iter.Seq2[Seen, error] {
	return func(yield func(Seen, error) bool) {
		b, err := h.bus(busName)
		if err != nil {
			yield(Seen{}, err)
			return
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(h.ctx, func() { cancel(ErrClosed) })()
		at, err := b.position(ctx, from)
		if err == nil {
			err = b.scan(ctx, at, endless, func(e *entry) (bool, error) {
				if p != nil {
					if ok, err := p.Match(e.envelope); err != nil || !ok {
						return true, err
					}
				}
				return yield(e.seen(b.name), nil), nil
			})
		}
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
		if err != nil {
			yield(Seen{}, fmt.Errorf("tail %s: %w", busName, err))
		}
	}
}

// scan visits entries from at up to but without end, and waits for them where
// the log has none yet, until visit returns false.
func (b *bus) scan(ctx context.Context, at, end engine.Position, visit func(*entry) (bool, error)) error {
	if at >= end {
		return nil
	}
	r, err := b.hub.logs.Open(ctx, b.log, at)
	if err != nil {
		return err
	}
	defer r.Close()
	var entries []engine.Entry
	var e entry
	for at < end {
		if entries, err = r.Next(ctx, entries[:0], tailBatch); err != nil {
			return err
		}
		for _, raw := range entries {
			at = raw.Position + 1
			if at > end {
				return nil
			}
			if err := e.read(raw); err != nil {
				return fmt.Errorf("position %d: %w", raw.Position, err)
			}
			if more, err := visit(&e); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// findLimit bounds how many entries are looked at to find an event.
const findLimit = 100_000

// Find finds an event in a bus's log by its id; engine.ErrNotFound where it is
// not, or not any more. Ids that Put made are looked for from their time on,
// others among the bus's last 100,000 events.
func (h *Hub) Find(ctx context.Context, busName, eventID string) (Seen, error) {
	b, err := h.bus(busName)
	if err != nil {
		return Seen{}, err
	}
	s, err := b.find(ctx, eventID)
	if err != nil {
		return Seen{}, fmt.Errorf("find the event %s on %s: %w", eventID, busName, err)
	}
	return s, nil
}

func (b *bus) find(ctx context.Context, id string) (Seen, error) {
	first, end, err := b.hub.logs.Bounds(ctx, b.log)
	if err != nil {
		return Seen{}, err
	}
	recent := max(first, end-min(end, findLimit))
	starts := []engine.Position{recent}
	if t, ok := idTime(id); ok {
		at, err := b.hub.logs.Seek(ctx, b.log, t)
		if err != nil {
			return Seen{}, err
		}
		starts = []engine.Position{at}
		if at < recent {
			starts = append(starts, recent) // it may have come from another bus, later
		}
	}
	for _, at := range starts {
		var s Seen
		found := false
		err := b.scan(ctx, at, min(end, at+findLimit), func(e *entry) (bool, error) {
			if found = e.id == id; found {
				s = e.seen(b.name)
				s.ID = strings.Clone(id)
			}
			return !found, nil
		})
		if err != nil || found {
			return s, err
		}
	}
	return Seen{}, engine.ErrNotFound
}

// Trace tells the journey of an event over all buses that it went through, as
// far as journeys are kept; engine.ErrNotFound where no bus knows of it. Where
// the event itself is not kept any more, its failures are still told.
//
// While an event has not reached all its targets, Trace reads all that was
// noted of the bus's events since it came in.
func (h *Hub) Trace(ctx context.Context, eventID string) ([]journey.Step, error) {
	buses, err := h.all(ctx)
	if err != nil {
		return nil, err
	}
	var steps []journey.Step
	for _, b := range buses {
		part, err := b.trace(ctx, eventID)
		if err != nil {
			return nil, fmt.Errorf("trace the event %s on %s: %w", eventID, b.name, err)
		}
		steps = append(steps, part...)
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("the event %s: %w", eventID, engine.ErrNotFound)
	}
	slices.SortStableFunc(steps, func(a, b journey.Step) int { return a.Time.Compare(b.Time) })
	return steps, nil
}

func (b *bus) trace(ctx context.Context, id string) ([]journey.Step, error) {
	s, err := b.find(ctx, id)
	if errors.Is(err, engine.ErrNotFound) {
		at, ok := idTime(id)
		if !ok {
			return nil, nil
		}
		records, err := b.journal.Of(ctx, 0, id, at)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		e := journey.Event{Bus: b.hub.opts.BusARN(b.name), ID: id, Ingested: at}
		return journey.Steps(e, records, false), nil
	}
	if err != nil {
		return nil, err
	}
	records, err := b.journal.Of(ctx, s.Position, s.ID, s.Ingested)
	if err != nil {
		return nil, err
	}
	passed, err := b.passed(ctx, s.Position)
	if err != nil {
		return nil, err
	}
	return journey.Steps(b.hub.journeyEvent(&s), records, passed), nil
}

// passed reports whether matching at p is over, and kept: where no match is
// recorded then, there was none.
func (b *bus) passed(ctx context.Context, p engine.Position) (bool, error) {
	if b.journal.Level() != journey.All {
		return false, nil
	}
	b.admin.Lock()
	err := b.load(ctx)
	b.admin.Unlock()
	if err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs {
		if s.seen() <= p && !s.gaps.covers(p) {
			return false, nil
		}
	}
	return len(b.stored) == 0, nil
}
