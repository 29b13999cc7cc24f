package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/services/pipes"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/wire"
)

// pipes opens EventBridge Pipes.
func (s *Server) pipes(ctx context.Context, c Config, eng engine.Engine, streams sources.Streams, out pipeOutlets) (*pipes.Service, error) {
	p, err := pipes.New(ctx, pipes.Config{
		Engine: eng, Clock: c.Clock, Logger: c.Logger, Queues: messages{out.queues}, Streams: streams, Outlets: out, TraceOf: s.headers.of, Traces: s.traces,
	})
	if err != nil {
		return nil, err
	}
	s.onClose(p.Close)
	return p, nil
}

// pipeOutlets are where pipes send to.
type pipeOutlets struct {
	queues    *sqs.Service
	groups    *logs.Service
	functions *lambda.Service
	buses     *events.Service
}

var _ pipes.Outlets = pipeOutlets{}

// at is the context of a call to the service that an ARN's thing belongs to.
func at(ctx context.Context, text string) (context.Context, arn.ARN, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return ctx, a, err
	}
	return wire.NewContext(ctx, &wire.Request{Account: a.Account, Region: a.Region}), a, nil
}

// judged is what an error of a service means for what was sent.
func judged(ctx context.Context, err error) delivery.Result {
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case err == nil:
		return delivery.Result{}
	case ok:
		return delivery.Result{Kind: delivery.Permanent, Code: e.Code, Message: e.Message, Status: 400}
	case ctx.Err() != nil:
		return delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: "Signalbox is stopping"}
	}
	return delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: err.Error()}
}

// same is one result for n things.
func same(r delivery.Result, n int) []delivery.Result { return slices.Repeat([]delivery.Result{r}, n) }

// PutEvents implements [pipes.Outlets].
func (o pipeOutlets) PutEvents(ctx context.Context, busARN string, list []pipes.Event) []delivery.Result {
	ctx, _, err := at(ctx, busARN)
	if err != nil {
		return same(judged(ctx, err), len(list))
	}
	in := &events.PutEventsInput{}
	for _, e := range list {
		entry := events.PutEventsRequestEntry{
			EventBusName: new(busARN), Source: new(e.Source), DetailType: new(e.DetailType), Detail: new(e.Detail), Resources: e.Resources,
		}
		if e.Trace != "" {
			entry.TraceHeader = new(e.Trace)
		}
		if !e.Time.IsZero() {
			entry.Time = new(wire.At(e.Time))
		}
		in.Entries = append(in.Entries, entry)
	}
	out, err := o.buses.PutEvents(ctx, in)
	if err != nil {
		return same(judged(ctx, err), len(list))
	}
	results := make([]delivery.Result, len(list))
	for i, e := range out.Entries {
		if e.ErrorCode != nil {
			results[i] = delivery.Result{Kind: delivery.Permanent, Code: *e.ErrorCode, Message: wire.Value(e.ErrorMessage), Status: 400}
		}
	}
	return results
}

// SendMessages implements [pipes.Outlets].
func (o pipeOutlets) SendMessages(ctx context.Context, queueARN string, list []pipes.Message) []delivery.Result {
	ctx, a, err := at(ctx, queueARN)
	if err != nil {
		return same(judged(ctx, err), len(list))
	}
	url, err := o.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: new(a.Resource)})
	if err != nil {
		return same(judged(ctx, err), len(list))
	}
	in := &sqs.SendMessageBatchInput{QueueUrl: url.QueueUrl}
	for i, m := range list {
		entry := sqs.SendMessageBatchRequestEntry{Id: new(strconv.Itoa(i)), MessageBody: new(m.Body)}
		if m.Trace != "" {
			entry.MessageSystemAttributes = map[string]sqs.MessageSystemAttributeValue{
				sqs.MessageSystemAttributeNameForSendsAWSTraceHeader: {DataType: new("String"), StringValue: new(m.Trace)},
			}
		}
		if m.Group != "" {
			entry.MessageGroupId = new(m.Group)
		}
		if m.Deduplicate != "" {
			entry.MessageDeduplicationId = new(m.Deduplicate)
		}
		in.Entries = append(in.Entries, entry)
	}
	out, err := o.queues.SendMessageBatch(ctx, in)
	if err != nil {
		return same(judged(ctx, err), len(list))
	}
	results := make([]delivery.Result, len(list))
	for _, f := range out.Failed {
		i, err := strconv.Atoi(*f.Id)
		if err != nil {
			continue
		}
		results[i] = delivery.Result{Kind: delivery.Permanent, Code: wire.Value(f.Code), Message: wire.Value(f.Message), Status: 400}
	}
	return results
}

// Call implements [pipes.Outlets].
func (o pipeOutlets) Call(ctx context.Context, functionARN string, payload []byte, traceHeader string) (sources.Answer, error) {
	ctx, _, err := at(ctx, functionARN)
	if err != nil {
		return sources.Answer{}, err
	}
	result, err := o.functions.Call(ctx, functionARN, payload, lambda.CallParams{Trace: traceHeader})
	if wire.IsCode(err, lambda.CodeTooManyRequestsException) {
		err = fmt.Errorf("%w: %w", sources.ErrThrottled, err)
	}
	return sources.Answer{Payload: result.Payload, Error: result.Error, RequestID: result.RequestID, Version: result.Version}, err
}

// Submit implements [pipes.Outlets].
func (o pipeOutlets) Submit(ctx context.Context, functionARN string, payload []byte, traceHeader string) delivery.Result {
	return o.functions.Target(functionARN).Deliver(ctx, []delivery.Request{{Event: &delivery.Event{Data: payload, Trace: traceHeader}, Input: payload, Attempt: 1}})[0]
}

// Request implements [pipes.Outlets].
func (o pipeOutlets) Request(ctx context.Context, destinationARN string, r pipes.HTTPRequest) delivery.Result {
	target := o.buses.DestinationTarget(destinationARN, events.HttpParameters{
		PathParameterValues: r.Path, HeaderParameters: r.Header, QueryStringParameters: r.Query,
	})
	if p := target.Pacer(); p != nil {
		if err := p.Wait(ctx); err != nil {
			return judged(ctx, err)
		}
	}
	return target.Deliver(ctx, []delivery.Request{{Event: &delivery.Event{Data: []byte("{}"), Trace: r.Trace}, Input: r.Body, Attempt: 1}})[0]
}

// Write implements [pipes.Outlets].
func (o pipeOutlets) Write(ctx context.Context, groupARN, stream string, list []pipes.LogEvent) []delivery.Result {
	ctx, a, err := at(ctx, groupARN)
	if err != nil {
		return same(judged(ctx, err), len(list))
	}
	_, name := a.Split()
	name = strings.TrimSuffix(name, ":*")
	in := &logs.PutLogEventsInput{LogGroupName: &name, LogStreamName: &stream}
	for _, e := range list {
		in.LogEvents = append(in.LogEvents, logs.InputLogEvent{Timestamp: new(e.Time.UnixMilli()), Message: new(e.Text)})
	}
	slices.SortStableFunc(in.LogEvents, func(a, b logs.InputLogEvent) int { return cmp.Compare(*a.Timestamp, *b.Timestamp) })
	_, err = o.groups.CreateLogStream(ctx, &logs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: &stream})
	if err == nil || wire.IsCode(err, logs.CodeResourceAlreadyExistsException) {
		_, err = o.groups.PutLogEvents(ctx, in)
	}
	return same(judged(ctx, err), len(list))
}
