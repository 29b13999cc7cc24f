// Package persist has data structures that never change: an update returns a
// new one that shares with the old one all that is the same in both. So a
// reader may go on with the one it has while a writer makes the next.
package persist

import (
	"math/bits"
	"slices"
)

// Map maps byte strings to values. The zero Map is empty.
//
// What has changed lately is in a hash trie, of which six bits of the hash
// choose the way at each level; the rest, if it is much, is in a table. When
// much has changed a new table is made of both.
type Map[V any] struct {
	base  *table[V]
	late  *node[V] // its entries count before those of base
	n     int      // keys
	lates int      // entries in late
}

// Entry is a key with its value.
type Entry[V any] struct {
	hash  uint64 // without its highest bit, which says that the key is gone
	Key   string
	Value V
}

const gone = 1 << 63

// node has, for each way that is taken, an entry or a further node.
type node[V any] struct {
	entryAt, nodeAt uint64 // which ways lead to entries, which to nodes
	entries         []Entry[V]
	nodes           []*node[V]
}

const (
	wayBits = 6
	// lastShift is the level at which hashes are used up; its nodes hold
	// their entries in a plain list.
	lastShift = 60
)

// Len returns how many entries there are.
func (m Map[V]) Len() int { return m.n }

// Get returns the entry of key, whose hash the caller has computed, or nil.
// The entry must not be changed.
func (m Map[V]) Get(hash uint64, key []byte) *Entry[V] {
	hash &^= gone
	if m.lates > 0 {
		if e := m.late.get(hash, key); e != nil {
			if e.hash&gone != 0 {
				return nil
			}
			return e
		}
	}
	return m.base.get(hash, key)
}

func (n *node[V]) get(hash uint64, key []byte) *Entry[V] {
	for shift := 0; shift < lastShift; shift += wayBits {
		bit := uint64(1) << (hash >> shift & 63)
		if n.entryAt&bit != 0 {
			e := &n.entries[bits.OnesCount64(n.entryAt&(bit-1))]
			if e.hash&^gone == hash && e.Key == string(key) {
				return e
			}
			return nil
		}
		if n.nodeAt&bit == 0 {
			return nil
		}
		n = n.nodes[bits.OnesCount64(n.nodeAt&(bit-1))]
	}
	if i := n.find(hash, string(key)); i >= 0 {
		return &n.entries[i]
	}
	return nil
}

func (n *node[V]) find(hash uint64, key string) int {
	return slices.IndexFunc(n.entries, func(e Entry[V]) bool { return (e.hash^hash)&^gone == 0 && e.Key == key })
}

// With returns the map with the entry added or replaced.
func (m Map[V]) With(hash uint64, key string, value V) Map[V] {
	if m.Get(hash, []byte(key)) == nil {
		m.n++
	}
	return m.later(Entry[V]{hash &^ gone, key, value})
}

// later puts an entry into late.
func (m Map[V]) later(e Entry[V]) Map[V] {
	if m.late == nil {
		m.late = &node[V]{}
	}
	late, added := m.late.with(e, 0)
	m.late = late
	if added {
		m.lates++
	}
	if m.lates > max(fewLates, m.n/32) {
		m = m.renewed()
	}
	return m
}

// fewLates is how much may always change until a table is made.
const fewLates = 2_000

// renewed returns the map with all entries in its table.
func (m Map[V]) renewed() Map[V] {
	next := Map[V]{n: m.n}
	if m.n > 0 {
		next.base = newTable[V](m.n)
		for e := range m.All {
			next.base.add(e)
		}
	}
	return next
}

