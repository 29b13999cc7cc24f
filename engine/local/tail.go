package local

import (
	"github.com/signalbox/signalbox/engine"
)

// A tail is a ring of a log's most recent entries, shared by all readers that
// keep up. It is kept only while the log has readers. Its owner locks.
type tail struct {
	ring  []engine.Entry // length a power of two, or none
	head  int            // the oldest entry's index
	count int
	bytes int
}

const entryOverhead = 64

func (t *tail) at(i int) *engine.Entry { return &t.ring[(t.head+i)&(len(t.ring)-1)] }

// add appends entries, and lets go of the oldest ones above limit bytes.
func (t *tail) add(entries []engine.Entry, limit int) {
	for _, e := range entries {
		if t.count == len(t.ring) {
			t.resize(max(64, 2*len(t.ring)))
		}
		t.count++
		*t.at(t.count - 1) = e
		t.bytes += len(e.Data) + entryOverhead
		for t.bytes > limit && t.count > 1 {
			t.pop()
		}
	}
}

func (t *tail) resize(n int) {
	ring := make([]engine.Entry, n)
	for i := range t.count {
		ring[i] = *t.at(i)
	}
	t.ring, t.head = ring, 0
}

func (t *tail) pop() {
	e := t.at(0)
	t.bytes -= len(e.Data) + entryOverhead
	*e = engine.Entry{}
	t.head = (t.head + 1) & (len(t.ring) - 1)
	t.count--
}

// trim lets go of the entries below before.
func (t *tail) trim(before engine.Position) {
	for t.count > 0 && t.at(0).Position < before {
		t.pop()
	}
	if t.count == 0 {
		*t = tail{}
	}
}

// read appends up to n entries from position from onwards. It reports false if
// the tail does not reach back so far.
func (t *tail) read(dst []engine.Entry, from engine.Position, n int) ([]engine.Entry, bool) {
	if t.count == 0 || from < t.at(0).Position {
		return dst, false
	}
	i := int(from - t.at(0).Position)
	for range min(n, t.count-i) {
		dst = append(dst, *t.at(i))
		i++
	}
	return dst, true
}

// tailLimit shares the memory for tails among the logs that are read.
func (e *Engine) tailLimit() int {
	return min(e.tailBytes/4, e.tailBytes/max(1, int(e.tailed.Load())))
}
