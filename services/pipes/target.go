package pipes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/wire"
)

// target is where a pipe's items go.
type target interface {
	// send sends items, in their order.
	send(ctx context.Context, items []item) outcome
}

func newTarget(s *Service, p *pipe, t PipeTargetParameters) (target, error) {
	switch kindOf(p.Target) {
	case kindBus:
		return newBus(s, p, wire.Value(t.EventBridgeEventBusParameters))
	case kindFunction:
		fire := t.LambdaFunctionParameters != nil && wire.Value(t.LambdaFunctionParameters.InvocationType) == PipeTargetInvocationTypeFireAndForget
		return &function{s: s, arn: p.Target, fire: fire}, nil
	case kindQueue:
		return newQueue(s, p, wire.Value(t.SqsQueueParameters))
	case kindDestination:
		return newDestination(s, p, wire.Value(t.HttpParameters))
	case kindGroup:
		return newGroup(s, p, wire.Value(t.CloudWatchLogsParameters))
	}
	return nil, unknown("target", p.Target)
}

// unfit is the result for an item of which nothing can be made for the target.
func unfit(err error) delivery.Result {
	return delivery.Result{Kind: delivery.Permanent, Code: "INVALID_PARAMETER", Message: err.Error(), Status: 400}
}

// sendFit makes one T of each item, sends those that could be made, and puts the
// results together.
func sendFit[T any](items []item, make1 func(item) (T, error), send func([]T) []delivery.Result) outcome {
	results := make([]delivery.Result, len(items))
	var made []T
	var places []int
	for i, it := range items {
		one, err := make1(it)
		if err != nil {
			results[i] = unfit(err)
			continue
		}
		made, places = append(made, one), append(places, i)
	}
	if len(made) > 0 {
		for n, r := range send(made) {
			results[places[n]] = r
		}
	}
	return outcome{results: results}
}

// bus is an event bus as target.
type bus struct {
	s                        *Service
	arn                      string
	source, detailType, when value
	resources                []value
}

func newBus(s *Service, p *pipe, t PipeTargetEventBridgeEventBusParameters) (*bus, error) {
	b := &bus{s: s, arn: p.Target}
	source, detailType := "Pipe "+p.Name, "Event from "+eventSource(p)
	if t.Source != nil {
		source = *t.Source
	}
	if t.DetailType != nil {
		detailType = *t.DetailType
	}
	var errs [4]error
	b.source, errs[0] = newValue(source)
	b.detailType, errs[1] = newValue(detailType)
	b.when, errs[2] = newValue(wire.Value(t.Time))
	b.resources, errs[3] = newValues(t.Resources)
	return b, errors.Join(errs[:]...)
}

// eventSource is what the records of a pipe's source call it.
func eventSource(p *pipe) string {
	a, err := arn.Parse(p.Source)
	if err != nil {
		return "aws"
	}
	return "aws:" + a.Service
}

func (b *bus) send(ctx context.Context, items []item) outcome {
	return sendFit(items, b.event, func(events []Event) []delivery.Result { return b.s.Outlets.PutEvents(ctx, b.arn, events) })
}

func (b *bus) event(it item) (e Event, err error) {
	var when string
	var errs [5]error
	e.Detail, e.Trace = string(it.input), it.trace
	e.Source, errs[0] = b.source.of(it.event)
	e.DetailType, errs[1] = b.detailType.of(it.event)
	e.Resources, errs[2] = valuesOf(b.resources, it.event)
	when, errs[3] = b.when.of(it.event)
	e.Time, errs[4] = timeOf(when)
	return e, errors.Join(errs[:]...)
}

// function is a function as target. It gets the batch as one list.
type function struct {
	s    *Service
	arn  string
	fire bool // and forget
}

func (f *function) send(ctx context.Context, items []item) outcome {
	list := make([]json.RawMessage, len(items))
	for i, it := range items {
		list[i] = asJSON(it.input)
	}
	payload, err := json.Marshal(list)
	if err != nil {
		return outcome{err: fmt.Errorf("putting together the payload for %s: %w", f.arn, err)}
	}
	if f.fire {
		r := f.s.Outlets.Submit(ctx, f.arn, payload, items[0].trace)
		results := make([]delivery.Result, len(items))
		for i := range results {
			results[i] = r
		}
		return outcome{results: results}
	}
	answer, err := f.s.Outlets.Call(ctx, f.arn, payload, items[0].trace)
	if err != nil {
		return outcome{err: err}
	}
	if answer.Error != "" {
		answer.Version = "" // of no interest to the dead-letter queue of a pipe
	}
	return outcome{answer: &answer}
}

