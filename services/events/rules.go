package events

import (
	"context"
	"slices"

	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// rule is a rule as it is kept, its targets with it: so they change together.
type rule struct {
	wire.Scope
	Bus         string
	Name        string
	Description *string
	Pattern     *string
	State       string
	RoleARN     *string
	ManagedBy   *string
	Tags        tags
	Targets     []api.Target
}

func (r *rule) key() string { return r.Scope.Key(r.Bus, r.Name) }

func (r *rule) busARN() string { return r.Scope.ARN("events", "event-bus/"+r.Bus) }

// arn leaves the default bus's name out, as EventBridge does.
func (r *rule) arn() string {
	if r.Bus == defaultBus {
		return r.Scope.ARN("events", "rule/"+r.Name)
	}
	return r.Scope.ARN("events", "rule/"+r.Bus+"/"+r.Name)
}

// rule finds a rule of a bus.
func (s *Service) rule(ctx context.Context, busNameOrARN *string, name string) (*bus, *rule, error) {
	b, err := s.bus(ctx, busNameOrARN)
	if err != nil {
		return nil, nil, err
	}
	r := s.rules.Get(b.Scope.Key(b.Name, name))
	if r == nil {
		return nil, nil, api.NotFound("Rule %s does not exist on EventBus %s.", name, b.Name)
	}
	return b, r, nil
}

// changeRule puts the changed copy of a rule and lets its subscriptions follow.
// Targets must be replaced in the copy, not changed in place.
func (s *Service) changeRule(ctx context.Context, busNameOrARN *string, name string, change func(*rule) error) (*rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, old, err := s.rule(ctx, busNameOrARN, name)
	if err != nil {
		return nil, err
	}
	r := *old
	if err := change(&r); err != nil {
		return nil, err
	}
	return &r, s.putRule(ctx, old, &r)
}

// putRule writes a rule and lets the hub's subscriptions follow. The caller
// holds mu. When it returns, the rule sees every event put from then on.
func (s *Service) putRule(ctx context.Context, old, r *rule) error {
	if err := s.rules.Put(ctx, r.key(), r); err != nil {
		return err
	}
	if err := s.subscribe(ctx, r); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	for _, t := range old.Targets {
		if !slices.ContainsFunc(r.Targets, func(o api.Target) bool { return *o.Id == *t.Id }) {
			if err := s.unsubscribe(ctx, old, *t.Id); err != nil {
				return err
			}
		}
	}
	return nil
}

// PutRule implements [api.API]. An existing rule is replaced, but keeps its
// targets and its tags.
func (s *Service) PutRule(ctx context.Context, in *api.PutRuleInput) (*api.PutRuleOutput, error) {
	if in.EventPattern == nil {
		return nil, api.Invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if err := checkPattern(*in.EventPattern); err != nil {
		return nil, err
	}
	newTags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r := &rule{
		Scope: b.Scope, Bus: b.Name, Name: *in.Name, Description: in.Description, Pattern: in.EventPattern,
		State: api.RuleStateEnabled, RoleARN: in.RoleArn, Tags: newTags,
	}
	if in.State != nil {
		r.State = *in.State
	}
	old := s.rules.Get(r.key())
	if old != nil {
		if err := old.checkManaged(nil); err != nil {
			return nil, err
		}
		r.Targets, r.Tags = old.Targets, old.Tags
	}
	if err := s.putRule(ctx, old, r); err != nil {
		return nil, err
	}
	return &api.PutRuleOutput{RuleArn: new(r.arn())}, nil
}

func checkPattern(text string) error {
	if _, err := pattern.Parse([]byte(text)); err != nil {
		return wire.Errorf(api.CodeInvalidEventPatternException, "%s", err.Error())
	}
	return nil
}

// checkManaged refuses changes of a rule that a service manages.
func (r *rule) checkManaged(force *bool) error {
	if r.ManagedBy == nil || wire.Value(force) {
		return nil
	}
	return wire.Errorf(api.CodeManagedRuleException, "Rule %s is managed by %s and cannot be changed.", r.Name, *r.ManagedBy)
}

// DescribeRule implements [api.API].
func (s *Service) DescribeRule(ctx context.Context, in *api.DescribeRuleInput) (*api.DescribeRuleOutput, error) {
	_, r, err := s.rule(ctx, in.EventBusName, *in.Name)
	if err != nil {
		return nil, err
	}
	return &api.DescribeRuleOutput{
		Name: new(r.Name), Arn: new(r.arn()), EventPattern: r.Pattern, State: new(r.State), Description: r.Description,
		RoleArn: r.RoleARN, ManagedBy: r.ManagedBy, EventBusName: new(r.Bus), CreatedBy: new(r.Account),
	}, nil
}

// DeleteRule implements [api.API]. A rule that does not exist is no error; one that
// has targets cannot be deleted.
func (s *Service) DeleteRule(ctx context.Context, in *api.DeleteRuleInput) (*api.DeleteRuleOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r := s.rules.Get(b.Scope.Key(b.Name, *in.Name))
	if r == nil {
		return &api.DeleteRuleOutput{}, nil
	}
	if err := r.checkManaged(in.Force); err != nil {
		return nil, err
	}
	if len(r.Targets) > 0 {
		return nil, api.Invalid("Rule can't be deleted since it has targets.")
	}
	return &api.DeleteRuleOutput{}, s.rules.Delete(ctx, r.key())
}

// EnableRule implements [api.API]. The rule sees the events that come from then on.
func (s *Service) EnableRule(ctx context.Context, in *api.EnableRuleInput) (*api.EnableRuleOutput, error) {
	return &api.EnableRuleOutput{}, s.setState(ctx, in.EventBusName, *in.Name, api.RuleStateEnabled)
}

// DisableRule implements [api.API]. What matched before is still delivered.
func (s *Service) DisableRule(ctx context.Context, in *api.DisableRuleInput) (*api.DisableRuleOutput, error) {
	return &api.DisableRuleOutput{}, s.setState(ctx, in.EventBusName, *in.Name, api.RuleStateDisabled)
}

func (s *Service) setState(ctx context.Context, busNameOrARN *string, name, state string) error {
	_, err := s.changeRule(ctx, busNameOrARN, name, func(r *rule) error {
		r.State = state
		return r.checkManaged(nil)
	})
	return err
}

// ListRules implements [api.API].
func (s *Service) ListRules(ctx context.Context, in *api.ListRulesInput) (*api.ListRulesOutput, error) {
	b, err := s.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	rows, next, err := api.Page(s.rules.List(b.Scope.Key(b.Name, wire.Value(in.NamePrefix))), ruleName, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListRulesOutput{Rules: make([]api.Rule, len(rows)), NextToken: next}
	for i, r := range rows {
		out.Rules[i] = api.Rule{
			Name: new(r.Name), Arn: new(r.arn()), EventPattern: r.Pattern, State: new(r.State), Description: r.Description,
			RoleArn: r.RoleARN, ManagedBy: r.ManagedBy, EventBusName: new(r.Bus),
		}
	}
	return out, nil
}

func ruleName(r *rule) string { return r.Name }

// ListRuleNamesByTarget implements [api.API].
func (s *Service) ListRuleNamesByTarget(ctx context.Context, in *api.ListRuleNamesByTargetInput) (*api.ListRuleNamesByTargetOutput, error) {
	b, err := s.bus(ctx, in.EventBusName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(s.rules.List(b.Scope.Key(b.Name, "")), func(r *rule) bool {
		return !slices.ContainsFunc(r.Targets, func(t api.Target) bool { return *t.Arn == *in.TargetArn })
	})
	rows, next, err := api.Page(all, ruleName, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &api.ListRuleNamesByTargetOutput{RuleNames: make([]string, len(rows)), NextToken: next}
	for i, r := range rows {
		out.RuleNames[i] = r.Name
	}
	return out, nil
}

// TestEventPattern implements [api.API].
func (s *Service) TestEventPattern(ctx context.Context, in *api.TestEventPatternInput) (*api.TestEventPatternOutput, error) {
	p, err := pattern.Parse([]byte(*in.EventPattern))
	if err != nil {
		return nil, wire.Errorf(api.CodeInvalidEventPatternException, "%s", err.Error())
	}
	if err := checkEvent(*in.Event); err != nil {
		return nil, err
	}
	matched, err := p.Match([]byte(*in.Event))
	if err != nil {
		return nil, api.Invalid("Parameter Event is not valid.")
	}
	return &api.TestEventPatternOutput{Result: matched}, nil
}
