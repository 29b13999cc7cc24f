package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
)

// ErrClosed is what a runner answers after Close.
var ErrClosed = errors.New("the runner is closed")

// Runner delivers the events of one subscription. Its methods are safe for
// concurrent use.
//
// Goroutines exist for attempts under way (at most Config.Concurrency), and
// one each while there are durable retries to lease and events to park; a
// runner at rest has none.
type Runner struct {
	queues engine.Queues
	clk    clock.Clock
	name   string // of the queue
	order  Order
	opened uint64                            // tells this runner's records from its predecessors'
	jitter func(time.Duration) time.Duration // a random duration up to the given one

	open    context.Context // ends when Close begins
	stop    context.CancelFunc
	life    context.Context // ends when Close is done, or waits no longer
	cut     context.CancelFunc
	workers sync.WaitGroup // all goroutines; added to only while not closed
	closing sync.Mutex     // held by Close

	room      chan struct{} // for Room
	leaseRoom chan struct{} // for the goroutine that leases

	mu      sync.Mutex // guards what follows
	cfg     *settings
	memory  *Memory // nil once it is closed
	closed  bool
	paused  bool
	short   bool // an Offer took fewer than it was offered, and Room has not told since
	offered list // all events from the log that are not settled
	stats   stats

	// What waits for its attempt: events from the log, and leased retries.
	fresh        fifo[*item]
	due          fifo[*item]
	dueTurn      bool  // retries are next, where both wait
	running      int   // goroutines with attempts under way
	freshRunning int   // events from the log taken from fresh, not settled
	paced        *item // waits for the rate's turn
	asking       *turn // what paced waits for

	// Durable retries.
	retries     int                // in the queue
	recount     bool               // a failed write left it open how many there are
	submitting  int                // calls of Submit under way
	begun       int                // rounds, parkings and calls of Submit that have begun
	leasing     bool               // the goroutine that leases is there
	endWait     context.CancelFunc // ends its waiting for what is due; nil where it does not
	leased      map[uint64]*item
	leasedBytes int
	bodyBytes   int // of a record, as a rule
	waiting     map[uint64]waiting
	early       map[uint64]bool // a predecessor's records that were not due when they were leased first
	hastening   bool            // hasten's goroutine is there

	groups  map[string]*group // PerGroup only
	toPark  fifo[*group]
	parking bool // the goroutine that parks is there

	burials burials

	failures  int       // of the target, on end
	recovered time.Time // when the target was last back after being down

	probed time.Time    // when an event was last let through beyond the bound
	probe  *clock.Timer // calls pump when the next one may be; nil where none waits
}

// stats is what Status tells.
type stats struct {
	down                     bool
	delivered, dead, dropped uint64
	lastError                *Attempt
}

// Open starts a runner. Its name names its durable queue of retries, such as
// "delivery/<bus>/<subscription>"; retries that are there are resumed.
func Open(ctx context.Context, eng engine.Engine, clk clock.Clock, name string, cfg Config) (*Runner, error) {
	if cfg.Target == nil {
		return nil, errors.New("a runner needs a target")
	}
	r := &Runner{
		queues:    eng.Queues(),
		clk:       clk,
		name:      name,
		order:     cfg.Order,
		opened:    rand.Uint64(),
		jitter:    fullJitter,
		room:      make(chan struct{}, 1),
		leaseRoom: make(chan struct{}, 1),
		cfg:       newSettings(cfg),
		memory:    cfg.Memory,
		paused:    cfg.Paused,
		leased:    map[uint64]*item{},
		waiting:   map[uint64]waiting{},
		early:     map[uint64]bool{},
		groups:    map[string]*group{},
		burials:   burials{queue: name + burialSuffix, stir: make(chan struct{}, 1)},
	}
	retries, err := r.queued(ctx, name)
	if err == nil {
		r.burials.n, err = r.queued(ctx, r.burials.queue)
	}
	if err != nil {
		return nil, fmt.Errorf("count the retries of %s: %w", name, err)
	}
	if r.order == PerGroup {
		if err := r.findGroups(ctx); err != nil {
			return nil, fmt.Errorf("find the groups of %s: %w", name, err)
		}
	}
	r.life, r.cut = context.WithCancel(context.WithoutCancel(ctx))
	r.open, r.stop = context.WithCancel(r.life)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.retries = retries
	r.leaseMore()
	r.buryMore()
	return r, nil
}

