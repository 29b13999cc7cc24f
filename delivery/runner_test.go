package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

func TestOfferedEvents(t *testing.T) {
	bubble(t, "are delivered without a write", func(t *testing.T) {
		eng := &faultyEngine{Engine: openEngine(t, vfs.NewMem())}
		l, p := &ledger{}, &probe{}
		r := openRunner(t, eng, Config{Target: p, Observer: l, Policy: DefaultPolicy})
		offer(t, r, events(1, 5000))
		l.settled(t, 5000)
		if n := eng.writes.Load(); n != 0 {
			t.Errorf("%d writes were made", n)
		}
		if low, ok := r.Floor(); ok {
			t.Errorf("%d is left unsettled", low)
		}
		if s := status(t, r); s.Delivered != 5000 || s.Held != 0 || s.Retries != 0 || !s.Oldest.IsZero() {
			t.Errorf("the status is %+v", s)
		}
		if c := p.seen()[0]; c.attempt != 1 || c.input != `{"n":`+c.id+`}` {
			t.Errorf("the target was given %+v", c)
		}
	})
	bubble(t, "are taken up to the window, and room is told of", func(t *testing.T) {
		release := make(chan struct{})
		p := &probe{answer: func(context.Context, Request) Result { <-release; return Result{} }}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Window: 100, Concurrency: 10})
		if n := r.Offer(events(1, 150)); n != 100 {
			t.Errorf("%d were taken", n)
		}
		synctest.Wait()
		if n := r.Offer(events(101, 150)); n != 0 {
			t.Errorf("%d were taken into a full window", n)
		}
		select {
		case <-r.Room():
			t.Error("room was told of though there is none")
		default:
		}
		close(release)
		<-r.Room()
		if n := r.Offer(events(101, 150)); n == 0 {
			t.Error("there was no room after all")
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.most != 10 {
			t.Errorf("%d attempts were under way at a time", p.most)
		}
	})
	bubble(t, "are bounded in bytes", func(t *testing.T) {
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: &probe{}})
		r.Pause()
		es := events(1, 1000)
		for i := range es {
			es[i].Data = make([]byte, 1<<20)
		}
		if n := r.Offer(es); n < 8 || n > 16 {
			t.Errorf("%d megabytes were taken", n)
		}
		r.Resume()
	})
	bubble(t, "go in batches as far as they are there", func(t *testing.T) {
		gate := make(chan struct{}, 100)
		p := &probe{batch: 10, answer: func(context.Context, Request) Result { <-gate; return Result{} }}
		l := &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Concurrency: 1, Observer: l})
		r.Offer(events(1, 1))
		synctest.Wait()
		r.Offer(events(2, 16))
		close(gate)
		l.settled(t, 16)
		p.mu.Lock()
		defer p.mu.Unlock()
		if want := []int{1, 10, 5}; !slices.Equal(p.lots, want) {
			t.Errorf("the batches were %v, not %v", p.lots, want)
		}
	})
	bubble(t, "wait while the runner pauses", func(t *testing.T) {
		l, p := &ledger{}, &probe{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l})
		r.Pause()
		r.Offer(events(1, 10))
		if err := r.Submit(t.Context(), Event{ID: "s"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := len(p.seen()); n != 0 {
			t.Errorf("%d attempts were made", n)
		}
		r.Resume()
		l.settled(t, 11)
	})
	bubble(t, "meet the new target after an update", func(t *testing.T) {
		old, l := &probe{}, &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: old, Observer: l})
		r.Pause()
		r.Offer(events(1, 10))
		fresh := &probe{}
		r.Update(Config{Target: fresh, Observer: l})
		r.Resume()
		l.settled(t, 10)
		if len(old.seen()) != 0 || len(fresh.seen()) != 10 {
			t.Errorf("the old one had %d, the new one %d", len(old.seen()), len(fresh.seen()))
		}
	})
}

