package local

import (
	"sync"

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

// moment is one look at the clock, in milliseconds since 1970.
type moment struct{ now, wall int64 }

func (h *hands) look() moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	wall := h.clock.Now().UnixMilli()
	if wall < h.wall {
		h.ahead += h.wall - wall
	}
	h.wall = wall
	return moment{wall + h.ahead, wall}
}

// begin lets time begin no earlier than it was stored.
func (h *hands) begin(stored int64) {
	h.wall = h.clock.Now().UnixMilli()
	h.ahead = max(0, stored-h.wall)
}

// own is the engine's time for one of the wall clock's.
func (m moment) own(wall int64) int64 { return max(wall, wall+m.now-m.wall) } // the sum may be too great

// shown is the wall clock's time for one of the engine's.
func (m moment) shown(own int64) int64 { return max(0, own-(m.now-m.wall)) }
