package local

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/blobs"
	"github.com/signalbox/signalbox/engine/local/internal/queue"
	"github.com/signalbox/signalbox/engine/local/internal/store"
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
	store  *store.Store
	queues *queue.Queues
	blobs  *blobs.Blobs
	leases leases

	tailBytes int
	tailed    atomic.Int32 // logs that have readers

	mu          sync.Mutex // guards what follows
	logs        map[string]*log
	collections map[string]*collection
}

var _ engine.Engine = (*Engine)(nil)

// Open opens the engine in a directory, which is made if it is not there. One
// process can have it open at a time.
func Open(dir string, options Options) (*Engine, error) {
	options.fill()
	s, err := store.Open(dir, store.Options{
		Clock: options.Clock, FS: options.FS, Logger: options.Logger,
		CacheBytes: options.CacheBytes, MemTableBytes: options.MemTableBytes,
	})
	if err != nil {
		return nil, err
	}
	b, err := blobs.Open(s)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the data directory %s: %w", dir, err), s.Close(func() {}))
	}
	return &Engine{
		store: s, queues: queue.New(s), blobs: b, leases: leases{store: s, held: map[string]*holding{}},
		tailBytes: options.TailBytes,
		logs:      map[string]*log{}, collections: map[string]*collection{},
	}, nil
}

// Records, Logs, Queues, Leases and Blobs implement engine.Engine.

func (e *Engine) Records() engine.Records { return records{e} }
func (e *Engine) Logs() engine.Logs       { return logs{e} }
func (e *Engine) Queues() engine.Queues   { return e.queues }
func (e *Engine) Leases() engine.Leases   { return &e.leases }
func (e *Engine) Blobs() engine.Blobs     { return e.blobs }

// Close ends all waiting, answers the writes that were handed in, and closes
// the database.
func (e *Engine) Close() error { return e.store.Close(e.queues.Save) }
