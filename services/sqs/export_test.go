package sqs

import (
	"context"
	"errors"

	"github.com/signalbox/signalbox/delivery"
)

// Deliver brings one message as an event comes.
func (s *Service) Deliver(arn, body string) error {
	r := s.Target(arn, TargetParams{}).Deliver(context.Background(), []delivery.Request{{Input: []byte(body), Event: &delivery.Event{}}})[0]
	if r.Kind != delivery.Success {
		return errors.New(r.Code + ": " + r.Message)
	}
	return nil
}

// EngineQueue is the name of the engine queue that holds a queue's messages.
func (s *Service) EngineQueue(arn string) string {
	q, _ := s.queueOf(arn)
	return q.messages
}