// queue is a queue as target.
type queue struct {
	s                  *Service
	arn                string
	group, deduplicate value
}

func newQueue(s *Service, p *pipe, t PipeTargetSqsQueueParameters) (*queue, error) {
	q := &queue{s: s, arn: p.Target}
	var errs [2]error
	q.group, errs[0] = newValue(wire.Value(t.MessageGroupId))
	q.deduplicate, errs[1] = newValue(wire.Value(t.MessageDeduplicationId))
	return q, errors.Join(errs[:]...)
}

func (q *queue) send(ctx context.Context, items []item) outcome {
	return sendFit(items, q.message, func(messages []Message) []delivery.Result {
		return q.s.Outlets.SendMessages(ctx, q.arn, messages)
	})
}

func (q *queue) message(it item) (m Message, err error) {
	var errs [2]error
	m.Body, m.Trace = string(it.input), it.trace
	m.Group, errs[0] = q.group.of(it.event)
	m.Deduplicate, errs[1] = q.deduplicate.of(it.event)
	return m, errors.Join(errs[:]...)
}

// destination is an API destination as target.
type destination struct {
	s             *Service
	arn           string
	path          []value
	header, query map[string]value
}

func newDestination(s *Service, p *pipe, t PipeTargetHttpParameters) (*destination, error) {
	d := &destination{s: s, arn: p.Target}
	var errs [3]error
	d.path, errs[0] = newValues(t.PathParameterValues)
	d.header, errs[1] = newValueMap(t.HeaderParameters)
	d.query, errs[2] = newValueMap(t.QueryStringParameters)
	return d, errors.Join(errs[:]...)
}

func (d *destination) send(ctx context.Context, items []item) outcome {
	return sendFit(items, d.request, func(requests []HTTPRequest) []delivery.Result {
		results := make([]delivery.Result, len(requests))
		for i, r := range requests {
			results[i] = d.s.Outlets.Request(ctx, d.arn, r)
		}
		return results
	})
}

func (d *destination) request(it item) (r HTTPRequest, err error) {
	var errs [3]error
	r.Body, r.Trace = it.input, it.trace
	r.Path, errs[0] = valuesOf(d.path, it.event)
	r.Header, errs[1] = valueMapOf(d.header, it.event)
	r.Query, errs[2] = valueMapOf(d.query, it.event)
	return r, errors.Join(errs[:]...)
}

// group is a log group as target.
type group struct {
	s            *Service
	pipe         *pipe
	stream, when value
}

func newGroup(s *Service, p *pipe, t PipeTargetCloudWatchLogsParameters) (*group, error) {
	g := &group{s: s, pipe: p}
	var errs [2]error
	g.stream, errs[0] = newValue(wire.Value(t.LogStreamName))
	g.when, errs[1] = newValue(wire.Value(t.Timestamp))
	return g, errors.Join(errs[:]...)
}

// streamed is a log event and the stream that it belongs into.
type streamed struct {
	stream string
	event  LogEvent
}

func (g *group) send(ctx context.Context, items []item) outcome {
	return sendFit(items, g.entry, func(entries []streamed) []delivery.Result {
		var results []delivery.Result
		for len(entries) > 0 { // those of one stream that follow one another together
			n := 0
			var events []LogEvent
			for n < len(entries) && entries[n].stream == entries[0].stream {
				events = append(events, entries[n].event)
				n++
			}
			results = append(results, g.s.Outlets.Write(ctx, g.pipe.Target, entries[0].stream, events)...)
			entries = entries[n:]
		}
		return results
	})
}

func (g *group) entry(it item) (streamed, error) {
	stream, err := g.stream.of(it.event)
	if err != nil {
		return streamed{}, err
	}
	if strings.TrimSpace(stream) == "" {
		stream = streamName(g.pipe, g.s.Clock.Now())
	}
	text, err := g.when.of(it.event)
	if err != nil {
		return streamed{}, err
	}
	when, err := timeOf(text)
	if when.Equal(time.Time{}) {
		when = g.s.Clock.Now()
	}
	return streamed{stream, LogEvent{Time: when, Text: string(it.input)}}, err
}
