package delivery

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
)

// failing answers r to the first n attempts at each event.
func failing(n int, r Result) func(context.Context, Request) Result {
	return func(_ context.Context, q Request) Result {
		if q.Attempt <= n {
			return r
		}
		return Result{}
	}
}

func TestRetriesComeAtTheirTimes(t *testing.T) {
	retry := func(kind Kind, after time.Duration) Result {
		return Result{Kind: kind, Code: "X", RetryAfter: after}
	}
	policy := Policy{MaxRetries: 5, MaxAge: time.Hour}
	for _, c := range []struct {
		name   string
		policy Policy
		fails  int
		result Result
		at     []time.Duration // of the attempts
		ends   time.Duration
		want   Outcome
		why    string
	}{
		{"backing off", policy, 4, retry(Retryable, 0), seconds(0, 1, 3, 7, 15), 15 * time.Second, Delivered, ""},
		{"until they are used up", policy, 99, retry(Retryable, 0), seconds(0, 1, 3, 7, 15, 31), 31 * time.Second, DeadLettered, exhaustedAttempts},
		{"or never where none is allowed", Policy{MaxAge: time.Hour}, 99, retry(Retryable, 0), seconds(0), 0, DeadLettered, exhaustedAttempts},
		{"nor after a final failure", policy, 99, retry(Permanent, 0), seconds(0), 0, DeadLettered, ""},
		{"or when the target asked for them", policy, 2, retry(Throttled, 40*time.Second), seconds(0, 40, 80), 80 * time.Second, Delivered, ""},
		{"but none when the event is too old", Policy{MaxRetries: 185, MaxAge: time.Minute}, 99, retry(Retryable, 0), seconds(0, 1, 3, 7, 15, 31), time.Minute, DeadLettered, exhaustedAge},
		{"also where the target asked for one then", Policy{MaxRetries: 185, MaxAge: time.Minute}, 99, retry(Throttled, time.Hour), seconds(0), time.Minute, DeadLettered, exhaustedAge},
		{"with waits up to the cap", Policy{MaxRetries: 4, MaxAge: time.Hour, Base: 10 * time.Second, Cap: 15 * time.Second}, 99, retry(Retryable, 0), seconds(0, 10, 25, 40, 55), 55 * time.Second, DeadLettered, exhaustedAttempts},
	} {
		bubble(t, c.name, func(t *testing.T) {
			p, l := &probe{answer: failing(c.fails, c.result)}, &ledger{}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, DeadLetters: l, Policy: c.policy})
			r.jitter = longest
			start := time.Now()
			r.Offer(events(1, 1))
			synctest.Wait()
			if _, held := r.Floor(); held {
				t.Error("the floor does not pass the event")
			}
			l.settled(t, 1)
			var at []time.Duration
			for i, call := range p.seen() {
				at = append(at, call.at.Sub(start).Round(100*time.Millisecond))
				if call.attempt != i+1 {
					t.Errorf("attempt %d is numbered %d", i+1, call.attempt)
				}
			}
			if !slices.Equal(at, c.at) {
				t.Errorf("attempts came at %v, not %v", at, c.at)
			}
			if ends := time.Since(start).Round(100 * time.Millisecond); ends != c.ends {
				t.Errorf("it ended after %v, not %v", ends, c.ends)
			}
			if o := l.outcomes["1"]; o[0] != c.want {
				t.Errorf("the outcome is %v", o)
			}
			if l.last["1"].Number != len(at) {
				t.Errorf("the last attempt is %+v", l.last["1"])
			}
			if c.want != DeadLettered {
				return
			}
			d := l.dead[0]
			if d.Exhausted != c.why || d.Attempts != len(c.at) || d.Last.Code != "X" || d.Event.ID != "1" || string(d.Event.Data) != `{"n":1}` || string(d.Input) != `{"n":1}` {
				t.Errorf("the dead letter is %+v", d)
			}
			if s := status(t, r); s.Retries != 0 || s.Dead != 1 {
				t.Errorf("the status is %+v", s)
			}
		})
	}
}

func seconds(s ...int) []time.Duration {
	var d []time.Duration
	for _, n := range s {
		d = append(d, time.Duration(n)*time.Second)
	}
	return d
}

