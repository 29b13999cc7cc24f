package local

import (
	"context"
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/engine"
)

// views lets records be read as they are durable, though the database shows
// batches before they are. A batch that touches records brings a snapshot from
// just before it is applied; readers use that of the oldest batch under way.
// Where none is, they take a snapshot of their own, while no batch can begin.
// No snapshot lives longer than a batch or a read, so none keeps the database
// from forgetting.
type views struct {
	mu       sync.Mutex // guards what follows
	underway []*view
	durable  engine.Revision // of the last batch published
}

type view struct {
	*pebble.Snapshot
	readers  int             // and one for the batch; guarded by views.mu
	revision engine.Revision // what the snapshot shows
	next     engine.Revision // what is durable once the batch is
}

// begin is called by the committer, just before it applies a batch.
func (vs *views) begin(db *pebble.DB, v *view) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v.Snapshot, v.readers, v.revision = db.NewSnapshot(), 1, vs.durable
	if n := len(vs.underway); n > 0 {
		v.revision = vs.underway[n-1].next
	}
	vs.underway = append(vs.underway, v)
}

// end is called by the syncer once the batch is durable.
func (vs *views) end(v *view) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.durable = v.next
	vs.underway = vs.underway[1:]
	vs.release(v)
}

func (vs *views) acquire(db *pebble.DB) *view {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if len(vs.underway) > 0 {
		v := vs.underway[0]
		v.readers++
		return v
	}
	return &view{Snapshot: db.NewSnapshot(), readers: 1, revision: vs.durable}
}

// release is called with mu held.
func (vs *views) release(v *view) {
	if v.readers--; v.readers == 0 {
		v.Snapshot.Close()
	}
}

// close gives back what batches that failed have left.
func (vs *views) close() {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for _, v := range vs.underway {
		vs.release(v)
	}
	vs.underway = nil
}

// view runs f on the records that are durable.
func (e *Engine) view(f func(v *view) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	v := e.views.acquire(e.db)
	defer func() {
		e.views.mu.Lock()
		defer e.views.mu.Unlock()
		e.views.release(v)
	}()
	return f(v)
}

// touch makes readers of records see the state before this batch until it is
// durable.
func (c *commit) touch() {
	if c.view == nil {
		c.view = &view{}
	}
}

// View runs f on what is durable of what was written through [Engine.Commit].
// The reader is valid until f returns.
func (e *Engine) View(f func(r pebble.Reader) error) error {
	return e.view(func(v *view) error { return f(v) })
}

// Commit lets others write to the same database, in the same group commits.
// All keys that f writes must begin with a byte not below [Foreign].
//
// f is called in the order of commits, one at a time, by the goroutine that
// all writes pass through: it must not wait for anything. What it reads from r
// holds all commits before it, durable or not. What it writes to w is made
// durable whole, or, where it returns an error, not at all; Commit then
// returns that error.
func (e *Engine) Commit(ctx context.Context, f func(r pebble.Reader, w *pebble.Batch) error) error {
	return e.do(ctx, foreignOp(f), 1024)
}

type foreignOp func(r pebble.Reader, w *pebble.Batch) error

func (f foreignOp) prepare(c *commit) error {
	if c.indexed == nil {
		c.indexed = c.e.db.NewIndexedBatch()
	}
	w := c.e.db.NewBatch()
	defer w.Close()
	if err := f(c.indexed, w); err != nil {
		return err
	}
	for r := w.Reader(); ; {
		_, key, _, ok, err := r.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if len(key) == 0 || key[0] < Foreign {
			return errors.New("a commit writes to the engine's own keys")
		}
	}
	if w.Empty() {
		return nil
	}
	c.touch()
	return c.indexed.Apply(w, nil)
}

func (foreignOp) publish() {}
