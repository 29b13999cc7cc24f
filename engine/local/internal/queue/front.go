package queue

import (
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// A walk looks at the messages of a queue that nobody has leased, in the order
// of their due times: those in early, and those from the front onwards. It is
// used with the queue's mu held, and must be closed.
type walk struct {
	q   *queue
	now int64
	it  *pebble.Iterator // from the front onwards; nil before it is needed
}

// A candidate can be leased once it is due.
type candidate struct {
	place
	hasState bool
	group    string
	early    bool
}

func (w *walk) close() error {
	if w.it == nil {
		return nil
	}
	return w.it.Close()
}

// peek finds the candidate that falls due first.
func (w *walk) peek() (best candidate, ok bool, err error) {
	early, ok, err := w.peekEarly()
	if err != nil {
		return early, false, err
	}
	ahead, found, err := w.peekFront()
	if err != nil {
		return ahead, false, err
	}
	if found && (!ok || ahead.before(early.place)) {
		return ahead, true, nil
	}
	return early, ok, nil
}

// pop takes the candidate that peek has found, so that the next one is found.
func (w *walk) pop(c candidate) {
	if c.early {
		w.q.early.pop()
	} else {
		w.pass(c.place)
	}
}

func (w *walk) pass(p place) {
	w.q.front = place{p.due, p.id + 1}
	w.it.Next()
}

// taken tells whether a message is leased, or its group is.
func (q *queue) taken(c candidate) bool {
	if l := q.leases[c.id]; l != nil && l.state != leaseOver {
		return true
	}
	return c.group != "" && q.groups[c.group] != nil
}

func decodeDue(p place, v []byte) candidate {
	c := candidate{place: p}
	if len(v) > 0 {
		c.hasState = v[0]&flagState != 0
		c.group = string(v[1:])
	}
	return c
}

// peekEarly drops what became void since it was put there: who takes a message
// or moves it does not search the heap.
func (w *walk) peekEarly() (candidate, bool, error) {
	q := w.q
	for len(q.early) > 0 {
		p := q.early[0]
		v, err := store.Get(q.store.DB, placeKey(q.id, shelfDue, p))
		if err != nil {
			return candidate{}, false, err
		}
		c := decodeDue(p, v)
		c.early = true
		if v != nil && !q.taken(c) {
			return c, true, nil
		}
		q.early.pop()
	}
	return candidate{}, false, nil
}

// peekFront moves the front beyond what is due but taken or not durable.
func (w *walk) peekFront() (candidate, bool, error) {
	q := w.q
	if w.it == nil {
		it, err := q.store.DB.NewIter(&pebble.IterOptions{
			LowerBound: placeKey(q.id, shelfDue, q.front),
			UpperBound: shelf(q.id, shelfDue+1),
		})
		if err != nil {
			return candidate{}, false, fmt.Errorf("reading queue %q: %w", q.name, err)
		}
		w.it = it
		it.First()
	}
	for w.it.Valid() {
		p := placeOf(w.it.Key())
		v, err := w.it.ValueAndErr()
		if err != nil {
			return candidate{}, false, fmt.Errorf("reading queue %q: %w", q.name, err)
		}
		c := decodeDue(p, v)
		switch {
		case p.id <= q.published && !q.taken(c):
			return c, true, nil
		case p.due <= w.now:
			w.pass(p)
		default:
			w.it.Next()
		}
	}
	if err := w.it.Error(); err != nil {
		return candidate{}, false, fmt.Errorf("reading queue %q: %w", q.name, err)
	}
	return candidate{}, false, nil
}

// nextFree is when the first message can be leased; ok is false where there is
// none. It is called with mu held.
func (q *queue) nextFree(now int64) (at int64, ok bool, err error) {
	if q.published == 0 {
		return 0, false, nil
	}
	q.expire(now)
	w := walk{q: q, now: now}
	c, ok, err := w.peek()
	if err = errors.Join(err, w.close()); err != nil {
		return 0, false, err
	}
	at = math.MaxInt64
	if ok {
		at = c.due
	}
	for len(q.ends) > 0 {
		end := q.ends[0]
		if l := q.leases[end.id]; l == nil || l.nonce != end.nonce || l.state != leaseHeld || l.until != end.until {
			q.ends.pop()
			continue
		}
		at, ok = min(at, end.until), true
		break
	}
	return at, ok, nil
}

// A delayCount counts the messages that are not leased and were not due when
// they were written, nor at the time at. As time goes on those that have come
// due meanwhile are looked up and taken off.
type delayCount struct {
	known bool // after opening it is not, until somebody asks
	at    int64
	n     int
}

func (d *delayCount) add(due int64, delayed bool) {
	if delayed && due > d.at {
		d.n++
	}
}

func (d *delayCount) remove(due int64, delayed bool) {
	if delayed && due > d.at {
		d.n--
	}
}

// countDelayed is called with mu held.
func (q *queue) countDelayed(now int64) (int, error) {
	d := &q.delayed
	if now <= d.at && d.known {
		return d.n, nil
	}
	from, to := place{d.at + 1, 0}, place{now + 1, 0}
	if !d.known {
		from, to = to, place{math.MaxInt64, math.MaxUint64}
	}
	counted := 0
	if !d.known || d.n > 0 {
		err := store.Scan(q.store.DB, placeKey(q.id, shelfDelayed, from), placeKey(q.id, shelfDelayed, to), func(k, _ []byte) (bool, error) {
			p := placeOf(k)
			l := q.leases[p.id]
			if p.id <= q.published && (l == nil || l.state == leaseOver) {
				counted++
			}
			return true, nil
		})
		if err != nil {
			return 0, err
		}
	}
	if d.known {
		d.n -= counted
	} else {
		d.known, d.n = true, counted
	}
	d.at = now
	return d.n, nil
}