func TestRetriesOutliveTheProcess(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails int           // attempts before the crash
		after time.Duration // what the target asks for
		due   time.Duration
	}{
		{"the first one", 1, 0, time.Second},
		{"a later one", 4, 0, 15 * time.Second},
		{"one that the target asked for", 1, time.Minute, time.Minute},
	} {
		bubble(t, c.name, func(t *testing.T) {
			disk := vfs.NewCrashableMem()
			p, l := &probe{answer: failing(c.fails, Result{Kind: Retryable, RetryAfter: c.after})}, &ledger{}
			cfg := Config{Target: p, Observer: l, Policy: DefaultPolicy}
			r := openRunner(t, openEngine(t, disk), cfg)
			r.jitter = longest
			start := time.Now()
			e := events(7, 7)[0]
			e.Trace = "Root=1"
			r.Offer([]Event{e})
			for len(p.seen()) < c.fails {
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
			clone := disk.CrashClone(vfs.CrashCloneCfg{})
			closeRunner(t, r)

			p2 := &probe{}
			cfg.Target = p2
			r = openRunner(t, openEngine(t, clone), cfg)
			if s := status(t, r); s.Retries != 1 || !s.Oldest.Equal(start) {
				t.Errorf("after the crash the status is %+v", s)
			}
			l.settled(t, 1)
			got := p2.seen()
			if len(got) != 1 || got[0].attempt != c.fails+1 || got[0].input != string(e.Data) {
				t.Fatalf("after the crash the target saw %+v", got)
			}
			if at := got[0].at.Sub(start).Round(200 * time.Millisecond); at != c.due {
				t.Errorf("the retry came after %v, not %v", at, c.due)
			}
		})
	}
}

func TestDeadLetterQueue(t *testing.T) {
	final := func(context.Context, Request) Result {
		return Result{Kind: Permanent, Code: "NO_RESOURCE", Message: "no such thing"}
	}
	bubble(t, "that is not there means dropped", func(t *testing.T) {
		l := &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: &probe{answer: final}, Observer: l, Policy: DefaultPolicy})
		r.Offer(events(1, 3))
		l.settled(t, 3)
		if s := status(t, r); s.Dropped != 3 || l.count(Dropped) != 3 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "that never will take it means dropped", func(t *testing.T) {
		l := &ledger{answer: func(Dead) Result { return Result{Kind: Permanent, Code: "NO_PERMISSIONS"} }}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: &probe{answer: final}, Observer: l, DeadLetters: l, Policy: DefaultPolicy})
		r.Offer(events(1, 3))
		l.settled(t, 3)
		if l.count(Dropped) != 3 {
			t.Errorf("the outcomes are %v", l.outcomes)
		}
	})
	bubble(t, "that is away for long, over a crash too, gets it in the end", func(t *testing.T) {
		disk := vfs.NewCrashableMem()
		var down atomic.Bool
		down.Store(true)
		l := &ledger{answer: func(Dead) Result {
			if down.Load() {
				return refused
			}
			return Result{}
		}}
		p := &probe{answer: final}
		cfg := Config{Target: p, Observer: l, DeadLetters: l, Policy: Policy{MaxRetries: 1, MaxAge: time.Minute}}
		r := openRunner(t, openEngine(t, disk), cfg)
		r.Offer(events(1, 50))
		time.Sleep(30 * time.Minute)
		if _, held := r.Floor(); held || len(l.outcomes) != 0 {
			t.Errorf("held %v, outcomes %v", held, l.outcomes)
		}
		clone := disk.CrashClone(vfs.CrashCloneCfg{})
		closeRunner(t, r)
		down.Store(false)
		openRunner(t, openEngine(t, clone), cfg)
		l.settled(t, 50)
		if len(p.seen()) != 50 {
			t.Errorf("the target saw %d attempts at 50 events", len(p.seen()))
		}
		for _, d := range l.dead {
			if d.Last.Code != "NO_RESOURCE" || d.Attempts != 1 || d.Exhausted != "" {
				t.Fatalf("a dead letter is %+v", d)
			}
		}
	})
	bubble(t, "that is away holds up nothing but what it is for", func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		l := &ledger{answer: func(Dead) Result {
			if down.Load() {
				return refused
			}
			return Result{}
		}}
		p := &probe{answer: func(_ context.Context, q Request) Result {
			if q.Event.Position%2 == 0 {
				return Result{Kind: Permanent, Code: "NO_RESOURCE"}
			}
			return Result{}
		}}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, DeadLetters: l, Policy: DefaultPolicy})
		start := time.Now()
		offer(t, r, events(1, 5000))
		l.settled(t, 2500)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("what could be delivered took %v", took)
		}
		synctest.Wait()
		if s := status(t, r); s.Delivered != 2500 || s.Burials != 2500 || s.Retries != 2500 || s.Held != 0 || s.Down || !s.Oldest.Equal(start) {
			t.Errorf("the status is %+v", s)
		}
		if _, held := r.Floor(); held {
			t.Error("the floor does not pass the burials")
		}
		time.Sleep(24 * time.Hour)
		if n := l.tried.Load(); n > 1000 {
			t.Errorf("a dead-letter queue that is away was tried %d times", n)
		}
		down.Store(false)
		start = time.Now()
		l.settled(t, 5000)
		if took := time.Since(start); took > defaultCap {
			t.Errorf("once it was back it took %v", took)
		}
		if s := status(t, r); s.Dead != 2500 || s.Burials != 0 || s.Retries != 0 || len(l.dead) != 2500 || len(p.seen()) != 5000 {
			t.Errorf("the status is %+v", s)
		}
	})
}

