package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
)

// doubtful is an engine whose writes fail by chance: not made, or made though
// they failed.
type doubtful struct {
	engine.Engine
	chance func(p float64) bool
}

func (e *doubtful) Queues() engine.Queues { return doubtfulQueues{e.Engine.Queues(), e} }

type doubtfulQueues struct {
	engine.Queues
	e *doubtful
}

// write makes a write, or not, and tells the truth about it, or not.
func (q doubtfulQueues) write(f func() error) error {
	if q.e.chance(0.05) {
		return errDisk
	}
	if err := f(); err != nil {
		return err
	}
	if q.e.chance(0.05) {
		return errDisk
	}
	return nil
}

func (q doubtfulQueues) Enqueue(ctx context.Context, queue string, m ...engine.Message) (ids []uint64, err error) {
	return ids, q.write(func() (err error) { ids, err = q.Queues.Enqueue(ctx, queue, m...); return err })
}

func (q doubtfulQueues) Settle(ctx context.Context, queue string, tokens ...string) (done []bool, err error) {
	return done, q.write(func() (err error) { done, err = q.Queues.Settle(ctx, queue, tokens...); return err })
}

func (q doubtfulQueues) PutBack(ctx context.Context, queue, token string, due time.Time, keep bool, body []byte) error {
	return q.write(func() error { return q.Queues.PutBack(ctx, queue, token, due, keep, body) })
}

// leaps is a clock that is set forward and back.
type leaps struct {
	clock.Clock
	mu  sync.Mutex
	off time.Duration
}

func (c *leaps) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off).Round(0)
}