func TestTargetsThatMisbehave(t *testing.T) {
	for _, c := range []struct {
		name   string
		target Target
		code   string
	}{
		{"a panic is a failure that may pass", &probe{answer: func(context.Context, Request) Result { panic("nil map") }}, "INTERNAL_ERROR"},
		{"a missing result is a failure that may pass", noResults{}, "INTERNAL_ERROR"},
		{"a time-out ends the attempt", &probe{answer: func(ctx context.Context, _ Request) Result {
			<-ctx.Done()
			return Result{Kind: Retryable, Code: "TIMEOUT", Message: context.Cause(ctx).Error()}
		}}, "TIMEOUT"},
	} {
		bubble(t, c.name, func(t *testing.T) {
			l := &ledger{}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{
				Target: c.target, Observer: l, DeadLetters: l, Timeout: 5 * time.Second,
				Policy: Policy{MaxRetries: 1, MaxAge: time.Hour},
			})
			r.Offer(events(1, 1))
			l.settled(t, 1)
			if len(l.dead) != 1 || l.dead[0].Last.Code != c.code || l.dead[0].Attempts != 2 {
				t.Errorf("the dead letters are %+v", l.dead)
			}
			if took := l.last["1"].Duration; c.code == "TIMEOUT" && took != 5*time.Second {
				t.Errorf("the attempt took %v", took)
			}
		})
	}
}

type noResults struct{}

func (noResults) Deliver(context.Context, []Request) []Result { return nil }
func (noResults) MaxBatch() int                               { return 1 }

func TestTransform(t *testing.T) {
	for _, c := range []struct {
		name      string
		transform func([]byte, *Event) ([]byte, error)
		input     string
		dead      bool
	}{
		{"makes the input", func(dst []byte, e *Event) ([]byte, error) { return append(dst, "<"+e.ID+">"...), nil }, "<1>", false},
		{"that fails is final", func([]byte, *Event) ([]byte, error) { return nil, errors.New("no JSON") }, "", true},
		{"that panics is final", func([]byte, *Event) ([]byte, error) { panic("index out of range") }, "", true},
	} {
		bubble(t, c.name, func(t *testing.T) {
			l, p := &ledger{}, &probe{}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Transform: c.transform, Observer: l, DeadLetters: l, Policy: DefaultPolicy})
			r.Offer(events(1, 1))
			l.settled(t, 1)
			if c.dead {
				if len(p.seen()) != 0 || len(l.dead) != 1 || l.dead[0].Last.Kind != Permanent || l.dead[0].Exhausted != "" {
					t.Errorf("%d calls, dead letters %+v", len(p.seen()), l.dead)
				}
			} else if got := p.seen(); len(got) != 1 || got[0].input != c.input {
				t.Errorf("the target saw %+v", got)
			}
		})
	}
}

