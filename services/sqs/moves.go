package sqs

import (
	"context"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/moves"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

func noSuch(parameter string) error {
	return wire.Errorf(CodeResourceNotFoundException, "The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// moveQueue finds the queue that an ARN parameter names.
func (s *Service) moveQueue(parameter string, arn *string) (*queue, error) {
	if arn == nil || *arn == "" {
		return nil, refuse.Missing(parameter)
	}
	a, ok := address.OfARN(*arn)
	if !ok {
		return nil, refuse.Invalidf("You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
	}
	q := s.store.find(a)
	if q == nil {
		return nil, noSuch(parameter)
	}
	return q, nil
}

// StartMessageMoveTask implements [API]. The task is durable when the call
// returns, and goes on after a restart. It moves the messages that were there
// when it started; each gets a new MessageId and time in its destination.
func (s *Service) StartMessageMoveTask(ctx context.Context, in *StartMessageMoveTaskInput) (*StartMessageMoveTaskOutput, error) {
	q, err := s.moveQueue("SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	if n := in.MaxNumberOfMessagesPerSecond; n != nil && (*n < 1 || *n > 500) {
		return nil, refuse.Value(*n, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
	}
	if !s.isDeadLetterQueue(q.Queue) {
		return nil, refuse.Invalidf("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationArn != nil {
		to, err := s.moveQueue("DestinationArn", in.DestinationArn)
		if err != nil {
			return nil, err
		}
		if to == q {
			return nil, refuse.Invalidf("Source queue arn and destination queue arn can't be the same.")
		}
		if to.now.Load().FIFO != q.now.Load().FIFO {
			return nil, refuse.Invalidf("The source and the destination queue must be of the same type.")
		}
	}
	depth, err := s.depth(ctx, q)
	if err != nil {
		return nil, err
	}
	t := moves.Task{
		ID: uuid.NewString(), Source: q.ARN(),
		ToMove: int64(depth.Due), Started: s.clock.Now().UnixMilli(),
	}
	if in.DestinationArn != nil {
		t.Destination = *in.DestinationArn
	}
	if in.MaxNumberOfMessagesPerSecond != nil {
		t.Rate = *in.MaxNumberOfMessagesPerSecond
	}
	if err := s.moves.Start(ctx, q.Queue, t); err != nil {
		return nil, err
	}
	return &StartMessageMoveTaskOutput{TaskHandle: new(t.Handle())}, nil
}

func (s *Service) isDeadLetterQueue(a address.Queue) bool {
	for _, q := range s.store.queues.Range {
		if p := q.(*queue).now.Load().Redrive; p != nil && p.Target == a {
			return true
		}
	}
	return false
}

// CancelMessageMoveTask implements [API]. Messages that were moved stay moved.
func (s *Service) CancelMessageMoveTask(ctx context.Context, in *CancelMessageMoveTaskInput) (*CancelMessageMoveTaskOutput, error) {
	if in.TaskHandle == nil || *in.TaskHandle == "" {
		return nil, refuse.Missing("TaskHandle")
	}
	h, err := moves.ReadHandle(*in.TaskHandle)
	if err != nil {
		return nil, err
	}
	q, err := s.moveQueue("SourceArn", &h.SourceARN)
	if err != nil {
		return nil, err
	}
	moved, err := s.moves.Cancel(ctx, q.Queue, h.TaskID)
	if err != nil {
		return nil, err
	}
	return &CancelMessageMoveTaskOutput{ApproximateNumberOfMessagesMoved: moved}, nil
}

// ListMessageMoveTasks implements [API].
func (s *Service) ListMessageMoveTasks(ctx context.Context, in *ListMessageMoveTasksInput) (*ListMessageMoveTasksOutput, error) {
	q, err := s.moveQueue("SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	limit := 1
	if n := in.MaxResults; n != nil {
		if *n < 1 || *n > moves.Most {
			return nil, refuse.Value(*n, "MaxResults", "Must be between 1 and 10, if provided.")
		}
		limit = int(*n)
	}
	all, err := s.moves.List(ctx, q.Queue)
	if err != nil {
		return nil, err
	}
	out := &ListMessageMoveTasksOutput{Results: []ListMessageMoveTasksResultEntry{}}
	for _, t := range all[:min(limit, len(all))] {
		r := ListMessageMoveTasksResultEntry{
			Status: &t.Status, SourceArn: &t.Source, DestinationArn: wire.Optional(t.Destination), FailureReason: wire.Optional(t.Failure),
			ApproximateNumberOfMessagesMoved: t.Moved, ApproximateNumberOfMessagesToMove: &t.ToMove, StartedTimestamp: t.Started,
		}
		if t.Status == moves.Running {
			r.TaskHandle = new(t.Handle())
		}
		if t.Rate > 0 {
			r.MaxNumberOfMessagesPerSecond = &t.Rate
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}
