package sqs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/message"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/services/sqs/settings"
	"github.com/signalbox/signalbox/wire"
)

// DeleteMessage implements [API]. As the API reference has it, the handle of
// an earlier receive of a message that was received again is no error and
// deletes nothing. On a FIFO queue a handle whose visibility timeout is over
// is an error.
func (s *Service) DeleteMessage(ctx context.Context, in *DeleteMessageInput) (*DeleteMessageOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	token, err := s.deletable(ctx, q, in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	return nil, s.settle(ctx, q, token)
}

// deletable is the engine's token of a handle, if a delete may use it.
func (s *Service) deletable(ctx context.Context, q *queue, text *string) (string, error) {
	h, err := message.ReadHandle(q.instance, text)
	if err != nil {
		return "", err
	}
	if q.now.Load().FIFO {
		if err := s.checkExpiry(ctx, q, &h, *text); err != nil {
			return "", err
		}
	}
	return h.Token, nil
}

// checkExpiry refuses the handle of a message of a FIFO queue whose visibility
// timeout is over. Only where it may have been changed since does it look.
func (s *Service) checkExpiry(ctx context.Context, q *queue, h *message.Handle, text string) error {
	now := s.clock.Now()
	if h.Until.After(now) {
		return nil
	}
	l, err := s.look(ctx, q, h.ID)
	if err == nil && l != nil && !l.Until.After(now) {
		err = refuse.Value(text, "ReceiptHandle", "The receipt handle has expired.")
	}
	return err
}

// look finds a message by its engine id, without leasing it; nil where it is gone.
func (s *Service) look(ctx context.Context, q *queue, id uint64) (*engine.Leased, error) {
	found, err := s.queues.Browse(ctx, q.messages, id-1, 1)
	if err != nil {
		return nil, fmt.Errorf("looking for a message of %s: %w", q.Key(), err)
	}
	if len(found) == 0 || found[0].ID != id {
		return nil, nil
	}
	return &found[0], nil
}

func (s *Service) settle(ctx context.Context, q *queue, tokens ...string) error {
	if len(tokens) == 0 {
		return nil
	}
	if _, err := s.queues.Settle(ctx, q.messages, tokens...); err != nil {
		return fmt.Errorf("deleting from %s: %w", q.Key(), err)
	}
	return nil
}

// ChangeMessageVisibility implements [API]. The visibility timeout counts from
// now; together with what has passed since the receive it is at most 12 hours.
// As on AWS, a message of a standard queue whose timeout is over, and that was
// not received again, can be hidden once more.
func (s *Service) ChangeMessageVisibility(ctx context.Context, in *ChangeMessageVisibilityInput) (*ChangeMessageVisibilityOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, s.changeVisibility(ctx, q, in.ReceiptHandle, in.VisibilityTimeout)
}

func (s *Service) changeVisibility(ctx context.Context, q *queue, text *string, seconds *int32) error {
	if seconds == nil {
		return refuse.Missing("VisibilityTimeout")
	}
	if *seconds < 0 || *seconds > settings.MaxVisibility {
		return refuse.Value(*seconds, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200.")
	}
	h, err := message.ReadHandle(q.instance, text)
	if err != nil {
		return err
	}
	if q.now.Load().FIFO {
		if err := s.checkExpiry(ctx, q, &h, *text); err != nil {
			return err
		}
	}
	now, timeout := s.clock.Now(), time.Duration(*seconds)*time.Second
	if now.Add(timeout).Sub(h.Received) > settings.MaxVisibility*time.Second {
		return refuse.Value(*seconds, "VisibilityTimeout", fmt.Sprintf("Total VisibilityTimeout for the message is beyond the limit [%d seconds]", settings.MaxVisibility))
	}
	err = s.queues.PutBack(ctx, q.messages, h.Token, now.Add(timeout), true, nil)
	if errors.Is(err, engine.ErrLease) {
		return s.notChanged(ctx, q, &h, *text)
	}
	if err != nil {
		return fmt.Errorf("changing visibility in %s: %w", q.Key(), err)
	}
	return nil
}

// notChanged says why a visibility timeout cannot be changed: the message is
// there but nobody has it (its lease was lost in a restart), or it is gone, or
// another receive has it.
func (s *Service) notChanged(ctx context.Context, q *queue, h *message.Handle, text string) error {
	l, err := s.look(ctx, q, h.ID)
	switch {
	case err != nil:
		return err
	case l != nil && !l.Until.After(s.clock.Now()):
		return wire.Errorf(CodeMessageNotInflight, "The specified message isn't in flight.")
	}
	return refuse.Value(text, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
}
