package cloudformation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/cloudformation/resources"
	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

// changeSet is a change set.
type changeSet struct {
	wire.Scope
	ID, Name, Stack, StackID string
	Type                     string
	Description              string
	Created                  time.Time
	Status, Reason           string
	Execution                string
	OnFailure                string
	Token                    string
	Next                     settings
	Changes                  []change
}

// change is what a change set would do to a resource.
type change struct {
	Action, Name, Type, Physical string
	Properties, Replaces         []string
	Causes                       []cause `json:",omitzero"`
}

// cause is why a property is, or may be, another one.
type cause struct{ Property, Source, Entity string }

// sealedSet is a change set as it is kept: its parameters may be secret.
type sealedSet struct{ Sealed []byte }

func (s *Service) putSet(ctx context.Context, set *changeSet) error {
	text, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("writing the change set %s: %w", set.ID, err)
	}
	key := set.key()
	return s.sets.Put(ctx, key, &sealedSet{s.stacks.box.Seal(text, []byte(key))})
}

func (c *changeSet) key() string { return c.StackID + "|" + c.Name }

// changeSets lists a stack's change sets.
func (s *Service) changeSets(stackID string) ([]*changeSet, error) {
	var all []*changeSet
	for _, key := range s.sets.Keys(stackID + "|") {
		text, err := s.stacks.box.Open(s.sets.Get(key).Sealed, []byte(key))
		if err != nil {
			return nil, fmt.Errorf("opening the change set %s: %w", key, err)
		}
		set := &changeSet{}
		if err := json.Unmarshal(text, set); err != nil {
			return nil, fmt.Errorf("reading the change set %s: %w", key, err)
		}
		all = append(all, set)
	}
	return all, nil
}

// changeSet finds one by its name or id.
func (s *Service) changeSet(ctx context.Context, stackName *string, name string) (*changeSet, error) {
	if !arn.Is(name) && stackName == nil {
		return nil, invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	}
	if stackName != nil {
		if st := s.stacks.find(wire.ScopeOf(ctx), *stackName); st == nil || st.gone() && !arn.Is(*stackName) {
			return nil, noStack(*stackName)
		}
	}
	for _, st := range s.stacks.list(wire.ScopeOf(ctx)) {
		if stackName != nil && st.ID != *stackName && (st.Name != *stackName || st.gone()) {
			continue
		}
		sets, err := s.changeSets(st.ID)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			if set.ID == name || set.Name == name {
				return set, nil
			}
		}
	}
	return nil, wire.Errorf(CodeChangeSetNotFoundException, "ChangeSet [%s] does not exist", name)
}

// CreateChangeSet implements [API].
func (s *Service) CreateChangeSet(ctx context.Context, in *CreateChangeSetInput) (*CreateChangeSetOutput, error) {
	if wire.Value(in.ImportExistingResources) || wire.Value(in.ChangeSetType) == ChangeSetTypeImport {
		return nil, invalid("Importing resources is not implemented by Signalbox")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, fresh, err := s.reviewed(ctx, in)
	if err != nil {
		return nil, err
	}
	sets, err := s.changeSets(st.ID)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if set.Name != *in.ChangeSetName {
			continue
		}
		if in.ClientToken != nil && set.Token == *in.ClientToken {
			return &CreateChangeSetOutput{Id: new(set.ID), StackId: new(st.ID)}, nil
		}
		return nil, wire.Errorf(CodeAlreadyExistsException, "ChangeSet %s cannot be created due to a mismatch with existing attribute: Name", set.ID)
	}
	next, err := s.successor(st, successor{
		Body: in.TemplateBody, Previous: wire.Value(in.UsePreviousTemplate), Parameters: in.Parameters, Capabilities: in.Capabilities,
		Notifications: in.NotificationARNs, RoleARN: in.RoleARN, Rollback: in.RollbackConfiguration, Tags: in.Tags, Types: in.ResourceTypes,
	})
	if err != nil {
		return nil, err
	}
	a := arn.New("cloudformation", st.Region, st.Account, "changeSet/"+*in.ChangeSetName+"/"+uuid.NewString())
	a.Partition, _ = partitionOf(st.Region)
	set := &changeSet{
		Scope: st.Scope, ID: a.String(), Name: *in.ChangeSetName, Stack: st.Name, StackID: st.ID, Type: wire.Value(in.ChangeSetType), Token: wire.Value(in.ClientToken),
		Description: wire.Value(in.Description), Created: s.now(), Status: ChangeSetStatusCreateComplete, Execution: ExecutionStatusAvailable,
		OnFailure: wire.Value(in.OnStackFailure), Next: *next,
	}
	if set.Changes, err = s.changes(st, next); err != nil {
		return nil, err
	}
	if !fresh && st.Status != StackStatusReviewInProgress {
		if same, err := s.nothingNew(st, next); err != nil {
			return nil, err
		} else if same {
			set.Status, set.Execution = ChangeSetStatusFailed, ExecutionStatusUnavailable
			set.Reason = "The submitted information didn't contain changes. Submit different information to create a change set."
		}
	}
	if fresh {
		if err := s.stacks.add(ctx, st, s.turn(st, StackStatusReviewInProgress, "User Initiated")); err != nil {
			return nil, err
		}
	}
	return &CreateChangeSetOutput{Id: new(set.ID), StackId: new(st.ID)}, s.putSet(ctx, set)
}

