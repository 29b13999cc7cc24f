package delivery

import (
	"fmt"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// round is one Deliver with what precedes and follows it.
type round struct {
	cfg      *settings
	batch    []*item
	turn     *turn
	requests []Request
	sent     []*item // those of requests
	settle   []*item // delivered
	again    []*item // failed, to be tried again
	bury     []*item // given up
	outcomes []Outcome
}

// work makes rounds until nothing is left to attempt.
func (r *Runner) work(batch []*item, t *turn) {
	defer r.workers.Done()
	w := new(round)
	for len(batch) > 0 {
		r.mu.Lock()
		w.cfg = r.cfg
		r.mu.Unlock()
		w.batch, w.turn = batch, t
		r.attempt(w)
		if w.turn != nil {
			w.turn.cancel()
		}
		r.conclude(w)
		r.repace(w.cfg)
		batch, t = r.finish(w), nil
	}
}

// repace takes up another pacer, where the target has got one since. It asks
// here, in a goroutine that holds no locks, because the target may need some.
func (r *Runner) repace(cfg *settings) {
	pacer := pacerOf(cfg.Target)
	if pacer == cfg.pacer {
		return
	}
	r.mu.Lock()
	if r.cfg != cfg {
		r.mu.Unlock()
		return
	}
	r.cfg = new(*cfg)
	r.cfg.pacer = pacer
	asked := r.asking
	r.asking = nil
	r.mu.Unlock()
	if asked != nil {
		asked.cancel()
	}
}

// attempt attempts what is to be attempted and decides what becomes of it.
func (r *Runner) attempt(w *round) {
	clear(w.requests)
	w.requests, w.sent = w.requests[:0], w.sent[:0]
	w.settle, w.again, w.bury = w.settle[:0], w.again[:0], w.bury[:0]
	now := r.clk.Now()
	for _, it := range w.batch {
		it.fate = fateLeft
		switch {
		case it.id != 0 && !r.keep(w, it, now):
			it.fate = fateLost
			r.putBackBehind(r.takeBehind(it))
		case it.bury:
			w.bury = append(w.bury, it)
		case tooOld(now, &w.cfg.Policy, it):
			it.exhausted = exhaustedAge
			w.bury = append(w.bury, it)
		default:
			r.prepare(w, it, now)
		}
	}
	if len(w.requests) == 0 {
		return
	}
	if w.turn != nil {
		for i := range w.requests {
			w.requests[i].Sent = w.turn.sent
		}
	}
	results := r.deliver(w)
	if w.turn != nil {
		w.turn.sent()
		w.turn = nil
	}
	end := r.clk.Now()
	if r.life.Err() != nil {
		r.cutOff(w, results)
		return
	}
	r.judge(w, results, now, end.Sub(now))
}

// cutOff is for a round that Close did not wait for: only successes count.
func (r *Runner) cutOff(w *round, results []Result) {
	for i, it := range w.sent {
		if results[i].Kind == Success && it.id == 0 {
			w.settle = append(w.settle, it)
		}
	}
}

// keep makes an item's lease last for the attempt.
func (r *Runner) keep(w *round, it *item, now time.Time) bool {
	if it.until.Sub(now) >= w.cfg.margin {
		return true
	}
	until := now.Add(w.cfg.lease)
	if r.queues.PutBack(r.life, r.name, it.token, until, true, nil) != nil {
		return false
	}
	it.until = until
	return true
}

// prepare transforms the event. Where that fails no attempt is worth making.
func (r *Runner) prepare(w *round, it *item, now time.Time) {
	input, err := transform(w.cfg, it)
	if err != nil {
		it.attempts++
		it.last = Attempt{Number: it.attempts, Start: now, Result: Result{
			Kind: Permanent, Code: "INVALID_JSON", Message: "transform the event: " + err.Error(),
		}}
		r.attempted(w, it)
		w.bury = append(w.bury, it)
		return
	}
	it.input = input
	w.sent = append(w.sent, it)
	w.requests = append(w.requests, Request{Event: &it.event, Input: input, Attempt: it.attempts + 1})
}

func transform(cfg *settings, it *item) (input []byte, err error) {
	if cfg.Transform == nil {
		return it.event.Data, nil
	}
	defer func() {
		if p := recover(); p != nil {
			input, err = nil, fmt.Errorf("it panicked: %v", p)
		}
	}()
	return cfg.Transform(nil, &it.event)
}

// deliver calls the target within the time-out. There are as many results as
// requests whatever the target does.
func (r *Runner) deliver(w *round) (results []Result) {
	ctx, cancel := clock.WithTimeout(r.life, r.clk, w.cfg.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			results = internalErrors(nil, len(w.requests), fmt.Sprintf("the target panicked: %.200v", p))
		}
	}()
	results = w.cfg.Target.Deliver(ctx, w.requests)
	return internalErrors(results, len(w.requests), "the target gave no result")
}

