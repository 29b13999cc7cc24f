package hub

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/signalbox/signalbox/delivery"
)

// Subscriptions of all speeds leave the tail and join it again, many times,
// while events are put: each gets each event that it matches exactly once.
func TestNoEventIsMissedOrDoubledWhereASubscriptionLeavesOrJoinsTheTail(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { seam(t, seed) })
	}
}

func seam(t *testing.T, seed uint64) {
	f := open(t, Options{Journeys: 2})
	rnd := rand.New(rand.NewPCG(seed, 1))
	const puts, writers = 300, 3
	even := parse(t, `{"detail":{"even":[true]}}`)
	type sub struct {
		*receiver
		even bool
	}
	var subs []sub
	for i := range 8 {
		s := sub{&receiver{batch: 1 + rnd.IntN(4)}, i%2 == 0}
		yields, every := rnd.IntN(400), 1+rnd.IntN(50)
		own := rand.New(rand.NewPCG(seed, uint64(i)))
		var mu sync.Mutex
		s.slow = func() {
			mu.Lock()
			slow := own.IntN(every) == 0
			mu.Unlock()
			if slow {
				for range yields {
					runtime.Gosched()
				}
			}
		}
		cfg := delivery.Config{Target: s.receiver, Policy: delivery.DefaultPolicy, Window: 1 + rnd.IntN(60), Concurrency: 1 + rnd.IntN(4)}
		conf := Subscription{ID: fmt.Sprint(i), Delivery: cfg}
		if s.even {
			conf.Pattern = even
		}
		f.subscribe("shop", conf)
		subs = append(subs, s)
	}
	sizes := make([][]int, writers)
	total := 0
	starts := make([][]int, writers)
	for w := range writers {
		for range puts {
			n := 1 + rnd.IntN(10)
			sizes[w], starts[w] = append(sizes[w], n), append(starts[w], total)
			total += n
		}
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i, n := range sizes[w] {
				if _, err := f.Put(t.Context(), "shop", orders(starts[w][i], starts[w][i]+n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var evens []int
	for n := 0; n < total; n += 2 {
		evens = append(evens, n)
	}
	for i, s := range subs {
		want := numbers(0, total)
		if s.even {
			want = evens
		}
		f.until(fmt.Sprint(i, " has got all"), func() bool { return s.count() >= len(want) })
		f.until("it has seen all", func() bool { return f.status("shop", fmt.Sprint(i)).Backlog == 0 })
		if got := s.numbers(); !slices.Equal(got, want) {
			t.Errorf("subscription %d got %d events, want each of %d once", i, len(got), len(want))
		}
	}
}

// A group's events come in their order, also over the seam.
func TestOrderIsKeptOverTheSeam(t *testing.T) {
	f := open(t, Options{})
	r := &receiver{slow: func() { runtime.Gosched() }}
	cfg := to(r)
	cfg.Order, cfg.Window = delivery.PerGroup, 5
	f.subscribe("shop", Subscription{ID: "a", Delivery: cfg, Group: func([]byte) string { return "one" }})
	for n := 0; n < 1000; n += 10 {
		f.put("shop", orders(n, n+10)...)
	}
	f.until("all have come", func() bool { return r.count() >= 1000 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.got, numbers(0, 1000)) {
		t.Errorf("they came as %v", r.got)
	}
}

// A target that is held up leaves its events in the log, and nobody waits for it.
func TestADeadTargetHurtsOnlyItself(t *testing.T) {
	f := open(t, Options{Journeys: 2})
	held := newGate()
	var stuck, good receiver
	stuck.slow = held.pass
	down := &receiver{answer: func(int) delivery.Result { return delivery.Result{Kind: delivery.Retryable, Code: "DOWN"} }}
	window := func(t delivery.Target) delivery.Config {
		cfg := to(t)
		cfg.Window, cfg.Concurrency = 32, 4
		return cfg
	}
	f.subscribe("shop", Subscription{ID: "stuck", Delivery: window(&stuck)})
	f.subscribe("shop", Subscription{ID: "down", Delivery: window(down)})
	f.subscribe("shop", Subscription{ID: "good", Delivery: to(&good)})
	const total = 20_000
	for n := 0; n < total; n += 100 {
		f.put("shop", orders(n, n+100)...)
	}
	f.until("the good one has got all", func() bool { return good.count() == total })
	for _, id := range []string{"stuck", "down"} {
		s := f.status("shop", id)
		if s.Held > 32+256 || s.Retries > 512 || s.Following {
			t.Errorf("%s holds %d events in memory and %d retries; it follows: %v", id, s.Held, s.Retries, s.Following)
		}
		if s.Backlog < total-2000 {
			t.Errorf("the backlog of %s is %d", id, s.Backlog)
		}
	}
	b, _ := f.bus("shop")
	f.clk.WaitForTimers(t.Context(), 1)
	f.clk.Advance(patience) // now it does not even hold what it has read
	b.mu.Lock()
	c := b.subs["stuck"].catchUp
	b.mu.Unlock()
	if c == nil {
		t.Error("the stuck one does not read for itself")
	}
	held.lift()
	f.until("the stuck one has got all", func() bool { return stuck.count() >= total })
	if got := len(stuck.numbers()); got != total {
		t.Errorf("it got %d events", got)
	}
}

func TestAnEventThatCannotBeMatchedReachesThoseWhoTakeAll(t *testing.T) {
	f := open(t, Options{Logger: slog.New(slog.DiscardHandler)})
	all, some := &receiver{}, &receiver{}
	f.subscribe("bus", Subscription{ID: "all", Delivery: to(all)})
	f.subscribe("bus", Subscription{ID: "some", Delivery: to(some), Pattern: parse(t, `{"detail":{"number":[1,3]}}`)})
	f.put("bus", order(1))
	f.until("both follow", func() bool { return f.status("bus", "all").Following && f.status("bus", "some").Following })
	broken := order(2)
	broken.Detail = []byte(`{"number":}`)
	f.put("bus", broken, order(3))
	f.until("all have come", func() bool { return all.count() == 3 && some.count() == 2 })
}
