package enginetest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/engine"
)

var leaseTests = []test{
	{"a name has one holder until it is released", func(h *harness) {
		first := h.acquire("n", time.Hour)
		_, err := h.Engine.Leases().Acquire(h.ctx(), "n", time.Hour)
		h.is(err, engine.ErrLease)
		h.acquire("other", time.Hour)
		h.must(first.Renew(h.ctx()))
		h.must(first.Release(h.ctx()))
		h.is(first.Renew(h.ctx()), engine.ErrLease)
		second := h.acquire("n", time.Hour)
		if second.Token() <= first.Token() {
			h.Fatalf("token %d follows %d", second.Token(), first.Token())
		}
		first.Release(h.ctx()) // is not the holder's
		_, err = h.Engine.Leases().Acquire(h.ctx(), "n", time.Hour)
		h.is(err, engine.ErrLease)
	}},
	{"a lease that is not renewed ends", func(h *harness) {
		h.needClock()
		first := h.acquire("n", time.Minute)
		h.Clock.Advance(40 * time.Second)
		h.must(first.Renew(h.ctx()))
		h.Clock.Advance(40 * time.Second)
		_, err := h.Engine.Leases().Acquire(h.ctx(), "n", time.Minute)
		h.is(err, engine.ErrLease)
		h.Clock.Advance(20 * time.Second)
		second := h.acquire("n", time.Minute)
		h.is(first.Renew(h.ctx()), engine.ErrLease)
		h.must(second.Renew(h.ctx()))
	}},
	{"tokens grow over reopening", func(h *harness) {
		token := h.acquire("n", time.Hour).Token()
		h.reopen()
		lease, err := h.Engine.Leases().Acquire(h.ctx(), "n", time.Hour)
		if isA(err, engine.ErrLease) {
			h.Skip("leases survive reopening")
		}
		h.must(err)
		if lease.Token() <= token {
			h.Fatalf("token %d follows %d", lease.Token(), token)
		}
	}},
	{"of many who ask at once one gets it", func(h *harness) {
		var got atomic.Int32
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				if _, err := h.Engine.Leases().Acquire(h.ctx(), "n", time.Hour); err == nil {
					got.Add(1)
				} else if !isA(err, engine.ErrLease) {
					h.Error(err)
				}
			})
		}
		group.Wait()
		h.equal(got.Load(), 1)
	}},
}

func (h *harness) acquire(name string, ttl time.Duration) engine.Lease {
	h.Helper()
	l, err := h.Engine.Leases().Acquire(h.ctx(), name, ttl)
	h.must(err)
	return l
}
