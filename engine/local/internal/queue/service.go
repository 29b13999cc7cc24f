// Package queue keeps an engine's queues in its store.
//
// A message is written once (write.go), leased in memory alone (queue.go,
// front.go), and then settled, or put back with its new due time (return.go).
// What is leased when the process ends is due again when it starts.
package queue

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// Queues implements engine.Queues.
type Queues struct {
	store *store.Store
	nonce atomic.Uint64 // of the last lease of a message

	mu     sync.Mutex // guards what follows
	queues map[string]*queue
}

// New is the queues in a store.
func New(s *store.Store) *Queues {
	q := &Queues{store: s, queues: map[string]*queue{}}
	q.nonce.Store(rand.Uint64() >> 1)
	return q
}

// Save hands in, before the store is closed, how often messages were leased
// that still are.
func (s *Queues) Save() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		q.mu.Lock()
		o := &saveOp{q: q, epoch: q.durable}
		for _, l := range q.leases {
			if l.state == leaseHeld {
				l.stored = true
				o.leases = append(o.leases, *l)
			}
		}
		if len(o.leases) > 0 {
			_ = q.store.Submit(&store.Request{Op: o}) // a store that has failed takes no counts either
		}
		q.mu.Unlock()
	}
}

// find finds a queue; nil where it was never written to and create is false.
func (s *Queues) find(ctx context.Context, name string, create bool) (*queue, error) {
	if err := store.CheckName("queue", name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.store.Enter(); err != nil {
		return nil, err
	}
	defer s.store.Leave()
	return s.queue(name, create)
}

func (s *Queues) Enqueue(ctx context.Context, name string, messages ...engine.Message) ([]uint64, error) {
	if err := store.CheckName("queue", name); err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		return nil, s.store.Idle(ctx)
	}
	o := &enqueueOp{of: s, name: name, messages: make([]stored, len(messages))}
	size := 0
	for i, m := range messages {
		if len(m.Group) > engine.MaxName || len(m.Dedup) > engine.MaxName {
			return nil, fmt.Errorf("a message's group or dedup: %w", engine.ErrName)
		}
		own := stored{due: -1, group: m.Group, dedup: m.Dedup, body: append([]byte{}, m.Body...)}
		if !m.Due.IsZero() {
			own.due = dueMillis(m.Due)
		}
		o.messages[i] = own
		size += own.size() + 128
	}
	if err := s.store.Do(ctx, o, size); err != nil {
		return nil, err
	}
	return o.ids, nil
}

func (s *Queues) Lease(ctx context.Context, name string, n int, d time.Duration) ([]engine.Leased, error) {
	q, err := s.find(ctx, name, false)
	if err != nil || q == nil {
		return nil, err
	}
	if err := s.store.Enter(); err != nil {
		return nil, err
	}
	defer s.store.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.published == 0 {
		return nil, nil
	}
	at := s.store.Look()
	q.expire(at.Now)
	h := harvest{q: q, Moment: at, until: at.After(d), want: n}
	w := walk{q: q, now: at.Now}
	for err == nil && len(h.leased) < n {
		c, ok, e := w.peek()
		if err = e; !ok || c.due > at.Now {
			break
		}
		w.pop(c)
		if err = h.take(c); err != nil {
			q.free(c.place)
		}
	}
	if err := errors.Join(err, w.close()); err != nil && len(h.leased) == 0 {
		return nil, err
	}
	return h.leased, nil
}

// A harvest is the making of leases in one call. The queue's mu is held.
type harvest struct {
	q *queue
	store.Moment
	until  int64
	want   int
	leased []engine.Leased
}

// take leases a candidate and those that follow it in its group.
func (h *harvest) take(c candidate) error {
	if c.group != "" {
		h.q.groups[c.group] = &group{head: c.place}
	}
	ok, err := h.one(c.id, c.hasState)
	if c.group == "" {
		return err
	}
	if g := h.q.groups[c.group]; g.held == 0 {
		delete(h.q.groups, c.group)
	}
	if err != nil || !ok || len(h.leased) >= h.want {
		return err
	}
	lower, upper := memberKey(h.q.id, c.group, c.id+1), memberKey(h.q.id, c.group, math.MaxUint64)
	return store.Scan(h.q.store.DB, lower, upper, func(k, v []byte) (bool, error) {
		id := binary.BigEndian.Uint64(k[len(k)-8:])
		if id > h.q.published {
			return false, nil
		}
		ok, err := h.one(id, len(v) > 0 && v[0]&flagState != 0)
		return ok && len(h.leased) < h.want, err
	})
}

