package sqs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// moveTask is a message move task's record.
type moveTask struct {
	ID          string
	Source      string // ARN
	Destination string `json:",omitempty"` // ARN; empty: where each message comes from
	Rate        int32  `json:",omitempty"` // messages a second; 0: as fast as can be
	Status      string
	Moved       int64
	ToMove      int64
	Started     int64  // Unix milliseconds
	Failure     string `json:",omitempty"`
}

// States of a task, as ListMessageMoveTasks answers them. A task that is to
// end is CANCELLING until its last batch has been moved.
const (
	moveRunning    = "RUNNING"
	moveCompleted  = "COMPLETED"
	moveCancelling = "CANCELLING"
	moveCancelled  = "CANCELLED"
	moveFailed     = "FAILED"
)

func (t *moveTask) active() bool { return t.Status == moveRunning || t.Status == moveCancelling }

// maxMoves is how many tasks of a source are remembered.
const maxMoves = 10

// moveKey orders a source's tasks by their start.
func moveKey(source address, t *moveTask) string {
	return fmt.Sprintf("%s/%015d/%s", source.key(), t.Started, t.ID)
}

// taskHandle is what a TaskHandle holds: base64 of its JSON.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceArn string `json:"sourceArn"`
}

func (t *moveTask) handle() *string {
	b, _ := json.Marshal(taskHandle{t.ID, t.Source})
	return new(base64.StdEncoding.EncodeToString(b))
}

// record is a task with its place among the records.
type moveRecord struct {
	key      string
	revision engine.Revision
	source   address
	task     moveTask
}

func readMove(r engine.Record) (*moveRecord, error) {
	m := &moveRecord{key: r.Key, revision: r.Revision}
	if err := json.Unmarshal(r.Value, &m.task); err != nil {
		return nil, fmt.Errorf("move task %q: %w", r.Key, err)
	}
	var ok bool
	if m.source, ok = addressOfARN(m.task.Source); !ok {
		return nil, fmt.Errorf("move task %q: its source is no queue", r.Key)
	}
	return m, nil
}

