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
	if err != nil || len(got) != 2 {
		t.Fatalf("of two messages enqueued at once %d are due, %v", len(got), err)
	}
	if d, err := q.Depth(t.Context(), "q"); err != nil || d.Leased != 2 {
		t.Errorf("%+v %v", d, err)
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
