package sqs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// attempts remembers what receives with a ReceiveRequestAttemptId gave out, so
// that a client which lost the answer gets it again. It is kept in memory, for
// five minutes.
type attempts struct {
	mu   sync.Mutex // guards what follows
	byID map[string]attempt
}

type attempt struct {
	at  time.Time
	got []received
}

const attemptWindow = 5 * time.Minute

func (a *attempts) remember(id string, got []received, now time.Time) {
	if len(got) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.byID, func(_ string, old attempt) bool { return now.Sub(old.at) >= attemptWindow })
	if a.byID == nil {
		a.byID = map[string]attempt{}
	}
	a.byID[id] = attempt{now, got}
}

func (a *attempts) recall(id string, now time.Time) ([]received, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, ok := a.byID[id]
	if !ok || now.Sub(old.at) >= attemptWindow {
		return nil, false
	}
	return old.got, true
}

// again answers an attempt that was answered before: the same messages with
// the same handles, their visibility timeout begun anew. Once one of them was
// deleted or received by another, the attempt counts as new.
func (s *Service) again(ctx context.Context, q *queue, id string, visibility time.Duration) ([]received, error) {
	now := s.clock.Now()
	got, ok := q.attempts.recall(id, now)
	if !ok {
		return nil, nil
	}
	for i := range got {
		l, err := s.look(ctx, q, got[i].ID)
		if err != nil {
			return nil, err
		}
		if l == nil || !l.Until.After(now) {
			return nil, nil
		}
	}
	for i := range got {
		err := s.queues.PutBack(ctx, q.messages, got[i].Token, now.Add(visibility), true, nil)
		if errors.Is(err, engine.ErrLease) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("receiving from %s: %w", q.Key(), err)
		}
	}
	return got, nil
}
