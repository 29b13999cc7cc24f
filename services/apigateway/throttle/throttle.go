// Package throttle holds requests to a rate and a burst, by token buckets (user
// guide, page api-gateway-request-throttling). It is in memory: a restart begins
// with full buckets.
package throttle

import (
	"math"
	"sync"
	"time"
)

// maxBuckets bounds the buckets that are held; beyond it they begin anew.
const maxBuckets = 10_000

// Buckets are token buckets by name. The zero value is ready, and safe for
// concurrent use.
type Buckets struct {
	mu      sync.Mutex // guards buckets
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// Take takes a token from the bucket of a name, which fills at rate a second up
// to burst; false where it is empty.
func (u *Buckets) Take(name string, rate, burst float64, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.buckets[name]
	if b == nil {
		if u.buckets == nil || len(u.buckets) > maxBuckets {
			u.buckets = map[string]*bucket{}
		}
		b = &bucket{tokens: burst, at: now}
		u.buckets[name] = b
	}
	b.tokens = math.Min(burst, b.tokens+rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
