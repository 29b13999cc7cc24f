package sqs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

const (
	moveBatch    = 100              // messages moved together, where no rate is set
	moveProgress = time.Second      // how often progress is written
	moveTTL      = 30 * time.Second // of the lease that says which node moves
	moveLease    = time.Minute      // of the messages in a batch
)

// Why a task failed, as ListMessageMoveTasks answers it.
const (
	failNoQueue  = "AWS.SimpleQueueService.NonExistentQueue"
	failNoSource = "CouldNotDetermineMessageSource"
)

// runMove works on a task until it is over, or the service is.
func (s *Service) runMove(m *moveRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	ctx, cancel := context.WithCancel(s.life)
	s.moving[m.key] = cancel
	s.wg.Go(func() {
		defer func() {
			s.mu.Lock()
			delete(s.moving, m.key)
			s.mu.Unlock()
			cancel()
		}()
		for s.life.Err() == nil {
			err := s.move(ctx, m)
			if err == nil || s.life.Err() != nil {
				return
			}
			if !errors.Is(err, engine.ErrLease) { // another node is at it
				s.report(fmt.Errorf("moving messages of %s: %w", m.source.key(), err))
			}
			_ = clock.Sleep(s.life, s.clock, moveProgress)
		}
	})
}

// move is one run at a task. It returns nil when the task is over or in other
// hands; after an error it may be called again.
func (s *Service) move(ctx context.Context, m *moveRecord) error {
	lease, err := s.engine.Leases().Acquire(s.life, "sqs.move/"+m.key, moveTTL)
	if err != nil {
		return fmt.Errorf("taking the task over: %w", err)
	}
	defer func() { _ = lease.Release(context.WithoutCancel(s.life)) }()
	if err := s.reload(m); err != nil || !m.task.active() {
		return err
	}
	var written time.Time
	for {
		batch := moveBatch
		if m.task.Rate > 0 {
			batch = min(moveBatch, max(1, int(m.task.Rate)/10))
		}
		began := s.clock.Now()
		n, reason := 0, ""
		if ctx.Err() == nil && m.task.Status == moveRunning {
			if n, reason, err = s.moveSome(m, batch); err != nil {
				return err
			}
		}
		m.task.Moved += int64(n)
		switch {
		case s.life.Err() != nil:
			return s.life.Err()
		case ctx.Err() != nil || m.task.Status == moveCancelling:
			return s.endMove(m, moveCancelled, "")
		case reason != "":
			return s.endMove(m, moveFailed, reason)
		case n == 0:
			return s.endMove(m, moveCompleted, "")
		}
		if now := s.clock.Now(); now.Sub(written) >= moveProgress {
			written = now
			if err := lease.Renew(s.life); err != nil {
				return fmt.Errorf("holding the task: %w", err)
			}
			if err := s.progress(m); err != nil {
				return err
			}
		}
		if m.task.Rate > 0 {
			pause := time.Duration(n)*time.Second/time.Duration(m.task.Rate) - s.clock.Now().Sub(began)
			_ = clock.Sleep(ctx, s.clock, pause)
		}
	}
}

// reload reads the task anew, but for what this node has moved since.
func (s *Service) reload(m *moveRecord) error {
	r, err := s.engine.Records().Get(s.life, moveRecords, m.key)
	if err != nil {
		return fmt.Errorf("reading a move task: %w", err)
	}
	now, err := readMove(r)
	if err != nil {
		return err
	}
	now.task.Moved = max(now.task.Moved, m.task.Moved)
	*m = *now
	return nil
}

// progress writes how far the task is. Who cancelled it meanwhile has written
// before us: then the task's new state is read, and written with our count.
func (s *Service) progress(m *moveRecord) error {
	for {
		err := s.writeMove(s.life, m)
		if !errors.Is(err, engine.ErrConflict) {
			return err
		}
		if err := s.reload(m); err != nil {
			return err
		}
	}
}

// endMove writes the task's end.
func (s *Service) endMove(m *moveRecord, status, reason string) error {
	for {
		if m.task.Status == moveCancelling {
			status, reason = moveCancelled, ""
		}
		m.task.Status, m.task.Failure = status, reason
		err := s.writeMove(s.life, m)
		if !errors.Is(err, engine.ErrConflict) {
			return err
		}
		if err := s.reload(m); err != nil {
			return err
		}
	}
}

// moveSome moves up to most messages. A reason says why the task cannot go on.
func (s *Service) moveSome(m *moveRecord, most int) (n int, reason string, err error) {
	q := s.store.find(m.source)
	if q == nil {
		return 0, failNoQueue, nil
	}
	leased, err := s.queues.Lease(s.life, q.messages, most, moveLease)
	if err != nil {
		return 0, "", fmt.Errorf("receiving: %w", err)
	}
	now := s.clock.Now()
	set := *q.now.Load()
	set.redrive = nil // nothing is moved on from here to a third queue
	good, err := s.sift(s.life, q, leased, now, &set)
	if err != nil {
		return 0, "", err
	}
	expired := len(leased) - len(good)
	byTarget, order, later := map[*queue][]received{}, []*queue(nil), []received(nil)
	for i := range good {
		if good[i].Enqueued.UnixMilli() > m.task.Started {
			later = append(later, good[i])
			continue
		}
		to, why := s.destination(&m.task, &good[i])
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
	keep := context.WithoutCancel(s.life)
	s.release(keep, q, later)
	for i, to := range order {
		if err := s.moveTo(q, to, byTarget[to]); err != nil {
			for _, to := range order[i:] {
				s.release(keep, q, byTarget[to])
			}
			return n, "", err
		}
		n += len(byTarget[to])
	}
	if n == 0 && reason == "" && expired > 0 {
		return s.moveSome(m, most) // all were expired: look further
	}
	return n, reason, nil
}

// destination is where a message goes: where the task says, or where it came from.
func (s *Service) destination(t *moveTask, r *received) (*queue, string) {
	arn := t.Destination
	if arn == "" {
		arn = r.source
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
func (s *Service) moveTo(q, to *queue, got []received) error {
	set := to.now.Load()
	messages := make([]engine.Message, len(got))
	tokens := make([]string, len(got))
	for i := range got {
		e := got[i].envelope
		e.id, e.source, e.sent, e.uncounted = "", "", time.Time{}, 0
		messages[i] = q.moved(&got[i], e, set)
		tokens[i] = got[i].Token
	}
	if _, err := s.enqueue(s.life, to, messages...); err != nil {
		return fmt.Errorf("moving to %s: %w", to.key(), err)
	}
	return s.settle(s.life, q, tokens...)
}
