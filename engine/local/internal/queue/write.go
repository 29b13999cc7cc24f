package queue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// An overlay is what the batch that is prepared has changed in a queue, as far
// as requests of the same batch must know.
type overlay struct {
	groups  map[string]*groupRecord
	members map[string][]place // added to groups, by id
	removed map[uint64]bool    // from groups
	dues    map[uint64]int64   // of members put back
	dedup   map[string]uint64
}

// join makes the batch write the queue's counters at its end.
func (q *queue) join(c *store.Commit) {
	if q.commit == c {
		return
	}
	q.commit, q.overlay = c, nil
	c.KeepTime()
	c.AtEnd(func() error {
		q.overlay, q.commit = nil, nil
		return c.Batch.Set(shelf(q.id, shelfMeta), q.meta(), nil)
	})
}

func (q *queue) changes() *overlay {
	if q.overlay == nil {
		q.overlay = &overlay{
			groups:  map[string]*groupRecord{},
			members: map[string][]place{},
			removed: map[uint64]bool{},
			dues:    map[uint64]int64{},
			dedup:   map[string]uint64{},
		}
	}
	return q.overlay
}

// group reads a group as the database shows it.
func (q *queue) group(name string) (groupRecord, error) {
	b, err := store.Get(q.store.DB, groupKey(q.id, name))
	if err != nil || b == nil {
		return groupRecord{}, err
	}
	return decodeGroup(b)
}

// groupNow reads a group with all that is prepared so far.
func (q *queue) groupNow(name string) (*groupRecord, error) {
	o := q.changes()
	if r := o.groups[name]; r != nil {
		return r, nil
	}
	r, err := q.group(name)
	if err != nil {
		return nil, err
	}
	o.groups[name] = &r
	return &r, nil
}

// message reads a message; ok is false where there is none.
func (q *queue) message(id uint64) (m stored, ok bool, err error) {
	b, err := store.Get(q.store.DB, messageKey(q.id, shelfBodies, id))
	if err != nil || b == nil {
		return m, false, err
	}
	m, err = decodeStored(b)
	return m, err == nil, err
}

// state reads what changed of a message; where nothing did, it is made of what
// was enqueued.
func (q *queue) state(id uint64, m *stored) (s state, found bool, err error) {
	b, err := store.Get(q.store.DB, messageKey(q.id, shelfStates, id))
	if err != nil || b == nil {
		return state{due: m.due, delayed: m.delayed}, false, err
	}
	s, err = decodeState(b)
	return s, true, err
}

// enqueueOp adds messages.
type enqueueOp struct {
	of       *Queues
	name     string
	messages []stored // due: negative for at once
	ids      []uint64
	queue    *queue
	added    []added
}

type added struct {
	place
	delayed bool
	free    bool // it stands in the order of due times
}

func (o *enqueueOp) Prepare(c *store.Commit) error {
	q, err := o.of.queue(o.name, true)
	if err != nil {
		return err
	}
	o.queue = q
	// Nothing can fail once writing has begun but the database itself.
	known := make([]uint64, len(o.messages))
	for i := range o.messages {
		if known[i], err = q.duplicate(c, &o.messages[i]); err != nil {
			return err
		}
		if g := o.messages[i].group; g != "" && known[i] == 0 && q.id != 0 {
			q.join(c)
			if _, err := q.groupNow(g); err != nil {
				return err
			}
		}
	}
	if q.id == 0 {
		if q.id, err = c.Number(store.KindQueue, q.name); err != nil {
			return err
		}
	}
	q.join(c)
	o.ids = make([]uint64, len(o.messages))
	o.added = make([]added, 0, len(o.messages))
	for i := range o.messages {
		m := &o.messages[i]
		if known[i] == 0 && m.dedup != "" {
			known[i] = q.changes().dedup[m.dedup] // by this very call
		}
		if known[i] != 0 {
			o.ids[i] = known[i]
			continue
		}
		a, err := q.add(c, m)
		if err != nil {
			return err
		}
		o.ids[i] = a.id
		o.added = append(o.added, a)
	}
	return nil
}

