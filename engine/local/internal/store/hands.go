package store

import (
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// hands tell the engine's own time, which goes on where the wall clock is set
// back: what is due in a minute stays due in a minute. Queues and leases go by
// it. It is stored with whatever changes a queue, so that it goes on after a
// restart as well. It follows a wall clock that is set forward.
//
// Times that callers give and get are the wall clock's; they are converted by
// how far the engine's time is ahead of it.
type hands struct {
	clock clock.Clock

	mu    sync.Mutex // guards what follows
	wall  int64      // what the clock showed last
	ahead int64      // of the wall clock, in milliseconds; never negative
}

// A Moment is one look at the clock, in milliseconds since 1970.
type Moment struct{ Now, Wall int64 }

func (h *hands) look() Moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	wall := h.clock.Now().UnixMilli()
	if wall < h.wall {
		h.ahead += h.wall - wall
	}
	h.wall = wall
	return Moment{wall + h.ahead, wall}
}

// begin lets time begin no earlier than it was stored.
func (h *hands) begin(stored int64) {
	h.wall = h.clock.Now().UnixMilli()
	h.ahead = max(0, stored-h.wall)
}

// After is the engine's time when d will have passed, rounded up.
func (m Moment) After(d time.Duration) int64 {
	return m.Now + int64((max(d, 0)+time.Millisecond-1)/time.Millisecond)
}

// Own is the engine's time for one of the wall clock's.
func (m Moment) Own(wall int64) int64 { return max(wall, wall+m.Now-m.Wall) } // the sum may be too great

// Shown is the wall clock's time for one of the engine's.
func (m Moment) Shown(own int64) int64 { return max(0, own-(m.Now-m.Wall)) }
