package moves

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/refuse"
)

// Task is a message move task.
type Task struct {
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
// end is Cancelling until its last batch has been moved.
const (
	Running    = "RUNNING"
	Completed  = "COMPLETED"
	Cancelling = "CANCELLING"
	Cancelled  = "CANCELLED"
	Failed     = "FAILED"
)

func (t *Task) active() bool { return t.Status == Running || t.Status == Cancelling }

// Handle is what a TaskHandle holds.
type Handle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

// Handle is the task's TaskHandle: base64 of its JSON.
func (t *Task) Handle() string {
	b, _ := json.Marshal(Handle{t.ID, t.Source})
	return base64.StdEncoding.EncodeToString(b)
}

// ReadHandle reads a TaskHandle. One that is none is the error
// InvalidParameterValue.
func ReadHandle(text string) (Handle, error) {
	var h Handle
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &h) != nil || h.TaskID == "" {
		return Handle{}, refuse.Invalidf("Value for parameter TaskHandle is invalid.")
	}
	return h, nil
}

// record is a task with its place among the records.
type record struct {
	key      string
	revision engine.Revision
	source   address.Queue
	task     Task
}

// keyOf orders a source's tasks by their start.
func keyOf(source address.Queue, t *Task) string {
	return fmt.Sprintf("%s/%015d/%s", source.Key(), t.Started, t.ID)
}

func read(r engine.Record) (*record, error) {
	m := &record{key: r.Key, revision: r.Revision}
	if err := json.Unmarshal(r.Value, &m.task); err != nil {
		return nil, fmt.Errorf("move task %q: %w", r.Key, err)
	}
	var ok bool
	if m.source, ok = address.OfARN(m.task.Source); !ok {
		return nil, fmt.Errorf("move task %q: its source is no queue", r.Key)
	}
	return m, nil
}
