package moves

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
)

const (
	most     = 100              // messages moved together, where no rate is set
	progress = time.Second      // how often progress is written
	ttl      = 30 * time.Second // of the lease that says which node moves
)

// Batch moves up to most messages of a task's source. It answers how many it
// has moved, none where there are none left, and a reason where the task cannot
// go on.
type Batch func(ctx context.Context, source address.Queue, t *Task, most int) (n int, reason string, err error)

// run works on a task until it is over, or the service is.
func (s *Tasks) run(m *record) {
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
				s.report(fmt.Errorf("moving messages of %s: %w", m.source.Key(), err))
			}
			_ = clock.Sleep(s.life, s.clock, progress)
		}
	})
}

// move is one run at a task. It returns nil when the task is over or in other
// hands; after an error it may be called again. The context ends when the task
// is cancelled: it cuts pauses short, not a batch.
func (s *Tasks) move(ctx context.Context, m *record) error {
	lease, err := s.leases.Acquire(s.life, "sqs.move/"+m.key, ttl)
	if err != nil {
		return fmt.Errorf("taking the task over: %w", err)
	}
	defer func() { _ = lease.Release(context.WithoutCancel(s.life)) }()
	if err := s.reload(m); err != nil || !m.task.active() {
		return err
	}
	var written time.Time
	for {
		batch := most
		if m.task.Rate > 0 {
			batch = min(most, max(1, int(m.task.Rate)/10))
		}
		began := s.clock.Now()
		n, reason := 0, ""
		if ctx.Err() == nil && m.task.Status == Running {
			if n, reason, err = s.batch(s.life, m.source, &m.task, batch); err != nil {
				return err
			}
		}
		m.task.Moved += int64(n)
		switch {
		case s.life.Err() != nil:
			return s.life.Err()
		case ctx.Err() != nil || m.task.Status == Cancelling:
			return s.finish(m, Cancelled, "")
		case reason != "":
			return s.finish(m, Failed, reason)
		case n == 0:
			return s.finish(m, Completed, "")
		}
		if now := s.clock.Now(); now.Sub(written) >= progress {
			written = now
			if err := lease.Renew(s.life); err != nil {
				return fmt.Errorf("holding the task: %w", err)
			}
			if err := s.save(m, nil); err != nil {
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
func (s *Tasks) reload(m *record) error {
	r, err := s.records.Get(s.life, taskRecords, m.key)
	if err != nil {
		return fmt.Errorf("reading a move task: %w", err)
	}
	now, err := read(r)
	if err != nil {
		return err
	}
	now.task.Moved = max(now.task.Moved, m.task.Moved)
	*m = *now
	return nil
}

// finish writes the task's end. A task that was cancelled meanwhile ends so.
func (s *Tasks) finish(m *record, status, reason string) error {
	return s.save(m, func(t *Task) {
		if t.Status == Cancelling {
			status, reason = Cancelled, ""
		}
		t.Status, t.Failure = status, reason
	})
}

// save writes how far the task is, changed by change where that is not nil. Who
// cancelled it meanwhile has written before us: then the task's new state is
// read, changed again, and written with our count.
func (s *Tasks) save(m *record, change func(*Task)) error {
	for {
		if change != nil {
			change(&m.task)
		}
		err := s.write(s.life, m)
		if !errors.Is(err, engine.ErrConflict) {
			return err
		}
		if err := s.reload(m); err != nil {
			return err
		}
	}
}
