package persist

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
)

// Range is a range of numbers with the marks that were put on it.
type Range struct {
	Lo, Hi         float64
	LoOpen, HiOpen bool
	Marks          []uint32
}

func (r *Range) contains(x float64) bool {
	return (x > r.Lo || x == r.Lo && !r.LoOpen) && (x < r.Hi || x == r.Hi && !r.HiOpen)
}

func (r *Range) compare(o *Range) int {
	return cmp.Or(cmp.Compare(r.Lo, o.Lo), cmp.Compare(r.Hi, o.Hi), compareBool(r.LoOpen, o.LoOpen), compareBool(r.HiOpen, o.HiOpen))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Ranges finds the ranges that contain a number. The zero Ranges is empty. It
// is a treap by lower bound that knows the greatest upper bound below.
type Ranges struct{ root *rangeNode }

type rangeNode struct {
	Range
	weight      uint64
	top         float64 // the greatest Hi in this subtree
	left, right *rangeNode
}

var rangeSeed = maphash.MakeSeed()

// Empty reports whether there is no range.
func (r Ranges) Empty() bool { return r.root == nil }

// Stab appends the ranges that contain x.
func (r Ranges) Stab(dst []*Range, x float64) []*Range { return r.root.stab(dst, x) }

func (n *rangeNode) stab(dst []*Range, x float64) []*Range {
	for n != nil && n.top >= x {
		dst = n.left.stab(dst, x)
		if n.Lo > x {
			return dst
		}
		if n.contains(x) {
			dst = append(dst, &n.Range)
		}
		n = n.right
	}
	return dst
}

// With returns the ranges with mark put on one of them.
func (r Ranges) With(bounds Range, mark uint32) Ranges {
	weight := maphash.Comparable(rangeSeed, [4]uint64{
		math.Float64bits(bounds.Lo), math.Float64bits(bounds.Hi), asBit(bounds.LoOpen), asBit(bounds.HiOpen)})
	return Ranges{r.root.with(&bounds, mark, weight)}
}

func asBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (n *rangeNode) with(b *Range, mark uint32, weight uint64) *rangeNode {
	if n == nil {
		n = &rangeNode{Range: *b, weight: weight}
		n.Marks = []uint32{mark}
		return n.summed()
	}
	next := *n
	switch c := b.compare(&n.Range); {
	case c == 0:
		next.Marks = append(slices.Clip(n.Marks), mark)
	case c < 0:
		next.left = n.left.with(b, mark, weight)
		if l := next.left; l.weight > next.weight {
			next.left = l.right
			l.right = next.summed() // l is new: with has just made it
			return l.summed()
		}
	default:
		next.right = n.right.with(b, mark, weight)
		if r := next.right; r.weight > next.weight {
			next.right = r.left
			r.left = next.summed()
			return r.summed()
		}
	}
	return next.summed()
}

// summed sets top and returns n.
func (n *rangeNode) summed() *rangeNode {
	n.top = n.Hi
	if n.left != nil {
		n.top = max(n.top, n.left.top)
	}
	if n.right != nil {
		n.top = max(n.top, n.right.top)
	}
	return n
}

// Without returns the ranges with mark taken from one of them.
func (r Ranges) Without(bounds Range, mark uint32) Ranges {
	return Ranges{r.root.without(&bounds, mark)}
}

func (n *rangeNode) without(b *Range, mark uint32) *rangeNode {
	if n == nil {
		return nil
	}
	next := *n
	switch c := b.compare(&n.Range); {
	case c < 0:
		next.left = n.left.without(b, mark)
	case c > 0:
		next.right = n.right.without(b, mark)
	default:
		i := slices.Index(n.Marks, mark)
		if i < 0 {
			return n
		}
		if next.Marks = removed(n.Marks, i); len(next.Marks) == 0 {
			return merged(n.left, n.right)
		}
	}
	return next.summed()
}

// merged joins two treaps, all of a's ranges coming before b's.
func merged(a, b *rangeNode) *rangeNode {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.weight > b.weight:
		next := *a
		next.right = merged(a.right, b)
		return next.summed()
	}
	next := *b
	next.left = merged(a, b.left)
	return next.summed()
}