func (c *leaps) leap(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// TestNothingIsLostOrLeftBehindWhateverIsDoneMeanwhile pauses, resumes,
// updates, and sets the clock, while a target and the engine fail by chance.
// In the end each event has its outcome, and the runner's books are empty.
func TestNothingIsLostOrLeftBehindWhateverIsDoneMeanwhile(t *testing.T) {
	for seed := range seeds(t) {
		bubble(t, fmt.Sprint("seed ", seed), func(t *testing.T) { chaos(t, seed) })
	}
}

func chaos(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	var mu sync.Mutex
	chance := func(p float64) bool {
		mu.Lock()
		defer mu.Unlock()
		return rng.Float64() < p
	}
	below := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rng.IntN(n)
	}
	order := Order(seed % 2)
	doubts, jumps := seed%3 == 1, seed%3 == 2
	clk := &leaps{Clock: clock.Real()}
	eng, err := local.Open("data", local.Options{FS: vfs.NewMem(), Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	var on engine.Engine = eng
	if doubts {
		on = &doubtful{eng, chance}
	}
	down := false
	isDown := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return down
	}
	target := &probe{batch: 1 + int(seed/4)*3, answer: func(context.Context, Request) Result {
		if chance(0.3) {
			time.Sleep(time.Duration(below(3000)) * time.Millisecond)
		}
		switch {
		case isDown():
			return refused
		case chance(0.75):
			return Result{}
		case chance(0.1):
			return Result{Kind: Permanent, Code: "NO_RESOURCE"}
		case chance(0.1):
			return Result{Kind: Throttled, RetryAfter: 5 * time.Second}
		}
		return refused
	}}
	l := &ledger{answer: func(Dead) Result {
		if chance(0.3) {
			return refused
		}
		return Result{}
	}}
	cfg := Config{
		Target: target, Observer: l, DeadLetters: l, Order: order, Window: 100, Concurrency: 16,
		Policy: Policy{MaxRetries: 6, MaxAge: 24 * time.Hour, Base: time.Duration(1+seed%3*500) * time.Millisecond},
	}
	r, err := Open(t.Context(), on, clk, "delivery/test", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRunner(t, r)
	const n = 600
	es := events(1, n)
	for i := range es {
		es[i].Ingested = clk.Now()
		if below(10) > 0 {
			es[i].Group = "g" + strconv.Itoa(below(9))
		}
	}
	sent := map[string]bool{}
	for i := range es {
		sent[es[i].ID] = true
	}
	left := es
	for step := 0; len(left) > 0 || step < 200; step++ {
		left = left[r.Offer(left[:min(len(left), 1+below(20))]):]
		switch below(12) {
		case 0:
			r.Pause()
		case 1, 2, 3:
			r.Resume()
		case 4:
			target.pacer = nil
			if chance(0.3) {
				target.pacer = NewPacer(clk, 50)
			}
			cfg.Concurrency = 1 + below(20)
			cfg.Window = 20 + below(100)
			r.Update(cfg)
		case 5:
			id := fmt.Sprint("s", step)
			if r.Submit(t.Context(), Event{ID: id, Group: "g1", Ingested: clk.Now()}) == nil {
				sent[id] = true
			}
		case 6:
			mu.Lock()
			down = !down
			mu.Unlock()
		case 7:
			if jumps && chance(0.3) {
				clk.leap(time.Duration(below(40)-20) * time.Minute)
			}
		}
		time.Sleep(time.Duration(below(400)) * time.Millisecond)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	r.Resume()
	missing := func() (m []string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for id := range sent {
			if len(l.outcomes[id]) == 0 {
				m = append(m, id)
			}
		}
		return m
	}
	start := time.Now()
	for len(missing()) > 0 {
		if time.Since(start) > 3*time.Hour {
			d, _ := eng.Queues().Depth(t.Context(), "delivery/test")
			r.mu.Lock()
			defer r.mu.Unlock()
			burials, _ := eng.Queues().Depth(t.Context(), "delivery/test"+burialSuffix)
			t.Fatalf("%d have no outcome after three hours: %.10v; the queue has %+v, that of burials %+v; retries %d, leased %d, due %d, fresh %d, offered %d, running %d, paced %v",
				len(missing()), missing(), d, burials, r.retries, len(r.leased), r.due.len(), r.fresh.len(), r.offered.n, r.running, r.paced)
		}
		time.Sleep(time.Second)
	}
	t.Logf("all have their outcome after %v", time.Since(start))
	time.Sleep(time.Hour)
	synctest.Wait()
	d, err := eng.Queues().Depth(t.Context(), "delivery/test")
	if err != nil || d != (engine.Depth{}) {
		t.Errorf("the queue has %+v, %v", d, err)
	}
	if d, err := eng.Queues().Depth(t.Context(), "delivery/test"+burialSuffix); err != nil || d != (engine.Depth{}) {
		t.Errorf("the queue of burials has %+v, %v", d, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retries != 0 || len(r.leased) != 0 || r.leasedBytes != 0 || r.offered.n != 0 || r.offered.bytes != 0 || r.freshRunning != 0 || r.running != 0 || len(r.groups) != 0 || r.leasing || r.parking || r.burials.n != 0 || r.burials.trying || len(r.early) != 0 {
		t.Errorf("left behind: retries %d, leased %d (%d bytes), offered %d (%d bytes), fresh running %d, running %d, groups %d, leasing %t, parking %t, waiting %d",
			r.retries, len(r.leased), r.leasedBytes, r.offered.n, r.offered.bytes, r.freshRunning, r.running, len(r.groups), r.leasing, r.parking, len(r.waiting))
	}
	for name, g := range r.groups {
		t.Errorf("group %s: %+v", name, g)
	}
	if !doubts {
		for id, o := range l.outcomes {
			if len(o) != 1 {
				t.Errorf("event %s has the outcomes %v", id, o)
			}
		}
	}
}

// seeds is how many rounds a test with chance in it makes: 12, or what the
// variable SIGNALBOX_TEST_SEEDS says.
func seeds(t *testing.T) uint64 {
	s := os.Getenv("SIGNALBOX_TEST_SEEDS")
	if s == "" {
		return 12
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal("SIGNALBOX_TEST_SEEDS:", err)
	}
	return n
}
