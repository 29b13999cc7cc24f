package policy

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// quantifier says how several values of a key are taken.
type quantifier int

const (
	single quantifier = iota
	anyOf             // ForAnyValue
	allOf             // ForAllValues
)

// condition is one key of one operator.
type condition struct {
	operator string // as it is written
	name     string // of the key, as it is written
	key      string // the name in lower case
	quantifier
	ifExists bool
	null     bool // the operator Null
	negated  bool // …Not…: none of the values may match
	match    matcher
	values   []*glob
}

// matcher compares a value of the request with one of the policy, whose
// variables are resolved. It is false where either is not of the operator's type.
type matcher func(pattern, value string) bool

// comparison is an operator without its quantifier and its IfExists.
type comparison struct {
	match     matcher
	negated   bool
	wildcards bool
}

// comparisons are the operators (user guide, page
// reference_policies_elements_condition_operators), in lower case.
var comparisons = map[string]comparison{
	"stringequals":              {equalText, false, false},
	"stringnotequals":           {equalText, true, false},
	"stringequalsignorecase":    {strings.EqualFold, false, false},
	"stringnotequalsignorecase": {strings.EqualFold, true, false},
	"stringlike":                {matchText, false, true},
	"stringnotlike":             {matchText, true, true},
	"arnequals":                 {matchARNOnly, false, true},
	"arnlike":                   {matchARNOnly, false, true},
	"arnnotequals":              {matchARNOnly, true, true},
	"arnnotlike":                {matchARNOnly, true, true},
	"numericequals":             {numeric(func(c int) bool { return c == 0 }), false, false},
	"numericnotequals":          {numeric(func(c int) bool { return c == 0 }), true, false},
	"numericlessthan":           {numeric(func(c int) bool { return c < 0 }), false, false},
	"numericlessthanequals":     {numeric(func(c int) bool { return c <= 0 }), false, false},
	"numericgreaterthan":        {numeric(func(c int) bool { return c > 0 }), false, false},
	"numericgreaterthanequals":  {numeric(func(c int) bool { return c >= 0 }), false, false},
	"dateequals":                {date(func(c int) bool { return c == 0 }), false, false},
	"datenotequals":             {date(func(c int) bool { return c == 0 }), true, false},
	"datelessthan":              {date(func(c int) bool { return c < 0 }), false, false},
	"datelessthanequals":        {date(func(c int) bool { return c <= 0 }), false, false},
	"dategreaterthan":           {date(func(c int) bool { return c > 0 }), false, false},
	"dategreaterthanequals":     {date(func(c int) bool { return c >= 0 }), false, false},
	"bool":                      {strings.EqualFold, false, false},
	"binaryequals":              {equalText, false, false},
	"ipaddress":                 {inRange, false, false},
	"notipaddress":              {inRange, true, false},
	"null":                      {strings.EqualFold, false, false},
}

// readConditions reads the Condition element: operators, their keys, and the
// keys' values.
func (s *Statement) readConditions(v jsontext.Value, variables bool) *Error {
	if v == nil {
		return nil
	}
	var byOperator map[string]map[string]jsontext.Value
	if json.Unmarshal(v, &byOperator) != nil {
		return errSyntax
	}
	for _, operator := range sorted(byOperator) {
		template, err := readOperator(operator)
		if err != nil {
			return err
		}
		for _, key := range sorted(byOperator[operator]) {
			c := template
			values, ok := scalars(byOperator[operator][key])
			if !ok {
				return errSyntax
			}
			if !strings.Contains(key, ":") {
				return malformed("Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
			}
			c.condition.name, c.condition.key = key, lower(key)
			for _, value := range values {
				c.condition.values = append(c.condition.values, newGlob(value, c.wildcards, variables))
			}
			s.conditions = append(s.conditions, c.condition)
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

type template struct {
	condition
	wildcards bool
}

// readOperator takes an operator's name apart: ForAnyValue:StringLikeIfExists.
func readOperator(name string) (template, *Error) {
	t := template{condition: condition{operator: name}}
	rest := lower(name)
	if r, ok := strings.CutPrefix(rest, "foranyvalue:"); ok {
		t.quantifier, rest = anyOf, r
	} else if r, ok := strings.CutPrefix(rest, "forallvalues:"); ok {
		t.quantifier, rest = allOf, r
	}
	if r, ok := strings.CutSuffix(rest, "ifexists"); ok {
		t.ifExists, rest = true, r
	}
	c, ok := comparisons[rest]
	t.null = rest == "null"
	if !ok || t.null && (t.ifExists || t.quantifier != single) {
		return t, malformed("Invalid Condition type : %s", name)
	}
	t.match, t.negated, t.wildcards = c.match, c.negated, c.wildcards
	return t, nil
}

// holds says whether the condition is met. What of a key that the request does
// not have is in the user guide, page
// reference_policies_condition-logic-multiple-context-keys-or-values: negated
// operators hold, ForAllValues holds, and so does everything with IfExists.
func (c *condition) holds(r *Request) bool {
	values := r.values(c.key)
	if c.null {
		return c.matches(boolText(len(values) == 0), r)
	}
	if len(values) == 0 {
		return c.ifExists || c.quantifier == allOf || c.negated && c.quantifier == single
	}
	for _, v := range values {
		holds := c.matches(v, r) != c.negated
		switch {
		case c.quantifier == allOf, c.quantifier == single && c.negated:
			if !holds {
				return false
			}
		case holds:
			return true
		}
	}
	return c.quantifier == allOf || c.quantifier == single && c.negated
}

// matches says whether a value is one of the policy's.
func (c *condition) matches(value string, r *Request) bool {
	for _, g := range c.values {
		if pattern, ok := g.resolve(r); ok && c.match(pattern, value) {
			return true
		}
	}
	return false
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
