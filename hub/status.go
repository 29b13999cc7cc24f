package hub

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
)

// SubscriptionStatus is what a person wants to know of a subscription.
type SubscriptionStatus struct {
	ID, Rule, Target string
	Disabled, Paused bool
	Following        bool            // it keeps pace with the bus
	Next             engine.Position // it has seen everything below
	Floor            engine.Position // and everything below this is settled or a durable retry
	Backlog          uint64          // events in the log that it has not seen yet, whether they match or not
	delivery.Status
}

// Status tells how the subscriptions of a bus stand, in the order of their ids.
func (h *Hub) Status(ctx context.Context, busName string) ([]SubscriptionStatus, error) {
	b, err := h.bus(busName)
	if err != nil {
		return nil, err
	}
	_, end, err := h.logs.Bounds(ctx, b.log)
	if err != nil {
		return nil, fmt.Errorf("status of %s: %w", busName, err)
	}
	b.mu.Lock()
	all := make([]SubscriptionStatus, 0, len(b.subs))
	runners := make([]*delivery.Runner, 0, len(b.subs))
	for _, s := range b.subs {
		st := SubscriptionStatus{
			ID: s.id, Rule: s.conf.Rule, Target: s.conf.Target,
			Disabled: s.conf.Disabled, Paused: s.conf.Paused, Following: s.attached,
			Next: s.seen(), Floor: s.cursor().Position,
		}
		st.Backlog = s.gaps.count(st.Next, end)
		all = append(all, st)
		runners = append(runners, s.runner)
	}
	b.mu.Unlock()
	for i, r := range runners {
		if all[i].Status, err = r.Status(ctx); err != nil {
			return nil, fmt.Errorf("status of %s on %s: %w", all[i].ID, busName, err)
		}
	}
	slices.SortFunc(all, func(a, b SubscriptionStatus) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// count is how many positions from from up to end lie in no gap.
func (g gaps) count(from, end engine.Position) uint64 {
	if from >= end {
		return 0
	}
	n := uint64(end - from)
	for _, x := range g {
		if lo, hi := max(x.From, from), min(x.To, end); lo < hi {
			n -= uint64(hi - lo)
		}
	}
	return n
}

// Buses lists the names of the buses there are: those that something was put
// on or subscribed to since they were last dropped.
func (h *Hub) Buses(ctx context.Context) ([]string, error) {
	buses, err := h.all(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(buses))
	for _, b := range buses {
		if b.known.Load() {
			names = append(names, b.name)
		}
	}
	slices.Sort(names)
	return names, nil
}