// moves lists a source's tasks, the latest first.
func (s *Service) moves(ctx context.Context, source address) ([]*moveRecord, error) {
	records, err := s.engine.Records().List(ctx, moveRecords, source.key()+"/", "", 0)
	if err != nil {
		return nil, fmt.Errorf("listing move tasks: %w", err)
	}
	var out []*moveRecord
	for _, r := range records {
		m, err := readMove(r)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	slices.Reverse(out)
	return out, nil
}

func noSuch(parameter string) error {
	return wire.Errorf(CodeResourceNotFoundException, "The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// moveQueue finds the queue that an ARN parameter names.
func (s *Service) moveQueue(parameter string, arn *string) (*queue, error) {
	if arn == nil || *arn == "" {
		return nil, missing(parameter)
	}
	a, ok := addressOfARN(*arn)
	if !ok {
		return nil, wire.Errorf(codeInvalidParameterValue, "You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
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
		return nil, invalidValue(*n, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
	}
	if !s.isDeadLetterQueue(q.address) {
		return nil, wire.Errorf(codeInvalidParameterValue, "Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationArn != nil {
		to, err := s.moveQueue("DestinationArn", in.DestinationArn)
		if err != nil {
			return nil, err
		}
		if to == q {
			return nil, wire.Errorf(codeInvalidParameterValue, "Source queue arn and destination queue arn can't be the same.")
		}
		if to.now.Load().fifo != q.now.Load().fifo {
			return nil, wire.Errorf(codeInvalidParameterValue, "The source and the destination queue must be of the same type.")
		}
	}
	depth, err := s.depth(ctx, q)
	if err != nil {
		return nil, err
	}
	t := moveTask{
		ID: uuid.NewString(), Source: q.arn(), Status: moveRunning,
		ToMove: int64(depth.Due), Started: s.clock.Now().UnixMilli(),
	}
	if in.DestinationArn != nil {
		t.Destination = *in.DestinationArn
	}
	if in.MaxNumberOfMessagesPerSecond != nil {
		t.Rate = *in.MaxNumberOfMessagesPerSecond
	}
	m, err := s.beginMove(ctx, q.address, t)
	if err != nil {
		return nil, err
	}
	s.runMove(m)
	return &StartMessageMoveTaskOutput{TaskHandle: t.handle()}, nil
}

// beginMove writes the task. A second record stands as long as it is active,
// so that a source never has two. Old tasks are forgotten in the same write.
func (s *Service) beginMove(ctx context.Context, source address, t moveTask) (*moveRecord, error) {
	value, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("writing a move task: %w", err)
	}
	before, err := s.moves(ctx, source)
	if err != nil {
		return nil, err
	}
	key := moveKey(source, &t)
	writes := []engine.Write{
		{Collection: moveRecords, Key: key, Value: value, If: engine.Absent},
		{Collection: movingRecords, Key: source.key(), Value: []byte(key), If: engine.Absent},
	}
	for _, old := range before[min(len(before), maxMoves-1):] {
		writes = append(writes, engine.Write{Collection: moveRecords, Key: old.key})
	}
	revision, err := s.engine.Records().Apply(ctx, writes...)
	if errors.Is(err, engine.ErrConflict) {
		return nil, wire.Errorf(codeInvalidParameterValue, "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	if err != nil {
		return nil, fmt.Errorf("writing a move task: %w", err)
	}
	return &moveRecord{key, revision, source, t}, nil
}

func (s *Service) isDeadLetterQueue(a address) bool {
	for _, q := range s.store.queues.Range {
		if p := q.(*queue).now.Load().redrive; p != nil && p.target == a {
			return true
		}
	}
	return false
}

// CancelMessageMoveTask implements [API]. Messages that were moved stay moved.
func (s *Service) CancelMessageMoveTask(ctx context.Context, in *CancelMessageMoveTaskInput) (*CancelMessageMoveTaskOutput, error) {
	if in.TaskHandle == nil || *in.TaskHandle == "" {
		return nil, missing("TaskHandle")
	}
	var h taskHandle
	b, err := base64.StdEncoding.DecodeString(*in.TaskHandle)
	if err != nil || json.Unmarshal(b, &h) != nil || h.TaskID == "" {
		return nil, wire.Errorf(codeInvalidParameterValue, "Value for parameter TaskHandle is invalid.")
	}
	q, err := s.moveQueue("SourceArn", &h.SourceArn)
	if err != nil {
		return nil, err
	}
	for {
		m, err := s.findMove(ctx, q.address, h.TaskID)
		if err != nil {
			return nil, err
		}
		if m.task.Status != moveRunning {
			return nil, wire.Errorf(CodeUnsupportedOperation, "Only a running task can be cancelled; this one is %s.", m.task.Status)
		}
		moved := m.task.Moved
		m.task.Status = moveCancelling
		if err := s.writeMove(ctx, m); errors.Is(err, engine.ErrConflict) {
			continue // it made progress meanwhile
		} else if err != nil {
			return nil, err
		}
		s.mu.Lock()
		if cancel := s.moving[m.key]; cancel != nil {
			cancel()
		}
		s.mu.Unlock()
		return &CancelMessageMoveTaskOutput{ApproximateNumberOfMessagesMoved: moved}, nil
	}
}

func (s *Service) findMove(ctx context.Context, source address, id string) (*moveRecord, error) {
	all, err := s.moves(ctx, source)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(m *moveRecord) bool { return m.task.ID == id })
	if i < 0 {
		return nil, wire.Errorf(CodeResourceNotFoundException, "Task does not exist.")
	}
	return all[i], nil
}

// writeMove writes a task that was changed, and, where it is over, takes away
// the record that keeps others from starting.
func (s *Service) writeMove(ctx context.Context, m *moveRecord) error {
	value, err := json.Marshal(m.task)
	if err != nil {
		return fmt.Errorf("writing a move task: %w", err)
	}
	writes := []engine.Write{{Collection: moveRecords, Key: m.key, Value: value, If: m.revision}}
	if !m.task.active() {
		writes = append(writes, engine.Write{Collection: movingRecords, Key: m.source.key()})
	}
	revision, err := s.engine.Records().Apply(ctx, writes...)
	if err != nil {
		return fmt.Errorf("writing a move task: %w", err)
	}
	m.revision = revision
	return nil
}

// ListMessageMoveTasks implements [API].
func (s *Service) ListMessageMoveTasks(ctx context.Context, in *ListMessageMoveTasksInput) (*ListMessageMoveTasksOutput, error) {
	q, err := s.moveQueue("SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	limit := 1
	if n := in.MaxResults; n != nil {
		if *n < 1 || *n > maxMoves {
			return nil, invalidValue(*n, "MaxResults", "Must be between 1 and 10, if provided.")
		}
		limit = int(*n)
	}
	all, err := s.moves(ctx, q.address)
	if err != nil {
		return nil, err
	}
	out := &ListMessageMoveTasksOutput{Results: []ListMessageMoveTasksResultEntry{}}
	for _, m := range all[:min(limit, len(all))] {
		t := m.task
		r := ListMessageMoveTasksResultEntry{
			Status: &t.Status, SourceArn: &t.Source, DestinationArn: optional(t.Destination), FailureReason: optional(t.Failure),
			ApproximateNumberOfMessagesMoved: t.Moved, ApproximateNumberOfMessagesToMove: &t.ToMove, StartedTimestamp: t.Started,
		}
		if t.Status == moveRunning {
			r.TaskHandle = t.handle()
		}
		if t.Rate > 0 {
			r.MaxNumberOfMessagesPerSecond = &t.Rate
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

// resumeMoves goes on with the tasks that were active when the service ended.
func (s *Service) resumeMoves(ctx context.Context) error {
	active, err := s.engine.Records().List(ctx, movingRecords, "", "", 0)
	if err != nil {
		return fmt.Errorf("finding move tasks: %w", err)
	}
	for _, a := range active {
		r, err := s.engine.Records().Get(ctx, moveRecords, string(a.Value))
		if err != nil {
			return fmt.Errorf("reading move task %s: %w", strings.ToValidUTF8(string(a.Value), "?"), err)
		}
		m, err := readMove(r)
		if err != nil {
			return err
		}
		s.runMove(m)
	}
	return nil
}
