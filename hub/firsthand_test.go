package hub

import (
	"slices"
	"testing"
)

func TestAFirstHandSubscriptionLeavesOutWhatCameThroughAnotherBus(t *testing.T) {
	f := open(t, Options{})
	forwarded := func(n int) Event {
		e := order(n)
		e.Hops = 1
		return e
	}
	var live, late, all receiver
	f.subscribe("shop", Subscription{ID: "live", FirstHand: true, Delivery: to(&live)})
	f.subscribe("shop", Subscription{ID: "all", Delivery: to(&all)})
	f.put("shop", order(1), forwarded(2), order(3))
	f.until("the tail has seen all", func() bool { return all.count() == 3 && live.count() >= 2 })
	f.subscribe("shop", Subscription{ID: "late", Start: Earliest(), FirstHand: true, Delivery: to(&late)})
	f.until("the one that reads for itself is done", func() bool { return f.status("shop", "late").Backlog == 0 && late.count() >= 2 })
	for name, r := range map[string]*receiver{"of the tail": &live, "that catches up": &late} {
		if got, want := r.numbers(), []int{1, 3}; !slices.Equal(got, want) {
			t.Errorf("the subscription %s got %v, want %v", name, got, want)
		}
	}
}
