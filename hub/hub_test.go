package hub

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/pattern"
)

func TestEventsReachTheSubscriptionsWhosePatternsTheyMatch(t *testing.T) {
	f := open(t, Options{})
	var all, even, none receiver
	evens := parse(t, `{"detail":{"even":[true]}}`)
	f.subscribe("shop", Subscription{ID: "all", Delivery: to(&all)})
	f.subscribe("shop", Subscription{ID: "even", Rule: "rule/even", Pattern: evens, Delivery: to(&even)})
	f.subscribe("shop", Subscription{ID: "none", Pattern: parse(t, `{"source":["other"]}`), Delivery: to(&none)})
	f.put("shop", orders(0, 10)...)
	f.put("else", orders(10, 12)...)
	f.until("all have come", func() bool { return all.count() >= 10 && even.count() >= 5 })
	if got, want := all.numbers(), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(got, want) {
		t.Errorf("without a pattern: got %v, want %v", got, want)
	}
	if got, want := even.numbers(), []int{0, 2, 4, 6, 8}; !slices.Equal(got, want) {
		t.Errorf("the even ones: got %v, want %v", got, want)
	}
	f.until("the third has passed all", func() bool { return f.status("shop", "none").Backlog == 0 })
	if got := none.count(); got != 0 {
		t.Errorf("%d events came that do not match", got)
	}
}

func TestTargetsOfOneRuleAreMatchedOnce(t *testing.T) {
	f := open(t, Options{})
	p := parse(t, `{"source":["shop"]}`)
	var a, b receiver
	f.subscribe("shop", Subscription{ID: "r/1", Rule: "r", Pattern: p, Delivery: to(&a)})
	f.subscribe("shop", Subscription{ID: "r/2", Rule: "r", Pattern: p, Delivery: to(&b)})
	bus, _ := f.bus("shop")
	if n := bus.matcher.Len(); n != 1 {
		t.Errorf("the matcher holds %d patterns, want 1", n)
	}
	f.put("shop", order(1))
	f.until("both got it", func() bool { return a.count() == 1 && b.count() == 1 })
	for _, id := range []string{"r/1", "r/2"} {
		if err := f.Unsubscribe(t.Context(), "shop", id); err != nil {
			t.Fatal(err)
		}
	}
	if n := bus.matcher.Len(); n != 0 {
		t.Errorf("after both were taken away the matcher holds %d patterns", n)
	}
}

