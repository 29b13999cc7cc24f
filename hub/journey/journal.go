package journey

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
)

const (
	// blockSize is at how many bytes a block is due to be written.
	blockSize = 64 << 10
	// maxUnsent bounds what is held where the log cannot be written, in bytes.
	maxUnsent = 4 << 20
)

// Journal keeps the journeys of one bus. It is safe for concurrent use.
type Journal struct {
	logs  engine.Logs
	log   string
	level Level
	clk   clock.Clock
	due   func(full bool)

	mu      sync.Mutex // guards what follows
	now     block
	lost    uint64
	dropped bool

	flushing sync.Mutex // serializes Flush; guards what follows
	unsent   [][]byte
	waiting  int // bytes in unsent
}

// Open gives the journal that is kept in the named log. due is called, without
// blocking, when there is something to flush, and again, with full, when a
// block is full.
func Open(logs engine.Logs, log string, level Level, clk clock.Clock, due func(full bool)) *Journal {
	return &Journal{logs: logs, log: log, level: level, clk: clk, due: due}
}

// Level is how much is kept.
func (j *Journal) Level() Level { return j.level }

// Matched notes what a batch of events matched.
func (j *Journal) Matched(m *Matches) {
	if j.level != All || len(m.positions) == 0 {
		return
	}
	now := j.clk.Now()
	j.write(now, func(b *block) { b.matches(now, m) })
}

// Attempted notes a failed attempt.
func (j *Journal) Attempted(s *Source, e *delivery.Event, a *delivery.Attempt) {
	if j.level == Off {
		return
	}
	j.write(j.clk.Now(), func(b *block) { b.attempt(recordAttempt, s, e, a) })
}

// Settled notes an event's outcome.
func (j *Journal) Settled(s *Source, e *delivery.Event, o delivery.Outcome, last *delivery.Attempt) {
	if j.level == Off || j.level == Failures && o == delivery.Delivered {
		return
	}
	now := j.clk.Now()
	j.write(now, func(b *block) { b.outcome(s, e, o, last, now) })
}

func (j *Journal) write(now time.Time, record func(*block)) {
	j.mu.Lock()
	if j.dropped { // the last deliveries of a bus that is no more
		j.mu.Unlock()
		return
	}
	before := len(j.now.buf)
	if before >= maxUnsent {
		j.lost++
		j.mu.Unlock()
		return
	}
	if before == 0 {
		j.now.begin(now)
	}
	record(&j.now)
	after := len(j.now.buf)
	j.mu.Unlock()
	if before == 0 || before < blockSize && after >= blockSize {
		j.due(after >= blockSize)
	}
}

// Flush appends what was noted before the call to the log. What could not be
// appended is tried again by the next Flush.
func (j *Journal) Flush(ctx context.Context) error {
	j.flushing.Lock()
	defer j.flushing.Unlock()
	j.mu.Lock()
	if !j.now.empty() {
		b := j.now.sealed()
		j.now.buf = j.now.buf[:0]
		if j.waiting+len(b) > maxUnsent {
			j.lost++
		} else {
			j.unsent = append(j.unsent, b)
			j.waiting += len(b)
		}
	}
	j.mu.Unlock()
	if len(j.unsent) == 0 {
		return nil
	}
	if _, err := j.logs.Append(ctx, j.log, j.unsent...); err != nil {
		return fmt.Errorf("append to the journey log: %w", err)
	}
	clear(j.unsent)
	j.unsent, j.waiting = j.unsent[:0], 0
	return nil
}

// Lost counts the records, or whole blocks of them, that were given up.
func (j *Journal) Lost() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lost
}

