package sqs

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/message"
	"github.com/signalbox/signalbox/wire"
)

// Codes of failures, from those that EventBridge's user guide lists on page
// eb-rule-dlq.
const (
	codeNoResource       = "NO_RESOURCE"
	codeInvalidParameter = "INVALID_PARAMETER"
	codeInternalError    = "INTERNAL_ERROR"
	codeTimeout          = "TIMEOUT"
)

// eventSender is the SenderId of messages that no client sent.
const eventSender = "events.amazonaws.com"

// TargetParams are the SqsParameters of a rule's target.
type TargetParams struct {
	// MessageGroupId is required for FIFO queues; on standard queues it is kept
	// with the message.
	MessageGroupId string
}

// Target is the queue as a target of events. The queue is looked up at each
// delivery: a queue that is not there is a permanent failure, NO_RESOURCE. A
// FIFO queue must have ContentBasedDeduplication on, as on AWS. A batch is one
// engine write.
func (s *Service) Target(arn string, params TargetParams) delivery.Target {
	return &target{s, arn, params}
}

type target struct {
	s      *Service
	arn    string
	params TargetParams
}

// MaxBatch implements [delivery.Target].
func (t *target) MaxBatch() int { return 256 }

// Deliver implements [delivery.Target].
func (t *target) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	q, lost := t.s.queueOf(t.arn)
	if q == nil {
		for i := range results {
			results[i] = lost
		}
		return results
	}
	messages := make([]engine.Message, 0, len(requests))
	now := t.s.clock.Now()
	for i, r := range requests {
		p, err := q.prepare(t.draft(r), now)
		if err != nil {
			results[i] = delivery.Result{Kind: delivery.Permanent, Code: codeInvalidParameter, Message: err.Error()}
			continue
		}
		messages = append(messages, p.kept)
	}
	if len(messages) == 0 {
		return results
	}
	if _, err := t.s.enqueue(ctx, q, messages...); err != nil {
		failure := failure(ctx, err)
		for i := range results {
			if results[i].Kind == delivery.Success {
				results[i] = failure
			}
		}
	}
	return results
}

func (t *target) draft(r delivery.Request) draft {
	d := draft{body: string(r.Input), sender: eventSender, system: traceOf(r.Event)}
	if t.params.MessageGroupId != "" {
		d.group = &t.params.MessageGroupId
	}
	return d
}

// traceOf is the system attribute that passes an event's trace header on.
func traceOf(e *delivery.Event) map[string]MessageSystemAttributeValue {
	if e == nil || e.Trace == "" {
		return nil
	}
	return map[string]MessageSystemAttributeValue{
		MessageSystemAttributeNameForSendsAWSTraceHeader: {DataType: new("String"), StringValue: &e.Trace},
	}
}

// queueOf finds a queue by its ARN, or says what a delivery to it comes to.
func (s *Service) queueOf(arn string) (*queue, delivery.Result) {
	if a, ok := address.OfARN(arn); ok {
		if q := s.store.find(a); q != nil {
			return q, delivery.Result{}
		}
	}
	return nil, delivery.Result{Kind: delivery.Permanent, Code: codeNoResource, Message: "The queue " + arn + " does not exist."}
}

// failure is what an enqueue that failed means for the events.
func failure(ctx context.Context, err error) delivery.Result {
	switch {
	case wire.IsCode(err, CodeQueueDoesNotExist):
		return delivery.Result{Kind: delivery.Permanent, Code: codeNoResource, Message: "The queue does not exist any more."}
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return delivery.Result{Kind: delivery.Retryable, Code: codeTimeout, Message: "The message was not durable in time."}
	}
	return delivery.Result{Kind: delivery.Retryable, Code: codeInternalError, Message: err.Error()}
}

// DeadLetterParams say whose dead letters they are.
type DeadLetterParams struct {
	RuleARN   string // attribute RULE_ARN; "": none
	TargetARN string // attribute TARGET_ARN; "": none
}

// DeadLetters is a standard queue as the dead-letter queue of a subscription.
// The message's body is the event as it was matched; its attributes are those
// of EventBridge's user guide, page eb-rule-dlq.
func (s *Service) DeadLetters(arn string, params DeadLetterParams) delivery.DeadLetters {
	return &deadLetters{s, arn, params}
}

type deadLetters struct {
	s      *Service
	arn    string
	params DeadLetterParams
}

// maxErrorMessage bounds ERROR_MESSAGE, in bytes.
const maxErrorMessage = 2048

// Bury implements [delivery.DeadLetters].
func (d *deadLetters) Bury(ctx context.Context, dead delivery.Dead) delivery.Result {
	q, lost := d.s.queueOf(d.arn)
	if q == nil {
		return lost
	}
	if q.now.Load().FIFO {
		return delivery.Result{Kind: delivery.Permanent, Code: codeInvalidParameter, Message: "A FIFO queue cannot be a dead-letter queue of events."}
	}
	p, err := q.prepare(draft{body: string(dead.Event.Data), attributes: d.attributes(dead), system: traceOf(dead.Event), sender: eventSender}, d.s.clock.Now())
	if err != nil {
		return delivery.Result{Kind: delivery.Permanent, Code: codeInvalidParameter, Message: err.Error()}
	}
	p.kept.Due = time.Time{} // a queue's delay is for its senders
	if _, err := d.s.enqueue(ctx, q, p.kept); err != nil {
		return failure(ctx, err)
	}
	return delivery.Result{}
}

func (d *deadLetters) attributes(dead delivery.Dead) map[string]MessageAttributeValue {
	attributes := map[string]MessageAttributeValue{}
	put := func(name, value string) { // EventBridge makes strings of numbers, too
		if value != "" {
			attributes[name] = MessageAttributeValue{DataType: new("String"), StringValue: &value}
		}
	}
	put("RULE_ARN", d.params.RuleARN)
	put("TARGET_ARN", d.params.TargetARN)
	put("ERROR_CODE", dead.Last.Code)
	put("ERROR_MESSAGE", message.Presentable(dead.Last.Message, maxErrorMessage))
	put("RETRY_ATTEMPTS", strconv.Itoa(max(dead.Attempts-1, 0)))
	put("EXHAUSTED_RETRY_CONDITION", dead.Exhausted)
	return attributes
}
