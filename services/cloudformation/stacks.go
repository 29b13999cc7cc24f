package cloudformation

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

// namePattern is the pattern that AWS names where a stack's name is none.
const namePattern = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"

var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

// newStack is a stack of the caller's, not kept yet.
func (s *Service) newStack(ctx context.Context, name string) (*stack, error) {
	if !stackName.MatchString(name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", name, namePattern)
	}
	sc := wire.ScopeOf(ctx)
	a := arn.New("cloudformation", sc.Region, sc.Account, "stack/"+name+"/"+uuid.NewString())
	a.Partition, _ = partitionOf(sc.Region)
	return &stack{Scope: sc, ID: a.String(), Name: name, Created: s.now(), Resources: map[string]*resource{}}, nil
}

// CreateStack implements [API].
func (s *Service) CreateStack(ctx context.Context, in *CreateStackInput) (*CreateStackOutput, error) {
	if in.OnFailure != nil && in.DisableRollback != nil {
		return nil, invalid("Only one of DisableRollback or OnFailure can be specified")
	}
	st, err := s.newStack(ctx, *in.StackName)
	if err != nil {
		return nil, err
	}
	t, err := read(in.TemplateBody)
	if err != nil {
		return nil, err
	}
	st.settings = settings{
		Template: *in.TemplateBody, Capabilities: in.Capabilities, Notifications: in.NotificationARNs, RoleARN: wire.Value(in.RoleARN),
		DisableRollback: wire.Value(in.DisableRollback), Minutes: in.TimeoutInMinutes, Monitoring: monitoring(in.RollbackConfiguration),
	}
	st.Protected, st.OnFailure, st.Policy = wire.Value(in.EnableTerminationProtection), wire.Value(in.OnFailure), wire.Value(in.StackPolicyBody)
	if st.Parameters, err = bind(t, in.Parameters, nil); err != nil {
		return nil, err
	}
	if st.Tags, err = tagsOf(in.Tags); err != nil {
		return nil, err
	}
	old := s.stacks.find(st.Scope, st.Name)
	reviewed := old != nil && old.Status == StackStatusReviewInProgress && !old.busy()
	if reviewed {
		st.ID, st.Created = old.ID, old.Created
	} else if old != nil {
		if in.ClientRequestToken != nil && old.LastToken == *in.ClientRequestToken {
			return &CreateStackOutput{StackId: new(old.ID)}, nil
		}
		return nil, alreadyExists(st.Name)
	}
	p, err := s.newPlan(st, st.settings)
	if err != nil {
		return nil, err
	}
	if err := p.check(in.Capabilities); err != nil {
		return nil, err
	}
	if err := allowed(p, in.ResourceTypes); err != nil {
		return nil, err
	}
	st.begin(newOperation(ctx, forward, in.ClientRequestToken))
	st.Operation.Creating = true
	if reviewed {
		if err := s.supersede(ctx, st); err != nil {
			return nil, err
		}
		s.start(st.ID)
		return &CreateStackOutput{StackId: new(st.ID)}, nil
	}
	if err := s.stacks.add(ctx, st, s.turn(st, StackStatusCreateInProgress, "User Initiated")); err != nil {
		return nil, err
	}
	s.start(st.ID)
	return &CreateStackOutput{StackId: new(st.ID)}, nil
}

