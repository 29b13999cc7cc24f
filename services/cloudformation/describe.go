package cloudformation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

const pageSize = 100

// page cuts one page of a list.
func page[T any](items []T, name func(T) string, token *string) ([]T, *string, error) {
	rows, next, err := wire.Page(items, name, pageSize, token)
	if err != nil {
		return nil, nil, invalid("Invalid NextToken: %v", err)
	}
	return rows, next, nil
}

// DescribeStacks implements [API].
func (s *Service) DescribeStacks(ctx context.Context, in *DescribeStacksInput) (*DescribeStacksOutput, error) {
	var all []*stack
	if in.StackName != nil {
		st, err := s.find(ctx, in.StackName)
		if err != nil {
			return nil, err
		}
		all = []*stack{st}
	} else {
		for _, st := range s.stacks.list(wire.ScopeOf(ctx)) {
			if !st.gone() {
				all = append(all, st)
			}
		}
	}
	slices.SortFunc(all, byID)
	rows, next, err := page(all, idOf, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeStacksOutput{Stacks: make([]Stack, len(rows)), NextToken: next}
	for i, st := range rows {
		out.Stacks[i] = st.describe()
		for _, o := range out.Stacks[i].Outputs {
			*o.OutputValue = s.home(ctx, *o.OutputValue)
		}
	}
	return out, nil
}

func idOf(st *stack) string { return st.ID }

func byID(a, b *stack) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}

func (s *stack) describe() Stack {
	d := Stack{
		StackId: new(s.ID), StackName: new(s.Name), ChangeSetId: optional(s.ChangeSet), CreationTime: new(wire.At(s.Created)),
		DeletionTime: optionalTime(s.Deleted), LastUpdatedTime: optionalTime(s.Updated), StackStatus: new(s.Status), StackStatusReason: optional(s.Reason),
		DisableRollback: s.DisableRollback, NotificationARNs: s.Notifications, TimeoutInMinutes: s.Minutes, Capabilities: s.Capabilities,
		RoleARN: optional(s.RoleARN), EnableTerminationProtection: s.Protected,
		RollbackConfiguration: &RollbackConfiguration{MonitoringTimeInMinutes: s.Monitoring},
		DriftInformation:      &StackDriftInformation{StackDriftStatus: new(StackDriftStatusNotChecked)},
	}
	t, _ := template.Parse(s.Template) // of a stack under review there is none
	if t != nil {
		d.Description = optional(t.Description)
		d.Parameters = parametersOf(t, s.Parameters)
	}
	if d.NotificationARNs == nil {
		d.NotificationARNs = []string{}
	}
	d.Tags = []Tag{}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		d.Tags = append(d.Tags, Tag{Key: new(key), Value: new(s.Tags[key])})
	}
	for _, o := range s.Outputs {
		d.Outputs = append(d.Outputs, Output{OutputKey: new(o.Key), OutputValue: new(o.Value), Description: optional(o.Description), ExportName: optional(o.Export)})
	}
	return d
}

// parametersOf are the values of a template's parameters, but for secret ones.
func parametersOf(t *template.Template, values map[string]string) (list []Parameter) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		if p := t.Parameters[key]; p != nil && p.NoEcho {
			value = "****"
		}
		list = append(list, Parameter{ParameterKey: new(key), ParameterValue: new(value)})
	}
	return list
}

// ListStacks implements [API]; deleted stacks are listed for 90 days.
func (s *Service) ListStacks(ctx context.Context, in *ListStacksInput) (*ListStacksOutput, error) {
	all := slices.DeleteFunc(s.stacks.list(wire.ScopeOf(ctx)), func(st *stack) bool {
		return len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, st.Status)
	})
	slices.SortFunc(all, byID)
	rows, next, err := page(all, idOf, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListStacksOutput{StackSummaries: make([]StackSummary, len(rows)), NextToken: next}
	for i, st := range rows {
		d := st.describe()
		out.StackSummaries[i] = StackSummary{
			StackId: d.StackId, StackName: d.StackName, TemplateDescription: d.Description, CreationTime: d.CreationTime, LastUpdatedTime: d.LastUpdatedTime,
			DeletionTime: d.DeletionTime, StackStatus: d.StackStatus, StackStatusReason: d.StackStatusReason,
			DriftInformation: &StackDriftInformationSummary{StackDriftStatus: new(StackDriftStatusNotChecked)},
		}
	}
	return out, nil
}

// DescribeStackEvents implements [API].
func (s *Service) DescribeStackEvents(ctx context.Context, in *DescribeStackEventsInput) (*DescribeStackEventsOutput, error) {
	st := s.stacks.find(wire.ScopeOf(ctx), *in.StackName)
	if st == nil {
		return nil, noStack(*in.StackName)
	}
	under, err := 0, error(nil)
	if in.NextToken != nil {
		if under, err = strconv.Atoi(*in.NextToken); err != nil || under < 1 {
			return nil, invalid("Invalid NextToken")
		}
	}
	list, next, err := s.stacks.events(ctx, st, under, pageSize)
	if err != nil {
		return nil, err
	}
	out := &DescribeStackEventsOutput{StackEvents: make([]StackEvent, len(list))}
	if next > 0 {
		out.NextToken = new(strconv.Itoa(next))
	}
	for i, e := range list {
		out.StackEvents[i] = StackEvent{
			StackId: new(st.ID), StackName: new(st.Name), EventId: new(e.ID), OperationId: optional(e.Operation), LogicalResourceId: new(e.Resource),
			PhysicalResourceId: new(e.Physical), ResourceType: new(e.Type), Timestamp: new(wire.At(e.At)), ResourceStatus: new(e.Status),
			ResourceStatusReason: optional(e.Reason), ResourceProperties: optional(e.Properties), ClientRequestToken: optional(e.Token),
		}
	}
	return out, nil
}

