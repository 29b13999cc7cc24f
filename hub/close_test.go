package hub

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/hub/journey"
)

// deaf is a target that answers only when told to, whatever its context says.
type deaf struct{ gate *gate }

func (deaf) MaxBatch() int { return 1 }

func (d deaf) Deliver(_ context.Context, requests []delivery.Request) []delivery.Result {
	d.gate.pass()
	return make([]delivery.Result, len(requests))
}

func TestCloseTakesLittleLongerThanItsContextHoweverManyTargetsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t, Options{Clock: clock.Real()})
		g := newGate()
		defer g.lift()
		for i := range 300 {
			f.subscribe("shop", Subscription{ID: fmt.Sprint(i), Delivery: to(deaf{g})})
		}
		f.put("shop", orders(0, 3)...)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := f.Close(ctx); err == nil {
			t.Error("nobody is told that deliveries were cut off")
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("it took %v where it had a second", took)
		}
		start = time.Now()
		if err := f.Close(ctx); err != nil || time.Since(start) > time.Second {
			t.Errorf("closed again: %v after %v", err, time.Since(start))
		}
	})
}

func TestABusThatIsDroppedLeavesNothingOfItsJourneys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var said bytes.Buffer
		logger := slog.New(slog.NewTextHandler(lockedWriter{&mu, &said}, nil))
		f := open(t, Options{Clock: clock.Real(), Journeys: journey.All, Logger: logger})
		g := newGate()
		f.subscribe("shop", Subscription{ID: "hangs", Delivery: to(deaf{g})})
		f.put("shop", orders(0, 3)...)
		synctest.Wait()
		time.Sleep(time.Second) // the match is written
		b := f.buses["shop"]
		if err := f.DropBus(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		g.lift() // the last deliveries end only now
		synctest.Wait()
		b.journal.Settled(&journey.Source{Subscription: "hangs"}, &delivery.Event{ID: "x", Position: 1}, delivery.Delivered, &delivery.Attempt{})
		if err := b.journal.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if err := b.trim(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * trimEvery)
		if _, next, err := f.logs.Bounds(t.Context(), journeyLog+"shop"); err != nil || next != 1 {
			t.Errorf("the log of journeys goes to %d, %v", next, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if said.Len() > 0 {
			t.Errorf("it is complained of: %s", &said)
		}
	})
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
