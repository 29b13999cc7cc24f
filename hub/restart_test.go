package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/delivery"
)

// crash gives the state that a power loss at this moment may leave, and starts
// the hub anew from it. What is not synced is kept or lost at random.
func (f *fixture) crash(rnd *rand.Rand, opts Options) {
	f.Helper()
	fs := f.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rnd.IntN(101), RNG: rnd})
	f.end() // what the old one still writes, the clone does not see
	f.fs = fs
	f.start(opts)
}

// Each event whose Put was acknowledged reaches each target that was
// subscribed, whatever moments the power fails at.
func TestEveryAcknowledgedEventIsDeliveredWhateverMomentsThePowerFailsAt(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { crashes(t, seed) })
	}
}

func crashes(t *testing.T, seed uint64) {
	f := open(t, Options{})
	rnd := rand.New(rand.NewPCG(seed, 7))
	names := []string{"fast", "slow", "flaky"}
	delivered := map[string]map[string]int{"fast": {}, "slow": {}, "flaky": {}}
	var now map[string]*receiver // those of this life of the hub
	subscribe := func() {
		now = map[string]*receiver{}
		for _, id := range names {
			r := &receiver{}
			cfg := to(r)
			cfg.Policy.Base, cfg.Policy.Cap = time.Millisecond, time.Second
			switch id {
			case "slow":
				cfg.Window, cfg.Concurrency = 2, 1
			case "flaky":
				own := rand.New(rand.NewPCG(seed, rnd.Uint64()))
				r.answer = func(int) delivery.Result {
					if own.IntN(3) == 0 {
						return delivery.Result{Kind: delivery.Retryable, Code: "FLAKY"}
					}
					return delivery.Result{}
				}
			}
			now[id] = r
			f.subscribe("shop", Subscription{ID: id, Delivery: cfg})
		}
	}
	subscribe()

	var acked []string
	number := 0
	const lives = 4
	for range lives {
		ctx, cancel := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		var mu sync.Mutex // guards acked and stop
		h, stop := f.Hub, 5+rnd.IntN(300)
		reached := make(chan struct{})
		for w := range 3 {
			from := number + w*200
			writers.Go(func() {
				for i := range 200 {
					ids, err := h.Put(ctx, "shop", orders(from+i, from+i+1))
					if err != nil {
						return
					}
					mu.Lock()
					acked = append(acked, ids...)
					if stop--; stop == 0 {
						close(reached)
					}
					mu.Unlock()
				}
			})
		}
		number += 600
		<-reached
		if rnd.IntN(2) == 0 { // floors are written, retries fall due
			f.clk.Advance(time.Duration(rnd.IntN(3000)) * time.Millisecond)
		}
		if rnd.IntN(2) == 0 {
			if _, err := h.writeFloors(ctx); err != nil {
				t.Fatal(err)
			}
		}
		// The power fails: what is acknowledged by now is to survive, and
		// what is delivered by now counts.
		mu.Lock()
		for _, r := range now {
			r.mu.Lock()
		}
		fs := f.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rnd.IntN(101), RNG: rnd})
		survive := len(acked)
		for id, r := range now {
			for event, n := range r.times {
				delivered[id][event] += n
			}
			r.mu.Unlock()
		}
		mu.Unlock()
		cancel()
		writers.Wait()
		acked = acked[:survive]
		f.end()
		f.fs = fs
		f.start(Options{})
		subscribe()
	}
	missing := func(id string) (n int) {
		r := now[id]
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, event := range acked {
			if delivered[id][event]+r.times[event] == 0 {
				n++
			}
		}
		return n
	}
	duplicates := 0
	for _, id := range names {
		f.until(id+" has got all", func() bool {
			f.clk.Advance(100 * time.Millisecond)
			return missing(id) == 0
		})
		now[id].mu.Lock()
		for event, n := range now[id].times {
			delivered[id][event] += n
		}
		now[id].mu.Unlock()
		for _, n := range delivered[id] {
			duplicates += n - 1
		}
	}
	t.Logf("%d events acknowledged over %d crashes, %d duplicates at three targets", len(acked), lives, duplicates)
}

// After an orderly end nothing is delivered twice, and what was pending goes on.
func TestAfterAnOrderlyEndEachSubscriptionGoesOnWhereItWas(t *testing.T) {
	f := open(t, Options{})
	var a, b receiver
	ok := false
	var mu sync.Mutex
	b.answer = func(int) delivery.Result {
		mu.Lock()
		defer mu.Unlock()
		if ok {
			return delivery.Result{}
		}
		return delivery.Result{Kind: delivery.Retryable, Code: "DOWN"}
	}
	subscribe := func() {
		f.subscribe("shop", Subscription{ID: "a", Delivery: to(&a)})
		f.subscribe("shop", Subscription{ID: "b", Delivery: to(&b)})
	}
	subscribe()
	f.put("shop", orders(0, 100)...)
	f.until("the first has got all", func() bool { return a.count() == 100 })
	f.again(Options{})
	f.put("shop", orders(100, 110)...) // before anyone is there
	subscribe()
	f.put("shop", orders(110, 120)...)
	mu.Lock()
	ok = true
	mu.Unlock()
	f.until("both have got all", func() bool {
		if s := f.status("shop", "b"); s.Retries > 0 && s.Held == 0 { // it waits for a retry
			f.clk.Advance(time.Second)
		}
		return a.count() >= 120 && b.count() >= 120
	})
	for name, r := range map[string]*receiver{"a": &a, "b": &b} {
		if got, want := r.numbers(), numbers(0, 120); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s got %v", name, got)
		}
	}
}

// A subscription for which nothing comes costs no record of its own while
// others' events pass, and yet does not fall behind.
func TestFloorsOfIdleSubscriptionsMoveWithTheBus(t *testing.T) {
	f := open(t, Options{})
	var busy receiver
	none := parse(t, `{"source":["nobody"]}`)
	subscribe := func() {
		f.subscribe("shop", Subscription{ID: "busy", Delivery: to(&busy)})
		f.subscribe("shop", Subscription{ID: "idle", Pattern: none, Delivery: to(&receiver{})})
	}
	subscribe()
	record := func() (revision uint64) {
		r, err := f.eng.Records().Get(t.Context(), cursorsCollection+"shop", "idle")
		if err != nil {
			t.Fatal(err)
		}
		return uint64(r.Revision)
	}
	round := func(n int) {
		f.put("shop", orders(n, n+10)...)
		f.until("all have come, and all have seen them", func() bool {
			return busy.count() == n+10 && f.status("shop", "idle").Following && f.status("shop", "idle").Backlog == 0 &&
				f.status("shop", "busy").Held == 0
		})
		if _, err := f.writeFloors(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	round(0)
	before := record()
	round(10)
	if record() != before {
		t.Error("the idle one's record was written anew")
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	f.crash(rnd, Options{})
	subscribe()
	f.put("shop", order(20))
	f.until("the new one has come", func() bool { return busy.count() == 21 })
	if s := f.status("shop", "idle"); s.Floor < 21 {
		t.Errorf("after a crash its floor is %d", s.Floor)
	}
}
