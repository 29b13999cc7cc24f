package expr

import (
	"cmp"
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// actionKind is what an action does.
type actionKind uint8

const (
	actRemove actionKind = iota // in the order in which they are done
	actSet
	actAdd
	actDelete
	actAppend // of the older members: ADD of a list
)

type action struct {
	kind  actionKind
	path  Path
	value *node
}

// Update changes items.
type Update struct {
	actions []action
	paths   []Path // in the order of the text
	old     bool   // made of the older members
	fault   error
}

// Update parses an update.
func (p *Params) Update(text string) (*Update, error) {
	ps, err := newParser(UpdateExpression, text)
	if err != nil {
		return nil, err
	}
	c := &checker{kind: UpdateExpression, params: p}
	u := &Update{}
	seen := map[string]bool{}
	twice := ""
	for ps.peek().kind != tokEnd || len(u.actions) == 0 {
		word, ok := ps.section(u)
		if !ok {
			return nil, ps.syntaxError(UpdateExpression)
		}
		if seen[word] && twice == "" {
			twice = word
		}
		seen[word] = true
	}
	if twice != "" {
		return nil, c.invalid("The \"%s\" section can only be used once in an update expression;", twice)
	}
	var t tree
	for i := range u.actions {
		if err := c.target(&u.actions[i]); err != nil {
			return nil, err
		}
	}
	for _, a := range u.actions {
		if err := c.clash(&t, a.path); err != nil {
			return nil, err
		}
		u.paths = append(u.paths, a.path)
	}
	for _, a := range u.actions {
		if a.value == nil {
			continue
		}
		if err := c.node(a.value); err != nil {
			return nil, err
		}
	}
	for _, a := range u.actions {
		if u.fault == nil {
			u.fault = c.collected(&a)
		}
	}
	u.arrange()
	return u, nil
}

// Fault is what is wrong with the operands of ADD and DELETE. DynamoDB tells it
// later than other faults of an expression: after those of the key.
func (u *Update) Fault() error { return u.fault }

// section reads one of the sections SET, REMOVE, ADD and DELETE.
func (p *parser) section(u *Update) (word string, ok bool) {
	t := p.peek()
	var kind actionKind
	switch {
	case t.keyword("SET"):
		word, kind = "SET", actSet
	case t.keyword("REMOVE"):
		word, kind = "REMOVE", actRemove
	case t.keyword("ADD"):
		word, kind = "ADD", actAdd
	case t.keyword("DELETE"):
		word, kind = "DELETE", actDelete
	default:
		return "", p.fail()
	}
	p.i++
	for {
		path := p.path()
		if path == nil {
			return "", false
		}
		a := action{kind: kind, value: path}
		switch kind {
		case actSet:
			if !p.sign("=") {
				return "", false
			}
			value := p.value()
			if value == nil {
				return "", false
			}
			a.value = &node{op: opAnd, args: []*node{path, value}}
		case actAdd, actDelete:
			t := p.peek()
			if t.kind != tokColon {
				return "", p.fail()
			}
			p.i++
			a.value = &node{op: opAnd, args: []*node{path, {op: opValue, name: t.text}}}
		}
		u.actions = append(u.actions, a)
		if !p.sign(",") {
			return word, true
		}
	}
}

// value reads operand [+|- operand], or that in parentheses.
func (p *parser) value() *node {
	start := p.i
	if first := p.operand(); first != nil {
		for _, o := range []op{opPlus, opMinus} {
			if p.sign(o.String()) {
				second := p.operand()
				if second == nil {
					return nil
				}
				return &node{op: o, args: []*node{first, second}}
			}
		}
		return first
	}
	p.i = start
	if p.sign("(") {
		if n := p.value(); n != nil && p.sign(")") {
			return wrap(n)
		}
	}
	return nil
}

// target resolves what the parser has left in a.value: the path, and beside it
// the value.
func (c *checker) target(a *action) error {
	path, value := a.value, (*node)(nil)
	if a.value.op == opAnd {
		path, value = a.value.args[0], a.value.args[1]
	}
	if err := c.path(path); err != nil {
		return err
	}
	c.operators++
	a.path, a.value = path.path, value
	return nil
}

// collected checks what ADD and DELETE are given.
func (c *checker) collected(a *action) error {
	if a.value == nil {
		return nil
	}
	k := a.value.literal()
	if a.kind == actAdd && k != item.N && !k.IsSet() {
		return c.invalid("Incorrect operand type for operator or function; operator: ADD, operand type: %s, typeSet: ALLOWED_FOR_ADD_OPERAND", longKind(k))
	}
	if a.kind == actDelete && !k.IsSet() {
		return c.invalid("Incorrect operand type for operator or function; operator: DELETE, operand type: %s, typeSet: ALLOWED_FOR_DELETE_OPERAND", longKind(k))
	}
	return nil
}

// longKind is how some errors name a type.
func longKind(k item.Kind) string {
	switch k {
	case item.S:
		return "STRING"
	case item.N:
		return "NUMBER"
	case item.B:
		return "BINARY"
	case item.L:
		return "LIST"
	case item.M:
		return "MAP"
	case item.Bool:
		return "BOOLEAN"
	}
	return k.String()
}

// arrange orders the actions as they are done: removals first, which only mark
// elements of lists; then settings, by index, so that what is appended is
// appended in order.
func (u *Update) arrange() {
	slices.SortStableFunc(u.actions, func(a, b action) int {
		if a.kind != b.kind || a.kind != actSet {
			return cmp.Compare(a.kind, b.kind)
		}
		return slices.CompareFunc(a.path, b.path, func(s, t Step) int { return cmp.Compare(s.Index, t.Index) })
	})
}

// Paths are the paths that the update changes.
func (u *Update) Paths() []Path { return u.paths }

// Reads are all paths in the update: those that it changes and those that it
// takes values from.
func (u *Update) Reads() []Path {
	list := slices.Clone(u.paths)
	for _, a := range u.actions {
		if a.value != nil {
			list = a.value.paths(list)
		}
	}
	return list
}

// Touched is the part of an item that the update speaks of, for UPDATED_OLD and
// UPDATED_NEW: the attributes in which one of its paths leads to something.
func (u *Update) Touched(it item.Item) item.Item {
	out := item.Item{}
	for _, p := range u.paths {
		if _, ok := p.In(it); ok {
			out[p[0].Name] = it[p[0].Name]
		}
	}
	return out
}

var (
	errNoAttribute = invalid("The provided expression refers to an attribute that does not exist in the item")
	errBadPath     = invalid("The document path provided in the update expression is invalid for update")
	errMismatch    = invalid("Type mismatch for attribute to update")
	errBadOperand  = invalid("An operand in the update expression has an incorrect data type")
)

// Apply makes the new item of the old one, nil where there is none. All values
// are taken from the old item. The old item is not changed.
func (u *Update) Apply(old item.Item) (item.Item, error) {
	values := make([]item.Value, len(u.actions))
	for i, a := range u.actions {
		if a.value != nil {
			v, err := a.value.evaluate(old)
			if err != nil {
				return nil, err
			}
			values[i] = v
		}
	}
	out := old.Clone()
	if out == nil {
		out = item.Item{}
	}
	var holes []Path
	for i, a := range u.actions {
		if err := change(out, a.path, a.kind == actRemove, a.doTo(values[i])); err != nil {
			if u.old && err == errBadOperand {
				err = errMismatch
			}
			return nil, err
		}
		if last := len(a.path) - 1; a.kind == actRemove && a.path[last].Index >= 0 {
			holes = append(holes, a.path[:last])
		}
	}
	// The innermost lists first: their paths still count the holes.
	slices.SortStableFunc(holes, func(a, b Path) int { return len(b) - len(a) })
	for _, p := range holes {
		if err := change(out, p, true, fill); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fill closes the holes that removals have left in a list.
func fill(v item.Value, ok bool) (item.Value, bool, error) {
	if ok && v.Kind == item.L {
		v.List = slices.DeleteFunc(slices.Clone(v.List), func(e item.Value) bool { return e.Kind == item.None })
	}
	return v, ok, nil
}

// doTo is what an action does to the value at its path.
func (a *action) doTo(operand item.Value) func(v item.Value, ok bool) (item.Value, bool, error) {
	return func(v item.Value, ok bool) (item.Value, bool, error) {
		switch a.kind {
		case actRemove:
			return item.Value{}, false, nil
		case actSet:
			return operand, true, nil
		case actDelete:
			if !ok {
				return v, false, nil
			}
			if v.Kind != operand.Kind {
				return v, true, errBadOperand
			}
			v = item.Without(v, operand)
			return v, len(v.List) > 0, nil
		}
		switch {
		case !ok:
			return operand, true, nil
		case v.Kind != operand.Kind:
			return v, true, errBadOperand
		case a.kind == actAppend && v.Kind == item.L:
			return item.Value{Kind: item.L, List: slices.Concat(v.List, operand.List)}, true, nil
		case v.Kind == item.N:
			n, err := v.Number().Add(operand.Number(), false)
			return n.Value(), true, err
		}
		return item.Union(v, operand), true, nil
	}
}

// evaluate is the value of an operand; unlike in a condition, it must be there.
func (n *node) evaluate(it item.Item) (item.Value, error) {
	switch n.op {
	case opValue:
		return n.value, nil
	case opPath:
		if v, ok := n.path.In(it); ok {
			return v, nil
		}
		return item.Value{}, errNoAttribute
	case opIfNotExists:
		if v, ok := n.args[0].path.In(it); ok {
			return v, nil
		}
		return n.args[1].evaluate(it)
	}
	a, err := n.args[0].evaluate(it)
	if err != nil {
		return a, err
	}
	b, err := n.args[1].evaluate(it)
	if err != nil {
		return b, err
	}
	if n.op == opListAppend {
		if a.Kind != item.L || b.Kind != item.L {
			return a, errBadOperand
		}
		return item.Value{Kind: item.L, List: slices.Concat(a.List, b.List)}, nil
	}
	if a.Kind != item.N || b.Kind != item.N {
		return a, errBadOperand
	}
	sum, err := a.Number().Add(b.Number(), n.op == opMinus)
	return sum.Value(), err
}