// resource returns a stack's resource by its logical name.
func (s *stack) resource(name string) (*resource, error) {
	if r := s.Resources[name]; r != nil {
		return r, nil
	}
	return nil, invalid("Resource %s does not exist for stack %s", name, s.Name)
}

// DescribeStackResource implements [API].
func (s *Service) DescribeStackResource(ctx context.Context, in *DescribeStackResourceInput) (*DescribeStackResourceOutput, error) {
	st := s.stacks.find(wire.ScopeOf(ctx), *in.StackName)
	if st == nil {
		return nil, invalid("Stack '%s' does not exist", *in.StackName)
	}
	r, err := st.resource(*in.LogicalResourceId)
	if err != nil {
		return nil, err
	}
	metadata := "{}"
	if t, _ := template.Parse(st.Template); t != nil && t.Resources[*in.LogicalResourceId] != nil {
		if m := t.Resources[*in.LogicalResourceId].Metadata; m != nil {
			text, err := json.Marshal(m)
			if err != nil {
				return nil, err
			}
			metadata = string(text)
		}
	}
	return &DescribeStackResourceOutput{StackResourceDetail: &StackResourceDetail{
		StackName: new(st.Name), StackId: new(st.ID), LogicalResourceId: in.LogicalResourceId, PhysicalResourceId: optional(r.ID), ResourceType: new(r.Type),
		LastUpdatedTimestamp: new(wire.At(r.Changed)), ResourceStatus: new(r.Status), ResourceStatusReason: optional(r.Reason), Metadata: new(metadata),
		DriftInformation: &StackResourceDriftInformation{StackResourceDriftStatus: new(StackResourceDriftStatusNotChecked)},
	}}, nil
}

// DescribeStackResources implements [API].
func (s *Service) DescribeStackResources(ctx context.Context, in *DescribeStackResourcesInput) (*DescribeStackResourcesOutput, error) {
	var st *stack
	var err error
	switch {
	case in.StackName != nil:
		st, err = s.find(ctx, in.StackName)
	case in.PhysicalResourceId != nil:
		if st = s.owner(wire.ScopeOf(ctx), *in.PhysicalResourceId); st == nil {
			err = invalid("Stack for %s does not exist", *in.PhysicalResourceId)
		}
	default:
		err = invalid("Either stackName or physicalResourceId must be specified")
	}
	if err != nil {
		return nil, err
	}
	out := &DescribeStackResourcesOutput{StackResources: []StackResource{}}
	for _, name := range slices.Sorted(maps.Keys(st.Resources)) {
		r := st.Resources[name]
		if in.LogicalResourceId != nil && name != *in.LogicalResourceId {
			continue
		}
		out.StackResources = append(out.StackResources, StackResource{
			StackName: new(st.Name), StackId: new(st.ID), LogicalResourceId: new(name), PhysicalResourceId: optional(r.ID), ResourceType: new(r.Type),
			Timestamp: new(wire.At(r.Changed)), ResourceStatus: new(r.Status), ResourceStatusReason: optional(r.Reason),
			DriftInformation: &StackResourceDriftInformation{StackResourceDriftStatus: new(StackResourceDriftStatusNotChecked)},
		})
	}
	return out, nil
}

// owner is the stack that a physical resource belongs to.
func (s *Service) owner(sc wire.Scope, physical string) *stack {
	for _, st := range s.stacks.list(sc) {
		for _, r := range st.Resources {
			if r.ID == physical && !st.gone() {
				return st
			}
		}
	}
	return nil
}

// ListStackResources implements [API].
func (s *Service) ListStackResources(ctx context.Context, in *ListStackResourcesInput) (*ListStackResourcesOutput, error) {
	st, err := s.find(ctx, in.StackName)
	if err != nil {
		return nil, err
	}
	names, next, err := page(slices.Sorted(maps.Keys(st.Resources)), func(n string) string { return n }, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListStackResourcesOutput{StackResourceSummaries: make([]StackResourceSummary, len(names)), NextToken: next}
	for i, name := range names {
		r := st.Resources[name]
		out.StackResourceSummaries[i] = StackResourceSummary{
			LogicalResourceId: new(name), PhysicalResourceId: optional(r.ID), ResourceType: new(r.Type),
			LastUpdatedTimestamp: new(wire.At(r.Changed)), ResourceStatus: new(r.Status), ResourceStatusReason: optional(r.Reason),
			DriftInformation: &StackResourceDriftInformationSummary{StackResourceDriftStatus: new(StackResourceDriftStatusNotChecked)},
		}
	}
	return out, nil
}
