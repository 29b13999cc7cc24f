package cloudformation

import (
	"maps"
	"slices"

	"github.com/signalbox/signalbox/services/cloudformation/resources"
)

// causes says why properties of a resource change: values of parameters, resources
// that change before it, or the template itself. before are the parameters' values
// until now, touched the resources that change, dynamic those with another id.
func (p *plan) causes(name string, changed []string, before map[string]string, touched, dynamic map[string]bool) (list []cause) {
	properties := p.template.Resources[name].Properties
	for _, property := range slices.Sorted(maps.Keys(union(toAny(changed), properties))) {
		var because []cause
		p.template.References(properties[property], func(target, attribute string) {
			c := cause{Property: property, Entity: target}
			switch {
			case p.template.Parameters[target] != nil:
				old, had := before[target]
				if !slices.Contains(changed, property) || had && old == p.scope.Parameters[target] {
					return
				}
				c.Source = ChangeSourceParameterReference
			case attribute != "" && touched[target]:
				c.Source, c.Entity = ChangeSourceResourceAttribute, target+"."+attribute
			case attribute == "" && dynamic[target]:
				c.Source = ChangeSourceResourceReference
			default:
				return
			}
			if !slices.Contains(because, c) {
				because = append(because, c)
			}
		})
		if slices.Contains(changed, property) && !slices.ContainsFunc(because, func(c cause) bool { return c.Source != ChangeSourceParameterReference }) {
			because = append(because, cause{Property: property, Source: ChangeSourceDirectModification})
		}
		list = append(list, because...)
	}
	return list
}

func toAny(names []string) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		m[name] = nil
	}
	return m
}

// describe tells a change in CloudFormation's words (API reference, page
// ResourceChangeDetail): what a parameter's new value brings is static, and the
// template's own part in it is then dynamic; what resources bring is dynamic.
func (c change) describe() *ResourceChange {
	d := &ResourceChange{
		Action: new(c.Action), LogicalResourceId: new(c.Name), ResourceType: new(c.Type), PhysicalResourceId: optional(c.Physical),
		Scope: []string{}, Details: []ResourceChangeDetail{},
	}
	if c.Action != ChangeActionModify {
		return d
	}
	d.Replacement = new(ReplacementFalse)
	if len(c.Replaces) > 0 {
		d.Replacement = new(ReplacementTrue)
	}
	d.Scope = []string{ResourceAttributeProperties}
	for _, why := range c.Causes {
		recreation, evaluation := RequiresRecreationNever, EvaluationTypeDynamic
		if len(resources.Find(c.Type).Replaces([]string{why.Property})) > 0 {
			recreation = RequiresRecreationAlways
			if !slices.Contains(c.Replaces, why.Property) && *d.Replacement == ReplacementFalse {
				d.Replacement = new(ReplacementConditional)
			}
		}
		alone := !slices.ContainsFunc(c.Causes, func(o cause) bool { return o.Property == why.Property && o != why })
		if why.Source == ChangeSourceParameterReference || why.Source == ChangeSourceDirectModification && alone {
			evaluation = EvaluationTypeStatic
		}
		d.Details = append(d.Details, ResourceChangeDetail{
			Target:     &ResourceTargetDefinition{Attribute: new(ResourceAttributeProperties), Name: new(why.Property), RequiresRecreation: new(recreation)},
			Evaluation: new(evaluation), ChangeSource: new(why.Source), CausingEntity: optional(why.Entity),
		})
	}
	return d
}