func TestClose(t *testing.T) {
	bubble(t, "waits for attempts under way and leaves the rest above the floor", func(t *testing.T) {
		l := &ledger{}
		p := &probe{answer: func(context.Context, Request) Result { time.Sleep(time.Second); return Result{} }}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Concurrency: 3, Observer: l})
		r.Offer(events(1, 10))
		synctest.Wait()
		closeRunner(t, r)
		closeRunner(t, r)
		if low, ok := r.Floor(); !ok || low != 4 || l.count(Delivered) != 3 {
			t.Errorf("the floor is %d, %d are delivered", low, l.count(Delivered))
		}
		if n := r.Offer(events(11, 11)); n != 0 {
			t.Error("a closed runner takes events")
		}
		if err := r.Submit(t.Context(), Event{ID: "late"}); !errors.Is(err, ErrClosed) {
			t.Errorf("a closed runner answers %v to Submit", err)
		}
	})
	bubble(t, "cuts off attempts when its context ends, and counts none of them", func(t *testing.T) {
		l := &ledger{}
		eng := openEngine(t, vfs.NewMem())
		hang := &probe{answer: func(ctx context.Context, _ Request) Result { <-ctx.Done(); return refused }}
		cfg := Config{Target: hang, Observer: l, Timeout: time.Hour, Policy: Policy{MaxRetries: 0, MaxAge: time.Hour}}
		r := openRunner(t, eng, cfg)
		r.Offer(events(1, 3))
		if err := r.Submit(t.Context(), Event{ID: "submitted"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close answered %v", err)
		}
		if low, ok := r.Floor(); !ok || low != 1 || l.failed != 0 || len(l.outcomes) != 0 {
			t.Errorf("the floor is %d, %d failures, outcomes %v", low, l.failed, l.outcomes)
		}
		good := &probe{}
		cfg.Target = good
		start := time.Now()
		again := openRunner(t, eng, cfg)
		offer(t, again, events(1, 3))
		l.settled(t, 4)
		if took := time.Since(start); took > time.Second {
			t.Errorf("the submitted event's lease held the next runner up for %v", took)
		}
	})
	bubble(t, "of a dropped runner leaves nothing", func(t *testing.T) {
		eng := openEngine(t, vfs.NewMem())
		p := &probe{answer: func(context.Context, Request) Result { return refused }}
		r := openRunner(t, eng, Config{Target: p, Policy: DefaultPolicy})
		r.Offer(events(1, 100))
		time.Sleep(10 * time.Second)
		if s := status(t, r); s.Retries != 100 || !s.Down || s.LastError == nil {
			t.Errorf("the status is %+v", s)
		}
		if err := r.Drop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d, err := eng.Queues().Depth(t.Context(), "delivery/test"); err != nil || d != (engine.Depth{}) {
			t.Errorf("%+v is left, error %v", d, err)
		}
	})
}

func TestDrop(t *testing.T) {
	bubble(t, "does not wait for a target that takes its time", func(t *testing.T) {
		hang := &probe{answer: func(ctx context.Context, _ Request) Result { <-ctx.Done(); return refused }}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: hang, Timeout: time.Hour})
		r.Offer(events(1, 3))
		synctest.Wait()
		start := time.Now()
		if err := r.Drop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	for _, slow := range []time.Duration{time.Second / 2, time.Hour} {
		bubble(t, fmt.Sprintf("leaves nothing of what is submitted meanwhile, where that takes %v", slow), func(t *testing.T) {
			eng := &faultyEngine{Engine: openEngine(t, vfs.NewMem()), slow: slow}
			r := openRunner(t, eng, Config{Target: &probe{answer: failing(9, refused)}, Policy: DefaultPolicy})
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = r.Submit(t.Context(), Event{ID: "late"})
			}()
			synctest.Wait()
			if err := r.Drop(t.Context()); err != nil {
				t.Error(err)
			}
			<-done
			if d, err := eng.Queues().Depth(t.Context(), "delivery/test"); err != nil || d != (engine.Depth{}) {
				t.Errorf("%+v is left, error %v", d, err)
			}
		})
	}
}

func TestARunnerThatIsOpenedPausedBeginsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng := openEngine(t, vfs.NewMem())
		p, l := &probe{answer: failing(1, refused)}, &ledger{}
		cfg := Config{Target: p, Observer: l, Policy: DefaultPolicy}
		r := openRunner(t, eng, cfg)
		r.Offer(events(1, 1))
		synctest.Wait()
		closeRunner(t, r)
		cfg.Paused = true
		r = openRunner(t, eng, cfg)
		r.Offer(events(2, 2))
		time.Sleep(time.Hour)
		if n := len(p.seen()); n != 1 {
			t.Errorf("%d attempts were made", n)
		}
		r.Resume()
		l.settled(t, 2)
	})
}

