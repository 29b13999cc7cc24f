package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// Invoke calls an operation from inside the server, for whoever speaks to a
// service without knowing its types: in and out are its members as JSON values
// (numbers of out are json.Number), wherever the protocol would put them. in is
// validated as a client's input is, and errors are those that a client would see.
//
// Members are found also where their first letter's case differs, and scalars
// and JSON are converted to what the member is: "5" to 5, true to "true", an
// object to its text. This is how CloudFormation's templates write them.
func (s *Service) Invoke(ctx context.Context, req *Request, operation string, in map[string]any) (map[string]any, error) {
	c := &call{s: s, req: req, protocol: JSON, name: operation}
	op := s.byName[operation]
	if op == nil {
		return nil, c.absent()
	}
	v := reflect.ValueOf(op.newIn())
	plan := inBody(op.plan.in)
	body, err := json.Marshal(conform(in, &schema.Shape{Kind: schema.Structure, Object: plan}))
	if err != nil {
		return nil, fmt.Errorf("writing the input of %s.%s: %w", s.Name, operation, err)
	}
	if err := decodeJSON(body, plan, v.Elem()); err != nil {
		return nil, c.unreadable(err)
	}
	if bad := schema.Validate(op.plan.in, v.Elem()); bad != nil {
		return nil, s.invalid(bad, s.Protocols[0])
	}
	req.Service, req.Operation = s.Name, operation
	ctx = NewContext(ctx, req)
	if e := c.authorized(ctx, v.Interface()); e != nil {
		return nil, e
	}
	out, err := op.call(ctx, v.Interface())
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(appendObject(nil, op.plan.out, reflect.ValueOf(out).Elem(), nil)))
	dec.UseNumber()
	var answer map[string]any
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("reading the output of %s.%s: %w", s.Name, operation, err)
	}
	return answer, nil
}

// inBody is an input's plan with all its members in the body. Where two members
// have one name, in different places of a request, the later is known by the
// name that the model gives it.
func inBody(o *schema.Object) *schema.Object {
	flat := *o
	flat.Payload = nil
	flat.Fields = append([]schema.Field(nil), o.Fields...)
	flat.ByName = map[string]*schema.Field{}
	for i := range flat.Fields {
		f := &flat.Fields[i]
		f.In = schema.InBody
		if flat.ByName[f.Name] != nil {
			f.Name = f.Label
		}
		flat.ByName[f.Name] = f
	}
	return &flat
}

// conform converts a value to what the shape asks for, where that is clear;
// everything else stays for the decoder to refuse.
func conform(v any, s *schema.Shape) any {
	switch s.Kind {
	case schema.String, schema.Time:
		switch v := v.(type) {
		case string, nil:
			return v
		case bool, json.Number, float64, int:
			if s.Kind == schema.String {
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
	case schema.Bool:
		switch v {
		case "true", "True":
			return true
		case "false", "False":
			return false
		}
	case schema.Int, schema.Float:
		if text, ok := v.(string); ok && json.Valid([]byte(text)) && strings.Trim(text, "0123456789+-.eE") == "" {
			return json.Number(text)
		}
	case schema.List:
		if list, ok := v.([]any); ok {
			out := make([]any, len(list))
			for i := range list {
				out[i] = conform(list[i], s.Elem)
			}
			return out
		}
	case schema.Map:
		if m, ok := v.(map[string]any); ok {
			out := make(map[string]any, len(m))
			for key := range m {
				out[key] = conform(m[key], s.Elem)
			}
			return out
		}
	case schema.Structure:
		if m, ok := v.(map[string]any); ok {
			out := make(map[string]any, len(m))
			for key := range m {
				name, shape := member(s.Object, key)
				if shape == nil {
					out[key] = m[key]
					continue
				}
				out[name] = conform(m[key], shape)
			}
			return out
		}
	}
	return v
}

// member finds a structure's member by its name, whatever its first letter's case.
func member(o *schema.Object, name string) (string, *schema.Shape) {
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
