package async

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
)

// Outlets knows the things outside this package to which records of
// invocations go: queues, topics and event buses.
type Outlets interface {
	// Send hands a message over, durably. What kind of failure it was tells
	// whether to try again.
	Send(ctx context.Context, m Message) delivery.Result
}

// Message is what is sent to a destination or a dead-letter queue.
type Message struct {
	ARN        string // of the queue, topic or event bus
	Source     string // ARN of the function
	Body       []byte // JSON
	DetailType string // for event buses; the event's source is "lambda"
	// Attributes are those of the message, by name; numbers are told by
	// their values' being numbers.
	Attributes map[string]Attribute
	Trace      string // X-Ray trace header; may be empty
}

// Attribute is an attribute of a message.
type Attribute struct {
	Type  string // "String", "Number"
	Value string
}

// Conditions under which a record is sent (developer guide, page
// invocation-async-retain-records).
const (
	conditionSuccess = "Success"
	conditionRetries = "RetriesExhausted"
	conditionAge     = "EventAgeExceeded"
)

// invocationRecord is what a destination gets.
type invocationRecord struct {
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	Request         requestContext   `json:"requestContext"`
	RequestPayload  json.RawMessage  `json:"requestPayload"`
	Response        *responseContext `json:"responseContext,omitempty"`
	ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
}

type requestContext struct {
	RequestID string `json:"requestId"`
	ARN       string `json:"functionArn"`
	Condition string `json:"condition"`
	Count     int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode int    `json:"statusCode"`
	Version    string `json:"executedVersion"`
	Error      string `json:"functionError,omitempty"`
}

func (t *target) record(e event, event *delivery.Event, attempts int, condition string) *invocationRecord {
	return &invocationRecord{
		Version: "1.0", Timestamp: t.s.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		Request: requestContext{
			RequestID: event.ID, ARN: catalog.FunctionARN(t.queue.Scope, t.queue.Function, t.queue.Qualifier), Condition: condition, Count: attempts,
		},
		RequestPayload: e.Payload,
	}
}

// document is a payload in a document: as it is, or as a text where it is no JSON.
func document(payload []byte) json.RawMessage {
	if json.Valid(payload) {
		return payload
	}
	text, err := json.Marshal(string(payload))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

// sendOn makes a record durable on its way to a destination.
func (t *target) sendOn(ctx context.Context, destination, detailType string, record *invocationRecord, event *delivery.Event) delivery.Result {
	body, err := json.Marshal(record)
	if err != nil {
		return permanent("INVALID_JSON", err.Error())
	}
	m := Message{ARN: destination, Source: record.Request.ARN, Body: body, DetailType: detailType, Trace: event.Trace}
	return t.post(ctx, m, event)
}

// post makes a message durable in its destination's queue.
func (t *target) post(ctx context.Context, m Message, event *delivery.Event) delivery.Result {
	data, err := json.Marshal(m)
	if err != nil {
		return permanent("INVALID_JSON", err.Error())
	}
	q := *t.queue
	q.ARN = m.ARN
	r, err := t.s.runner(ctx, &q)
	if err == nil {
		err = r.Submit(ctx, delivery.Event{ID: event.ID, Ingested: t.s.Clock.Now(), Data: data, Trace: event.Trace})
	}
	if err != nil {
		return delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: err.Error()}
	}
	return delivery.Result{Status: 200}
}

// Send makes a message of a function's durable on its way to a destination.
func (s *Invocations) Send(ctx context.Context, n catalog.Name, f *catalog.Function, m Message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing to a destination: %w", err)
	}
	r, err := s.runner(ctx, &queue{Scope: n.Scope, Function: n.Function, ID: f.ID, Qualifier: catalog.Latest, ARN: m.ARN})
	if err != nil {
		return err
	}
	return r.Submit(ctx, delivery.Event{ID: uuid.NewString(), Ingested: s.Clock.Now(), Data: data, Trace: m.Trace})
}

// maxErrorMessage bounds the attribute ErrorMessage of dead letters, in bytes.
const maxErrorMessage = 1 << 10

// Bury implements [delivery.DeadLetters]: the record goes to the on-failure
// destination, the event to the dead-letter queue; where there is neither, it
// is dropped.
func (t *target) Bury(ctx context.Context, d delivery.Dead) delivery.Result {
	var e event
	if err := json.Unmarshal(d.Event.Data, &e); err != nil {
		return permanent("INVALID_JSON", err.Error())
	}
	f := t.s.Catalog.Functions.Get(t.queue.Scope.Key(t.queue.Function))
	deadLetter := ""
	if f != nil && f.ID == t.queue.ID {
		if v, err := t.s.Catalog.Version(f.Named(t.queue.Qualifier), f); err == nil {
			deadLetter = v.DeadLetter
		}
	}
	if t.onFailure == "" && deadLetter == "" {
		return permanent("NO_DESTINATION", "the function has no on-failure destination and no dead-letter queue")
	}
	if t.onFailure != "" {
		if result := t.sendOn(ctx, t.onFailure, "Lambda Function Invocation Result - Failure", t.failureRecord(e, d), d.Event); result.Kind != delivery.Success {
			return result
		}
	}
	if deadLetter != "" {
		return t.post(ctx, Message{
			ARN: deadLetter, Source: catalog.FunctionARN(t.queue.Scope, t.queue.Function, ""), Body: e.Payload, Trace: d.Event.Trace,
			Attributes: map[string]Attribute{
				"RequestID":    {"String", d.Event.ID},
				"ErrorCode":    {"Number", strconv.Itoa(max(d.Last.Status, 200))},
				"ErrorMessage": {"String", errorMessage(d.Last)},
			},
		}, d.Event)
	}
	return delivery.Result{Status: 200}
}

