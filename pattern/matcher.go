package pattern

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Matcher holds patterns under keys and finds all that match an event at once.
// All methods may be called concurrently; Match never waits for Put or Delete.
type Matcher[K comparable] struct {
	mu   sync.Mutex // taken by writers
	snap atomic.Pointer[map[K]*Pattern]
}

// NewMatcher returns a matcher without patterns.
func NewMatcher[K comparable]() *Matcher[K] {
	m := &Matcher[K]{}
	m.snap.Store(&map[K]*Pattern{})
	return m
}

// Put adds a pattern under key, or replaces the one that is there.
func (m *Matcher[K]) Put(key K, p *Pattern) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := maps.Clone(*m.snap.Load())
	next[key] = p
	m.snap.Store(&next)
	return nil
}

// Delete removes the pattern under key, if there is one.
func (m *Matcher[K]) Delete(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := maps.Clone(*m.snap.Load())
	delete(next, key)
	m.snap.Store(&next)
}

// Match appends the keys of all patterns that match the event, in no order.
func (m *Matcher[K]) Match(dst []K, event []byte) ([]K, error) {
	all, err := leavesOf(event)
	if err != nil {
		return dst, err
	}
	for key, p := range *m.snap.Load() {
		for _, b := range p.branches {
			if satisfiable(b, all, nil) {
				dst = append(dst, key)
				break
			}
		}
	}
	return dst, nil
}

// Len returns how many patterns there are.
func (m *Matcher[K]) Len() int { return len(*m.snap.Load()) }
