// Package store is the database of an engine and the one way of writes into it.
//
// Writers submit requests; a committer builds batches of them and a syncer
// waits for the fsync and answers (commit.go). Readers of records get views of
// what is durable (view.go). Whoever keeps something here has rooms of keys of
// their own (keys.go), and names with short numbers (names.go). Time is told by
// a clock that is never set back (hands.go), and faults of the disk end in
// answers, not in panics (disk.go).
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// Options are all required.
type Options struct {
	Clock         clock.Clock
	FS            vfs.FS
	Logger        *slog.Logger // what the database has to complain of
	CacheBytes    int64        // blocks of the database kept in memory
	MemTableBytes uint64       // what is written before it is sorted into files
}

// Store is the database in a directory.
type Store struct {
	Dir   string
	FS    vfs.FS
	Clock clock.Clock
	DB    *pebble.DB // read between Enter and Leave, or in Prepare

	logger *slog.Logger
	hands  hands
	disk   *disk
	lock   *pebble.Lock
	pipe   pipe
	views  views
	broken atomic.Bool // the database has panicked: it cannot be closed

	// The committer's.
	revision engine.Revision // of the last change of records
	names    uint64          // the last number given to a name

	life    sync.RWMutex // held for reading while the database is used
	gone    bool         // guarded by life
	closed  chan struct{}
	closing sync.Once
	failure error // of Close
}

// Open opens the database in dir/db, which is made if it is not there. One
// process can have it open at a time.
func Open(dir string, options Options) (*Store, error) {
	s := &Store{
		Dir: dir, FS: options.FS, Clock: options.Clock, logger: options.Logger,
		hands: hands{clock: options.Clock}, closed: make(chan struct{}),
	}
	if err := s.MakeDir(filepath.Join(dir, "db")); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	var err error
	if s.lock, err = pebble.LockDirectory(filepath.Join(dir, "db"), s.FS); err != nil {
		return nil, fmt.Errorf("the data directory %s is in use by another Signalbox: %w", dir, err)
	}
	if err := s.open(&options); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the data directory %s: %w", dir, err), s.lock.Close())
	}
	s.pipe.start(s)
	return s, nil
}

// MakeDir makes a directory and, as far as needed, its parents, so that they
// survive a crash.
func (s *Store) MakeDir(dir string) error {
	if _, err := s.FS.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return nil
	}
	if err := s.MakeDir(parent); err != nil {
		return err
	}
	if err := s.FS.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return SyncDir(s.FS, parent)
}

// open opens the database. Some faults of the disk it reports by a panic.
func (s *Store) open(options *Options) (err error) {
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
	cache := pebble.NewCache(options.CacheBytes + 2*int64(options.MemTableBytes))
	defer cache.Unref()
	s.disk = &disk{FS: s.FS, fail: s.pipe.fail}
	o := &pebble.Options{
		FS:                         s.disk,
		Lock:                       s.lock,
		Cache:                      cache,
		MemTableSize:               options.MemTableBytes,
		FormatMajorVersion:         pebble.FormatNewest,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		Logger:                     (*complaints)(s),
		EventListener:              &pebble.EventListener{BackgroundError: s.complain},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	if s.DB, err = pebble.Open(filepath.Join(s.Dir, "db"), o); err != nil {
		return err
	}
	revision, err1 := s.Counter(keyRevision)
	names, err2 := s.Counter(keyNames)
	now, err3 := s.Counter(keyTime)
	s.hands.begin(int64(now))
	s.revision, s.names, s.views.durable = engine.Revision(revision), names, engine.Revision(revision)
	if err = errors.Join(err1, err2, err3, s.pipe.failure()); err != nil {
		return errors.Join(err, s.DB.Close())
	}
	return nil
}

// Look tells the time by which queues and leases go.
func (s *Store) Look() Moment { return s.hands.look() }

// Closed is closed when Close begins.
func (s *Store) Closed() <-chan struct{} { return s.closed }

// Close ends all waiting, has last hand in what is to be written still, answers
// the writes that were handed in, and closes the database. It may be called twice.
func (s *Store) Close(last func()) error {
	s.closing.Do(func() {
		close(s.closed)
		last()
		s.pipe.stop()
		s.life.Lock()
		defer s.life.Unlock()
		s.gone = true
		s.failure = s.closeFiles()
	})
	return s.failure
}

// maxReplay is how much of the write-ahead log may be left for opening to read:
// a few milliseconds' worth.
const maxReplay = 1 << 20

func (s *Store) closeFiles() error {
	if s.broken.Load() {
		// Its locks may be held for ever by what has panicked.
		return errors.Join(s.pipe.failure(), s.lock.Close())
	}
	s.views.close()
	var err error
	if s.pipe.failure() == nil && s.DB.Metrics().WAL.Size > maxReplay {
		err = s.DB.Flush()
	}
	err = errors.Join(err, s.DB.Close())
	if failed := s.pipe.failure(); failed != nil {
		err = failed
	}
	return errors.Join(err, s.lock.Close())
}

// Enter must succeed before the database is read, and be followed by Leave.
// Nobody waits for anything in between.
func (s *Store) Enter() error {
	s.life.RLock()
	select {
	case <-s.closed:
		s.life.RUnlock()
		return engine.ErrClosed
	default:
		return nil
	}
}

func (s *Store) Leave() { s.life.RUnlock() }

// Failure is why the store takes no more writes; nil where it does.
func (s *Store) Failure() error { return s.pipe.failure() }

// Idle waits until all that was submitted before is durable.
func (s *Store) Idle(ctx context.Context) error {
	return s.Await(ctx, &Request{Op: nothing{}, Lazy: true})
}

type nothing struct{}

func (nothing) Prepare(*Commit) error { return nil }
func (nothing) Publish()              {}

// complain is told of what failed in the background. If the database cannot
// sort what was written into files it must stop taking writes sooner or later:
// better at once and with the reason than without an answer.
func (s *Store) complain(err error) {
	if errors.Is(err, pebble.ErrCancelledCompaction) {
		return
	}
	s.logger.Error("database", "error", err)
	s.pipe.fail(err)
}

// complaints is the database's logger.
type complaints Store

func (*complaints) Infof(string, ...any) {}

func (c *complaints) Errorf(format string, args ...any) {
	c.logger.Error("database", "error", fmt.Sprintf(format, args...))
}

// Fatalf is called where the database cannot go on. It returns, and the
// engine refuses all writes from then on: what was durable stays so.
func (c *complaints) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	c.logger.Error("database", "fatal", err)
	c.disk.hide(err)
}

// Alive is for those who do not use the database.
func (s *Store) Alive() error {
	if err := s.Enter(); err != nil {
		return err
	}
	s.Leave()
	return nil
}
