package moves

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

// Collections of the engine's records.
const (
	taskRecords   = "sqs.moves"  // key: region/account/name/started/id; value: Task
	activeRecords = "sqs.moving" // key: region/account/name; value: key of the task that runs
)

// Most is how many tasks of a source are remembered.
const Most = 10

// Tasks keeps the tasks of all queues, and works on them.
type Tasks struct {
	records engine.Records
	leases  engine.Leases
	clock   clock.Clock
	batch   Batch
	report  func(error)

	life context.Context // ends with Close
	end  context.CancelFunc
	wg   sync.WaitGroup // a goroutine for each task that is worked on

	mu     sync.Mutex                    // guards what follows
	moving map[string]context.CancelFunc // by key of the task
	closed bool
}

// New makes the room for tasks; [Tasks.Resume] goes on with those that the
// engine holds. Report gets what goes wrong while nobody waits.
func New(eng engine.Engine, clk clock.Clock, batch Batch, report func(error)) *Tasks {
	s := &Tasks{
		records: eng.Records(), leases: eng.Leases(), clock: clk, batch: batch, report: report,
		moving: map[string]context.CancelFunc{},
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Resume goes on with the tasks that were active when the service ended.
func (s *Tasks) Resume(ctx context.Context) error {
	active, err := s.records.List(ctx, activeRecords, "", "", 0)
	if err != nil {
		return fmt.Errorf("finding move tasks: %w", err)
	}
	for _, a := range active {
		r, err := s.records.Get(ctx, taskRecords, string(a.Value))
		if err != nil {
			return fmt.Errorf("reading move task %s: %w", strings.ToValidUTF8(string(a.Value), "?"), err)
		}
		m, err := read(r)
		if err != nil {
			return err
		}
		s.run(m)
	}
	return nil
}

// Close ends the work on all tasks, which go on after [Tasks.Resume], and waits
// for it.
func (s *Tasks) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.wg.Wait()
}

// Start writes the task and begins to work on it. It starts after all tasks
// before it, if only by a millisecond. A source that has an active task is the
// error InvalidParameterValue. Tasks beyond [Most] are forgotten in the same write.
func (s *Tasks) Start(ctx context.Context, source address.Queue, t Task) error {
	before, err := s.list(ctx, source)
	if err != nil {
		return err
	}
	t.Status = Running
	if len(before) > 0 { // a task of few messages is over within the millisecond
		t.Started = max(t.Started, before[0].task.Started+1)
	}
	value, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("writing a move task: %w", err)
	}
	key := keyOf(source, &t)
	writes := []engine.Write{
		{Collection: taskRecords, Key: key, Value: value, If: engine.Absent},
		{Collection: activeRecords, Key: source.Key(), Value: []byte(key), If: engine.Absent},
	}
	for _, old := range before[min(len(before), Most-1):] {
		writes = append(writes, engine.Write{Collection: taskRecords, Key: old.key})
	}
	revision, err := s.records.Apply(ctx, writes...)
	if errors.Is(err, engine.ErrConflict) {
		return refuse.Invalidf("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	if err != nil {
		return fmt.Errorf("writing a move task: %w", err)
	}
	s.run(&record{key, revision, source, t})
	return nil
}

// Cancel ends a running task and answers how many messages it has moved, as far
// as is written. Errors are ResourceNotFoundException and, of a task that does
// not run, UnsupportedOperation.
func (s *Tasks) Cancel(ctx context.Context, source address.Queue, id string) (moved int64, err error) {
	for {
		all, err := s.list(ctx, source)
		if err != nil {
			return 0, err
		}
		i := slices.IndexFunc(all, func(m *record) bool { return m.task.ID == id })
		if i < 0 {
			return 0, wire.Errorf("ResourceNotFoundException", "Task does not exist.")
		}
		m := all[i]
		if m.task.Status != Running {
			return 0, wire.Errorf("UnsupportedOperation", "Only a running task can be cancelled; this one is %s.", m.task.Status)
		}
		m.task.Status = Cancelling
		if err := s.write(ctx, m); errors.Is(err, engine.ErrConflict) {
			continue // it made progress meanwhile
		} else if err != nil {
			return 0, err
		}
		s.mu.Lock()
		if cancel := s.moving[m.key]; cancel != nil {
			cancel()
		}
		s.mu.Unlock()
		return m.task.Moved, nil
	}
}

// List answers a source's tasks, the latest first.
func (s *Tasks) List(ctx context.Context, source address.Queue) ([]Task, error) {
	all, err := s.list(ctx, source)
	if err != nil {
		return nil, err
	}
	out := make([]Task, len(all))
	for i, m := range all {
		out[i] = m.task
	}
	return out, nil
}

func (s *Tasks) list(ctx context.Context, source address.Queue) ([]*record, error) {
	records, err := s.records.List(ctx, taskRecords, source.Key()+"/", "", 0)
	if err != nil {
		return nil, fmt.Errorf("listing move tasks: %w", err)
	}
	var out []*record
	for _, r := range records {
		m, err := read(r)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	slices.Reverse(out)
	return out, nil
}

// write writes a task that was changed, and, where it is over, takes away the
// record that keeps others from starting.
func (s *Tasks) write(ctx context.Context, m *record) error {
	value, err := json.Marshal(m.task)
	if err != nil {
		return fmt.Errorf("writing a move task: %w", err)
	}
	writes := []engine.Write{{Collection: taskRecords, Key: m.key, Value: value, If: m.revision}}
	if !m.task.active() {
		writes = append(writes, engine.Write{Collection: activeRecords, Key: m.source.Key()})
	}
	revision, err := s.records.Apply(ctx, writes...)
	if err != nil {
		return fmt.Errorf("writing a move task: %w", err)
	}
	m.revision = revision
	return nil
}