func TestRate(t *testing.T) {
	bubble(t, "of 20 a second is kept with 500 waiting, and nobody else waits", func(t *testing.T) {
		eng := openEngine(t, vfs.NewMem())
		slow, fast := &probe{pacer: NewPacer(clock.Real(), 20)}, &probe{}
		slow.answer = func(context.Context, Request) Result { time.Sleep(300 * time.Millisecond); return Result{} }
		a, b := &ledger{}, &ledger{}
		ra := openRunner(t, eng, Config{Target: slow, Observer: a, Timeout: time.Second, Policy: DefaultPolicy})
		rb, err := Open(t.Context(), eng, clock.Real(), "delivery/other", Config{Target: fast, Observer: b})
		if err != nil {
			t.Fatal(err)
		}
		defer closeRunner(t, rb)
		start := time.Now()
		if ra.Offer(events(1, 500)) != 500 || rb.Offer(events(1, 500)) != 500 {
			t.Fatal("not all were taken")
		}
		b.settled(t, 500)
		if took := time.Since(start); took > 10*time.Millisecond {
			t.Errorf("the other target waited %v", took)
		}
		a.settled(t, 500)
		took := time.Since(start)
		var at []time.Time
		for _, c := range slow.seen() {
			at = append(at, c.at)
		}
		if n := most(at); n > 20 {
			t.Errorf("%d came within one second", n)
		}
		if rate := 500 / took.Seconds(); rate < 19 {
			t.Errorf("%.1f a second were reached", rate)
		}
		if a.failed != 0 {
			t.Errorf("%d attempts failed", a.failed)
		}
	})
	bubble(t, "holds also where the target has got it late", func(t *testing.T) {
		p, l := &probe{}, &ledger{}
		late := &latePacer{probe: p}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: late, Observer: l, Concurrency: 4})
		r.Offer(events(1, 4))
		l.settled(t, 4)
		late.pacer.Store(NewPacer(clock.Real(), 10))
		r.Offer(events(5, 8))
		l.settled(t, 8)
		time.Sleep(time.Second)
		start := time.Now()
		r.Offer(events(9, 58))
		l.settled(t, 58)
		if took := time.Since(start); took < 4*time.Second {
			t.Errorf("50 took %v at 10 a second", took)
		}
	})
	bubble(t, "makes old events wait until they are given up without an attempt", func(t *testing.T) {
		p, l := &probe{pacer: NewPacer(clock.Real(), 1)}, &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{
			Target: p, Observer: l, DeadLetters: l, Policy: Policy{MaxRetries: 185, MaxAge: time.Minute},
		})
		start := time.Now()
		r.Offer(events(1, 100))
		l.settled(t, 100)
		if n := l.count(Delivered); n < 57 || n > 60 {
			t.Errorf("%d were delivered within a minute at one a second", n)
		}
		for _, d := range l.dead {
			if d.Exhausted != exhaustedAge || d.Attempts != 0 || d.Last.Code == "" {
				t.Fatalf("a dead letter is %+v", d)
			}
		}
		if took := time.Since(start); took > 62*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

type latePacer struct {
	*probe
	pacer atomic.Pointer[Pacer]
}

func (l *latePacer) Pacer() *Pacer { return l.pacer.Load() }

func TestRunnersShareNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng := openEngine(t, vfs.NewMem())
		hang := &probe{answer: func(ctx context.Context, _ Request) Result { <-ctx.Done(); return refused }}
		stuck := openRunner(t, eng, Config{Target: hang, Policy: DefaultPolicy, Timeout: time.Hour})
		left := events(1, 100_000)
		left = left[stuck.Offer(left):]
		start := time.Now()
		for i := range 10 {
			l := &ledger{}
			r, err := Open(t.Context(), eng, clock.Real(), fmt.Sprint("delivery/", i), Config{Target: &probe{}, Observer: l})
			if err != nil {
				t.Fatal(err)
			}
			offer(t, r, events(1, 1000))
			l.settled(t, 1000)
			closeRunner(t, r)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("the others took %v", took)
		}
		if len(left) != 100_000-defaultWindow || stuck.Offer(left) != 0 {
			t.Errorf("%d of a hundred thousand were not taken", len(left))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = stuck.Close(ctx)
	})
}