func fullJitter(d time.Duration) time.Duration { return rand.N(d + 1) }

// Offer hands over events from the log, in order. It takes as many as there is
// room for, and never blocks: none while the runner is closed.
func (r *Runner) Offer(events []Event) (taken int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0
	}
	for taken < len(events) && r.hasRoom(1) {
		it := newItem(events[taken])
		if it.event.Ingested.IsZero() {
			it.event.Ingested = r.clk.Now()
		}
		r.offered.push(it)
		r.memory.take(it.size)
		if g := r.groupOf(&it.event); g != nil {
			it.group = g
			g.waiting.push(it)
			r.advance(g)
		} else {
			r.fresh.push(it)
		}
		taken++
	}
	r.short = taken < len(events)
	r.pump()
	return taken
}

// hasRoom tells whether at least the n-th part of the room for events from the
// log is free, or in the case of 1, anything. Called with mu held.
func (r *Runner) hasRoom(part int) bool {
	limit := r.cfg.Window
	if r.retries > 0 {
		limit = max(1, limit-r.cfg.share)
	}
	bytes := r.memory.limit(maxHeldBytes)
	if part > 1 {
		return r.offered.n <= limit-max(1, limit/part) && r.offered.bytes <= bytes-bytes/part
	}
	return r.offered.n < limit && r.offered.bytes < bytes
}

// unhold takes an event from the log off the books. Called with mu held.
func (r *Runner) unhold(it *item) {
	r.offered.remove(it)
	r.memory.take(-it.size)
}

// unlease takes a leased record off the books. Called with mu held.
func (r *Runner) unlease(it *item) {
	delete(r.leased, it.id)
	r.leasedBytes -= it.size
	r.memory.take(-it.size)
}

// Room is signalled when there is room again after Offer took fewer events
// than it was offered.
func (r *Runner) Room() <-chan struct{} { return r.room }