// duplicate finds the id under which a message was enqueued before; zero where
// it was not. What dedup remembers lies in buckets of one window's length, so
// that old ones can be deleted whole.
func (q *queue) duplicate(c *store.Commit, m *stored) (uint64, error) {
	if m.dedup == "" || q.id == 0 {
		return 0, nil
	}
	q.join(c)
	if id := q.changes().dedup[m.dedup]; id != 0 {
		return id, nil
	}
	for bucket := c.Now / windowMillis; bucket >= c.Now/windowMillis-1; bucket-- {
		b, err := store.Get(q.store.DB, dedupKey(q.id, bucket, m.dedup))
		if err != nil {
			return 0, err
		}
		if len(b) == 16 && c.Now-int64(binary.BigEndian.Uint64(b[8:])) < windowMillis {
			return binary.BigEndian.Uint64(b), nil
		}
	}
	return 0, nil
}

var windowMillis = engine.DedupWindow.Milliseconds()

// remember writes what dedup needs, and deletes what it needs no more.
func (q *queue) remember(c *store.Commit, dedup string, id uint64) error {
	bucket := c.Now / windowMillis
	q.changes().dedup[dedup] = id
	b := binary.BigEndian.AppendUint64(nil, id)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Now))
	err := c.Batch.Set(dedupKey(q.id, bucket, dedup), b, nil)
	if q.bucket < bucket && bucket > 1 {
		q.bucket = bucket
		err = errors.Join(err, c.Batch.DeleteRange(dedupKey(q.id, 0, ""), dedupKey(q.id, bucket-1, ""), nil))
	}
	return err
}

// add writes one message.
func (q *queue) add(c *store.Commit, m *stored) (added, error) {
	id := q.next
	q.next++
	q.count++
	m.enqueued = c.Wall
	if m.due < 0 {
		m.due = c.Now
	} else {
		m.due = c.Own(m.due)
	}
	m.delayed = m.due > c.Now
	a := added{place: place{m.due, id}, delayed: m.delayed, free: true}
	errs := make([]error, 0, 4)
	if m.dedup != "" {
		errs = append(errs, q.remember(c, m.dedup, id))
	}
	if m.group != "" {
		r, err := q.groupNow(m.group)
		if err != nil {
			return a, err
		}
		if r.count++; r.count == 1 {
			r.head = a.place
		} else {
			a.free = false
		}
		o := q.changes()
		o.members[m.group] = append(o.members[m.group], a.place)
		errs = append(errs,
			c.Batch.Set(groupKey(q.id, m.group), r.encode(), nil),
			c.Batch.Set(memberKey(q.id, m.group, id), []byte{0}, nil))
	}
	d := c.Batch.SetDeferred(shelfLen+8, m.size())
	copy(d.Key, messageKey(q.id, shelfBodies, id))
	m.encode(d.Value)
	errs = append(errs, d.Finish())
	if a.delayed {
		errs = append(errs, c.Batch.Set(placeKey(q.id, shelfDelayed, a.place), nil, nil))
	}
	if a.free {
		errs = append(errs, q.setDue(c, a.place, m.group, false))
	}
	return a, errors.Join(errs...)
}

// setDue puts a message into the order of due times.
func (q *queue) setDue(c *store.Commit, p place, group string, hasState bool) error {
	v := append([]byte{flag(hasState, flagState) | flag(group != "", flagGroup)}, group...)
	return c.Batch.Set(placeKey(q.id, shelfDue, p), v, nil)
}

func (o *enqueueOp) Publish() {
	q := o.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range o.added {
		q.published = a.id
		q.total++
		q.delayed.add(a.due, a.delayed)
		if a.free {
			q.free(a.place)
		}
	}
	if len(o.added) > 0 {
		q.wake()
	}
}

// settleOp removes messages.
type settleOp struct {
	q      *queue
	epoch  int
	leases []*lease
	heads  []groupRecord // parallel to leases, where they have groups
}

