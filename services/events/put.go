package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

const (
	maxEntry = 1 << 20 // bytes of one entry (user guide, page eb-putevent-size)
	maxDepth = 1100    // levels of nesting in a detail (API reference, PutEvents)
)

// Codes of entries that fail on their own (API reference, PutEventsResultEntry).
const (
	codeInvalidArgument     = "InvalidArgument"
	codeMalformedDetail     = "MalformedDetail"
	codeNotAuthorizedSource = "NotAuthorizedForSourceException"
	codeInternalFailure     = "InternalFailure"
)

// PutEvents implements [api.API]. Entries fail one by one: those which are good are
// durable when the answer is given.
func (s *Service) PutEvents(ctx context.Context, in *api.PutEventsInput) (*api.PutEventsOutput, error) {
	out := &api.PutEventsOutput{Entries: make([]api.PutEventsResultEntry, len(in.Entries))}
	fail := func(i int, err *wire.Error) {
		out.FailedEntryCount++
		out.Entries[i] = api.PutEventsResultEntry{ErrorCode: &err.Code, ErrorMessage: &err.Message}
	}
	now := s.Clock.Now()
	// The entries of one bus go there in one batch; mostly there is one bus.
	var batches []*batch
	for i := range in.Entries {
		b, event, err := s.accept(ctx, &in.Entries[i], now)
		if err != nil {
			fail(i, err)
			continue
		}
		if len(batches) == 0 {
			batches = []*batch{{
				log: b.log(), events: make([]hub.Event, 0, len(in.Entries)-i), places: make([]int, 0, len(in.Entries)-i),
			}}
		}
		batches = addTo(batches, b.log(), event, i)
	}
	for _, batch := range batches {
		ids, err := s.Hub.Put(ctx, batch.log, batch.events)
		if err != nil {
			s.Logger.Error("putting events", "bus", batch.log, "error", err)
		}
		for k, i := range batch.places {
			if err != nil {
				fail(i, wire.Errorf(codeInternalFailure, "The entry could not be stored; try again."))
				continue
			}
			out.Entries[i].EventId = &ids[k]
			s.traced(batch.log, &batch.events[k], ids[k], now)
		}
	}
	return out, nil
}

// batch is what one request puts on one bus.
type batch struct {
	log    string
	events []hub.Event
	places []int // of the events in the request
}

func addTo(batches []*batch, log string, e hub.Event, place int) []*batch {
	for _, b := range batches {
		if b.log == log {
			b.events, b.places = append(b.events, e), append(b.places, place)
			return batches
		}
	}
	return append(batches, &batch{log: log, events: []hub.Event{e}, places: []int{place}})
}

// accept checks an entry and makes an event of it.
func (s *Service) accept(ctx context.Context, e *api.PutEventsRequestEntry, now time.Time) (*bus, hub.Event, *wire.Error) {
	detail, refusal := checkEntry(e)
	if refusal != nil {
		return nil, hub.Event{}, refusal
	}
	b, err := s.bus(ctx, e.EventBusName)
	if err != nil {
		return nil, hub.Event{}, wire.Errorf(codeInvalidArgument, "Parameter EventBusName is not valid. Reason: event bus %s does not exist.", *e.EventBusName)
	}
	from := wire.FromContext(ctx)
	event := hub.Event{
		Source: *e.Source, DetailType: *e.DetailType, Detail: detail, Resources: e.Resources, Time: now,
		Account: from.Account, Region: from.Region, Trace: from.Trace,
	}
	if e.TraceHeader != nil {
		event.Trace = *e.TraceHeader
	}
	if e.Time != nil {
		event.Time = e.Time.Time
	}
	return b, event, nil
}

// checkEntry returns the entry's detail without white space, or why the entry
// is refused.
func checkEntry(e *api.PutEventsRequestEntry) (detail []byte, _ *wire.Error) {
	for _, m := range []struct {
		name  string
		value *string
	}{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if wire.Value(m.value) == "" {
			return nil, wire.Errorf(codeInvalidArgument, "Parameter %s is not valid. Reason: %s is a required argument.", m.name, m.name)
		}
	}
	if strings.HasPrefix(*e.Source, "aws.") {
		return nil, wire.Errorf(codeNotAuthorizedSource, "Not authorized for the source.")
	}
	if e.Time != nil {
		if year := e.Time.UTC().Year(); year < 0 || year > 9999 {
			return nil, wire.Errorf(codeInvalidArgument, "Parameter Time is not valid. Reason: the year %d cannot be told in an event.", year)
		}
	}
	if size := entrySize(e); size > maxEntry {
		return nil, wire.Errorf(codeInvalidArgument, "The entry has %d bytes and exceeds the limit of %d bytes.", size, maxEntry)
	}
	detail, err := compactObject(*e.Detail)
	switch {
	case errors.Is(err, errDepth):
		return nil, wire.Errorf(codeMalformedDetail, "Detail is malformed. Reason: %s.", err)
	case err != nil:
		return nil, wire.Errorf(codeMalformedDetail, "Detail is malformed.")
	}
	return detail, nil
}

// entrySize counts as the user guide's page eb-putevent-size does.
func entrySize(e *api.PutEventsRequestEntry) int {
	size := len(*e.Source) + len(*e.DetailType) + len(*e.Detail)
	if e.Time != nil {
		size += 14
	}
	for _, r := range e.Resources {
		size += len(r)
	}
	return size
}

var (
	errNoObject = errors.New("it is not a JSON object")
	errDepth    = fmt.Errorf("it nests more than %d levels deep", maxDepth)
)

// compactObject is the text without white space between tokens. The error says
// why it is no JSON object that an event can hold.
func compactObject(text string) ([]byte, error) {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if !strings.HasPrefix(trimmed, "{") {
		return nil, errNoObject
	}
	if wire.Deeper(text, maxDepth) {
		return nil, errDepth
	}
	var buf bytes.Buffer
	buf.Grow(len(text))
	if err := json.Compact(&buf, []byte(text)); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// checkEvent refuses what TestEventPattern takes for no event (API reference,
// TestEventPattern: mandatory fields). EventBridge does not say what it lacks.
func checkEvent(text string) error {
	var members map[string]json.RawMessage
	_, err := compactObject(text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &members)
	}
	for _, name := range []string{"id", "account", "source", "time", "region", "detail-type"} {
		if _, ok := members[name]; !ok || err != nil {
			return api.Invalid("Parameter Event is not valid.")
		}
	}
	return nil
}