// tellRoom is called with mu held.
func (r *Runner) tellRoom() {
	if r.short && r.hasRoom(4) {
		r.short = false
		signal(r.room)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Floor is the position of the first offered event that is neither settled nor
// durable in the queue; ok is false where there is none. A reader that starts
// again there, or behind the last event offered, misses nothing.
func (r *Runner) Floor() (lowest engine.Position, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.offered.head == nil {
		return 0, false
	}
	return r.offered.head.event.Position, true
}

// Submit makes events durable, whole or not at all, and has them attempted at
// once. An error leaves it open whether they are durable, as a write to the
// engine does.
func (r *Runner) Submit(ctx context.Context, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	now := r.clk.Now()
	messages := make([]engine.Message, len(events))
	for i, e := range events {
		if e.Ingested.IsZero() {
			e.Ingested = now
		}
		messages[i] = engine.Message{
			Body:  r.record(&item{event: e}),
			Group: r.queueGroup(&e),
		}
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	r.countQueued(events, 1)
	r.submitting++
	r.begun++
	r.workers.Add(1) // Drop shall not miss what is on its way to the queue
	r.mu.Unlock()
	defer r.workers.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.life, cancel)()
	_, err := r.queues.Enqueue(ctx, r.name, messages...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.submitting--
	defer r.stirLease()
	if err != nil {
		r.countQueued(events, -1)
		r.recount = true
		r.leaseMore()
		return fmt.Errorf("make %d events durable in %s: %w", len(events), r.name, err)
	}
	r.leaseMore()
	return nil
}

// countQueued counts events, n for each, that are about to be durable: before
// they are, because from then on they may be leased and settled at any moment.
// Called with mu held.
func (r *Runner) countQueued(events []Event, n int) {
	r.retries = max(0, r.retries+n*len(events))
	for i := range events {
		if g := r.groupOf(&events[i]); g != nil {
			g.durable = max(0, g.durable+n)
			r.advance(g)
		}
	}
}

// Update changes the configuration, but for its Order, from the next attempt on.
func (r *Runner) Update(cfg Config) {
	s := newSettings(cfg)
	r.mu.Lock()
	was := r.cfg
	r.cfg = s
	var asked *turn
	if was.pacer != r.cfg.pacer {
		asked, r.asking = r.asking, nil
	}
	r.tellRoom()
	signal(r.leaseRoom)
	signal(r.burials.stir)
	r.pump()
	r.mu.Unlock()
	if asked != nil {
		asked.cancel()
	}
}

// Pause begins no more attempts until Resume. Offer takes events until the
// window is full, Submit all.
func (r *Runner) Pause() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = true
}

// Resume ends a pause.
func (r *Runner) Resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = false
	signal(r.leaseRoom)
	signal(r.burials.stir)
	r.pump()
}

// Status tells how things stand. Oldest is, of the durable retries, that which
// was made durable first.
func (r *Runner) Status(ctx context.Context) (Status, error) {
	var first []engine.Leased
	for _, queue := range []string{r.name, r.burials.queue} {
		got, err := r.queues.Browse(ctx, queue, 0, 1)
		if err != nil {
			return Status{}, fmt.Errorf("look at the retries of %s: %w", r.name, err)
		}
		first = append(first, got...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{
		Held:      r.offered.n + len(r.leased),
		Retries:   r.retries + r.burials.n,
		Burials:   r.burials.n,
		Down:      r.stats.down,
		Delivered: r.stats.delivered,
		Dead:      r.stats.dead,
		Dropped:   r.stats.dropped,
	}
	if r.stats.lastError != nil {
		s.LastError = new(*r.stats.lastError)
	}
	older := func(t time.Time) {
		if s.Oldest.IsZero() || t.Before(s.Oldest) {
			s.Oldest = t
		}
	}
	for it := r.offered.head; it != nil; it = it.next {
		older(it.event.Ingested)
	}
	for _, m := range first {
		if it, err := parseRecord(m.Body); err == nil {
			older(it.event.Ingested)
		}
	}
	return s, nil
}

// Close begins no more attempts and waits for those under way. When ctx ends
// it cuts them off and returns the context's error. Nothing is lost: what is
// not settled lies above the floor or in the queue. It is safe to call twice,
// and takes two seconds longer than ctx at most.
func (r *Runner) Close(ctx context.Context) error {
	r.closing.Lock()
	defer r.closing.Unlock()
	r.mu.Lock()
	r.closed = true
	if r.probe != nil {
		r.probe.Stop()
	}
	asked := r.asking
	r.asking = nil
	r.mu.Unlock()
	if asked != nil {
		asked.cancel()
	}
	r.stop()
	done := make(chan struct{})
	go func() {
		r.workers.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("close %s: %w", r.name, ctx.Err())
		r.cut()
		// Targets return when their context ends. One that does not shall
		// not keep the process from ending.
		late := clock.Real().NewTimer(time.Second) // it is the process that ends
		select {
		case <-done:
		case <-late.C:
		}
		late.Stop()
	}
	r.giveBack(ctx)
	r.cut()
	return err
}

// giveBack ends the leases of the retries in memory, so that they can be
// leased by who comes next without waiting.
func (r *Runner) giveBack(ctx context.Context) {
	ctx, cancel := clock.WithTimeout(context.WithoutCancel(ctx), clock.Real(), time.Second)
	defer cancel()
	r.mu.Lock()
	var tokens []string
	for _, it := range r.leased {
		if !it.begun {
			tokens = append(tokens, it.token)
		}
	}
	clear(r.leased)
	r.memory.take(-r.leasedBytes - r.offered.bytes)
	r.leasedBytes, r.memory = 0, nil
	r.mu.Unlock()
	for _, token := range tokens {
		if ctx.Err() != nil {
			return
		}
		// Where this fails the lease ends by itself.
		_ = r.queues.PutBack(ctx, r.name, token, r.clk.Now(), false, nil)
	}
}

// Drop closes the runner and forgets its durable retries. Attempts that are
// under way have a second to end; then they are cut off.
func (r *Runner) Drop(ctx context.Context) error {
	short, cancel := clock.WithTimeout(ctx, r.clk, dropPatience)
	defer cancel()
	err := r.Close(short)
	if short.Err() != nil && ctx.Err() == nil {
		err = nil // nothing is left that could be lost
	}
	return errors.Join(err, forget(context.WithoutCancel(ctx), r.queues, r.name))
}

// Forget drops the durable retries of a runner that is not open.
func Forget(ctx context.Context, eng engine.Engine, name string) error {
	return forget(ctx, eng.Queues(), name)
}

func forget(ctx context.Context, queues engine.Queues, name string) error {
	if err := errors.Join(queues.Drop(ctx, name), queues.Drop(ctx, name+burialSuffix)); err != nil {
		return fmt.Errorf("forget the retries of %s: %w", name, err)
	}
	return nil
}
