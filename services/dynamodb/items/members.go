package items

import (
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/wire"
)

// members are the expressions and the older members that a request may carry to
// say the same, and their placeholders.
type members struct {
	// Expressions that the operation knows, by name; nil where the request has none.
	expressions []member
	// older are the older members that the request has, by name.
	older  []string
	names  map[string]string
	values wire.Document
}

type member struct {
	name string
	text *string
}

// params checks that the members go together, and takes the placeholders.
func (m *members) params() (*expr.Params, error) {
	var given, missing []string
	for _, e := range m.expressions {
		if e.text != nil {
			given = append(given, e.name)
		} else if e.name != expr.ProjectionExpression {
			missing = append(missing, e.name)
		}
	}
	if len(m.older) > 0 && len(given) > 0 {
		return nil, invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}",
			strings.Join(m.older, ", "), strings.Join(given, ", "))
	}
	if m.names != nil && len(given) == 0 {
		return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if m.values != nil && len(missing) == len(m.expressions)-m.projections() {
		verb := "is"
		if len(missing) > 1 {
			verb = "are"
		}
		return nil, invalid("ExpressionAttributeValues can only be specified when using expressions: %s %s null", strings.Join(missing, " and "), verb)
	}
	return expr.NewParams(m.names, m.values)
}

func (m *members) projections() int {
	n := 0
	for _, e := range m.expressions {
		if e.name == expr.ProjectionExpression {
			n++
		}
	}
	return n
}

// condition parses an optional condition.
func condition(p *expr.Params, kind string, text *string) (*expr.Condition, error) {
	if text == nil {
		return nil, nil
	}
	return p.Condition(kind, *text)
}

// projection parses an optional projection, or makes one of the older member.
func projection(p *expr.Params, text *string, attributes []string) (*expr.Projection, error) {
	switch {
	case text != nil:
		return p.Projection(*text)
	case attributes == nil:
		return nil, nil
	case len(attributes) == 0:
		return nil, invalid("AttributesToGet cannot be empty")
	}
	for i, name := range attributes {
		if slices.Contains(attributes[:i], name) {
			return nil, invalid(badParameter+"Duplicate value in attribute name: %s", name)
		}
		if name == "" {
			return nil, invalid("Empty attribute name")
		}
	}
	return expr.Attributes(attributes), nil
}

// values reads the list of values of an older condition.
func values(list []wire.Document) ([]item.Value, error) {
	var out []item.Value
	for _, text := range list {
		v, err := item.ParseValue(text)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// expected makes a condition of the older members Expected and ConditionalOperator.
func expected(list map[string]dynamodb.ExpectedAttributeValue, operator *string) (*expr.Condition, error) {
	var tests []expr.Test
	for _, name := range slices.Sorted(maps.Keys(list)) {
		t, err := expect(name, list[name])
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return combine(tests, operator)
}

// combine joins tests, unless the operator makes no sense.
func combine(tests []expr.Test, operator *string) (*expr.Condition, error) {
	switch {
	case operator != nil && len(tests) == 0:
		return nil, invalid("ConditionalOperator cannot be used without Filter or Expected")
	case operator != nil && len(tests) == 1:
		return nil, invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return expr.All(tests, wire.Value(operator) == dynamodb.ConditionalOperatorOr), nil
}

func expect(name string, e dynamodb.ExpectedAttributeValue) (expr.Test, error) {
	t := expr.Test{Name: name, Operator: wire.Value(e.ComparisonOperator)}
	var err error
	if t.Values, err = values(e.AttributeValueList); err != nil {
		return t, err
	}
	if e.Value != nil {
		v, err := item.ParseValue(e.Value)
		if err != nil {
			return t, err
		}
		t.Values = append(t.Values, v)
	}
	fault := ""
	exists := wire.Value(e.Exists)
	switch {
	case name == "":
		return t, invalid("Empty attribute name")
	case e.Exists != nil && t.Operator != "":
		fault = "Exists and ComparisonOperator cannot be used together"
	case e.Value != nil && e.AttributeValueList != nil:
		fault = "Value and AttributeValueList cannot be used together"
	case t.Operator != "":
		if e.Value == nil && e.AttributeValueList == nil && t.Operator != "NULL" && t.Operator != "NOT_NULL" {
			fault = "Value or AttributeValueList must be used with ComparisonOperator: " + t.Operator
		}
	case e.AttributeValueList != nil:
		fault = "AttributeValueList can only be used with a ComparisonOperator"
	case e.Exists == nil && e.Value == nil:
		fault = "Value must be provided when Exists is null"
	case e.Exists != nil && exists && e.Value == nil:
		fault = "Value must be provided when Exists is true"
	case e.Exists != nil && !exists && e.Value != nil:
		fault = "Value cannot be used when Exists is false"
	case e.Value != nil:
		t.Operator = "EQ"
	default:
		t.Operator = "NULL"
	}
	if fault != "" {
		return t, invalid(badParameter+"%s for Attribute: %s", fault, name)
	}
	return t, t.Check()
}

// tests reads the older filters and key conditions.
func tests(list map[string]dynamodb.Condition) ([]expr.Test, error) {
	var out []expr.Test
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if name == "" {
			return nil, invalid("Empty attribute name")
		}
		t := expr.Test{Name: name, Operator: *list[name].ComparisonOperator}
		var err error
		if t.Values, err = values(list[name].AttributeValueList); err != nil {
			return nil, err
		}
		if err := t.Check(); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// edits makes an update of the older member AttributeUpdates.
func edits(list map[string]dynamodb.AttributeValueUpdate) (*expr.Update, error) {
	var out []expr.Edit
	for _, name := range slices.Sorted(maps.Keys(list)) {
		e := expr.Edit{Name: name, Action: wire.Value(list[name].Action)}
		if name == "" {
			return nil, invalid("Empty attribute name")
		}
		if e.Action == "" {
			e.Action = dynamodb.AttributeActionPut
		}
		if list[name].Value != nil {
			v, err := item.ParseValue(list[name].Value)
			if err != nil {
				return nil, err
			}
			e.Value = &v
		}
		out = append(out, e)
	}
	return expr.Edits(out)
}
