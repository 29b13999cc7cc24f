package enginetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// A modelQueue is a queue in the plainest form that its documentation allows.
type modelQueue struct {
	messages []*modelMessage // by id
	last     uint64
	dedup    map[string]modelDedup
}

type modelMessage struct {
	id       uint64
	body     string
	group    string
	enqueued time.Time
	due      time.Time
	token    string // of the last lease; void once put back
	until    time.Time
	leases   int
	first    time.Time
	vague    bool // a reopening may have lost the count of leases
}

type modelDedup struct {
	id uint64
	at time.Time
}

func (m *modelMessage) held(now time.Time) bool { return m.until.After(now) }

// blocked tells whether the group of m holds it back, apart from messages that
// are leased in the same call.
func (q *modelQueue) blocked(m *modelMessage, now time.Time, together map[uint64]bool) bool {
	if m.group == "" {
		return false
	}
	for _, o := range q.messages {
		if o.group != m.group || together[o.id] {
			continue
		}
		if o.held(now) || o.id < m.id {
			return true
		}
	}
	return false
}

func (q *modelQueue) leasable(m *modelMessage, now time.Time) bool {
	return !m.held(now) && !m.due.After(now) && !q.blocked(m, now, nil)
}

func (q *modelQueue) find(id uint64) *modelMessage {
	i, ok := slices.BinarySearchFunc(q.messages, id, func(m *modelMessage, id uint64) int { return int(m.id) - int(id) })
	if !ok {
		return nil
	}
	return q.messages[i]
}

// run is one random run of a queue beside its model.
type run struct {
	*harness
	rng    *rand.Rand
	q      modelQueue
	tokens []string // ever given out
}

func queueModel(h *harness) {
	h.needClock()
	for seed := range uint64(4) {
		r := &run{harness: h, rng: rand.New(rand.NewPCG(seed, 7)), q: modelQueue{dedup: map[string]modelDedup{}}}
		h.must(h.Engine.Queues().Drop(h.ctx(), "q"))
		for range 400 {
			r.step()
			r.compare()
		}
	}
}

func (r *run) step() {
	switch k := r.rng.IntN(100); {
	case k < 30:
		r.enqueueSome()
	case k < 55:
		r.leaseSome()
	case k < 72:
		r.settleSome()
	case k < 84:
		r.putBack()
	case k < 97:
		r.Clock.Advance(time.Duration(r.rng.IntN(4000)) * time.Millisecond)
		if r.rng.IntN(30) == 0 {
			r.Clock.Advance(engine.DedupWindow)
		}
	case k < 98:
		r.must(r.Engine.Queues().Purge(r.ctx(), "q"))
		r.q.messages = nil
	case r.Reopen != nil:
		r.reopen()
		for _, m := range r.q.messages {
			m.until, m.token, m.vague = time.Time{}, "", true
		}
	}
}

func (r *run) later() time.Time {
	return r.Clock.Now().Add(time.Duration(r.rng.IntN(5000)) * time.Millisecond)
}

func (r *run) enqueueSome() {
	now := r.Clock.Now()
	var list []engine.Message
	var want []uint64
	for range 1 + r.rng.IntN(3) {
		m := engine.Message{Body: fmt.Appendf(nil, "m%d", r.rng.IntN(1e6))}
		model := &modelMessage{body: string(m.Body), enqueued: now, due: now}
		if r.rng.IntN(3) == 0 {
			m.Due = r.later()
			model.due = m.Due
		}
		if r.rng.IntN(2) == 0 {
			m.Group = fmt.Sprint("g", r.rng.IntN(4))
			model.group = m.Group
		}
		if r.rng.IntN(3) == 0 {
			m.Dedup = fmt.Sprint("d", r.rng.IntN(20))
		}
		list = append(list, m)
		if d, ok := r.q.dedup[m.Dedup]; ok && now.Sub(d.at) < engine.DedupWindow {
			want = append(want, d.id)
			continue
		}
		r.q.last++
		model.id = r.q.last
		if m.Dedup != "" {
			r.q.dedup[m.Dedup] = modelDedup{model.id, now}
		}
		r.q.messages = append(r.q.messages, model)
		want = append(want, model.id)
	}
	r.equal(r.enqueue("q", list...), want)
}