// one leases one message, if it is there and due.
func (h *harvest) one(id uint64, hasState bool) (bool, error) {
	q := h.q
	m, ok, err := q.message(id)
	if err != nil || !ok {
		return false, err // it is being purged
	}
	s := state{due: m.due, delayed: m.delayed}
	if last := q.leases[id]; last != nil {
		s = state{due: last.due, first: last.first, count: last.count, delayed: last.delayed}
		hasState = last.stored
	} else if hasState {
		if s, hasState, err = q.state(id, &m); err != nil {
			return false, err
		}
	}
	if s.due > h.Now {
		return false, nil
	}
	l := &lease{
		id: id, nonce: q.of.nonce.Add(1), due: s.due, delayed: s.delayed,
		first: s.first, count: s.count + 1, stored: hasState, group: m.group,
	}
	if l.count == 1 {
		l.first = h.Wall
	}
	if err := q.hold(l); err != nil {
		return false, err
	}
	q.delayed.remove(l.due, l.delayed)
	q.leases[id] = l
	q.keep(l, h.until)
	leased := q.describe(h.Moment, id, &m, &s)
	leased.Token = makeToken(id, l.nonce)
	h.leased = append(h.leased, leased)
	return true, nil
}

// describe is how a message looks from outside.
func (q *queue) describe(at store.Moment, id uint64, m *stored, s *state) engine.Leased {
	d := engine.Leased{
		Message:  engine.Message{Body: m.body, Due: millis(at.Shown(s.due)), Group: m.group, Dedup: m.dedup},
		ID:       id,
		Leases:   s.count,
		Enqueued: millis(m.enqueued),
	}
	if s.count > 0 {
		d.First = millis(s.first)
	}
	if l := q.leases[id]; l != nil {
		d.Leases, d.First = l.count, millis(l.first)
		if l.state == leaseHeld {
			d.Until = millis(at.Shown(l.until))
		}
	}
	return d
}

func (s *Queues) Settle(ctx context.Context, name string, tokens ...string) ([]bool, error) {
	q, err := s.find(ctx, name, false)
	if err != nil {
		return nil, err
	}
	settled := make([]bool, len(tokens))
	if q == nil {
		return settled, nil
	}
	o := &settleOp{q: q}
	var of []int // tokens, parallel to o.leases
	r := &store.Request{Op: o, Size: 128 * len(tokens)}
	err = s.submit(q, r, func() error {
		o.epoch = q.durable
		for i, t := range tokens {
			l := q.leased(t)
			if l == nil {
				continue
			}
			if err := q.retire(l); err != nil {
				q.revive(o.leases...)
				return err
			}
			o.leases = append(o.leases, l)
			of = append(of, i)
		}
		return nil
	}, func() { q.revive(o.leases...) })
	if err == nil {
		err = r.Wait(ctx)
	}
	if err != nil {
		return nil, err
	}
	for i := range o.leases { // none where the queue was purged meanwhile
		settled[of[i]] = true
	}
	return settled, nil
}

// submit hands in a request that rests on the queue's state in memory: in the
// order of their submission such requests are committed.
func (s *Queues) submit(q *queue, r *store.Request, prepare func() error, undo func()) error {
	if err := s.store.Enter(); err != nil {
		return err
	}
	defer s.store.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := prepare(); err != nil {
		return err
	}
	err := s.store.Submit(r)
	if err != nil {
		undo()
	}
	return err
}

func (s *Queues) PutBack(ctx context.Context, name, token string, due time.Time, keep bool, body []byte) error {
	q, err := s.find(ctx, name, false)
	if err != nil {
		return err
	}
	if q == nil {
		return fmt.Errorf("queue %q has no messages: %w", name, engine.ErrLease)
	}
	o := &putBackOp{q: q, due: s.store.Look().Own(dueMillis(due)), keep: keep}
	if body != nil {
		o.body = append([]byte{}, body...)
	} else if keep {
		return s.extend(q, token, o.due)
	}
	r := &store.Request{Op: o, Size: 256 + len(body)}
	err = s.submit(q, r, func() error {
		o.epoch = q.durable
		if o.l = q.leased(token); o.l == nil {
			return fmt.Errorf("queue %q: %w", name, engine.ErrLease)
		}
		if keep {
			err := q.extend(o.l, o.due)
			if err == nil {
				o.l.writing++
			}
			return err
		}
		return q.retire(o.l)
	}, func() {
		if keep {
			q.written(o.l)
		} else {
			q.revive(o.l)
		}
	})
	if err != nil {
		return err
	}
	return r.Wait(ctx)
}

