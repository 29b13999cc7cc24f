package hub

import (
	"slices"
	"testing"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
)

func TestADisabledSubscriptionSeesNothingOfWhatIsPutMeanwhile(t *testing.T) {
	for _, restart := range []bool{false, true} {
		name := "and the server goes on"
		if restart {
			name = "and the server is started anew in between"
		}
		t.Run(name, func(t *testing.T) {
			f := open(t, Options{})
			var r receiver
			set := func(disabled bool) {
				t.Helper()
				f.subscribe("shop", Subscription{ID: "a", Disabled: disabled, Delivery: to(&r)})
			}
			next := 0
			put := func() { f.put("shop", order(next)); next++ }
			set(false)
			put() // 0
			set(true)
			put()
			if restart {
				f.again(Options{})
				set(true)
			}
			put()
			set(false)
			put() // 3
			set(true)
			put()
			if restart {
				f.again(Options{})
			}
			set(false)
			put() // 5
			f.until("the last has come", func() bool { return slices.Contains(r.numbers(), 5) && r.count() >= 3 })
			if got := r.numbers(); !slices.Equal(got, []int{0, 3, 5}) {
				t.Errorf("got %v, want 0, 3 and 5", got)
			}
		})
	}
}

func TestWhatWasPutBeforeItWasDisabledIsDeliveredStill(t *testing.T) {
	f := open(t, Options{})
	var r receiver
	held := newGate()
	r.slow = held.pass
	cfg := to(&r)
	cfg.Window = 4
	set := func(disabled bool) {
		f.subscribe("shop", Subscription{ID: "a", Disabled: disabled, Delivery: cfg})
	}
	set(false)
	f.put("shop", orders(0, 100)...)
	set(true)
	f.put("shop", orders(100, 200)...)
	set(false)
	f.put("shop", orders(200, 300)...)
	set(true)
	f.put("shop", orders(300, 400)...)
	held.lift()
	f.until("all have come", func() bool { return r.count() >= 200 && f.status("shop", "a").Backlog == 0 })
	want := append(numbers(0, 100), numbers(200, 300)...)
	if got := r.numbers(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestRetriesGoOnWhileDisabled(t *testing.T) {
	f := open(t, Options{})
	r := &receiver{answer: func(n int) delivery.Result {
		if n == 1 {
			return delivery.Result{Kind: delivery.Retryable, Code: "DOWN"}
		}
		return delivery.Result{}
	}}
	f.subscribe("shop", Subscription{ID: "a", Delivery: to(r)})
	f.put("shop", order(1))
	f.until("it is to be tried again", func() bool { return f.status("shop", "a").Retries == 1 })
	f.subscribe("shop", Subscription{ID: "a", Disabled: true, Delivery: to(r)})
	f.clk.Advance(delivery.DefaultPolicy.MaxAge / 2)
	f.until("it has come", func() bool { return r.count() == 1 })
}

func TestAPausedSubscriptionGetsEverythingOnceItIsResumed(t *testing.T) {
	for _, restart := range []bool{false, true} {
		f := open(t, Options{})
		var r, other receiver
		set := func(paused bool) {
			f.subscribe("shop", Subscription{ID: "a", Paused: paused, Delivery: to(&r)})
		}
		set(true)
		f.subscribe("shop", Subscription{ID: "b", Delivery: to(&other)})
		f.put("shop", orders(0, 10)...)
		f.until("the other has got them", func() bool { return other.count() == 10 })
		if restart {
			f.again(Options{})
			set(true)
		}
		if s := f.status("shop", "a"); r.count() != 0 || s.Backlog != 10 || !s.Paused {
			t.Errorf("while paused %d came, and its status is %+v", r.count(), s)
		}
		set(false)
		f.until("all have come", func() bool { return r.count() == 10 })
		set(true)
		f.put("shop", order(10))
		set(false)
		f.until("the last has come", func() bool { return r.count() == 11 })
	}
}

func TestNobodyReadsABusWhoseSubscriptionsAreAllDisabled(t *testing.T) {
	f := open(t, Options{})
	var r receiver
	f.subscribe("shop", Subscription{ID: "a", Delivery: to(&r)})
	f.put("shop", order(1))
	f.until("it has come", func() bool { return r.count() == 1 && f.status("shop", "a").Following })
	f.subscribe("shop", Subscription{ID: "a", Disabled: true, Delivery: to(&r)})
	b, _ := f.bus("shop")
	f.until("nobody reads", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.tail == nil && b.subs["a"].catchUp == nil
	})
}

func numbers(from, to int) []int {
	var n []int
	for i := from; i < to; i++ {
		n = append(n, i)
	}
	return n
}

func TestGaps(t *testing.T) {
	g := gaps{}.open(5).close(8).open(10)
	for p, want := range map[int]bool{4: false, 5: true, 7: true, 8: false, 9: false, 10: true, 1000: true} {
		if got := g.covers(engine.Position(p)); got != want {
			t.Errorf("covers %d: %v", p, got)
		}
	}
	if got := g.skip(6); got != 8 {
		t.Errorf("from within a gap to %d", got)
	}
	if g.endless(9) || !g.endless(10) || !g.endless(12) {
		t.Error("it ends at 10")
	}
	if got := g.count(1, 12); got != 6 {
		t.Errorf("%d positions from 1 to 11 are to be seen, want 6", got)
	}
	if got := g.after(8); len(got) != 1 || got[0].From != 10 {
		t.Errorf("behind 8 lie %v", got)
	}
	if got := g.close(10); len(got) != 1 {
		t.Errorf("a gap that ends where it began is none: %v", got)
	}
	if got := (gaps{{5, 8}}).open(8); len(got) != 1 || !got.isOpen() {
		t.Errorf("gaps that touch are one: %v", got)
	}
}
