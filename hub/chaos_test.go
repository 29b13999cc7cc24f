package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine/local"
)

// TestNoEventIsLostWhileSubscriptionsChange puts events while subscriptions
// are replaced, paused, resumed, disabled and enabled, their targets fail, and
// the hub ends and starts again. What was put while a subscription was surely
// enabled must reach it; what was put while it was surely disabled must not.
func TestNoEventIsLostWhileSubscriptionsChange(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { change(t, seed) })
	}
}

// seenBy is a target that remembers which events came.
type seenBy struct {
	chance func(p float64) bool
	mu     sync.Mutex
	got    map[int]int // how often, by position
}

func (s *seenBy) MaxBatch() int { return 4 }

func (s *seenBy) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	if s.chance(0.02) {
		time.Sleep(5 * time.Millisecond)
	}
	for i := range requests {
		if s.chance(0.05) {
			results[i] = delivery.Result{Kind: delivery.Retryable, Code: "X"}
			continue
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, q := range requests {
		if results[i].Kind == delivery.Success {
			s.got[int(q.Event.Position)]++
		}
	}
	return results
}

func change(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
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
	fs := vfs.NewMem()
	var h *Hub
	var eng *local.Engine
	start := func() {
		var err error
		if eng, err = local.Open("data", local.Options{FS: fs}); err != nil {
			t.Fatal(err)
		}
		h = New(eng, Options{Clock: clock.Real()})
	}
	end := func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(below(50))*time.Millisecond)
		defer cancel()
		_ = h.Close(ctx)
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	}
	const subs, rounds = 6, 60
	type view struct {
		target           *seenBy
		disabled, paused bool
		must, mustNot    map[int]bool
	}
	views := make([]*view, subs)
	for i := range views {
		views[i] = &view{target: &seenBy{chance: chance, got: map[int]int{}}, must: map[int]bool{}, mustNot: map[int]bool{}}
	}
	bring := func(i int) {
		v := views[i]
		err := h.Subscribe(t.Context(), "bus", Subscription{
			ID: fmt.Sprint("s", i), Disabled: v.disabled, Paused: v.paused,
			Delivery: delivery.Config{
				Target: v.target, Window: 4 + below(40), Concurrency: 1 + below(4),
				Policy: delivery.Policy{MaxRetries: 185, MaxAge: time.Hour, Base: time.Millisecond, Cap: 5 * time.Millisecond},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	start()
	for i := range views {
		bring(i)
	}
	at := 1
	put := func() {
		n := 1 + below(60)
		if _, err := h.Put(t.Context(), "bus", orders(at, at+n)); err != nil {
			t.Fatal(err)
		}
		for _, v := range views {
			for k := at; k < at+n; k++ {
				if v.disabled {
					v.mustNot[k] = true
				} else {
					v.must[k] = true
				}
			}
		}
		at += n
	}
	for range rounds {
		put()
		for range below(4) {
			i := below(subs)
			v := views[i]
			switch below(4) {
			case 0:
				v.disabled = !v.disabled
			case 1:
				v.paused = !v.paused
			}
			bring(i)
			put()
		}
		if chance(0.15) {
			if _, err := h.writeFloors(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if chance(0.1) {
			end()
			start()
			if chance(0.5) { // before all are brought again
				put()
			}
			for i := range views {
				bring(i)
			}
		}
		if chance(0.3) {
			time.Sleep(time.Duration(below(5)) * time.Millisecond)
		}
	}
	for i, v := range views {
		v.paused = false
		bring(i)
	}
	deadline := time.Now().Add(testPatience)
	for i, v := range views {
		for {
			v.target.mu.Lock()
			missing := 0
			for k := range v.must {
				if v.target.got[k] == 0 {
					missing++
				}
			}
			v.target.mu.Unlock()
			if missing == 0 {
				break
			}
			if time.Now().After(deadline) {
				st, _ := h.Status(context.Background(), "bus")
				t.Fatalf("s%d lacks %d of %d events: %+v", i, missing, len(v.must), st[i])
			}
			time.Sleep(time.Millisecond)
		}
		twice := 0
		for k, n := range v.target.got {
			if v.mustNot[k] {
				t.Errorf("s%d got the event at %d, put while it was disabled", i, k)
			}
			if n > 1 {
				twice++
			}
		}
		t.Logf("s%d: %d events, %d of them twice", i, len(v.must), twice)
	}
	end()
}
