// Package schema validates JSON by the JSON schema of an API's model, draft 4 as
// API Gateway takes it, with the OpenAPI words nullable and the draft 6 ones
// const and numeric exclusive bounds beside. What is not known is ignored, as
// JSON schema says; formats are not checked.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of one validation: schemas looked at, beside one for each byte of the
// data, and schemas within each other.
const (
	maxWork  = 50_000
	maxDepth = 300
)

// Schema is a JSON schema. It is immutable.
type Schema struct{ root any }

// Models finds the schema of another model by its name; nil where there is none.
type Models func(name string) *Schema

// Parse reads a schema. An empty one allows everything.
func Parse(text string) (*Schema, error) {
	if strings.TrimSpace(text) == "" {
		return &Schema{map[string]any{}}, nil
	}
	v, err := decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	return &Schema{v}, nil
}

func decode(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("there is more behind the JSON value")
	}
	return v, nil
}

// Validate says what of data the schema does not allow: one line for each, none
// where it is allowed.
func (s *Schema) Validate(data []byte, models Models) []string {
	v, err := decode(data)
	if err != nil {
		return []string{"it is no JSON: " + err.Error()}
	}
	c := &check{models: models, most: maxWork + len(data)}
	c.schema(s, s.root, v, "")
	return c.wrong
}

// check is one validation.
type check struct {
	models Models
	wrong  []string
	work   int
	most   int // work
	depth  int
}

func (c *check) fail(at, format string, args ...any) {
	if len(c.wrong) < 20 {
		if at == "" {
			at = "/"
		}
		c.wrong = append(c.wrong, at+": "+fmt.Sprintf(format, args...))
	}
}

// allows tells whether a part of the schema allows a value.
func (c *check) allows(in *Schema, part, v any) bool {
	inner := &check{models: c.models, work: c.work, most: c.most, depth: c.depth}
	inner.schema(in, part, v, "")
	c.work = inner.work
	return len(inner.wrong) == 0
}

func (c *check) schema(in *Schema, part, v any, at string) {
	c.work++
	c.depth++
	defer func() { c.depth-- }()
	if c.work > c.most || c.depth > maxDepth {
		c.fail("", "validating takes too much work")
		return
	}
	s, is := part.(map[string]any)
	if !is {
		if part == false {
			c.fail(at, "nothing is allowed here")
		}
		return
	}
	if ref, is := s["$ref"].(string); is {
		c.ref(in, ref, v, at)
		return
	}
	if s["nullable"] == true && v == nil {
		return
	}
	c.kind(s, v, at)
	c.combined(in, s, v, at)
	switch v := v.(type) {
	case map[string]any:
		c.object(in, s, v, at)
	case []any:
		c.array(in, s, v, at)
	case string:
		c.text(s, v, at)
	case json.Number:
		c.number(s, v, at)
	}
}

// ref follows a reference within the schema, or to another model by its URL.
func (c *check) ref(in *Schema, ref string, v any, at string) {
	if path, is := strings.CutPrefix(ref, "#"); is {
		part := in.root
		for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
			if name == "" {
				continue
			}
			m, _ := part.(map[string]any)
			part = m[strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")]
		}
		if part != nil {
			c.schema(in, part, v, at)
			return
		}
	}
	name := ref[strings.LastIndexByte(ref, '/')+1:]
	if c.models != nil {
		if other := c.models(name); other != nil {
			c.schema(other, other.root, v, at)
			return
		}
	}
	c.fail(at, "the schema refers to %s, which is not there", ref)
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) && !math.IsInf(f, 0) {
			return "integer"
		}
	}
	return "number"
}

func (c *check) kind(s map[string]any, v any, at string) {
	if want := s["type"]; want != nil {
		have := kindOf(v)
		fits := func(w any) bool { return w == have || w == "number" && have == "integer" }
		ok := fits(want)
		if all, is := want.([]any); is {
			for _, w := range all {
				ok = ok || fits(w)
			}
		}
		if !ok {
			c.fail(at, "instance type (%s) does not match any allowed primitive type (allowed: %v)", have, want)
		}
	}
	if all, is := s["enum"].([]any); is {
		found := false
		for _, w := range all {
			found = found || same(w, v)
		}
		if !found {
			c.fail(at, "instance value not found in enum")
		}
	}
	if want, is := s["const"]; is && !same(want, v) {
		c.fail(at, "instance value is not the one allowed")
	}
}

