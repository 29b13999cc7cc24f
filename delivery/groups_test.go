package delivery

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/engine"
)

// inGroup are n events of a group from position from on.
func inGroup(group string, from, n int) []Event {
	es := events(from, from+n-1)
	for i := range es {
		es[i].Group = group
	}
	return es
}

func TestAGroupThatFailsHoldsUpNoOther(t *testing.T) {
	for _, c := range []struct {
		name string
		hot  []string // groups whose events always fail
	}{{"where there is one", []string{"hot"}}, {"where there are two", []string{"hot", "warm"}}} {
		bubble(t, c.name, func(t *testing.T) {
			l := &ledger{}
			p := &probe{answer: func(_ context.Context, q Request) Result {
				for _, g := range c.hot {
					if q.Event.Group == g {
						return refused
					}
				}
				return Result{}
			}}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, Order: PerGroup, Policy: DefaultPolicy})
			at := 1
			put := func(group string, n int) {
				t.Helper()
				es := inGroup(group, at, n)
				at += n
				for start := time.Now(); len(es) > 0; {
					es = es[r.Offer(es):]
					if len(es) == 0 {
						break
					}
					select {
					case <-r.Room():
					case <-time.After(time.Minute):
						t.Fatalf("group %s: %d events found no room in %v; the status is %+v", group, len(es), time.Since(start), status(t, r))
					}
				}
			}
			for _, g := range c.hot {
				put(g, 500)
			}
			time.Sleep(6 * time.Hour) // nothing else comes: the target is taken for down
			if s := status(t, r); !s.Down {
				t.Fatalf("the status is %+v", s)
			}
			for _, g := range c.hot {
				put(g, 2000)
			}
			for i := range 10 {
				put(fmt.Sprint("cold", i), 1)
			}
			l.settled(t, 10)
			first := status(t, r)
			if first.Delivered != 10 || first.Held > 64 {
				t.Errorf("the status is %+v", first)
			}
			if wait := time.Since(p.seen()[len(p.seen())-1].at); wait > time.Minute {
				t.Errorf("the others waited for %v", wait)
			}
		})
	}
}

// A target that is down for all its groups gets few attempts, and the log, not
// the queue, keeps what waits for it.
func TestATargetThatIsDownForAllGroupsLeavesTheRestInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &probe{answer: func(context.Context, Request) Result { return refused }}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Order: PerGroup, Policy: DefaultPolicy})
		var left []Event
		for i := range 40_000 {
			left = append(left, Event{ID: fmt.Sprint(i), Position: engine.Position(i + 1), Ingested: time.Now(), Group: fmt.Sprint("g", i%1000)})
		}
		for range 3600 {
			left = left[r.Offer(left):]
			time.Sleep(time.Second)
		}
		s := status(t, r)
		if taken := 40_000 - len(left); s.Retries > maxParked+defaultWindow || taken > maxParked+2*defaultWindow {
			t.Errorf("%d were taken, the status is %+v", taken, s)
		}
		if n := len(p.seen()); n > 20_000 {
			t.Errorf("%d attempts in an hour", n)
		}
	})
}

func TestEventsThatAlwaysFailDoNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		p := &probe{answer: func(_ context.Context, q Request) Result {
			if q.Event.Position <= 400 {
				return refused
			}
			return Result{}
		}}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, Policy: DefaultPolicy})
		offer(t, r, events(1, 400))
		time.Sleep(6 * time.Hour)
		if s := status(t, r); !s.Down || s.Retries < downRetries {
			t.Fatalf("the status is %+v", s)
		}
		start := time.Now()
		offer(t, r, events(401, 500))
		l.settled(t, 100)
		if took := time.Since(start); took > 15*time.Minute {
			t.Errorf("the others waited for %v", took)
		}
	})
}
