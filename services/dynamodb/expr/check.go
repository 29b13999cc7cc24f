package expr

import (
	"fmt"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// checker fills in the placeholders and checks what the grammar does not say.
type checker struct {
	kind      string
	params    *Params
	operators int
}

func (c *checker) invalid(format string, args ...any) error {
	return invalid("Invalid %s: %s", c.kind, fmt.Sprintf(format, args...))
}

// condition checks a node that stands where a condition is wanted.
func (c *checker) condition(n *node) error {
	if err := c.node(n); err != nil {
		return err
	}
	if n.op == opSize || !n.op.boolean() {
		return c.misplaced(n)
	}
	return nil
}

func (c *checker) misplaced(n *node) error {
	return c.invalid("The function is not allowed to be used this way in an expression; function: %s", n.op)
}

// node checks a node and all below it, those below first.
func (c *checker) node(n *node) error {
	switch n.op {
	case opPath:
		return c.path(n)
	case opValue:
		return c.fill(n)
	}
	if n.op.function() {
		if err := c.named(n); err != nil {
			return err
		}
	}
	for _, arg := range n.args {
		if err := c.node(arg); err != nil {
			return err
		}
	}
	if n.doubled {
		return c.invalid("The expression has redundant parentheses;")
	}
	c.operators++
	if c.operators > maxOperators {
		return c.invalid("The expression contains too many operators; operator count: %d", c.operators)
	}
	if n.op == opAnd || n.op == opOr || n.op == opNot {
		for _, arg := range n.args {
			if !arg.op.boolean() {
				return c.misplaced(arg)
			}
		}
		return nil
	}
	for _, arg := range n.args {
		if arg.op.boolean() {
			return c.misplaced(arg)
		}
	}
	return c.operands(n)
}

// path resolves the names of a path.
func (c *checker) path(n *node) error {
	if n.doubled {
		return c.invalid("The expression has redundant parentheses;")
	}
	if n.wideText != "" {
		return c.invalid("List index is not within the allowable range; index: [%s]", n.wideText)
	}
	if len(n.path) > maxLevels {
		return c.invalid("The document path has too many nesting levels; nesting levels: %d", len(n.path))
	}
	i := 0
	for _, t := range n.raw {
		for n.path[i].Index >= 0 {
			i++
		}
		if t.kind == tokHash {
			name, ok := c.params.names[t.text]
			if !ok {
				return c.invalid("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
			}
			c.params.usedNames[t.text] = true
			n.path[i].Name = name
		} else if isReserved(t.text) {
			return c.invalid("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		i++
	}
	return nil
}

// fill puts a placeholder's value in its place.
func (c *checker) fill(n *node) error {
	if n.doubled {
		return c.invalid("The expression has redundant parentheses;")
	}
	v, ok := c.params.values[n.name]
	if !ok {
		return c.invalid("An expression attribute value used in expression is not defined; attribute value: %s", n.name)
	}
	c.params.usedValues[n.name] = true
	n.value = v
	return nil
}

// named checks a function's name.
func (c *checker) named(n *node) error {
	update := c.kind == UpdateExpression
	switch {
	case n.unknown:
		return c.invalid("Invalid function name; function: %s", n.name)
	case update && n.op < opIfNotExists:
		return c.invalid("The function is not allowed in an update expression; function: %s", n.op)
	case !update && n.op >= opIfNotExists:
		return c.invalid("The function is not allowed in a condition expression; function: %s", n.op)
	}
	return nil
}

var arity = map[op]int{
	opExists: 1, opNotExists: 1, opSize: 1,
	opType: 2, opBeginsWith: 2, opContains: 2, opIfNotExists: 2, opListAppend: 2,
}

// operands checks the operands of a comparison, a function or an addition.
func (c *checker) operands(n *node) error {
	if n.op.function() && len(n.args) != arity[n.op] {
		return c.invalid("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.op, len(n.args))
	}
	if n.op == opIn && len(n.args)-1 > maxOperands {
		return c.invalid("The IN operator is provided with too many operands; number of operands: %d", len(n.args)-1)
	}
	first := n.args[0]
	switch n.op {
	case opExists, opNotExists, opIfNotExists:
		if first.op != opPath {
			return c.invalid("Operator or function requires a document path; operator or function: %s", n.op)
		}
	case opPlus, opMinus:
		return c.literals(n, item.N)
	case opListAppend:
		for _, arg := range n.args {
			if arg.op == opListAppend {
				return c.misplaced(arg)
			}
		}
		return c.literals(n, item.L)
	case opSize:
		switch first.literal() {
		case item.N, item.Bool, item.Null:
			return c.wrongType(n, first)
		}
	case opType:
		if err := c.typeName(n); err != nil {
			return err
		}
	case opBeginsWith:
		if err := c.literals(n, item.S, item.B); err != nil {
			return err
		}
	case opBetween:
		if err := c.bounds(n); err != nil {
			return err
		}
	}
	if n.op.orders() {
		if err := c.literals(n, item.S, item.N, item.B); err != nil {
			return err
		}
	}
	return c.distinct(n)
}

func (c *checker) wrongType(n, arg *node) error {
	return c.invalid("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", n.op, arg.literal())
}

// literals checks that operands whose type is known have one of these.
func (c *checker) literals(n *node, kinds ...item.Kind) error {
args:
	for _, arg := range n.args {
		k := arg.literal()
		if k == item.None {
			continue
		}
		for _, kind := range kinds {
			if k == kind {
				continue args
			}
		}
		return c.wrongType(n, arg)
	}
	return nil
}

// typeSet is how DynamoDB names the types that a path may lead to.
const typeSet = "{NULL,M,DOUBLESET,DECIMALSET,BOOL,FS,DOUBLE,S,HDS,N,FLOAT,HD,NS,DICT,L,DECIMAL,INTSET,B,SS,BS,INT}"

func (c *checker) typeName(n *node) error {
	arg := n.args[1]
	switch {
	case arg.op != opValue && arg.literal() == item.None:
		return c.invalid("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", n.op, typeSet)
	case arg.literal() != item.S || arg.op != opValue:
		return c.wrongType(n, arg)
	case item.KindOf(arg.value.Text) == item.None:
		return c.invalid("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", arg.value.Text)
	}
	return nil
}

// bounds checks BETWEEN.
func (c *checker) bounds(n *node) error {
	if err := c.literals(n, item.S, item.N, item.B); err != nil {
		return err
	}
	low, high := n.args[1], n.args[2]
	if low.op != opValue || high.op != opValue {
		return nil
	}
	order, ok := item.Compare(low.value, high.value)
	switch {
	case !ok:
		return c.invalid("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: %s, upper bound operand: %s", show(low.value), show(high.value))
	case order > 0:
		return c.invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: %s, upper bound operand: %s", show(low.value), show(high.value))
	}
	return nil
}

// distinct refuses to compare a path with itself.
func (c *checker) distinct(n *node) error {
	first := n.args[0]
	if first.op != opPath || n.op == opIfNotExists {
		return nil
	}
	for _, arg := range n.args[1:] {
		if arg.op == opPath && arg.path.Equal(first.path) {
			return c.invalid("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", n.op, first.path)
		}
	}
	return nil
}

// clash tells of two paths that are in each other's way.
func (c *checker) clash(t *tree, p Path) error {
	other, conflict := t.clash(p)
	switch {
	case other == nil:
		return nil
	case conflict:
		return c.invalid("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", other, p)
	}
	return c.invalid("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", other, p)
}

// KeyPath is an error where a path leads into an attribute that is a key.
func KeyPath(what string, paths []Path, keys []string) error {
	for _, p := range paths {
		for _, key := range keys {
			if len(p) > 1 && p[0].Name == key {
				return invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s", what, key)
			}
		}
	}
	return nil
}

func (n *node) paths(list []Path) []Path {
	if n.op == opPath {
		return append(list, n.path)
	}
	for _, arg := range n.args {
		list = arg.paths(list)
	}
	return list
}
