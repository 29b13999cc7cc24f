package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/services/lambda/watch"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/wire"
)

// functions opens Lambda. Its outlets get the event buses once these are open:
// the buses need functions, too.
func (s *Server) functions(ctx context.Context, c Config, packages *uploads, box *seal.Box, keys *gateway.Keyring, groups *logs.Service, tables *dynamodb.Service, out *outlets, who *callers) (*lambda.Service, error) {
	f, err := lambda.New(ctx, lambda.Config{
		Engine: packages.sparing(), Objects: packages, Traces: s.traces, TraceOf: s.headers.of, Clock: c.Clock, Logger: c.Logger, Box: box, Data: filepath.Join(c.Data, "lambda"), Cache: c.Cache,
		Logs: groups, Issuer: keys, Endpoint: s.URL, Outlets: out, Queues: messages{out.queues}, Streams: changes{tables.Changes(), &s.headers},
		Authenticate: func(r *http.Request, body []byte) (lambda.Caller, []byte, error) {
			caller, body, err := who.front.Authenticate(r, body)
			return lambda.Caller{Account: caller.Account, Principal: caller.Principal, AccessKeyID: caller.AccessKeyID}, body, err
		},
		Home: s.home.text, Development: c.Auth != gateway.Required,
	})
	if err != nil {
		return nil, err
	}
	s.onClose(f.Close)
	return f, s.watch(c, f)
}

// watch has functions follow their source, where a folder of it was named.
func (s *Server) watch(c Config, f *lambda.Service) error {
	if c.Watch == "" {
		return nil
	}
	w, err := watch.Start(watch.Config{Dir: c.Watch, Functions: f, Clock: c.Clock, Logger: c.Logger})
	if err != nil {
		return err
	}
	s.onClose(func(context.Context) error {
		w.Close()
		return nil
	})
	return nil
}

// routes are the parts of the address space that are functions'.
func routes(f *lambda.Service) []gateway.Route {
	return []gateway.Route{
		{Name: "lambda-url", Match: gateway.MatchHost("lambda-url"), Handler: http.HandlerFunc(f.ServeURL), Traced: true},
		{Name: "lambda-url", Match: gateway.MatchPath(lambda.URLPath), Handler: http.HandlerFunc(f.ServeURL), Traced: true},
		{Name: "lambda-code", Match: gateway.MatchPath(lambda.CodePath), Handler: http.HandlerFunc(f.ServeCode)},
	}
}

// outlets are where records of functions' invocations go.
type outlets struct {
	queues *sqs.Service
	buses  atomic.Pointer[events.Service]
}

// Send implements [lambda.Outlets].
func (o *outlets) Send(ctx context.Context, m lambda.Message) delivery.Result {
	a, err := arn.Parse(m.ARN)
	if err != nil {
		return delivery.Result{Kind: delivery.Permanent, Code: "INVALID_PARAMETER", Message: err.Error()}
	}
	ctx = wire.NewContext(ctx, &wire.Request{Account: a.Account, Region: a.Region})
	switch kind, name := a.Split(); {
	case a.Service == "sqs":
		err = o.queue(ctx, a, m)
	case a.Service == "events" && kind == "event-bus":
		buses := o.buses.Load()
		if buses == nil {
			return delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: "Signalbox is starting"}
		}
		err = putEvent(ctx, buses, name, m)
	default:
		return delivery.Result{Kind: delivery.Permanent, Code: "NOT_IMPLEMENTED", Message: a.Service + " as a destination is not implemented by Signalbox"}
	}
	switch e, ok := errors.AsType[*wire.Error](err); {
	case ok:
		return delivery.Result{Kind: delivery.Permanent, Code: e.Code, Message: e.Message}
	case err != nil:
		return delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: err.Error()}
	}
	return delivery.Result{}
}

func (o *outlets) queue(ctx context.Context, a arn.ARN, m lambda.Message) error {
	attributes := map[string]sqs.MessageAttributeValue{}
	for name, v := range m.Attributes {
		attributes[name] = sqs.MessageAttributeValue{DataType: new(v.Type), StringValue: new(v.Value)}
	}
	url, err := o.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: new(a.Resource)})
	if err != nil {
		return err
	}
	_, err = o.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: new(string(m.Body)), MessageAttributes: attributes})
	return err
}

func putEvent(ctx context.Context, buses *events.Service, bus string, m lambda.Message) error {
	entry := events.PutEventsRequestEntry{
		EventBusName: new(bus), Source: new("lambda"), DetailType: new(m.DetailType), Detail: new(string(m.Body)), Resources: []string{m.ARN, m.Source},
	}
	if m.Trace != "" {
		entry.TraceHeader = new(m.Trace)
	}
	out, err := buses.PutEvents(ctx, &events.PutEventsInput{Entries: []events.PutEventsRequestEntry{entry}})
	if err != nil {
		return err
	}
	if e := out.Entries[0]; e.ErrorCode != nil {
		return wire.Errorf(*e.ErrorCode, "%s", wire.Value(e.ErrorMessage))
	}
	return nil
}

// messages are queues as event sources of functions.
type messages struct{ queues *sqs.Service }

// gone marks the error of a queue that does not exist.
func gone(err error) error {
	if wire.IsCode(err, sqs.CodeQueueDoesNotExist) {
		return fmt.Errorf("%w: %w", sources.ErrGone, err)
	}
	return err
}

// Receive implements [lambda.Queues].
func (m messages) Receive(ctx context.Context, queueARN string, most int, wait time.Duration) ([]sources.Message, error) {
	got, err := m.queues.Receive(ctx, queueARN, sqs.ReceiveParams{Max: most, Wait: wait})
	if err != nil {
		return nil, gone(err)
	}
	out := make([]sources.Message, len(got))
	for i, r := range got {
		out[i] = sources.Message{
			ID: r.MessageID, ReceiptHandle: r.ReceiptHandle, Body: r.Body, MD5: r.MD5, System: r.Attributes, Token: r.Token,
			Attributes: map[string]sources.MessageAttribute{},
		}
		for name, v := range r.Message {
			out[i].Attributes[name] = sources.MessageAttribute{Type: wire.Value(v.DataType), Text: v.StringValue, Binary: v.BinaryValue}
		}
	}
	return out, nil
}

// Settle implements [lambda.Queues].
func (m messages) Settle(ctx context.Context, queueARN string, tokens ...string) error {
	return gone(m.queues.Settle(ctx, queueARN, tokens...))
}

// Release implements [lambda.Queues].
func (m messages) Release(ctx context.Context, queueARN string, after time.Duration, tokens ...string) error {
	return gone(m.queues.Release(ctx, queueARN, after, tokens...))
}

// Queue implements [lambda.Queues].
func (m messages) Queue(ctx context.Context, queueARN string) (info sources.QueueInfo, err error) {
	a, err := arn.Parse(queueARN)
	if err != nil {
		return info, err
	}
	ctx = wire.NewContext(ctx, &wire.Request{Account: a.Account, Region: a.Region})
	url, err := m.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: new(a.Resource)})
	if err != nil {
		return info, gone(err)
	}
	out, err := m.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url.QueueUrl, AttributeNames: []string{"All"}})
	if err != nil {
		return info, gone(err)
	}
	seconds, err := strconv.Atoi(out.Attributes["VisibilityTimeout"])
	if err != nil {
		return info, fmt.Errorf("reading the visibility time-out of %s: %w", queueARN, err)
	}
	return sources.QueueInfo{FIFO: out.Attributes["FifoQueue"] == "true", Visibility: time.Duration(seconds) * time.Second}, nil
}
