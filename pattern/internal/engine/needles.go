package engine

import (
	"bytes"
	"cmp"
	"slices"
)

// Once all fields have had values, the rest of an event can matter only if the
// path of a field comes once more. As long as the objects that are open stay
// open it may come short of the names that lead to them. So of the names that
// are left of each path one is chosen, as few for all paths together as can be:
// if none of them is in the rest of the event's text, nothing more is to find.

// needles are the names to look for while an object is open.
type needles struct {
	node  uint32 // the object, as a node of the tree
	names [][]byte
}

const (
	// maxNeedles is up to how many names are looked for.
	maxNeedles = 4
	// Beyond so many fields, or so deep ones, rests are read and not searched.
	maxNeedleFields, maxNeedleDepth = 16, 16
	// maxTries is how often the rest of an event is searched, as its objects
	// are closed.
	maxTries = 3
)

// needlesOf returns the needles for each object that can be open.
func needlesOf(root *tree, fields int) []needles {
	if root == nil || fields > maxNeedleFields {
		return nil
	}
	var paths, inner [][]string
	var nodes []uint32
	var walk func(t *tree, path []string) bool
	walk = func(t *tree, path []string) bool {
		if len(path) > maxNeedleDepth {
			return false
		}
		if t.field != nil {
			paths = append(paths, path)
		}
		if !t.leaf() {
			inner, nodes = append(inner, path), append(nodes, t.id)
		}
		for name, below := range t.children {
			if !walk(below, append(slices.Clip(path), name)) {
				return false
			}
		}
		return true
	}
	if !walk(root, nil) {
		return nil
	}
	var all []needles
	for i, open := range inner {
		if names := cover(open, paths); len(names) <= maxNeedles {
			all = append(all, needles{nodes[i], names})
		}
	}
	return all
}

// cover chooses names such that each path, but for its beginning that is open,
// has one of them.
func cover(open []string, paths [][]string) [][]byte {
	left := slices.Clone(paths)
	var chosen [][]byte
	for len(left) > 0 {
		counts := map[string]int{}
		for _, p := range left {
			for name := range needlesIn(open, p) {
				counts[name]++
			}
		}
		best := ""
		for name, n := range counts {
			if best == "" || cmp.Or(n-counts[best], len(name)-len(best), cmp.Compare(best, name)) > 0 {
				best = name
			}
		}
		chosen = append(chosen, []byte(best))
		left = slices.DeleteFunc(left, func(p []string) bool {
			for name := range needlesIn(open, p) {
				if name == best {
					return true
				}
			}
			return false
		})
	}
	return chosen
}

// needlesIn gives the names of a path that are not open, as they stand in an
// event: the last one has a quotation mark behind it, the others may have a
// dot. The last one is never taken as open: it leads to the value.
func needlesIn(open, path []string) func(yield func(string) bool) {
	n := 0
	for n < len(open) && n < len(path)-1 && open[n] == path[n] {
		n++
	}
	return func(yield func(string) bool) {
		for i, name := range path[n:] {
			if n+i == len(path)-1 {
				name += `"`
			}
			if name != "" && !yield(name) {
				return
			}
		}
	}
}

// tryEnough finds out whether the rest of the event from i on can matter.
func (s *Scan) tryEnough(i int, open *tree) {
	if s.tries == maxTries || s.triedAt == open.id {
		return
	}
	s.tries++
	s.triedAt = open.id
	at := slices.IndexFunc(s.snap.needles, func(n needles) bool { return n.node == open.id })
	if at < 0 {
		return
	}
	rest := s.event[i:]
	for _, name := range s.snap.needles[at].names {
		if bytes.Contains(rest, name) {
			return
		}
	}
	// Names may be spelled with escapes.
	s.enough = bytes.IndexByte(rest, '\\') < 0
}
