package queue

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// A queue on disk and in memory.
//
// The database holds the messages, and an order of due times in which every
// message without a group stands, and of each group the oldest message, its
// head. What is leased stays there: leases are kept in memory alone, and a
// crash makes their messages due again.
//
// In memory is nothing for each message, but only for each lease. So that a
// lease need not pass by all those leased before it, the queue knows a front:
// whatever stands before it is leased, or waits in early, a heap of the
// messages that became free after the front had passed them. If early grows
// too long it is emptied and the front set back.
//
// What is committed but not durable yet is passed by too: it is put into early
// when it is published, if the front has gone beyond it.
type queue struct {
	of    *Queues
	store *store.Store
	name  string

	// The committer's.
	id      uint32 // zero: nothing was written yet
	next    uint64 // id of the next message
	count   int
	bucket  int64         // of dedup; older ones have been deleted
	epoch   int           // counts purges and the drop
	overlay *overlay      // what the batch that is prepared has changed
	commit  *store.Commit // that batch

	mu        sync.Mutex // guards what follows
	durable   int        // epoch as published
	published uint64     // messages up to this id are durable
	total     int        // messages published and not settled
	front     place
	early     heap[place]
	leases    map[uint64]*lease
	held      int // leases that are not over
	ends      heap[endOfLease]
	over      []endOfLease // leases that ended, kept for their tokens, oldest first
	saved     int          // how many of those have their count stored
	groups    map[string]*group
	delayed   delayCount
	oldest    uint64        // no message has a lower id
	changed   chan struct{} // closed when something is published; nil where nobody waits
}

// leaseState tells where a lease stands.
type leaseState uint8

const (
	leaseHeld leaseState = iota
	leaseOver            // time is up; the token is valid until the message is leased again
	leaseDone            // settled or put back, but that is not durable yet
)

// A lease is known from when a message is leased until that is durably undone
// or, its time being up, forgotten.
type lease struct {
	state   leaseState
	id      uint64
	nonce   uint64
	until   int64
	due     int64 // as stored
	first   int64
	count   int
	stored  bool   // a state is stored beside the body
	delayed bool   // it stands on the shelf of the delayed
	group   string // empty: none
	writing int    // bodies on their way to the disk: until they are there it does not end
}

// A group is known while messages of it are leased.
type group struct {
	held int // leases that are not over
	head place
	none bool // no head: the group is empty
}

// queue finds a queue; nil where it was never written to and create is false.
func (s *Queues) queue(name string, create bool) (*queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[name]; q != nil {
		return q, nil
	}
	id, err := s.store.Lookup(store.KindQueue, name)
	if err != nil || id == 0 && !create {
		return nil, err
	}
	q := &queue{of: s, store: s.store, name: name, id: id, next: 1}
	if id != 0 {
		b, err := store.Get(s.store.DB, shelf(id, shelfMeta))
		if err != nil {
			return nil, err
		}
		if len(b) != 16 {
			return nil, fmt.Errorf("the counters of queue %q are damaged", name)
		}
		q.next, q.count = binary.BigEndian.Uint64(b), int(binary.BigEndian.Uint64(b[8:]))
	}
	q.published, q.total = q.next-1, q.count
	q.reset()
	q.delayed.known = q.total == 0
	s.queues[name] = q
	return q, nil
}

// reset forgets what is known of messages. It is called with mu held.
func (q *queue) reset() {
	q.front, q.early = place{}, nil
	q.leases, q.groups = map[uint64]*lease{}, map[string]*group{}
	q.held, q.ends, q.over, q.saved = 0, nil, nil, 0
	q.delayed = delayCount{known: true}
	q.oldest = 0
}

func (q *queue) meta() []byte {
	b := binary.BigEndian.AppendUint64(nil, q.next)
	return binary.BigEndian.AppendUint64(b, uint64(q.count))
}

// wake is called with mu held.
func (q *queue) wake() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// free makes it known that the message at p can be leased once it is due.
// It is called with mu held.
func (q *queue) free(p place) {
	if p.before(q.front) {
		q.early.push(p)
		if len(q.early) > maxEarly {
			q.front, q.early = q.early[0], nil
		}
	}
}

