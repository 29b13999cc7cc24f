package buslog

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/hub/journey"
)

// Sink takes the records of a resource's logs of one type, with their times, to
// wherever they are delivered.
type Sink interface {
	Vend(ctx context.Context, resourceARN, logType string, records iter.Seq2[time.Time, []byte]) error
}

// Bus is a bus that is to be followed.
type Bus struct {
	Log    string // the hub's name for it
	ARN    string
	Level  string // ERROR, INFO or TRACE
	Detail bool   // whether records hold the events' details
}

// Follower follows buses. It is safe for concurrent use.
type Follower struct {
	hub    *hub.Hub
	sink   Sink
	clock  clock.Clock
	logger *slog.Logger

	mu      sync.Mutex // guards what follows
	running map[string]*run
	closed  bool
}

// run is the following of one bus.
type run struct {
	bus    Bus
	cancel context.CancelFunc
	done   chan struct{} // closed when all of its goroutines have ended
}

// New makes a follower that follows nothing yet.
func New(h *hub.Hub, sink Sink, clk clock.Clock, logger *slog.Logger) *Follower {
	return &Follower{hub: h, sink: sink, clock: clk, logger: logger, running: map[string]*run{}}
}

// Follow follows a bus from now on, in place of how it was followed before.
func (f *Follower) Follow(b Bus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := f.running[b.Log]; old != nil {
		if old.bus == b {
			return
		}
		old.end()
		delete(f.running, b.Log)
	}
	if f.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{bus: b, cancel: cancel, done: make(chan struct{})}
	f.running[b.Log] = r
	go f.follow(ctx, r, f.clock.Now())
}

// Leave ends the following of a bus, and returns when it has ended.
func (f *Follower) Leave(log string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.running[log]; r != nil {
		r.end()
		delete(f.running, log)
	}
}

// Close leaves all buses. It is safe to call twice.
func (f *Follower) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for log, r := range f.running {
		r.end()
		delete(f.running, log)
	}
}

func (r *run) end() {
	r.cancel()
	<-r.done
}

// queue is how many steps may wait to be written, and batch how many are written
// at a time.
const (
	queue = 4096
	batch = 512
)

// follow brings the steps of a bus, and where the level asks for them the
// receipts, to the writer.
func (f *Follower) follow(ctx context.Context, r *run, since time.Time) {
	defer close(r.done)
	steps := make(chan journey.Step, queue)
	var readers sync.WaitGroup
	readers.Go(func() {
		for s, err := range f.hub.Steps(ctx, r.bus.Log) {
			if err != nil {
				f.ended(ctx, r, err)
				return
			}
			if !hand(ctx, steps, s) {
				return
			}
		}
	})
	if r.bus.Level != levelError {
		readers.Go(func() {
			for seen, err := range f.hub.Tail(ctx, r.bus.Log, nil, hub.Since(since)) {
				if err != nil {
					f.ended(ctx, r, err)
					return
				}
				for _, s := range f.hub.Receipt(seen) {
					if !hand(ctx, steps, s) {
						return
					}
				}
			}
		})
	}
	go func() {
		readers.Wait()
		close(steps)
	}()
	f.write(ctx, r, steps)
}

func (f *Follower) ended(ctx context.Context, r *run, err error) {
	if ctx.Err() == nil {
		f.logger.Warn("a bus's log ends", "bus", r.bus.ARN, "error", err)
	}
}

func hand(ctx context.Context, to chan<- journey.Step, s journey.Step) bool {
	select {
	case to <- s:
		return true
	case <-ctx.Done():
		return false
	}
}

// write takes what has come, by log type, to the sink, until all readers have
// ended and nothing is left.
func (f *Follower) write(ctx context.Context, r *run, steps <-chan journey.Step) {
	ctx = context.WithoutCancel(ctx) // what was noted before the end is still told
	for s := range steps {
		records := recordsOf(r.bus, s)
		for range batch {
			select {
			case next, ok := <-steps:
				if ok {
					records.add(r.bus, next)
					continue
				}
			default:
			}
			break
		}
		for logType, list := range records {
			if err := f.sink.Vend(ctx, r.bus.ARN, logType, list.all); err != nil {
				f.logger.Warn("writing a bus's log", "bus", r.bus.ARN, "error", err)
			}
		}
	}
}