func (n *node[V]) with(e Entry[V], shift int) (*node[V], bool) {
	next := *n
	if shift >= lastShift {
		if i := n.find(e.hash, e.Key); i >= 0 {
			next.entries = slices.Clone(n.entries)
			next.entries[i] = e
			return &next, false
		}
		next.entries = inserted(n.entries, len(n.entries), e)
		return &next, true
	}
	bit := uint64(1) << (e.hash >> shift & 63)
	at, sub := bits.OnesCount64(n.entryAt&(bit-1)), bits.OnesCount64(n.nodeAt&(bit-1))
	switch {
	case n.entryAt&bit != 0:
		old := n.entries[at]
		if (old.hash^e.hash)&^gone == 0 && old.Key == e.Key {
			next.entries = slices.Clone(n.entries)
			next.entries[at] = e
			return &next, false
		}
		// Two entries go the same way: a node further down tells them apart.
		below, _ := (&node[V]{}).with(old, shift+wayBits)
		below, _ = below.with(e, shift+wayBits)
		next.entryAt &^= bit
		next.entries = removed(n.entries, at)
		next.nodeAt |= bit
		next.nodes = inserted(n.nodes, sub, below)
		return &next, true
	case n.nodeAt&bit != 0:
		below, added := n.nodes[sub].with(e, shift+wayBits)
		next.nodes = slices.Clone(n.nodes)
		next.nodes[sub] = below
		return &next, added
	}
	next.entryAt |= bit
	next.entries = inserted(n.entries, at, e)
	return &next, true
}

// Without returns the map without the entry of key.
func (m Map[V]) Without(hash uint64, key string) Map[V] {
	hash &^= gone
	if m.Get(hash, []byte(key)) == nil {
		return m
	}
	if m.n--; m.n == 0 {
		return Map[V]{}
	}
	if m.base.get(hash, []byte(key)) != nil {
		return m.later(Entry[V]{hash: hash | gone, Key: key})
	}
	m.lates--
	m.late = m.late.without(hash, key, 0)
	return m
}

func (n *node[V]) without(hash uint64, key string, shift int) *node[V] {
	next := *n
	if shift >= lastShift {
		next.entries = removed(n.entries, n.find(hash, key))
		return &next
	}
	bit := uint64(1) << (hash >> shift & 63)
	at, sub := bits.OnesCount64(n.entryAt&(bit-1)), bits.OnesCount64(n.nodeAt&(bit-1))
	if n.entryAt&bit != 0 {
		next.entryAt &^= bit
		next.entries = removed(n.entries, at)
		return &next
	}
	below := n.nodes[sub].without(hash, key, shift+wayBits)
	if len(below.nodes) == 0 && len(below.entries) == 1 {
		// One entry left needs no node of its own.
		next.nodeAt &^= bit
		next.nodes = removed(n.nodes, sub)
		next.entryAt |= bit
		next.entries = inserted(n.entries, at, below.entries[0])
		return &next
	}
	next.nodes = slices.Clone(n.nodes)
	next.nodes[sub] = below
	return &next
}

// inserted returns a copy of s with v at index i.
func inserted[T any](s []T, i int, v T) []T {
	next := make([]T, len(s)+1)
	copy(next, s[:i])
	next[i] = v
	copy(next[i+1:], s[i:])
	return next
}

// removed returns a copy of s without index i.
func removed[T any](s []T, i int) []T {
	if len(s) == 1 {
		return nil
	}
	next := make([]T, len(s)-1)
	copy(next, s[:i])
	copy(next[i:], s[i+1:])
	return next
}

// All calls yield for each entry until it answers false.
func (m Map[V]) All(yield func(*Entry[V]) bool) {
	on := true
	if m.lates > 0 {
		on = m.late.all(func(e *Entry[V]) bool { return e.hash&gone != 0 || yield(e) })
	}
	if on {
		m.base.all(func(e *Entry[V]) bool {
			return m.lates > 0 && m.late.get(e.hash, []byte(e.Key)) != nil || yield(e)
		})
	}
}

func (n *node[V]) all(yield func(*Entry[V]) bool) bool {
	for i := range n.entries {
		if !yield(&n.entries[i]) {
			return false
		}
	}
	for _, below := range n.nodes {
		if !below.all(yield) {
			return false
		}
	}
	return true
}
