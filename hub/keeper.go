package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// How often what is done in the background is done.
const (
	journalEvery = 100 * time.Millisecond // after the first record, if no block is full before
	floorEvery   = time.Second            // after the first event
	floorEvents  = 20_000                 // or after so many
	trimEvery    = time.Minute
	keepTimeout  = 30 * time.Second // of one of these
)

// keeper is the goroutine that writes journals and floors and trims logs. It
// sleeps while nothing happens.
type keeper struct {
	journalsDue, journalsFull chan struct{}
	floorsDue, floorsFull     chan struct{}
	stop, done                chan struct{}
}

func newKeeper() keeper {
	one := func() chan struct{} { return make(chan struct{}, 1) }
	return keeper{one(), one(), one(), one(), make(chan struct{}), make(chan struct{})}
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (k *keeper) journals(full bool) {
	if full {
		tell(k.journalsFull)
	} else {
		tell(k.journalsDue)
	}
}

func (k *keeper) floors(full bool) {
	if full {
		tell(k.floorsFull)
	} else {
		tell(k.floorsDue)
	}
}

func (k *keeper) close() {
	close(k.stop)
	<-k.done
}

// alarm is a timer that is set or not.
type alarm struct {
	clk   clock.Clock
	timer *clock.Timer
}

func (a *alarm) set(d time.Duration) {
	if a.timer == nil {
		a.timer = a.clk.NewTimer(d)
	}
}

func (a *alarm) clear() {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

func (a *alarm) c() <-chan time.Time {
	if a.timer == nil {
		return nil
	}
	return a.timer.C
}

func (h *Hub) keep() {
	k := &h.keeper
	defer close(k.done)
	journals, floors, trim := alarm{clk: h.clk}, alarm{clk: h.clk}, alarm{clk: h.clk}
	defer journals.clear()
	defer floors.clear()
	defer trim.clear()
	for {
		trim.set(trimEvery)
		var task func(context.Context) error
		again := &floors // what to set where it fails
		select {
		case <-k.stop:
			return
		case <-k.journalsDue:
			journals.set(journalEvery)
			continue
		case <-k.floorsDue:
			floors.set(floorEvery)
			continue
		case <-k.journalsFull:
			task, again = h.flushJournals, &journals
		case <-journals.c():
			journals.clear()
			task, again = h.flushJournals, &journals
		case <-k.floorsFull:
			task = h.floorsNow(&floors)
		case <-floors.c():
			floors.clear()
			task = h.floorsNow(&floors)
		case <-trim.c():
			trim.clear()
			task, again = h.trim, &trim
		}
		ctx, cancel := clock.WithTimeout(h.ctx, h.clk, keepTimeout)
		err := task(ctx)
		cancel()
		if err != nil && h.ctx.Err() == nil && !errors.Is(err, engine.ErrClosed) {
			h.logger.Error("a task in the background failed and is tried again", "error", err)
			again.set(floorEvery)
		}
	}
}

func (h *Hub) floorsNow(again *alarm) func(context.Context) error {
	return func(ctx context.Context) error {
		more, err := h.writeFloors(ctx)
		if more {
			again.set(floorEvery)
		}
		return err
	}
}

func (h *Hub) list() []*bus {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Values(h.buses))
}

func (h *Hub) flushJournals(ctx context.Context) error {
	var errs []error
	for _, b := range h.list() {
		if b.journalDue.Swap(false) {
			if err := b.journal.Flush(ctx); err != nil {
				b.journalDue.Store(true)
				errs = append(errs, fmt.Errorf("journeys of %s: %w", b.name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// writeFloors records how far every subscription is. more says that events are
// under way, so that it is worth doing again.
//
// The journeys are written between the look at the floors and their write: a
// crash that loses records of an event leaves the event above the floor.
func (h *Hub) writeFloors(ctx context.Context) (more bool, err error) {
	h.moves.Store(0)
	h.cursors.Lock()
	defer h.cursors.Unlock()
	var f floors
	for _, b := range h.list() {
		if err := f.look(b); err != nil {
			return true, err
		}
	}
	if err := h.flushJournals(ctx); err != nil {
		return true, err
	}
	// A subscription that stops following is recorded before the tail's
	// record moves past what it has not settled; one that follows a tail which
	// has begun anew, further back, is recorded after the tail's record.
	if err := h.apply(ctx, f.writes()); err != nil {
		return true, fmt.Errorf("write floors: %w", err)
	}
	for _, done := range f.done {
		done()
	}
	return f.more, nil
}

// floors collects what is to be written.
type floors struct {
	back, cursors, tails []engine.Write // tails that are further back than recorded, …, other tails
	done                 []func()       // what to remember once they are written
	more                 bool
}

// writes is what is to be written, in this order: a crash may come in between.
func (f *floors) writes() []engine.Write { return slices.Concat(f.back, f.cursors, f.tails) }

func (f *floors) look(b *bus) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	following := false
	for _, s := range b.subs {
		c := s.cursor()
		following = following || c.Following
		f.more = f.more || c.Position < s.seen() || s.catchUp != nil
		if c.equal(s.written) {
			continue
		}
		w, err := c.write(b.name, s.id)
		if err != nil {
			return err
		}
		f.cursors = append(f.cursors, w)
		f.done = append(f.done, func() { s.written = c })
	}
	if at := b.tailNext; following && at != b.tailWritten {
		list := &f.tails
		if at < b.tailWritten {
			list = &f.back
		}
		*list = append(*list, engine.Write{Collection: tailsCollection, Key: b.name, Value: strconv.AppendUint(nil, uint64(at), 10)})
		f.done = append(f.done, func() { b.tailWritten = at })
	}
	return nil
}

// trim forgets the events and journeys that are old and needed by nobody.
func (h *Hub) trim(ctx context.Context) error {
	buses, err := h.all(ctx)
	if err != nil {
		return err
	}
	now := h.clk.Now()
	var errs []error
	for _, b := range buses {
		err := b.trim(ctx, now.Add(-h.opts.Retention))
		if err == nil {
			err = b.journal.Trim(ctx, now.Add(-h.opts.JourneyRetention))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("trim %s: %w", b.name, err))
		}
	}
	return errors.Join(errs...)
}

func (b *bus) trim(ctx context.Context, old time.Time) error {
	if !b.admin.TryLock() {
		return nil // who takes a subscription away may wait for its target; floors shall not
	}
	defer b.admin.Unlock()
	if b.dropped {
		return nil // the log is that of another bus by now
	}
	if err := b.load(ctx); err != nil {
		return err
	}
	before, err := b.hub.logs.Seek(ctx, b.log, old)
	if err != nil {
		return err
	}
	return b.hub.logs.Trim(ctx, b.log, min(before, b.needed()))
}

// needed is the first position that a recorded cursor needs.
func (b *bus) needed() engine.Position {
	b.hub.cursors.RLock()
	defer b.hub.cursors.RUnlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	first := endless
	for _, c := range b.stored {
		first = min(first, c.needs(0))
	}
	for _, s := range b.subs {
		first = min(first, s.written.needs(b.tailWritten))
	}
	return first
}
