package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of what a validation message says, whatever the input.
const (
	maxProblems  = 10  // listed; the rest is only counted
	maxValueText = 512 // bytes of a value that are echoed
)

// validator walks an input and collects what it breaks.
type validator struct {
	path     []string
	problems []string
	count    int
	missing  string // name of the first absent required member
	refused  string
}

// Violation is what is wrong with an input.
type Violation struct {
	Refused string // message about a member that is not implemented, "" for none
	Missing string // name of the first required member that is absent
	Message string // all broken constraints, as AWS words them
}

// Validate checks a decoded input as a whole; nil is valid. A member that is
// not implemented comes before broken constraints.
func Validate(o *Object, in reflect.Value) *Violation {
	if !o.needs {
		return nil
	}
	var v validator
	v.object(o, in)
	if v.refused == "" && v.count == 0 {
		return nil
	}
	noun := "errors"
	if v.count == 1 {
		noun = "error"
	}
	return &Violation{
		Refused: v.refused, Missing: v.missing,
		Message: fmt.Sprintf("%d validation %s detected: %s", v.count, noun, strings.Join(v.problems, "; ")),
	}
}

func (v *validator) object(o *Object, in reflect.Value) {
	if !o.needs {
		return
	}
	set := 0
	for i := range o.Fields {
		f := &o.Fields[i]
		if !f.needs && !f.required && f.Refused == "" && !o.union {
			continue
		}
		val := in.Field(f.Index)
		if Absent(val) {
			if f.required {
				v.absent(f)
			}
			continue
		}
		set++
		if f.Refused != "" && v.refused == "" {
			v.refuse(f)
		}
		if !f.needs {
			continue
		}
		if f.Pointer {
			val = val.Elem()
		}
		v.path = append(v.path, f.Label)
		v.value(f.Shape, val)
		v.path = v.path[:len(v.path)-1]
	}
	if o.union && set != 1 {
		var names []string
		for i := range o.Fields {
			names = append(names, o.Fields[i].Name)
		}
		v.add(fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must have exactly one of [%s] set", v.at(), strings.Join(names, ", ")))
	}
}

// Absent says whether a member was not given.
func Absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	}
	return false
}

func (v *validator) absent(f *Field) {
	if v.missing == "" {
		v.missing = f.Name
	}
	v.path = append(v.path, f.Label)
	v.add("Value null at '" + v.at() + "' failed to satisfy constraint: Member must not be null")
	v.path = v.path[:len(v.path)-1]
}

func (v *validator) refuse(f *Field) {
	v.path = append(v.path, f.Label)
	v.refused = fmt.Sprintf("%s is not implemented by Signalbox (at '%s')", f.Name, v.at())
	if f.Refused != "not implemented" {
		v.refused += ": " + f.Refused
	}
	v.path = v.path[:len(v.path)-1]
}

// value checks a present value and what it holds.
func (v *validator) value(s *Shape, val reflect.Value) {
	var buf [4]string
	broken := s.breaks(val, buf[:0])
	for _, b := range broken {
		v.add(v.subject(s, val) + " failed to satisfy constraint: " + b)
	}
	switch s.Kind {
	case Structure:
		v.object(s.Object, val)
	case List:
		v.list(s, val)
	case Map:
		v.entries(s, val)
	}
}

// breaks lists the constraints that a value itself breaks.
func (s *Shape) breaks(val reflect.Value, broken []string) []string {
	c := &s.check
	if !c.any() {
		return broken
	}
	switch s.Kind {
	case String:
		return c.text(val.String(), broken)
	case Int:
		return c.value(float64(val.Int()), broken)
	case Float:
		return c.value(val.Float(), broken)
	case Blob, List, Map:
		return c.length(val.Len(), broken)
	}
	return broken
}

func (v *validator) list(s *Shape, val reflect.Value) {
	if !s.Elem.needs {
		return
	}
	scalar := s.Elem.Kind < Structure
	var buf [4]string
	for i := range val.Len() {
		if scalar {
			if len(s.Elem.breaks(val.Index(i), buf[:0])) > 0 {
				v.add(v.subject(s, val) + " failed to satisfy constraint: Member must satisfy constraint: " + s.Elem.check.all(s.Elem.Kind))
				return
			}
			continue
		}
		v.path = append(v.path, strconv.Itoa(i+1), "member")
		v.value(s.Elem, val.Index(i))
		v.path = v.path[:len(v.path)-2]
	}
}

func (v *validator) entries(s *Shape, val reflect.Value) {
	var buf [4]string
	var badKey, badValue bool
	for it := val.MapRange(); it.Next(); {
		if s.key.any() && !badKey && len(s.key.text(it.Key().String(), buf[:0])) > 0 {
			badKey = true
			v.add(v.subject(s, val) + " failed to satisfy constraint: Map keys must satisfy constraint: " + s.key.all(String))
		}
		if !s.Elem.needs {
			continue
		}
		if s.Elem.Kind < Structure {
			if !badValue && len(s.Elem.breaks(it.Value(), buf[:0])) > 0 {
				badValue = true
				v.add(v.subject(s, val) + " failed to satisfy constraint: Map value must satisfy constraint: " + s.Elem.check.all(s.Elem.Kind))
			}
			continue
		}
		v.path = append(v.path, Clip(it.Key().String()), "member")
		v.value(s.Elem, it.Value())
		v.path = v.path[:len(v.path)-2]
	}
}

func (v *validator) add(problem string) {
	v.count++
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, problem)
	}
}

func (v *validator) at() string { return strings.Join(v.path, ".") }

// subject begins a message: the value, unless it is secret or too much to say.
func (v *validator) subject(s *Shape, val reflect.Value) string {
	if text, ok := s.show(val); ok {
		return "Value '" + Clip(text) + "' at '" + v.at() + "'"
	}
	return "Value at '" + v.at() + "'"
}

// show prints a scalar, or a list or map of scalars, unless it is secret.
func (s *Shape) show(val reflect.Value) (string, bool) {
	if s.check.sensitive || s.Elem != nil && s.Elem.check.sensitive || s.key != nil && s.key.sensitive {
		return "", false
	}
	switch s.Kind {
	case String:
		return val.String(), true
	case Int:
		return strconv.FormatInt(val.Int(), 10), true
	case Float:
		return number(val.Float()), true
	case Bool:
		return strconv.FormatBool(val.Bool()), true
	case List:
		return s.showList(val)
	case Map:
		if val.Len() == 0 {
			return "{}", true
		}
	}
	return "", false
}

func (s *Shape) showList(val reflect.Value) (string, bool) {
	var b strings.Builder
	b.WriteByte('[')
	for i := range val.Len() {
		one, ok := s.Elem.show(val.Index(i))
		if !ok {
			return "", false
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(one)
		if b.Len() > maxValueText {
			return b.String(), true
		}
	}
	b.WriteByte(']')
	return b.String(), true
}

// Clip cuts a text that is echoed, at a whole character.
func Clip(s string) string {
	if len(s) <= maxValueText {
		return s
	}
	n := maxValueText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
