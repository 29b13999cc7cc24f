package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/engine"
)

// The commit pipeline.
//
//	writers ──► waiting ──► committer ──► under way ──► syncer ──► writers
//	            (a list)    prepare,      (at most      fsync,
//	                        apply         pipeDepth)    publish, answer
//
// Committer and syncer are one goroutine each. In the committer, op.prepare
// runs for one request after the other, in the order of their coming: it
// checks, gives out numbers, and adds to the batch. Whatever it reads of the
// database holds all earlier batches; what the same batch holds so far is kept
// in the requests' overlays. Prepare either returns an error and has added
// nothing, or succeeds; there is no way back.
//
// The batch is applied without waiting for its fsync, and handed to the
// syncer, which waits for the fsyncs in order. Only then Op.Publish makes the
// write visible, and the writer is answered. Errors of Prepare go the same
// way: who is told of a conflict is told of a durable one.
//
// How batches grow: the committer waits for one of pipeDepth places before it
// takes what has gathered. A lone writer finds a place free and waits one
// fsync; under load the requests gather while the places are taken. The
// database's next fsync serves all batches that were applied during the last,
// so a few small ones under way cost little; with only two, a small one that
// went first would keep all others waiting for an fsync of its own.
//
// A barrier (drop, purge) goes alone: the pipeline is empty when it is
// prepared and until it is published, so that it needs no overlays.

const (
	pipeDepth     = 8
	maxBatchBytes = 4 << 20
	maxBatchOps   = 4096
)

// Op is one write.
type Op interface {
	// Prepare runs in the committer.
	Prepare(c *Commit) error
	// Publish runs in the syncer once the write is durable; not where
	// Prepare failed.
	Publish()
}

// A Request is one write on its way.
type Request struct {
	Op      Op
	Size    int  // bytes that it adds, about
	Barrier bool // goes alone
	Lazy    bool // need not be durable on its own account

	err  error
	done chan struct{}
}

// A Commit is one batch on its way. Its fields and methods are for Prepare.
type Commit struct {
	Moment // in which it is built
	Batch  *pebble.Batch
	// Revisions are those of the records that the batch changes, by their keys.
	Revisions map[string]engine.Revision

	s        *Store
	requests []*Request
	places   int  // of the pipeline that it takes
	durable  bool // some request asks for an fsync
	synced   bool // an fsync was asked for

	view    *View // set where records change
	ending  []func() error
	told    []func()
	timed   bool          // it stores the time
	indexed *pebble.Batch // see Foreign
}

// AtEnd has f add to the batch what is written once for all its requests.
func (c *Commit) AtEnd(f func() error) { c.ending = append(c.ending, f) }

// OnPublish has f called once the batch is durable, before its requests are published.
func (c *Commit) OnPublish(f func()) { c.told = append(c.told, f) }

// KeepTime stores the store's own time with the batch.
func (c *Commit) KeepTime() { c.timed = true }

// DB is the database as Prepare may read it: with all batches before, durable
// or not, and nothing of this one.
func (c *Commit) DB() *pebble.DB { return c.s.DB }

// Counter reads a number as Prepare may.
func (c *Commit) Counter(key []byte) (uint64, error) { return c.s.Counter(key) }

// Fail makes err the answer to every write from now on.
func (c *Commit) Fail(err error) error { return c.s.pipe.fail(err) }

// Revise begins a change of records and gives it its revision.
func (c *Commit) Revise() engine.Revision {
	if c.Revisions == nil {
		c.Revisions = map[string]engine.Revision{}
	}
	c.s.revision++
	c.touch()
	return c.s.revision
}

// pipe is the way of the writes. It has the engine's life.
type pipe struct {
	mu      sync.Mutex // guards what follows
	waiting []*Request
	closing bool
	failed  error
	wake    chan struct{} // has room for one

	places   chan struct{}
	underway chan *Commit
	done     sync.WaitGroup
}

func (p *pipe) start(s *Store) {
	p.wake = make(chan struct{}, 1)
	p.places = make(chan struct{}, pipeDepth)
	p.underway = make(chan *Commit, pipeDepth)
	p.done.Go(s.commitLoop)
	p.done.Go(s.syncLoop)
}

// stop answers what has been handed in, and refuses what comes later.
func (p *pipe) stop() {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.nudge()
	p.done.Wait()
}

func (p *pipe) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// submit hands a request in. Requests are committed in the order of submits.
func (p *pipe) submit(r *Request) error {
	p.mu.Lock()
	if p.failed != nil || p.closing {
		err := p.failed
		p.mu.Unlock()
		if err != nil {
			return err
		}
		return engine.ErrClosed
	}
	p.waiting = append(p.waiting, r)
	first := len(p.waiting) == 1
	p.mu.Unlock()
	if first {
		p.nudge()
	}
	return nil
}

// fail makes err the answer to every write from now on. The first one counts.
func (p *pipe) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = fmt.Errorf("the engine has failed and takes no more writes: %w", err)
	}
	return p.failed
}

