package delivery

import "time"

// What DefaultPolicy's back-off begins with and grows to.
const (
	defaultBase = time.Second
	defaultCap  = 10 * time.Minute
)

// What Dead.Exhausted says, in the words of EventBridge's dead letters
// (user guide, page eb-rule-dlq).
const (
	exhaustedAttempts = "MaximumRetryAttempts"
	exhaustedAge      = "MaximumEventAgeInSeconds"
)

// ceiling is the longest wait before the attempt that follows failed ones:
// Base doubled for each beyond the first, at most Cap.
func (p *Policy) ceiling(failed int) time.Duration {
	d := p.Base
	for i := 1; i < failed && d < p.Cap; i++ {
		d *= 2
	}
	return min(d, p.Cap)
}

// expires is when e becomes too old for another attempt.
func (p *Policy) expires(e *Event) time.Time { return e.Ingested.Add(p.MaxAge) }

// next decides what follows a failed attempt that was e's failed-th: another
// one at due, or the end for the reason that exhausted names (none where the
// failure is final).
//
// The wait is what back-off says or what the target asked for, whichever is
// longer, and nothing where the target asked for no more attempts (a negative
// RetryAfter), as API destinations do it (user guide, page
// eb-api-destinations). Where the event becomes too old before that, it is
// given up when it does, and not earlier: should the target recover meanwhile,
// there is time for another attempt.
func (p *Policy) next(now time.Time, e *Event, failed int, r Result, jitter func(time.Duration) time.Duration) (due time.Time, again bool, exhausted string) {
	switch {
	case r.Kind == Permanent || r.RetryAfter < 0:
		return time.Time{}, false, ""
	case failed > p.MaxRetries:
		return time.Time{}, false, exhaustedAttempts
	case !now.Before(p.expires(e)):
		return time.Time{}, false, exhaustedAge
	}
	due = now.Add(max(jitter(p.ceiling(failed)), r.RetryAfter))
	if end := p.expires(e); due.After(end) {
		due = end
	}
	return due, true, ""
}
