package hub

import (
	"context"
	"errors"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
)

const (
	// catchUpBatch is how many entries a catchUp holds at most.
	catchUpBatch = 64
	// patience is how long a catchUp holds entries while its runner has no room.
	patience = time.Second
	// tailSlack is how far behind the log's end, in events, a tail may begin
	// for subscriptions that were not behind by their own fault.
	tailSlack = 250_000
)

// catchUp reads a bus's log for one subscription that does not keep pace, or
// begins elsewhere than at the end, until it has reached the tail.
//
// The seam: the subscription's next is the only word on what it has seen. The
// catchUp moves it after the events below were offered; it hands over to the
// tail, under the bus's lock, only when next is not before the tail's own
// next; and the tail passes over what lies before the subscription's next.
// So no event is missed or offered twice.
type catchUp struct {
	sub    *subscription
	cancel context.CancelFunc
	done   chan struct{}

	full    bool // the runner has refused events since it last took all
	fresh   bool // nothing was read yet
	reader  engine.Reader
	at      engine.Position // where the reader is
	entries []engine.Entry
	events  []delivery.Event
	matches journey.Matches
}

func (c *catchUp) run(ctx context.Context) {
	defer close(c.done)
	defer c.cancel()
	defer c.drop()
	b := c.sub.bus
	for !c.over(ctx) {
		err := c.step(ctx)
		if ctx.Err() != nil || errors.Is(err, engine.ErrClosed) {
			return
		}
		if err != nil {
			c.drop()
			b.hub.logger.Error("the log of a bus cannot be read; trying again", "bus", b.name, "subscription", c.sub.id, "error", err)
			if clock.Sleep(ctx, b.hub.clk, readPause) != nil {
				return
			}
		}
	}
}

// drop lets go of reader and entries.
func (c *catchUp) drop() {
	if c.reader != nil {
		c.reader.Close()
		c.reader = nil
	}
	c.entries, c.events = nil, nil
}

// over reports whether the work is done: the subscription was handed to the
// tail, or has nothing to read any more, or somebody else's to be.
func (c *catchUp) over(ctx context.Context) bool {
	s, b := c.sub, c.sub.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.catchUp != c {
		return true
	}
	if s.idle() {
		s.catchUp = nil
		return true
	}
	// A subscription with gaps ahead reads them over itself: the tail does
	// not look at gaps.
	if c.full || len(s.gaps.after(s.next)) > 0 {
		return false
	}
	if b.tail == nil && !c.beginTail(ctx) {
		return false
	}
	if s.catchUp != c || s.idle() || s.next < b.tailNext || len(s.gaps.after(s.next)) > 0 {
		return false
	}
	s.catchUp = nil
	b.attach(s)
	return true
}

// beginTail sets where a tail may begin for s, if it may. It gives up the
// bus's lock for a while.
func (c *catchUp) beginTail(ctx context.Context) bool {
	s, b := c.sub, c.sub.bus
	b.mu.Unlock()
	_, end, err := b.hub.logs.Bounds(ctx, b.log)
	b.mu.Lock()
	if err != nil {
		return false
	}
	if b.tail != nil {
		return true
	}
	if !c.fresh {
		b.tailNext = end
		return s.next >= end
	}
	low := end - min(end, tailSlack)
	if s.next < low {
		return false
	}
	// After a start, the subscriptions come one after another, many from the
	// same place: the first one's tail begins where all of them can join.
	b.tailNext = min(s.next, end)
	for _, cur := range b.stored {
		if cur.Position >= low {
			b.tailNext = min(b.tailNext, cur.Position)
		}
	}
	return true
}

// step reads, matches and offers one batch.
func (c *catchUp) step(ctx context.Context) (err error) {
	s, b := c.sub, c.sub.bus
	if c.full && !c.room(ctx, false) {
		return ctx.Err()
	}
	b.mu.Lock()
	at := s.next
	b.mu.Unlock()
	if c.reader != nil && c.at != at {
		c.drop() // a gap was passed over
	}
	if c.reader == nil {
		if c.reader, err = b.hub.logs.Open(ctx, b.log, at); err != nil {
			c.reader = nil
			return err
		}
		c.at = at
	}
	if c.entries, err = c.reader.Next(ctx, c.entries[:0], catchUpBatch); err != nil {
		return err
	}
	c.fresh = false
	next := c.match()
	c.at = next
	b.journal.Matched(&c.matches)
	for events := c.events; ; {
		taken := 0
		if len(events) > 0 {
			taken = s.runner.Offer(events)
		}
		events = events[taken:]
		seen := next
		if c.full = len(events) > 0; c.full {
			seen = events[0].Position
		}
		b.mu.Lock()
		s.next = max(s.next, seen)
		b.mu.Unlock()
		b.hub.moved(taken)
		if !c.full {
			break
		}
		if !c.room(ctx, true) {
			c.drop() // read again from s.next once there is room
			return ctx.Err()
		}
	}
	clear(c.entries)
	clear(c.events)
	return nil
}

// match collects the events of the entries that the subscription is to get,
// and returns the position behind the entries looked at.
func (c *catchUp) match() engine.Position {
	s, b := c.sub, c.sub.bus
	b.mu.Lock()
	rule, pattern, group, gaps, source := s.conf.Rule, s.conf.Pattern, s.conf.Group, s.gaps.after(s.next), s.source
	firstHand := s.conf.FirstHand
	b.mu.Unlock()
	c.events = c.events[:0]
	c.matches.Reset()
	keep := b.journal.Level() == journey.All
	var e entry
	for _, raw := range c.entries {
		if gaps.covers(raw.Position) {
			continue
		}
		err := e.read(raw)
		matched := false
		if err == nil && e.meant(rule) && (!firstHand || e.hops == 0) {
			matched = pattern == nil
			if !matched {
				matched, err = pattern.Match(e.envelope)
			}
		}
		if err != nil {
			b.hub.logger.Error("an event cannot be matched", "bus", b.name, "subscription", s.id, "position", raw.Position, "id", e.id, "error", err)
			continue
		}
		if !matched {
			continue
		}
		if keep {
			c.matches.Begin(e.position)
			c.matches.Add(source)
		}
		c.events = append(c.events, s.event(&e, group))
	}
	return c.entries[len(c.entries)-1].Position + 1
}

// room waits until the runner has room. It reports false if ctx ended or,
// where there are entries to hold, patience did.
func (c *catchUp) room(ctx context.Context, holding bool) bool {
	var out <-chan time.Time
	if holding {
		t := c.sub.bus.hub.clk.NewTimer(patience)
		defer t.Stop()
		out = t.C
	}
	select {
	case <-c.sub.runner.Room():
		return true
	case <-out:
		return false
	case <-ctx.Done():
		return false
	}
}
