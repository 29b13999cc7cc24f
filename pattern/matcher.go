package pattern

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/signalbox/signalbox/pattern/internal/engine"
	"github.com/signalbox/signalbox/pattern/internal/persist"
)

// Matcher holds patterns under keys and finds all that match an event at once.
// All methods may be called concurrently. Match works on an immutable snapshot
// and never waits for Put or Delete.
type Matcher[K comparable] struct {
	now  atomic.Pointer[state[K]]
	pool atomic.Pointer[sync.Pool] // of *engine.Scan

	mu    sync.Mutex // guards what follows
	w     *engine.Writer
	rules map[K]*entry
	slots engine.IDs
	peak  int // the most rules since all was last made anew
}

// state is what Match sees.
type state[K comparable] struct {
	snap engine.Snapshot
	keys persist.Vector[K] // by rule
	n    int
}

// entry is what a key stands for.
type entry struct {
	id   uint32
	held *engine.Rule
}

// NewMatcher returns a matcher without patterns.
func NewMatcher[K comparable]() *Matcher[K] {
	m := &Matcher[K]{w: engine.NewWriter(), rules: map[K]*entry{}}
	m.pool.Store(new(sync.Pool))
	m.now.Store(&state[K]{snap: m.w.Snapshot()})
	return m
}

// Put adds a pattern under key, or replaces the one that is there: a Match that
// runs meanwhile sees one of the two. What a pattern can cost is bounded when it
// is parsed; Put refuses only what Parse has not made.
func (m *Matcher[K]) Put(key K, p *Pattern) error {
	if p == nil || len(p.branches) == 0 {
		return errors.New("putting a pattern: it was not made by Parse")
	}
	m.put(key, p)
	return nil
}

func (m *Matcher[K]) put(key K, p *Pattern) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := *m.now.Load()
	r := m.rules[key]
	if r == nil {
		r = &entry{id: m.slots.Take()}
		m.rules[key] = r
		now.keys = now.keys.With(r.id, key)
		now.n++
	}
	old := r.held
	r.held = m.w.Add(r.id, p.branches)
	if old != nil {
		m.w.Remove(old)
	}
	m.peak = max(m.peak, now.n)
	now.snap = m.w.Snapshot()
	m.now.Store(&now)
}

// Delete removes the pattern under key, if there is one.
func (m *Matcher[K]) Delete(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rules[key]
	if r == nil {
		return
	}
	delete(m.rules, key)
	m.w.Remove(r.held)
	now := *m.now.Load()
	var zero K
	now.keys = now.keys.With(r.id, zero)
	now.n--
	m.slots.Give(r.id)
	if m.peak > keptPeak && now.n < m.peak/4 {
		m.renew(&now)
	}
	now.snap = m.w.Snapshot()
	m.now.Store(&now)
}

// keptPeak is up to how many rules the room for them is kept.
const keptPeak = 100

// renew makes everything anew, so that what many rules took is given back.
func (m *Matcher[K]) renew(now *state[K]) {
	old := m.rules
	m.w, m.rules, m.slots, m.peak = engine.NewWriter(), make(map[K]*entry, len(old)), engine.IDs{}, now.n
	now.keys = persist.Vector[K]{}
	for key, r := range old {
		id := m.slots.Take()
		m.rules[key] = &entry{id, m.w.Add(id, r.held.Branches())}
		now.keys = now.keys.With(id, key)
	}
	m.pool.Store(new(sync.Pool))
}

// Match appends the keys of all patterns that match the event, in no order and
// each once. It allocates nothing if dst has room. It fails only if event is no
// JSON object, and reads no more of it than it needs to tell.
func (m *Matcher[K]) Match(dst []K, event []byte) ([]K, error) {
	now := m.now.Load()
	pool := m.pool.Load()
	s, _ := pool.Get().(*engine.Scan)
	if s == nil {
		s = new(engine.Scan)
	}
	defer pool.Put(s)
	err := s.Match(&now.snap, event, func(rule uint32) { dst = append(dst, now.keys.At(rule)) })
	return dst, err
}

// Len returns how many patterns there are.
func (m *Matcher[K]) Len() int { return m.now.Load().n }
