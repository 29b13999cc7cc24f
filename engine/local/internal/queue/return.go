package queue

import (
	"errors"
	"fmt"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// putBackOp makes a leased message one that can be leased again at due.
type putBackOp struct {
	q     *queue
	epoch int
	l     *lease
	due   int64
	keep  bool // only the body changes, the lease stays
	body  []byte
	state state
	head  groupRecord
}

func (o *putBackOp) Prepare(c *store.Commit) error {
	q, l := o.q, o.l
	if o.epoch != q.epoch {
		return fmt.Errorf("the queue was purged meanwhile: %w", engine.ErrLease)
	}
	var m stored
	if o.body != nil {
		var ok bool
		var err error
		if m, ok, err = q.message(l.id); err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("the message is gone: %w", engine.ErrLease)
		}
		m.body = o.body
	}
	if l.group != "" && !o.keep {
		q.join(c)
		if _, err := q.groupNow(l.group); err != nil {
			return err
		}
	}
	q.join(c)
	var errs []error
	if o.body != nil {
		d := c.Batch.SetDeferred(shelfLen+8, m.size())
		copy(d.Key, messageKey(q.id, shelfBodies, l.id))
		m.encode(d.Value)
		errs = append(errs, d.Finish())
	}
	if !o.keep {
		errs = append(errs, o.move(c))
	}
	if err := errors.Join(errs...); err != nil {
		return c.Fail(err)
	}
	return nil
}

// move writes the message's new state, and its new place.
func (o *putBackOp) move(c *store.Commit) error {
	q, l := o.q, o.l
	from, to := place{l.due, l.id}, place{o.due, l.id}
	o.state = state{due: o.due, first: l.first, count: l.count, delayed: o.due > c.Now}
	errs := []error{c.Batch.Set(messageKey(q.id, shelfStates, l.id), o.state.encode(), nil)}
	if l.delayed {
		errs = append(errs, c.Batch.Delete(placeKey(q.id, shelfDelayed, from), nil))
	}
	if o.state.delayed {
		errs = append(errs, c.Batch.Set(placeKey(q.id, shelfDelayed, to), nil, nil))
	}
	if l.group == "" {
		errs = append(errs,
			c.Batch.Delete(placeKey(q.id, shelfDue, from), nil),
			q.setDue(c, to, "", true))
		return errors.Join(errs...)
	}
	r, err := q.groupNow(l.group)
	if err != nil {
		return err
	}
	q.changes().dues[l.id] = o.due
	errs = append(errs, c.Batch.Set(memberKey(q.id, l.group, l.id), []byte{flagState}, nil))
	if r.head.id == l.id {
		errs = append(errs, c.Batch.Delete(placeKey(q.id, shelfDue, r.head), nil), q.setDue(c, to, l.group, true))
		r.head = to
		errs = append(errs, c.Batch.Set(groupKey(q.id, l.group), r.encode(), nil))
	}
	o.head = *r
	return errors.Join(errs...)
}

func (o *putBackOp) Publish() {
	q, l := o.q, o.l
	q.mu.Lock()
	defer q.mu.Unlock()
	if o.keep {
		q.written(l)
		q.wake() // the lease may end earlier than before
		return
	}
	delete(q.leases, l.id)
	q.finish(l, o.head)
	q.delayed.add(o.due, o.state.delayed)
	if l.group == "" {
		q.free(place{o.due, l.id})
	}
	q.wake()
}

// saveOp stores the counts of leases that are over.
type saveOp struct {
	q      *queue
	epoch  int
	leases []lease
}

func (o *saveOp) Prepare(c *store.Commit) error {
	q := o.q
	if o.epoch != q.epoch {
		return nil
	}
	q.join(c)
	for _, l := range o.leases {
		s := state{due: l.due, first: l.first, count: l.count, delayed: l.delayed}
		err := c.Batch.Set(messageKey(q.id, shelfStates, l.id), s.encode(), nil)
		if l.group == "" {
			err = errors.Join(err, q.setDue(c, place{l.due, l.id}, "", true))
		} else {
			r, e := q.groupNow(l.group)
			err = errors.Join(err, e, c.Batch.Set(memberKey(q.id, l.group, l.id), []byte{flagState}, nil))
			q.changes().dues[l.id] = l.due
			if e == nil && r.head.id == l.id {
				err = errors.Join(err, q.setDue(c, r.head, l.group, true))
			}
		}
		if err != nil {
			return c.Fail(err)
		}
	}
	return nil
}

func (o *saveOp) Publish() {
	o.q.mu.Lock()
	defer o.q.mu.Unlock()
	if o.epoch == o.q.durable {
		o.q.saved += len(o.leases)
		o.q.forget()
	}
}

// clearOp purges or drops a queue.
type clearOp struct {
	of   *Queues
	name string
	drop bool
	q    *queue
}

func (o *clearOp) Prepare(c *store.Commit) error {
	q, err := o.of.queue(o.name, false)
	if err != nil || q == nil {
		return err
	}
	o.q = q
	if q.id == 0 {
		return nil
	}
	q.epoch++
	q.count = 0
	if !o.drop {
		q.join(c)
		return c.Batch.DeleteRange(shelf(q.id, shelfBodies), shelf(q.id, shelfEnd), nil)
	}
	return errors.Join(
		c.Batch.Delete(store.NameKey(store.KindQueue, o.name), nil),
		c.Batch.DeleteRange(shelf(q.id, 0), shelf(q.id, shelfEnd), nil))
}

func (o *clearOp) Publish() {
	q := o.q
	if q == nil {
		return
	}
	if o.drop {
		o.of.mu.Lock()
		delete(o.of.queues, o.name)
		o.of.mu.Unlock()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.durable = q.epoch
	q.total = 0
	q.reset()
	q.wake()
}