// extend changes when a lease ends. That is known in memory alone, as the
// lease is.
func (s *Queues) extend(q *queue, token string, until int64) error {
	if err := s.store.Failure(); err != nil {
		return err
	}
	if err := s.store.Enter(); err != nil {
		return err
	}
	defer s.store.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.leased(token)
	if l == nil {
		return fmt.Errorf("queue %q: %w", q.name, engine.ErrLease)
	}
	if err := q.extend(l, until); err != nil {
		return err
	}
	q.wake()
	return nil
}

// maxNap is how long Wait sleeps without a look at the clock. Timers stand still
// while the machine sleeps, and know nothing of a clock that is set forward.
const maxNap = time.Minute

func napFor(millis int64) time.Duration {
	return time.Duration(min(millis, maxNap.Milliseconds())) * time.Millisecond
}

func (s *Queues) Wait(ctx context.Context, name string) error {
	for {
		q, err := s.find(ctx, name, true)
		if err != nil {
			return err
		}
		now := s.store.Look().Now
		at, ok, changed, err := s.next(q, now)
		if err != nil || ok && at <= now {
			return err
		}
		var due <-chan time.Time
		stop := func() bool { return true }
		if ok {
			t := s.store.Clock.NewTimer(napFor(at - now))
			due, stop = t.C, t.Stop
		}
		select {
		case <-changed:
		case <-due:
		case <-ctx.Done():
			err = ctx.Err()
		case <-s.store.Closed():
			err = engine.ErrClosed
		}
		stop()
		if err != nil {
			return err
		}
	}
}

// next is when the first message can be leased, and what will be closed when
// that may have changed.
func (s *Queues) next(q *queue, now int64) (at int64, ok bool, changed <-chan struct{}, err error) {
	if err := s.store.Enter(); err != nil {
		return 0, false, nil, err
	}
	defer s.store.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	at, ok, err = q.nextFree(now)
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return at, ok, q.changed, err
}

func (s *Queues) Depth(ctx context.Context, name string) (d engine.Depth, err error) {
	q, err := s.find(ctx, name, false)
	if err != nil || q == nil {
		return d, err
	}
	if err := s.store.Enter(); err != nil {
		return d, err
	}
	defer s.store.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.total == 0 {
		return d, nil
	}
	m := s.store.Look()
	at, ok, err := q.nextFree(m.Now)
	if err != nil {
		return d, err
	}
	if ok {
		d.Next = millis(m.Shown(at))
	}
	if d.Delayed, err = q.countDelayed(m.Now); err != nil {
		return d, err
	}
	d.Leased = q.held
	d.Due = max(0, q.total-d.Leased-d.Delayed)
	err = store.Scan(s.store.DB, messageKey(q.id, shelfBodies, q.oldest), messageKey(q.id, shelfBodies, q.published+1), func(k, v []byte) (bool, error) {
		m, err := decodeStored(v)
		q.oldest = binary.BigEndian.Uint64(k[shelfLen:])
		d.Oldest = millis(m.enqueued)
		return false, err
	})
	return d, err
}

func (s *Queues) Browse(ctx context.Context, name string, behind uint64, limit int) ([]engine.Leased, error) {
	q, err := s.find(ctx, name, false)
	if err != nil || q == nil {
		return nil, err
	}
	list, err := s.browse(q, behind, limit)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	// What was read may hold a body that is not durable yet.
	return list, s.store.Idle(ctx)
}

func (s *Queues) browse(q *queue, behind uint64, limit int) (list []engine.Leased, err error) {
	if err := s.store.Enter(); err != nil {
		return nil, err
	}
	defer s.store.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.published == 0 || behind >= q.published {
		return nil, nil
	}
	at := s.store.Look()
	lower, upper := messageKey(q.id, shelfBodies, behind+1), messageKey(q.id, shelfBodies, q.published+1)
	err = store.Scan(s.store.DB, lower, upper, func(k, v []byte) (bool, error) {
		id := binary.BigEndian.Uint64(k[shelfLen:])
		m, err := decodeStored(append([]byte(nil), v...))
		if err != nil {
			return false, err
		}
		st, _, err := q.state(id, &m)
		list = append(list, q.describe(at, id, &m, &st))
		return limit <= 0 || len(list) < limit, err
	})
	return list, err
}

func (s *Queues) Purge(ctx context.Context, name string) error { return s.clear(ctx, name, false) }
func (s *Queues) Drop(ctx context.Context, name string) error  { return s.clear(ctx, name, true) }

func (s *Queues) clear(ctx context.Context, name string, drop bool) error {
	if err := store.CheckName("queue", name); err != nil {
		return err
	}
	return s.store.Await(ctx, &store.Request{Op: &clearOp{of: s, name: name, drop: drop}, Size: 64, Barrier: true})
}
