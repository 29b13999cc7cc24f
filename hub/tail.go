package hub

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
)

const (
	// tailBatch is how many entries the tail looks at before it lets others
	// at the bus.
	tailBatch = 256
	// offerChunk is how many events are collected for one subscription
	// before it is offered them.
	offerChunk = 64
	// readPause is how long a reader waits after the log could not be read.
	readPause = time.Second
)

// tail reads a bus's log for all subscriptions that keep pace. There is one as
// long as there is such a subscription.
//
// A subscription whose runner takes not everything leaves the tail at that
// very position; the tail goes on without it. So the tail waits for the log
// alone, and one subscription's events never wait for another's target.
type tail struct {
	bus    *bus
	cancel context.CancelFunc

	entries []engine.Entry
	matched []*group
	touched []*subscription
	gone    []*subscription // those that left in this batch
	matches journey.Matches
}

func (t *tail) run(ctx context.Context) {
	defer t.cancel()
	b := t.bus
	b.mu.Lock()
	at := b.tailNext
	b.mu.Unlock()
	for {
		err := t.follow(ctx, at)
		if err == nil || ctx.Err() != nil || errors.Is(err, engine.ErrClosed) {
			return
		}
		b.hub.logger.Error("the log of a bus cannot be read; trying again", "bus", b.name, "error", err)
		if clock.Sleep(ctx, b.hub.clk, readPause) != nil {
			return
		}
		b.mu.Lock()
		at = b.tailNext
		b.mu.Unlock()
	}
}

// follow reads until the tail has nobody left to read for.
func (t *tail) follow(ctx context.Context, at engine.Position) error {
	b := t.bus
	r, err := b.hub.logs.Open(ctx, b.log, at)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		if t.entries, err = r.Next(ctx, t.entries[:0], tailBatch); err != nil {
			return err
		}
		if !t.dispatch() {
			return nil
		}
		clear(t.entries)
		if len(t.entries) == tailBatch {
			runtime.Gosched() // those who put events come first
		}
	}
}

// dispatch matches the entries and offers them. It reports false if the tail
// is no more the bus's.
func (t *tail) dispatch() bool {
	b := t.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tail != t {
		return false
	}
	t.matches.Reset()
	keep := b.journal.Level() == journey.All
	var e entry
	for _, raw := range t.entries {
		if raw.Position < b.tailNext {
			continue
		}
		b.tailNext = raw.Position + 1
		if !t.match(&e, raw) {
			continue
		}
		if keep {
			t.matches.Begin(e.position)
		}
		for _, g := range t.matched {
			if !e.meant(g.rule) {
				continue
			}
			for _, s := range g.attached {
				if !s.attached || e.position < s.next || s.conf.FirstHand && e.hops > 0 {
					continue
				}
				if keep {
					t.matches.Add(s.source)
				}
				t.collect(s, &e)
			}
		}
	}
	for _, s := range t.touched {
		t.offer(s)
	}
	clear(t.touched)
	t.touched = t.touched[:0]
	b.journal.Matched(&t.matches)
	b.hub.moved(len(t.entries))
	return t.release()
}

// match finds the groups that the entry is for: those without a pattern also
// where it cannot be matched.
func (t *tail) match(e *entry, raw engine.Entry) bool {
	b := t.bus
	t.matched = t.matched[:0]
	err := e.read(raw)
	readable := err == nil
	if readable {
		t.matched, err = b.matcher.Match(t.matched, e.envelope)
	}
	if err != nil {
		t.matched = t.matched[:0]
		b.hub.logger.Error("an event cannot be matched", "bus", b.name, "position", raw.Position, "id", e.id, "error", err)
		if !readable {
			return false
		}
	}
	t.matched = append(t.matched, b.all...)
	return true
}

func (t *tail) collect(s *subscription, e *entry) {
	if len(s.pend) == 0 {
		t.touched = append(t.touched, s)
	}
	s.pend = append(s.pend, s.event(e, s.conf.Group))
	if len(s.pend) == offerChunk {
		t.offer(s)
	}
}

// offer hands on what was collected for s. One that does not take all sees
// nothing more of this tail; it is let go at the end of the batch.
func (t *tail) offer(s *subscription) {
	if len(s.pend) > 0 && t.bus.offer(s) {
		s.attached = false
		t.gone = append(t.gone, s)
	}
}

// release lets those go that have left, each to read for itself.
func (t *tail) release() bool {
	b := t.bus
	for _, s := range t.gone {
		s.group.drop(s)
		b.attached--
		b.read(s, true)
	}
	clear(t.gone)
	t.gone = t.gone[:0]
	if b.attached == 0 {
		b.stopTail()
		return false
	}
	return true
}
