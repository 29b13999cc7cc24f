package sqs

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// bury moves leased messages of q to its dead-letter queue: first they are
// durable there, then they leave q. Who dies between the two finds them in both
// queues; the engine's deduplication then keeps the second move from adding
// them again. It reports false where there is no dead-letter queue any more.
func (s *Service) bury(ctx context.Context, q *queue, set *settings, dead []received) (bool, error) {
	target := s.store.find(set.redrive.target)
	if target == nil {
		return false, nil
	}
	to := target.now.Load()
	messages := make([]engine.Message, len(dead))
	tokens := make([]string, len(dead))
	for i := range dead {
		e := dead[i].envelope
		e.id, e.source, e.uncounted = q.idOf(&dead[i]), q.arn(), 0
		if to.fifo {
			e.sent = time.Time{} // a FIFO queue's messages begin their retention anew
		} else {
			e.sent = dead[i].sentAt()
		}
		messages[i] = q.moved(&dead[i], e, to)
		tokens[i] = dead[i].Token
	}
	if _, err := s.enqueue(ctx, target, messages...); err != nil {
		return false, fmt.Errorf("moving from %s to its dead-letter queue: %w", q.key(), err)
	}
	return true, s.settle(ctx, q, tokens...)
}

// moved is the message as it enters another queue. Its deduplication is that
// of the move, not of its first send.
func (q *queue) moved(r *received, e envelope, to *settings) engine.Message {
	m := engine.Message{Body: e.encode(), Dedup: fmt.Sprintf("moved %s %d", q.instance, r.ID)}
	if to.fifo {
		m.Group = e.group
	}
	return m
}
