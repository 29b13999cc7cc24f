package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/pattern"
)

// Options says how a hub works. The zero value is what a server begins with.
type Options struct {
	Clock  clock.Clock  // nil: the machine's
	Logger *slog.Logger // nil: says nothing

	Journeys journey.Level // what is kept of the events' journeys
	// Retention is how long events are kept in the buses' logs at least;
	// those that a subscription has not settled are kept longer. 0: 24 hours.
	Retention time.Duration
	// JourneyRetention is how long journeys are kept. 0: 72 hours.
	JourneyRetention time.Duration
	// Memory is what all deliveries may hold in memory. nil: 256 MB.
	Memory *delivery.Memory
	// BusARN names a bus in the steps of journeys. nil: its own name.
	BusARN func(bus string) string
}

// What the hub keeps in the engine, and where.
const (
	busesCollection   = "hub/buses"    // one record for each bus there is
	tailsCollection   = "hub/tails"    // how far those subscriptions are that keep pace, for each bus
	cursorsCollection = "hub/cursors/" // and the bus: one record for each subscription
	eventLog          = "bus/"         // and the bus
	journeyLog        = "journey/"     // and the bus
	retryQueue        = "delivery/"    // and the bus, queueSeparator, the subscription
	queueSeparator    = "\x1f"
)

// ErrClosed is what a hub answers after Close.
var ErrClosed = errors.New("the hub is closed")

// Hub holds the buses. Its methods are safe for concurrent use.
type Hub struct {
	eng     engine.Engine
	logs    engine.Logs
	records engine.Records
	clk     clock.Clock
	logger  *slog.Logger
	opts    Options
	ids     ids

	ctx    context.Context // of all reading; ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // tails and catchUps

	mu     sync.RWMutex // guards what follows
	buses  map[string]*bus
	closed bool

	closing sync.Mutex // held by Close
	done    bool       // guarded by closing

	// cursors is held for writing while the floors of many subscriptions are
	// written, and for reading while one's cursor is: so no cursor is written
	// after it was deleted. It guards subscription.written and bus.tailWritten.
	cursors sync.RWMutex
	keeper  keeper
	moves   atomic.Int64 // events seen since floors were written
}

