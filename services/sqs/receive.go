package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/message"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/services/sqs/settings"
)

// received is a message in the hands of a consumer.
type received struct {
	engine.Leased
	envelope message.Envelope
	handle   string
}

// receives counts how often the message was given to someone.
func (r *received) receives() int { return r.Leases - r.envelope.Uncounted }

// sentAt is SentTimestamp: of a message that a standard queue gave to its
// dead-letter queue, when it was first sent.
func (r *received) sentAt() time.Time {
	if !r.envelope.Sent.IsZero() {
		return r.envelope.Sent
	}
	return r.Enqueued
}

// ReceiveMessage implements [API]. With a wait time it holds the request until
// a message is there, the time is over, or the client has gone; a message that
// is leased when the client has gone is put back and not counted as received.
func (s *Service) ReceiveMessage(ctx context.Context, in *ReceiveMessageInput) (*ReceiveMessageOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	most, visibility, wait, err := q.receiveBounds(in)
	if err != nil {
		return nil, err
	}
	system, err := systemFilter(in)
	if err != nil {
		return nil, err
	}
	var got []received
	if in.ReceiveRequestAttemptId != nil {
		if got, err = s.again(ctx, q, *in.ReceiveRequestAttemptId, visibility); err != nil {
			return nil, err
		}
	}
	if len(got) == 0 {
		if got, err = s.receive(ctx, q, most, visibility, wait); err != nil {
			return nil, err
		}
		if in.ReceiveRequestAttemptId != nil {
			q.attempts.remember(*in.ReceiveRequestAttemptId, got, s.clock.Now())
		}
	}
	out := &ReceiveMessageOutput{}
	for i := range got {
		out.Messages = append(out.Messages, q.answer(&got[i], system, in.MessageAttributeNames))
	}
	return out, nil
}