func TestTargetThatIsDown(t *testing.T) {
	bubble(t, "gets all when it is back, first what has waited longest", func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		p, l := &probe{}, &ledger{}
		p.answer = func(context.Context, Request) Result {
			if down.Load() {
				return refused
			}
			return Result{}
		}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, DeadLetters: l, Policy: DefaultPolicy, Concurrency: 1})
		left := events(1, 20_000)
		for range 6 * 60 {
			left = left[r.Offer(left):]
			time.Sleep(10 * time.Second)
		}
		s := status(t, r)
		const bound = downRetries + int(time.Hour/probeEvery) + 8
		if !s.Down || s.Retries > bound || s.Held > defaultWindow || s.LastError == nil || s.LastError.Result.Code != refused.Code {
			t.Errorf("the status is %+v", s)
		}
		if taken := 20_000 - len(left); taken > bound+defaultWindow {
			t.Errorf("%d were taken", taken)
		}
		for range 3 { // few attempts are wasted on it
			before := len(p.seen())
			time.Sleep(time.Minute)
			if n := len(p.seen()) - before; n == 0 || n > 180 {
				t.Errorf("%d attempts in a minute", n)
			}
		}
		waited := dueOrder(t, r)
		failed := len(p.seen())
		down.Store(false)
		back := time.Now()
		for len(p.seen()) == 0 || status(t, r).Down {
			time.Sleep(time.Second)
		}
		if took := time.Since(back); took > 30*time.Second {
			t.Errorf("the first probe came after %v", took)
		}
		again := time.Now()
		var came []string
		for _, c := range p.seen()[failed:] {
			if c.attempt > 1 && slices.Contains(waited, c.id) {
				came = append(came, c.id)
			}
		}
		if len(came) < len(waited) {
			t.Fatalf("%d of %d that waited came at once", len(came), len(waited))
		}
		for i, id := range came[1:] { // the first one was the probe
			// One lot may have been leased before.
			if at := slices.Index(waited, id) - 1; at < i-maxLot || at > i+maxLot {
				t.Errorf("event %s came as number %d, and was due as number %d", id, i, at)
			}
		}
		offer(t, r, left)
		l.settled(t, 20_000)
		if took := time.Since(again); took > time.Second {
			t.Errorf("the rest took %v", took)
		}
		if s := status(t, r); s.Down || s.Delivered != 20_000 || s.LastError != nil || s.Retries != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
	for _, retries := range []int{0, 2} {
		bubble(t, "still lets events through to the dead letters, with retries allowed: "+strconv.Itoa(retries), func(t *testing.T) {
			p, l := &probe{answer: failing(99, refused)}, &ledger{}
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{
				Target: p, Observer: l, DeadLetters: l, Policy: Policy{MaxRetries: retries, MaxAge: time.Hour},
			})
			start := time.Now()
			offer(t, r, events(1, 10_000))
			l.settled(t, 10_000)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if n := len(p.seen()); n != 10_000*(retries+1) || l.count(DeadLettered) != 10_000 {
				t.Errorf("%d attempts, %d dead letters", n, l.count(DeadLettered))
			}
		})
	}
	bubble(t, "has events that become too old given up", func(t *testing.T) {
		p, l := &probe{answer: failing(999, refused)}, &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{
			Target: p, Observer: l, DeadLetters: l, Policy: Policy{MaxRetries: 185, MaxAge: 10 * time.Minute},
		})
		start := time.Now()
		offer(t, r, events(1, 10_000))
		l.settled(t, 10_000)
		if took := time.Since(start); took > 11*time.Minute {
			t.Errorf("it took %v", took)
		}
		for _, d := range l.dead {
			if d.Exhausted != exhaustedAge {
				t.Fatalf("a dead letter is %+v", d)
			}
		}
	})
}

