package events

import (
	"context"
	"slices"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/trace"
)

// traced notes that an event belongs to a trace. What becomes of it on the bus,
// its journey tells.
func (s *Service) traced(log string, e *hub.Event, id string, now time.Time) {
	if e.Trace == "" || s.Traces == nil {
		return
	}
	if h, ok := trace.Parse(e.Trace); ok {
		s.Traces.Add(trace.Span{
			Root: h.Root, ID: trace.EventSpan(id), Parent: h.Parent, Kind: trace.Event, Name: e.DetailType, Resource: BusARN(log), Start: now,
			Note: e.Source, Refers: []string{id},
		})
	}
}

// tracingTarget has what its target calls belong under the event. An event that
// came with no trace begins one.
type tracingTarget struct{ delivery.Target }

// pacedTracingTarget is one with a rate.
type pacedTracingTarget struct {
	tracingTarget
	paced delivery.Paced
}

// Pacer implements [delivery.Paced].
func (t *pacedTracingTarget) Pacer() *delivery.Pacer { return t.paced.Pacer() }

// tracing is the target of a rule with traces, where the target calls. Others
// (queues, buses) get the trace as it came with the event.
func (s *Service) tracing(target delivery.Target, text string) delivery.Target {
	a, err := arn.Parse(text)
	kind, _ := a.Split()
	calls := a.Service == "events" && kind == "api-destination" || a.Service == "lambda"
	if err != nil || s.Traces == nil || !calls {
		return target
	}
	t := tracingTarget{target}
	if paced, ok := target.(delivery.Paced); ok {
		return &pacedTracingTarget{t, paced}
	}
	return &t
}

// Deliver implements [delivery.Target].
func (t *tracingTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	requests = slices.Clone(requests)
	for i := range requests {
		e := *requests[i].Event // the delivery's own stays as it is
		e.Trace = trace.OfEvent(e.Trace, e.ID, e.Ingested).String()
		requests[i].Event = &e
	}
	return t.Target.Deliver(ctx, requests)
}
