package delivery

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

const (
	// maxLot is how many retries are leased at a time.
	maxLot = 16
	// maxWaiting is how many retries can be made due early.
	maxWaiting = 16384
	// hastenWrites is how many of them are made so side by side.
	hastenWrites = 16
)

// waiting is a retry that lies in the queue with its lease kept until it is due.
type waiting struct {
	token string
	due   time.Time
}

// leaseMore starts the goroutine that leases retries, if there is need. Called
// with mu held.
func (r *Runner) leaseMore() {
	if r.leasing || r.closed || r.retries == 0 && !r.recount {
		return
	}
	r.leasing = true
	r.workers.Add(1)
	go r.lease()
}

// lease leases retries as they fall due, as long as there are any.
func (r *Runner) lease() {
	defer r.workers.Done()
	for wait := writeAgainMin; ; {
		max, d, ok := r.lot()
		if !ok {
			return
		}
		if max == 0 {
			select {
			case <-r.leaseRoom:
			case <-r.open.Done():
			}
			continue
		}
		// Not under r.open: a lease made and not taken note of would hold
		// its records for long.
		got, err := r.queues.Lease(r.life, r.name, max, d)
		if err == nil && len(got) == 0 {
			err = r.await()
		} else if err == nil {
			r.accept(got)
		}
		if err == nil {
			wait = writeAgainMin
			continue
		}
		_ = clock.Sleep(r.open, r.clk, wait) // lot ends the loop
		wait = min(2*wait, writeAgainMax)
	}
}

// await waits until a retry may be due, or stirLease is called.
func (r *Runner) await() error {
	ctx, cancel := context.WithCancel(r.open)
	defer cancel()
	r.mu.Lock()
	r.endWait = cancel
	r.stirLease()
	r.mu.Unlock()
	err := r.queues.Wait(ctx, r.name)
	r.mu.Lock()
	r.endWait = nil
	r.mu.Unlock()
	if ctx.Err() != nil && r.open.Err() == nil {
		return nil
	}
	return err
}

// stirLease wakes the goroutine that leases where it may have nothing to wait
// for. Called with mu held, whenever a round is over.
func (r *Runner) stirLease() {
	if r.endWait != nil && (r.retries == 0 || r.recount && r.atRest()) {
		r.endWait()
	}
}

// lot tells how many retries to lease now, and for how long. When ok is false
// the goroutine that leases has ended.
func (r *Runner) lot() (n int, d time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed && (r.retries == 0 || r.recount && r.atRest()) && !r.countAgain() {
		return 0, 0, false // leasing is left set: there is no more
	}
	if r.closed || r.retries == 0 {
		r.leasing = false
		return 0, 0, false
	}
	if r.paused || r.hastening {
		return 0, 0, true
	}
	n = min(maxLot, r.cfg.share-len(r.leased))
	if r.bodyBytes > 0 {
		n = min(n, (r.memory.limit(maxLeasedBytes)-r.leasedBytes)/r.bodyBytes)
		if len(r.leased) == 0 {
			n = max(n, 1)
		}
	}
	return max(0, n), r.cfg.lease, true
}

// atRest tells whether nothing is under way that may change how many durable
// retries there are. Called with mu held.
func (r *Runner) atRest() bool { return r.running == 0 && !r.parking && r.submitting == 0 }

// countAgain counts the durable retries: after a write of which it is not
// known whether it was made, the books may be wrong. What is counted while
// something is under way is good enough to go on, and not the last word.
// Called with mu held, which it gives up for a while.
func (r *Runner) countAgain() bool {
	rest, begun := r.atRest(), r.begun
	r.mu.Unlock()
	counted := 0
	ok := r.insist(func(ctx context.Context) (err error) {
		counted, err = r.queued(ctx, r.name)
		return err
	})
	r.mu.Lock()
	switch {
	case !ok:
	case rest && begun == r.begun:
		r.retries, r.recount = counted, false
	case r.retries == 0 && counted > 0:
		r.retries, r.recount = counted, true
	}
	return ok
}

// settledOne takes a durable retry off the books. Called with mu held.
func (r *Runner) settledOne() {
	if r.retries == 0 {
		r.recount = true
		return
	}
	r.retries--
}

