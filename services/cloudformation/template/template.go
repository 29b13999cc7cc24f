// Package template reads CloudFormation templates and works out what they say.
//
// A template passes through it in three steps: [Parse] reads JSON or YAML into a
// [Template], with the short forms of functions (!Ref) written out, and refuses
// whatever is unknown, refers to nothing or goes round in circles;
// [Template.Bind] holds the parameters' values against their declarations; a
// [Scope] then evaluates conditions, and functions as resources get their names.
//
// It promises that no text, however odd, makes it panic or take more than time
// and memory in proportion to the text; and that errors are in CloudFormation's
// words and name what is wrong. Values are those of JSON: map[string]any, []any,
// string, bool, json.Number and nil.
package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Quotas of CloudFormation (user guide, page cloudformation-limits).
const (
	MaxBody       = 51200   // bytes of a template that a request carries
	MaxParameters = 200     // in a template
	MaxMappings   = 200     // in a template
	MaxResources  = 500     // in a template
	MaxOutputs    = 200     // in a template
	maxDepth      = 100     // of values
	maxResolved   = 1 << 20 // bytes of a text that functions make
)

// Template is a template that was read and is sound in itself.
type Template struct {
	Description string
	Metadata    any
	Parameters  map[string]*Parameter
	Mappings    map[string]map[string]map[string]any
	Conditions  map[string]any
	Resources   map[string]*Resource
	Outputs     map[string]*Output
	Transforms  []string // names of macros
}

// Resource is a thing to be made.
type Resource struct {
	Type           string
	Properties     map[string]any
	Metadata       any
	DependsOn      []string
	Condition      string // "" for always
	DeletionPolicy string // Delete, Retain or RetainExceptOnCreate
	ReplacePolicy  string // UpdateReplacePolicy: Delete or Retain
}

// Output is a value that a stack tells.
type Output struct {
	Description string
	Value       any
	Export      any // the exported name, nil where it is not exported
	Condition   string
}

// Error is what is wrong with a template or its parameters, in CloudFormation's words.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func invalid(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

func malformed(format string, args ...any) error {
	return invalid("Template format error: "+format, args...)
}

var logicalID = regexp.MustCompile(`^[a-zA-Z0-9]{1,255}$`)

// Parse reads a template in JSON or YAML.
func Parse(text string) (*Template, error) {
	root, err := read(text)
	if err != nil {
		return nil, err
	}
	top, ok := root.(map[string]any)
	if !ok {
		return nil, malformed("unsupported structure.")
	}
	if path := null(top, ""); path != "" {
		return nil, invalid("[%s] 'null' values are not allowed in templates", path)
	}
	t := &Template{Parameters: map[string]*Parameter{}, Mappings: map[string]map[string]map[string]any{}, Conditions: map[string]any{}, Resources: map[string]*Resource{}, Outputs: map[string]*Output{}}
	var unknown []string
	for _, section := range slices.Sorted(maps.Keys(top)) {
		read, ok := sections[section]
		if !ok {
			unknown = append(unknown, section)
			continue
		}
		if err := read(t, top[section]); err != nil {
			return nil, err
		}
	}
	if len(unknown) > 0 {
		return nil, invalid("Invalid template property or properties [%s]", strings.Join(unknown, ", "))
	}
	if len(t.Transforms) > 0 {
		return t, invalid("Transform %s is not implemented by Signalbox", strings.Join(t.Transforms, ", "))
	}
	if len(t.Resources) == 0 {
		return nil, malformed("At least one Resources member must be defined.")
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}

// null is the path of a member that is null, "" where there is none. Metadata,
// which nothing here reads, may have some.
func null(m map[string]any, path string) string {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		where := path + "/" + name
		switch v := m[name].(type) {
		case nil:
			return where
		case map[string]any:
			if name == "Metadata" {
				continue
			}
			if found := null(v, where); found != "" {
				return found
			}
		}
	}
	return ""
}