// dueOrder is the events that wait for a retry, in the order of their due times.
func dueOrder(t *testing.T, r *Runner) (ids []string) {
	t.Helper()
	all, err := r.queues.Browse(t.Context(), r.name, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var items []*item
	for _, m := range all {
		it, err := parseRecord(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b *item) int { return a.due.Compare(b.due) })
	for _, it := range items {
		ids = append(ids, it.event.ID)
	}
	return ids
}

func TestRetriesAndFreshEventsShareFairly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &probe{answer: failing(99, Result{Kind: Throttled, RetryAfter: time.Minute})}
		l := &ledger{}
		eng := openEngine(t, vfs.NewMem())
		cfg := Config{Target: p, Observer: l, DeadLetters: l, Policy: DefaultPolicy}
		r := openRunner(t, eng, cfg)
		r.Offer(events(1, 200))
		time.Sleep(time.Second)
		closeRunner(t, r)
		time.Sleep(time.Hour)

		p2 := &probe{pacer: NewPacer(clock.Real(), 10)}
		cfg.Target = p2
		r = openRunner(t, eng, cfg)
		offer(t, r, events(201, 400))
		time.Sleep(10 * time.Second)
		retries := 0
		calls := p2.seen()
		for _, c := range calls {
			if c.attempt > 1 {
				retries++
			}
		}
		if n := len(calls); retries < n/2-2 || retries > n/2+2 {
			t.Errorf("%d of %d attempts were retries", retries, n)
		}
		l.settled(t, 400)
	})
}

func TestFailedWriteLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng := &faultyEngine{Engine: openEngine(t, vfs.NewMem())}
		p, l := &probe{answer: failing(3, refused)}, &ledger{}
		r := openRunner(t, eng, Config{Target: p, Observer: l, DeadLetters: l, Policy: DefaultPolicy})
		eng.broken.Store(true)
		offer(t, r, events(1, 100))
		time.Sleep(time.Minute)
		if low, ok := r.Floor(); !ok || low != 1 {
			t.Errorf("the floor passed to %d, %v while nothing could be written", low, ok)
		}
		for range 20 { // faults come and go
			eng.broken.Store(false)
			time.Sleep(time.Duration(rand.Int64N(int64(time.Second))))
			eng.broken.Store(true)
			time.Sleep(time.Duration(rand.Int64N(int64(time.Second))))
		}
		eng.broken.Store(false)
		l.settled(t, 100)
		if _, ok := r.Floor(); ok || l.count(Delivered) != 100 {
			t.Errorf("%d were delivered", l.count(Delivered))
		}
	})
}

