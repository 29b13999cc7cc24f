package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// tag builds a struct tag, one key after the other.
type tag struct{ b strings.Builder }

func (t *tag) add(key, value string) {
	if t.b.Len() > 0 {
		t.b.WriteByte(' ')
	}
	t.b.WriteString(key + ":" + strconv.Quote(value))
}

// literal is the tag as Go source.
func (t *tag) literal() string {
	s := t.b.String()
	if strings.Contains(s, "`") {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}

// fieldTag says all that wire needs to know of a member: its names, where it
// travels, and its constraints. Keys under "elem.", "key." and "value." speak
// of a list's elements and a map's keys and values.
func (e *emitter) fieldTag(owner *shape, m member, refusal string, checked bool) string {
	s := e.m.Shapes[m.Shape]
	t := new(tag)
	name := m.name
	if e.rest() && m.LocationName != "" && m.Location == "" && e.jsonBody() {
		name = m.LocationName
	}
	flags := []string{name}
	if slices.Contains(owner.Required, m.name) {
		flags = append(flags, "required")
	}
	if e.sensitive(m.Shape) {
		flags = append(flags, "sensitive")
	}
	if owner.Payload == m.name {
		flags = append(flags, "payload")
	}
	t.add("wire", strings.Join(flags, ","))
	if refusal != "" {
		t.add("refused", refusal)
	}
	switch m.Location {
	case "":
	case "statusCode":
		t.add("in", "status")
	default:
		where := m.LocationName
		if where == "" && m.Location != "headers" {
			where = m.name
		}
		t.add("in", m.Location+"="+where)
	}
	if e.xml() {
		e.xmlTags(t, m, s)
	}
	e.constraints(t, "", m.ref, s, checked)
	return t.literal()
}

// xmlTags adds the names that the query and XML protocols use, where they
// differ from the member's own and from "member", "entry", "key" and "value".
func (e *emitter) xmlTags(t *tag, m member, s *shape) {
	q, aliased := e.l.query[m.Shape]
	flat := m.Flattened || s.Flattened
	name := m.LocationName
	if m.Location != "" {
		name = ""
	}
	switch s.Type {
	case "list":
		elem := s.Member.LocationName
		if aliased {
			elem = q.name
		}
		if flat && elem != "" {
			name = elem
		} else if elem != "" && elem != "member" {
			t.add("elem.name", elem)
		}
	case "map":
		key, value := s.Key.LocationName, s.Value.LocationName
		if aliased {
			key, value = q.key, q.value
			name = q.name
		}
		if key != "" && key != "key" {
			t.add("key.name", key)
		}
		if value != "" && value != "value" {
			t.add("value.name", value)
		}
	}
	if name != "" && name != m.name {
		t.add("query", name)
	}
	if flat {
		t.add("flat", "true")
	}
	if m.XMLAttribute {
		t.add("attr", "true")
	}
}

// constraints adds the timestamp format and, for what requests carry, bounds,
// pattern and enum, for a shape and, with a prefix, for what it holds;
// structures carry their own.
func (e *emitter) constraints(t *tag, prefix string, r ref, s *shape, checked bool) {
	if checked && !e.l.unchecked[r.Shape] {
		e.bounds(t, prefix, s)
	}
	format := r.TimestampFormat
	if format == "" {
		format = s.TimestampFormat
	}
	if format != "" {
		t.add(prefix+"time", format)
	}
	nested := func(part string, r *ref) {
		inner := e.m.Shapes[r.Shape]
		if inner.Type == "structure" {
			return
		}
		if inner.Sensitive {
			t.add(prefix+part+".sensitive", "true")
		}
		e.nestedNames(t, prefix+part, r, inner)
		e.constraints(t, prefix+part+".", *r, inner, checked)
	}
	switch s.Type {
	case "list":
		nested("elem", s.Member)
	case "map":
		nested("key", s.Key)
		nested("value", s.Value)
	}
}

func (e *emitter) bounds(t *tag, prefix string, s *shape) {
	if bound(s.Min) != "" {
		t.add(prefix+"min", bound(s.Min))
	}
	if bound(s.Max) != "" {
		t.add(prefix+"max", bound(s.Max))
	}
	if s.Pattern != "" {
		t.add(prefix+"pattern", s.Pattern)
	}
	if len(s.Enum) > 0 {
		t.add(prefix+"enum", strings.Join(s.Enum, ","))
	}
}

// nestedNames names the elements of a list or map that sits inside another.
func (e *emitter) nestedNames(t *tag, prefix string, r *ref, s *shape) {
	if !e.xml() {
		return
	}
	if s.Type == "list" && s.Member.LocationName != "" && s.Member.LocationName != "member" {
		t.add(prefix+".elem.name", s.Member.LocationName)
	}
	if s.Flattened || r.Flattened {
		t.add(prefix+".flat", "true")
	}
}

// sensitive says whether a shape must never be echoed.
func (e *emitter) sensitive(name string) bool {
	s := e.m.Shapes[name]
	return s != nil && s.Sensitive
}

// bound prints a min or max without an exponent or a trailing ".0".
func bound(v jsontext.Value) string {
	if len(v) == 0 {
		return ""
	}
	if f, err := strconv.ParseFloat(string(v), 64); err == nil {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return string(v)
}

func (e *emitter) speaks(names ...string) bool {
	return slices.ContainsFunc(e.protocols, func(p string) bool { return slices.Contains(names, p) })
}

func (e *emitter) rest() bool     { return e.speaks("rest-json", "rest-xml") }
func (e *emitter) xml() bool      { return e.speaks("query", "rest-xml") }
func (e *emitter) jsonBody() bool { return e.speaks("rest-json") }

// goName makes an exported Go identifier of a model's name.
func goName(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
		if !letter {
			up = true
			continue
		}
		if up && r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	if s := b.String(); s != "" && s[0] > '9' {
		return s
	}
	return fmt.Sprintf("X%s", b.String())
}

// enumName makes the constant's name for an enum's value: ENABLED of RuleState
// is RuleStateEnabled.
func enumName(shape, value string) string {
	var b strings.Builder
	b.WriteString(goName(shape))
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) {
		if word == strings.ToUpper(word) {
			word = word[:1] + strings.ToLower(word[1:])
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
