package template

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Scope is where a template's values are worked out.
type Scope struct {
	Template   *Template
	Parameters map[string]string // bound
	Pseudo     map[string]any    // "AWS::Region" and so on
	Zones      []string          // of the region
	// Ref and Attribute tell of the resources that were made.
	Ref       func(resource string) (string, error)
	Attribute func(resource, attribute string) (any, error)
	// Import finds a value that another stack exports.
	Import func(name string) (string, error)

	conditions map[string]bool
}

// Decide evaluates the conditions. It is needed before Included and Resolve.
func (s *Scope) Decide() error {
	s.conditions = map[string]bool{}
	bare := *s // conditions know no resources
	bare.Ref, bare.Attribute, bare.Import = nil, nil, nil
	for _, name := range slices.Sorted(maps.Keys(s.Template.Conditions)) {
		if _, err := bare.decide(name, nil); err != nil {
			return err
		}
	}
	return nil
}

// Included says whether a condition holds; the empty one does.
func (s *Scope) Included(condition string) bool { return condition == "" || s.conditions[condition] }

func (s *Scope) decide(name string, on []string) (bool, error) {
	if v, ok := s.conditions[name]; ok {
		return v, nil
	}
	if slices.Contains(on, name) {
		return false, invalid("Template error: circular dependency between conditions: [%s]", strings.Join(on, ", "))
	}
	c, ok := s.Template.Conditions[name]
	if !ok {
		return false, malformed("Unresolved condition dependency %s in the Conditions block of the template", name)
	}
	v, err := s.condition(c, append(on, name))
	if err == nil {
		s.conditions[name] = v
	}
	return v, err
}

// condition evaluates a condition function.
func (s *Scope) condition(v any, on []string) (bool, error) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return false, invalid("Template error: %s is not a condition function", on[0])
	}
	if name, ok := m["Condition"].(string); ok {
		return s.decide(name, on)
	}
	name, arg, is, err := function(m)
	if err != nil {
		return false, err
	}
	list, isList := arg.([]any)
	switch {
	case !is || !isList:
	case name == "Fn::Equals" && len(list) == 2:
		a, err := s.Resolve(list[0])
		if err != nil {
			return false, err
		}
		b, err := s.Resolve(list[1])
		if err != nil {
			return false, err
		}
		return fmt.Sprint(a) == fmt.Sprint(b), nil
	case name == "Fn::Not" && len(list) == 1:
		v, err := s.condition(list[0], on)
		return !v, err
	case (name == "Fn::And" || name == "Fn::Or") && len(list) >= 2 && len(list) <= 10:
		result := name == "Fn::And"
		for _, item := range list {
			v, err := s.condition(item, on)
			if err != nil {
				return false, err
			}
			if name == "Fn::And" {
				result = result && v
			} else {
				result = result || v
			}
		}
		return result, nil
	}
	return false, invalid("Template error: every condition must be Fn::Equals of two, Fn::Not of one, Fn::And or Fn::Or of 2 to 10, or Condition; %s is not", on[0])
}

// noValue is what AWS::NoValue stands for: it takes its member away.
type noValue struct{}

// Resolve works out a value; nil for AWS::NoValue.
func (s *Scope) Resolve(v any) (any, error) {
	r, err := s.resolve(v)
	if _, none := r.(noValue); none {
		return nil, err
	}
	return r, err
}

// Properties works out a resource's properties.
func (s *Scope) Properties(resource string) (map[string]any, error) {
	v, err := s.Resolve(s.Template.Resources[resource].Properties)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("Template error: the properties of %s are not an object", resource)
	}
	return m, nil
}

func (s *Scope) resolve(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		list := make([]any, 0, len(v))
		for _, item := range v {
			r, err := s.resolve(item)
			if err != nil {
				return nil, err
			}
			if _, none := r.(noValue); !none {
				list = append(list, r)
			}
		}
		return list, nil
	case map[string]any:
		name, arg, is, err := function(v)
		if err != nil {
			return nil, err
		}
		if is {
			return s.call(name, arg)
		}
		m := make(map[string]any, len(v))
		for key, item := range v {
			r, err := s.resolve(item)
			if err != nil {
				return nil, err
			}
			if _, none := r.(noValue); !none {
				m[key] = r
			}
		}
		return m, nil
	}
	return v, nil
}

func (s *Scope) call(name string, arg any) (any, error) {
	switch name {
	case "Ref":
		target, _ := arg.(string)
		return s.ref(target)
	case "Fn::GetAtt":
		target, attribute, err := getAttArguments(arg)
		if err != nil {
			return nil, err
		}
		a, err := s.text(name, attribute)
		if err != nil {
			return nil, err
		}
		return s.attribute(target, a)
	case "Fn::Sub":
		return s.sub(arg)
	case "Fn::If":
		list, _ := arg.([]any)
		if len(list) != 3 {
			return nil, invalid("Template error: Fn::If requires a list argument with three elements")
		}
		condition, _ := list[0].(string)
		holds, err := s.decide(condition, nil)
		if err != nil {
			return nil, err
		}
		if holds {
			return s.resolve(list[1])
		}
		return s.resolve(list[2])
	case "Fn::Base64":
		text, err := s.text(name, arg)
		return base64.StdEncoding.EncodeToString([]byte(text)), err
	case "Fn::GetAZs":
		zones := make([]any, len(s.Zones))
		for i, z := range s.Zones {
			zones[i] = z
		}
		return zones, nil
	case "Fn::Cidr":
		return s.cidr(arg)
	case "Fn::ImportValue":
		text, err := s.text(name, arg)
		if err != nil {
			return nil, err
		}
		if s.Import == nil {
			return nil, invalid("Template error: Fn::ImportValue cannot be used here")
		}
		return s.Import(text)
	case "Fn::Join", "Fn::Select", "Fn::Split", "Fn::FindInMap":
		return s.listFunction(name, arg)
	}
	return nil, invalid("Template error: %s cannot be used here", name)
}

