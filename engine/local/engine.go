package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// Options are what an engine may be given. The zero value is what a server
// wants.
type Options struct {
	Clock  clock.Clock  // clock.Real() if nil
	FS     vfs.FS       // the machine's if nil
	Logger *slog.Logger // what the database has to complain of; nothing is logged if nil

	CacheBytes    int64  // blocks of the database kept in memory; 8 MB if zero
	MemTableBytes uint64 // what is written before it is sorted into files; 8 MB if zero
	TailBytes     int    // recent entries kept for readers, of all logs; 16 MB if zero
}

func (o *Options) fill() {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 8 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 8 << 20
	}
	if o.TailBytes == 0 {
		o.TailBytes = 16 << 20
	}
}

// Engine is an engine in a directory. It implements engine.Engine.
type Engine struct {
	dir     string
	options Options
	clock   clock.Clock
	fs      vfs.FS
	disk    *disk
	lock    *pebble.Lock
	db      *pebble.DB
	hands   hands
	pipe    pipe
	views   views
	broken  atomic.Bool   // the database has panicked: it cannot be closed
	tailed  atomic.Int32  // logs that have readers
	nonce   atomic.Uint64 // of the last lease of a message
	blobs   blobs
	leases  leases

	// The committer's.
	revision engine.Revision // of the last Apply
	names    uint64          // the last number given to a name

	mu          sync.Mutex // guards what follows
	logs        map[string]*log
	queues      map[string]*queue
	collections map[string]*collection

	life    sync.RWMutex // held for reading while the database is used
	gone    bool         // guarded by life
	closed  chan struct{}
	closing sync.Once
	failure error // of Close
}

var _ engine.Engine = (*Engine)(nil)

// Open opens the engine in a directory, which is made if it is not there. One
// process can have it open at a time.
func Open(dir string, options Options) (*Engine, error) {
	options.fill()
	e := &Engine{
		dir: dir, options: options, clock: options.Clock, fs: options.FS,
		hands: hands{clock: options.Clock},
		logs:  map[string]*log{}, queues: map[string]*queue{}, collections: map[string]*collection{},
		closed: make(chan struct{}),
	}
	e.nonce.Store(rand.Uint64() >> 1)
	if err := e.makeDir(filepath.Join(dir, "db")); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	var err error
	if e.lock, err = pebble.LockDirectory(filepath.Join(dir, "db"), e.fs); err != nil {
		return nil, fmt.Errorf("the data directory %s is in use by another Signalbox: %w", dir, err)
	}
	if err := e.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the data directory %s: %w", dir, err), e.lock.Close())
	}
	e.pipe.start(e)
	return e, nil
}

// makeDir makes a directory and, as far as needed, its parents, so that they
// survive a crash.
func (e *Engine) makeDir(dir string) error {
	if _, err := e.fs.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return nil
	}
	if err := e.makeDir(parent); err != nil {
		return err
	}
	if err := e.fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(e.fs, parent)
}

// open opens the database. Some faults of the disk it reports by a panic.
func (e *Engine) open() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the database: %v", p)
			if cause, ok := p.(error); ok {
				err = fmt.Errorf("the database: %w", cause)
			}
		}
	}()
	// The database counts what is written and not yet in files as part of its
	// cache: the one that is full, and the next.
	cache := pebble.NewCache(e.options.CacheBytes + 2*int64(e.options.MemTableBytes))
	defer cache.Unref()
	e.disk = &disk{FS: e.fs, fail: e.pipe.fail}
	o := &pebble.Options{
		FS:                         e.disk,
		Lock:                       e.lock,
		Cache:                      cache,
		MemTableSize:               e.options.MemTableBytes,
		FormatMajorVersion:         pebble.FormatNewest,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		Logger:                     (*complaints)(e),
		EventListener:              &pebble.EventListener{BackgroundError: e.complain},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	if e.db, err = pebble.Open(filepath.Join(e.dir, "db"), o); err != nil {
		return err
	}
	revision, err1 := e.counter(keyRevision)
	names, err2 := e.counter(keyNames)
	now, err3 := e.counter(keyTime)
	e.hands.begin(int64(now))
	e.revision, e.names, e.views.durable = engine.Revision(revision), names, engine.Revision(revision)
	e.blobs.e, e.leases.e, e.leases.held = e, e, map[string]*holding{}
	if err = errors.Join(err1, err2, err3, e.pipe.failure(), e.blobs.open()); err != nil {
		return errors.Join(err, e.db.Close())
	}
	return nil
}

