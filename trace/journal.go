package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// logName is the log that spans are kept in: an entry is a JSON array of them.
const logName = "traces"

const (
	writeEvery = 100 * time.Millisecond // what is noted is written at the latest then
	trimEvery  = time.Minute
	maxWaiting = 10_000  // spans held where the log cannot be written
	maxBlock   = 500     // spans in an entry
	granule    = 1 << 20 // bytes that are trimmed together, for their number
	// early is how much before its first span a trace may say that it began.
	early = 5 * time.Minute
)

// Options are settings of a [Journal]. Clock is required.
type Options struct {
	Clock     clock.Clock
	Logger    *slog.Logger  // nil: silence
	Retention time.Duration // 0: 24 hours
	MaxBytes  int64         // that a run keeps, at about; 0: 256 MiB
}

// Journal keeps spans. A nil one keeps none. It is safe for concurrent use.
type Journal struct {
	logs engine.Logs
	opts Options

	mu      sync.Mutex // guards what follows
	waiting []Span
	lost    uint64
	due     chan struct{} // has room for one word: there is something to write
	closed  bool

	writing sync.Mutex // held while what waits is written, so that it stays in order; guards marks
	marks   []mark     // of what this run has written, the oldest first
	stop    context.CancelFunc
	done    chan struct{} // closed when the writer has ended
}

// mark is a stretch of the log: where it begins, and how long it is.
type mark struct {
	from  engine.Position
	bytes int64
}

// Open opens the journal, and begins to write and to trim it.
func Open(logs engine.Logs, o Options) *Journal {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Retention <= 0 {
		o.Retention = 24 * time.Hour
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 256 << 20
	}
	ctx, stop := context.WithCancel(context.Background())
	j := &Journal{logs: logs, opts: o, due: make(chan struct{}, 1), stop: stop, done: make(chan struct{})}
	go j.run(ctx)
	return j
}

// Now is the journal's time; zero of a nil one.
func (j *Journal) Now() time.Time {
	if j == nil {
		return time.Time{}
	}
	return j.opts.Clock.Now()
}

// Add notes a span that has ended. It never waits.
func (j *Journal) Add(s Span) {
	if j == nil {
		return
	}
	j.mu.Lock()
	switch {
	case j.closed:
	case len(j.waiting) >= maxWaiting:
		j.lost++
	default:
		j.waiting = append(j.waiting, s)
	}
	j.mu.Unlock()
	select {
	case j.due <- struct{}{}:
	default:
	}
}

// Lost counts the spans that were given up.
func (j *Journal) Lost() uint64 {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lost
}

// run writes what was noted, and trims, until ctx ends.
func (j *Journal) run(ctx context.Context) {
	defer close(j.done)
	var trimmed time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.due:
		}
		if clock.Sleep(ctx, j.opts.Clock, writeEvery) != nil {
			return
		}
		if err := j.flush(ctx); err != nil && ctx.Err() == nil {
			j.opts.Logger.Warn("writing traces", "error", err)
		}
		if now := j.opts.Clock.Now(); now.Sub(trimmed) >= trimEvery {
			trimmed = now
			if err := j.trim(ctx, now.Add(-j.opts.Retention)); err != nil && ctx.Err() == nil {
				j.opts.Logger.Warn("trimming traces", "error", err)
			}
		}
	}
}

func (j *Journal) trim(ctx context.Context, before time.Time) error {
	p, err := j.logs.Seek(ctx, logName, before)
	if err != nil {
		return err
	}
	return j.logs.Trim(ctx, logName, max(p, j.tooMuch()))
}

// tooMuch is the position below which the log is more than it may be.
func (j *Journal) tooMuch() (before engine.Position) {
	j.writing.Lock()
	defer j.writing.Unlock()
	var total int64
	for _, m := range j.marks {
		total += m.bytes
	}
	for total > j.opts.MaxBytes && len(j.marks) > 1 {
		total -= j.marks[0].bytes
		j.marks = j.marks[1:]
		before = j.marks[0].from
	}
	return before
}

// marked notes what was written. Called with writing held.
func (j *Journal) marked(from engine.Position, blocks [][]byte) {
	if n := len(j.marks); n == 0 || j.marks[n-1].bytes >= min(granule, j.opts.MaxBytes/4) {
		j.marks = append(j.marks, mark{from: from})
	}
	for _, b := range blocks {
		j.marks[len(j.marks)-1].bytes += int64(len(b))
	}
}

// flush writes what was noted before the call. What cannot be written is given
// up.
func (j *Journal) flush(ctx context.Context) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	spans := j.waiting
	j.waiting = nil
	j.mu.Unlock()
	if len(spans) == 0 {
		return nil
	}
	var blocks [][]byte
	var err error
	for chunk := range slices.Chunk(spans, maxBlock) {
		var block []byte
		if block, err = json.Marshal(chunk); err != nil {
			break
		}
		blocks = append(blocks, block)
	}
	if err == nil {
		var from engine.Position
		if from, err = j.logs.Append(ctx, logName, blocks...); err == nil {
			j.marked(from, blocks)
		}
	}
	if err != nil {
		j.mu.Lock()
		j.lost += uint64(len(spans))
		j.mu.Unlock()
		return fmt.Errorf("writing %d spans: %w", len(spans), err)
	}
	return nil
}

// Find returns all spans of a trace, in the order of their beginnings: of the
// trace with that id, or of the one in which a span, a request or a thing has
// it. None is no error.
func (j *Journal) Find(ctx context.Context, id string) ([]Span, error) {
	if j == nil || id == "" {
		return nil, nil
	}
	if err := j.flush(ctx); err != nil {
		return nil, err
	}
	root, from := id, Begun(id)
	if from.IsZero() {
		found, err := j.scan(ctx, time.Time{}, id, func(s *Span) bool {
			return s.Root == id || s.ID == id || s.Request == id || slices.Contains(s.Refers, id)
		})
		if err != nil || len(found) == 0 {
			return nil, err
		}
		root = found[0].Root
		from = Begun(root)
	}
	if !from.IsZero() {
		from = from.Add(-early)
	}
	spans, err := j.scan(ctx, from, root, func(s *Span) bool { return s.Root == root })
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return spans, err
}

// scan returns the spans noted since from that are wanted; each has text in its
// JSON form.
func (j *Journal) scan(ctx context.Context, from time.Time, text string, wanted func(*Span) bool) (found []Span, err error) {
	at, end, err := j.logs.Bounds(ctx, logName)
	if err == nil && !from.IsZero() {
		at, err = j.logs.Seek(ctx, logName, from)
	}
	if err != nil || at >= end {
		return nil, err
	}
	r, err := j.logs.Open(ctx, logName, at)
	if err != nil {
		return nil, fmt.Errorf("reading traces: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	quoted := []byte(`"` + text + `"`)
	var entries []engine.Entry
	for at < end {
		if entries, err = r.Next(ctx, entries[:0], 64); err != nil {
			return nil, fmt.Errorf("reading traces: %w", err)
		}
		for _, e := range entries {
			at = e.Position + 1
			if !bytes.Contains(e.Data, quoted) {
				continue
			}
			var block []Span
			if err := json.Unmarshal(e.Data, &block); err != nil {
				return nil, fmt.Errorf("reading traces: entry %d: %w", e.Position, err)
			}
			for i := range block {
				if wanted(&block[i]) {
					found = append(found, block[i])
				}
			}
		}
	}
	return found, nil
}

// Close writes what was noted. It may be called twice.
func (j *Journal) Close(ctx context.Context) error {
	if j == nil {
		return nil
	}
	j.stop()
	<-j.done
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	return j.flush(ctx)
}
