package template

import (
	"fmt"
	"slices"
	"strings"
)

// fields reads the members of an object by name, and refuses those that it has
// no reader for.
type fields map[string]func(v any) error

func (f fields) read(where string, m map[string]any) error {
	var unknown []string
	for name, v := range m {
		read, ok := f[name]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		if err := read(v); err != nil {
			return err
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		if where == "resource" {
			return invalid("Invalid template resource property '%s'", unknown[0])
		}
		return malformed("Invalid template %s property or properties [%s]", where, strings.Join(unknown, ", "))
	}
	return nil
}

// text reads a member that is a string.
func text(where string, to *string) func(any) error {
	return func(v any) error {
		s, ok := v.(string)
		if !ok {
			return malformed("%s must be a string.", where)
		}
		*to = s
		return nil
	}
}

func readResource(name string, m map[string]any) (*Resource, error) {
	r := &Resource{Properties: map[string]any{}, DeletionPolicy: "Delete", ReplacePolicy: "Delete"}
	where := "Resources/" + name + "/"
	unimplemented := func(member string) func(any) error {
		return func(any) error {
			return invalid("%s of the resource %s is not implemented by Signalbox", member, name)
		}
	}
	err := fields{
		"Type": text(where+"Type", &r.Type),
		"Properties": func(v any) error {
			m, ok := v.(map[string]any)
			if !ok {
				return malformed("Every Properties member must be an object: %s.", name)
			}
			r.Properties = m
			return nil
		},
		"Metadata":  func(v any) error { r.Metadata = v; return nil },
		"Condition": text(where+"Condition", &r.Condition),
		"DependsOn": func(v any) error {
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, d := range list {
				other, ok := d.(string)
				if !ok {
					return malformed("Every DependsOn value must be a string or a list of strings: %s.", name)
				}
				r.DependsOn = append(r.DependsOn, other)
			}
			return nil
		},
		"DeletionPolicy":      policy(where+"DeletionPolicy", &r.DeletionPolicy, "Delete", "Retain", "RetainExceptOnCreate"),
		"UpdateReplacePolicy": policy(where+"UpdateReplacePolicy", &r.ReplacePolicy, "Delete", "Retain"),
		"CreationPolicy":      unimplemented("CreationPolicy"),
		"UpdatePolicy":        unimplemented("UpdatePolicy"),
	}.read("resource", m)
	if err == nil && r.Type == "" {
		err = malformed("[/Resources/%s] Every Resources object must contain a Type member.", name)
	}
	return r, err
}

func policy(where string, to *string, of ...string) func(any) error {
	return func(v any) error {
		s, _ := v.(string)
		if s == "Snapshot" {
			return invalid("The value Snapshot of %s is not implemented by Signalbox", where)
		}
		if !slices.Contains(of, s) {
			return malformed("Unrecognized %s %v", where, v)
		}
		*to = s
		return nil
	}
}

func readOutput(name string, m map[string]any) (*Output, error) {
	o := &Output{}
	err := fields{
		"Description": text("Outputs/"+name+"/Description", &o.Description),
		"Value":       func(v any) error { o.Value = v; return nil },
		"Condition":   text("Outputs/"+name+"/Condition", &o.Condition),
		"Export": func(v any) error {
			m, _ := v.(map[string]any)
			if len(m) != 1 || m["Name"] == nil {
				return malformed("Output %s is malformed. The Name field of every Export member must be specified.", name)
			}
			o.Export = m["Name"]
			return nil
		},
	}.read("output", m)
	if err == nil && o.Value == nil {
		err = malformed("Every Outputs member must contain a Value object")
	}
	return o, err
}

// asText is a scalar as CloudFormation writes it.
func asText(v any) (string, bool) {
	if !scalar(v) {
		return "", false
	}
	return fmt.Sprint(v), true
}
