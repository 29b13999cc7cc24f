package local

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
// in the commit's overlays. prepare either returns an error and has added
// nothing, or succeeds; there is no way back.
//
// The batch is applied without waiting for its fsync, and handed to the
// syncer, which waits for the fsyncs in order. Only then op.publish makes the
// write visible, and the writer is answered. Errors of prepare go the same
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

// op is one write.
type op interface {
	// prepare runs in the committer.
	prepare(c *commit) error
	// publish runs in the syncer once the write is durable; not where
	// prepare failed.
	publish()
}

type request struct {
	op      op
	size    int  // bytes that it adds, about
	barrier bool // goes alone
	lazy    bool // need not be durable on its own account
	err     error
	done    chan struct{}
}

// A commit is one batch on its way.
type commit struct {
	e        *Engine
	moment   // in which it is built
	batch    *pebble.Batch
	requests []*request
	places   int  // of the pipeline that it takes
	durable  bool // some request asks for an fsync
	synced   bool // an fsync was asked for

	view      *view                      // set where records change
	revisions map[string]engine.Revision // of records that the batch changes
	staged    []*stagedEntries
	queues    []*queue
	indexed   *pebble.Batch // see Engine.Commit
}

// pipe is the way of the writes. It has the engine's life.
type pipe struct {
	mu      sync.Mutex // guards what follows
	waiting []*request
	closing bool
	failed  error
	wake    chan struct{} // has room for one

	places   chan struct{}
	underway chan *commit
	done     sync.WaitGroup
}

func (p *pipe) start(e *Engine) {
	p.wake = make(chan struct{}, 1)
	p.places = make(chan struct{}, pipeDepth)
	p.underway = make(chan *commit, pipeDepth)
	p.done.Go(e.commitLoop)
	p.done.Go(e.syncLoop)
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
func (p *pipe) submit(r *request) error {
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
func (p *pipe) take() []*request {
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
		if p.waiting[n].barrier {
			if n == 0 {
				n = 1
			}
			break
		}
		size += p.waiting[n].size
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

// do commits one op and waits until it is durable and published.
func (e *Engine) do(ctx context.Context, o op, size int) error {
	return e.await(ctx, &request{op: o, size: size})
}

func (e *Engine) await(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.done = make(chan struct{})
	if err := e.pipe.submit(r); err != nil {
		return err
	}
	return r.wait(ctx)
}

func (r *request) wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) commitLoop() {
	defer close(e.pipe.underway)
	for {
		requests := e.pipe.take()
		if requests == nil {
			return
		}
		c := &commit{e: e, requests: requests, places: 1}
		if requests[0].barrier {
			for c.places < pipeDepth {
				e.pipe.places <- struct{}{}
				c.places++
			}
		}
		if err := e.pipe.failure(); err == nil {
			e.build(c)
		}
		e.pipe.underway <- c
	}
}

// build prepares and applies a commit. A panic of the database (it has no
// other way to report some faults of the disk) is a failure like others.
func (e *Engine) build(c *commit) {
	defer func() {
		if p := recover(); p != nil {
			e.pipe.fail(fmt.Errorf("writing to the database: %v", p))
			e.broken.Store(true)
		}
	}()
	c.moment = e.hands.look()
	c.batch = e.db.NewBatch()
	for _, r := range c.requests {
		r.err = r.op.prepare(c)
		c.durable = c.durable || !r.lazy
	}
	if err := c.finish(); err != nil {
		e.pipe.fail(err)
		return
	}
	if c.batch.Empty() {
		return
	}
	if c.view != nil {
		c.view.next = e.revision
		e.views.begin(e.db, c.view)
	}
	var err error
	if c.durable {
		err = e.db.ApplyNoSyncWait(c.batch, pebble.Sync)
		c.synced = err == nil
	} else {
		err = e.db.Apply(c.batch, pebble.NoSync)
	}
	if err != nil {
		e.pipe.fail(fmt.Errorf("writing to the database: %w", err))
	}
}

// finish adds what is written once for a batch.
func (c *commit) finish() error {
	var errs []error
	for _, q := range c.queues {
		q.overlay, q.commit = nil, nil
		errs = append(errs, c.batch.Set(shelf(q.id, shelfMeta), q.meta(), nil))
	}
	if len(c.queues) > 0 {
		errs = append(errs, c.setCounter(keyTime, uint64(c.now)))
	}
	if c.revisions != nil {
		errs = append(errs, c.setCounter(keyRevision, uint64(c.e.revision)))
	}
	if c.indexed != nil {
		errs = append(errs, c.batch.Apply(c.indexed, nil), c.indexed.Close())
	}
	return errors.Join(errs...)
}

func (e *Engine) syncLoop() {
	for c := range e.pipe.underway {
		if c.synced {
			if err := c.batch.SyncWait(); err != nil {
				e.pipe.fail(fmt.Errorf("syncing the database: %w", err))
			}
		}
		failed := e.pipe.failure()
		if failed == nil {
			c.publish()
		}
		if c.batch != nil && !e.broken.Load() {
			c.batch.Close()
		}
		for range c.places {
			<-e.pipe.places
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

func (c *commit) publish() {
	if c.view != nil {
		c.e.views.end(c.view)
	}
	for _, s := range c.staged {
		s.log.publish(s.entries)
	}
	for _, r := range c.requests {
		if r.err == nil {
			r.op.publish()
		}
	}
}
