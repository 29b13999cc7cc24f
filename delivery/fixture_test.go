package delivery

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
)

// Tests run in bubbles of synctest: the clock stands still while anybody has
// something to do, so the times at which things happen are exact.

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func openEngine(t testing.TB, fs vfs.FS) engine.Engine {
	t.Helper()
	eng, err := local.Open("data", local.Options{FS: fs, Clock: clock.Real(), MemTableBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Errorf("close the engine: %v", err)
		}
	})
	return eng
}

func openRunner(t testing.TB, eng engine.Engine, cfg Config) *Runner {
	t.Helper()
	r, err := Open(t.Context(), eng, clock.Real(), "delivery/test", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeRunner(t, r) })
	return r
}

func closeRunner(t testing.TB, r *Runner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Errorf("close the runner: %v", err)
	}
}

// longest makes every wait as long as it may be.
func longest(d time.Duration) time.Duration { return d }

// events are those at the positions from to to, ingested now.
func events(from, to int) []Event {
	var es []Event
	for i := from; i <= to; i++ {
		es = append(es, Event{
			ID: strconv.Itoa(i), Position: engine.Position(i), Ingested: time.Now(),
			Data: fmt.Appendf(nil, `{"n":%d}`, i),
		})
	}
	return es
}

// offer offers all the events, as room comes.
func offer(t testing.TB, r *Runner, es []Event) {
	t.Helper()
	for {
		es = es[r.Offer(es):]
		if len(es) == 0 {
			return
		}
		select {
		case <-r.Room():
		case <-t.Context().Done():
			t.Fatal("there never was room again")
		}
	}
}

// call is one attempt as the target saw it.
type call struct {
	id      string
	attempt int
	input   string
	at      time.Time
}

// probe is a target that answers as told, and remembers.
type probe struct {
	answer func(ctx context.Context, q Request) Result // nil: success
	batch  int                                         // 0: 1
	pacer  *Pacer

	mu    sync.Mutex
	calls []call
	lots  []int // sizes of the batches
	now   int   // Deliver calls under way
	most  int
}

func (p *probe) MaxBatch() int { return max(1, p.batch) }
func (p *probe) Pacer() *Pacer { return p.pacer }

func (p *probe) Deliver(ctx context.Context, requests []Request) []Result {
	p.mu.Lock()
	p.lots = append(p.lots, len(requests))
	p.now++
	p.most = max(p.most, p.now)
	for _, q := range requests {
		p.calls = append(p.calls, call{q.Event.ID, q.Attempt, string(q.Input), time.Now()})
	}
	p.mu.Unlock()
	results := make([]Result, len(requests))
	for i, q := range requests {
		if q.Sent != nil {
			q.Sent()
		}
		if p.answer != nil {
			results[i] = p.answer(ctx, q)
		}
	}
	p.mu.Lock()
	p.now--
	p.mu.Unlock()
	return results
}

func (p *probe) seen() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

var refused = Result{Kind: Retryable, Code: "SDK_CLIENT_ERROR", Message: "connection refused"}

// ledger is an observer, and a dead-letter queue, that remembers.
type ledger struct {
	answer func(d Dead) Result // of the dead-letter queue; nil: success
	tried  atomic.Int64        // calls of Bury

	mu       sync.Mutex
	outcomes map[string][]Outcome
	last     map[string]Attempt
	order    []string // ids as they were settled
	failed   int
	dead     []Dead
}

func (l *ledger) Attempted(*Event, Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed++
}

func (l *ledger) Settled(e *Event, o Outcome, last Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.outcomes == nil {
		l.outcomes, l.last = map[string][]Outcome{}, map[string]Attempt{}
	}
	l.outcomes[e.ID] = append(l.outcomes[e.ID], o)
	l.last[e.ID] = last
	l.order = append(l.order, e.ID)
}

func (l *ledger) Bury(_ context.Context, d Dead) Result {
	l.tried.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	d.Event = new(*d.Event)
	if l.answer != nil {
		if r := l.answer(d); r.Kind != Success {
			return r
		}
	}
	l.dead = append(l.dead, d)
	return Result{}
}

// settled waits until n events are settled, and checks that each was once.
func (l *ledger) settled(t testing.TB, n int) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		have := len(l.outcomes)
		l.mu.Unlock()
		if have >= n {
			break
		}
		if time.Since(start) > 48*time.Hour {
			t.Fatalf("%d of %d events are settled after two days", have, n)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, o := range l.outcomes {
		if len(o) != 1 {
			t.Errorf("event %s has the outcomes %v", id, o)
		}
	}
}

func (l *ledger) count(o Outcome) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, os := range l.outcomes {
		if os[len(os)-1] == o {
			n++
		}
	}
	return n
}

func status(t testing.TB, r *Runner) Status {
	t.Helper()
	s, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// faultyEngine fails writes to its queues while broken is set, and counts the
// writes that are tried.
type faultyEngine struct {
	engine.Engine
	broken atomic.Bool
	writes atomic.Int64
	slow   time.Duration // what the first write takes
}

func (e *faultyEngine) Queues() engine.Queues { return faultyQueues{e.Engine.Queues(), e} }

type faultyQueues struct {
	engine.Queues
	e *faultyEngine
}

var errDisk = errors.New("the disk is full")

func (q faultyQueues) write() error {
	if q.e.writes.Add(1) == 1 {
		time.Sleep(q.e.slow)
	}
	if q.e.broken.Load() {
		return errDisk
	}
	return nil
}

func (q faultyQueues) Enqueue(ctx context.Context, queue string, m ...engine.Message) ([]uint64, error) {
	if err := q.write(); err != nil {
		return nil, err
	}
	return q.Queues.Enqueue(ctx, queue, m...)
}

func (q faultyQueues) Settle(ctx context.Context, queue string, tokens ...string) ([]bool, error) {
	if err := q.write(); err != nil {
		return nil, err
	}
	return q.Queues.Settle(ctx, queue, tokens...)
}

func (q faultyQueues) PutBack(ctx context.Context, queue, token string, due time.Time, keep bool, body []byte) error {
	if err := q.write(); err != nil {
		return err
	}
	return q.Queues.PutBack(ctx, queue, token, due, keep, body)
}
