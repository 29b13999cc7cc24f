package events

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/hub"
)

// busTarget sends events on to another bus: of this account or another, in this
// region or another. An event keeps its id, account, region and time. One that
// came from another bus itself is not sent on, so that buses which send to each
// other do not do so for ever (user guide, page eb-bus-to-bus).
type busTarget struct {
	s   *Service
	arn string
}

// MaxBatch implements [delivery.Target].
func (busTarget) MaxBatch() int { return 256 }

// Deliver implements [delivery.Target].
func (t busTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	b, err := t.s.bus(ctx, &t.arn)
	if err != nil {
		for i := range results {
			results[i] = delivery.Result{Kind: delivery.Permanent, Code: "NO_RESOURCE", Message: err.Error()}
		}
		return results
	}
	events := make([]hub.Event, len(requests))
	for i, r := range requests {
		events[i] = hub.Event{Envelope: envelope(r), Trace: r.Event.Trace, Hops: 1}
	}
	if _, err := t.s.Hub.Put(ctx, b.log(), events); err != nil {
		t.s.Logger.Error("sending events on to a bus", "bus", t.arn, "error", err)
		for i := range results {
			results[i] = delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: "the event bus could not store the event"}
		}
	}
	return results
}

// envelope is the event as the other bus gets it: as it is, or, where an input
// transformer made something else of it, the same event with that as its detail.
func envelope(r delivery.Request) []byte {
	if bytes.Equal(r.Input, r.Event.Data) {
		return r.Input
	}
	var members struct {
		ID, Source, Detail json.RawMessage
		DetailType         json.RawMessage `json:"detail-type"`
	}
	if json.Unmarshal(r.Input, &members) == nil && members.ID != nil && members.Source != nil && members.DetailType != nil && members.Detail != nil {
		return r.Input
	}
	var event map[string]json.RawMessage
	if json.Unmarshal(r.Event.Data, &event) != nil {
		return r.Event.Data
	}
	event["detail"] = r.Input
	return []byte(quote(event))
}
