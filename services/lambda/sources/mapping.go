package sources

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// ErrGone is a source that does not exist (any more). Implementations of
// [Queues] and [Streams] wrap it.
var ErrGone = errors.New("the event source does not exist")

// ErrThrottled is a function without capacity. [Mapping.Invoke] wraps it.
var ErrThrottled = errors.New("the function has no capacity")

// Mapping is what is read for whom.
type Mapping struct {
	ID          string
	Source      string // ARN
	Function    string // ARN, for records of failures
	Batch       int    // records of one invocation
	Window      time.Duration
	Filter      *Filter // nil: everything
	Report      bool    // the function reports failed items (ReportBatchItemFailures)
	Pipe        string  // ARN of the pipe that reads, where it is one: batches are bare lists, failures are told in its words
	Concurrency int     // invocations at a time, of a queue; 0: 10

	// Of streams.
	Parallel int           // batches of one shard at a time; 0: 1
	Start    Start         // where there is no checkpoint
	MaxAge   time.Duration // of a record; 0: any
	Retries  int           // negative: without end
	Bisect   bool

	Clock  clock.Clock
	Logger *slog.Logger
	Queues Queues
	// Streams and Checkpoints are for streams.
	Streams     Streams
	Checkpoints Checkpoints
	// Invoke calls the function.
	Invoke func(ctx context.Context, payload []byte) (Answer, error)
	// Bury keeps what is told of records that were given up, durably; nil:
	// they are dropped.
	Bury func(ctx context.Context, record []byte) error

	last atomic.Pointer[string] // LastProcessingResult
}

// Start is where a stream is read from.
type Start uint8

// The places to start from.
const (
	Oldest Start = iota // TRIM_HORIZON
	Newest              // LATEST
)

// Answer is what the function answered.
type Answer struct {
	Payload   []byte
	Error     string // its type; empty: success
	RequestID string
	Version   string
}

// Run reads the source until ctx ends. It waits for invocations under way.
func (m *Mapping) Run(ctx context.Context) {
	if m.Queues != nil {
		m.runQueue(ctx)
	} else {
		m.runStream(ctx)
	}
}

// LastResult is what AWS shows as LastProcessingResult.
func (m *Mapping) LastResult() string {
	if s := m.last.Load(); s != nil {
		return *s
	}
	return "No records processed"
}

func (m *Mapping) note(result string) { m.last.Store(&result) }

// The waits after failures of source or function.
const (
	pauseMin = 500 * time.Millisecond
	pauseMax = 60 * time.Second
)

// pause waits before the n-th try, n from 1, twice as long each time.
func (m *Mapping) pause(ctx context.Context, n int) error {
	d := pauseMin
	for i := 1; i < n && d < pauseMax; i++ {
		d *= 2
	}
	return clock.Sleep(ctx, m.Clock, min(d, pauseMax))
}

// event is what the function gets.
func (m *Mapping) event(records []json.RawMessage) ([]byte, error) {
	if m.Pipe != "" {
		return json.Marshal(records)
	}
	return json.Marshal(struct{ Records []json.RawMessage }{records})
}

// failures are the items that a function reports to have failed. ok is false
// where the report is none: then all have failed.
func failures(payload []byte, known func(id string) bool) (ids map[string]bool, ok bool) {
	var report struct {
		Failures []struct {
			ID *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(payload, &report) != nil {
		return nil, json.Valid(payload) && len(payload) > 0 && payload[0] != '{' // null, a text: nothing failed
	}
	ids = map[string]bool{}
	for _, f := range report.Failures {
		if f.ID == nil || *f.ID == "" || !known(*f.ID) {
			return nil, false
		}
		ids[*f.ID] = true
	}
	return ids, true
}