// sections are the parts of a template and how each is read.
var sections = map[string]func(*Template, any) error{
	"AWSTemplateFormatVersion": func(t *Template, v any) error {
		if v != "2010-09-09" {
			return malformed("%v is not a supported value for AWSTemplateFormatVersion.", v)
		}
		return nil
	},
	"Description": func(t *Template, v any) error {
		text, ok := v.(string)
		if !ok || len(text) > 1024 {
			return malformed("Description must be a text of at most 1024 bytes.")
		}
		t.Description = text
		return nil
	},
	"Metadata":  func(t *Template, v any) error { t.Metadata = v; return nil },
	"Transform": readTransform,
	"Rules": func(*Template, any) error {
		return invalid("The section Rules of templates is not implemented by Signalbox")
	},
	"Hooks": func(*Template, any) error {
		return invalid("The section Hooks of templates is not implemented by Signalbox")
	},
	"Parameters": func(t *Template, v any) error {
		return members(v, "Parameters", MaxParameters, func(name string, m map[string]any) error {
			p, err := readParameter(name, m)
			t.Parameters[name] = p
			return err
		})
	},
	"Mappings":   readMappings,
	"Conditions": readConditions,
	"Resources": func(t *Template, v any) error {
		return members(v, "Resources", MaxResources, func(name string, m map[string]any) error {
			r, err := readResource(name, m)
			t.Resources[name] = r
			return err
		})
	},
	"Outputs": func(t *Template, v any) error {
		return members(v, "Outputs", MaxOutputs, func(name string, m map[string]any) error {
			o, err := readOutput(name, m)
			t.Outputs[name] = o
			return err
		})
	},
}

// members reads the named members of a section, in the order of their names.
func members(v any, section string, most int, read func(name string, m map[string]any) error) error {
	all, ok := v.(map[string]any)
	if !ok {
		return malformed("Every %s object must be a map.", section)
	}
	if len(all) > most {
		return malformed("Number of %s, %d, is greater than maximum allowed, %d", strings.ToLower(section), len(all), most)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !logicalID.MatchString(name) {
			return malformed("%s name %s is non alphanumeric.", strings.TrimSuffix(section, "s"), name)
		}
		m, ok := all[name].(map[string]any)
		if !ok {
			switch section {
			case "Resources":
				return malformed("Any Resources member must be an object.")
			case "Mappings":
				return malformed("Every Mappings member %s must be a map", name)
			}
			return malformed("Every %s member must be an object; %s is not.", section, name)
		}
		if err := read(name, m); err != nil {
			return err
		}
	}
	return nil
}

func readTransform(t *Template, v any) error {
	names, ok := v.([]any)
	if !ok {
		names = []any{v}
	}
	for _, n := range names {
		name, ok := n.(string)
		if m, isMap := n.(map[string]any); isMap {
			name, ok = m["Name"].(string)
		}
		if !ok {
			return malformed("Transform must be a macro's name or a list of such.")
		}
		t.Transforms = append(t.Transforms, name)
	}
	return nil
}

func readMappings(t *Template, v any) error {
	return members(v, "Mappings", MaxMappings, func(name string, m map[string]any) error {
		t.Mappings[name] = map[string]map[string]any{}
		for _, top := range slices.Sorted(maps.Keys(m)) {
			values, ok := m[top].(map[string]any)
			if !ok {
				return malformed("Every Mappings member %s must be a map", top)
			}
			for _, value := range values {
				switch value := value.(type) {
				case map[string]any, nil:
					return malformed("Every Mappings attribute must be a String or a List.")
				case []any:
					for _, item := range value {
						if !scalar(item) {
							return malformed("Every Mappings attribute must be a String or a List.")
						}
					}
				}
			}
			t.Mappings[name][top] = values
		}
		return nil
	})
}

func readConditions(t *Template, v any) error {
	all, ok := v.(map[string]any)
	if !ok {
		return malformed("Conditions must be an object.")
	}
	for name, c := range all {
		if !logicalID.MatchString(name) {
			return malformed("Condition name %s is non alphanumeric.", name)
		}
		if _, ok := c.(map[string]any); !ok {
			return malformed("Every Conditions member must be a string or a condition function: %s.", name)
		}
		t.Conditions[name] = c
	}
	return nil
}

func scalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any, nil:
		return false
	}
	return true
}
