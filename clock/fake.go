package clock

import (
	"context"
	"sync"
	"time"
)

// Fake is a clock that stands still until it is turned. It is safe for
// concurrent use.
type Fake struct {
	mu      sync.Mutex // guards what follows
	now     time.Time
	timers  map[*fakeTimer]struct{}
	changed chan struct{} // closed and replaced whenever timers changes
}

type fakeTimer struct {
	due  time.Time
	fire func(now time.Time)
}

// NewFake is a clock that shows now.
func NewFake(now time.Time) *Fake {
	return &Fake{now: now, timers: map[*fakeTimer]struct{}{}, changed: make(chan struct{})}
}

// Now is the time to which the clock was last turned.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance turns the clock d onwards. Timers that fall due on the way fire in
// the order of their due times, each seeing its own due time as the present,
// also those which are set by a function that fires on the way.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	end := f.now.Add(d)
	for {
		var next *fakeTimer
		for t := range f.timers {
			if !t.due.After(end) && (next == nil || t.due.Before(next.due)) {
				next = t
			}
		}
		if next == nil {
			break
		}
		f.remove(next)
		if next.due.After(f.now) {
			f.now = next.due
		}
		now := f.now
		f.mu.Unlock()
		next.fire(now)
		f.mu.Lock()
	}
	f.now = end
	f.mu.Unlock()
}

// NewTimer implements [Clock].
func (f *Fake) NewTimer(d time.Duration) *Timer {
	c := make(chan time.Time, 1)
	return &Timer{C: c, stop: f.add(d, func(now time.Time) { c <- now })}
}

// AfterFunc implements [Clock]. Advance does not wait for the function.
func (f *Fake) AfterFunc(d time.Duration, fn func()) *Timer {
	return &Timer{stop: f.add(d, func(time.Time) { go fn() })}
}

func (f *Fake) add(d time.Duration, fire func(time.Time)) (stop func() bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &fakeTimer{due: f.now.Add(d), fire: fire}
	if d <= 0 {
		fire(f.now)
		return func() bool { return false }
	}
	f.timers[t] = struct{}{}
	f.notify()
	return func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.remove(t)
	}
}

func (f *Fake) remove(t *fakeTimer) bool {
	if _, ok := f.timers[t]; !ok {
		return false
	}
	delete(f.timers, t)
	f.notify()
	return true
}

func (f *Fake) notify() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// Next is the due time of the timer that will fire first; ok is false where
// none is set.
func (f *Fake) Next() (due time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for t := range f.timers {
		if !ok || t.due.Before(due) {
			due, ok = t.due, true
		}
	}
	return due, ok
}

// WaitForTimers returns when at least n timers are set: the moment at which a
// test knows that the code under test waits, and may turn the clock.
func (f *Fake) WaitForTimers(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		enough, changed := len(f.timers) >= n, f.changed
		f.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
