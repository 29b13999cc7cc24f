package cloudformation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/cloudformation/resources"
	"github.com/signalbox/signalbox/wire"
)

// GetTemplate implements [API].
func (s *Service) GetTemplate(ctx context.Context, in *GetTemplateInput) (*GetTemplateOutput, error) {
	out := &GetTemplateOutput{StagesAvailable: []string{TemplateStageOriginal, TemplateStageProcessed}}
	if in.ChangeSetName != nil {
		if in.StackName == nil && !arn.Is(*in.ChangeSetName) {
			return nil, invalid("StackName is a required parameter.")
		}
		set, err := s.changeSet(ctx, in.StackName, *in.ChangeSetName)
		if err != nil {
			return nil, err
		}
		out.TemplateBody = new(set.Next.Template)
		return out, nil
	}
	st, err := s.find(ctx, in.StackName)
	if err != nil {
		return nil, err
	}
	out.TemplateBody = new(st.Template)
	return out, nil
}

// ValidateTemplate implements [API].
func (s *Service) ValidateTemplate(_ context.Context, in *ValidateTemplateInput) (*ValidateTemplateOutput, error) {
	t, err := read(in.TemplateBody)
	if err != nil {
		return nil, err
	}
	needs, why := capabilitiesOf(t)
	out := &ValidateTemplateOutput{Description: optional(t.Description), Capabilities: needs, CapabilitiesReason: optional(why), Parameters: []TemplateParameter{}}
	for _, key := range slices.Sorted(maps.Keys(t.Parameters)) {
		p := t.Parameters[key]
		out.Parameters = append(out.Parameters, TemplateParameter{ParameterKey: new(key), DefaultValue: p.Default, NoEcho: p.NoEcho, Description: optional(p.Description)})
	}
	return out, nil
}

// GetTemplateSummary implements [API].
func (s *Service) GetTemplateSummary(ctx context.Context, in *GetTemplateSummaryInput) (*GetTemplateSummaryOutput, error) {
	body := in.TemplateBody
	if in.StackName != nil {
		if body != nil {
			return nil, invalid("Only one of StackName and TemplateBody can be given.")
		}
		st, err := s.living(ctx, in.StackName)
		if err != nil {
			return nil, err
		}
		if st.Status == StackStatusReviewInProgress {
			return nil, invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
		}
		body = new(st.Template)
	}
	t, err := read(body)
	if err != nil {
		return nil, err
	}
	needs, why := capabilitiesOf(t)
	out := &GetTemplateSummaryOutput{
		Description: optional(t.Description), Capabilities: needs, CapabilitiesReason: optional(why), Parameters: []ParameterDeclaration{},
		Version: new("2010-09-09"), ResourceTypes: []string{},
	}
	for _, key := range slices.Sorted(maps.Keys(t.Parameters)) {
		p := t.Parameters[key]
		out.Parameters = append(out.Parameters, ParameterDeclaration{
			ParameterKey: new(key), DefaultValue: p.Default, ParameterType: new(p.Type), NoEcho: p.NoEcho, Description: optional(p.Description),
			ParameterConstraints: &ParameterConstraints{AllowedValues: p.AllowedValues},
		})
	}
	if t.Metadata != nil {
		text, err := json.Marshal(t.Metadata)
		if err != nil {
			return nil, err
		}
		out.Metadata = new(string(text))
	}
	byType := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		byType[t.Resources[name].Type] = append(byType[t.Resources[name].Type], name)
	}
	for _, typ := range slices.Sorted(maps.Keys(byType)) {
		out.ResourceIdentifierSummaries = append(out.ResourceIdentifierSummaries, ResourceIdentifierSummary{ResourceType: new(typ), LogicalResourceIds: byType[typ]})
	}
	var unknown []string
	for _, r := range t.Resources {
		if !slices.Contains(out.ResourceTypes, r.Type) {
			out.ResourceTypes = append(out.ResourceTypes, r.Type)
		}
		if resources.Find(r.Type) == nil && !slices.Contains(unknown, r.Type) {
			unknown = append(unknown, r.Type)
		}
	}
	slices.Sort(out.ResourceTypes)
	if c := in.TemplateSummaryConfig; c != nil && wire.Value(c.TreatUnrecognizedResourceTypesAsWarnings) && len(unknown) > 0 {
		slices.Sort(unknown)
		out.Warnings = &Warnings{UnrecognizedResourceTypes: unknown}
	}
	if t.Metadata != nil {
		text, err := json.Marshal(t.Metadata)
		if err != nil {
			return nil, err
		}
		out.Metadata = new(string(text))
	}
	return out, nil
}
