package partiql

import (
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/wire"
)

// Verb is what a statement does.
type Verb uint8

// The verbs. Exists is a condition of a transaction.
const (
	Select Verb = iota
	Insert
	Update
	Delete
	Exists
)

// Statement is a statement with its parameters in their places.
type Statement struct {
	Verb         Verb
	Table, Index string // the index of a select; "" is the table itself
	Columns      []Path // of a select; nil: all
	Where        *Node  // nil: none
	Order        []Order
	Item         item.Item // of an insert
	Sets         []Assignment
	Removes      []Path
	Returning    string // "" or ALL_OLD, ALL_NEW, MODIFIED_OLD, MODIFIED_NEW
}

// Order is an attribute that a select orders by.
type Order struct {
	Name string
	Desc bool
}

// Assignment is a SET of an update.
type Assignment struct {
	Path  Path
	Value *Node
}

// Path leads to an attribute, or into it.
type Path []Step

// Step is a name, or an index where the name is "".
type Step struct {
	Name  string
	Index int
}

// Node is an expression: an operator with operands, a path, or a value.
type Node struct {
	Op    string // AND, OR, NOT, =, <>, <, <=, >, >=, BETWEEN, IN, MISSING, NULL, +, -, or a function in lower case; "" for a leaf
	Args  []*Node
	Path  Path
	Value item.Value // where neither Op nor Path is given
}

func malformed(format string, args ...any) error {
	return wire.Errorf(wire.CodeValidation, "Statement wasn't well formed, can't be processed: "+format, args...)
}

// Conjuncts are the conditions that must all hold, one by one.
func (n *Node) Conjuncts() []*Node {
	switch {
	case n == nil:
		return nil
	case n.Op == "AND":
		return append(n.Args[0].Conjuncts(), n.Args[1].Conjuncts()...)
	}
	return []*Node{n}
}

// And is the condition that all of the conditions hold; there is one at least.
func And(list []*Node) *Node {
	n := list[0]
	for _, next := range list[1:] {
		n = &Node{Op: "AND", Args: []*Node{n, next}}
	}
	return n
}

// Names says whether the node is a comparison of the attribute with values, the
// attribute on the left.
func (n *Node) Names(attribute string) bool {
	switch n.Op {
	case "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with":
	default:
		return false
	}
	for i, a := range n.Args {
		isKey := a.Op == "" && len(a.Path) == 1 && a.Path[0].Name == attribute
		if isKey != (i == 0) || i > 0 && (a.Op != "" || a.Path != nil) {
			return false
		}
	}
	return true
}

// Split takes the key out of a condition: the values of all its attributes, and
// the conditions that remain. ok is false where the condition does not say that
// each attribute of the key equals a value.
func (n *Node) Split(key []string) (values item.Item, rest []*Node, ok bool) {
	values = item.Item{}
	for _, c := range n.Conjuncts() {
		taken := false
		for _, name := range key {
			if _, twice := values[name]; !twice && c.Op == "=" && c.Names(name) {
				values[name], taken = c.Args[1].Value, true
			}
		}
		if !taken {
			rest = append(rest, c)
		}
	}
	return values, rest, len(values) == len(key)
}

// Expression collects the names and values of expressions that are rendered.
type Expression struct {
	Names  map[string]string
	Values item.Item
}

// Path renders a path.
func (e *Expression) Path(p Path) string {
	var b strings.Builder
	for i, s := range p {
		if s.Name == "" {
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(e.name(s.Name))
	}
	return b.String()
}

func (e *Expression) name(attribute string) string {
	for k, v := range e.Names {
		if v == attribute {
			return k
		}
	}
	if e.Names == nil {
		e.Names = map[string]string{}
	}
	k := "#p" + strconv.Itoa(len(e.Names))
	e.Names[k] = attribute
	return k
}

// Render renders a condition, an operand, or the value of an assignment.
func (e *Expression) Render(n *Node) string {
	args := make([]string, len(n.Args))
	for i, a := range n.Args {
		args[i] = e.Render(a)
	}
	switch n.Op {
	case "":
		if n.Path != nil {
			return e.Path(n.Path)
		}
		if e.Values == nil {
			e.Values = item.Item{}
		}
		k := ":p" + strconv.Itoa(len(e.Values))
		e.Values[k] = n.Value
		return k
	case "AND", "OR":
		return "(" + args[0] + " " + n.Op + " " + args[1] + ")"
	case "NOT":
		return "(NOT " + args[0] + ")"
	case "=", "<>", "<", "<=", ">", ">=", "+", "-":
		return args[0] + " " + n.Op + " " + args[1]
	case "BETWEEN":
		return args[0] + " BETWEEN " + args[1] + " AND " + args[2]
	case "IN":
		return args[0] + " IN (" + strings.Join(args[1:], ", ") + ")"
	case "MISSING":
		return "attribute_not_exists(" + args[0] + ")"
	case "NULL":
		return "attribute_type(" + args[0] + ", " + e.Render(&Node{Value: item.Value{Kind: item.S, Text: "NULL"}}) + ")"
	}
	return n.Op + "(" + strings.Join(args, ", ") + ")"
}

// All renders conditions that must all hold; nil where there are none.
func (e *Expression) All(list []*Node) *string {
	if len(list) == 0 {
		return nil
	}
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = e.Render(n)
	}
	return new(strings.Join(texts, " AND "))
}
