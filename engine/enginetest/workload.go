package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// Workload works on an engine from many goroutines and keeps a ledger of what
// it tried, what was acknowledged, and what readers saw. After a crash
// [Workload.Check] says whether the engine still has all that it must have.
//
// Who crashes an engine calls [Workload.Mark] just before and just after: what
// was acknowledged before the first mark must be there, what was tried before
// the second may be.
type Workload struct {
	Seed  uint64
	Steps int         // that each worker makes
	Clock *clock.Fake // the engine's; nil if it cannot be turned

	mu     sync.Mutex // guards ledger
	ledger []fact
}

// Mark is a place in the ledger.
type Mark int

// Mark is where the ledger stands.
func (w *Workload) Mark() Mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Mark(len(w.ledger))
}

func (w *Workload) note(f fact) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger = append(w.ledger, f)
}

// A fact is one line of the ledger: something tried (before the call), or
// something acknowledged or seen (after it).
type fact interface {
	tried(*belief)
	known(*belief)
}

// worker is one goroutine of a workload.
type worker struct {
	*Workload
	engine.Engine
	ctx context.Context
	rng *rand.Rand
	id  int
}

// Run works until all steps are made, or a call fails, whose error it returns.
func (w *Workload) Run(ctx context.Context, e engine.Engine) error {
	work := []func(*worker, int) error{
		(*worker).appendLog, (*worker).appendLog, (*worker).appendLog, (*worker).trimLog,
		(*worker).count, (*worker).count, (*worker).pair,
		(*worker).produce, (*worker).produce, (*worker).consume, (*worker).consume, (*worker).consume,
		(*worker).dropLog, (*worker).purgeQueue, (*worker).blob, (*worker).hold,
	}
	follow := []func(*worker) error{(*worker).followLog, (*worker).followPairs, (*worker).readPairs}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	var workers, followers sync.WaitGroup
	for i, f := range follow {
		followers.Go(func() {
			if err := f(w.worker(watching, e, 1000+i)); err != nil && watching.Err() == nil {
				cancel(fmt.Errorf("following: %w", err))
			}
		})
	}
	for i, f := range work {
		workers.Go(func() {
			wk := w.worker(ctx, e, i)
			for step := range w.Steps {
				if err := f(wk, step); err != nil {
					cancel(fmt.Errorf("worker %d, step %d: %w", i, step, err))
					return
				}
			}
		})
	}
	workers.Wait()
	stopWatching()
	followers.Wait()
	return context.Cause(ctx)
}

func (w *Workload) worker(ctx context.Context, e engine.Engine, id int) *worker {
	return &worker{w, e, ctx, rand.New(rand.NewPCG(w.Seed, uint64(id))), id}
}

var workLogs = []string{"log/a", "log/b"}

const workQueue, purgedQueue, droppedLog = "queue", "purged", "dropped"

// appendLog appends a batch whose entries tell their place in it.
func (w *worker) appendLog(step int) error {
	n := 1 + w.rng.IntN(4)
	var data [][]byte
	for i := range n {
		data = append(data, fmt.Appendf(nil, "%d %d %d %d %s", w.id, step, i, n, strings.Repeat("x", w.rng.IntN(200))))
	}
	log := workLogs[w.rng.IntN(2)]
	p, err := w.Logs().Append(w.ctx, log, data...)
	if err == nil {
		for i, d := range data {
			w.note(entryFact{log, p + engine.Position(i), string(d)})
		}
	}
	return err
}

func (w *worker) trimLog(step int) error {
	if step%4 > 0 {
		return nil
	}
	log := workLogs[w.rng.IntN(2)]
	first, next, err := w.Logs().Bounds(w.ctx, log)
	if err != nil {
		return err
	}
	before := min(next, first+engine.Position(w.rng.IntN(int(next-first)/2+2)))
	w.note(trimFact{log, before, false})
	if err := w.Logs().Trim(w.ctx, log, before); err != nil {
		return err
	}
	w.note(trimFact{log, before, true})
	return nil
}

func (w *worker) followLog() error {
	r, err := w.Logs().Open(w.ctx, workLogs[0], 1)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		got, err := r.Next(w.ctx, nil, 5)
		if err != nil {
			return err
		}
		for _, e := range got {
			w.note(entryFact{workLogs[0], e.Position, string(e.Data)})
		}
	}
}

func (w *worker) count(int) error {
	w.note(countFact{false, 0})
	rev, err := increment(w.ctx, w.Engine, "counters", "n")
	if err == nil {
		w.note(countFact{true, rev})
	}
	return err
}

// pair writes one value to two collections.
func (w *worker) pair(step int) error {
	key, value := fmt.Sprint("k", w.rng.IntN(3)), fmt.Sprint(step)
	writes := []engine.Write{put("left", key, value), put("right", key, value)}
	if w.rng.IntN(5) == 0 {
		writes[0].Value, writes[1].Value, value = nil, nil, ""
	}
	w.note(pairFact{key, value, 0})
	rev, err := w.Records().Apply(w.ctx, writes...)
	if err == nil {
		w.note(pairFact{key, value, rev})
	}
	return err
}

