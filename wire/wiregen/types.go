package main

import (
	"fmt"
	"slices"
	"strings"
)

// top writes an operation's input or output; an operation without one gets an
// empty structure, so that all methods look the same.
func (e *emitter) top(name string, r *ref) error {
	if r == nil {
		e.printf("type %s struct{}\n\n", name)
		return nil
	}
	return e.structure(name, e.m.Shapes[r.Shape], r.Shape)
}

// structure writes a Go struct for a structure shape.
func (e *emitter) structure(name string, s *shape, shapeName string) error {
	if s.EventStream {
		return fmt.Errorf("%s is an event stream, which wiregen does not know", shapeName)
	}
	switch {
	case s.Union && e.inputs[shapeName]:
		e.printf("// %s is a union: exactly one member is set.\n", name)
	case s.Union:
		e.printf("// %s is a union: one member is set.\n", name)
	}
	if len(s.Members) == 0 {
		e.printf("type %s struct{}\n\n", name)
		return nil
	}
	e.printf("type %s struct {\n", name)
	if s.Union {
		e.printf("_ struct{} `wire:\",union\"`\n")
	}
	seen := map[string]bool{}
	for _, m := range s.Members {
		field := goName(m.name)
		if seen[field] {
			return fmt.Errorf("%s has two members that are %s in Go", shapeName, field)
		}
		seen[field] = true
		refusal, refused := e.l.refused[shapeName+"."+m.name]
		if refused {
			if e.inputs[shapeName] {
				e.refused[shapeName+"."+m.name] = true
			}
			if refusal == "" {
				refusal = "not implemented"
			}
		}
		typ, err := e.goType(m.ref, e.plain(s, shapeName, m))
		if err != nil {
			return fmt.Errorf("%s.%s: %w", shapeName, m.name, err)
		}
		if e.inputs[shapeName] {
			e.noteOdd(shapeName+"."+m.name, e.m.Shapes[m.Shape].Pattern)
		}
		e.printf("%s %s %s\n", field, typ, e.fieldTag(s, m, refusal, e.inputs[shapeName]))
	}
	e.printf("}\n\n")
	return nil
}

// plain says whether a scalar is a plain value that is always written: a number
// or boolean that travels only in answers and is required or can have no
// absent state.
func (e *emitter) plain(owner *shape, ownerName string, m member) bool {
	if e.inputs[ownerName] || owner.Union || m.Location != "" {
		return false
	}
	s := e.m.Shapes[m.Shape]
	switch s.Type {
	case "integer", "long", "short", "float", "double", "boolean", "bigdecimal":
	default:
		return false
	}
	if slices.Contains(owner.Required, m.name) {
		return true
	}
	if e.l.optional[ownerName+"."+m.name] {
		return false
	}
	boxed := s.Box || m.Box || strings.HasPrefix(m.Shape, "Nullable") || strings.HasPrefix(m.Shape, "Boxed")
	return !boxed && bound(s.Min) == "" && bound(s.Max) == ""
}

// goType is the Go type of a member.
func (e *emitter) goType(r ref, plain bool) (string, error) {
	s := e.m.Shapes[r.Shape]
	if r.Streaming || s.Streaming {
		e.imports["io"] = true
		return "io.ReadCloser", nil
	}
	t, err := e.bare(r)
	if err != nil {
		return "", err
	}
	switch s.Type {
	case "list", "map", "blob":
		return t, nil
	case "structure":
		if s.Document {
			return t, nil
		}
	}
	if plain {
		return t, nil
	}
	return "*" + t, nil
}

// bare is the Go type of a shape as an element: without the pointer that
// stands for absence.
func (e *emitter) bare(r ref) (string, error) {
	s := e.m.Shapes[r.Shape]
	switch s.Type {
	case "string", "character":
		return "string", nil
	case "integer", "short":
		return "int32", nil
	case "long":
		return "int64", nil
	case "float", "double":
		return "float64", nil
	case "boolean":
		return "bool", nil
	case "timestamp":
		return "wire.Time", nil
	case "blob":
		return "[]byte", nil
	case "structure":
		if s.Document {
			return "wire.Document", nil
		}
		return e.typeName(r.Shape), nil
	case "list":
		t, err := e.bare(*s.Member)
		return "[]" + t, err
	case "map":
		t, err := e.bare(*s.Value)
		return "map[string]" + t, err
	}
	return "", fmt.Errorf("shape %s is of type %q, which wiregen does not know", r.Shape, s.Type)
}

// errorTypes writes the codes of the service's errors and the structures of
// those that carry more than a message.
func (e *emitter) errorTypes() {
	if len(e.errors) == 0 {
		return
	}
	e.printf("// The codes of the service's own errors, for wire.Errorf.\nconst (\n")
	for _, name := range e.errors {
		e.printf("Code%s = %q\n", goName(name), name)
	}
	e.printf(")\n\n")
	for _, name := range e.errors {
		s := *e.m.Shapes[name]
		s.Members = slices.DeleteFunc(slices.Clone(s.Members), func(m member) bool {
			return strings.EqualFold(m.name, "message")
		})
		if len(s.Members) == 0 {
			continue
		}
		goType := e.typeName(name)
		e.printf("// %s holds what the error of that code carries beside its message (wire.Error.Detail).\n", goType)
		if err := e.structure(goType, &s, name); err != nil {
			e.printf("// %v\n", err)
		}
	}
}

// enums writes constants for the values of the enumerations in use.
func (e *emitter) enums() {
	const most = 24 // more are read better in AWS's documentation
	var names []string
	for name := range e.used {
		if n := len(e.m.Shapes[name].Enum); n > 0 && n <= most {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		var lines []string
		for _, v := range e.m.Shapes[name].Enum {
			c := enumName(name, v)
			if e.names[c] != "" {
				continue
			}
			e.names[c] = name
			lines = append(lines, fmt.Sprintf("%s = %q\n", c, v))
		}
		e.printf("// Values of %s.\nconst (\n%s)\n\n", name, strings.Join(lines, ""))
	}
}
