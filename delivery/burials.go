package delivery

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

const (
	// burialSuffix makes the name of the queue of burials from the runner's.
	burialSuffix = "\x1fdead"
	// maxBurials is how many events are buried side by side.
	maxBurials = 16
)

// burials are the events that were given up and that the dead-letter queue
// did not take. They wait in an engine queue of their own, so that nothing else
// waits for them, however many they become; one goroutine tries again, with a
// back-off that is the queue's, not each event's.
type burials struct {
	queue string
	stir  chan struct{} // the configuration has changed, or a pause is over

	// Guarded by Runner.mu:
	n       int  // in the queue, or about to be
	writing int  // calls of buryLater that write
	begun   int  // calls of buryLater
	trying  bool // the goroutine is there
}

// buryAll hands what was given up to the dead-letter queue, or where that does
// not take it keeps it for later.
func (r *Runner) buryAll(w *round) {
	r.mu.Lock()
	waiting := r.burials.n > 0
	r.mu.Unlock()
	if waiting && w.cfg.DeadLetters != nil {
		r.buryLater(w.bury) // behind those that wait
		return
	}
	results := r.buryEach(w.cfg, w.bury)
	if r.life.Err() != nil {
		return
	}
	var later []*item
	given := map[Outcome][]*item{}
	for i, it := range w.bury {
		if o := buried(w.cfg, results[i]); o != 0 {
			given[o] = append(given[o], it)
			continue
		}
		later = append(later, it)
	}
	r.settleGiven(w, given[DeadLettered], DeadLettered)
	r.settleGiven(w, given[Dropped], Dropped)
	r.buryLater(later)
}

// buried is the outcome that an attempt to bury makes; 0 where there is to be another.
func buried(cfg *settings, result Result) Outcome {
	switch {
	case cfg.DeadLetters == nil || result.Kind == Permanent:
		return Dropped
	case result.Kind == Success:
		return DeadLettered
	}
	return 0
}

func (r *Runner) settleGiven(w *round, items []*item, o Outcome) {
	var leased []*item
	for _, it := range items {
		if it.id != 0 {
			leased = append(leased, it)
			continue
		}
		r.settled(w, it, o)
	}
	r.settleLeased(leased, func(it *item) { r.settled(w, it, o) })
}

// buryEach attempts to bury each item.
func (r *Runner) buryEach(cfg *settings, items []*item) []Result {
	results := make([]Result, len(items))
	if cfg.DeadLetters == nil {
		return results
	}
	if len(items) == 1 {
		results[0] = r.buryOne(cfg, items[0])
		return results
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxBurials)
	for i, it := range items {
		slots <- struct{}{}
		wg.Go(func() {
			results[i] = r.buryOne(cfg, it)
			<-slots
		})
	}
	wg.Wait()
	return results
}

func (r *Runner) buryOne(cfg *settings, it *item) (result Result) {
	ctx, cancel := clock.WithTimeout(r.life, r.clk, cfg.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			result = Result{Kind: Retryable, Code: "INTERNAL_ERROR", Message: fmt.Sprintf("the dead-letter queue panicked: %.200v", p)}
		}
	}()
	if it.input == nil {
		it.input, _ = transform(cfg, it) // for information only
	}
	last := it.last.Result
	if it.attempts == 0 {
		last = Result{Kind: Permanent, Code: "UNKNOWN", Message: "the event became too old before an attempt could be made"}
	}
	return cfg.DeadLetters.Bury(ctx, Dead{
		Event: &it.event, Input: it.input, Last: last, Attempts: it.attempts, Exhausted: it.exhausted,
	})
}

// buryLater makes the items durable burials. They keep no order with others: a
// group goes on without waiting for them.
func (r *Runner) buryLater(items []*item) {
	if len(items) == 0 {
		return
	}
	messages := make([]engine.Message, len(items))
	for i, it := range items {
		it.bury = true
		messages[i] = engine.Message{Body: r.record(it)}
	}
	b := &r.burials
	r.mu.Lock()
	b.n += len(items) // before the write: they may be tried right after it
	b.writing++
	b.begun++
	r.mu.Unlock()
	made := r.insist(func(ctx context.Context) error {
		_, err := r.queues.Enqueue(ctx, b.queue, messages...)
		return err
	})
	r.mu.Lock()
	b.writing--
	r.buryMore()
	r.mu.Unlock()
	if !made {
		return
	}
	var leased []*item
	for _, it := range items {
		if it.id != 0 {
			leased = append(leased, it)
			continue
		}
		it.fate = fateQueued
	}
	r.settleLeased(leased, func(it *item) { it.fate = fateMoved })
}

// buryMore starts the goroutine that tries again, if there is need. Called
// with mu held.
func (r *Runner) buryMore() {
	if r.burials.trying || r.closed || r.burials.n == 0 {
		return
	}
	r.burials.trying = true
	r.workers.Add(1)
	go r.buryAgain()
}

