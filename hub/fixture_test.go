package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/pattern"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// patience bounds how long a test waits for what must come.
const testPatience = 20 * time.Second

// fixture is a hub on an engine in memory.
type fixture struct {
	testing.TB
	clk *clock.Fake
	fs  *vfs.MemFS
	eng engine.Engine
	*Hub
}

func open(t testing.TB, opts Options) *fixture {
	f := &fixture{TB: t, clk: clock.NewFake(noon), fs: vfs.NewCrashableMem()}
	f.start(opts)
	t.Cleanup(func() { f.end() })
	return f
}

func (f *fixture) start(opts Options) {
	f.Helper()
	if opts.Clock == nil {
		opts.Clock = f.clk
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(f.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	eng, err := local.Open("data", local.Options{Clock: opts.Clock, FS: f.fs, Logger: opts.Logger})
	if err != nil {
		f.Fatal(err)
	}
	f.eng, f.Hub = eng, New(eng, opts)
}

func (f *fixture) end() {
	f.Helper()
	if err := f.Hub.Close(context.Background()); err != nil {
		f.Error(err)
	}
	if err := f.eng.Close(); err != nil {
		f.Error(err)
	}
}

// again ends the hub and its engine in order, and starts them anew.
func (f *fixture) again(opts Options) {
	f.Helper()
	f.end()
	f.start(opts)
}

func (f *fixture) put(bus string, events ...Event) []string {
	f.Helper()
	ids, err := f.Put(f.Context(), bus, events)
	if err != nil {
		f.Fatal(err)
	}
	return ids
}

func (f *fixture) subscribe(bus string, s Subscription) {
	f.Helper()
	if err := f.Subscribe(f.Context(), bus, s); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) status(bus, id string) SubscriptionStatus {
	f.Helper()
	all, err := f.Status(f.Context(), bus)
	if err != nil {
		f.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s SubscriptionStatus) bool { return s.ID == id })
	if i < 0 {
		f.Fatalf("no subscription %s on %s", id, bus)
	}
	return all[i]
}

// until waits for what other goroutines are about to bring about.
func (f *fixture) until(what string, cond func() bool) {
	f.Helper()
	deadline := time.Now().Add(testPatience)
	for !cond() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			f.Fatalf("waited in vain until %s\n%s", what, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

// seeds is how many rounds a test with chance in it makes: 3, or what the
// variable SIGNALBOX_TEST_SEEDS says.
func seeds(t testing.TB) uint64 {
	s := os.Getenv("SIGNALBOX_TEST_SEEDS")
	if s == "" {
		return 3
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal("SIGNALBOX_TEST_SEEDS:", err)
	}
	return n
}

// order is an event of the tests, told apart by its number.
func order(n int) Event {
	return Event{
		Source: "shop", DetailType: "OrderPlaced", Account: "111122223333", Region: "eu-central-1",
		Detail: fmt.Appendf(nil, `{"number":%d,"even":%t}`, n, n%2 == 0),
	}
}

func orders(from, to int) []Event {
	var events []Event
	for n := from; n < to; n++ {
		events = append(events, order(n))
	}
	return events
}

func parse(t testing.TB, src string) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// receiver is a target that remembers what it got.
type receiver struct {
	answer func(n int) delivery.Result // for the n-th request, from 1; nil: success
	slow   func()                      // called before each batch is answered
	batch  int

	mu     sync.Mutex
	asked  int
	times  map[string]int // successful deliveries by event id
	got    []int          // the numbers of the orders, as they came
	inputs [][]byte
}

func (r *receiver) MaxBatch() int { return max(1, r.batch) }

func (r *receiver) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	if r.slow != nil {
		r.slow()
	}
	results := make([]delivery.Result, len(requests))
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, q := range requests {
		r.asked++
		if r.answer != nil {
			results[i] = r.answer(r.asked)
		}
		if results[i].Kind != delivery.Success {
			continue
		}
		if r.times == nil {
			r.times = map[string]int{}
		}
		r.times[q.Event.ID]++
		var e struct{ Detail struct{ Number int } }
		if err := json.Unmarshal(q.Event.Data, &e); err == nil {
			r.got = append(r.got, e.Detail.Number)
		}
		r.inputs = append(r.inputs, slices.Clone(q.Input))
	}
	return results
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.inputs)
}

// numbers are those of the orders that came, sorted.
func (r *receiver) numbers() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.got))
}

func to(target delivery.Target) delivery.Config {
	return delivery.Config{Target: target, Policy: delivery.DefaultPolicy}
}

// gate is a target's slowness: closed, it holds all.
type gate struct{ open chan struct{} }

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) pass() { <-g.open }
func (g *gate) lift() { close(g.open) }