// same compares two JSON values, numbers by their value.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, is := b.(json.Number)
		if !is {
			return false
		}
		x, err := a.Float64()
		y, err2 := n.Float64()
		return a == n || err == nil && err2 == nil && x == y
	case []any:
		l, is := b.([]any)
		if !is || len(l) != len(a) {
			return false
		}
		for i := range a {
			if !same(a[i], l[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		m, is := b.(map[string]any)
		if !is || len(m) != len(a) {
			return false
		}
		for k, v := range a {
			w, there := m[k]
			if !there || !same(v, w) {
				return false
			}
		}
		return true
	}
	return a == b
}

func (c *check) combined(in *Schema, s map[string]any, v any, at string) {
	if all, is := s["allOf"].([]any); is {
		for _, part := range all {
			c.schema(in, part, v, at)
		}
	}
	count := func(word string) (n int, is bool) {
		all, is := s[word].([]any)
		for _, part := range all {
			if c.allows(in, part, v) {
				n++
			}
		}
		return n, is
	}
	if n, is := count("anyOf"); is && n == 0 {
		c.fail(at, "instance failed to match at least one required schema")
	}
	if n, is := count("oneOf"); is && n != 1 {
		c.fail(at, "instance failed to match exactly one schema (matched %d)", n)
	}
	if not, is := s["not"]; is && c.allows(in, not, v) {
		c.fail(at, "instance matched a schema which it should not have")
	}
}

func (c *check) object(in *Schema, s, v map[string]any, at string) {
	if all, is := s["required"].([]any); is {
		var missing []string
		for _, name := range all {
			if name, is := name.(string); is {
				if _, there := v[name]; !there {
					missing = append(missing, strconv.Quote(name))
				}
			}
		}
		if len(missing) > 0 {
			c.fail(at, "object has missing required properties ([%s])", strings.Join(missing, ","))
		}
	}
	c.bound(s, "minProperties", float64(len(v)), at, "object has too few properties")
	c.bound(s, "maxProperties", float64(len(v)), at, "object has too many properties")
	properties, _ := s["properties"].(map[string]any)
	patterns, _ := s["patternProperties"].(map[string]any)
	for name, member := range v {
		known := false
		if part, is := properties[name]; is {
			known = true
			c.schema(in, part, member, at+"/"+name)
		}
		for pattern, part := range patterns {
			if matches(pattern, name) {
				known = true
				c.schema(in, part, member, at+"/"+name)
			}
		}
		if known {
			continue
		}
		switch more := s["additionalProperties"].(type) {
		case bool:
			if !more {
				c.fail(at, "object instance has properties which are not allowed by the schema: [%q]", name)
			}
		case map[string]any:
			c.schema(in, more, member, at+"/"+name)
		}
	}
	c.dependencies(in, s, v, at)
}

func (c *check) dependencies(in *Schema, s, v map[string]any, at string) {
	all, _ := s["dependencies"].(map[string]any)
	for name, need := range all {
		if _, there := v[name]; !there {
			continue
		}
		names, is := need.([]any)
		if !is {
			c.schema(in, need, v, at)
			continue
		}
		for _, n := range names {
			if n, is := n.(string); is {
				if _, there := v[n]; !there {
					c.fail(at, "property %q needs property %q", name, n)
				}
			}
		}
	}
}

func matches(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text)
}

func (c *check) array(in *Schema, s map[string]any, v []any, at string) {
	c.bound(s, "minItems", float64(len(v)), at, "array is too short")
	c.bound(s, "maxItems", float64(len(v)), at, "array is too long")
	if s["uniqueItems"] == true {
		for i := range v {
			for j := range i {
				if c.work++; c.work < c.most && same(v[i], v[j]) {
					c.fail(at, "array must not contain duplicate elements")
					return
				}
			}
		}
	}
	switch items := s["items"].(type) {
	case map[string]any:
		for i, item := range v {
			c.schema(in, items, item, at+"/"+strconv.Itoa(i))
		}
	case []any:
		for i, item := range v {
			if i < len(items) {
				c.schema(in, items[i], item, at+"/"+strconv.Itoa(i))
			} else if s["additionalItems"] == false {
				c.fail(at, "array has more elements than allowed")
				return
			}
		}
	}
}

func (c *check) text(s map[string]any, v, at string) {
	n := float64(utf8.RuneCountInString(v))
	c.bound(s, "minLength", n, at, "string is too short")
	c.bound(s, "maxLength", n, at, "string is too long")
	if pattern, is := s["pattern"].(string); is && !matches(pattern, v) {
		c.fail(at, "ECMA 262 regex %q does not match input string", pattern)
	}
}

func (c *check) number(s map[string]any, v json.Number, at string) {
	f, err := v.Float64()
	if err != nil {
		return
	}
	c.bound(s, "minimum", f, at, "numeric instance is lower than the required minimum")
	c.bound(s, "maximum", f, at, "numeric instance is greater than the required maximum")
	for _, b := range []struct {
		word, exclusive string
		sign            float64
	}{{"minimum", "exclusiveMinimum", 1}, {"maximum", "exclusiveMaximum", -1}} {
		limit, is := floatOf(s[b.word])
		if s[b.exclusive] != true {
			limit, is = floatOf(s[b.exclusive])
		}
		if is && b.sign*f <= b.sign*limit {
			c.fail(at, "numeric instance is not strictly within %s", b.word)
		}
	}
	if by, is := floatOf(s["multipleOf"]); is && by > 0 {
		if q := f / by; math.Abs(q-math.Round(q)) > 1e-9 {
			c.fail(at, "remainder of division is not zero")
		}
	}
}

func floatOf(v any) (float64, bool) {
	n, is := v.(json.Number)
	if !is {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// bound checks a limit whose word begins with min or max.
func (c *check) bound(s map[string]any, word string, n float64, at, text string) {
	limit, is := floatOf(s[word])
	if is && (word[:3] == "min" && n < limit || word[:3] == "max" && n > limit) {
		c.fail(at, "%s (%s: %v)", text, word, limit)
	}
}
