package template

import (
	"maps"
	"slices"
	"strings"
)

// functions are those that are understood; Condition only within conditions.
var functions = map[string]bool{
	"Ref": true, "Condition": true, "Fn::GetAtt": true, "Fn::Sub": true, "Fn::Join": true, "Fn::Select": true, "Fn::Split": true,
	"Fn::FindInMap": true, "Fn::ImportValue": true, "Fn::If": true, "Fn::And": true, "Fn::Or": true, "Fn::Not": true, "Fn::Equals": true,
	"Fn::Base64": true, "Fn::GetAZs": true, "Fn::Cidr": true,
}

// pseudo are the parameters that every template has.
var pseudo = []string{"AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}

// function says whether an object is a function's, and with what argument.
func function(m map[string]any) (name string, argument any, is bool, err error) {
	for key, v := range m {
		if key != "Ref" && !strings.HasPrefix(key, "Fn::") {
			continue
		}
		if !functions[key] {
			return "", nil, false, invalid("Template error: the function %s is not implemented by Signalbox", key)
		}
		if len(m) > 1 {
			return "", nil, false, invalid("Template error: an object with %s must not have other members", key)
		}
		return key, v, true, nil
	}
	return "", nil, false, nil
}

// References tells visit each thing that a value of the template refers to: with
// the attribute for Fn::GetAtt, and "" for Ref.
func (t *Template) References(v any, visit func(name, attribute string)) {
	// The template was checked: the walk cannot fail.
	_ = t.references(v, func(name, attribute string) error {
		visit(name, strings.TrimPrefix(attribute, "."))
		return nil
	})
}

// references tells visit each thing that a value refers to: with a dot and an
// attribute's name for Fn::GetAtt, and "" for Ref.
func (t *Template) references(v any, visit func(name, attribute string) error) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := t.references(item, visit); err != nil {
				return err
			}
		}
	case map[string]any:
		name, arg, is, err := function(v)
		if err != nil {
			return err
		}
		if !is {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				if err := t.references(v[key], visit); err != nil {
					return err
				}
			}
			return nil
		}
		return t.callReferences(name, arg, visit)
	}
	return nil
}

func (t *Template) callReferences(name string, arg any, visit func(name, attribute string) error) error {
	switch name {
	case "Ref":
		target, ok := arg.(string)
		if !ok || target == "" {
			return invalid("Template error: every Ref object must have a single String value.")
		}
		return visit(target, "")
	case "Fn::GetAtt":
		target, attribute, err := getAttArguments(arg)
		if err != nil {
			return err
		}
		name, _ := attribute.(string)
		if err := visit(target, "."+name); err != nil {
			return err
		}
		return t.references(attribute, visit)
	case "Fn::Sub":
		text, own, err := subArguments(arg)
		if err != nil {
			return err
		}
		if err := t.references(own, visit); err != nil {
			return err
		}
		_, err = substitute(text, func(name string) (string, error) {
			if _, ok := own[name]; ok {
				return "", nil
			}
			target, attribute, found := strings.Cut(name, ".")
			if found {
				attribute = "." + attribute
			}
			return "", visit(target, attribute)
		})
		return err
	case "Fn::If":
		list, ok := arg.([]any)
		if !ok || len(list) != 3 {
			return invalid("Template error: Fn::If requires a list argument with three elements")
		}
		condition, ok := list[0].(string)
		if !ok || t.Conditions[condition] == nil {
			return invalid("Template error: unresolved condition dependency %v in Fn::If", list[0])
		}
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals":
		return invalid("Template error: %s cannot be used outside of Conditions", name)
	}
	return t.references(arg, visit)
}