func TestSubmittedEvents(t *testing.T) {
	bubble(t, "are attempted at once", func(t *testing.T) {
		p, l := &probe{}, &ledger{}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l})
		for i := range 10 {
			start := time.Now()
			if err := r.Submit(t.Context(), Event{ID: strconv.Itoa(i), Data: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			calls := p.seen()
			if len(calls) != i+1 || calls[i].at.Sub(start) > time.Millisecond {
				t.Fatalf("event %d: the target saw %+v", i, calls)
			}
		}
		l.settled(t, 10)
		if s := status(t, r); s.Retries != 0 || s.Delivered != 10 {
			t.Errorf("the status is %+v", s)
		}
	})
	bubble(t, "are delivered after a crash", func(t *testing.T) {
		disk := vfs.NewCrashableMem()
		l, hang := &ledger{}, &probe{answer: func(ctx context.Context, _ Request) Result { <-ctx.Done(); return refused }}
		cfg := Config{Target: hang, Observer: l, Timeout: time.Hour}
		r := openRunner(t, openEngine(t, disk), cfg)
		for i := range 30 {
			if err := r.Submit(t.Context(), Event{ID: strconv.Itoa(i)}); err != nil {
				t.Fatal(err)
			}
		}
		clone := disk.CrashClone(vfs.CrashCloneCfg{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = r.Close(ctx)
		cfg.Target = &probe{}
		openRunner(t, openEngine(t, clone), cfg)
		l.settled(t, 30)
	})
}

func TestLeasesThatRunOutLoseNothing(t *testing.T) {
	for _, order := range []Order{Unordered, PerGroup} {
		synctest.Test(t, func(t *testing.T) {
			p, l := &probe{answer: failing(1, refused)}, &ledger{}
			p.pacer = NewPacer(clock.Real(), 1)
			r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, Order: order, Policy: DefaultPolicy})
			var es []Event
			for i := range 40 {
				es = append(es, Event{ID: strconv.Itoa(i), Group: "g"})
			}
			if err := r.Submit(t.Context(), es...); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				time.Sleep(5 * time.Second)
				r.Pause()
				time.Sleep(time.Hour) // more than a lease
				r.Resume()
			}
			l.settled(t, 40)
			if order == PerGroup && !slices.IsSortedFunc(l.order, func(a, b string) int {
				x, _ := strconv.Atoi(a)
				y, _ := strconv.Atoi(b)
				return x - y
			}) {
				t.Errorf("the order was %v", l.order)
			}
			if n := len(p.seen()); n != 80 {
				t.Errorf("%d attempts were made where 80 do", n)
			}
			if s := status(t, r); s.Retries != 0 {
				t.Errorf("the status is %+v", s)
			}
		})
	}
}

// A retry that is due as soon as it is put back may be leased again before its
// round is over; it must not lie about until that lease ends.
func TestRetriesThatAreDueAtOnceAreMadeAtOnce(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		p := &probe{answer: func(_ context.Context, q Request) Result {
			if q.Attempt < 6 {
				return Result{Kind: Retryable, Code: "X"}
			}
			return Result{}
		}}
		policy := Policy{MaxRetries: 100, MaxAge: time.Hour, Base: time.Nanosecond, Cap: time.Nanosecond}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Policy: policy})
		begin := time.Now()
		offer(t, r, events(1, 2000))
		for {
			s, err := r.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.Delivered == 2000 {
				break
			}
			if time.Since(begin) > time.Minute {
				t.Fatalf("after a minute %d of 2000 events are delivered, %d retries are left", s.Delivered, s.Retries)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func TestALeaseThatIsLostMakesNoSecondOutcome(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		l := &ledger{}
		p := &probe{answer: func(_ context.Context, q Request) Result {
			if q.Attempt == 1 {
				return refused
			}
			time.Sleep(20 * time.Minute) // whatever its time-out: longer than the lease
			return Result{}
		}}
		r := openRunner(t, openEngine(t, vfs.NewMem()), Config{Target: p, Observer: l, Policy: DefaultPolicy})
		offer(t, r, events(1, 3))
		l.settled(t, 3)
		time.Sleep(3 * time.Hour)
		l.settled(t, 3) // and once still
		if s := status(t, r); s.Retries != 0 || s.Delivered != 3 {
			t.Errorf("the status is %+v", s)
		}
	})
}

func TestAClockSetBackDelaysNoRetry(t *testing.T) {
	for _, crash := range []bool{false, true} {
		bubble(t, map[bool]string{false: "of the same process", true: "of a process before"}[crash], func(t *testing.T) {
			disk, clk := vfs.NewCrashableMem(), &leaps{Clock: clock.Real()}
			p, l := &probe{answer: failing(4, refused)}, &ledger{}
			start := func(fs vfs.FS) *Runner {
				eng, err := local.Open("data", local.Options{FS: fs, Clock: clk})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { eng.Close() })
				r, err := Open(t.Context(), eng, clk, "delivery/test", Config{Target: p, Observer: l, Policy: DefaultPolicy})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { closeRunner(t, r) })
				r.jitter = longest
				return r
			}
			began := time.Now()
			r := start(disk)
			es := events(1, 20)
			for i := range es {
				es[i].Ingested = clk.Now()
			}
			offer(t, r, es)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if crash {
				clone := disk.CrashClone(vfs.CrashCloneCfg{})
				closeRunner(t, r)
				clk.leap(-time.Hour)
				start(clone)
			} else {
				clk.leap(-time.Hour)
			}
			l.settled(t, 20)
			if took := time.Since(began).Round(time.Second); took > 20*time.Second {
				t.Errorf("what takes 15 s took %v", took)
			}
		})
	}
}