const (
	maxEarly = 1 << 13
	maxOver  = 1 << 13
)

// hold and unhold count a lease that begins and ends.
func (q *queue) hold(l *lease) error {
	if l.group == "" {
		q.held++
		return nil
	}
	g := q.groups[l.group]
	if g == nil {
		// What is read may not be durable yet, but then what changed it
		// will tell the head when it is published.
		rec, err := q.group(l.group)
		if err != nil {
			return err
		}
		g = &group{head: rec.head, none: rec.count == 0}
		q.groups[l.group] = g
	}
	q.held++
	g.held++
	return nil
}

func (q *queue) unhold(l *lease) {
	q.held--
	if l.group == "" {
		q.free(place{l.due, l.id})
		return
	}
	if g := q.groups[l.group]; g != nil {
		if g.held--; g.held == 0 {
			delete(q.groups, l.group)
			if !g.none {
				q.free(g.head)
			}
		}
	}
}

// expire ends the leases whose time is up. It is called with mu held.
func (q *queue) expire(now int64) {
	var ended []lease
	for len(q.ends) > 0 && q.ends[0].until <= now {
		end := q.ends.pop()
		l := q.leases[end.id]
		if l == nil || l.nonce != end.nonce || l.state != leaseHeld || l.until != end.until || l.writing > 0 {
			continue
		}
		l.state, l.stored = leaseOver, true
		q.unhold(l)
		q.delayed.add(l.due, l.delayed)
		q.over = append(q.over, end)
		ended = append(ended, *l)
	}
	if len(ended) > 0 {
		// The counts of leases are written without waiting for it.
		_ = q.store.Submit(&store.Request{Op: &saveOp{q: q, epoch: q.durable, leases: ended}, Size: 64 * len(ended), Lazy: true})
	}
}

// forget lets go of the oldest leases that are over, whose tokens so become
// void, if there are too many. Their counts have been stored.
func (q *queue) forget() {
	for len(q.over) > maxOver && q.saved > 0 {
		end := q.over[0]
		q.over = q.over[1:]
		q.saved--
		if l := q.leases[end.id]; l != nil && l.nonce == end.nonce && l.state == leaseOver {
			delete(q.leases, end.id)
		}
	}
}

// An endOfLease says when a lease ends, unless it was changed since.
type endOfLease struct {
	until     int64
	id, nonce uint64
}

func (e endOfLease) before(o endOfLease) bool { return e.until < o.until }

// keep sets when a held lease ends.
func (q *queue) keep(l *lease, until int64) {
	l.until = until
	q.ends.push(endOfLease{until, l.id, l.nonce})
	if len(q.ends) < 2*len(q.leases)+64 {
		return
	}
	// Most of them speak of leases that are done.
	var ends heap[endOfLease]
	for _, end := range q.ends {
		if l := q.leases[end.id]; l != nil && l.nonce == end.nonce && l.state == leaseHeld && l.until == end.until {
			ends.push(end)
		}
	}
	q.ends = ends
}

// leased finds a token's lease. It is called with mu held.
func (q *queue) leased(token string) *lease {
	id, nonce, ok := parseToken(token)
	if !ok {
		return nil
	}
	l := q.leases[id]
	if l == nil || l.nonce != nonce || l.state == leaseDone {
		return nil
	}
	return l
}

// retire makes a lease's token void.
func (q *queue) retire(l *lease) error {
	if l.state == leaseOver {
		if err := q.hold(l); err != nil {
			return err
		}
		q.delayed.remove(l.due, l.delayed)
	}
	l.state = leaseDone
	return nil
}

// extend makes a lease end later or sooner.
func (q *queue) extend(l *lease, until int64) error {
	if l.state == leaseOver {
		if err := q.retire(l); err != nil {
			return err
		}
		l.state = leaseHeld
	}
	q.keep(l, until)
	return nil
}

// written lets a lease end whose message's body was on its way to the disk.
func (q *queue) written(l *lease) {
	if l.writing--; l.state == leaseHeld {
		q.keep(l, l.until)
	}
}

// revive undoes retire.
func (q *queue) revive(leases ...*lease) {
	for _, l := range leases {
		l.state = leaseHeld
		q.keep(l, l.until)
	}
}