// supersede makes next of the stack under review that has its id, whose change
// sets become void.
func (s *Service) supersede(ctx context.Context, next *stack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.stacks.change(ctx, next.ID, func(st *stack) ([]event, error) {
		if st.Status != StackStatusReviewInProgress || st.busy() {
			return nil, alreadyExists(st.Name)
		}
		next.Events = st.Events
		*st = *next
		return []event{s.turn(st, StackStatusCreateInProgress, "User Initiated")}, nil
	})
	if err != nil {
		return err
	}
	sets, err := s.changeSets(next.ID)
	if err != nil {
		return err
	}
	for _, set := range sets {
		set.Execution = ExecutionStatusObsolete
		if err := s.putSet(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

// begin sets an operation under way.
func (s *stack) begin(op *operation) { s.Operation, s.LastToken = op, op.Token }

// allowed refuses types that the request does not list.
func allowed(p *plan, types []string) error {
	for _, name := range p.order {
		typ := p.template.Resources[name].Type
		if types != nil && !slices.ContainsFunc(types, func(t string) bool {
			head, any := strings.CutSuffix(t, "*")
			return t == typ || any && strings.HasPrefix(typ, head)
		}) {
			return invalid("Resource type %s is not allowed by parameter ResourceTypes %v", typ, types)
		}
	}
	return nil
}

func monitoring(c *RollbackConfiguration) *int32 {
	if c == nil {
		return nil
	}
	return c.MonitoringTimeInMinutes
}

func tagsOf(list []Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[*t.Key]; twice {
			return nil, invalid("The tag key %s occurs twice", *t.Key)
		}
		if strings.HasPrefix(*t.Key, "aws:") {
			return nil, invalid("Tag keys that begin with aws: are reserved: %s", *t.Key)
		}
		tags[*t.Key] = *t.Value
	}
	return tags, nil
}

// updatable are the states that a stack can be updated from.
var updatable = []string{StackStatusCreateComplete, StackStatusUpdateComplete, StackStatusUpdateRollbackComplete, StackStatusUpdateFailed}

// errorOfState refuses what cannot be done in a stack's state.
func errorOfState(st *stack, verb string) error {
	return invalid("Stack:%s is in %s state and can not be %s.", st.ID, st.Status, verb)
}

// UpdateStack implements [API].
func (s *Service) UpdateStack(ctx context.Context, in *UpdateStackInput) (*UpdateStackOutput, error) {
	st := s.stacks.find(wire.ScopeOf(ctx), *in.StackName)
	if st == nil || st.gone() {
		return nil, noStack(*in.StackName)
	}
	if in.ClientRequestToken != nil && st.LastToken == *in.ClientRequestToken {
		return &UpdateStackOutput{StackId: new(st.ID)}, nil
	}
	set, err := s.successor(st, successor{
		Body: in.TemplateBody, Previous: wire.Value(in.UsePreviousTemplate), Parameters: in.Parameters, Capabilities: in.Capabilities,
		Notifications: in.NotificationARNs, RoleARN: in.RoleARN, Rollback: in.RollbackConfiguration, Tags: in.Tags, Types: in.ResourceTypes,
	})
	if err != nil {
		return nil, err
	}
	set.DisableRollback = wire.Value(in.DisableRollback)
	if same, err := s.nothingNew(st, set); err != nil || same {
		if err == nil && in.StackPolicyBody == nil {
			err = invalid("No updates are to be performed.")
		}
		if err != nil {
			return nil, err
		}
	}
	_, err = s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		if in.StackPolicyBody != nil {
			st.Policy = *in.StackPolicyBody
		}
		return s.beginUpdate(ctx, st, set, in.ClientRequestToken)
	})
	if err != nil {
		return nil, err
	}
	s.start(st.ID)
	return &UpdateStackOutput{StackId: new(st.ID)}, nil
}

// beginUpdate sets an update under way, if the stack's state lets it.
func (s *Service) beginUpdate(ctx context.Context, st *stack, set *settings, token *string) ([]event, error) {
	if st.busy() || !slices.Contains(updatable, st.Status) {
		return nil, errorOfState(st, "updated")
	}
	op := newOperation(ctx, forward, token)
	op.Before = st.remember()
	st.settings, st.Updated = *set, s.now()
	st.begin(op)
	return []event{s.turn(st, StackStatusUpdateInProgress, "User Initiated")}, nil
}

// successor is what a request says of a stack's next settings.
type successor struct {
	Body                               *string
	Previous                           bool
	Parameters                         []Parameter
	Capabilities, Notifications, Types []string
	RoleARN                            *string
	Rollback                           *RollbackConfiguration
	Tags                               []Tag
}

// successor works out and checks a stack's next settings. What the request
// leaves out stays as it is, but for the parameters' values.
func (s *Service) successor(st *stack, in successor) (*settings, error) {
	set := st.settings
	switch {
	case in.Previous && in.Body != nil:
		return nil, invalid("Only one of TemplateBody and UsePreviousTemplate can be given.")
	case in.Previous:
		in.Body = new(st.Template)
	}
	t, err := read(in.Body)
	if err != nil {
		return nil, err
	}
	set.Template, set.Capabilities = *in.Body, in.Capabilities
	if set.Parameters, err = bind(t, in.Parameters, st.Parameters); err != nil {
		return nil, err
	}
	if in.Tags != nil {
		if set.Tags, err = tagsOf(in.Tags); err != nil {
			return nil, err
		}
	}
	if in.Notifications != nil {
		set.Notifications = in.Notifications
	}
	if in.RoleARN != nil {
		set.RoleARN = *in.RoleARN
	}
	if in.Rollback != nil {
		set.Monitoring = monitoring(in.Rollback)
	}
	p, err := s.newPlan(st, set)
	if err != nil {
		return nil, err
	}
	if err := p.check(in.Capabilities); err != nil {
		return nil, err
	}
	return &set, allowed(p, in.Types)
}

