package expr

import (
	"strings"
	"unicode/utf16"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// Condition is true or false of an item.
type Condition struct{ root *node }

// Condition parses a condition or a filter; kind is its member's name.
func (p *Params) Condition(kind, text string) (*Condition, error) {
	ps, err := newParser(kind, text)
	if err != nil {
		return nil, err
	}
	root := ps.or()
	if root == nil || !ps.end() {
		return nil, ps.syntaxError(kind)
	}
	c := checker{kind: kind, params: p}
	if err := c.condition(root); err != nil {
		return nil, err
	}
	return &Condition{root}, nil
}

// Paths are all document paths in the condition.
func (c *Condition) Paths() []Path { return c.root.paths(nil) }

// Holds says whether the condition is true of an item; nil stands for an item
// that does not exist. A nil condition is always true.
func (c *Condition) Holds(it item.Item) bool {
	return c == nil || c.root.holds(it)
}

func (n *node) holds(it item.Item) bool {
	switch n.op {
	case opAnd:
		return n.args[0].holds(it) && n.args[1].holds(it)
	case opOr:
		return n.args[0].holds(it) || n.args[1].holds(it)
	case opNot:
		return !n.args[0].holds(it)
	}
	first, ok := n.args[0].operand(it)
	switch n.op {
	case opExists:
		return ok
	case opNotExists:
		return !ok
	case opUnequal:
		second, ok2 := n.args[1].operand(it)
		return !ok || !ok2 || !item.Equal(first, second)
	}
	if !ok {
		return false
	}
	if n.op == opIn {
		for _, arg := range n.args[1:] {
			if v, ok := arg.operand(it); ok && item.Equal(first, v) {
				return true
			}
		}
		return false
	}
	second, ok := n.args[1].operand(it)
	if !ok {
		return false
	}
	switch n.op {
	case opEqual:
		return item.Equal(first, second)
	case opBetween:
		third, ok := n.args[2].operand(it)
		low, ok1 := item.Compare(second, first)
		high, ok2 := item.Compare(first, third)
		return ok && ok1 && ok2 && low <= 0 && high <= 0
	case opType:
		return first.Kind.String() == second.Text
	case opBeginsWith:
		return first.Kind == second.Kind && (first.Kind == item.S || first.Kind == item.B) && strings.HasPrefix(first.Text, second.Text)
	case opContains:
		return contains(first, second)
	case opNotContains:
		return !contains(first, second)
	}
	order, ok := item.Compare(first, second)
	if !ok {
		return false
	}
	switch n.op {
	case opLess:
		return order < 0
	case opAtMost:
		return order <= 0
	case opGreater:
		return order > 0
	}
	return order >= 0
}

func contains(v, part item.Value) bool {
	switch v.Kind {
	case item.S, item.B:
		return part.Kind == v.Kind && strings.Contains(v.Text, part.Text)
	case item.L:
		for _, e := range v.List {
			if item.Equal(e, part) {
				return true
			}
		}
		return false
	}
	return v.Has(part)
}

// operand finds the value of an operand in an item.
func (n *node) operand(it item.Item) (item.Value, bool) {
	switch n.op {
	case opValue:
		return n.value, true
	case opPath:
		return n.path.In(it)
	case opSize:
		if v, ok := n.args[0].operand(it); ok {
			if size, ok := sizeOf(v); ok {
				return item.Int(int64(size)).Value(), true
			}
		}
	}
	return item.Value{}, false
}

// sizeOf is what the function size yields: characters, bytes or elements.
func sizeOf(v item.Value) (int, bool) {
	switch v.Kind {
	case item.S:
		n := 0
		for _, r := range v.Text {
			n += utf16.RuneLen(r)
		}
		return n, true
	case item.B:
		return len(v.Text), true
	case item.L, item.SS, item.NS, item.BS:
		return len(v.List), true
	case item.M:
		return len(v.Map), true
	}
	return 0, false
}