func (p *pipe) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// take returns the requests of the next batch, or none where it is time to end.
func (p *pipe) take() []*Request {
	for {
		p.mu.Lock()
		waiting, closing := len(p.waiting) > 0, p.closing
		p.mu.Unlock()
		if waiting {
			break
		}
		if closing {
			return nil
		}
		<-p.wake
	}
	p.places <- struct{}{}
	p.mu.Lock()
	defer p.mu.Unlock()
	n, size := 0, 0
	for n < len(p.waiting) && n < maxBatchOps && size < maxBatchBytes {
		if p.waiting[n].Barrier {
			if n == 0 {
				n = 1
			}
			break
		}
		size += p.waiting[n].Size
		n++
	}
	taken := p.waiting[:n:n]
	if n == len(p.waiting) {
		p.waiting = nil
	} else {
		p.waiting = p.waiting[n:]
	}
	return taken
}

// Do commits one op and waits until it is durable and published.
func (s *Store) Do(ctx context.Context, o Op, size int) error {
	return s.Await(ctx, &Request{Op: o, Size: size})
}

// Await submits a request and waits for its answer.
func (s *Store) Await(ctx context.Context, r *Request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.Submit(r); err != nil {
		return err
	}
	return r.Wait(ctx)
}

// Submit hands a request in. Requests are committed in the order of submits.
func (s *Store) Submit(r *Request) error {
	r.done = make(chan struct{})
	return s.pipe.submit(r)
}

// Wait returns a submitted request's answer. Where ctx ends before, the write
// may still be made.
func (r *Request) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Gathered counts the requests that wait for the next batch.
func (s *Store) Gathered() int {
	s.pipe.mu.Lock()
	defer s.pipe.mu.Unlock()
	return len(s.pipe.waiting)
}

func (s *Store) commitLoop() {
	defer close(s.pipe.underway)
	for {
		requests := s.pipe.take()
		if requests == nil {
			return
		}
		c := &Commit{s: s, requests: requests, places: 1}
		if requests[0].Barrier {
			for c.places < pipeDepth {
				s.pipe.places <- struct{}{}
				c.places++
			}
		}
		if err := s.pipe.failure(); err == nil {
			s.build(c)
		}
		s.pipe.underway <- c
	}
}

// build prepares and applies a commit. A panic of the database (it has no
// other way to report some faults of the disk) is a failure like others.
func (s *Store) build(c *Commit) {
	defer func() {
		if p := recover(); p != nil {
			s.pipe.fail(fmt.Errorf("writing to the database: %v", p))
			s.broken.Store(true)
		}
	}()
	c.Moment = s.hands.look()
	c.Batch = s.DB.NewBatch()
	for _, r := range c.requests {
		r.err = r.Op.Prepare(c)
		c.durable = c.durable || !r.Lazy
	}
	if err := c.finish(); err != nil {
		s.pipe.fail(err)
		return
	}
	if c.Batch.Empty() {
		return
	}
	if c.view != nil {
		c.view.next = s.revision
		s.views.begin(s.DB, c.view)
	}
	var err error
	if c.durable {
		err = s.DB.ApplyNoSyncWait(c.Batch, pebble.Sync)
		c.synced = err == nil
	} else {
		err = s.DB.Apply(c.Batch, pebble.NoSync)
	}
	if err != nil {
		s.pipe.fail(fmt.Errorf("writing to the database: %w", err))
	}
}

// finish adds what is written once for a batch.
func (c *Commit) finish() error {
	var errs []error
	for _, f := range c.ending {
		errs = append(errs, f())
	}
	if c.timed {
		errs = append(errs, c.SetCounter(keyTime, uint64(c.Now)))
	}
	if c.Revisions != nil {
		errs = append(errs, c.SetCounter(keyRevision, uint64(c.s.revision)))
	}
	if c.indexed != nil {
		errs = append(errs, c.Batch.Apply(c.indexed, nil), c.indexed.Close())
	}
	return errors.Join(errs...)
}

func (s *Store) syncLoop() {
	for c := range s.pipe.underway {
		if c.synced {
			if err := c.Batch.SyncWait(); err != nil {
				s.pipe.fail(fmt.Errorf("syncing the database: %w", err))
			}
		}
		failed := s.pipe.failure()
		if failed == nil {
			c.publish()
		}
		if c.Batch != nil && !s.broken.Load() {
			c.Batch.Close()
		}
		for range c.places {
			<-s.pipe.places
		}
		for _, r := range c.requests {
			if failed != nil {
				r.err = failed
			}
			if r.done != nil {
				close(r.done)
			}
		}
	}
}

func (c *Commit) publish() {
	if c.view != nil {
		c.s.views.end(c.view)
	}
	for _, f := range c.told {
		f()
	}
	for _, r := range c.requests {
		if r.err == nil {
			r.Op.Publish()
		}
	}
}
