package pipes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/transform"
	"github.com/signalbox/signalbox/wire"
)

// flow is the way of a pipe's batches from its source to its target. It never
// changes.
type flow struct {
	s          *Service
	pipe       *pipe
	facts      transform.Facts
	enrichment *transform.Transformer // input of the enrichment
	template   *transform.Transformer // input of the target
	target     target
}

// item is one record on its way.
type item struct {
	event []byte // as the source, or the enrichment, has it
	trace string // header; may be empty
	input []byte // what the template made of it
}

// outcome is what became of a batch: either an answer for all, or a result for
// each item.
type outcome struct {
	results []delivery.Result
	answer  *sources.Answer
	err     error // what kept the target from being reached at all
}

// newFlow compiles a pipe's settings. It uses s when batches come.
func newFlow(s *Service, p *pipe) (*flow, error) {
	f := &flow{s: s, pipe: p, facts: transform.Facts{
		PipeARN: p.arn(), PipeName: p.Name, SourceARN: p.Source, EnrichmentARN: p.Enrichment, TargetARN: p.Target,
	}}
	var err error
	if p.EnrichmentParams != nil {
		if f.enrichment, err = transform.NewPipe(wire.Value(p.EnrichmentParams.InputTemplate)); err != nil {
			return nil, err
		}
	}
	t := wire.Value(p.TargetParameters)
	if f.template, err = transform.NewPipe(wire.Value(t.InputTemplate)); err != nil {
		return nil, err
	}
	f.target, err = newTarget(s, p, t)
	return f, err
}

// take brings one batch to its target. The answer names the records that must
// come again, by the ids that package sources knows them by. It is cut off only
// by the service's end.
func (f *flow) take(_ context.Context, payload []byte) (sources.Answer, error) {
	ctx := f.s.life
	var records []json.RawMessage
	if err := json.Unmarshal(payload, &records); err != nil {
		return sources.Answer{}, fmt.Errorf("reading a batch of pipe %s: %w", f.pipe.arn(), err)
	}
	d := f.s.diary(f.pipe)
	spans := f.begin(records)
	answer, err := f.pass(ctx, records, spans, d)
	spans.end(answer, err)
	if err == nil {
		d.end(ctx, answer.Error)
	} else {
		d.end(ctx, err.Error())
	}
	return answer, err
}

// pass is take, told to a diary.
func (f *flow) pass(ctx context.Context, records []json.RawMessage, spans *spans, d *diary) (sources.Answer, error) {
	d.begin(records)
	events := make([][]byte, len(records))
	for i, r := range records {
		events[i] = r
	}
	facts := f.facts
	facts.Ingested = f.s.Clock.Now()
	enriched := f.pipe.Enrichment != ""
	if enriched {
		d.note(LogLevelInfo, "ENRICHMENT_STAGE_ENTERED", "")
		var err error
		if events, err = f.enrich(ctx, events, facts, spans.header(0)); err != nil {
			d.note(LogLevelError, "ENRICHMENT_INVOCATION_FAILED", err.Error())
			return failed(err)
		}
		d.note(LogLevelInfo, "ENRICHMENT_STAGE_SUCCEEDED", "")
		if len(events) == 0 {
			return sources.Answer{Payload: []byte("null")}, nil
		}
		if most := int(largest[kindOf(f.pipe.Target)]); len(events) > most {
			return failed(fmt.Errorf("the enrichment has answered %d events, and the target takes %d at a time", len(events), most))
		}
	}
	d.note(LogLevelInfo, "TARGET_STAGE_ENTERED", "")
	items, results := f.prepare(events, facts)
	for i := range items {
		items[i].trace = spans.of(i, len(items))
	}
	var ready []item
	var places []int
	for i := range items {
		if results[i].Kind == delivery.Success {
			ready, places = append(ready, items[i]), append(places, i)
		}
	}
	if len(ready) > 0 {
		o := f.target.send(ctx, ready)
		switch {
		case o.err != nil:
			d.note(LogLevelError, "TARGET_INVOCATION_FAILED", o.err.Error())
			return failed(o.err)
		case o.answer != nil && (len(ready) == len(items) || o.answer.Error != ""):
			if o.answer.Error != "" {
				d.note(LogLevelError, "TARGET_INVOCATION_FAILED", o.answer.Error)
			}
			return *o.answer, nil
		case o.answer != nil:
			report(*o.answer, records, results)
		default:
			for n, r := range o.results {
				results[places[n]] = r
			}
		}
	}
	return f.account(records, results, enriched && len(results) != len(records), d)
}

// failed is the answer for a batch of which nothing was sent.
func failed(err error) (sources.Answer, error) {
	if f, ok := err.(*failure); ok {
		return sources.Answer{Error: f.Error()}, nil
	}
	return sources.Answer{Error: err.Error()}, err
}

// failure is an error of the customer's making: it counts as an attempt, and a
// batch may be halved for it.
type failure struct{ text string }

func (f *failure) Error() string { return f.text }