func TestTheEnvelopeHasEventBridgesMembersInTheirOrder(t *testing.T) {
	at := time.Date(2026, 11, 21, 23, 30, 15, 999, time.FixedZone("", 3600))
	tests := []struct {
		name  string
		event Event
		want  string
	}{
		{"all members", Event{
			ID: "7bf73129-1428-4cd3-a780-95db273d1602", Source: "com.shop", DetailType: "Order Placed", Account: "111122223333",
			Region: "us-east-1", Time: at, Resources: []string{"arn:aws:x", "b"}, Detail: []byte(` {"a": 1} `),
		}, `{"version":"0","id":"7bf73129-1428-4cd3-a780-95db273d1602","detail-type":"Order Placed","source":"com.shop","account":"111122223333","time":"2026-11-21T22:30:15Z","region":"us-east-1","resources":["arn:aws:x","b"],"detail":{"a": 1}}`},
		{"text that needs escapes", Event{ID: "1", Source: "a\"b\\c\n", DetailType: "\xff<é>", Time: at, Detail: []byte(`{}`)},
			`{"version":"0","id":"1","detail-type":"` + "\uFFFD" + `<é>","source":"a\"b\\c\n","account":"","time":"2026-11-21T22:30:15Z","region":"","resources":[],"detail":{}}`},
		{"a replayed event", Event{ID: "1", Time: at, Detail: []byte(`{}`), ReplayName: "again"},
			`{"version":"0","id":"1","detail-type":"","source":"","account":"","time":"2026-11-21T22:30:15Z","region":"","resources":[],"detail":{},"replay-name":"again"}`},
		{"one that comes whole", Event{Envelope: []byte(`{"detail":{"id":"no"},"x":1,"id":"yes"}`), Source: "ignored"},
			`{"detail":{"id":"no"},"x":1,"id":"yes"}`},
		{"one that comes whole from an archive", Event{Envelope: []byte(`{"version":"0","id":"yes","detail":{}}`), ReplayName: "r"},
			`{"version":"0","id":"yes","detail":{},"replay-name":"r"}`},
	}
	f := open(t, Options{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ids := f.put("shop", test.event)
			seen, err := f.Find(t.Context(), "shop", ids[0])
			if err != nil {
				t.Fatal(err)
			}
			if string(seen.Envelope) != test.want {
				t.Errorf("got  %s\nwant %s", seen.Envelope, test.want)
			}
			if want := test.event.ID; want != "" && seen.ID != want {
				t.Errorf("its id is %q, want %q", seen.ID, want)
			}
			if test.event.Envelope != nil && seen.ID != "yes" {
				t.Errorf("its id is %q, want that of the envelope", seen.ID)
			}
			if err := f.DropBus(t.Context(), "shop"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAPutWithAWrongEventWritesNothing(t *testing.T) {
	f := open(t, Options{})
	tests := []struct {
		name  string
		event Event
		want  error
	}{
		{"a detail that is a list", Event{Detail: []byte(`[1]`)}, ErrDetail},
		{"no detail", Event{}, ErrDetail},
		{"an envelope without id", Event{Envelope: []byte(`{"detail":{}}`)}, ErrEnvelope},
		{"an envelope whose id is a number", Event{Envelope: []byte(`{"id":1}`)}, ErrEnvelope},
		{"an envelope that is cut off", Event{Envelope: []byte(`{"id":"1",`)}, ErrEnvelope},
		{"an envelope with something behind it", Event{Envelope: []byte(`{"id":"1"} {}`)}, ErrEnvelope},
		{"an empty envelope", Event{Envelope: []byte{}}, ErrEnvelope},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := f.Put(t.Context(), "shop", []Event{order(1), test.event}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, next, err := f.logs.Bounds(t.Context(), eventLog+"shop"); err != nil || next != 1 {
		t.Errorf("the log goes up to %d, %v; want nothing in it", next, err)
	}
}

func TestIDsGrowAndTellTheirTime(t *testing.T) {
	f := open(t, Options{})
	ids := f.put("shop", orders(0, 10_000)...)
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("ids do not grow")
	}
	for _, id := range []string{ids[0], ids[4095]} {
		at, ok := idTime(id)
		if !ok || !at.Equal(noon) {
			t.Errorf("%s tells %v, %v", id, at, ok)
		}
	}
	if id := ids[0]; id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) {
		t.Errorf("%s is no UUID of version 7", id)
	}
}

func TestOnlyTheRulesThatAreNamedSeeTheEvent(t *testing.T) {
	f := open(t, Options{})
	var one, two, slow receiver
	held := newGate()
	slow.slow = held.pass
	f.subscribe("shop", Subscription{ID: "1", Rule: "rule/1", Delivery: to(&one)})
	f.subscribe("shop", Subscription{ID: "2", Rule: "rule/2", Delivery: to(&two)})
	cfg := to(&slow)
	cfg.Window = 1
	f.subscribe("shop", Subscription{ID: "3", Rule: "rule/3", Delivery: cfg}) // reads for itself
	f.put("shop", order(1), order(2))
	third := order(3)
	third.Only = []string{"rule/2", "rule/other"}
	f.put("shop", third, order(4))
	held.lift()
	f.until("all have come", func() bool { return one.count() >= 3 && two.count() >= 4 && slow.count() >= 3 })
	if got := one.numbers(); !slices.Equal(got, []int{1, 2, 4}) {
		t.Errorf("rule 1 saw %v", got)
	}
	if got := two.numbers(); !slices.Equal(got, []int{1, 2, 3, 4}) {
		t.Errorf("rule 2 saw %v", got)
	}
	if got := slow.numbers(); !slices.Equal(got, []int{1, 2, 4}) {
		t.Errorf("rule 3, reading for itself, saw %v", got)
	}
}

func TestWrongSubscriptionsAreRefused(t *testing.T) {
	f := open(t, Options{})
	good := to(&receiver{})
	tests := []struct {
		name string
		s    Subscription
		want string
	}{
		{"without an id", Subscription{Delivery: good}, "ID is empty"},
		{"without a target", Subscription{ID: "a"}, "Target is missing"},
		{"with a batch", Subscription{ID: "a", Delivery: good, Batch: Batch{Size: 2}}, "Batch is not implemented"},
		{"with a batching window", Subscription{ID: "a", Delivery: good, Batch: Batch{Window: 1}}, "Batch is not implemented"},
		{"with an end", Subscription{ID: "a", Delivery: good, End: noon}, "End is not implemented"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := f.Subscribe(t.Context(), "shop", test.s)
			if !errors.Is(err, ErrSubscription) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	f.subscribe("shop", Subscription{ID: "a", Delivery: good})
	good.Order = delivery.PerGroup
	if err := f.Subscribe(t.Context(), "shop", Subscription{ID: "b", Delivery: good}); !errors.Is(err, ErrSubscription) {
		t.Errorf("an order per group without groups gives %v", err)
	}
	group := func([]byte) string { return "one" }
	if err := f.Subscribe(t.Context(), "shop", Subscription{ID: "a", Delivery: good, Group: group}); !errors.Is(err, ErrSubscription) {
		t.Errorf("a change of order gives %v", err)
	}
}

func TestANewSubscriptionBeginsWhereItSays(t *testing.T) {
	f := open(t, Options{})
	f.put("shop", order(1))
	f.clk.Advance(time.Minute)
	f.put("shop", order(2))
	f.put("shop", order(3))
	tests := []struct {
		name  string
		start Start
		want  []int
	}{
		{"latest", Latest(), []int{4}},
		{"earliest", Earliest(), []int{1, 2, 3, 4}},
		{"a position", At(3), []int{3, 4}},
		{"a position that is not there yet", At(99), []int{4}},
		{"a time", Since(noon.Add(time.Second)), []int{2, 3, 4}},
	}
	got := make([]receiver, len(tests))
	for i, test := range tests {
		f.subscribe("shop", Subscription{ID: test.name, Start: test.start, Delivery: to(&got[i])})
	}
	f.put("shop", order(4))
	for i, test := range tests {
		f.until(test.name+" has got all", func() bool { return slices.Contains(got[i].numbers(), 4) && got[i].count() >= len(test.want) })
		if n := got[i].numbers(); !slices.Equal(n, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, n, test.want)
		}
	}
}

func TestUnsubscribeForgetsPlaceAndRetries(t *testing.T) {
	f := open(t, Options{})
	dead := &receiver{answer: func(int) delivery.Result { return delivery.Result{Kind: delivery.Retryable, Code: "DOWN"} }}
	f.subscribe("shop", Subscription{ID: "a", Delivery: to(dead)})
	f.put("shop", orders(0, 5)...)
	f.until("there are retries", func() bool { return f.status("shop", "a").Retries == 5 })
	for range 2 { // a second time it is no error
		if err := f.Unsubscribe(t.Context(), "shop", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := f.Cursors(t.Context(), "shop"); err != nil || len(ids) != 0 {
		t.Errorf("cursors %v are left, %v", ids, err)
	}
	var r receiver
	f.subscribe("shop", Subscription{ID: "a", Delivery: to(&r)})
	if got := f.status("shop", "a").Retries; got != 0 {
		t.Errorf("the new subscription has %d retries", got)
	}
	f.put("shop", order(9))
	f.until("the new one has come", func() bool { return r.count() > 0 })
	if got := r.numbers(); !slices.Equal(got, []int{9}) {
		t.Errorf("the new subscription got %v", got)
	}
}

func TestASubscriptionThatNobodyBringsAgainCanBeTakenAway(t *testing.T) {
	f := open(t, Options{})
	f.subscribe("shop", Subscription{ID: "a", Delivery: to(&receiver{})})
	f.again(Options{})
	if err := f.Unsubscribe(t.Context(), "shop", "a"); err != nil {
		t.Fatal(err)
	}
	if ids, err := f.Cursors(t.Context(), "shop"); err != nil || len(ids) != 0 {
		t.Errorf("cursors %v are left, %v", ids, err)
	}
}

func TestADroppedBusBeginsAnew(t *testing.T) {
	f := open(t, Options{})
	var before, after receiver
	f.subscribe("shop", Subscription{ID: "a", Delivery: to(&before)})
	ids := f.put("shop", orders(0, 3)...)
	f.until("they have come", func() bool { return before.count() == 3 })
	if err := f.DropBus(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Trace(t.Context(), ids[0]); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("an event is found after its bus was dropped: %v", err)
	}
	if names, err := f.Buses(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("buses %v are left, %v", names, err)
	}
	f.put("shop", order(3))
	f.subscribe("shop", Subscription{ID: "a", Start: Earliest(), Delivery: to(&after)})
	f.until("the new event has come", func() bool { return after.count() > 0 })
	if got := after.numbers(); !slices.Equal(got, []int{3}) || before.count() != 3 {
		t.Errorf("the new bus brought %v, and %d events to the old subscription", got, before.count())
	}
}

func TestSubmittedEventsGoToOneSubscriptionAlone(t *testing.T) {
	f := open(t, Options{})
	var a, b receiver
	none := parse(t, `{"source":["nobody"]}`)
	f.subscribe("shop", Subscription{ID: "a", Pattern: none, Delivery: to(&a)})
	f.subscribe("shop", Subscription{ID: "b", Delivery: to(&b)})
	err := f.Submit(t.Context(), "shop", "a", delivery.Event{ID: "x", Data: []byte(`{"detail":{"number":7}}`)})
	if err != nil {
		t.Fatal(err)
	}
	f.until("it has come", func() bool { return a.count() == 1 })
	if b.count() != 0 {
		t.Error("the other subscription got it too")
	}
	if err := f.Submit(t.Context(), "shop", "c"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("to one that is not there: %v", err)
	}
}

func TestAClosedHubSaysSo(t *testing.T) {
	f := open(t, Options{})
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Error("the second Close:", err)
	}
	if _, err := f.Put(t.Context(), "shop", orders(0, 1)); !errors.Is(err, ErrClosed) {
		t.Error("Put:", err)
	}
	if err := f.Subscribe(t.Context(), "shop", Subscription{ID: "a", Delivery: to(&receiver{})}); !errors.Is(err, ErrClosed) {
		t.Error("Subscribe:", err)
	}
}

func TestAReplacedSubscriptionHasItsNewPatternFromThenOn(t *testing.T) {
	f := open(t, Options{})
	var r receiver
	at := func(p *pattern.Pattern) {
		f.subscribe("shop", Subscription{ID: "a", Rule: "r", Pattern: p, Delivery: to(&r)})
	}
	at(parse(t, `{"detail":{"even":[true]}}`))
	f.put("shop", orders(0, 4)...)
	f.until("the even ones have come", func() bool { return r.count() == 2 && f.status("shop", "a").Backlog == 0 })
	at(parse(t, `{"detail":{"even":[false]}}`))
	f.put("shop", orders(4, 8)...)
	f.until("the odd ones have come", func() bool { return r.count() == 4 && f.status("shop", "a").Backlog == 0 })
	if got := r.numbers(); !slices.Equal(got, []int{0, 2, 5, 7}) {
		t.Errorf("got %v", got)
	}
	at(nil)
	f.put("shop", orders(8, 10)...)
	f.until("all others have come", func() bool { return r.count() == 6 })
}