// buryAgain tries to bury what waits, until nothing does. While the dead-letter
// queue takes nothing it gets one event at a time to refuse.
func (r *Runner) buryAgain() {
	defer r.workers.Done()
	b := &r.burials
	for failed := 0; ; {
		r.mu.Lock()
		cfg, paused := r.cfg, r.paused
		if r.closed {
			b.trying = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		if paused {
			r.restBurials(nil)
			continue
		}
		lot := maxBurials
		if failed > 0 {
			lot = 1
		}
		got, err := r.queues.Lease(r.life, b.queue, lot, cfg.lease)
		if err == nil && len(got) == 0 {
			over, e := r.awaitBurials()
			if over {
				return
			}
			if err = e; err == nil {
				continue
			}
		}
		asked := time.Duration(0)
		if err == nil {
			var alive bool
			if alive, asked = r.buryLot(cfg, got); alive {
				failed = 0
				continue
			}
		}
		failed++
		t := r.clk.NewTimer(max(r.jitter(cfg.Policy.ceiling(failed)), asked))
		r.restBurials(t.C)
		t.Stop()
	}
}

// restBurials returns when it is time to look again.
func (r *Runner) restBurials(c <-chan time.Time) {
	select {
	case <-c:
	case <-r.burials.stir:
	case <-r.open.Done():
	}
}

// awaitBurials waits for burials that others have begun to write, or that are
// leased still by a runner before this one. Where there are none, over is true,
// and there is no goroutine any more: by the queue's own count, for a write that
// failed may have been made, twice even.
func (r *Runner) awaitBurials() (over bool, err error) {
	b := &r.burials
	r.mu.Lock()
	writing, begun := b.writing > 0, b.begun
	r.mu.Unlock()
	if !writing {
		n, err := r.queued(r.life, b.queue)
		if err != nil {
			return false, err
		}
		r.mu.Lock()
		if begun == b.begun {
			b.n = n
			b.trying = n > 0
		}
		over = !b.trying
		r.mu.Unlock()
		if n == 0 {
			return over, nil
		}
	}
	return false, r.queues.Wait(r.open, b.queue)
}

// queued counts what is in a queue.
func (r *Runner) queued(ctx context.Context, queue string) (int, error) {
	d, err := r.queues.Depth(ctx, queue)
	return d.Due + d.Delayed + d.Leased, err
}

// buryLot attempts to bury what was leased. alive says that the dead-letter
// queue answered for some of it; asked is how long it wants to be left alone.
func (r *Runner) buryLot(cfg *settings, got []engine.Leased) (alive bool, asked time.Duration) {
	var items []*item
	tokens := make([]string, 0, len(got))
	var broken []string
	for _, m := range got {
		it, err := parseRecord(m.Body)
		if err != nil {
			broken = append(broken, m.Token)
			continue
		}
		items = append(items, it)
		tokens = append(tokens, m.Token)
	}
	results := r.buryEach(cfg, items)
	var done []string
	var told []func()
	outcomes := map[Outcome]uint64{}
	for i, it := range items {
		o := buried(cfg, results[i])
		if o == 0 || r.life.Err() != nil {
			asked = max(asked, results[i].RetryAfter)
			r.putBackBurial(tokens[i])
			continue
		}
		alive = true
		done = append(done, tokens[i])
		told = append(told, func() {
			outcomes[o]++
			if cfg.Observer != nil {
				cfg.Observer.Settled(&it.event, o, it.last)
			}
		})
	}
	settled, ok := r.settleBurials(done)
	if !ok {
		return alive, asked
	}
	n := 0
	for i := range settled {
		if settled[i] {
			told[i]()
			n++
		}
	}
	r.discard(r.burials.queue, broken)
	r.mu.Lock()
	r.burials.n = max(0, r.burials.n-n-len(broken))
	r.stats.dead += outcomes[DeadLettered]
	r.stats.dropped += outcomes[Dropped] + uint64(len(broken))
	r.mu.Unlock()
	return alive || len(broken) > 0, asked
}

// putBackBurial gives a lease back, also where the runner was cut off. Where
// that fails the lease ends by itself.
func (r *Runner) putBackBurial(token string) {
	ctx, cancel := clock.WithTimeout(context.WithoutCancel(r.life), r.clk, time.Second)
	defer cancel()
	_ = r.queues.PutBack(ctx, r.burials.queue, token, r.clk.Now(), false, nil)
}

func (r *Runner) settleBurials(tokens []string) (settled []bool, ok bool) {
	if len(tokens) == 0 {
		return nil, true
	}
	tries := 0
	ok = r.insist(func(ctx context.Context) (err error) {
		tries++
		settled, err = r.queues.Settle(ctx, r.burials.queue, tokens...)
		return err
	})
	if tries > 1 { // it may have been made although it failed; no one else has these leases
		for i := range settled {
			settled[i] = true
		}
	}
	return settled, ok
}
