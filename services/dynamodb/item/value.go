package item

import (
	"maps"
	"slices"
	"strings"
)

// Kind is a data type.
type Kind uint8

// The data types. None is the kind of what is not there.
const (
	None Kind = iota
	S
	N
	B
	SS
	NS
	BS
	M
	L
	Null
	Bool
)

var kindNames = [...]string{"", "S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"}

// String is the type descriptor: "S", "NULL", ….
func (k Kind) String() string { return kindNames[k] }

// KindOf is the kind of a type descriptor, None where there is none of that name.
func KindOf(name string) Kind {
	for k, n := range kindNames {
		if n == name {
			return Kind(k)
		}
	}
	return None
}

// IsSet tells sets of the three kinds.
func (k Kind) IsSet() bool { return k >= SS && k <= BS }

// Scalar tells the kinds that keys may have.
func (k Kind) Scalar() bool { return k >= S && k <= B }

// Element is the kind of a set's elements.
func (k Kind) Element() Kind { return k - SS + S }

// Value is an attribute's value. Values are not changed once they are made:
// they share what they hold.
type Value struct {
	Kind Kind
	Bool bool    // of kind Bool
	Text string  // of S; of N in canonical form; of B, the bytes
	List []Value // of L; of a set, its elements
	Map  Item    // of M
}

// Item is a set of attributes by name.
type Item map[string]Value

// String makes a value of kind S.
func String(s string) Value { return Value{Kind: S, Text: s} }

// Clone copies the item, but not the values in it.
func (it Item) Clone() Item { return maps.Clone(it) }

// Names are the attributes' names in order.
func (it Item) Names() []string { return slices.Sorted(maps.Keys(it)) }

// Equal says whether two values are the same: of one kind, numbers by value,
// sets whatever their order.
func Equal(a, b Value) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Bool:
		return a.Bool == b.Bool
	case M:
		return maps.EqualFunc(a.Map, b.Map, Equal)
	case L:
		return slices.EqualFunc(a.List, b.List, Equal)
	case SS, NS, BS:
		if len(a.List) != len(b.List) {
			return false
		}
		has := make(map[string]struct{}, len(a.List))
		for _, v := range a.List {
			has[v.Text] = struct{}{}
		}
		for _, v := range b.List {
			if _, ok := has[v.Text]; !ok {
				return false
			}
		}
		return true
	}
	return a.Text == b.Text
}

// Compare orders two values of one scalar kind: text and bytes by their bytes,
// numbers by value. ok is false where the kinds differ or have no order.
func Compare(a, b Value) (order int, ok bool) {
	if a.Kind != b.Kind || !a.Kind.Scalar() {
		return 0, false
	}
	if a.Kind == N {
		return a.Number().Compare(b.Number()), true
	}
	return strings.Compare(a.Text, b.Text), true
}

// Has says whether a set holds an element.
func (v Value) Has(element Value) bool {
	if !v.Kind.IsSet() || v.Kind.Element() != element.Kind {
		return false
	}
	return slices.ContainsFunc(v.List, func(e Value) bool { return e.Text == element.Text })
}

// Union is a set with the elements of both.
func Union(a, b Value) Value {
	list := slices.Clip(a.List)
	for _, e := range b.List {
		if !a.Has(e) {
			list = append(list, e)
		}
	}
	return Value{Kind: a.Kind, List: list}
}

// Without is the set a without the elements of b; it may be empty.
func Without(a, b Value) Value {
	var list []Value
	for _, e := range a.List {
		if !b.Has(e) {
			list = append(list, e)
		}
	}
	return Value{Kind: a.Kind, List: list}
}
