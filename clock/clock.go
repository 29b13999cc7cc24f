// Package clock is the only place where Signalbox reads the time.
//
// Everything that stamps, waits, expires or retries takes a [Clock]. In a
// running server it is [Real]; in a test it is a [*Fake], whose hands the test
// turns, so that a schedule a month away happens in a millisecond.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and waits for it.
type Clock interface {
	// Now is the current time, with a monotonic reading where there is one.
	Now() time.Time
	// NewTimer fires once, d from now; at once where d is not positive.
	NewTimer(d time.Duration) *Timer
	// AfterFunc calls f in a goroutine of its own, d from now. The timer's C is nil.
	AfterFunc(d time.Duration, f func()) *Timer
}

// Timer is one wait. The channel has room for its one tick, so that a timer
// which nobody reads any more blocks nobody.
type Timer struct {
	C    <-chan time.Time
	stop func() bool
}

// Stop prevents the timer from firing. It reports false if it has fired or was
// stopped before.
func (t *Timer) Stop() bool { return t.stop() }

// Sleep waits for d, or for the end of ctx, whose error it then returns.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WithTimeout is context.WithTimeout by the given clock. The context ends with
// cause context.DeadlineExceeded when d has passed.
func WithTimeout(ctx context.Context, c Clock, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := c.(real); ok {
		return context.WithTimeout(ctx, d)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	t := c.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() {
		t.Stop()
		cancel(context.Canceled)
	}
}

// Real is the machine's clock.
func Real() Clock { return real{} }

type real struct{}

func (real) Now() time.Time { return time.Now() }

func (real) NewTimer(d time.Duration) *Timer {
	t := time.NewTimer(d)
	return &Timer{C: t.C, stop: t.Stop}
}

func (real) AfterFunc(d time.Duration, f func()) *Timer {
	return &Timer{stop: time.AfterFunc(d, f).Stop}
}
