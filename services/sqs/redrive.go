package sqs

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/message"
)

// bury moves leased messages of q to its dead-letter queue: first they are
// durable there, then they leave q. Who dies between the two finds them in both
// queues; the engine's deduplication then keeps the second move from adding
// them again. It reports false where there is no dead-letter queue any more.
func (s *Service) bury(ctx context.Context, q *queue, set *snapshot, dead []received) (bool, error) {
	target := s.store.find(set.Redrive.Target)
	if target == nil {
		return false, nil
	}
	to := target.now.Load()
	messages := make([]engine.Message, len(dead))
	tokens := make([]string, len(dead))
	for i := range dead {
		e := dead[i].envelope
		e.ID, e.Source, e.Uncounted = q.idOf(&dead[i]), q.ARN(), 0
		if to.FIFO {
			e.Sent = time.Time{} // a FIFO queue's messages begin their retention anew
		} else {
			e.Sent = dead[i].sentAt()
		}
		messages[i] = q.moved(&dead[i], e, to)
		tokens[i] = dead[i].Token
	}
	if _, err := s.enqueue(ctx, target, messages...); err != nil {
		return false, fmt.Errorf("moving from %s to its dead-letter queue: %w", q.Key(), err)
	}
	return true, s.settle(ctx, q, tokens...)
}

// moved is the message as it enters another queue. Its deduplication is that
// of the move, not of its first send.
func (q *queue) moved(r *received, e message.Envelope, to *snapshot) engine.Message {
	m := engine.Message{Body: e.Encode(), Dedup: fmt.Sprintf("moved %s %d", q.instance, r.ID)}
	if to.FIFO {
		m.Group = e.Group
	}
	return m
}

// refuses says why a queue cannot be the dead-letter queue of source, or "": it
// has to exist in the same account and region, be of the same type, and allow
// this source.
func (s *Service) refuses(source address.Queue, fifo bool) func(target address.Queue) string {
	return func(target address.Queue) string {
		if target.Account != source.Account || target.Region != source.Region {
			return "Dead-letter queue must be in the same account and region as the source."
		}
		q := s.store.find(target)
		if q == nil {
			return "Dead letter target does not exist."
		}
		now := q.now.Load()
		if now.FIFO != fifo {
			return "Dead-letter queue must be same type of queue as the source."
		}
		if !now.Attributes.Allow(source) {
			return "Queue " + source.Name + " is not allowed to use " + target.ARN() + " as its dead-letter queue by that queue's redrive allow policy."
		}
		return ""
	}
}
