package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/signalbox/signalbox/engine"
)

// cursor is what is recorded of a subscription's place in the log.
type cursor struct {
	// Position is its floor: everything below it is settled, or lies in a gap.
	Position engine.Position `json:"position"`
	// Following: it has settled all that the tail has seen, so that the
	// tail's record is its floor where that is higher than Position. So a
	// subscription for which nothing comes costs no write while others' events pass.
	Following bool `json:"following,omitzero"`
	// Gaps are what it is not to see, from Position on.
	Gaps gaps `json:"gaps,omitempty"`
}

// place is the floor, given what the tail's record says.
func (c cursor) place(tail engine.Position) engine.Position {
	if c.Following {
		return max(c.Position, tail)
	}
	return c.Position
}

// needs is the first position that must be kept for it; endless where none
// must be.
func (c cursor) needs(tail engine.Position) engine.Position {
	p := c.Gaps.skip(c.place(tail))
	if c.Gaps.endless(p) {
		return endless
	}
	return p
}

func (c cursor) equal(d cursor) bool {
	return c.Following == d.Following && (c.Following || c.Position == d.Position) && slices.Equal(c.Gaps, d.Gaps)
}

// write is the write that records it.
func (c cursor) write(bus, id string) (engine.Write, error) {
	value, err := json.Marshal(c)
	return engine.Write{Collection: cursorsCollection + bus, Key: id, Value: value}, err
}

// cursor is where s is now. The caller holds bus.mu.
//
// What s has seen is looked at before what its runner holds: events that are
// offered in between lie above both.
func (s *subscription) cursor() cursor {
	at := s.seen()
	floor, unsettled := s.runner.Floor()
	if unsettled {
		at = min(at, floor)
	}
	c := cursor{Position: at}
	if g := s.gaps.after(at); len(g) > 0 {
		c.Gaps = slices.Clone(g)
	} else {
		s.gaps = nil
		c.Following = s.attached && !unsettled && s.next <= s.bus.tailNext
	}
	return c
}

func (h *Hub) putCursor(ctx context.Context, bus, id string, c cursor) error {
	w, err := c.write(bus, id)
	if err == nil {
		_, err = h.records.Apply(ctx, w)
	}
	if err != nil {
		return fmt.Errorf("write the cursor: %w", err)
	}
	return nil
}

// writeCursor records the place of a subscription that is not at work yet.
func (b *bus) writeCursor(ctx context.Context, id string, c cursor) error {
	return b.hub.putCursor(ctx, b.name, id, c)
}

// load reads the cursors that were written before the start. The caller holds
// admin.
//
// Those that follow the tail's record get a place of their own: the tail will
// move on before they are brought again.
func (b *bus) load(ctx context.Context) error {
	if b.loaded {
		return nil
	}
	h := b.hub
	var tail engine.Position
	rec, err := h.records.Get(ctx, tailsCollection, b.name)
	if err == nil {
		var n uint64
		n, err = strconv.ParseUint(string(rec.Value), 10, 64)
		tail = engine.Position(n)
	} else if errors.Is(err, engine.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("read how far %s is: %w", b.name, err)
	}
	records, err := h.records.List(ctx, cursorsCollection+b.name, "", "", 0)
	if err != nil {
		return fmt.Errorf("read the cursors of %s: %w", b.name, err)
	}
	stored := make(map[string]cursor, len(records))
	var writes []engine.Write
	for _, r := range records {
		var c cursor
		if err := json.Unmarshal(r.Value, &c); err != nil {
			return fmt.Errorf("read the cursor of %s on %s: %w", r.Key, b.name, err)
		}
		if c.Following {
			c = cursor{Position: c.place(tail)}
			w, err := c.write(b.name, r.Key)
			if err != nil {
				return err
			}
			writes = append(writes, w)
		}
		stored[r.Key] = c
	}
	if err := h.apply(ctx, writes); err != nil {
		return fmt.Errorf("write the cursors of %s: %w", b.name, err)
	}
	h.cursors.Lock()
	b.tailWritten = tail
	h.cursors.Unlock()
	b.mu.Lock()
	b.stored = stored
	b.mu.Unlock()
	b.loaded = true
	return nil
}

// applySize bounds the records written at once.
const applySize = 1000

// apply writes in the given order, many at a time.
func (h *Hub) apply(ctx context.Context, writes []engine.Write) error {
	for part := range slices.Chunk(writes, applySize) {
		if _, err := h.records.Apply(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// Cursors lists the ids of all subscriptions whose place on the bus is kept:
// those at work, and those that nobody has brought since the start. The owner
// takes away those that it does not know any more; as long as they are there,
// the log is kept for them.
func (h *Hub) Cursors(ctx context.Context, busName string) ([]string, error) {
	records, err := h.records.List(ctx, cursorsCollection+busName, "", "", 0)
	if err != nil {
		return nil, fmt.Errorf("read the cursors of %s: %w", busName, err)
	}
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.Key
	}
	return ids, nil
}
