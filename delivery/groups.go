package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/signalbox/signalbox/engine"
)

const (
	// maxPark is how many events are parked in one write.
	maxPark = 256
	// maxGroup is how long a group's name may be in the queue, in bytes.
	maxGroup = 512
	// maxParked bounds what is durable of groups while the target is down: so
	// far a group whose head fails is kept from filling the window.
	maxParked = 16384
)

// group is an order group of which something is held or durable.
//
// One of its events at a time is on its way. While any of them is durable in
// the queue, all that come later go there too, behind it: the queue keeps a
// group's order, and the log's floor can pass. All is guarded by Runner.mu.
type group struct {
	name    string
	turn    *item       // the one on its way; nil: none
	waiting fifo[*item] // from the log, in order
	leased  fifo[*item] // from the queue, in order; older than those waiting
	durable int         // in the queue, or about to be
	listed  bool        // in Runner.toPark
}

// groupOf is nil where no order is kept. Called with mu held.
func (r *Runner) groupOf(e *Event) *group {
	name := r.queueGroup(e)
	if name == "" {
		return nil
	}
	return r.groupNamed(name)
}

func (r *Runner) groupNamed(name string) *group {
	g := r.groups[name]
	if g == nil {
		g = &group{name: name}
		r.groups[name] = g
	}
	return g
}

// queueGroup is the event's group as the queue knows it: by its hash, where
// the queue would refuse it.
func (r *Runner) queueGroup(e *Event) string {
	if r.order != PerGroup {
		return ""
	}
	if len(e.Group) > maxGroup || strings.IndexByte(e.Group, 0) >= 0 {
		h := sha256.Sum256([]byte(e.Group))
		return "sha256:" + hex.EncodeToString(h[:])
	}
	return e.Group
}

// advance lets the group's next event go, or sees to it that those waiting are
// parked. Called with mu held, after every change.
func (r *Runner) advance(g *group) {
	if g.mustPark() && !g.listed {
		g.listed = true
		r.toPark.push(g)
	}
	switch {
	case g.turn != nil:
	case g.leased.len() > 0:
		g.turn = g.leased.pop()
		r.due.push(g.turn)
	case g.durable > 0:
	case g.waiting.len() > 0:
		g.turn = g.waiting.pop()
		r.fresh.push(g.turn)
	case !g.listed:
		delete(r.groups, g.name)
	}
}

// mustPark tells whether what waits has to follow into the queue. While the one
// on its way is from the log it has not: that one would have to go first.
func (g *group) mustPark() bool {
	return g.durable > 0 && g.waiting.len() > 0 && (g.turn == nil || g.turn.id != 0)
}

// parkMore starts the goroutine that parks, if there is need. Called with mu held.
func (r *Runner) parkMore() {
	if r.parking || r.closed || r.toPark.len() == 0 || !r.mayPark() {
		return
	}
	r.parking = true
	r.begun++
	r.workers.Add(1)
	go r.park()
}

// park moves events that wait behind durable ones of their groups into the
// queue. There is one such goroutine at a time, so that the order is kept.
func (r *Runner) park() {
	defer r.workers.Done()
	var parked []*item
	for {
		r.mu.Lock()
		for _, it := range parked {
			r.unhold(it)
			r.advance(it.group)
		}
		if len(parked) > 0 {
			r.tellRoom()
			r.leaseMore()
		}
		parked = r.nextToPark(parked[:0])
		if len(parked) == 0 {
			r.parking = false
			r.stirLease()
			r.pump()
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()

		messages := make([]engine.Message, len(parked))
		for i, it := range parked {
			messages[i] = engine.Message{Body: r.record(it), Group: it.group.name}
		}
		if !r.insist(func(ctx context.Context) error {
			_, err := r.queues.Enqueue(ctx, r.name, messages...)
			return err
		}) {
			return // they stay above the floor; parking is left set: there is no more
		}
	}
}

// nextToPark takes the next events to park, and counts them as durable. Called
// with mu held.
func (r *Runner) nextToPark(dst []*item) []*item {
	for r.toPark.len() > 0 && len(dst) < maxPark && !r.closed && r.mayPark() {
		g := r.toPark.first()
		if !g.mustPark() {
			r.toPark.pop()
			g.listed = false
			r.advance(g)
			continue
		}
		dst = append(dst, g.waiting.pop())
		g.durable++
		r.retries++
	}
	return dst
}

// findGroups counts what the queue holds of each group.
func (r *Runner) findGroups(ctx context.Context) error {
	for after := uint64(0); ; {
		page, err := r.queues.Browse(ctx, r.name, after, 1000)
		if err != nil {
			return err
		}
		for _, m := range page {
			after = m.ID
			if m.Group == "" {
				continue
			}
			r.groupNamed(m.Group).durable++
		}
		if len(page) == 0 {
			return nil
		}
	}
}
