package expr

import "github.com/signalbox/signalbox/services/dynamodb/item"

// Test is a condition on an attribute, as the older members give it.
type Test struct {
	Name     string
	Operator string // "EQ", "NOT_NULL", …
	Values   []item.Value
}

var testOps = map[string]op{
	"EQ": opEqual, "NE": opUnequal, "LT": opLess, "LE": opAtMost, "GT": opGreater, "GE": opAtLeast,
	"BETWEEN": opBetween, "IN": opIn, "NULL": opNotExists, "NOT_NULL": opExists,
	"BEGINS_WITH": opBeginsWith, "CONTAINS": opContains, "NOT_CONTAINS": opNotContains,
}

// Check checks the number and the types of a test's values.
func (t Test) Check() error {
	least, most := 1, 1
	switch t.Operator {
	case "NULL", "NOT_NULL":
		least, most = 0, 0
	case "BETWEEN":
		least, most = 2, 2
	case "IN":
		most = len(t.Values)
	}
	const bad = "One or more parameter values were invalid: "
	if n := len(t.Values); n < least || n > most {
		return invalid(bad+"Invalid number of argument(s) for the %s ComparisonOperator", t.Operator)
	}
	for _, v := range t.Values {
		ok := true
		switch t.Operator {
		case "LT", "LE", "GT", "GE", "BETWEEN", "IN":
			ok = v.Kind.Scalar()
		case "BEGINS_WITH":
			ok = v.Kind == item.S || v.Kind == item.B
		case "CONTAINS", "NOT_CONTAINS":
			ok = v.Kind.Scalar() || v.Kind == item.Bool || v.Kind == item.Null
		}
		if !ok {
			return invalid(bad+"ComparisonOperator %s is not valid for %s AttributeValue type", t.Operator, v.Kind)
		}
		if v.Kind != t.Values[0].Kind {
			return invalid(bad + "AttributeValues inside AttributeValueList must be of same type")
		}
	}
	if t.Operator == "BETWEEN" {
		if order, _ := item.Compare(t.Values[0], t.Values[1]); order > 0 {
			return invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
		}
	}
	return nil
}

// All is the condition that all tests hold, or, with any, that one does; nil
// where there are none.
func All(tests []Test, any bool) *Condition {
	var root *node
	for _, t := range tests {
		n := &node{op: testOps[t.Operator], args: []*node{{op: opPath, path: Path{{Name: t.Name, Index: -1}}}}}
		for _, v := range t.Values {
			n.args = append(n.args, &node{op: opValue, value: v})
		}
		switch {
		case root == nil:
			root = n
		case any:
			root = &node{op: opOr, args: []*node{root, n}}
		default:
			root = &node{op: opAnd, args: []*node{root, n}}
		}
	}
	if root == nil {
		return nil
	}
	return &Condition{root}
}

var keyTests = map[string]Comparison{
	"EQ": Equals, "LT": Less, "LE": AtMost, "GT": Greater, "GE": AtLeast, "BETWEEN": Between, "BEGINS_WITH": BeginsWith,
}

// KeyPart is the test as a part of a key condition; ok is false where keys
// cannot be asked for that.
func (t Test) KeyPart() (part KeyPart, ok bool) {
	compare, ok := keyTests[t.Operator]
	return KeyPart{Name: t.Name, Compare: compare, Operands: t.Values}, ok
}

// Edit is an update of an attribute, as the older members give it.
type Edit struct {
	Name   string
	Action string      // "PUT", "ADD" or "DELETE"
	Value  *item.Value // nil: DELETE removes the attribute
}

// Edits makes an update of edits.
func Edits(list []Edit) (*Update, error) {
	u := &Update{old: true}
	const bad = "One or more parameter values were invalid: "
	for _, e := range list {
		a := action{path: Path{{Name: e.Name, Index: -1}}, kind: actSet}
		if e.Value == nil {
			if e.Action != "DELETE" {
				return nil, invalid(bad + "Only DELETE action is allowed when no attribute value is specified")
			}
			a.kind = actRemove
		} else {
			k := e.Value.Kind
			switch e.Action {
			case "DELETE":
				if a.kind = actDelete; !k.IsSet() {
					return nil, invalid(bad+"DELETE action with value is not supported for the type %s", longKind(k))
				}
			case "ADD":
				if a.kind = actAppend; k != item.N && k != item.L && !k.IsSet() {
					return nil, invalid(bad+"ADD action is not supported for the type %s", longKind(k))
				}
			}
			a.value = &node{op: opValue, value: *e.Value}
		}
		u.actions = append(u.actions, a)
		u.paths = append(u.paths, a.path)
	}
	u.arrange()
	return u, nil
}