func (r *run) leaseSome() {
	now := r.Clock.Now()
	n := 1 + r.rng.IntN(5)
	d := time.Duration(r.rng.IntN(4000)) * time.Millisecond
	got := r.lease("q", n, d)
	if len(got) > n {
		r.Fatalf("%d messages leased where %d were asked for", len(got), n)
	}
	together := map[uint64]bool{}
	for _, l := range got {
		m := r.q.find(l.ID)
		switch {
		case m == nil:
			r.Fatalf("message %d is leased that is not there", l.ID)
		case together[l.ID] || m.held(now):
			r.Fatalf("message %d is leased twice", l.ID)
		case m.due.After(now):
			r.Fatalf("message %d is leased before it is due", l.ID)
		case r.q.blocked(m, now, together):
			r.Fatalf("message %d is leased before its turn in group %s", l.ID, m.group)
		case string(l.Body) != m.body || l.Group != m.group || !l.Enqueued.Equal(m.enqueued) || !l.Until.Equal(now.Add(d)):
			r.Fatalf("message %+v is leased as %+v", *m, l)
		}
		together[l.ID] = true
		if m.leases++; m.leases == 1 {
			m.first = now
		}
		if m.vague && l.Leases >= 1 && l.Leases <= m.leases {
			m.leases, m.first, m.vague = l.Leases, l.First, false
		}
		if l.Leases != m.leases || !l.First.Equal(m.first) {
			r.Fatalf("message %d is leased for the %dth time since %v, want %d, %v", l.ID, l.Leases, l.First, m.leases, m.first)
		}
		m.token = l.Token
		r.tokens = append(r.tokens, l.Token)
	}
	for id := range together {
		r.q.find(id).until = now.Add(d)
	}
	if len(got) < n && d > 0 {
		for _, m := range r.q.messages {
			if r.q.leasable(m, now) {
				r.Fatalf("message %d was not leased, though %d more were asked for", m.id, n-len(got))
			}
		}
	}
}

// token picks one that was given out, mostly one that may be valid.
func (r *run) token() string {
	if len(r.q.messages) > 0 && r.rng.IntN(5) > 0 {
		if t := r.q.messages[r.rng.IntN(len(r.q.messages))].token; t != "" {
			return t
		}
	}
	if len(r.tokens) == 0 {
		return "nonsense"
	}
	return r.tokens[r.rng.IntN(len(r.tokens))]
}

func (r *run) owner(token string) *modelMessage {
	for _, m := range r.q.messages {
		if m.token == token {
			return m
		}
	}
	return nil
}

func (r *run) settleSome() {
	var tokens []string
	want := 0
	for range 1 + r.rng.IntN(3) {
		t := r.token()
		tokens = append(tokens, t)
		if m := r.owner(t); m != nil {
			want++
			r.q.messages = slices.DeleteFunc(r.q.messages, func(o *modelMessage) bool { return o == m })
		}
	}
	r.settle("q", want, tokens...)
}

func (r *run) putBack() {
	t, due, keep := r.token(), r.later(), r.rng.IntN(3) == 0
	var body []byte
	if r.rng.IntN(2) == 0 {
		body = fmt.Appendf(nil, "b%d", r.rng.IntN(1e6))
	}
	err := r.Engine.Queues().PutBack(r.ctx(), "q", t, due, keep, body)
	m := r.owner(t)
	if m == nil {
		r.is(err, engine.ErrLease)
		return
	}
	r.must(err)
	if body != nil {
		m.body = string(body)
	}
	if keep && body == nil {
		m.until = due
	} else if keep {
		m.until = due
	} else {
		m.due, m.token, m.until = due, "", time.Time{}
	}
}

// compare checks what can be seen of the queue.
func (r *run) compare() {
	r.Helper()
	now := r.Clock.Now()
	var want engine.Depth
	for _, m := range r.q.messages {
		switch {
		case m.held(now):
			want.Leased++
		case m.due.After(now):
			want.Delayed++
		default:
			want.Due++
		}
		if want.Oldest.IsZero() || m.enqueued.Before(want.Oldest) {
			want.Oldest = m.enqueued
		}
		next := m.due
		if m.held(now) {
			next = m.until
		} else if r.q.blocked(m, now, nil) {
			continue
		}
		if want.Next.IsZero() || next.Before(want.Next) {
			want.Next = next
		}
	}
	got, err := r.Engine.Queues().Depth(r.ctx(), "q")
	r.must(err)
	if got.Due != want.Due || got.Delayed != want.Delayed || got.Leased != want.Leased || !got.Oldest.Equal(want.Oldest) {
		r.Fatalf("depth is %+v, want %+v", got, want)
	}
	// What can be leased at once may be told by any time up to now.
	if !got.Next.Equal(want.Next) && (got.Next.After(now) || want.Next.After(now)) {
		r.Fatalf("the next message is told for %v, want %v (now %v)", got.Next, want.Next, now)
	}
	list, err := r.Engine.Queues().Browse(r.ctx(), "q", 0, 0)
	r.must(err)
	if len(list) != len(r.q.messages) {
		r.Fatalf("%d messages are listed, want %d", len(list), len(r.q.messages))
	}
	for i, m := range r.q.messages {
		if l := list[i]; l.ID != m.id || string(l.Body) != m.body || l.Group != m.group {
			r.Fatalf("message %+v is listed as %+v", *m, l)
		}
	}
}