func (s *Scope) ref(target string) (any, error) {
	if target == "AWS::NoValue" {
		return noValue{}, nil
	}
	if p := s.Template.Parameters[target]; p != nil {
		text, ok := s.Parameters[target]
		if !ok {
			return nil, invalid("Parameters: [%s] must have values", target)
		}
		return p.value(text), nil
	}
	if v, ok := s.Pseudo[target]; ok {
		return v, nil
	}
	if s.Template.Resources[target] == nil || s.Ref == nil {
		return nil, invalid("Template error: unresolved dependency %s: it cannot be referenced here", target)
	}
	return s.Ref(target)
}

func (s *Scope) attribute(target, attribute string) (any, error) {
	if s.Template.Resources[target] == nil || s.Attribute == nil {
		return nil, invalid("Template error: instance of Fn::GetAtt references undefined resource %s", target)
	}
	return s.Attribute(target, attribute)
}

func (s *Scope) sub(arg any) (any, error) {
	text, own, err := subArguments(arg)
	if err != nil {
		return nil, err
	}
	return substitute(text, func(name string) (string, error) {
		if v, ok := own[name]; ok {
			return s.text("Fn::Sub", v)
		}
		var v any
		var err error
		if target, attribute, found := strings.Cut(name, "."); found {
			v, err = s.attribute(target, attribute)
		} else {
			v, err = s.ref(name)
		}
		if err != nil {
			return "", err
		}
		t, ok := asText(v)
		if !ok {
			return "", invalid("Template error: variable %s in Fn::Sub does not resolve to a string", name)
		}
		return t, nil
	})
}

// text resolves a value that must be a string.
func (s *Scope) text(function string, v any) (string, error) {
	r, err := s.Resolve(v)
	if err != nil {
		return "", err
	}
	t, ok := asText(r)
	if !ok {
		return "", invalid("Template error: every %s object must have a String-typed value.", function)
	}
	return t, nil
}

// listFunction evaluates a function whose argument is a list.
func (s *Scope) listFunction(name string, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) < 2 || len(list) > 3 || len(list) == 3 && name != "Fn::FindInMap" {
		return nil, invalid("Template error: %s got a wrong number of arguments", name)
	}
	first, err := s.text(name, list[0])
	if err != nil {
		return nil, err
	}
	switch name {
	case "Fn::FindInMap":
		return s.findInMap(first, list[1:])
	case "Fn::Split":
		text, err := s.text(name, list[1])
		if err != nil {
			return nil, err
		}
		if first == "" {
			return nil, invalid("Template error: every Fn::Split object requires a delimiter that is not empty")
		}
		parts := []any{}
		for _, part := range strings.Split(text, first) {
			parts = append(parts, part)
		}
		return parts, nil
	}
	v, err := s.Resolve(list[1])
	if err != nil {
		return nil, err
	}
	items, ok := v.([]any)
	if !ok {
		return nil, invalid("Template error: every %s object requires a list of values as second argument", name)
	}
	if name == "Fn::Select" {
		i, err := strconv.Atoi(first)
		if err != nil || i < 0 || i >= len(items) {
			return nil, invalid("Template error: Fn::Select cannot select nonexistent value at index %s", first)
		}
		return items[i], nil
	}
	texts := make([]string, len(items))
	length := 0
	for i := range items {
		if texts[i], ok = asText(items[i]); !ok {
			return nil, invalid("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined")
		}
		if length += len(texts[i]) + len(first); length > maxResolved {
			return nil, invalid("Template error: a text that Fn::Join makes is longer than %d bytes", maxResolved)
		}
	}
	return strings.Join(texts, first), nil
}

// Lookups tries each Fn::FindInMap in a value, but those in branches of Fn::If
// that are not taken. It needs no resources.
func (s *Scope) Lookups(v any) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := s.Lookups(item); err != nil {
				return err
			}
		}
	case map[string]any:
		if arg, ok := v["Fn::FindInMap"]; ok {
			_, err := s.call("Fn::FindInMap", arg)
			return err
		}
		if list, ok := v["Fn::If"].([]any); ok && len(list) == 3 {
			condition, _ := list[0].(string)
			if s.Included(condition) {
				return s.Lookups(list[1])
			}
			return s.Lookups(list[2])
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := s.Lookups(v[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Scope) findInMap(name string, keys []any) (any, error) {
	if len(keys) != 2 {
		return nil, invalid("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
	}
	top, err := s.text("Fn::FindInMap", keys[0])
	if err != nil {
		return nil, err
	}
	second, err := s.text("Fn::FindInMap", keys[1])
	if err != nil {
		return nil, err
	}
	m, ok := s.Template.Mappings[name]
	if !ok {
		return nil, invalid("Template error: Mapping named '%s' is not present in the 'Mappings' section of template.", name)
	}
	v, ok := m[top][second]
	if !ok {
		return nil, invalid("Template error: Unable to get mapping for %s::%s::%s", name, top, second)
	}
	return v, nil
}
