package engine

import (
	"slices"

	"github.com/signalbox/signalbox/pattern/internal/persist"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// Snapshot is all that matching needs to know of the rules at one time. It does
// not change.
type Snapshot struct {
	root   *tree
	fields int // how many paths patterns look at
	// access lists, for each mark, the conjunctions that may only hold if some
	// value has the mark. Each conjunction is listed once.
	access persist.Vector[*conjunctions]
	// always lists the conjunctions that may hold without any value.
	always  *conjunctions
	needles []needles
}

// conjunction is a branch of a rule's pattern.
type conjunction struct {
	rule    uint32
	members []*constraint
	// several is a mark that tells that a rule with several branches has been
	// found; 0 if it has one.
	several uint32
	// sure says that it holds if a value has the mark under which it is listed.
	sure bool

	// For the writer.
	listed uint32 // the mark under which access lists it; 0 for always
	index  int    // where it stands in that list
}

// conjunctions is a list that does not change; nil is empty.
type conjunctions struct {
	few  []*conjunction
	many persist.Vector[*conjunction] // those behind few
	n    int
}

// fewConjunctions is up to how many are copied when one is added.
const fewConjunctions = 16

func (l *conjunctions) at(i int) *conjunction {
	if i < len(l.few) {
		return l.few[i]
	}
	return l.many.At(uint32(i - len(l.few)))
}

func (l *conjunctions) len() int {
	if l == nil {
		return 0
	}
	return l.n
}

// with returns the list with c at index i, which is its length at most.
func (l *conjunctions) with(i int, c *conjunction) *conjunctions {
	next := &conjunctions{n: max(l.len(), i+1)}
	if l != nil {
		next.few, next.many = l.few, l.many
	}
	switch {
	case i < len(next.few):
		next.few = slices.Clone(next.few)
		next.few[i] = c
	case i < fewConjunctions && next.n <= fewConjunctions:
		next.few = append(slices.Clip(next.few), c)
	default:
		next.many = next.many.With(uint32(i-len(next.few)), c)
	}
	return next
}

// withoutLast returns the list without its last conjunction.
func (l *conjunctions) withoutLast() *conjunctions {
	if l.n == 1 {
		return nil
	}
	next := &conjunctions{few: l.few, many: l.many, n: l.n - 1}
	if next.n < len(l.few) {
		next.few = slices.Clone(l.few[:next.n])
	} else {
		next.many = next.many.With(uint32(next.n-len(l.few)), nil)
		if next.n == len(l.few) {
			next.many = persist.Vector[*conjunction]{}
		}
	}
	return next
}

// constraint is a member of patterns. Rules that have the same one share it.
type constraint struct {
	mark   uint32   // a value has it if one of the plain tests holds
	any    uint32   // the mark of all values at the path; 0 if it does not matter
	nots   []uint32 // for each anything-but the mark of what it excludes
	route  *route
	open   bool // any value will do: exists
	absent bool // no value will do

	// For the writer.
	users int32
	tests []rule.Test
	key   string
}

// route is the path that leads to a field.
type route struct {
	names []string
	nodes []uint32 // of the tree
}
