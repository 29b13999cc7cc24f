package sqs

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/message"
)

// sweepAll removes expired messages of all queues now and then. Receives do it
// on their way; this is for queues that nobody reads.
func (s *Service) sweepAll() {
	for clock.Sleep(s.life, s.clock, s.opts.Sweep) == nil {
		for _, q := range s.store.queues.Range {
			if err := s.sweep(s.life, q.(*queue)); err != nil && s.life.Err() == nil {
				s.report(err)
			}
		}
	}
}

// depth counts a queue's messages, without those that have expired.
func (s *Service) depth(ctx context.Context, q *queue) (engine.Depth, error) {
	if err := s.sweep(ctx, q); err != nil {
		return engine.Depth{}, err
	}
	d, err := s.queues.Depth(ctx, q.messages)
	if err != nil {
		return d, fmt.Errorf("counting the messages of %s: %w", q.Key(), err)
	}
	return d, nil
}

// sweepBatch bounds how many messages are looked at together.
const sweepBatch = 100

// sweep settles the expired messages at the head of a queue. Messages expire in
// the order in which they were enqueued, as a rule; those that are in flight
// or delayed wait for the next sweep.
func (s *Service) sweep(ctx context.Context, q *queue) error {
	for limit := 1; ; limit = sweepBatch {
		now := s.clock.Now()
		n, err := s.expired(ctx, q, limit, now)
		if err != nil || n == 0 {
			return err
		}
		leased, err := s.queues.Lease(ctx, q.messages, n, 30*time.Second)
		if err != nil {
			return fmt.Errorf("sweeping %s: %w", q.Key(), err)
		}
		var old []string
		var young []received
		retention := q.now.Load().Retention
		for _, l := range leased {
			e, err := message.Decode(l.Body)
			r := received{Leased: l, envelope: e}
			if err != nil || now.Sub(r.sentAt()) >= retention {
				old = append(old, l.Token)
			} else {
				young = append(young, r)
			}
		}
		s.release(ctx, q, young)
		if err := s.settle(ctx, q, old...); err != nil || len(old) == 0 {
			return err
		}
	}
}

// expired counts the messages at the head of a queue that have expired and
// could be leased.
func (s *Service) expired(ctx context.Context, q *queue, limit int, now time.Time) (n int, err error) {
	head, err := s.queues.Browse(ctx, q.messages, 0, limit)
	if err != nil {
		return 0, fmt.Errorf("sweeping %s: %w", q.Key(), err)
	}
	retention := q.now.Load().Retention
	for _, l := range head {
		e, err := message.Decode(l.Body)
		if r := (received{Leased: l, envelope: e}); err == nil && now.Sub(r.sentAt()) < retention {
			break
		}
		if !l.Until.After(now) && !l.Due.After(now) {
			n++
		}
	}
	return n, nil
}
