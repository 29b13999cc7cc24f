package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/engine"
)

// TestEveryEventHasItsOutcomeWhateverDiesWhen lets a target answer at random,
// kills the process at a random moment, starts again from a floor that was
// read some time before that, and so on. In the end each event must have been
// delivered, dead-lettered or dropped.
func TestEveryEventHasItsOutcomeWhateverDiesWhen(t *testing.T) {
	for seed := range uint64(8) {
		for _, order := range []Order{Unordered, PerGroup} {
			t.Run(fmt.Sprintf("seed %d, order %d", seed, order), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { killAtRandom(t, seed, order) })
			})
		}
	}
}

const (
	crashEvents = 400
	crashLives  = 12
	crashGroups = 7
)

func killAtRandom(t *testing.T, seed uint64, order Order) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	chance := func(p float64) bool {
		mu.Lock()
		defer mu.Unlock()
		return rng.Float64() < p
	}
	log := events(1, crashEvents)
	for i := range log {
		if i%10 > 0 {
			log[i].Group = "g" + strconv.Itoa(rng.IntN(crashGroups))
		}
	}
	// An event has its outcome once the target, or the dead-letter queue, has
	// it: that they have it is not undone by any crash.
	arrived := map[string]bool{}
	arrive := func(e *Event) Result {
		mu.Lock()
		defer mu.Unlock()
		arrived[e.ID] = true
		return Result{}
	}
	target := &probe{batch: 1 + int(seed)%4, answer: func(_ context.Context, q Request) Result {
		if chance(0.5) {
			time.Sleep(20 * time.Millisecond)
		}
		switch {
		case chance(0.6):
			return arrive(q.Event)
		case chance(0.1):
			return Result{Kind: Permanent, Code: "NO_RESOURCE"}
		default:
			return refused
		}
	}}
	disk := vfs.NewCrashableMem()
	submitted := 0
	missing := func() int {
		mu.Lock()
		defer mu.Unlock()
		return crashEvents + submitted - len(arrived)
	}
	floor := engine.Position(1)
	for life := range crashLives + 1 {
		l := &ledger{answer: func(d Dead) Result {
			if chance(0.3) {
				return refused
			}
			return arrive(d.Event)
		}}
		r := openRunner(t, openEngine(t, disk), Config{
			Target: target, Observer: l, DeadLetters: l, Order: order, Window: 100,
			Policy: Policy{MaxRetries: 6, MaxAge: 24 * time.Hour},
		})
		left := log[floor-1:]
		mu.Lock()
		steps := rng.IntN(20)
		mu.Unlock()
		for range steps {
			left = left[r.Offer(left):]
			if chance(0.2) {
				if r.Submit(t.Context(), Event{ID: fmt.Sprint("s", submitted), Group: "g1"}) == nil {
					submitted++
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		if life == crashLives {
			offer(t, r, left)
			for start := time.Now(); missing() > 0; time.Sleep(time.Second) {
				if time.Since(start) > 24*time.Hour {
					t.Fatalf("%d of %d events are lost", missing(), crashEvents+submitted)
				}
			}
			return
		}
		low, ok := r.Floor()
		if !ok {
			low = engine.Position(crashEvents - len(left) + 1)
		}
		if low < floor {
			t.Fatalf("the floor fell from %d to %d", floor, low)
		}
		floor = low // as it was written; the process lives on for a little
		if chance(0.5) {
			time.Sleep(30 * time.Millisecond)
		}
		clone := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(seed, uint64(life)))})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = r.Close(ctx)
		disk = clone
	}
}

// TestGroupsKeepTheirOrder lets a target fail at random. No event of a group
// may be attempted before those that precede it have their outcome, and no
// group may wait for another.
func TestGroupsKeepTheirOrder(t *testing.T) {
	for seed := range uint64(8) {
		bubble(t, fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			var mu sync.Mutex
			next := map[string]int{} // of a group: the number whose turn it is
			var out []string         // of order
			l := &orderly{ledger: &ledger{}, settled: func(e *Event) {
				mu.Lock()
				defer mu.Unlock()
				next[e.Group]++
			}}
			target := &probe{batch: 1 + int(seed)%3*4}
			target.answer = func(_ context.Context, q Request) Result {
				mu.Lock()
				defer mu.Unlock()
				if n := next[q.Event.Group]; q.Event.ID != fmt.Sprint(q.Event.Group, n) {
					out = append(out, fmt.Sprintf("%s while it is the turn of %d", q.Event.ID, n))
				}
				switch rng.IntN(20) {
				case 0, 1, 2:
					return refused
				case 3:
					return Result{Kind: Permanent}
				case 4:
					return Result{Kind: Throttled, RetryAfter: 3 * time.Second}
				default:
					return Result{}
				}
			}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{
				Target: target, Observer: l, DeadLetters: l, Order: PerGroup, Window: 64,
				Policy: Policy{MaxRetries: 4, MaxAge: 24 * time.Hour},
			})
			numbers := map[string]int{}
			var es []Event
			for i := range 1500 {
				g := string(rune('a' + rng.IntN(12)))
				es = append(es, Event{
					ID: fmt.Sprint(g, numbers[g]), Position: engine.Position(i + 1), Ingested: time.Now(), Group: g,
				})
				numbers[g]++
			}
			offer(t, r, es)
			l.ledger.settled(t, len(es))
			for _, s := range out[:min(5, len(out))] {
				t.Error(s)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			for name, g := range r.groups {
				t.Errorf("group %s is still known: %+v", name, g)
			}
		})
	}
}

