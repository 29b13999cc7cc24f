package sqs

import (
	"context"
	"fmt"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/message"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// SendMessage implements [API].
func (s *Service) SendMessage(ctx context.Context, in *SendMessageInput) (*SendMessageOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if in.MessageBody == nil {
		return nil, refuse.Missing("MessageBody")
	}
	p, err := q.prepare(draft{
		body: *in.MessageBody, delay: in.DelaySeconds, attributes: in.MessageAttributes, system: in.MessageSystemAttributes,
		dedup: in.MessageDeduplicationId, group: in.MessageGroupId, sender: wire.FromContext(ctx).Account, trace: traceFrom(ctx),
	}, s.clock.Now())
	if err != nil {
		return nil, err
	}
	ids, err := s.enqueue(ctx, q, p.kept)
	if err != nil {
		return nil, err
	}
	body, attributes, system := p.digests()
	return &SendMessageOutput{
		MD5OfMessageBody:             &body,
		MD5OfMessageAttributes:       wire.Optional(attributes),
		MD5OfMessageSystemAttributes: wire.Optional(system),
		MessageId:                    new(message.ID(q.instance, ids[0])),
		SequenceNumber:               q.sequence(ids[0]),
	}, nil
}

// enqueue makes the messages durable. A queue that was deleted meanwhile keeps
// nothing.
func (s *Service) enqueue(ctx context.Context, q *queue, messages ...engine.Message) ([]uint64, error) {
	ids, err := s.queues.Enqueue(ctx, q.messages, messages...)
	if err != nil {
		return nil, fmt.Errorf("sending to %s: %w", q.Key(), err)
	}
	if s.store.find(q.Queue) != q {
		if err := s.queues.Drop(context.WithoutCancel(ctx), q.messages); err != nil {
			s.report(fmt.Errorf("dropping %s: %w", q.messages, err))
		}
		return nil, noQueue()
	}
	return ids, nil
}

func (q *queue) sequence(id uint64) *string {
	if !q.now.Load().FIFO {
		return nil
	}
	return new(message.SequenceNumber(id))
}

// traceFrom is the trace header that a request came with, which its messages get
// (X-Ray developer guide, page xray-services-sqs); empty where it names no trace.
func traceFrom(ctx context.Context) string {
	header := wire.FromContext(ctx).Trace
	if _, ok := trace.Parse(header); !ok {
		return ""
	}
	return header
}