// accept takes leased records up.
func (r *Runner) accept(got []engine.Leased) {
	var broken []string
	var early earlyRecords
	r.mu.Lock()
	now := r.clk.Now()
	for _, m := range got {
		it, err := parseRecord(m.Body)
		if err != nil {
			broken = append(broken, m.Token)
			r.settledOne()
			if m.Group != "" && r.order == PerGroup {
				g := r.groupNamed(m.Group)
				g.durable = max(0, g.durable-1)
				r.advance(g)
			}
			continue
		}
		it.id, it.token, it.until = m.ID, m.Token, m.Until
		delete(r.waiting, it.id)
		if it.writer != r.opened && !r.early[it.id] {
			it.shorten(now)
			if early.take(it, m.Group, now) {
				r.early[it.id] = true
				r.waiting[it.id] = waiting{token: it.token, due: it.due}
				continue
			}
		}
		delete(r.early, it.id) // it has waited
		r.takeUp(it, m.Group, false)
	}
	r.stats.dropped += uint64(len(broken))
	r.pump()
	r.mu.Unlock()
	for _, it := range early.items {
		// Where this fails the retry is made when its lease ends.
		_ = r.queues.PutBack(r.life, r.name, it.token, it.due, true, nil)
	}
	r.discard(r.name, broken)
}

// takeUp puts a leased record on the books; first says that it is older than
// all others of its group. Called with mu held.
func (r *Runner) takeUp(it *item, queueGroup string, first bool) {
	if old := r.leased[it.id]; old != nil {
		if old.begun {
			// Its round has put it back, or has lost its lease, and is not done
			// with the books yet: release takes it up.
			it.queueGroup = queueGroup
			old.again = it
			return
		}
		// Its lease ran out while it waited here for its turn.
		old.token, old.until = it.token, it.until
		return
	}
	r.leased[it.id] = it
	r.leasedBytes += it.size
	r.memory.take(it.size)
	r.bodyBytes = max(it.size, r.bodyBytes-r.bodyBytes/8)
	if queueGroup != "" && r.order == PerGroup {
		g := r.groupNamed(queueGroup)
		it.group = g
		if first {
			g.leased.pushFirst(it)
		} else {
			g.leased.push(it)
		}
		r.advance(g)
		return
	}
	r.due.push(it)
}

// earlyRecords are records that were leased before they are due: leases that
// are kept until then may end with the process that kept them.
type earlyRecords struct {
	items  []*item
	groups map[string]time.Time // when the group's first one is due
}

// take reports whether it is to wait: for its due time, or for that of an
// earlier one of its group.
func (e *earlyRecords) take(it *item, group string, now time.Time) bool {
	if first, ok := e.groups[group]; ok && group != "" {
		it.due = first
	}
	if !it.due.After(now) {
		return false
	}
	if group != "" {
		if e.groups == nil {
			e.groups = map[string]time.Time{}
		}
		e.groups[group] = it.due
	}
	e.items = append(e.items, it)
	return true
}

// discard drops records that nobody can read.
func (r *Runner) discard(queue string, tokens []string) {
	if len(tokens) == 0 {
		return
	}
	r.insist(func(ctx context.Context) error {
		_, err := r.queues.Settle(ctx, queue, tokens...)
		return err
	})
	r.mu.Lock()
	observer := r.cfg.Observer
	r.mu.Unlock()
	if observer == nil {
		return
	}
	for range tokens {
		observer.Settled(&Event{}, Dropped, Attempt{Result: Result{
			Kind: Permanent, Code: "INTERNAL_ERROR", Message: "the record of a retry cannot be read",
		}})
	}
}

// hasten makes the waiting retries due now, in the order of their due times;
// those whose time the target asked for are not among them. Called with mu held.
func (r *Runner) hasten(now time.Time) {
	if r.closed || r.hastening {
		return
	}
	var all []waiting
	for id, w := range r.waiting {
		if w.due.After(now) {
			all = append(all, w)
			delete(r.waiting, id)
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b waiting) int { return a.due.Compare(b.due) })
	r.hastening = true // nothing is leased until all are due, so that the order is kept
	r.workers.Add(1)
	go func() {
		defer r.workers.Done()
		var wg sync.WaitGroup
		slots := make(chan struct{}, hastenWrites)
		for i, w := range all {
			slots <- struct{}{}
			wg.Go(func() {
				// Due in their order, though all are due. Where this fails
				// the retry is due when it was.
				due := now.Add(time.Duration(i-len(all)) * time.Millisecond)
				_ = r.queues.PutBack(r.life, r.name, w.token, due, false, nil)
				<-slots
			})
		}
		wg.Wait()
		r.mu.Lock()
		r.hastening = false
		r.mu.Unlock()
		signal(r.leaseRoom)
	}()
}
