package delivery

import "sync/atomic"

// Memory bounds what the runners that share it hold in memory, in sum. A
// runner may hold an eighth of what is free, within its own bounds: so a few of
// them get all they want, a thousand dead targets share what there is, and one
// that comes later always finds room.
type Memory struct {
	bytes int64
	used  atomic.Int64
}

const (
	// memoryShare is the part of the free memory that one runner may hold.
	memoryShare = 8
	// minHeldBytes is what a runner may hold in any case. What comes in one
	// piece may be more.
	minHeldBytes = 64 << 10
)

// NewMemory has so many bytes for events. Runners hold no more in sum, but for
// 128 KB that each may hold in any case.
func NewMemory(bytes int64) *Memory { return &Memory{bytes: bytes} }

// limit is how much one runner may hold now, where it may hold most by itself.
// It is most where there is nothing to share.
func (m *Memory) limit(most int) int {
	if m == nil {
		return most
	}
	return int(min(int64(most), max(minHeldBytes, (m.bytes-m.used.Load())/memoryShare)))
}

// take notes that a runner holds n bytes more, or less.
func (m *Memory) take(n int) {
	if m != nil {
		m.used.Add(int64(n))
	}
}
