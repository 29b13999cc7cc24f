package store

import (
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
	underway []*View
	durable  engine.Revision // of the last batch published
}

// A View shows the records of one moment.
type View struct {
	*pebble.Snapshot
	readers  int             // and one for the batch; guarded by views.mu
	Revision engine.Revision // what the snapshot shows
	next     engine.Revision // what is durable once the batch is
}

// begin is called by the committer, just before it applies a batch.
func (vs *views) begin(db *pebble.DB, v *View) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v.Snapshot, v.readers, v.Revision = db.NewSnapshot(), 1, vs.durable
	if n := len(vs.underway); n > 0 {
		v.Revision = vs.underway[n-1].next
	}
	vs.underway = append(vs.underway, v)
}

// end is called by the syncer once the batch is durable.
func (vs *views) end(v *View) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.durable = v.next
	vs.underway = vs.underway[1:]
	vs.release(v)
}

func (vs *views) acquire(db *pebble.DB) *View {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if len(vs.underway) > 0 {
		v := vs.underway[0]
		v.readers++
		return v
	}
	return &View{Snapshot: db.NewSnapshot(), readers: 1, Revision: vs.durable}
}

// release is called with mu held.
func (vs *views) release(v *View) {
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

// View runs f on the records that are durable.
func (s *Store) View(f func(v *View) error) error {
	if err := s.Enter(); err != nil {
		return err
	}
	defer s.Leave()
	v := s.views.acquire(s.DB)
	defer func() {
		s.views.mu.Lock()
		defer s.views.mu.Unlock()
		s.views.release(v)
	}()
	return f(v)
}

// touch makes readers of records see the state before this batch until it is
// durable.
func (c *Commit) touch() {
	if c.view == nil {
		c.view = &View{}
	}
}

// ForeignOp is a write of those who are not the engine. All keys that it writes
// must begin with a byte not below [Foreign].
type ForeignOp func(r pebble.Reader, w *pebble.Batch) error

func (f ForeignOp) Prepare(c *Commit) error {
	if c.indexed == nil {
		c.indexed = c.s.DB.NewIndexedBatch()
	}
	w := c.s.DB.NewBatch()
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

func (ForeignOp) Publish() {}