// reviewed is the stack that a change set is for: a new one where it creates it.
func (s *Service) reviewed(ctx context.Context, in *CreateChangeSetInput) (st *stack, fresh bool, err error) {
	st = s.stacks.find(wire.ScopeOf(ctx), *in.StackName)
	creates := wire.Value(in.ChangeSetType) == ChangeSetTypeCreate
	switch {
	case creates && st != nil && st.gone() && arn.Is(*in.StackName):
		return nil, false, existsAlready(st.ID, *in.ChangeSetName)
	case (st == nil || st.gone()) && creates:
		st, err = s.newStack(ctx, *in.StackName)
		return st, true, err
	case st == nil || st.gone():
		return nil, false, noStack(*in.StackName)
	case creates && st.Status != StackStatusReviewInProgress:
		return nil, false, existsAlready(st.Name, *in.ChangeSetName)
	case !creates && (st.busy() || !slices.Contains(updatable, st.Status)):
		return nil, false, errorOfState(st, "updated")
	}
	return st, false, nil
}

func existsAlready(stack, set string) error {
	return invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", stack, set)
}

// changes works out what settings would do to a stack's resources. Values that
// are known only once other resources are made count as changed.
func (s *Service) changes(st *stack, set *settings) ([]change, error) {
	p, err := s.newPlan(st, *set)
	if err != nil {
		return nil, err
	}
	dynamic, touched := map[string]bool{}, map[string]bool{} // resources with another id, and with anything that is another
	p.look(st)
	ref, attribute := p.scope.Ref, p.scope.Attribute
	unknown := false
	p.scope.Ref = func(name string) (string, error) {
		unknown = unknown || dynamic[name]
		if v, err := ref(name); err == nil {
			return v, nil
		}
		return "{{" + name + "}}", nil
	}
	p.scope.Attribute = func(name, a string) (any, error) {
		unknown = unknown || dynamic[name]
		if v, err := attribute(name, a); err == nil {
			return v, nil
		}
		return "{{" + name + "." + a + "}}", nil
	}
	var list []change
	for _, name := range p.order {
		typ := p.template.Resources[name].Type
		old := st.Resources[name]
		if old == nil || old.ID == "" {
			dynamic[name], touched[name] = true, true
			list = append(list, change{Action: ChangeActionAdd, Name: name, Type: typ})
			continue
		}
		unknown = false
		properties, err := p.scope.Properties(name)
		if err != nil {
			return nil, explained(err)
		}
		c := change{Action: ChangeActionModify, Name: name, Type: typ, Physical: old.ID, Properties: difference(old.Properties, properties)}
		c.Causes = p.causes(name, c.Properties, st.Parameters, touched, dynamic)
		c.Replaces = resources.Find(typ).Replaces(c.Properties)
		if len(c.Properties) > 0 || len(c.Causes) > 0 || unknown || !maps.Equal(old.Tags, set.Tags) {
			dynamic[name], touched[name] = len(c.Replaces) > 0, true
			list = append(list, c)
		}
	}
	for _, name := range st.backwards() {
		if r := st.Resources[name]; !slices.Contains(p.order, name) {
			list = append(list, change{Action: ChangeActionRemove, Name: name, Type: r.Type, Physical: r.ID})
		}
	}
	slices.SortFunc(list, func(a, b change) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// DescribeChangeSet implements [API].
func (s *Service) DescribeChangeSet(ctx context.Context, in *DescribeChangeSetInput) (*DescribeChangeSetOutput, error) {
	set, err := s.changeSet(ctx, in.StackName, *in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	out := &DescribeChangeSetOutput{
		ChangeSetName: new(set.Name), ChangeSetId: new(set.ID), StackId: new(set.StackID), StackName: new(set.Stack), Description: optional(set.Description),
		CreationTime: new(wire.At(set.Created)), ExecutionStatus: new(set.Execution), Status: new(set.Status), StatusReason: optional(set.Reason),
		NotificationARNs: set.Next.Notifications, Capabilities: set.Next.Capabilities, OnStackFailure: optional(set.OnFailure), Changes: []Change{},
		RollbackConfiguration: &RollbackConfiguration{MonitoringTimeInMinutes: set.Next.Monitoring},
	}
	if out.NotificationARNs == nil {
		out.NotificationARNs = []string{}
	}
	if out.Capabilities == nil {
		out.Capabilities = []string{}
	}
	if t, _ := template.Parse(set.Next.Template); t != nil {
		out.Parameters = parametersOf(t, set.Next.Parameters)
	}
	for _, key := range slices.Sorted(maps.Keys(set.Next.Tags)) {
		out.Tags = append(out.Tags, Tag{Key: new(key), Value: new(set.Next.Tags[key])})
	}
	changes, next, err := page(set.Changes, func(c change) string { return c.Name }, in.NextToken)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, c := range changes {
		out.Changes = append(out.Changes, Change{Type: new(ChangeTypeResource), ResourceChange: c.describe()})
	}
	return out, nil
}

// ExecuteChangeSet implements [API].
func (s *Service) ExecuteChangeSet(ctx context.Context, in *ExecuteChangeSetInput) (*ExecuteChangeSetOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set, err := s.changeSet(ctx, in.StackName, *in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	if set.Execution != ExecutionStatusAvailable {
		return nil, wire.Errorf(CodeInvalidChangeSetStatusException, "ChangeSet [%s] cannot be executed in its current status of [%s]", set.ID, set.Status)
	}
	_, err = s.stacks.change(ctx, set.StackID, func(st *stack) ([]event, error) {
		set.Next.DisableRollback = wire.Value(in.DisableRollback)
		if st.Status != StackStatusReviewInProgress {
			events, err := s.beginUpdate(ctx, st, &set.Next, in.ClientRequestToken)
			st.ChangeSet = set.ID
			return events, err
		}
		if st.busy() {
			return nil, errorOfState(st, "updated")
		}
		st.settings, st.ChangeSet, st.OnFailure, st.Updated = set.Next, set.ID, set.OnFailure, s.now()
		st.begin(newOperation(ctx, forward, in.ClientRequestToken))
		st.Operation.Creating = true
		return []event{s.turn(st, StackStatusCreateInProgress, "User Initiated")}, nil
	})
	if err != nil {
		return nil, err
	}
	// The sets of a stack become void when one is executed.
	all, err := s.changeSets(set.StackID)
	if err != nil {
		return nil, err
	}
	for _, other := range all {
		other.Execution = ExecutionStatusObsolete
		if other.ID == set.ID {
			other.Execution = ExecutionStatusExecuteComplete
		}
		if err := s.putSet(ctx, other); err != nil {
			return nil, err
		}
	}
	s.start(set.StackID)
	return &ExecuteChangeSetOutput{}, nil
}

// DeleteChangeSet implements [API]; one that is not there is no error.
func (s *Service) DeleteChangeSet(ctx context.Context, in *DeleteChangeSetInput) (*DeleteChangeSetOutput, error) {
	set, err := s.changeSet(ctx, in.StackName, *in.ChangeSetName)
	if wire.IsCode(err, CodeChangeSetNotFoundException) {
		return &DeleteChangeSetOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &DeleteChangeSetOutput{}, s.sets.Delete(ctx, set.key())
}

// ListChangeSets implements [API].
func (s *Service) ListChangeSets(ctx context.Context, in *ListChangeSetsInput) (*ListChangeSetsOutput, error) {
	st := s.stacks.find(wire.ScopeOf(ctx), *in.StackName)
	if st == nil || st.gone() {
		return nil, noStack(*in.StackName)
	}
	all, err := s.changeSets(st.ID)
	if err != nil {
		return nil, err
	}
	sets, next, err := page(all, func(c *changeSet) string { return c.Name }, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListChangeSetsOutput{Summaries: make([]ChangeSetSummary, len(sets)), NextToken: next}
	for i, set := range sets {
		out.Summaries[i] = ChangeSetSummary{
			StackId: new(set.StackID), StackName: new(set.Stack), ChangeSetId: new(set.ID), ChangeSetName: new(set.Name), ExecutionStatus: new(set.Execution),
			Status: new(set.Status), StatusReason: optional(set.Reason), CreationTime: new(wire.At(set.Created)), Description: optional(set.Description),
		}
	}
	return out, nil
}