func getAttArguments(arg any) (target string, attribute any, err error) {
	if text, ok := arg.(string); ok {
		t, a, found := strings.Cut(text, ".")
		if found {
			return t, a, nil
		}
	}
	list, _ := arg.([]any)
	if len(list) == 2 {
		if target, ok := list[0].(string); ok && target != "" {
			return target, list[1], nil
		}
	}
	return "", nil, invalid("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
}

func subArguments(arg any) (text string, own map[string]any, err error) {
	text, ok := arg.(string)
	if list, isList := arg.([]any); isList && len(list) == 2 {
		text, ok = list[0].(string)
		if ok {
			own, ok = list[1].(map[string]any)
		}
	}
	if !ok {
		return "", nil, invalid("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
	}
	return text, own, nil
}

// substitute puts values for ${names} into a text; ${!name} stays as ${name}.
func substitute(text string, value func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("${")
			text = rest
			continue
		}
		text = after
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			b.WriteString("${" + literal + "}")
			continue
		}
		v, err := value(strings.TrimSpace(name))
		if err != nil {
			return "", err
		}
		if b.WriteString(v); b.Len() > maxResolved {
			return "", invalid("Template error: a text that Fn::Sub makes is longer than %d bytes", maxResolved)
		}
	}
}

// check refuses references to nothing, and circles.
func (t *Template) check() error {
	var unresolved []string
	visit := func(name, attribute string) error {
		known := t.Resources[name] != nil
		if attribute == "" {
			known = known || t.Parameters[name] != nil || slices.Contains(pseudo, name)
		} else if !known {
			return invalid("Template error: instance of Fn::GetAtt references undefined resource %s", name)
		}
		if !known && !slices.Contains(unresolved, name) {
			unresolved = append(unresolved, name)
		}
		return nil
	}
	for _, r := range t.Resources {
		if r.Condition != "" && t.Conditions[r.Condition] == nil {
			return malformed("Unresolved condition dependency %s in the Resources block of the template", r.Condition)
		}
		for _, d := range r.DependsOn {
			if t.Resources[d] == nil {
				return malformed("Unresolved resource dependencies [%s] in the Resources block of the template", d)
			}
		}
		if err := t.references(r.Properties, visit); err != nil {
			return err
		}
	}
	if len(unresolved) > 0 {
		slices.Sort(unresolved)
		return malformed("Unresolved resource dependencies [%s] in the Resources block of the template", strings.Join(unresolved, ", "))
	}
	for _, o := range t.Outputs {
		if o.Condition != "" && t.Conditions[o.Condition] == nil {
			return malformed("Unresolved condition dependency %s in the Outputs block of the template", o.Condition)
		}
		if err := t.references([]any{o.Value, o.Export}, visit); err != nil {
			return err
		}
	}
	if len(unresolved) > 0 {
		return malformed("Unresolved resource dependencies [%s] in the Outputs block of the template", strings.Join(unresolved, ", "))
	}
	_, err := t.Order()
	return err
}

// Dependencies are the resources that must be there before the named one.
func (t *Template) Dependencies(name string) []string {
	r := t.Resources[name]
	found := map[string]bool{}
	for _, d := range r.DependsOn {
		found[d] = true
	}
	// The template was checked: the walk cannot fail.
	_ = t.references(r.Properties, func(name, _ string) error {
		if t.Resources[name] != nil {
			found[name] = true
		}
		return nil
	})
	return slices.Sorted(maps.Keys(found))
}

// Order lists the resources so that each comes after those that it depends on;
// those that are independent, by their names.
func (t *Template) Order() ([]string, error) {
	waits := map[string][]string{}
	for name := range t.Resources {
		waits[name] = t.Dependencies(name)
	}
	var order []string
	done := map[string]bool{}
	for len(waits) > 0 {
		var ready []string
		for name, on := range waits {
			if !slices.ContainsFunc(on, func(d string) bool { return !done[d] }) {
				ready = append(ready, name)
			}
		}
		if len(ready) == 0 {
			return nil, invalid("Circular dependency between resources: [%s]", strings.Join(slices.Sorted(maps.Keys(waits)), ", "))
		}
		slices.Sort(ready)
		for _, name := range ready {
			done[name] = true
			delete(waits, name)
		}
		order = append(order, ready...)
	}
	return order, nil
}
