package hub

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/pattern"
)

// bus is a bus's log and those who read it.
type bus struct {
	hub     *Hub
	name    string
	log     string // the engine's name for the log of its events
	journal *journey.Journal

	known atomic.Bool // it is recorded that there is such a bus

	gate    sync.RWMutex // held for reading by every Put, for writing to drop the bus
	dropped bool         // changed with gate and admin held

	admin  sync.Mutex // serializes what changes subscriptions
	loaded bool       // guarded by admin: stored is

	mu       sync.Mutex        // guards what follows and, of its subscriptions, the fields noted there
	stored   map[string]cursor // the cursors of subscriptions that nobody has brought since the start
	subs     map[string]*subscription
	matcher  *pattern.Matcher[*group]
	groups   map[groupKey]*group
	all      []*group // those without a pattern
	attached int
	tail     *tail
	tailNext engine.Position // the next that the tail will look at

	journalDue  atomic.Bool
	tailWritten engine.Position // what the tail's record says; guarded by hub.cursors
}

// groupKey is what makes subscriptions match the same.
type groupKey struct {
	rule    string
	pattern *pattern.Pattern
}

// group is the subscriptions of one rule. It is in the matcher as long as it
// has members, attached or not.
type group struct {
	groupKey
	members  int
	attached []*subscription
}

// enter gives the group for a key, with one member more. The caller holds mu.
func (b *bus) enter(key groupKey) (*group, error) {
	g := b.groups[key]
	if g == nil {
		g = &group{groupKey: key}
		if key.pattern == nil {
			b.all = append(b.all, g)
		} else if err := b.matcher.Put(g, key.pattern); err != nil {
			return nil, fmt.Errorf("%w: its pattern: %w", ErrSubscription, err)
		}
		b.groups[key] = g
	}
	g.members++
	return g, nil
}

// exit takes a member out of a group. The caller holds mu.
func (b *bus) exit(g *group) {
	if g.members--; g.members > 0 {
		return
	}
	delete(b.groups, g.groupKey)
	if g.pattern == nil {
		b.all = slices.DeleteFunc(b.all, func(x *group) bool { return x == g })
	} else {
		b.matcher.Delete(g)
	}
}

// move makes g the group of s. The caller holds mu.
func (b *bus) move(s *subscription, g *group) {
	old := s.group
	s.group = g
	if s.attached {
		old.drop(s)
		g.attached = append(g.attached, s)
	}
	b.exit(old)
}

func (g *group) drop(s *subscription) {
	if i := slices.Index(g.attached, s); i >= 0 {
		g.attached = slices.Delete(g.attached, i, i+1)
	}
}

// attach lets the tail read for s. The caller holds mu, and s.next is not
// before tailNext.
func (b *bus) attach(s *subscription) {
	s.attached = true
	s.group.attached = append(s.group.attached, s)
	b.attached++
	if b.tail == nil {
		b.startTail()
	}
}

// detach ends that, with s having seen everything below next. The caller holds mu.
func (b *bus) detach(s *subscription, next engine.Position) {
	if !s.attached {
		return
	}
	s.attached, s.next = false, next
	s.group.drop(s)
	b.attached--
	if b.attached == 0 {
		b.stopTail()
	}
}

// startTail begins to read at tailNext. The caller holds mu.
func (b *bus) startTail() {
	ctx, cancel := context.WithCancel(b.hub.ctx)
	t := &tail{bus: b, cancel: cancel}
	b.tail = t
	b.hub.work.Go(func() { t.run(ctx) })
}

// stopTail ends it; dispatch of a tail that is not the bus's any more does
// nothing. The caller holds mu.
func (b *bus) stopTail() {
	if b.tail != nil {
		b.tail.cancel()
		b.tail = nil
	}
}

// read begins a catchUp for s unless somebody reads for it or there is nothing
// to read. full says that its runner has just refused events. The caller holds mu.
func (b *bus) read(s *subscription, full bool) {
	if s.attached || s.catchUp != nil || s.idle() {
		return
	}
	ctx, cancel := context.WithCancel(b.hub.ctx)
	c := &catchUp{sub: s, cancel: cancel, done: make(chan struct{}), full: full, fresh: !full}
	s.catchUp = c
	b.hub.work.Go(func() { c.run(ctx) })
}

// halt ends whatever reads for s, and waits for it. Nobody reads for s then
// until the next call of read.
func (b *bus) halt(s *subscription) {
	b.mu.Lock()
	b.detach(s, s.seen())
	c := s.catchUp
	s.catchUp = nil
	b.mu.Unlock()
	if c != nil {
		c.cancel()
		<-c.done
	}
}

// offer hands the tail's collected events to s. The caller holds mu. What is
// not taken, s will read again itself.
func (b *bus) offer(s *subscription) (left bool) {
	taken := s.runner.Offer(s.pend)
	if taken < len(s.pend) {
		s.next = s.pend[taken].Position
		left = true
	}
	clear(s.pend)
	s.pend = s.pend[:0]
	return left
}

// deliveryConfig is the runner's configuration for s.
func (b *bus) deliveryConfig(s *Subscription, source *journey.Source) delivery.Config {
	cfg := s.Delivery
	cfg.Observer = &observer{b.journal, source, s.Delivery.Observer}
	cfg.Paused = s.Paused
	if cfg.Memory == nil {
		cfg.Memory = b.hub.opts.Memory
	}
	return cfg
}
