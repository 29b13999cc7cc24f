package local

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// leases implements engine.Leases. There is one node, so they are kept in
// memory; only a number for each time the engine is opened is stored, so that
// tokens go on growing.
type leases struct {
	store *store.Store

	mu         sync.Mutex // guards what follows
	held       map[string]*holding
	generation uint64 // zero before the first lease
	last       uint64
}

type holding struct {
	leases *leases
	name   string
	token  uint64
	ttl    time.Duration
	until  int64 // guarded by leases.mu
}

func (s *leases) Acquire(ctx context.Context, name string, ttl time.Duration) (engine.Lease, error) {
	if err := store.CheckName("lease", name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.store.Look()
	if h := s.held[name]; h != nil && at.Now < h.until {
		return nil, fmt.Errorf("%q is held by another: %w", name, engine.ErrLease)
	}
	s.last++
	h := &holding{leases: s, name: name, token: s.generation<<32 + s.last, ttl: ttl, until: at.After(ttl)}
	s.held[name] = h
	return h, nil
}

// begin counts this life of the engine, once.
func (s *leases) begin(ctx context.Context) error {
	s.mu.Lock()
	known := s.generation > 0
	s.mu.Unlock()
	if known {
		return s.store.Alive()
	}
	o := &generationOp{}
	if err := s.store.Do(ctx, o, 64); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == 0 {
		s.generation = o.generation
	}
	return nil
}

// keyGeneration is where the number of lives is.
var keyGeneration = []byte("cgeneration")

// generationOp counts up the number of lives.
type generationOp struct{ generation uint64 }

func (o *generationOp) Prepare(c *store.Commit) error {
	n, err := c.Counter(keyGeneration)
	if err != nil {
		return err
	}
	o.generation = n + 1
	return c.SetCounter(keyGeneration, o.generation)
}

func (*generationOp) Publish() {}

func (h *holding) Token() uint64 { return h.token }

func (h *holding) Renew(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.leases.store.Alive(); err != nil {
		return err
	}
	s := h.leases
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.store.Look()
	if s.held[h.name] != h || at.Now >= h.until {
		return fmt.Errorf("%q was lost: %w", h.name, engine.ErrLease)
	}
	h.until = at.After(h.ttl)
	return nil
}

func (h *holding) Release(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.leases.store.Alive(); err != nil {
		return err
	}
	s := h.leases
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[h.name] == h {
		delete(s.held, h.name)
	}
	return nil
}