// New is a hub on an engine. Close ends it, and leaves the engine open.
func New(eng engine.Engine, opts Options) *Hub {
	if opts.Clock == nil {
		opts.Clock = clock.Real()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Retention <= 0 {
		opts.Retention = 24 * time.Hour
	}
	if opts.JourneyRetention <= 0 {
		opts.JourneyRetention = 72 * time.Hour
	}
	if opts.Memory == nil {
		opts.Memory = delivery.NewMemory(256 << 20)
	}
	if opts.BusARN == nil {
		opts.BusARN = func(bus string) string { return bus }
	}
	h := &Hub{
		eng: eng, logs: eng.Logs(), records: eng.Records(),
		clk: opts.Clock, logger: opts.Logger, opts: opts,
		buses: map[string]*bus{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.keeper = newKeeper()
	go h.keep()
	return h
}

func (h *Hub) isClosed() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.closed
}

// bus is a bus, known or not.
func (h *Hub) bus(name string) (*bus, error) {
	h.mu.RLock()
	b, closed := h.buses[name], h.closed
	h.mu.RUnlock()
	if closed {
		return nil, ErrClosed
	}
	if b != nil {
		return b, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if b = h.buses[name]; b == nil {
		b = &bus{
			hub: h, name: name, log: eventLog + name,
			subs: map[string]*subscription{}, stored: map[string]cursor{},
			groups: map[groupKey]*group{}, matcher: pattern.NewMatcher[*group](),
		}
		b.journal = journey.Open(h.logs, journeyLog+name, h.opts.Journeys, h.clk, func(full bool) {
			b.journalDue.Store(true)
			h.keeper.journals(full)
		})
		h.buses[name] = b
	}
	return b, nil
}

// registered is a bus of which it is recorded that it is there.
func (h *Hub) registered(ctx context.Context, name string) (*bus, error) {
	b, err := h.bus(name)
	if err != nil || b.known.Load() {
		return b, err
	}
	_, err = h.records.Apply(ctx, engine.Write{Collection: busesCollection, Key: name, Value: []byte("{}")})
	if err != nil {
		return nil, fmt.Errorf("note that there is the bus %s: %w", name, err)
	}
	b.known.Store(true)
	return b, nil
}

// administer is a bus with its cursors loaded and its admin lock held.
func (h *Hub) administer(ctx context.Context, name string) (*bus, error) {
	for {
		b, err := h.bus(name)
		if err != nil {
			return nil, err
		}
		b.admin.Lock()
		if b.dropped { // meanwhile: there may be a new one
			b.admin.Unlock()
			continue
		}
		if h.isClosed() {
			err = ErrClosed
		} else {
			err = b.load(ctx)
		}
		if err != nil {
			b.admin.Unlock()
			return nil, err
		}
		return b, nil
	}
}

// all is every bus there is.
func (h *Hub) all(ctx context.Context) ([]*bus, error) {
	list, err := h.records.List(ctx, busesCollection, "", "", 0)
	if err != nil {
		return nil, fmt.Errorf("list the buses: %w", err)
	}
	for _, r := range list {
		b, err := h.bus(r.Key)
		if err != nil {
			return nil, err
		}
		b.known.Store(true)
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Values(h.buses)), nil
}

// moved notes that events were seen, and has floors written in a while.
func (h *Hub) moved(n int) {
	h.keeper.floors(h.moves.Add(int64(n)) >= floorEvents)
}

// DropBus forgets the bus: its events, subscriptions, retries, and journeys.
// A bus that is put on again begins anew.
func (h *Hub) DropBus(ctx context.Context, name string) error {
	b, err := h.administer(ctx, name)
	if err != nil {
		return err
	}
	defer b.admin.Unlock()
	b.mu.Lock()
	ids := slices.AppendSeq(slices.Collect(maps.Keys(b.subs)), maps.Keys(b.stored))
	b.mu.Unlock()
	for _, id := range ids {
		if err := b.unsubscribe(ctx, id); err != nil {
			return err
		}
	}
	b.gate.Lock()
	defer b.gate.Unlock()
	if err := b.journal.Drop(ctx); err != nil {
		return err
	}
	if err := h.logs.Drop(ctx, b.log); err != nil {
		return fmt.Errorf("drop the log of %s: %w", name, err)
	}
	_, err = h.records.Apply(ctx,
		engine.Write{Collection: busesCollection, Key: name},
		engine.Write{Collection: tailsCollection, Key: name})
	if err != nil {
		return fmt.Errorf("forget the bus %s: %w", name, err)
	}
	b.dropped = true
	h.mu.Lock()
	delete(h.buses, name)
	h.mu.Unlock()
	return nil
}

// closeGrace bounds what Close does after its context has ended.
const closeGrace = 5 * time.Second

// Close ends all reading, lets the deliveries under way end (as long as ctx
// does not), and writes down how far everything is. It may be called twice, and
// takes a few seconds longer than ctx at most, however many targets hang.
func (h *Hub) Close(ctx context.Context) error {
	h.closing.Lock()
	defer h.closing.Unlock()
	if h.done {
		return nil
	}
	h.done = true
	h.mu.Lock()
	h.closed = true
	buses := slices.Collect(maps.Values(h.buses))
	h.mu.Unlock()
	// What the keeper does, or who reads waits for, must not outlast ctx.
	defer context.AfterFunc(ctx, h.cancel)()
	h.keeper.close()
	for _, b := range buses {
		b.admin.Lock() // wait for whoever changes subscriptions
		defer b.admin.Unlock()
	}
	h.cancel()
	h.work.Wait()

	var g errgroup.Group // without a limit: each may have to wait for ctx
	for _, b := range buses {
		for _, s := range b.subs {
			g.Go(func() error { return s.runner.Close(ctx) })
		}
	}
	err := g.Wait()
	ctx, cancel := clock.WithTimeout(context.WithoutCancel(ctx), clock.Real(), closeGrace)
	defer cancel()
	_, floors := h.writeFloors(ctx)
	return errors.Join(err, floors)
}