func (t *target) failureRecord(e event, d delivery.Dead) *invocationRecord {
	condition := conditionRetries
	if d.Exhausted == "MaximumEventAgeInSeconds" || d.Last.Code == conditionAge {
		condition = conditionAge
	}
	record := t.record(e, d.Event, d.Attempts, condition)
	if d.Last.Status == 200 {
		record.Response = &responseContext{StatusCode: 200, Version: t.queue.Qualifier, Error: "Unhandled"}
		record.ResponsePayload = document([]byte(d.Last.Message))
		if f := t.s.Catalog.Functions.Get(t.queue.Scope.Key(t.queue.Function)); f != nil {
			if v, err := t.s.Catalog.Version(f.Named(t.queue.Qualifier), f); err == nil {
				record.Response.Version = v.Version
			}
		}
	}
	return record
}

// errorMessage is the text of what a handler reported.
func errorMessage(r delivery.Result) string {
	var body struct {
		Message string `json:"errorMessage"`
	}
	text := r.Message
	if r.Status == 200 && json.Unmarshal([]byte(text), &body) == nil && body.Message != "" {
		text = body.Message
	}
	if text == "" {
		text = r.Code
	}
	return text[:min(len(text), maxErrorMessage)]
}

// destinationTarget sends messages to one destination.
type destinationTarget struct {
	s   *Invocations
	arn string
}

// MaxBatch implements [delivery.Target].
func (destinationTarget) MaxBatch() int { return 1 }

// Deliver implements [delivery.Target].
func (t destinationTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	for i, r := range requests {
		results[i] = t.send(ctx, r)
	}
	return results
}

func (t destinationTarget) send(ctx context.Context, r delivery.Request) delivery.Result {
	var m Message
	if err := json.Unmarshal(r.Event.Data, &m); err != nil {
		return permanent("INVALID_JSON", err.Error())
	}
	if a, err := arn.Parse(m.ARN); err == nil && a.Service == "lambda" {
		event := *r.Event
		event.Data, event.ID = m.Body, ""
		return t.s.Target(m.ARN).Deliver(ctx, []delivery.Request{{Event: &event, Input: m.Body, Attempt: r.Attempt}})[0]
	}
	if t.s.Outlets == nil {
		return permanent("NOT_IMPLEMENTED", "destinations are not wired")
	}
	result := t.s.Outlets.Send(ctx, m)
	if result.Kind == delivery.Permanent {
		t.s.Logger.Error("a function's destination refuses its records", "function", m.Source, "destination", m.ARN, "error", result.Message)
	}
	return result
}

// Target is a function as the target of events, whoever sends them: an
// asynchronous invocation for each, which is delivered once it is durable.
// A function that is not there is a permanent failure, NO_RESOURCE.
func (s *Invocations) Target(functionARN string) delivery.Target {
	return functionTarget{s, functionARN}
}

type functionTarget struct {
	s   *Invocations
	arn string
}

// MaxBatch implements [delivery.Target].
func (functionTarget) MaxBatch() int { return 64 }

// Deliver implements [delivery.Target].
func (t functionTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	all := func(r delivery.Result) []delivery.Result {
		for i := range results {
			if results[i].Kind == delivery.Success {
				results[i] = r
			}
		}
		return results
	}
	n, f, err := t.s.Catalog.Function(ctx, t.arn, nil)
	if err == nil {
		_, err = t.s.Catalog.Version(n, f)
	}
	if err != nil {
		return all(permanent("NO_RESOURCE", err.Error()))
	}
	var events []delivery.Event
	for i, r := range requests {
		event, err := t.event(r)
		if err != nil {
			results[i] = permanent("INVALID_PARAMETER", err.Error())
			continue
		}
		events = append(events, event)
	}
	if len(events) == 0 {
		return results
	}
	if err := t.s.submitAll(ctx, n, f, events...); err != nil {
		kind := delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: err.Error()}
		if errors.Is(err, delivery.ErrClosed) {
			kind.Message = "Signalbox is stopping"
		}
		return all(kind)
	}
	return results
}

func (t functionTarget) event(r delivery.Request) (delivery.Event, error) {
	if len(r.Input) > api.MaxEvent {
		return delivery.Event{}, fmt.Errorf("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(r.Input), api.MaxEvent)
	}
	payload, err := api.CheckPayload(r.Input)
	if err != nil {
		return delivery.Event{}, err
	}
	id := uuid.NewString()
	data, err := json.Marshal(event{Payload: payload, Params: api.CallParams{RequestID: id}})
	if err != nil {
		return delivery.Event{}, fmt.Errorf("keeping an invocation: %w", err)
	}
	return delivery.Event{ID: id, Ingested: t.s.Clock.Now(), Data: data, Trace: r.Event.Trace}, nil
}