// Retries that are due as soon as they are put back are leased again, with
// those behind them, before their round is over: also then a group keeps its
// order.
func TestGroupsKeepTheirOrderWhereRetriesAreDueAtOnce(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			var mu sync.Mutex
			next := map[string]int{} // of a group: the number whose turn it is
			var out []string         // of order
			l := &orderly{ledger: &ledger{}, settled: func(e *Event) {
				mu.Lock()
				defer mu.Unlock()
				next[e.Group]++
			}}
			target := &probe{batch: 1 + int(seed)%2*7}
			target.answer = func(_ context.Context, q Request) Result {
				mu.Lock()
				defer mu.Unlock()
				if n := next[q.Event.Group]; q.Event.ID != fmt.Sprint(q.Event.Group, n) {
					out = append(out, fmt.Sprintf("%s while it is the turn of %d", q.Event.ID, n))
				}
				if rng.IntN(4) == 0 {
					return refused
				}
				return Result{}
			}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{
				Target: target, Observer: l, DeadLetters: l, Order: PerGroup, Window: 64,
				Policy: Policy{MaxRetries: 100, MaxAge: time.Hour, Base: time.Nanosecond, Cap: time.Nanosecond},
			})
			numbers := map[string]int{}
			var es []Event
			for i := range 2000 {
				g := string(rune('a' + rng.IntN(12)))
				es = append(es, events(i+1, i+1)[0])
				es[i].Group, es[i].ID = g, fmt.Sprint(g, numbers[g])
				numbers[g]++
			}
			offer(t, r, es)
			l.ledger.settled(t, len(es))
			for _, s := range out[:min(5, len(out))] {
				t.Error(s)
			}
			if len(out) > 0 {
				t.Errorf("%d attempts are out of order", len(out))
			}
		})
	}
}

// orderly tells of outcomes as they are reported.
type orderly struct {
	*ledger
	settled func(*Event)
}

func (o *orderly) Settled(e *Event, out Outcome, last Attempt) {
	o.settled(e)
	o.ledger.Settled(e, out, last)
}

func TestGroupWithAFailingHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng := openEngine(t, vfs.NewMem())
		var sick atomic.Bool
		sick.Store(true)
		p, l := &probe{}, &ledger{}
		p.answer = func(_ context.Context, q Request) Result {
			if sick.Load() && q.Event.Group == "sick" {
				return refused
			}
			return Result{}
		}
		cfg := Config{Target: p, Observer: l, Order: PerGroup, Window: 50, Policy: DefaultPolicy}
		r := openRunner(t, eng, cfg)
		es := events(1, 1000)
		for i := range es {
			es[i].Group = "well" + strconv.Itoa(i%10)
			if i%2 == 0 {
				es[i].Group = "sick"
			}
		}
		start := time.Now()
		offer(t, r, es)
		for l.count(Delivered) < 500 {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("the others took %v", took)
		}
		time.Sleep(time.Second)
		if low, held := r.Floor(); held {
			t.Errorf("the floor is held at %d", low)
		}
		if s := status(t, r); s.Retries != 500 {
			t.Errorf("%d are parked", s.Retries)
		}
		// Also the next process keeps the order of what is parked and of what
		// comes after it.
		closeRunner(t, r)
		r = openRunner(t, eng, cfg)
		more := events(1001, 1100)
		for i := range more {
			more[i].Group = "sick"
		}
		offer(t, r, more)
		time.Sleep(time.Minute)
		sick.Store(false)
		l.settled(t, 1100)
		last := 0
		for _, id := range l.order {
			n, _ := strconv.Atoi(id)
			if n%2 == 0 && n <= 1000 {
				continue
			}
			if n < last {
				t.Fatalf("%d was delivered after %d", n, last)
			}
			last = n
		}
	})
}

func TestGroupFollowsItsHeadIntoTheQueueHoweverLongThatTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng := &faultyEngine{Engine: openEngine(t, vfs.NewMem()), slow: time.Second}
		p, l := &probe{answer: failing(1, refused)}, &ledger{}
		r := openRunner(t, eng, Config{Target: p, Observer: l, Order: PerGroup, Policy: DefaultPolicy})
		for i := range 10 {
			e := events(i+1, i+1)
			e[0].Group = "g"
			r.Offer(e)
			time.Sleep(50 * time.Millisecond)
		}
		l.settled(t, 10)
		if want := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}; !slices.Equal(l.order, want) {
			t.Errorf("the order was %v", l.order)
		}
	})
}

func TestGroupNamesOfAnyKindKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := &probe{answer: failing(2, refused)}, &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, Order: PerGroup, Policy: DefaultPolicy})
		es := events(1, 20)
		for i := range es {
			es[i].Group = []string{strings.Repeat("long", 1000), "with\x00NUL"}[i%2]
		}
		offer(t, r, es)
		l.settled(t, 20)
		last := [2]int{}
		for _, id := range l.order {
			n, _ := strconv.Atoi(id)
			if n < last[n%2] {
				t.Errorf("%d was delivered after %d", n, last[n%2])
			}
			last[n%2] = n
		}
	})
}
