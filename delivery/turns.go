package delivery

import "time"

// pump begins attempts as long as there is something to attempt and a place
// for it. Whoever changes anything that could let an attempt begin calls it,
// with mu held.
func (r *Runner) pump() {
	if r.closed || r.paused {
		return
	}
	for r.running < r.cfg.Concurrency {
		if r.cfg.pacer != nil || r.paced != nil {
			if !r.pumpPaced() {
				break
			}
			continue
		}
		batch := r.batch(nil)
		if len(batch) == 0 {
			break
		}
		r.begin(batch, nil)
	}
	r.parkMore()
}

// pumpPaced begins one attempt, where the rate allows one now. Called with mu
// held.
func (r *Runner) pumpPaced() bool {
	if r.paced == nil {
		if r.paced = r.pick(); r.paced == nil {
			return false
		}
	}
	it := r.paced
	if r.cfg.pacer == nil || it.bury || r.tooOld(it) {
		r.paced = nil
		r.begin([]*item{it}, nil)
		return true
	}
	if r.asking != nil {
		return false
	}
	t, now := r.cfg.pacer.ask(r.granted)
	if !now {
		r.asking = t
		return false
	}
	r.paced = nil
	r.begin([]*item{it}, t)
	return true
}

// granted is called by the pacer when it is this runner's turn.
func (r *Runner) granted(t *turn) {
	r.mu.Lock()
	used := false
	if r.asking == t {
		r.asking = nil
		if !r.closed && !r.paused && r.paced != nil && r.running < r.cfg.Concurrency {
			it := r.paced
			r.paced = nil
			r.begin([]*item{it}, t)
			used = true
		}
	}
	if used {
		r.pump()
	}
	r.mu.Unlock()
	if !used {
		t.cancel()
	}
}

// begin hands the batch to a goroutine. Called with mu held.
func (r *Runner) begin(batch []*item, t *turn) {
	for _, it := range batch {
		it.begun = true
	}
	r.running++
	r.begun++
	r.workers.Add(1)
	go r.work(batch, t)
}

// batch appends to dst what goes in one Deliver. Called with mu held.
func (r *Runner) batch(dst []*item) []*item {
	for len(dst) < r.cfg.maxBatch {
		it := r.pick()
		if it == nil {
			break
		}
		dst = append(dst, it)
	}
	return dst
}

// pick takes the item whose turn it is: where both wait, retries and events
// from the log take turns, so that neither starves. It is nil where there is
// none. Called with mu held.
func (r *Runner) pick() *item {
	fresh := r.fresh.len() > 0 && (r.mayQueue() || r.tooOld(r.fresh.first()) || r.mayProbe())
	if r.due.len() > 0 && (r.dueTurn || !fresh) {
		r.dueTurn = false
		return r.due.pop()
	}
	if fresh {
		r.dueTurn = true
		if !r.mayQueue() {
			r.probed = r.clk.Now()
		}
		r.freshRunning++
		return r.fresh.pop()
	}
	return nil
}

// mayQueue tells whether events from the log may become durable retries. While
// the target is down there is a bound to them, and the log keeps the rest.
// Called with mu held.
func (r *Runner) mayQueue() bool {
	return !r.stats.down || r.retries+r.freshRunning < r.cfg.retryBound
}

// mayPark tells whether events of groups may follow earlier ones into the queue.
// Called with mu held.
func (r *Runner) mayPark() bool {
	return !r.stats.down || r.retries < max(maxParked, r.cfg.retryBound)
}

// mayProbe tells whether an event from the log may be attempted beyond the
// bound: where nothing but what always fails is attempted, nobody learns that
// the target is well. Where none may be yet it sees to it that pump is called
// when one may. Called with mu held.
func (r *Runner) mayProbe() bool {
	if r.freshRunning > 0 {
		return false // its end calls pump
	}
	since := r.clk.Now().Sub(r.probed)
	if since >= probeEvery || since < 0 { // the clock was set back
		return true
	}
	if r.probe == nil {
		r.probe = r.clk.AfterFunc(probeEvery-since, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.probe = nil
			r.pump()
		})
	}
	return false
}

func (r *Runner) tooOld(it *item) bool {
	return tooOld(r.clk.Now(), &r.cfg.Policy, it)
}

func tooOld(now time.Time, p *Policy, it *item) bool {
	return !now.Before(p.expires(&it.event))
}
