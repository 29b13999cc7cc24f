package events

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/services/events/api"
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
	var events []hub.Event
	var places []int // of the events in results
	for i, r := range requests {
		whole, err := envelope(r)
		if err != nil {
			results[i] = permanent("INVALID_JSON", "event bus %s: %s", t.arn, err)
			continue
		}
		events, places = append(events, hub.Event{Envelope: whole, Trace: r.Event.Trace, Hops: 1}), append(places, i)
	}
	if _, err := t.s.Hub.Put(ctx, b.log(), events); err != nil {
		t.s.Logger.Error("sending events on to a bus", "bus", t.arn, "error", err)
		for _, i := range places {
			results[i] = delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: "the event bus could not store the event"}
		}
	}
	return results
}

// envelope is the event as the other bus gets it: as it is, or, where an input
// transformer made an object of it, the same event with that as its detail. A
// transformer may also make the whole event, with the id that it has.
func envelope(r delivery.Request) ([]byte, error) {
	if bytes.Equal(r.Input, r.Event.Data) {
		return r.Input, nil
	}
	var made map[string]json.RawMessage
	if json.Unmarshal(r.Input, &made) != nil || made == nil {
		return nil, errNoObject
	}
	if isEvent(made, r.Event.ID) {
		return r.Input, nil
	}
	var event map[string]json.RawMessage
	if err := json.Unmarshal(r.Event.Data, &event); err != nil {
		return nil, err
	}
	event["detail"] = r.Input
	return []byte(api.JSON(event)), nil
}

// isEvent tells whether the members are those of a whole event with that id.
func isEvent(members map[string]json.RawMessage, id string) bool {
	if string(members["id"]) != api.JSON(id) || !bytes.HasPrefix(members["detail"], []byte("{")) {
		return false
	}
	for _, name := range []string{"source", "detail-type", "account", "time", "region"} {
		if !bytes.HasPrefix(members[name], []byte(`"`)) {
			return false
		}
	}
	return true
}
