package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/cloudformation/resources"
	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

// plan is a template with the parameters of a stack: what is to be there.
type plan struct {
	template *template.Template
	scope    *template.Scope
	order    []string // resources whose conditions hold, each behind those it depends on
}

// newPlan reads the settings' template for a stack, and checks all that can be
// checked before anything is made.
func (s *Service) newPlan(st *stack, set settings) (*plan, error) {
	t, err := template.Parse(set.Template)
	if err != nil {
		return nil, explained(err)
	}
	p := &plan{template: t, scope: &template.Scope{
		Template: t, Parameters: set.Parameters, Pseudo: pseudo(st, set), Zones: zones(st.Region),
	}}
	if err := p.scope.Decide(); err != nil {
		return nil, explained(err)
	}
	order, err := t.Order()
	if err != nil {
		return nil, explained(err)
	}
	for _, name := range order {
		if p.scope.Included(t.Resources[name].Condition) {
			p.order = append(p.order, name)
		}
	}
	if err := p.lookups(); err != nil {
		return nil, explained(err)
	}
	p.scope.Import = func(name string) (string, error) { return s.imported(st, name) }
	return p, nil
}

// lookups refuses what Fn::FindInMap would not find.
func (p *plan) lookups() error {
	for _, name := range p.order {
		if err := p.scope.Lookups(p.template.Resources[name].Properties); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.template.Outputs)) {
		if o := p.template.Outputs[key]; p.scope.Included(o.Condition) {
			if err := p.scope.Lookups(o.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func pseudo(st *stack, set settings) map[string]any {
	notifications := []any{}
	for _, n := range set.Notifications {
		notifications = append(notifications, n)
	}
	partition, suffix := partitionOf(st.Region)
	return map[string]any{
		"AWS::AccountId": st.Account, "AWS::Region": st.Region, "AWS::Partition": partition, "AWS::URLSuffix": suffix,
		"AWS::StackName": st.Name, "AWS::StackId": st.ID, "AWS::NotificationARNs": notifications,
	}
}

func partitionOf(region string) (partition, suffix string) {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn", "amazonaws.com.cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov", "amazonaws.com"
	}
	return "aws", "amazonaws.com"
}

func zones(region string) []string { return []string{region + "a", region + "b", region + "c"} }

// check refuses types and properties that are unknown, and capabilities that
// were not acknowledged.
func (p *plan) check(capabilities []string) error {
	var unknown []string
	for _, name := range p.order {
		if typ := p.template.Resources[name].Type; resources.Find(typ) == nil && !slices.Contains(unknown, typ) {
			unknown = append(unknown, typ)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return invalid("Template format error: Unrecognized resource types: [%s]: not implemented by Signalbox", strings.Join(unknown, ", "))
	}
	for _, name := range p.order {
		r := p.template.Resources[name]
		if err := resources.Find(r.Type).Check(r.Properties); err != nil {
			return invalid("Resource %s (%s): %s", name, r.Type, err)
		}
	}
	needs, _ := p.capabilities()
	for _, c := range needs {
		if !slices.Contains(capabilities, c) && !(c == CapabilityCapabilityIam && slices.Contains(capabilities, CapabilityCapabilityNamedIam)) {
			return wire.Errorf(CodeInsufficientCapabilitiesException, "Requires capabilities : [%s]", c)
		}
	}
	return nil
}

// capabilities are those that the template's resources need, and why.
func (p *plan) capabilities() (needs []string, why string) { return capabilitiesOf(p.template) }

func capabilitiesOf(t *template.Template) (needs []string, why string) {
	var iam []string
	named := false
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[name]
		typ := resources.Find(r.Type)
		if typ == nil || typ.Capability == "" {
			continue
		}
		if !slices.Contains(iam, r.Type) {
			iam = append(iam, r.Type)
		}
		if _, ok := r.Properties[typ.Named]; ok {
			named = true
		}
	}
	if len(iam) == 0 {
		return nil, ""
	}
	needs = []string{CapabilityCapabilityIam}
	if named {
		needs[0] = CapabilityCapabilityNamedIam
	}
	return needs, "The following resource(s) require capabilities: [" + strings.Join(iam, ", ") + "]"
}

// look lets the plan's functions see a stack's resources as they are.
func (p *plan) look(st *stack) {
	p.scope.Ref = func(name string) (string, error) {
		if r := st.Resources[name]; r != nil && r.ID != "" {
			return r.ID, nil
		}
		return "", fmt.Errorf("Template error: unresolved dependency %s", name)
	}
	p.scope.Attribute = func(name, attribute string) (any, error) {
		r := st.Resources[name]
		if r == nil || r.ID == "" {
			return nil, fmt.Errorf("Template error: unresolved dependency %s", name)
		}
		if v, ok := r.Attributes[attribute]; ok && v != nil {
			return v, nil
		}
		return nil, fmt.Errorf("Template error: resource %s does not support attribute type %s in Fn::GetAtt", name, attribute)
	}
}

// outputs works out what the stack tells, once its resources are there.
func (p *plan) outputs() ([]output, error) {
	var outs []output
	for _, key := range slices.Sorted(maps.Keys(p.template.Outputs)) {
		o := p.template.Outputs[key]
		if !p.scope.Included(o.Condition) {
			continue
		}
		v, err := p.scope.Resolve(o.Value)
		if err != nil {
			return nil, err
		}
		text, ok := scalarText(v)
		if !ok {
			return nil, fmt.Errorf("Template format error: Output %s is malformed. The Value field of every Outputs member must evaluate to a String.", key)
		}
		out := output{Key: key, Value: text, Description: o.Description}
		if o.Export != nil {
			name, err := p.scope.Resolve(o.Export)
			if err != nil {
				return nil, err
			}
			if out.Export, ok = scalarText(name); !ok || out.Export == "" {
				return nil, fmt.Errorf("Template format error: Output %s is malformed. The Name field of every Export member must evaluate to a String.", key)
			}
		}
		outs = append(outs, out)
	}
	return outs, nil
}

func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool, json.Number:
		return fmt.Sprint(v), true
	}
	return "", false
}

// difference names the properties that are not the same.
func difference(a, b map[string]any) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(union(a, b))) {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	return names
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	return all
}

// bind makes a request's parameters the values of a template's; before are those
// that UsePreviousValue stands for.
func bind(t *template.Template, given []Parameter, before map[string]string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range given {
		key := wire.Value(p.ParameterKey)
		old, had := before[key]
		switch {
		case key == "":
			return nil, invalid("Every parameter must have a ParameterKey")
		case wire.Value(p.UsePreviousValue) && p.ParameterValue != nil:
			return nil, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true and non empty value for a parameter", key)
		case wire.Value(p.UsePreviousValue) && had:
			values[key] = old
		case wire.Value(p.UsePreviousValue):
			if t.Parameters[key] == nil || t.Parameters[key].Default == nil {
				return nil, invalid("Invalid input for parameter key %s. There is no previous value", key)
			}
		case p.ParameterValue == nil:
			return nil, invalid("Invalid input for parameter key %s. Need to specify a ParameterValue or UsePreviousValue", key)
		default:
			values[key] = *p.ParameterValue
		}
	}
	bound, err := t.Bind(values)
	return bound, explained(err)
}

// read parses the template of a request, within the bounds of one.
func read(body *string) (*template.Template, error) {
	if body == nil {
		return nil, invalid("Either Template URL or Template Body must be specified.")
	}
	if len(*body) > template.MaxBody {
		return nil, invalid("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", template.MaxBody)
	}
	t, err := template.Parse(*body)
	if err != nil {
		return nil, explained(err)
	}
	return t, nil
}
