package local

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// crooked is a clock that can be set to any time; its timers go by the real one.
type crooked struct {
	clock.Clock
	mu  sync.Mutex
	off time.Duration
}

func (c *crooked) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off).Round(0)
}

func (c *crooked) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

func TestWhatIsEnqueuedAfterTheClockWasSetBackIsDueAtOnce(t *testing.T) {
	clk := &crooked{Clock: clock.Real()}
	e, err := Open("data", Options{FS: vfs.NewMem(), Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	q := e.Queues()
	if _, err := q.Enqueue(t.Context(), "q", engine.Message{Body: []byte("before")}); err != nil {
		t.Fatal(err)
	}
	clk.jump(-time.Hour)
	if _, err := q.Enqueue(t.Context(), "q", engine.Message{Body: []byte("after")}, engine.Message{Body: []byte("grouped"), Group: "g"}); err != nil {
		t.Fatal(err)
	}
	got, err := q.Lease(t.Context(), "q", 10, time.Minute)
	if err != nil || len(got) != 3 {
		t.Fatalf("of three messages enqueued at once %d are due, %v", len(got), err)
	}
	if d, err := q.Depth(t.Context(), "q"); err != nil || d.Leased != 3 {
		t.Errorf("%+v %v", d, err)
	}
}

func TestAClockSetBackMakesNoWaitLonger(t *testing.T) {
	for _, c := range []struct {
		name   string
		reopen bool // the clock is set back while the engine is closed
	}{{"while it runs", false}, {"while it is closed", true}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clk := &crooked{Clock: clock.Real()}
				fs := vfs.NewMem()
				open := func() *Engine {
					e, err := Open("data", Options{FS: fs, Clock: clk})
					if err != nil {
						t.Fatal(err)
					}
					return e
				}
				e := open()
				defer func() { e.Close() }()
				send := func(body string, group string, delay time.Duration) {
					m := engine.Message{Body: []byte(body), Group: group}
					if delay > 0 {
						m.Due = clk.Now().Add(delay)
					}
					if _, err := e.Queues().Enqueue(t.Context(), "q", m); err != nil {
						t.Fatal(err)
					}
				}
				lease := func() (bodies string) {
					got, err := e.Queues().Lease(t.Context(), "q", 10, time.Minute)
					if err != nil {
						t.Fatal(err)
					}
					for _, m := range got {
						bodies += string(m.Body) + " "
						if in := m.Until.Sub(clk.Now()); in < 59*time.Second || in > 61*time.Second {
							t.Errorf("the lease of a minute ends in %v", in)
						}
					}
					return bodies
				}
				send("now", "", 0)
				send("grouped", "g", 0)
				send("later", "", 10*time.Second)
				if c.reopen {
					e.Close()
				}
				clk.jump(-time.Hour)
				if c.reopen {
					e = open()
				}
				send("after", "", 5*time.Second)
				if got := lease(); got != "now grouped " {
					t.Errorf("due at once: %s", got)
				}
				d, err := e.Queues().Depth(t.Context(), "q")
				if in := d.Next.Sub(clk.Now()); err != nil || d.Delayed != 2 || in <= 0 || in > 5*time.Second {
					t.Errorf("%+v, the next in %v, %v", d, in, err)
				}
				began := time.Now()
				for _, want := range []string{"after ", "later "} {
					if err := e.Queues().Wait(t.Context(), "q"); err != nil {
						t.Fatal(err)
					}
					if got := lease(); got != want {
						t.Errorf("after %v there is %q, want %q", time.Since(began), got, want)
					}
				}
				if took := time.Since(began).Round(time.Second); took != 10*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestALeaseHeldLastsNoLongerWhereTheClockIsSetBack(t *testing.T) {
	clk := &crooked{Clock: clock.Real()}
	e, err := Open("data", Options{FS: vfs.NewMem(), Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Leases().Acquire(t.Context(), "n", time.Minute); err != nil {
		t.Fatal(err)
	}
	clk.jump(-time.Hour)
	if _, err := e.Leases().Acquire(t.Context(), "n", time.Minute); err == nil {
		t.Error("it is given to two")
	}
	clk.jump(time.Minute)
	if _, err := e.Leases().Acquire(t.Context(), "n", time.Minute); err != nil {
		t.Error(err)
	}
}

func TestWaitNoticesThatTheClockWasSetForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := &crooked{Clock: clock.Real()}
		e, err := Open("data", Options{FS: vfs.NewMem(), Clock: clk})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if _, err := e.Queues().Enqueue(t.Context(), "q", engine.Message{Due: clk.Now().Add(8 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- e.Queues().Wait(t.Context(), "q") }()
		synctest.Wait()
		clk.jump(8 * time.Hour) // or the machine has slept
		began := time.Now()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v to notice", took)
		}
	})
}
