package expr

import "github.com/signalbox/signalbox/services/dynamodb/item"

// Comparison is how a key condition compares a key with its operands.
type Comparison uint8

// The comparisons that sort keys can be asked for.
const (
	Equals Comparison = iota
	Less
	AtMost
	Greater
	AtLeast
	Between
	BeginsWith
)

// KeyPart is a condition on one attribute of a key.
type KeyPart struct {
	Name     string
	Compare  Comparison
	Operands []item.Value // one; two of Between
}

var keyComparisons = map[op]Comparison{
	opEqual: Equals, opLess: Less, opAtMost: AtMost, opGreater: Greater, opAtLeast: AtLeast,
	opBetween: Between, opBeginsWith: BeginsWith,
}

var mirrored = map[op]op{opEqual: opEqual, opLess: opGreater, opAtMost: opAtLeast, opGreater: opLess, opAtLeast: opAtMost}

// KeyCondition parses a key condition: one or two parts, on different
// attributes. Whether they are a table's keys, the caller knows.
func (p *Params) KeyCondition(text string, keys []string) ([]KeyPart, error) {
	c, err := p.Condition(KeyConditionExpression, text)
	if err != nil {
		return nil, err
	}
	parts, err := keyParts(c.root, nil, keys)
	if err != nil {
		return nil, err
	}
	for i, a := range parts {
		for _, b := range parts[:i] {
			if a.Name == b.Name {
				return nil, invalid("KeyConditionExpressions must only contain one condition per key")
			}
		}
	}
	if len(parts) > 2 {
		return nil, invalid("Conditions can be of length 1 or 2 only")
	}
	return parts, nil
}

func keyParts(n *node, parts []KeyPart, keys []string) ([]KeyPart, error) {
	if n.op == opAnd {
		parts, err := keyParts(n.args[0], parts, keys)
		if err != nil {
			return nil, err
		}
		return keyParts(n.args[1], parts, keys)
	}
	compare, ok := keyComparisons[n.op]
	if !ok {
		return nil, invalid("Invalid operator used in KeyConditionExpression: %s", n.op)
	}
	part := KeyPart{Compare: compare}
	paths := 0
	for i, arg := range n.args {
		switch arg.op {
		case opValue:
			part.Operands = append(part.Operands, arg.value)
		case opPath:
			if err := KeyPath("Key", []Path{arg.path}, keys); err != nil {
				return nil, err
			}
			if len(arg.path) > 1 {
				return nil, invalid("KeyConditionExpressions cannot have conditions on nested attributes")
			}
			if paths++; paths > 1 {
				return nil, invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
			}
			part.Name = arg.path[0].Name
			if i == 0 {
				continue
			}
			if n.op == opBetween || n.op == opBeginsWith {
				return nil, invalid("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", n.op)
			}
			part.Compare = keyComparisons[mirrored[n.op]]
		default:
			return nil, invalid("KeyConditionExpressions cannot contain nested operations")
		}
	}
	if paths == 0 {
		return nil, invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	return append(parts, part), nil
}