func (w *worker) followPairs() error {
	for c, err := range w.Records().Watch(w.ctx, "left", 0) {
		if err != nil {
			return err
		}
		w.note(pairFact{c.Key, string(c.Value), c.Revision})
	}
	return nil
}

// readPairs notes the records that stand: what was read must not be lost.
func (w *worker) readPairs() error {
	for w.ctx.Err() == nil {
		list, err := w.Records().List(w.ctx, "right", "", "", 0)
		if err != nil {
			return err
		}
		for _, rec := range list {
			w.note(pairFact{rec.Key, string(rec.Value), rec.Revision})
		}
		runtime.Gosched()
	}
	return nil
}

func (w *worker) produce(step int) error {
	n := 1 + w.rng.IntN(3)
	var list []engine.Message
	for i := range n {
		m := msg(fmt.Sprintf("%d.%d %d %d", w.id, step, i, n))
		if w.rng.IntN(2) == 0 {
			m.Group = fmt.Sprint("g", w.rng.IntN(3))
		}
		if w.Clock != nil && w.rng.IntN(4) == 0 {
			m.Due = w.Clock.Now().Add(time.Duration(w.rng.IntN(500)) * time.Millisecond)
		}
		if w.rng.IntN(3) == 0 {
			m.Dedup = string(m.Body)
		}
		list = append(list, m)
	}
	ids, err := w.Queues().Enqueue(w.ctx, workQueue, list...)
	if err != nil {
		return err
	}
	for i, id := range ids {
		w.note(messageFact{id, string(list[i].Body)})
	}
	return nil
}

// consume leases some messages, and settles, puts back, extends or forgets
// them.
func (w *worker) consume(int) error {
	if w.Clock != nil {
		w.Clock.Advance(10 * time.Millisecond)
	}
	got, err := w.Queues().Lease(w.ctx, workQueue, 1+w.rng.IntN(4), 100*time.Millisecond)
	if err != nil {
		return err
	}
	for _, l := range got {
		w.note(messageFact{l.ID, string(l.Body)})
		switch w.rng.IntN(6) {
		case 0: // its lease ends
		case 1:
			err = w.Queues().PutBack(w.ctx, workQueue, l.Token, l.Until.Add(time.Second), true, nil)
		case 2:
			body := string(l.Body) + "+"
			w.note(bodyFact{l.ID, body, false})
			err = w.Queues().PutBack(w.ctx, workQueue, l.Token, l.Until, w.rng.IntN(2) == 0, []byte(body))
			if err == nil {
				w.note(bodyFact{l.ID, body, true})
			}
		default:
			w.note(settleFact{l.ID, false})
			var settled []bool
			settled, err = w.Queues().Settle(w.ctx, workQueue, l.Token)
			if count(settled) == 1 {
				w.note(settleFact{l.ID, true})
			}
		}
		// With other workers turning the clock the lease may be over.
		if err != nil && !errors.Is(err, engine.ErrLease) {
			return err
		}
	}
	return nil
}

// dropLog and purgeQueue work alone on a log and a queue of their own.
func (w *worker) dropLog(step int) error {
	if step%5 == 4 {
		if err := w.Logs().Drop(w.ctx, droppedLog); err != nil {
			return err
		}
		w.note(clearFact{droppedLog, step / 5, true})
		return nil
	}
	w.note(clearFact{droppedLog, step / 5, false})
	p, err := w.Logs().Append(w.ctx, droppedLog, fmt.Append(nil, step/5))
	if err == nil && p != engine.Position(step%5+1) {
		err = fmt.Errorf("entry %d of a log that was dropped before is at %d", step%5+1, p)
	}
	return err
}

func (w *worker) purgeQueue(step int) error {
	if step%5 == 4 {
		if err := w.Queues().Purge(w.ctx, purgedQueue); err != nil {
			return err
		}
		w.note(clearFact{purgedQueue, step / 5, true})
		return nil
	}
	m := grouped("g", fmt.Sprint(step/5))
	w.note(clearFact{purgedQueue, step / 5, false})
	if _, err := w.Queues().Enqueue(w.ctx, purgedQueue, m, msg(string(m.Body))); err != nil {
		return err
	}
	got, err := w.Queues().Lease(w.ctx, purgedQueue, 1, time.Hour)
	if err == nil && len(got) > 0 && step%2 == 0 {
		_, err = w.Queues().Settle(w.ctx, purgedQueue, got[0].Token)
	}
	return err
}

func (w *worker) blob(step int) error {
	if step%8 > 0 {
		return nil
	}
	content := strings.Repeat(fmt.Sprint(w.Seed, step), 500)
	d, _, err := w.Blobs().Put(w.ctx, strings.NewReader(content))
	if err == nil {
		w.note(blobFact{d, content})
	}
	return err
}

// hold takes a lease by name and gives it back.
func (w *worker) hold(step int) error {
	l, err := w.Leases().Acquire(w.ctx, "lease", time.Hour)
	if err != nil {
		return err
	}
	w.note(tokenFact{l.Token()})
	return l.Release(w.ctx)
}
