package moves

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/wire"
)

var source = address.Queue{Region: "us-east-1", Account: "000000000000", Name: "dead"}

// step is what a batch comes to.
type step struct {
	n      int
	reason string
	err    error
}

// open makes Tasks whose batches come to what the test sends.
func open(t *testing.T, eng engine.Engine, c clock.Clock) (*Tasks, chan step) {
	t.Helper()
	steps := make(chan step)
	s := New(eng, c, func(ctx context.Context, q address.Queue, _ *Task, _ int) (int, string, error) {
		if q != source {
			t.Errorf("a batch of %+v", q)
		}
		select {
		case s := <-steps:
			return s.n, s.reason, s.err
		case <-ctx.Done():
			return 0, "", ctx.Err()
		}
	}, func(err error) { t.Logf("reported: %v", err) })
	t.Cleanup(s.Close)
	return s, steps
}

func start(t *testing.T) (engine.Engine, *clock.Fake, *Tasks, chan step) {
	t.Helper()
	c := clock.NewFake(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	eng, err := local.Open("data", local.Options{Clock: c, FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close() })
	s, steps := open(t, eng, c)
	return eng, c, s, steps
}

func begin(t *testing.T, s *Tasks, id string) {
	t.Helper()
	if err := s.Start(t.Context(), source, Task{ID: id, Source: source.ARN(), Started: s.clock.Now().UnixMilli()}); err != nil {
		t.Fatal(err)
	}
}

// over waits for the work on all tasks, and answers the latest.
func over(t *testing.T, s *Tasks) Task {
	t.Helper()
	s.wg.Wait()
	all, err := s.List(t.Context(), source)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return all[0]
}

func TestATaskEndsAsItsBatchesSay(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []step
		want  Task
	}{
		{"nothing left", []step{{n: 100}, {n: 7}, {}}, Task{Status: Completed, Moved: 107}},
		{"a reason", []step{{n: 3, reason: "NoQueue"}}, Task{Status: Failed, Moved: 3, Failure: "NoQueue"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, s, steps := start(t)
			begin(t, s, "t")
			for _, step := range c.steps {
				steps <- step
			}
			if got := over(t, s); got.Status != c.want.Status || got.Moved != c.want.Moved || got.Failure != c.want.Failure {
				t.Errorf("%+v; want %+v", got, c.want)
			}
		})
	}
}

func TestASourceHasOneTaskAtATime(t *testing.T) {
	_, _, s, steps := start(t)
	begin(t, s, "first")
	err := s.Start(t.Context(), source, Task{ID: "second", Source: source.ARN()})
	if !wire.IsCode(err, "InvalidParameterValue") {
		t.Errorf("a second task: %v", err)
	}
	steps <- step{}
	over(t, s)
	begin(t, s, "third")
}

func TestACancelledTaskKeepsWhatItHasMoved(t *testing.T) {
	_, _, s, steps := start(t)
	begin(t, s, "t")
	steps <- step{n: 5}
	if _, err := s.Cancel(t.Context(), source, "other"); !wire.IsCode(err, "ResourceNotFoundException") {
		t.Errorf("cancelling a task that is none: %v", err)
	}
	if _, err := s.Cancel(t.Context(), source, "t"); err != nil {
		t.Fatal(err)
	}
	select {
	case steps <- step{n: 2}: // a batch that had begun
	case <-wait(s):
	}
	if got := over(t, s); got.Status != Cancelled || got.Moved < 5 {
		t.Errorf("%+v", got)
	}
	if _, err := s.Cancel(t.Context(), source, "t"); !wire.IsCode(err, "UnsupportedOperation") {
		t.Errorf("cancelling it twice: %v", err)
	}
}

func wait(s *Tasks) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	return done
}

func TestATaskGoesOnWhereItsWorkerEnded(t *testing.T) {
	eng, c, s, steps := start(t)
	begin(t, s, "t")
	steps <- step{n: 4}
	s.Close()
	s.Close()
	if got := over(t, s); got.Status != Running {
		t.Errorf("closing ended it: %+v", got)
	}
	s, steps = open(t, eng, c)
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	steps <- step{n: 6}
	steps <- step{}
	if got := over(t, s); got.Status != Completed || got.Moved < 6 {
		t.Errorf("%+v", got)
	}
}

func TestABatchThatFailedIsTriedAgain(t *testing.T) {
	_, c, s, steps := start(t)
	begin(t, s, "t")
	steps <- step{err: errors.New("the disk is slow")}
	// The task waits before it tries again; that may be twice, for with the
	// clock its lease runs out, too.
	for _, next := range []step{{n: 1}, {}} {
		for sent := false; !sent; {
			select {
			case steps <- next:
				sent = true
			default:
				c.Advance(progress)
			}
		}
	}
	if got := over(t, s); got.Status != Completed || got.Moved != 1 {
		t.Errorf("%+v", got)
	}
}

func TestTheLatestTasksAreRemembered(t *testing.T) {
	_, _, s, steps := start(t)
	for i := range Most + 2 { // all in one millisecond, with ids that fall
		id := string(rune('z' - i))
		begin(t, s, id)
		if all, err := s.List(t.Context(), source); err != nil || all[0].ID != id {
			t.Fatalf("after %s started: %+v, %v", id, all, err)
		}
		steps <- step{}
		over(t, s)
	}
	if all, err := s.List(t.Context(), source); err != nil || len(all) != Most {
		t.Errorf("%+v, %v", all, err)
	}
}

func FuzzHandle(f *testing.F) {
	good := Task{ID: "t", Source: source.ARN()}
	f.Add(good.Handle())
	f.Add("e30=")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ReadHandle(text)
		if err != nil {
			return
		}
		again := Task{ID: h.TaskID, Source: h.SourceARN}
		if got, err := ReadHandle(again.Handle()); err != nil || got != h {
			t.Errorf("%q is %+v, and that %+v, %v", text, h, got, err)
		}
	})
	if h, err := ReadHandle(good.Handle()); err != nil || h != (Handle{"t", source.ARN()}) {
		f.Errorf("%+v, %v", h, err)
	}
}
