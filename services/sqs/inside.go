package sqs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// Received is a message that was taken from inside, by whom works on a queue:
// a redrive of dead letters, a pipe, an event source mapping.
type Received struct {
	MessageID     string
	ReceiptHandle string // as a client gets it
	Body          []byte
	MD5           string            // of the body
	Attributes    map[string]string // the system attributes, all of them
	Message       map[string]MessageAttributeValue
	Token         string // for Settle and Release
}

// ReceiveParams bound a receive.
type ReceiveParams struct {
	Max        int           // messages; 0: 10
	Visibility time.Duration // 0: the queue's own
	Wait       time.Duration // for the first message; 0: not at all
}

// Receive takes messages of the queue, as ReceiveMessage does but without its
// limits of ten messages and 20 s. A queue that does not exist is the error
// QueueDoesNotExist.
func (s *Service) Receive(ctx context.Context, arn string, p ReceiveParams) ([]Received, error) {
	q, _ := s.queueOf(arn)
	if q == nil {
		return nil, noQueue()
	}
	if p.Max <= 0 {
		p.Max = 10
	}
	if p.Visibility <= 0 {
		p.Visibility = q.now.Load().Visibility
	}
	got, err := s.receive(ctx, q, p.Max, p.Visibility, p.Wait)
	if err != nil {
		return nil, err
	}
	out := make([]Received, len(got))
	for i := range got {
		m := q.answer(&got[i], systemNames, []string{"All"})
		out[i] = Received{
			MessageID: *m.MessageId, ReceiptHandle: got[i].handle, Body: []byte(got[i].envelope.Body), MD5: *m.MD5OfBody,
			Attributes: m.Attributes, Message: m.MessageAttributes, Token: got[i].Token,
		}
	}
	return out, nil
}

// DeadLetter is an event that was given up, as it lies in a dead-letter queue.
type DeadLetter struct {
	Body       []byte            // the event as it was matched
	Attributes map[string]string // RULE_ARN, TARGET_ARN, ERROR_CODE, …: the message attributes that are text
	Token      string            // for Settle and Release
}

// Take leases up to most dead letters for five minutes. Settle those that were
// sent on; Release the others.
func (s *Service) Take(ctx context.Context, queueARN string, most int) ([]DeadLetter, error) {
	got, err := s.Receive(ctx, queueARN, ReceiveParams{Max: most, Visibility: 5 * time.Minute})
	if err != nil {
		return nil, err
	}
	out := make([]DeadLetter, len(got))
	for i, r := range got {
		out[i] = DeadLetter{Body: r.Body, Attributes: map[string]string{}, Token: r.Token}
		for name, v := range r.Message {
			if v.StringValue != nil {
				out[i].Attributes[name] = *v.StringValue
			}
		}
	}
	return out, nil
}

// Settle deletes messages that were received or taken. Tokens of messages that
// others have received since are skipped.
func (s *Service) Settle(ctx context.Context, arn string, tokens ...string) error {
	q, _ := s.queueOf(arn)
	if q == nil {
		return noQueue()
	}
	return s.settle(ctx, q, tokens...)
}

// Release gives messages back: they are visible again after the delay. The
// receive stays counted.
func (s *Service) Release(ctx context.Context, arn string, after time.Duration, tokens ...string) error {
	q, _ := s.queueOf(arn)
	if q == nil {
		return noQueue()
	}
	due := s.clock.Now().Add(after)
	for _, token := range tokens {
		err := s.queues.PutBack(ctx, q.messages, token, due, true, nil)
		if err != nil && !errors.Is(err, engine.ErrLease) {
			return fmt.Errorf("giving back to %s: %w", q.Key(), err)
		}
	}
	return nil
}

// Exists tells whether there is such a queue, and whether it is a FIFO queue.
func (s *Service) Exists(arn string) (exists, fifo bool) {
	q, _ := s.queueOf(arn)
	if q == nil {
		return false, false
	}
	return true, q.now.Load().FIFO
}
