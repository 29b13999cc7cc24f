package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

const (
	// The waits between tries of a write that the engine did not make.
	writeAgainMin = 50 * time.Millisecond
	writeAgainMax = 5 * time.Second
)

// conclude makes the round's decisions durable, where anything has to be. When
// it returns each item has its fate.
func (r *Runner) conclude(w *round) {
	r.settleDelivered(w)
	if len(w.bury) > 0 {
		r.buryAll(w)
	}
	if len(w.again) > 0 {
		r.queueAgain(w)
	}
}

// insist makes a write until the engine has made it, or the runner is cut off.
func (r *Runner) insist(write func(context.Context) error) bool {
	for wait := writeAgainMin; ; wait = min(2*wait, writeAgainMax) {
		err := write(r.life)
		if err == nil {
			return true
		}
		if errors.Is(err, engine.ErrClosed) || clock.Sleep(r.life, r.clk, wait) != nil {
			return false
		}
	}
}

// settled gives an item its outcome.
func (r *Runner) settled(w *round, it *item, o Outcome) {
	it.fate = fateSettled
	w.outcomes = append(w.outcomes, o)
	if w.cfg.Observer != nil {
		w.cfg.Observer.Settled(&it.event, o, it.last)
	}
}

func (r *Runner) settleDelivered(w *round) {
	var leased []*item
	for _, it := range w.settle {
		if it.id != 0 {
			leased = append(leased, it)
			continue
		}
		r.settled(w, it, Delivered)
	}
	r.settleLeased(leased, func(it *item) { r.settled(w, it, Delivered) })
}

// settleLeased removes the items' records from the queue and calls done for
// each that is removed by it. Where a lease has run out meanwhile and the record
// was leased here again, it is removed by that lease. What somebody else has
// leased comes to its outcome there.
func (r *Runner) settleLeased(leased []*item, done func(*item)) {
	doubt := false
	for len(leased) > 0 {
		tokens := make([]string, len(leased))
		for i, it := range leased {
			tokens[i] = it.token
		}
		var settled []bool
		tries := 0
		if !r.insist(func(ctx context.Context) (err error) {
			tries++
			settled, err = r.queues.Settle(ctx, r.name, tokens...)
			return err
		}) {
			return
		}
		doubt = doubt || tries > 1
		var renewed []*item
		for i, it := range leased {
			switch {
			case settled[i]:
				done(it)
			case r.renewed(it):
				renewed = append(renewed, it)
			case tries > 1 && r.gone(it): // the write was made although it failed
				done(it)
			default:
				it.fate = fateLost
				doubt = true
			}
		}
		leased = renewed
	}
	if doubt {
		r.mu.Lock()
		r.recount = true
		r.mu.Unlock()
	}
}

// renewed gives an item the lease by which its record was taken again while
// its round was under way; false where it was not.
func (r *Runner) renewed(it *item) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if it.again == nil {
		return false
	}
	it.token, it.until, it.again = it.again.token, it.again.until, nil
	return true
}

// gone tells whether an item's record is no more in the queue.
func (r *Runner) gone(it *item) (gone bool) {
	return r.insist(func(ctx context.Context) error {
		at, err := r.queues.Browse(ctx, r.name, it.id-1, 1)
		gone = len(at) == 0 || at[0].ID != it.id
		return err
	}) && gone
}

// queueAgain makes the retries durable with their due times.
func (r *Runner) queueAgain(w *round) {
	var messages []engine.Message
	var fresh []*item
	for _, it := range w.again {
		if it.id != 0 {
			r.putBack(it)
			continue
		}
		fresh = append(fresh, it)
		messages = append(messages, engine.Message{Body: r.record(it), Due: it.due, Group: r.queueGroup(&it.event)})
	}
	r.enqueue(fresh, messages)
}

// record is the durable form of it.
func (r *Runner) record(it *item) []byte {
	it.writer = r.opened
	return appendRecord(nil, it)
}

// enqueue writes the records of events from the log.
func (r *Runner) enqueue(fresh []*item, messages []engine.Message) {
	if len(fresh) == 0 {
		return
	}
	r.mu.Lock()
	r.retries += len(fresh)
	for i, it := range fresh {
		if it.group != nil && messages[i].Group != "" {
			it.group.durable++
		}
	}
	r.mu.Unlock()
	tries := 0
	if !r.insist(func(ctx context.Context) error {
		tries++
		_, err := r.queues.Enqueue(ctx, r.name, messages...)
		return err
	}) {
		return
	}
	if tries > 1 {
		r.mu.Lock()
		r.recount = true
		r.mu.Unlock()
	}
	for _, it := range fresh {
		it.fate = fateQueued
	}
}

// putBack returns a leased record to the queue until its due time. Unless the
// target asked for that time, the lease is kept until then, so that hasten can
// make the retry due earlier.
func (r *Runner) putBack(it *item) {
	behind := r.takeBehind(it)
	r.mu.Lock()
	if !it.asked && it.last.Start.Before(r.recovered) && it.due.After(r.recovered) {
		it.due = r.recovered // the target failed this one before it was back, and hasten has passed
	}
	body := r.record(it)
	keep := !it.asked && len(r.waiting) < maxWaiting
	if keep {
		// Before the write: the record may be leased again right after it.
		r.waiting[it.id] = waiting{token: it.token, due: it.due}
	}
	r.mu.Unlock()
	it.fate = fateQueued
	if !r.insist(func(ctx context.Context) error {
		err := r.queues.PutBack(ctx, r.name, it.token, it.due, keep, body)
		if errors.Is(err, engine.ErrLease) {
			it.fate, err = fateLost, nil
		}
		return err
	}) {
		it.fate = fateLeft
	}
	r.putBackBehind(behind)
}

// takeBehind takes the leased events of it's group that follow it off the
// books: they have to wait for it in the queue.
func (r *Runner) takeBehind(it *item) (tokens []string) {
	if it.group == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range it.group.leased.take() {
		r.unlease(b)
		tokens = append(tokens, b.token)
	}
	return tokens
}

func (r *Runner) putBackBehind(tokens []string) {
	for _, token := range tokens {
		r.insist(func(ctx context.Context) error {
			err := r.queues.PutBack(ctx, r.name, token, r.clk.Now(), false, nil)
			if errors.Is(err, engine.ErrLease) {
				err = nil
			}
			return err
		})
	}
}