func (o *settleOp) Prepare(c *store.Commit) error {
	q := o.q
	if o.epoch != q.epoch {
		o.leases = nil // purged meanwhile
		return nil
	}
	q.join(c)
	o.heads = make([]groupRecord, len(o.leases))
	for i, l := range o.leases {
		p := place{l.due, l.id}
		q.count--
		err := c.Batch.Delete(messageKey(q.id, shelfBodies, l.id), nil)
		if l.stored {
			err = errors.Join(err, c.Batch.Delete(messageKey(q.id, shelfStates, l.id), nil))
		}
		if l.delayed {
			err = errors.Join(err, c.Batch.Delete(placeKey(q.id, shelfDelayed, p), nil))
		}
		if l.group == "" {
			err = errors.Join(err, c.Batch.Delete(placeKey(q.id, shelfDue, p), nil))
		} else {
			var e error
			o.heads[i], e = q.removeMember(c, l)
			err = errors.Join(err, e)
		}
		if err != nil {
			return c.Fail(err)
		}
	}
	return nil
}

// removeMember takes a message out of its group. If it was the head, the next
// one takes its place in the order of due times.
func (q *queue) removeMember(c *store.Commit, l *lease) (groupRecord, error) {
	r, err := q.groupNow(l.group)
	if err != nil {
		return *r, err
	}
	o := q.changes()
	o.removed[l.id] = true
	errs := []error{c.Batch.Delete(memberKey(q.id, l.group, l.id), nil)}
	r.count--
	if r.head.id == l.id {
		errs = append(errs, c.Batch.Delete(placeKey(q.id, shelfDue, r.head), nil))
		if r.count > 0 {
			head, hasState, err := q.nextMember(l.group, l.id)
			if err != nil {
				return *r, err
			}
			r.head = head
			errs = append(errs, q.setDue(c, head, l.group, hasState))
		}
	}
	if r.count == 0 {
		errs = append(errs, c.Batch.Delete(groupKey(q.id, l.group), nil))
	} else {
		errs = append(errs, c.Batch.Set(groupKey(q.id, l.group), r.encode(), nil))
	}
	return *r, errors.Join(errs...)
}

// nextMember finds the oldest member of a group behind a message, with all
// that is prepared so far.
func (q *queue) nextMember(name string, behind uint64) (p place, hasState bool, err error) {
	o := q.changes()
	found := false
	err = store.Scan(q.store.DB, memberKey(q.id, name, behind+1), memberKey(q.id, name, math.MaxUint64), func(k, v []byte) (bool, error) {
		p.id = binary.BigEndian.Uint64(k[len(k)-8:])
		found = !o.removed[p.id]
		hasState = len(v) > 0 && v[0]&flagState != 0
		return !found, nil
	})
	if err != nil {
		return p, false, err
	}
	if !found {
		for _, m := range o.members[name] {
			if m.id > behind && !o.removed[m.id] {
				return m, false, nil
			}
		}
		return p, false, fmt.Errorf("the group %q of queue %q lacks its members", name, q.name)
	}
	if due, ok := o.dues[p.id]; ok {
		p.due = due
		return p, true, nil
	}
	m, ok, err := q.message(p.id)
	if err == nil && !ok {
		err = fmt.Errorf("the group %q of queue %q lacks its message %d", name, q.name, p.id)
	}
	if err != nil {
		return p, false, err
	}
	s, hasState, err := q.state(p.id, &m)
	p.due = s.due
	return p, hasState, err
}

func (o *settleOp) Publish() {
	q := o.q
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, l := range o.leases {
		q.total--
		delete(q.leases, l.id)
		q.finish(l, o.heads[i])
	}
	if len(o.leases) > 0 {
		q.wake()
	}
}

// finish ends a lease that is durably done. head is its group as it is now.
func (q *queue) finish(l *lease, head groupRecord) {
	q.held--
	if l.group == "" {
		return
	}
	g := q.groups[l.group]
	g.head, g.none = head.head, head.count == 0
	if g.held--; g.held == 0 {
		delete(q.groups, l.group)
		if !g.none {
			q.free(g.head)
		}
	}
}