// nothingNew says whether an update would change nothing.
func (s *Service) nothingNew(st *stack, set *settings) (bool, error) {
	if st.Status == StackStatusUpdateFailed || !maps.Equal(st.Tags, set.Tags) || !slices.Equal(st.Notifications, set.Notifications) || st.RoleARN != set.RoleARN {
		return false, nil
	}
	if st.Template == set.Template && maps.Equal(st.Parameters, set.Parameters) {
		return true, nil
	}
	changes, err := s.changes(st, set)
	if err != nil || len(changes) > 0 {
		return false, err
	}
	a, err := template.Parse(st.Template)
	if err != nil {
		return false, nil
	}
	b, err := template.Parse(set.Template)
	if err != nil {
		return false, explained(err)
	}
	return sameOutputs(a, b) && maps.Equal(st.Parameters, set.Parameters), nil
}

// DeleteStack implements [API]. A stack that is not there is no error.
func (s *Service) DeleteStack(ctx context.Context, in *DeleteStackInput) (*DeleteStackOutput, error) {
	s.mu.Lock() // against stacks that import from this one
	defer s.mu.Unlock()
	st := s.stacks.find(wire.ScopeOf(ctx), *in.StackName)
	switch {
	case st == nil || st.gone():
		return &DeleteStackOutput{}, nil
	case st.Protected:
		return nil, invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", st.Name)
	case len(in.RetainResources) > 0 && st.Status != StackStatusDeleteFailed:
		return nil, invalid("Invalid operation on stack [%s]. Specify the set of logical resources to retain only for a stack in DELETE_FAILED state", st.ID)
	}
	if st.busy() && st.Operation.Final == StackStatusDeleteComplete {
		return &DeleteStackOutput{}, nil
	}
	for _, o := range st.Outputs {
		if by := s.importers(st.Scope, o.Export); o.Export != "" && len(by) > 0 {
			return nil, invalid("Export %s cannot be deleted as it is in use by %s", o.Export, strings.Join(by, " and "))
		}
	}
	for _, name := range in.RetainResources {
		if st.Resources[name] == nil {
			return nil, invalid("Resource %s does not exist in stack %s", name, st.Name)
		}
	}
	_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		if st.busy() {
			return nil, errorOfState(st, "deleted")
		}
		op := newOperation(ctx, removal, in.ClientRequestToken)
		op.Final, op.Retain = StackStatusDeleteComplete, in.RetainResources
		op.Force = wire.Value(in.DeletionMode) == DeletionModeForceDeleteStack
		if in.RoleARN != nil {
			st.RoleARN = *in.RoleARN
		}
		st.begin(op)
		return []event{s.turn(st, StackStatusDeleteInProgress, "User Initiated")}, nil
	})
	if err != nil {
		return nil, err
	}
	s.start(st.ID)
	return &DeleteStackOutput{}, nil
}

// CancelUpdateStack implements [API]: an update is not cancelled here, it runs
// from resource to resource without the waits that make it worth while.
func (s *Service) CancelUpdateStack(ctx context.Context, in *CancelUpdateStackInput) (*CancelUpdateStackOutput, error) {
	st, err := s.living(ctx, in.StackName)
	if err != nil {
		return nil, err
	}
	if st.Status != StackStatusUpdateInProgress {
		return nil, invalid("CancelUpdateStack cannot be called from current stack status")
	}
	return nil, wire.Errorf(wire.CodeNotImplemented, "CancelUpdateStack of an update under way is not implemented by Signalbox")
}

// UpdateTerminationProtection implements [API].
func (s *Service) UpdateTerminationProtection(ctx context.Context, in *UpdateTerminationProtectionInput) (*UpdateTerminationProtectionOutput, error) {
	st, err := s.living(ctx, in.StackName)
	if err != nil {
		return nil, err
	}
	_, err = s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		st.Protected = *in.EnableTerminationProtection
		return nil, nil
	})
	return &UpdateTerminationProtectionOutput{StackId: new(st.ID)}, err
}

// SetStackPolicy implements [API]. The policy is kept and not enforced.
func (s *Service) SetStackPolicy(ctx context.Context, in *SetStackPolicyInput) (*SetStackPolicyOutput, error) {
	st, err := s.living(ctx, in.StackName)
	if err != nil {
		return nil, err
	}
	_, err = s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		st.Policy = wire.Value(in.StackPolicyBody)
		return nil, nil
	})
	return &SetStackPolicyOutput{}, err
}

// GetStackPolicy implements [API].
func (s *Service) GetStackPolicy(ctx context.Context, in *GetStackPolicyInput) (*GetStackPolicyOutput, error) {
	st, err := s.living(ctx, in.StackName)
	if err != nil {
		return nil, err
	}
	return &GetStackPolicyOutput{StackPolicyBody: optional(st.Policy)}, nil
}