// Of returns the records of the event at position p (0: it has none) with the
// given id that were noted since from, in their order. It flushes first.
//
// Reading stops early when every invocation of the event is known to have
// succeeded.
func (j *Journal) Of(ctx context.Context, p engine.Position, id string, from time.Time) ([]Record, error) {
	if err := j.Flush(ctx); err != nil {
		return nil, err
	}
	at, err := j.logs.Seek(ctx, j.log, from)
	if err != nil {
		return nil, fmt.Errorf("look up the journey log: %w", err)
	}
	_, end, err := j.logs.Bounds(ctx, j.log)
	if err != nil {
		return nil, fmt.Errorf("look up the journey log: %w", err)
	}
	if at >= end {
		return nil, nil
	}
	r, err := j.logs.Open(ctx, j.log, at)
	if err != nil {
		return nil, fmt.Errorf("open the journey log: %w", err)
	}
	defer r.Close()
	var found []Record
	var done progress
	var entries []engine.Entry
	for at < end && !done.complete() {
		if entries, err = r.Next(ctx, entries[:0], 16); err != nil {
			return nil, fmt.Errorf("read the journey log: %w", err)
		}
		for _, e := range entries {
			at = e.Position + 1
			err := scan(e.Data, p, id, func(r Record) {
				found = append(found, r)
				done.add(&r)
			})
			if err != nil {
				return nil, fmt.Errorf("entry %d of the journey log: %w", e.Position, err)
			}
		}
	}
	return found, nil
}

// Follow yields what is noted from now on, block by block, until ctx ends,
// whose error it then yields, or the caller stops. Records of one event may
// be in several blocks.
func (j *Journal) Follow(ctx context.Context) iter.Seq2[[]Record, error] {
	return func(yield func([]Record, error) bool) {
		err := j.follow(ctx, yield)
		if err != nil {
			yield(nil, fmt.Errorf("follow the journey log: %w", err))
		}
	}
}

func (j *Journal) follow(ctx context.Context, yield func([]Record, error) bool) error {
	_, end, err := j.logs.Bounds(ctx, j.log)
	if err != nil {
		return err
	}
	r, err := j.logs.Open(ctx, j.log, end)
	if err != nil {
		return err
	}
	defer r.Close()
	var entries []engine.Entry
	for {
		if entries, err = r.Next(ctx, entries[:0], 1); err != nil {
			return err
		}
		var records []Record
		if err := scanAll(entries[0].Data, func(r Record) { records = append(records, r) }); err != nil {
			return fmt.Errorf("entry %d: %w", entries[0].Position, err)
		}
		if !yield(records, nil) {
			return nil
		}
	}
}

// progress knows how many of an event's invocations are over.
type progress struct {
	open    map[string]bool // by subscription; false: delivered
	matched bool
	failed  bool
}

func (p *progress) add(r *Record) {
	if p.open == nil {
		p.open = map[string]bool{}
	}
	if r.Match {
		p.matched = true
		for _, s := range r.Matched {
			if _, known := p.open[s.Subscription]; !known {
				p.open[s.Subscription] = true
			}
		}
		return
	}
	switch r.Outcome {
	case 0:
	case delivery.Delivered:
		p.open[r.Source.Subscription] = false
	default:
		p.failed = true // it may be sent once more by hand
	}
}

func (p *progress) complete() bool {
	if !p.matched || p.failed || len(p.open) == 0 {
		return false
	}
	for _, open := range p.open {
		if open {
			return false
		}
	}
	return true
}

// Trim forgets the blocks that were appended before t.
func (j *Journal) Trim(ctx context.Context, t time.Time) error {
	if j.isDropped() {
		return nil
	}
	p, err := j.logs.Seek(ctx, j.log, t)
	if err != nil {
		return fmt.Errorf("look up the journey log: %w", err)
	}
	if err := j.logs.Trim(ctx, j.log, p); err != nil {
		return fmt.Errorf("trim the journey log: %w", err)
	}
	return nil
}

// Drop forgets everything, for good: what is noted afterwards is kept nowhere,
// least of all in the log of a successor with the same name.
func (j *Journal) Drop(ctx context.Context) error {
	j.flushing.Lock()
	defer j.flushing.Unlock()
	if err := j.logs.Drop(ctx, j.log); err != nil {
		return fmt.Errorf("drop the journey log: %w", err)
	}
	j.mu.Lock()
	j.dropped = true
	j.now = block{}
	j.mu.Unlock()
	j.unsent, j.waiting = nil, 0
	return nil
}

func (j *Journal) isDropped() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.dropped
}
