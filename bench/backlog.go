package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/pattern"
)

// endpoint is a target in this process: dead, or noting how long events took.
type endpoint struct {
	dead atomic.Bool
	came atomic.Int64

	mu    sync.Mutex // guards what follows
	times []time.Duration
	seen  map[string]bool // ids, where it is asked for
}

// MaxBatch implements [delivery.Target].
func (*endpoint) MaxBatch() int { return 1 }

// Deliver implements [delivery.Target].
func (e *endpoint) Deliver(_ context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	for i, r := range requests {
		if e.dead.Load() {
			results[i] = delivery.Result{Kind: delivery.Retryable, Code: "CONNECTION_FAILURE", Message: "dead"}
			continue
		}
		e.came.Add(1)
		e.mu.Lock()
		if e.seen != nil {
			e.seen[r.Event.ID] = true
		} else {
			e.times = append(e.times, time.Since(r.Event.Ingested))
		}
		e.mu.Unlock()
	}
	return results
}

// behind puts a million events behind a dead target and looks at what that does
// to memory and to a live target; then the dead one comes back. It runs in this
// process, for the rate of an HTTP destination is 300 calls a second at most.
func (r *run) behind() error {
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	eng, err := local.Open(dir, local.Options{})
	if err != nil {
		return err
	}
	defer eng.Close()
	h := hub.New(eng, hub.Options{})
	defer func() { _ = h.Close(context.WithoutCancel(r.ctx)) }()
	live, dead := new(endpoint), &endpoint{seen: map[string]bool{}}
	dead.dead.Store(true)
	for name, e := range map[string]*endpoint{"live": live, "dead": dead} {
		p, err := pattern.Parse([]byte(`{"source":["` + name + `"]}`))
		if err != nil {
			return err
		}
		if err := h.Subscribe(r.ctx, "bench", hub.Subscription{
			ID: name, Rule: name, Target: name, Pattern: p, Delivery: delivery.Config{Target: e, Policy: delivery.DefaultPolicy},
		}); err != nil {
			return err
		}
	}
	look := func(when string) error {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range 500 {
			<-tick.C
			if _, err := h.Put(r.ctx, "bench", []hub.Event{{Source: "live", DetailType: "t", Detail: []byte("{}")}}); err != nil {
				return err
			}
		}
		time.Sleep(100 * time.Millisecond)
		live.mu.Lock()
		defer live.mu.Unlock()
		row(when, "%4.0f MB heap; the live target is called after p50 %v  p99 %v", heap(), quantile(live.times, 0.5), quantile(live.times, 0.99))
		live.times = nil
		return nil
	}
	if err := look("before"); err != nil {
		return err
	}
	if err := r.fill(h); err != nil {
		return err
	}
	if err := look(fmt.Sprintf("with %d events behind the dead target", r.backlog)); err != nil {
		return err
	}
	dead.dead.Store(false)
	begin := time.Now()
	for {
		dead.mu.Lock()
		n := len(dead.seen)
		dead.mu.Unlock()
		if n == r.backlog || r.ctx.Err() != nil {
			row("the dead target is back, and has got", "%d events after %v, %d of them more than once",
				n, time.Since(begin).Round(time.Millisecond), dead.came.Load()-int64(n))
			return nil
		}
		if time.Since(begin) > 10*time.Minute {
			return fmt.Errorf("%d of %d events reached the target within ten minutes", n, r.backlog)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// fill puts the events for the dead target, 500 at a time by 4 writers.
func (r *run) fill(h *hub.Hub) error {
	var group sync.WaitGroup
	errs := make([]error, 4)
	for w := range errs {
		group.Go(func() {
			for i := w; i < r.backlog/500 && errs[w] == nil; i += len(errs) {
				events := make([]hub.Event, 500)
				for k := range events {
					var n [8]byte
					binary.BigEndian.PutUint64(n[:], uint64(i*500+k))
					events[k] = hub.Event{ID: hex.EncodeToString(n[:]), Source: "dead", DetailType: "t", Detail: []byte(`{"order":{"state":"pending"}}`)}
				}
				_, errs[w] = h.Put(r.ctx, "bench", events)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// heap is the memory in use after a collection, in MB.
func heap() float64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
