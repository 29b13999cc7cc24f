package hub

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/signalbox/signalbox/delivery"
)

// Events of the log share memory with those around them. Who holds one of a
// hundred must not hold the others.
func TestWhoHoldsFewEventsOfManyHoldsLittleMemory(t *testing.T) {
	f := open(t, Options{})
	const n = 20_000
	filler := bytes.Repeat([]byte("x"), 900)
	for i := 0; i < n; i += 1000 {
		var events []Event
		for k := i; k < i+1000; k++ {
			e := order(k)
			e.Source = fmt.Sprint("s", k%100)
			e.Detail = fmt.Appendf(nil, `{"number":%d,"filler":"%s"}`, k, filler)
			events = append(events, e)
		}
		f.put("bus", events...)
	}
	g := newGate()
	defer g.lift()
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	f.subscribe("bus", Subscription{
		ID: "few", Pattern: parse(t, `{"source":["s7"]}`), Start: Earliest(),
		Delivery: delivery.Config{Target: &receiver{slow: g.pass}, Policy: delivery.DefaultPolicy},
	})
	f.until("it has seen all", func() bool { return f.status("bus", "few").Next == n+1 })
	if held := f.status("bus", "few").Held; held != n/100 {
		t.Fatalf("it holds %d", held)
	}
	grown := heap() - before
	t.Logf("%d events of 1 KB hold %d KB", n/100, grown>>10)
	if grown > 4<<20 {
		t.Errorf("%d events of 1 KB hold %d KB", n/100, grown>>10)
	}
}
