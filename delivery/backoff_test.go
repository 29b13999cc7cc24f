package delivery

import (
	"testing"
	"time"
)

func TestWhatFollowsAFailedAttempt(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	policy := Policy{MaxRetries: 3, MaxAge: time.Hour, Base: time.Second, Cap: 10 * time.Second}
	longest := func(d time.Duration) time.Duration { return d }
	for _, c := range []struct {
		name      string
		age       time.Duration
		failed    int
		result    Result
		due       time.Duration // from now; 0: no retry
		exhausted string
	}{
		{name: "the first retry comes within the base", failed: 1, result: Result{Kind: Retryable}, due: time.Second},
		{name: "the wait doubles", failed: 3, result: Result{Kind: Throttled}, due: 4 * time.Second},
		{name: "the retries are used up", failed: 4, result: Result{Kind: Retryable}, exhausted: exhaustedAttempts},
		{name: "a final failure exhausts nothing", failed: 1, result: Result{Kind: Permanent}},
		{name: "the target asks for more time", failed: 1, result: Result{Kind: Throttled, RetryAfter: time.Minute}, due: time.Minute},
		{name: "the target asks for less time than back-off takes", failed: 3, result: Result{Kind: Throttled, RetryAfter: time.Second}, due: 4 * time.Second},
		{name: "the target asks for no retry", failed: 1, result: Result{Kind: Retryable, RetryAfter: -1}},
		{name: "the target asks for more time than there is", age: 59 * time.Minute, failed: 1, result: Result{Kind: Throttled, RetryAfter: time.Hour}, due: time.Minute},
		{name: "the time is up", age: time.Hour, failed: 1, result: Result{Kind: Retryable}, exhausted: exhaustedAge},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &Event{Ingested: now.Add(-c.age)}
			due, again, exhausted := policy.next(now, e, c.failed, c.result, longest)
			if again != (c.due > 0) || again && due.Sub(now) != c.due || exhausted != c.exhausted {
				t.Errorf("got %v, %v, %q", due.Sub(now), again, exhausted)
			}
		})
	}
}

func TestBackOffGrowsToItsCap(t *testing.T) {
	p := newSettings(Config{Target: &probe{}}).Policy
	if d := p.ceiling(1); d != time.Second {
		t.Errorf("the first wait is up to %v", d)
	}
	if d := p.ceiling(185); d != 10*time.Minute {
		t.Errorf("the last wait is up to %v", d)
	}
}

func TestJitterUsesTheWholeWait(t *testing.T) {
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		d := fullJitter(time.Second)
		low, high = min(low, d), max(high, d)
	}
	if low > 50*time.Millisecond || high < 950*time.Millisecond || high > time.Second {
		t.Errorf("1,000 waits lie between %v and %v", low, high)
	}
}
