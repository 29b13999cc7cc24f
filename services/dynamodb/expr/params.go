package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/wire"
)

// The names of the expressions in errors.
const (
	ConditionExpression    = "ConditionExpression"
	FilterExpression       = "FilterExpression"
	KeyConditionExpression = "KeyConditionExpression"
	ProjectionExpression   = "ProjectionExpression"
	UpdateExpression       = "UpdateExpression"
)

const (
	maxText      = 4096 // bytes of an expression
	maxOperators = 300
	maxOperands  = 100 // of IN
)

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}

// Params are a request's placeholders. The zero value has none.
type Params struct {
	names      map[string]string
	values     item.Item
	usedNames  map[string]bool
	usedValues map[string]bool
}

// NewParams takes the placeholders of a request: names, and the JSON of the
// values, nil where the request has none. Expressions are the names of the
// expressions that the operation knows and the request lacks.
func NewParams(names map[string]string, values []byte) (*Params, error) {
	p := &Params{names: names, usedNames: map[string]bool{}, usedValues: map[string]bool{}}
	if names != nil {
		if err := checkNames(names); err != nil {
			return nil, err
		}
	}
	if values == nil {
		return p, nil
	}
	var err error
	if p.values, err = item.ParseValues(values, checkValueKey); err != nil {
		return nil, err
	}
	if len(p.values) == 0 {
		return nil, invalid("ExpressionAttributeValues must not be empty")
	}
	return p, nil
}

func checkNames(names map[string]string) error {
	if len(names) == 0 {
		return invalid("ExpressionAttributeNames must not be empty")
	}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		if err := checkKey("ExpressionAttributeNames", key, '#'); err != nil {
			return err
		}
		if names[key] == "" {
			return invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", key)
		}
	}
	return nil
}

func checkValueKey(key string) error { return checkKey("ExpressionAttributeValues", key, ':') }

func checkKey(member, key string, sign byte) error {
	switch {
	case key == "":
		return invalid("%s contains invalid key: The expression attribute map contains an empty key;", member)
	case len(key) > 255:
		return invalid("%s contains invalid key: The expression attribute map contains a key that is too long; key: %s, key length: %d", member, key, len(key))
	case len(key) < 2 || key[0] != sign || wordEnd(key, 1) != len(key):
		return invalid("%s contains invalid key: Syntax error; key: \"%s\"", member, key)
	}
	return nil
}

// Unused is an error where a placeholder was given that no expression used.
func (p *Params) Unused() error {
	if len(p.usedNames) < len(p.names) {
		return unused("ExpressionAttributeNames", slices.Sorted(maps.Keys(p.names)), p.usedNames)
	}
	if len(p.usedValues) < len(p.values) {
		return unused("ExpressionAttributeValues", slices.Sorted(maps.Keys(p.values)), p.usedValues)
	}
	return nil
}

func unused(member string, keys []string, used map[string]bool) error {
	keys = slices.DeleteFunc(keys, func(k string) bool { return used[k] })
	return invalid("Value provided in %s unused in expressions: keys: {%s}", member, strings.Join(keys, ", "))
}