// receiveBounds validates the numbers of a receive.
func (q *queue) receiveBounds(in *ReceiveMessageInput) (most int, visibility, wait time.Duration, err error) {
	set := q.now.Load()
	most, visibility, wait = 1, set.Visibility, set.Wait
	if n := in.MaxNumberOfMessages; n != nil {
		if *n < 1 || *n > 10 {
			return 0, 0, 0, refuse.Value(*n, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
		most = int(*n)
	}
	if n := in.VisibilityTimeout; n != nil {
		if *n < 0 || *n > settings.MaxVisibility {
			return 0, 0, 0, refuse.Value(*n, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
		}
		visibility = time.Duration(*n) * time.Second
	}
	if n := in.WaitTimeSeconds; n != nil {
		if *n < 0 || *n > 20 {
			return 0, 0, 0, refuse.Value(*n, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		wait = time.Duration(*n) * time.Second
	}
	if id := in.ReceiveRequestAttemptId; id != nil {
		if !set.FIFO {
			return 0, 0, 0, refuse.Value(*id, "ReceiveRequestAttemptId", refuse.NotForType)
		}
		if !message.ValidToken(*id) {
			return 0, 0, 0, refuse.Value(*id, "ReceiveRequestAttemptId", "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		}
	}
	return most, visibility, wait, nil
}

// receive leases up to most messages, waiting for the first one.
func (s *Service) receive(ctx context.Context, q *queue, most int, visibility, wait time.Duration) ([]received, error) {
	var poll context.Context
	for {
		got, err := s.lease(ctx, q, most, visibility)
		if ctx.Err() != nil {
			s.release(context.WithoutCancel(ctx), q, got)
			return nil, ctx.Err()
		}
		if err != nil || len(got) > 0 || wait <= 0 {
			return got, err
		}
		if poll == nil {
			waiting, cancel := clock.WithTimeout(ctx, s.clock, wait)
			defer cancel()
			defer context.AfterFunc(q.ctx, cancel)()
			poll = waiting
		}
		if err := s.queues.Wait(poll, q.messages); err != nil {
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case s.life.Err() != nil, poll.Err() != nil && q.ctx.Err() == nil:
				return nil, nil
			case q.ctx.Err() != nil:
				return nil, noQueue()
			}
			return nil, fmt.Errorf("waiting for messages of %s: %w", q.Key(), err)
		}
	}
}

// lease takes messages once, without waiting. Those that have expired are
// settled on the way, those received too often are moved to the dead-letter
// queue; others are leased in their place.
func (s *Service) lease(ctx context.Context, q *queue, most int, visibility time.Duration) ([]received, error) {
	var out []received
	for len(out) < most {
		// A message has to be in our hands while we look at it, also where its
		// consumer wants no visibility timeout.
		now := s.clock.Now()
		leased, err := s.queues.Lease(ctx, q.messages, most-len(out), max(visibility, 5*time.Second))
		if err != nil {
			return out, fmt.Errorf("receiving from %s: %w", q.Key(), err)
		}
		good, err := s.sift(ctx, q, leased, now, q.now.Load())
		if err != nil {
			return out, err
		}
		for i := range good {
			good[i].handle = message.Handle{ID: good[i].Leased.ID, Received: now, Until: now.Add(visibility), Token: good[i].Token}.Text(q.instance)
			if visibility < 5*time.Second {
				if err := s.queues.PutBack(ctx, q.messages, good[i].Token, now.Add(visibility), true, nil); err != nil && !errors.Is(err, engine.ErrLease) {
					return out, fmt.Errorf("receiving from %s: %w", q.Key(), err)
				}
			}
		}
		out = append(out, good...)
		if len(good) == len(leased) || len(out) > 0 && visibility < 5*time.Second {
			break
		}
	}
	return out, nil
}

// sift takes out of leased messages those that nobody is to receive any more.
func (s *Service) sift(ctx context.Context, q *queue, leased []engine.Leased, now time.Time, set *snapshot) ([]received, error) {
	good := make([]received, 0, len(leased))
	var expired []string
	var dead []received
	for _, l := range leased {
		e, err := message.Decode(l.Body)
		if err != nil {
			s.report(fmt.Errorf("message %d of %s: %w", l.ID, q.Key(), err))
			expired = append(expired, l.Token)
			continue
		}
		r := received{Leased: l, envelope: e}
		switch {
		case now.Sub(r.sentAt()) >= set.Retention:
			expired = append(expired, l.Token)
		case set.Redrive != nil && r.receives() > set.Redrive.Max:
			dead = append(dead, r)
		default:
			good = append(good, r)
		}
	}
	if err := s.settle(ctx, q, expired...); err != nil {
		return nil, err
	}
	if len(dead) == 0 {
		return good, nil
	}
	moved, err := s.bury(ctx, q, set, dead)
	if err != nil {
		return nil, err
	}
	if !moved { // there is no dead-letter queue any more: they stay
		good = append(good, dead...)
		slices.SortFunc(good, func(a, b received) int { return int(int64(a.ID) - int64(b.ID)) })
	}
	return good, nil
}

// release gives messages back that nobody got: at once, and not counted.
func (s *Service) release(ctx context.Context, q *queue, got []received) {
	now := s.clock.Now()
	for i := range got {
		e := got[i].envelope
		e.Uncounted++
		if err := s.queues.PutBack(ctx, q.messages, got[i].Token, now, false, e.Encode()); err != nil && !errors.Is(err, engine.ErrLease) {
			s.report(fmt.Errorf("putting back into %s: %w", q.Key(), err))
		}
	}
}

// systemNames are the system attributes that a receive can ask for.
var systemNames = []string{
	MessageSystemAttributeNameSenderId,
	MessageSystemAttributeNameSentTimestamp,
	MessageSystemAttributeNameApproximateReceiveCount,
	MessageSystemAttributeNameApproximateFirstReceiveTimestamp,
	MessageSystemAttributeNameSequenceNumber,
	MessageSystemAttributeNameMessageDeduplicationId,
	MessageSystemAttributeNameMessageGroupId,
	MessageSystemAttributeNameAWSTraceHeader,
	MessageSystemAttributeNameDeadLetterQueueSourceArn,
}

// systemFilter joins the two lists of names, the older AttributeNames and
// MessageSystemAttributeNames.
func systemFilter(in *ReceiveMessageInput) (names []string, err error) {
	for _, name := range slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames) {
		switch {
		case name == MessageSystemAttributeNameAll:
			return systemNames, nil
		case slices.Contains(systemNames, name):
			names = append(names, name)
		case !slices.Contains(settings.Names, name) && !slices.Contains(computed, name):
			return nil, settings.Unknown(name)
		}
	}
	return names, nil
}

// answer is the message as the client asked for it.
func (q *queue) answer(r *received, system, attributes []string) Message {
	m := Message{
		MessageId:     new(q.idOf(r)),
		ReceiptHandle: &r.handle,
		Body:          &r.envelope.Body,
		MD5OfBody:     new(message.MD5(r.envelope.Body)),
	}
	for _, name := range system {
		if v := q.systemAttribute(r, name); v != "" {
			if m.Attributes == nil {
				m.Attributes = make(map[string]string, len(system))
			}
			m.Attributes[name] = v
		}
	}
	if chosen := message.Choose(r.envelope.Attributes, attributes); len(chosen) > 0 {
		m.MD5OfMessageAttributes = new(message.MD5OfAttributes(chosen))
		m.MessageAttributes = make(map[string]MessageAttributeValue, len(chosen))
		for _, a := range chosen {
			m.MessageAttributes[a.Name] = value(a)
		}
	}
	return m
}

// value is an attribute's value as a client gets it.
func value(a message.Attribute) MessageAttributeValue {
	v := MessageAttributeValue{DataType: &a.Type}
	if a.Binary {
		v.BinaryValue = []byte(a.Value)
	} else {
		v.StringValue = &a.Value
	}
	return v
}

// idOf is the message's MessageId.
func (q *queue) idOf(r *received) string {
	if r.envelope.ID != "" {
		return r.envelope.ID
	}
	return message.ID(q.instance, r.ID)
}

func (q *queue) systemAttribute(r *received, name string) string {
	fifo := q.now.Load().FIFO
	switch name {
	case MessageSystemAttributeNameSenderId:
		return r.envelope.Sender
	case MessageSystemAttributeNameSentTimestamp:
		return strconv.FormatInt(r.sentAt().UnixMilli(), 10)
	case MessageSystemAttributeNameApproximateReceiveCount:
		return strconv.Itoa(r.receives())
	case MessageSystemAttributeNameApproximateFirstReceiveTimestamp:
		return strconv.FormatInt(r.First.UnixMilli(), 10)
	case MessageSystemAttributeNameSequenceNumber:
		if fifo {
			return message.SequenceNumber(r.ID)
		}
	case MessageSystemAttributeNameMessageDeduplicationId:
		return r.envelope.Dedup
	case MessageSystemAttributeNameMessageGroupId:
		return r.envelope.Group
	case MessageSystemAttributeNameAWSTraceHeader:
		return r.envelope.Trace
	case MessageSystemAttributeNameDeadLetterQueueSourceArn:
		return r.envelope.Source
	}
	return ""
}
