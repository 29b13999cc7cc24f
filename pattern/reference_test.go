package pattern

import "github.com/signalbox/signalbox/pattern/internal/rule"

// satisfiable tries all ways to satisfy the members of a branch in order,
// holding on to the array elements that earlier members have bound.
func satisfiable(b rule.Branch, all []leaf, bound map[int]int) bool {
	if len(b) == 0 {
		return true
	}
	m, present := b[0], false
	for i := range all {
		l := &all[i]
		if l.path != m.Path || l.empty || !consistent(l.in, bound) {
			continue
		}
		present = true
		if !m.Holds(&l.value) {
			continue
		}
		next := map[int]int{}
		for k, v := range bound {
			next[k] = v
		}
		for p := l.in; p != nil; p = p.up {
			next[p.array] = p.element
		}
		if satisfiable(b[1:], all, next) {
			return true
		}
	}
	return !present && m.MayLack() && satisfiable(b[1:], all, bound)
}

func consistent(in *place, bound map[int]int) bool {
	for p := in; p != nil; p = p.up {
		if e, ok := bound[p.array]; ok && e != p.element {
			return false
		}
	}
	return true
}
