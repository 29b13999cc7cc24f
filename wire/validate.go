package wire

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
	missing  string // label of the first absent required member
	refused  *Error
}

// validate checks a decoded input as a whole. A member that is not implemented
// comes before broken constraints.
func (s *Service) validate(o *object, in reflect.Value, p Protocol) *Error {
	if !o.needs {
		return nil
	}
	var v validator
	v.object(o, in)
	if v.refused != nil {
		v.refused.Code = s.validationCode(p)
		return v.refused
	}
	if v.missing != "" && s.MissingCode != "" {
		return &Error{Code: s.MissingCode, Message: strings.ReplaceAll(s.MissingText, "{member}", v.missing)}
	}
	if v.count == 0 {
		return nil
	}
	noun := "errors"
	if v.count == 1 {
		noun = "error"
	}
	return Errorf(s.validationCode(p), "%d validation %s detected: %s", v.count, noun, strings.Join(v.problems, "; "))
}

// validationCode is the code of errors about an input's form.
func (s *Service) validationCode(p Protocol) string {
	switch {
	case s.ValidationCode != "":
		return s.ValidationCode
	case p == Query || p == RestXML:
		return CodeQueryValidation
	}
	return CodeValidation
}

func (v *validator) object(o *object, in reflect.Value) {
	if !o.needs {
		return
	}
	set := 0
	for i := range o.fields {
		f := &o.fields[i]
		if !f.needs && !f.required && f.refused == "" && !o.union {
			continue
		}
		val := in.Field(f.index)
		if absent(val) {
			if f.required {
				v.absent(f)
			}
			continue
		}
		set++
		if f.refused != "" && v.refused == nil {
			v.refuse(f)
		}
		if !f.needs {
			continue
		}
		if f.pointer {
			val = val.Elem()
		}
		v.path = append(v.path, f.label)
		v.value(f.shape, val)
		v.path = v.path[:len(v.path)-1]
	}
	if o.union && set != 1 {
		var names []string
		for i := range o.fields {
			names = append(names, o.fields[i].name)
		}
		v.add(fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must have exactly one of [%s] set", v.at(), strings.Join(names, ", ")))
	}
}

// absent says whether a member was not given.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	}
	return false
}

func (v *validator) absent(f *field) {
	if v.missing == "" {
		v.missing = f.name
	}
	v.path = append(v.path, f.label)
	v.add("Value null at '" + v.at() + "' failed to satisfy constraint: Member must not be null")
	v.path = v.path[:len(v.path)-1]
}

func (v *validator) refuse(f *field) {
	v.path = append(v.path, f.label)
	v.refused = Errorf("", "%s is not implemented by Signalbox (at '%s')", f.name, v.at())
	if f.refused != "not implemented" {
		v.refused.Message += ": " + f.refused
	}
	v.path = v.path[:len(v.path)-1]
}

// value checks a present value and what it holds.
func (v *validator) value(s *shape, val reflect.Value) {
	var buf [4]string
	broken := s.breaks(val, buf[:0])
	for _, b := range broken {
		v.add(v.subject(s, val) + " failed to satisfy constraint: " + b)
	}
	switch s.kind {
	case structKind:
		v.object(s.object, val)
	case listKind:
		v.list(s, val)
	case mapKind:
		v.entries(s, val)
	}
}

// breaks lists the constraints that a value itself breaks.
func (s *shape) breaks(val reflect.Value, broken []string) []string {
	c := &s.check
	if !c.any() {
		return broken
	}
	switch s.kind {
	case stringKind:
		return c.text(val.String(), broken)
	case intKind:
		return c.value(float64(val.Int()), broken)
	case floatKind:
		return c.value(val.Float(), broken)
	case blobKind, listKind, mapKind:
		return c.length(val.Len(), broken)
	}
	return broken
}

func (v *validator) list(s *shape, val reflect.Value) {
	if !s.elem.needs {
		return
	}
	scalar := s.elem.kind < structKind
	var buf [4]string
	for i := range val.Len() {
		if scalar {
			if len(s.elem.breaks(val.Index(i), buf[:0])) > 0 {
				v.add(v.subject(s, val) + " failed to satisfy constraint: Member must satisfy constraint: " + s.elem.check.all(s.elem.kind))
				return
			}
			continue
		}
		v.path = append(v.path, strconv.Itoa(i+1), "member")
		v.value(s.elem, val.Index(i))
		v.path = v.path[:len(v.path)-2]
	}
}

func (v *validator) entries(s *shape, val reflect.Value) {
	var buf [4]string
	var badKey, badValue bool
	for it := val.MapRange(); it.Next(); {
		if s.key.any() && !badKey && len(s.key.text(it.Key().String(), buf[:0])) > 0 {
			badKey = true
			v.add(v.subject(s, val) + " failed to satisfy constraint: Map keys must satisfy constraint: " + s.key.all(stringKind))
		}
		if !s.elem.needs {
			continue
		}
		if s.elem.kind < structKind {
			if !badValue && len(s.elem.breaks(it.Value(), buf[:0])) > 0 {
				badValue = true
				v.add(v.subject(s, val) + " failed to satisfy constraint: Map value must satisfy constraint: " + s.elem.check.all(s.elem.kind))
			}
			continue
		}
		v.path = append(v.path, clip(it.Key().String()), "member")
		v.value(s.elem, it.Value())
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
func (v *validator) subject(s *shape, val reflect.Value) string {
	if text, ok := s.show(val); ok {
		return "Value '" + clip(text) + "' at '" + v.at() + "'"
	}
	return "Value at '" + v.at() + "'"
}

// show prints a scalar, or a list or map of scalars, unless it is secret.
func (s *shape) show(val reflect.Value) (string, bool) {
	if s.check.sensitive || s.elem != nil && s.elem.check.sensitive || s.key != nil && s.key.sensitive {
		return "", false
	}
	switch s.kind {
	case stringKind:
		return val.String(), true
	case intKind:
		return strconv.FormatInt(val.Int(), 10), true
	case floatKind:
		return number(val.Float()), true
	case boolKind:
		return strconv.FormatBool(val.Bool()), true
	case listKind:
		return s.showList(val)
	case mapKind:
		if val.Len() == 0 {
			return "{}", true
		}
	}
	return "", false
}

func (s *shape) showList(val reflect.Value) (string, bool) {
	var b strings.Builder
	b.WriteByte('[')
	for i := range val.Len() {
		one, ok := s.elem.show(val.Index(i))
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

// clip cuts a text that is echoed, at a whole character.
func clip(s string) string {
	if len(s) <= maxValueText {
		return s
	}
	n := maxValueText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
