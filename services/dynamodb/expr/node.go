package expr

import (
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// op is what a node does.
type op uint8

const (
	opPath op = iota
	opValue
	opAnd
	opOr
	opNot
	opEqual
	opUnequal
	opLess
	opAtMost
	opGreater
	opAtLeast
	opBetween
	opIn
	opExists
	opNotExists
	opType
	opBeginsWith
	opContains
	opNotContains // of the older members only
	opSize
	opIfNotExists
	opListAppend
	opPlus
	opMinus
)

var opNames = [...]string{"", "", "AND", "OR", "NOT", "=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN",
	"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "", "size", "if_not_exists", "list_append", "+", "-"}

var functions = map[string]op{
	"attribute_exists": opExists, "attribute_not_exists": opNotExists, "attribute_type": opType,
	"begins_with": opBeginsWith, "contains": opContains, "size": opSize,
	"if_not_exists": opIfNotExists, "list_append": opListAppend,
}

var comparators = map[string]op{"=": opEqual, "<>": opUnequal, "<": opLess, "<=": opAtMost, ">": opGreater, ">=": opAtLeast}

func (o op) String() string { return opNames[o] }
func (o op) orders() bool   { return o >= opLess && o <= opAtLeast }
func (o op) function() bool { return o >= opExists && o <= opListAppend }

// boolean says whether the node is a condition; else it is an operand.
func (o op) boolean() bool { return o >= opAnd && o <= opNotContains }

// node is a part of an expression.
type node struct {
	op    op
	args  []*node
	path  Path
	value item.Value
	// As parsed, before the placeholders are filled in.
	raw      []token // of a path: its names
	name     string  // of a function, or a value's placeholder
	unknown  bool    // there is no function of that name
	wrapped  bool    // in parentheses
	doubled  bool    // in parentheses in parentheses
	wideText string  // of an index that is too high
}

// literal is the kind of a value or of what a function yields, None where only
// the item tells.
func (n *node) literal() item.Kind {
	switch n.op {
	case opValue:
		return n.value.Kind
	case opSize:
		return item.N
	case opListAppend:
		return item.L
	}
	return item.None
}

// show prints a value as errors show it.
func show(v item.Value) string {
	var b strings.Builder
	b.WriteString("AttributeValue: {" + v.Kind.String() + ":")
	switch v.Kind {
	case item.S, item.N, item.B:
		b.WriteString(v.Text)
	default:
		b.Write(v.AppendJSON(nil))
	}
	return b.String() + "}"
}
