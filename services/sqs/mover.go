package sqs

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/moves"
)

// moveLease is how long a batch's messages are leased.
const moveLease = time.Minute

// Why a task failed, as ListMessageMoveTasks answers it.
const (
	failNoQueue  = "AWS.SimpleQueueService.NonExistentQueue"
	failNoSource = "CouldNotDetermineMessageSource"
)

// moveBatch moves up to most messages. It is the [moves.Batch] of the service.
func (s *Service) moveBatch(ctx context.Context, source address.Queue, t *moves.Task, most int) (n int, reason string, err error) {
	q := s.store.find(source)
	if q == nil {
		return 0, failNoQueue, nil
	}
	leased, err := s.queues.Lease(ctx, q.messages, most, moveLease)
	if err != nil {
		return 0, "", fmt.Errorf("receiving: %w", err)
	}
	now := s.clock.Now()
	set := *q.now.Load()
	set.Redrive = nil // nothing is moved on from here to a third queue
	good, err := s.sift(ctx, q, leased, now, &set)
	if err != nil {
		return 0, "", err
	}
	expired := len(leased) - len(good)
	byTarget, order, later := map[*queue][]received{}, []*queue(nil), []received(nil)
	for i := range good {
		if good[i].Enqueued.UnixMilli() > t.Started {
			later = append(later, good[i])
			continue
		}
		to, why := s.destination(t, &good[i])
		if to == nil {
			reason = why
			later = append(later, good[i])
			continue
		}
		if byTarget[to] == nil {
			order = append(order, to)
		}
		byTarget[to] = append(byTarget[to], good[i])
	}
	keep := context.WithoutCancel(ctx)
	s.release(keep, q, later)
	for i, to := range order {
		if err := s.moveTo(ctx, q, to, byTarget[to]); err != nil {
			for _, to := range order[i:] {
				s.release(keep, q, byTarget[to])
			}
			return n, "", err
		}
		n += len(byTarget[to])
	}
	if n == 0 && reason == "" && expired > 0 {
		return s.moveBatch(ctx, source, t, most) // all were expired: look further
	}
	return n, reason, nil
}

// destination is where a message goes: where the task says, or where it came from.
func (s *Service) destination(t *moves.Task, r *received) (*queue, string) {
	arn := t.Destination
	if arn == "" {
		arn = r.envelope.Source
	}
	if arn == "" {
		return nil, failNoSource
	}
	q, _ := s.queueOf(arn)
	if q == nil {
		return nil, failNoQueue
	}
	return q, ""
}

// moveTo makes messages new ones of another queue, and settles the old ones.
func (s *Service) moveTo(ctx context.Context, q, to *queue, got []received) error {
	set := to.now.Load()
	messages := make([]engine.Message, len(got))
	tokens := make([]string, len(got))
	for i := range got {
		e := got[i].envelope
		e.ID, e.Source, e.Sent, e.Uncounted = "", "", time.Time{}, 0
		messages[i] = q.moved(&got[i], e, set)
		tokens[i] = got[i].Token
	}
	if _, err := s.enqueue(ctx, to, messages...); err != nil {
		return fmt.Errorf("moving to %s: %w", to.Key(), err)
	}
	return s.settle(ctx, q, tokens...)
}
