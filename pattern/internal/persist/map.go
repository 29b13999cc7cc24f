// Package persist has data structures that never change: an update returns a
// new one that shares with the old one all that is the same in both. So a
// reader may go on with the one it has while a writer makes the next.
package persist

import (
	"math/bits"
	"slices"
)

// Map maps byte strings to values. The zero Map is empty. It is a hash trie:
// six bits of the hash choose the way at each level.
type Map[V any] struct {
	root    *node[V]
	n       int
	changes int // since the nodes were last put side by side
}

// Entry is a key with its value.
type Entry[V any] struct {
	hash  uint64
	Key   string
	Value V
}

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
	n := m.root
	if n == nil {
		return nil
	}
	for shift := 0; shift < lastShift; shift += wayBits {
		bit := uint64(1) << (hash >> shift & 63)
		if n.entryAt&bit != 0 {
			e := &n.entries[bits.OnesCount64(n.entryAt&(bit-1))]
			if e.hash == hash && e.Key == string(key) {
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
	return slices.IndexFunc(n.entries, func(e Entry[V]) bool { return e.hash == hash && e.Key == key })
}

// With returns the map with the entry added or replaced.
func (m Map[V]) With(hash uint64, key string, value V) Map[V] {
	e := Entry[V]{hash, key, value}
	if m.root == nil {
		m.root = &node[V]{}
	}
	root, added := m.root.with(e, 0)
	if added {
		m.n++
	}
	m.root = root
	if m.changes++; m.changes > packFrom && m.changes > m.n/2 {
		m.root, m.changes = m.packed(), 0
	}
	return m
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
		if old.hash == e.hash && old.Key == e.Key {
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

// packFrom is from how many changes on nodes are put side by side.
const packFrom = 2_000

// packed returns a copy of the nodes that lies in one piece. Nodes that were
// made one by one, with much else between them, cost a reader an address
// translation each.
func (m Map[V]) packed() *node[V] {
	p := packer[V]{entries: make([]Entry[V], 0, m.n)}
	nodes := m.root.count()
	p.nodes, p.below = make([]node[V], 0, nodes), make([]*node[V], 0, nodes)
	return p.copy(m.root)
}

type packer[V any] struct {
	nodes   []node[V]
	entries []Entry[V]
	below   []*node[V]
}

func (n *node[V]) count() int {
	sum := 1
	for _, below := range n.nodes {
		sum += below.count()
	}
	return sum
}

func (p *packer[V]) copy(n *node[V]) *node[V] {
	p.nodes = append(p.nodes, *n)
	next := &p.nodes[len(p.nodes)-1]
	p.entries = append(p.entries, n.entries...)
	next.entries = slices.Clip(p.entries[len(p.entries)-len(n.entries):])
	p.below = append(p.below, n.nodes...)
	next.nodes = slices.Clip(p.below[len(p.below)-len(n.nodes):])
	for i, below := range n.nodes {
		next.nodes[i] = p.copy(below)
	}
	return next
}

// Without returns the map without the entry of key.
func (m Map[V]) Without(hash uint64, key string) Map[V] {
	if m.Get(hash, []byte(key)) == nil {
		return m
	}
	m.n--
	m.changes++
	if m.root = m.root.without(hash, key, 0); m.n == 0 {
		m.root = nil
	}
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
	if m.root != nil {
		m.root.all(yield)
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
