package hub

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTailYieldsWhatMatchesAndGoesOn(t *testing.T) {
	f := open(t, Options{})
	f.put("shop", orders(0, 4)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for seen, err := range f.Tail(ctx, "shop", parse(t, `{"detail":{"even":[true]}}`), Earliest()) {
		if err != nil {
			if n != 4 || !errors.Is(err, context.Canceled) {
				t.Errorf("after %d events: %v", n, err)
			}
			break
		}
		if !strings.Contains(string(seen.Envelope), `"even":true`) || seen.Bus != "shop" || !seen.Ingested.Equal(noon) {
			t.Errorf("it yields %+v", seen)
		}
		switch n++; n {
		case 2:
			f.put("shop", orders(4, 8)...)
		case 4:
			cancel()
		}
	}
	for range f.Tail(t.Context(), "shop", nil, Earliest()) {
		break // a caller may stop
	}
}

func TestTailEndsWithTheHub(t *testing.T) {
	f := open(t, Options{})
	f.put("shop", order(1))
	for _, err := range f.Tail(t.Context(), "shop", nil, Earliest()) {
		if err != nil {
			if !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
			return
		}
		if err := f.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Error("it ends without an error")
}

func TestFindFindsEventsOfAnyID(t *testing.T) {
	f := open(t, Options{})
	f.put("shop", orders(0, 300)...)
	own := order(300)
	own.ID, own.Trace, own.Hops, own.Only = "my-own", "Root=1-2-3", 2, []string{"r1", "r2"}
	ids := append(f.put("shop", order(301)), f.put("shop", own)...)
	f.clk.Advance(time.Hour)
	f.put("shop", orders(302, 400)...)
	for _, id := range ids {
		s, err := f.Find(t.Context(), "shop", id)
		if err != nil || s.ID != id {
			t.Errorf("%s: %+v, %v", id, s, err)
		}
	}
	if s, err := f.Find(t.Context(), "shop", "my-own"); err != nil || s.Trace != "Root=1-2-3" || s.Hops != 2 || len(s.Only) != 2 || s.Only[1] != "r2" {
		t.Errorf("it is told as %+v, %v", s, err)
	}
	for _, id := range []string{"other", "01939f00-0000-7000-8000-000000000000", ""} {
		if _, err := f.Find(t.Context(), "shop", id); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := f.Find(t.Context(), "no such bus", ids[0]); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

func TestTrimKeepsWhatIsYoungOrNeeded(t *testing.T) {
	f := open(t, Options{Retention: time.Hour})
	first := func() engine.Position {
		if _, err := f.writeFloors(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := f.trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		p, _, err := f.logs.Bounds(t.Context(), eventLog+"shop")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	held := newGate()
	var good, stuck receiver
	stuck.slow = held.pass
	f.subscribe("shop", Subscription{ID: "good", Delivery: to(&good)})
	f.subscribe("shop", Subscription{ID: "off", Disabled: true, Delivery: to(&receiver{})})
	f.put("shop", orders(0, 10)...)
	f.subscribe("shop", Subscription{ID: "stuck", Delivery: to(&stuck)})
	f.put("shop", orders(10, 20)...)
	f.until("the good one has got all", func() bool { return good.count() == 20 && f.status("shop", "good").Held == 0 })
	if p := first(); p != 1 {
		t.Errorf("young events were trimmed up to %d", p)
	}
	f.clk.Advance(59 * time.Minute)
	f.put("shop", orders(20, 25)...)
	f.clk.Advance(2 * time.Minute)
	// The hub trims by itself when the clock moves, and ours gives way to it.
	f.until("the log begins at 11, where the stuck one is", func() bool { return first() == 11 })
	held.lift()
	f.until("the stuck one has got all", func() bool { return stuck.count() == 15 && f.status("shop", "stuck").Held == 0 })
	f.until("the log begins at 21, the first of the last hour", func() bool { return first() == 21 })
	f.clk.Advance(2 * time.Hour)
	f.again(Options{Retention: time.Hour})
	if p := first(); p != 26 {
		t.Errorf("nobody brought again, all settled: the log begins at %d, want 26", p)
	}
}

// The journey of one event over two buses, a failing and a dead-lettering
// target; golden, as records of EventBridge's event bus log schema.
func TestTraceTellsTheWholeJourney(t *testing.T) {
	f := open(t, Options{BusARN: func(bus string) string { return "arn:aws:events:us-east-1:111122223333:event-bus/" + bus }})
	rule := func(name string) string { return "arn:aws:events:us-east-1:111122223333:rule/shop/" + name }
	queue := "arn:aws:sqs:us-east-1:111122223333:orders"
	carrier := "arn:aws:events:us-east-1:111122223333:api-destination/carrier/1"
	var orders receiver
	flaky := &receiver{answer: func(n int) delivery.Result {
		if n == 1 {
			return delivery.Result{Kind: delivery.Throttled, Code: "SDK_CLIENT_ERROR", Status: 429, Message: "Too Many Requests"}
		}
		return delivery.Result{}
	}}
	refused := &receiver{answer: func(int) delivery.Result {
		return delivery.Result{Kind: delivery.Permanent, Code: "NO_PERMISSIONS", Message: "access denied"}
	}}
	even := parse(t, `{"detail":{"even":[true]}}`)
	dead := to(refused)
	dead.DeadLetters = &grave{}
	f.subscribe("shop", Subscription{ID: "even/1", Rule: rule("even"), Pattern: even, Target: queue, Delivery: to(&orders)})
	f.subscribe("shop", Subscription{ID: "even/2", Rule: rule("even"), Pattern: even, Target: carrier, Delivery: to(flaky)})
	f.subscribe("shop", Subscription{ID: "audit/1", Rule: rule("audit"), Target: queue, Delivery: dead})
	f.subscribe("other", Subscription{ID: "odd/1", Rule: rule("odd"), Pattern: parse(t, `{"detail":{"even":[false]}}`), Delivery: to(&receiver{})})
	e := order(2)
	e.ID = "01939f00-0000-7000-8000-000000000000"
	f.put("shop", e)
	seen, err := f.Find(t.Context(), "shop", e.ID)
	if err != nil {
		t.Fatal(err)
	}
	settled := func() bool {
		s := f.status("shop", "even/2")
		return orders.count() == 1 && f.status("shop", "audit/1").Dead == 1 && f.status("shop", "even/1").Delivered == 1 && s.Retries == 1
	}
	f.until("two are settled and one is to be tried again", settled)
	f.clk.Advance(20 * time.Minute)
	f.put("other", Event{Envelope: seen.Envelope, Hops: 1})
	f.until("the third has come", func() bool { return f.status("shop", "even/2").Delivered == 1 })
	f.until("the other bus has seen it", func() bool { return f.status("other", "odd/1").Backlog == 0 })
	steps, err := f.Trace(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "trace.jsonl", stable(t, steps))
	if _, err := f.Trace(t.Context(), "01939f00-0000-7000-8000-000000000001"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

// stable is the steps as lines of JSON, in an order that does not depend on
// which of several targets was quicker within one moment.
func stable(t *testing.T, steps []journey.Step) string {
	var b strings.Builder
	write := func(keep func(journey.Step) bool) {
		for _, s := range steps {
			if !keep(s) {
				continue
			}
			line, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(line)
			b.WriteByte('\n')
		}
	}
	write(func(s journey.Step) bool { return s.Invocation == "" && s.Type != journey.RuleMatch })
	for _, rule := range []string{"even", "audit"} {
		write(func(s journey.Step) bool { return s.Type == journey.RuleMatch && strings.HasSuffix(s.Rule, rule) })
	}
	for _, id := range []string{"even/1", "even/2", "audit/1"} {
		write(func(s journey.Step) bool { return s.Subscription == id })
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("other than %s (go test -update writes it anew):\n%s", path, got)
	}
}

// grave is a dead-letter queue.
type grave struct{}

func (*grave) Bury(context.Context, delivery.Dead) delivery.Result { return delivery.Result{} }

func TestJourneysCanBeReducedToFailures(t *testing.T) {
	for level, want := range map[journey.Level]string{
		journey.Failures: "EVENT_RECEIPT EVENT_INGEST_SUCCESS INVOCATION_START INVOCATION_ATTEMPT_START INVOCATION_ATTEMPT_PERMANENT_FAILURE INVOCATION_FAILURE",
		journey.Off:      "EVENT_RECEIPT EVENT_INGEST_SUCCESS",
	} {
		f := open(t, Options{Journeys: level})
		var good receiver
		bad := &receiver{answer: func(int) delivery.Result { return delivery.Result{Kind: delivery.Permanent, Code: "NO_RESOURCE"} }}
		f.subscribe("shop", Subscription{ID: "good", Delivery: to(&good)})
		f.subscribe("shop", Subscription{ID: "bad", Delivery: to(bad)})
		ids := f.put("shop", order(1))
		f.until("both are settled", func() bool { return f.status("shop", "good").Delivered == 1 && f.status("shop", "bad").Dropped == 1 })
		steps, err := f.Trace(t.Context(), ids[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range steps {
			got = append(got, string(s.Type))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("level %d: got %v", level, got)
		}
	}
}

func TestStepsAreToldAsTheyAreNoted(t *testing.T) {
	f := open(t, Options{})
	var good receiver
	bad := &receiver{answer: func(int) delivery.Result { return delivery.Result{Kind: delivery.Permanent, Code: "NO_RESOURCE"} }}
	even := parse(t, `{"detail":{"even":[true]}}`)
	f.subscribe("shop", Subscription{ID: "good", Rule: "r", Target: "t", Pattern: even, Delivery: to(&good)})
	f.subscribe("shop", Subscription{ID: "bad", Rule: "r", Target: "t", Pattern: even, Delivery: to(bad)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan journey.Step, 100)
	var ended error
	go func() {
		defer close(got)
		for s, err := range f.Steps(ctx, "shop") {
			if err != nil {
				ended = err
				return
			}
			got <- s
		}
	}()
	// Until it follows, nothing is told: events are put until the first is.
	var ids []string
	f.until("it follows", func() bool {
		ids = f.put("shop", order(1))
		f.flush(t)
		return len(got) > 0
	})
	for len(got) > 0 {
		<-got
	}
	ids = f.put("shop", order(2))
	f.until("both are settled", func() bool { return f.status("shop", "good").Delivered == 1 && f.status("shop", "bad").Dropped == 1 })
	f.flush(t)
	count := map[journey.Type]int{}
	for n := 0; n < 10; {
		if s := <-got; s.EventID == ids[0] {
			count[s.Type]++
			n++
		}
	}
	want := map[journey.Type]int{
		journey.RuleMatchStart: 1, journey.RuleMatch: 1, journey.InvocationStart: 2, journey.AttemptStart: 2,
		journey.AttemptSuccess: 1, journey.AttemptPermanentFailure: 1, journey.InvocationSuccess: 1, journey.InvocationFailure: 1,
	}
	if !maps.Equal(count, want) {
		t.Errorf("got %v", count)
	}
	cancel()
	for range got {
	}
	if !errors.Is(ended, context.Canceled) {
		t.Errorf("it ends with %v", ended)
	}
	s, err := f.Find(t.Context(), "shop", ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Receipt(s); len(r) != 2 || r[0].Type != journey.EventReceipt || r[0].EventID != ids[0] {
		t.Errorf("its receipt is %+v", r)
	}
}

func (f *fixture) flush(t *testing.T) {
	t.Helper()
	b, _ := f.bus("shop")
	if err := b.journal.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFailuresAreToldWhenTheEventIsGone(t *testing.T) {
	f := open(t, Options{Retention: time.Hour})
	bad := &receiver{answer: func(int) delivery.Result { return delivery.Result{Kind: delivery.Permanent, Code: "NO_RESOURCE"} }}
	f.subscribe("shop", Subscription{ID: "bad", Target: "arn:aws:sqs:us-east-1:111122223333:gone", Delivery: to(bad)})
	ids := f.put("shop", order(1), order(2))
	f.until("they are settled", func() bool { return f.status("shop", "bad").Dropped == 2 })
	f.again(Options{Retention: time.Hour})
	f.clk.Advance(2 * time.Hour)
	if err := f.Unsubscribe(t.Context(), "shop", "bad"); err != nil {
		t.Fatal(err)
	}
	if err := f.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Find(t.Context(), "shop", ids[0]); !errors.Is(err, engine.ErrNotFound) {
		t.Fatalf("the event is there still: %v", err)
	}
	steps, err := f.Trace(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := len(steps); n != 4 || steps[3].Type != journey.InvocationFailure || steps[3].Status != "NO_RESOURCE" {
		t.Errorf("it is told as %+v", steps)
	}
}

func TestWhyNothingHappenedIsTold(t *testing.T) {
	f := open(t, Options{})
	has := func(id string, want journey.Type) bool {
		steps, err := f.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Type == want {
				return true
			}
		}
		return false
	}
	ids := f.put("shop", order(1))
	if !has(ids[0], journey.NoStandardRulesMatched) {
		t.Error("on a bus without rules it is not told that none matched")
	}
	f.subscribe("shop", Subscription{ID: "a", Pattern: parse(t, `{"source":["other"]}`), Delivery: to(&receiver{})})
	ids = f.put("shop", order(2))
	f.until("it is told that no rule matched", func() bool { return has(ids[0], journey.NoStandardRulesMatched) })
	f.subscribe("shop", Subscription{ID: "b", Paused: true, Delivery: to(&receiver{})})
	ids = f.put("shop", order(3))
	f.until("one has seen it", func() bool { return f.status("shop", "a").Backlog == 0 })
	if has(ids[0], journey.NoStandardRulesMatched) {
		t.Error("it is told that none matched while one has not seen the event yet")
	}
}