// enrich lets the enrichment make other events of the batch. None come of an
// empty answer (user guide, page pipes-enrichment).
func (f *flow) enrich(ctx context.Context, events [][]byte, facts transform.Facts, traceHeader string) ([][]byte, error) {
	inputs := make([]json.RawMessage, len(events))
	for i, e := range events {
		input, err := f.enrichment.Apply(nil, e, facts)
		if err != nil {
			return nil, &failure{"the enrichment's input: " + err.Error()}
		}
		inputs[i] = asJSON(input)
	}
	payload, err := json.Marshal(inputs)
	if err != nil {
		return nil, fmt.Errorf("putting together the enrichment's input: %w", err)
	}
	answer, err := f.s.Outlets.Call(ctx, f.pipe.Enrichment, payload, traceHeader)
	if err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, &failure{fmt.Sprintf("the enrichment failed: %s: %.500s", answer.Error, answer.Payload)}
	}
	text := bytes.TrimSpace(answer.Payload)
	switch string(text) {
	case "", "null", `""`, "{}", "[]":
		return nil, nil
	}
	if text[0] != '[' {
		return [][]byte{text}, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, &failure{"the enrichment's answer is no JSON"}
	}
	out := make([][]byte, len(list))
	for i, e := range list {
		out[i] = e
	}
	return out, nil
}

// asJSON is an input as an element of a list: what is no JSON is a string.
func asJSON(input []byte) json.RawMessage {
	if json.Valid(input) {
		return input
	}
	text, err := json.Marshal(string(input))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

// prepare makes the target's inputs. Where one cannot be made, those that must
// not overtake it are held back.
func (f *flow) prepare(events [][]byte, facts transform.Facts) ([]item, []delivery.Result) {
	items, results := make([]item, len(events)), make([]delivery.Result, len(events))
	stuck := map[string]bool{}
	for i, e := range events {
		group, ordered := f.group(e)
		if ordered && stuck[group] {
			results[i] = delivery.Result{Kind: delivery.Retryable, Code: "HELD", Message: "a record before it has failed"}
			continue
		}
		input, err := f.template.Apply(nil, e, facts)
		if err != nil {
			stuck[group] = true
			results[i] = delivery.Result{Kind: delivery.Permanent, Code: "INVALID_JSON", Message: err.Error(), Status: 400}
			continue
		}
		items[i] = item{event: e, input: input}
	}
	return items, results
}

// group is what an event must keep its order among.
func (f *flow) group(event []byte) (name string, ordered bool) {
	if f.pipe.stream() != nil {
		return "", true
	}
	if !strings.HasSuffix(f.pipe.Source, ".fifo") {
		return "", false
	}
	var m struct {
		Attributes struct{ MessageGroupId string } `json:"attributes"`
	}
	_ = json.Unmarshal(event, &m) // an enrichment's event may have none: then all keep their order
	return m.Attributes.MessageGroupId, true
}

// account tells the source what has become of its records. apart says that the
// results are not those of the records one by one: then all have failed where
// one has.
func (f *flow) account(records []json.RawMessage, results []delivery.Result, apart bool, d *diary) (sources.Answer, error) {
	first, count := -1, 0
	for i, r := range results {
		if r.Kind != delivery.Success {
			count++
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		d.note(LogLevelInfo, "TARGET_STAGE_SUCCEEDED", "")
		return sources.Answer{Payload: []byte("null")}, nil
	}
	why := results[first]
	text := why.Code + ": " + why.Message
	d.note(LogLevelError, "TARGET_INVOCATION_FAILED", text)
	stream := f.pipe.stream() != nil
	if apart || count == len(results) || stream && first == 0 {
		// Not the customer's fault: it does not count as an attempt (user
		// guide, page eb-pipes-error-troubleshooting).
		if why.Kind == delivery.Throttled || stream && why.Kind == delivery.Retryable && why.Status == 0 {
			return sources.Answer{}, fmt.Errorf("%w: %s", sources.ErrThrottled, text)
		}
		return sources.Answer{Error: text}, nil
	}
	d.note(LogLevelInfo, "TARGET_STAGE_PARTIALLY_SUCCEEDED", "")
	var b batchFailures
	for i, r := range results {
		if r.Kind != delivery.Success {
			b.Failures = append(b.Failures, itemFailure{identity(records[i])})
		}
	}
	payload, err := json.Marshal(b)
	return sources.Answer{Payload: payload}, err
}

// batchFailures is how records that must come again are named.
type batchFailures struct {
	Failures []itemFailure `json:"batchItemFailures"`
}

type itemFailure struct {
	ID string `json:"itemIdentifier"`
}

// report notes which records a function has reported as failed.
func report(answer sources.Answer, records []json.RawMessage, results []delivery.Result) {
	var b batchFailures
	if len(records) != len(results) || json.Unmarshal(answer.Payload, &b) != nil {
		return
	}
	for i, r := range records {
		if slices.Contains(b.Failures, itemFailure{identity(r)}) {
			results[i] = delivery.Result{Kind: delivery.Permanent, Code: "FUNCTION_ERROR", Message: "the function reports that it has failed", Status: 200}
		}
	}
}

// identity is the id by which a source knows its record.
func identity(record json.RawMessage) string {
	var r struct {
		MessageID string `json:"messageId"`
		Dynamodb  struct{ SequenceNumber string }
	}
	if json.Unmarshal(record, &r) != nil {
		return ""
	}
	if r.MessageID != "" {
		return r.MessageID
	}
	return r.Dynamodb.SequenceNumber
}