// internalErrors brings results to a length of n.
func internalErrors(results []Result, n int, message string) []Result {
	for len(results) < n {
		results = append(results, Result{Kind: Retryable, Code: "INTERNAL_ERROR", Message: message})
	}
	return results[:n]
}

// judge decides what becomes of each item that was attempted.
func (r *Runner) judge(w *round, results []Result, start time.Time, took time.Duration) {
	now := start.Add(took)
	failures, alive := 0, false
	var last *Attempt
	for i, it := range w.sent {
		result := results[i]
		it.attempts++
		it.last = Attempt{Number: it.attempts, Start: start, Duration: took, Result: result}
		if result.Kind == Success {
			failures, alive = 0, true
			last = nil
			w.settle = append(w.settle, it)
			continue
		}
		last = &it.last
		if result.Kind == Permanent {
			failures, alive = 0, true
		} else {
			failures++
		}
		r.attempted(w, it)
		due, again, exhausted := w.cfg.Policy.next(now, &it.event, it.attempts, result, r.jitter)
		if !again {
			it.exhausted = exhausted
			w.bury = append(w.bury, it)
			continue
		}
		it.due, it.asked = due, result.RetryAfter > 0
		w.again = append(w.again, it)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if alive {
		r.failures = 0
		if r.stats.down {
			r.stats.down = false
			r.recovered = now
			r.hasten(now)
		}
	}
	r.failures += failures
	if r.failures >= downAfter {
		r.stats.down = true
	}
	if last != nil {
		r.stats.lastError = new(*last)
	} else {
		r.stats.lastError = nil
	}
}

func (r *Runner) attempted(w *round, it *item) {
	if w.cfg.Observer != nil {
		w.cfg.Observer.Attempted(&it.event, it.last)
	}
}

// finish takes the round's items off the books and takes up the next batch,
// which is empty where there is none.
func (r *Runner) finish(w *round) (next []*item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range w.batch {
		r.release(it)
	}
	for _, o := range w.outcomes {
		switch o {
		case Delivered:
			r.stats.delivered++
		case DeadLettered:
			r.stats.dead++
		case Dropped:
			r.stats.dropped++
		}
	}
	w.outcomes = w.outcomes[:0]
	r.leaseMore()
	r.tellRoom()
	r.running--
	r.stirLease()
	if !r.closed && !r.paused && r.cfg.pacer == nil && r.paced == nil && r.running < r.cfg.Concurrency {
		clear(w.batch)
		next = r.batch(w.batch[:0])
		for _, it := range next {
			it.begun = true
		}
		if len(next) > 0 {
			r.running++
			r.begun++
		}
	}
	r.pump()
	return next
}

// release takes an item off the books according to its fate. Called with mu
// held.
func (r *Runner) release(it *item) {
	it.begun = false
	it.input = nil
	if it.fate == fateLeft {
		return
	}
	g := it.group
	if it.id == 0 {
		r.freshRunning--
		r.unhold(it)
	} else {
		r.unlease(it)
		signal(r.leaseRoom)
		// One that is leased again meanwhile was not settled by this round.
		if it.again == nil && (it.fate == fateSettled || it.fate == fateMoved) {
			r.settledOne()
			if g != nil {
				g.durable = max(0, g.durable-1)
			}
		}
	}
	if g != nil {
		g.turn = nil
	}
	if next := it.again; next != nil {
		r.takeUp(next, next.queueGroup, true)
	}
	if g != nil {
		r.advance(g)
	}
}