// Records, Logs, Queues, Leases and Blobs implement engine.Engine.

func (e *Engine) Records() engine.Records { return records{e} }
func (e *Engine) Logs() engine.Logs       { return logs{e} }
func (e *Engine) Queues() engine.Queues   { return queues{e} }
func (e *Engine) Leases() engine.Leases   { return &e.leases }
func (e *Engine) Blobs() engine.Blobs     { return &e.blobs }

// Close ends all waiting, answers the writes that were handed in, and closes
// the database.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		close(e.closed)
		e.saveLeases()
		e.pipe.stop()
		e.life.Lock()
		defer e.life.Unlock()
		e.gone = true
		e.failure = e.closeFiles()
	})
	return e.failure
}

// maxReplay is how much of the write-ahead log may be left for opening to read:
// a few milliseconds' worth.
const maxReplay = 1 << 20

func (e *Engine) closeFiles() error {
	if e.broken.Load() {
		// Its locks may be held for ever by what has panicked.
		return errors.Join(e.pipe.failure(), e.lock.Close())
	}
	e.views.close()
	var err error
	if e.pipe.failure() == nil && e.db.Metrics().WAL.Size > maxReplay {
		err = e.db.Flush()
	}
	err = errors.Join(err, e.db.Close())
	if failed := e.pipe.failure(); failed != nil {
		err = failed
	}
	return errors.Join(err, e.lock.Close())
}

// saveLeases stores how often messages were leased that still are.
func (e *Engine) saveLeases() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range e.queues {
		q.mu.Lock()
		o := &saveOp{q: q, epoch: q.durable}
		for _, l := range q.leases {
			if l.state == leaseHeld {
				l.stored = true
				o.leases = append(o.leases, *l)
			}
		}
		if len(o.leases) > 0 {
			e.pipe.submit(&request{op: o})
		}
		q.mu.Unlock()
	}
}

// enter must succeed before the database is read, and be followed by leave.
// Nobody waits for anything in between.
func (e *Engine) enter() error {
	e.life.RLock()
	select {
	case <-e.closed:
		e.life.RUnlock()
		return engine.ErrClosed
	default:
		return nil
	}
}

func (e *Engine) leave() { e.life.RUnlock() }

// writable tells whether writes are refused, and why.
func (e *Engine) writable() error { return e.pipe.failure() }

// idle waits until all that was submitted before is durable.
func (e *Engine) idle(ctx context.Context) error {
	return e.await(ctx, &request{op: nothing{}, lazy: true})
}

type nothing struct{}

func (nothing) prepare(*commit) error { return nil }
func (nothing) publish()              {}

// complain is told of what failed in the background. If the database cannot
// sort what was written into files it must stop taking writes sooner or later:
// better at once and with the reason than without an answer.
func (e *Engine) complain(err error) {
	if errors.Is(err, pebble.ErrCancelledCompaction) {
		return
	}
	e.options.Logger.Error("database", "error", err)
	e.pipe.fail(err)
}

// complaints is the database's logger.
type complaints Engine

func (*complaints) Infof(string, ...any) {}

func (c *complaints) Errorf(format string, args ...any) {
	c.options.Logger.Error("database", "error", fmt.Sprintf(format, args...))
}

// Fatalf is called where the database cannot go on. It returns, and the
// engine refuses all writes from then on: what was durable stays so.
func (c *complaints) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	c.options.Logger.Error("database", "fatal", err)
	c.disk.hide(err)
}

// alive is for those who do not use the database.
func (e *Engine) alive() error {
	if err := e.enter(); err != nil {
		return err
	}
	e.leave()
	return nil
}
