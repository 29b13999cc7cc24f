package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
)

// Subscribe brings a subscription to the bus, or replaces the one with its ID,
// which keeps its place and its retries. When it returns, every event put
// afterwards is seen by the subscription as it is now.
//
// Subscriptions are their owner's to keep: after a start, the owner brings
// them again, and each goes on where it was. Its events wait in the log until
// then, and as long as it is neither brought nor taken away by Unsubscribe.
func (h *Hub) Subscribe(ctx context.Context, busName string, s Subscription) error {
	if err := s.validate(); err != nil {
		return err
	}
	b, err := h.administer(ctx, busName)
	if err != nil {
		return err
	}
	defer b.admin.Unlock()
	if _, err := h.registered(ctx, busName); err != nil {
		return err
	}
	b.mu.Lock()
	old := b.subs[s.ID]
	cur, known := b.stored[s.ID]
	b.mu.Unlock()
	switch {
	case old != nil:
		err = b.replace(ctx, old, s)
	case known:
		err = b.resume(ctx, s, cur)
	default:
		err = b.begin(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("subscribe %s to %s: %w", s.ID, busName, err)
	}
	return nil
}

// begin starts a new subscription. The caller holds admin.
func (b *bus) begin(ctx context.Context, s Subscription) error {
	at, err := b.position(ctx, s.Start)
	if err != nil {
		return err
	}
	cur := cursor{Position: at}
	if s.Disabled {
		cur.Gaps = cur.Gaps.open(at)
	}
	if err := b.writeCursor(ctx, s.ID, cur); err != nil {
		return err
	}
	return b.start(ctx, s, cur)
}

// resume starts one that is known. The caller holds admin.
func (b *bus) resume(ctx context.Context, s Subscription, cur cursor) error {
	if s.Disabled != cur.Gaps.isOpen() {
		_, end, err := b.hub.logs.Bounds(ctx, b.log)
		if err != nil {
			return err
		}
		cur.Gaps = cur.Gaps.toggled(end)
		if err := b.writeCursor(ctx, s.ID, cur); err != nil {
			return err
		}
	}
	return b.start(ctx, s, cur)
}

// start puts a subscription to work. Its cursor is written.
func (b *bus) start(ctx context.Context, conf Subscription, cur cursor) error {
	source := conf.source()
	// The runner outlives the call: its context is the hub's.
	runner, err := delivery.Open(context.WithoutCancel(ctx), b.hub.eng, b.hub.clk, b.queue(conf.ID), b.deliveryConfig(&conf, source))
	if err != nil {
		return err
	}
	s := &subscription{
		bus: b, id: conf.ID, runner: runner, source: source, conf: conf,
		next: cur.Position, gaps: slices.Clone(cur.Gaps), written: cur,
	}
	b.mu.Lock()
	g, err := b.enter(groupKey{conf.Rule, conf.Pattern})
	if err == nil {
		s.group = g
		b.subs[s.id] = s
		delete(b.stored, s.id)
		b.read(s, false)
	} else {
		b.stored[s.id] = cur
	}
	b.mu.Unlock()
	if err != nil {
		_ = runner.Close(ctx) // it has no events yet; the reason is err
	}
	return err
}

// replace gives a subscription its new form. The caller holds admin.
func (b *bus) replace(ctx context.Context, s *subscription, conf Subscription) error {
	b.mu.Lock()
	old := s.conf
	b.mu.Unlock()
	if conf.Delivery.Order != old.Delivery.Order {
		return fmt.Errorf("%w %q: its order cannot change; unsubscribe it first", ErrSubscription, s.id)
	}
	b.mu.Lock()
	g, err := b.enter(groupKey{conf.Rule, conf.Pattern})
	b.mu.Unlock()
	if err != nil {
		return err
	}
	if conf.Disabled && !old.Disabled || conf.Paused && !old.Paused {
		b.halt(s)
	}
	if conf.Disabled != old.Disabled {
		if err := b.toggle(ctx, s); err != nil {
			b.mu.Lock()
			b.exit(g)
			b.read(s, false)
			b.mu.Unlock()
			return err
		}
	}
	source := conf.source()
	s.runner.Update(b.deliveryConfig(&conf, source))
	b.mu.Lock()
	s.conf, s.source = conf, source
	b.move(s, g)
	b.mu.Unlock()
	if conf.Paused {
		s.runner.Pause()
	} else {
		s.runner.Resume()
	}
	b.mu.Lock()
	b.read(s, false)
	b.mu.Unlock()
	return nil
}

// toggle begins or ends, at the log's end, what s is not to see. Where it
// begins, nobody reads for s.
func (b *bus) toggle(ctx context.Context, s *subscription) error {
	h := b.hub
	_, end, err := h.logs.Bounds(ctx, b.log)
	if err != nil {
		return err
	}
	h.cursors.RLock()
	defer h.cursors.RUnlock()
	b.mu.Lock()
	changed := slices.Clone(s.gaps).toggled(end)
	cur := s.cursor()
	b.mu.Unlock()
	cur.Gaps, cur.Following = slices.Clone(changed.after(cur.Position)), false
	if err := h.putCursor(ctx, b.name, s.id, cur); err != nil {
		return err
	}
	s.written = cur
	b.mu.Lock()
	s.gaps = changed
	b.mu.Unlock()
	return nil
}

func (g gaps) toggled(end engine.Position) gaps {
	g = slices.Clone(g)
	if g.isOpen() {
		return g.close(end)
	}
	return g.open(end)
}

// Unsubscribe takes a subscription away: its place in the log is forgotten and
// its pending deliveries and retries are dropped; attempts under way have a
// second to end. One that is not there is no error.
func (h *Hub) Unsubscribe(ctx context.Context, busName, id string) error {
	b, err := h.administer(ctx, busName)
	if err != nil {
		return err
	}
	defer b.admin.Unlock()
	return b.unsubscribe(ctx, id)
}

// unsubscribe is Unsubscribe. The caller holds admin, and has loaded.
func (b *bus) unsubscribe(ctx context.Context, id string) error {
	h := b.hub
	b.mu.Lock()
	s := b.subs[id]
	_, known := b.stored[id]
	b.mu.Unlock()
	var err error
	switch {
	case s != nil:
		b.halt(s)
		// Until all is forgotten it is one that nobody has brought, so that
		// a second Unsubscribe can end what this one could not.
		h.cursors.RLock()
		b.mu.Lock()
		b.exit(s.group)
		delete(b.subs, id)
		b.stored[id] = cursor{Position: s.written.needs(b.tailWritten)}
		b.mu.Unlock()
		h.cursors.RUnlock()
		err = s.runner.Drop(ctx)
	case known:
		err = delivery.Forget(ctx, h.eng, b.queue(id))
	default:
		return nil
	}
	if err == nil {
		_, err = h.records.Apply(ctx, engine.Write{Collection: cursorsCollection + b.name, Key: id})
	}
	if err != nil {
		return fmt.Errorf("unsubscribe %s from %s: %w", id, b.name, err)
	}
	b.mu.Lock()
	delete(b.stored, id)
	b.mu.Unlock()
	return nil
}

// Submit hands events straight to a subscription's delivery, past its pattern:
// they are durable when it returns, and end as all its deliveries do.
func (h *Hub) Submit(ctx context.Context, busName, id string, events ...delivery.Event) error {
	b, err := h.bus(busName)
	if err != nil {
		return err
	}
	b.mu.Lock()
	s := b.subs[id]
	b.mu.Unlock()
	if s == nil {
		return fmt.Errorf("submit to %s on %s: no such subscription: %w", id, busName, engine.ErrNotFound)
	}
	return s.runner.Submit(ctx, events...)
}

// position is where a new subscription begins.
func (b *bus) position(ctx context.Context, s Start) (engine.Position, error) {
	if s.kind == startTime {
		return b.hub.logs.Seek(ctx, b.log, s.time)
	}
	first, end, err := b.hub.logs.Bounds(ctx, b.log)
	switch s.kind {
	case startEarliest:
		return first, err
	case startPosition:
		return min(max(s.position, first), end), err
	}
	return end, err
}

func (b *bus) queue(id string) string { return retryQueue + b.name + queueSeparator + id }

func (s *Subscription) source() *journey.Source {
	return &journey.Source{Subscription: s.ID, Rule: s.Rule, Target: s.Target}
}
