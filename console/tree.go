package console

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/trace"
)

// Delivery is the kind of a node that is an event's way from a bus to a target;
// the other kinds are those of spans.
const Delivery trace.Kind = "delivery"

// Node is one thing that was done in a trace, and what it set off. Members that
// say nothing about its Kind are absent.
type Node struct {
	Kind     trace.Kind `json:"kind"`
	Name     string     `json:"name"`               // as the span's; of a delivery, the rule's ARN
	Resource string     `json:"resource,omitempty"` // as the span's; of a delivery, the target's ARN
	Start    time.Time  `json:"start"`
	Duration float64    `json:"durationMs"`
	Status   int        `json:"status,omitempty"` // of HTTP
	Error    string     `json:"error,omitempty"`
	Note     string     `json:"note,omitempty"`
	Request  string     `json:"requestId,omitempty"`
	EventID  string     `json:"eventId,omitempty"`
	// Of deliveries: the last step of the journey's, and how many attempts. Of
	// events that no rule matched: that step.
	Outcome  journey.Type `json:"outcome,omitempty"`
	Attempts int          `json:"attempts,omitempty"`
	Calls    []*Node      `json:"calls,omitempty"`
}

// maxEvents bounds the events of a trace whose journeys are told.
const maxEvents = 500

// Traces find the spans of traces; *trace.Journal does.
type Traces interface {
	Find(ctx context.Context, id string) ([]trace.Span, error)
}

// spansOf are the spans of the trace in which something has the id. An event
// that came with no trace has one of its own, of which it is the beginning.
func (s *Console) spansOf(ctx context.Context, id string, steps []journey.Step) ([]trace.Span, error) {
	if h, ok := trace.Parse(id); ok {
		id = h.Root
	}
	if s.Traces == nil {
		return nil, nil
	}
	spans, err := s.Traces.Find(ctx, id)
	if err != nil || len(spans) > 0 || len(steps) == 0 {
		return spans, err
	}
	own := trace.OfEvent("", id, steps[0].Time)
	if spans, err = s.Traces.Find(ctx, own.Root); err != nil || len(spans) == 0 {
		return nil, err
	}
	var event struct {
		Source     string
		DetailType string `json:"detail-type"`
	}
	_ = json.Unmarshal(steps[0].Event, &event) // what cannot be read has no name
	return append(spans, trace.Span{
		Root: own.Root, ID: own.Parent, Kind: trace.Event, Name: event.DetailType, Note: event.Source, Resource: steps[0].Bus, Start: steps[0].Time,
		Refers: []string{id},
	}), nil
}

// tree puts the spans of a trace under those that set them off, and events'
// journeys in between. What was set off by nothing that is known is at the top.
func (s *Console) tree(ctx context.Context, spans []trace.Span) ([]*Node, error) {
	nodes := map[string]*Node{}
	below := map[string][]*Node{} // by the parent's id
	var order []string
	events := 0
	for i := range spans {
		sp := &spans[i]
		if nodes[sp.ID] != nil {
			continue // an event may be put twice
		}
		n := &Node{
			Kind: sp.Kind, Name: sp.Name, Resource: sp.Resource, Start: sp.Start, Duration: milliseconds(sp.Duration), Status: sp.Status,
			Error: sp.Error, Note: sp.Note, Request: sp.Request,
		}
		nodes[sp.ID] = n
		order = append(order, sp.ID)
		below[sp.Parent] = append(below[sp.Parent], n)
		if sp.Kind == trace.Event && len(sp.Refers) > 0 {
			n.EventID = sp.Refers[0]
			if events++; events <= maxEvents {
				if err := s.deliveries(ctx, n); err != nil {
					return nil, err
				}
			}
		}
	}
	placed := map[*Node]bool{}
	for _, id := range order {
		for _, child := range below[id] {
			if child != nodes[id] && !placed[child] {
				placed[child] = true
				nodes[id].adopt(child)
			}
		}
	}
	var top []*Node
	for _, id := range order {
		if !placed[nodes[id]] {
			top = append(top, nodes[id])
		}
	}
	for _, n := range nodes {
		slices.SortStableFunc(n.Calls, func(a, b *Node) int { return a.Start.Compare(b.Start) })
	}
	slices.SortStableFunc(top, func(a, b *Node) int { return a.Start.Compare(b.Start) })
	return top, nil
}

// adopt puts a node under another; what an event set off, under its delivery.
func (n *Node) adopt(child *Node) {
	for _, d := range n.Calls {
		if d.Kind == Delivery && child.Resource != "" && (d.Resource == child.Resource || strings.HasPrefix(child.Resource, d.Resource+":")) {
			d.Calls = append(d.Calls, child)
			return
		}
	}
	n.Calls = append(n.Calls, child)
}

// deliveries tells under an event what became of it on its buses.
func (s *Console) deliveries(ctx context.Context, n *Node) error {
	steps, err := s.Hub.Trace(ctx, n.EventID)
	if errors.Is(err, engine.ErrNotFound) {
		return nil // it is no longer kept
	}
	if err != nil {
		return err
	}
	ways := map[string]*Node{}
	for _, st := range steps {
		if st.Type == journey.NoStandardRulesMatched {
			n.Outcome = st.Type
		}
		if st.Target == "" {
			continue
		}
		d := ways[st.Bus+" "+st.Invocation]
		if d == nil {
			d = &Node{Kind: Delivery, Name: st.Rule, Resource: st.Target, Start: st.Time}
			ways[st.Bus+" "+st.Invocation] = d
			n.Calls = append(n.Calls, d)
		}
		d.Outcome, d.Attempts = st.Type, max(d.Attempts, st.Attempt)
		d.Error = st.Message
		d.Duration = milliseconds(st.Time.Sub(d.Start))
	}
	return nil
}
