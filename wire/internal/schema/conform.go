package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// InBody is an input's plan with all its members in the body. Where two members
// have one name, in different places of a request, the later is known by the
// name that the model gives it.
func (o *Object) InBody() *Object {
	flat := *o
	flat.Payload = nil
	flat.Fields = append([]Field(nil), o.Fields...)
	flat.ByName = map[string]*Field{}
	for i := range flat.Fields {
		f := &flat.Fields[i]
		f.In = InBody
		if flat.ByName[f.Name] != nil {
			f.Name = f.Label
		}
		flat.ByName[f.Name] = f
	}
	return &flat
}

// Conform converts a value to what the shape asks for, where that is clear;
// everything else stays for the decoder to refuse.
func Conform(v any, s *Shape) any {
	switch s.Kind {
	case String, Time:
		switch v := v.(type) {
		case string, nil:
			return v
		case bool, json.Number, float64, int:
			if s.Kind == String {
				return fmt.Sprint(v)
			}
		case map[string]any, []any:
			var text bytes.Buffer
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false)
			if err := e.Encode(v); err == nil {
				return strings.TrimSuffix(text.String(), "\n")
			}
		}
	case Bool:
		switch v {
		case "true", "True":
			return true
		case "false", "False":
			return false
		}
	case Int, Float:
		if text, ok := v.(string); ok && json.Valid([]byte(text)) && strings.Trim(text, "0123456789+-.eE") == "" {
			return json.Number(text)
		}
	case List:
		if list, ok := v.([]any); ok {
			out := make([]any, len(list))
			for i := range list {
				out[i] = Conform(list[i], s.Elem)
			}
			return out
		}
	case Map:
		if m, ok := v.(map[string]any); ok {
			out := make(map[string]any, len(m))
			for key := range m {
				out[key] = Conform(m[key], s.Elem)
			}
			return out
		}
	case Structure:
		if m, ok := v.(map[string]any); ok {
			out := make(map[string]any, len(m))
			for key := range m {
				name, shape := member(s.Object, key)
				if shape == nil {
					out[key] = m[key]
					continue
				}
				out[name] = Conform(m[key], shape)
			}
			return out
		}
	}
	return v
}

// member finds a structure's member by its name, whatever its first letter's case.
func member(o *Object, name string) (string, *Shape) {
	if f := o.ByName[name]; f != nil {
		return name, f.Shape
	}
	if name == "" {
		return name, nil
	}
	for _, other := range []string{strings.ToLower(name[:1]) + name[1:], strings.ToUpper(name[:1]) + name[1:]} {
		if f := o.ByName[other]; f != nil {
			return other, f.Shape
		}
	}
	return name, nil
}
