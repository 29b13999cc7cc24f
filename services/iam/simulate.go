package iam

import (
	"context"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/policy"
)

// simulation is what both Simulate operations ask.
type simulation struct {
	set       policy.Set
	principal policy.Principal
	context   map[string][]string
	actions   []string
	resources []string
	owner     string // account of the resources, where the request names it
	kinds     map[string]string
	limit     *int32
	marker    *string
}

// SimulateCustomPolicy implements [API].
func (s *Service) SimulateCustomPolicy(ctx context.Context, in *SimulateCustomPolicyInput) (*SimulateCustomPolicyOutput, error) {
	m := &simulation{actions: in.ActionNames, resources: in.ResourceArns, limit: in.MaxItems, marker: in.Marker, kinds: map[string]string{}, context: map[string][]string{}}
	m.principal = policy.User(nameARN(account(ctx), "user/simulated"))
	err := m.fill(s, in.PolicyInputList, in.PermissionsBoundaryPolicyInputList, in.ResourcePolicy, in.CallerArn, in.ResourceOwner, in.ContextEntries)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := m.run()
	return &SimulateCustomPolicyOutput{EvaluationResults: rows, IsTruncated: truncated, Marker: next}, err
}

// SimulatePrincipalPolicy implements [API]: what a user, group or role may do by
// the policies that it has.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, in *SimulatePrincipalPolicyInput) (*SimulatePrincipalPolicyOutput, error) {
	i, err := s.sourceIdentity(*in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	m := &simulation{actions: in.ActionNames, resources: in.ResourceArns, limit: in.MaxItems, marker: in.Marker, kinds: map[string]string{}}
	c := s.Caller(i.arn())
	m.principal, m.context = c.Principal, c.Context
	m.set.Identity, m.set.Boundary = s.policiesOf(i)
	for _, source := range m.set.Identity {
		m.kinds[source.Name] = sourceType(i.Kind, source.Name)
	}
	err = m.fill(s, in.PolicyInputList, in.PermissionsBoundaryPolicyInputList, in.ResourcePolicy, in.CallerArn, in.ResourceOwner, in.ContextEntries)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := m.run()
	return &SimulatePrincipalPolicyOutput{EvaluationResults: rows, IsTruncated: truncated, Marker: next}, err
}

func sourceType(k kind, name string) string {
	switch {
	case strings.HasPrefix(name, awsPolicies):
		return PolicySourceTypeAwsManaged
	case arn.Is(name):
		return PolicySourceTypeUserManaged
	}
	return string(k)
}

// sourceIdentity is the user, group or role that an ARN names.
func (s *Service) sourceIdentity(text string) (*identity, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" {
		return nil, invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", text)
	}
	k, name := a.Split()
	if i := s.identities.Get(key(a.Account, k, name[strings.LastIndexByte(name, '/')+1:])); i != nil && i.arn() == text {
		return i, nil
	}
	return nil, noEntity("%s cannot be found.", called(kind(k), name))
}

// fill reads what a request adds.
func (m *simulation) fill(s *Service, policies, boundaries []string, resource, caller, owner *string, entries []ContextEntry) error {
	read := func(kind policy.Kind, label string, n int, text string) (policy.Source, error) {
		d, err := s.parsed.Parse(text, kind)
		if err != nil {
			return policy.Source{}, invalidInput("%s: %s", label, err)
		}
		return policy.Source{Name: label + "." + strconv.Itoa(n+1), Document: d}, nil
	}
	for n, text := range policies {
		source, err := read(policy.Identity, "PolicyInputList", n, text)
		if err != nil {
			return err
		}
		m.set.Identity = append(m.set.Identity, source)
		m.kinds[source.Name] = PolicySourceTypeNone
	}
	for n, text := range boundaries {
		source, err := read(policy.Identity, "PermissionsBoundaryPolicyInputList", n, text)
		if err != nil {
			return err
		}
		m.set.Boundary = &source
	}
	if resource != nil {
		source, err := read(policy.Resource, "ResourcePolicy", 0, *resource)
		if err != nil {
			return err
		}
		m.set.Resource = []policy.Source{source}
		m.kinds[source.Name] = PolicySourceTypeResource
	}
	if caller != nil {
		if a, err := arn.Parse(*caller); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "user/") {
			return invalidInput("CallerArn %s is not the ARN of a user.", *caller)
		}
		m.principal = policy.User(*caller)
	}
	if owner != nil {
		a, err := arn.Parse(*owner)
		if err != nil {
			return invalidInput("ResourceOwner %s is not the ARN of an account.", *owner)
		}
		m.owner = a.Account
	}
	for _, e := range entries {
		if e.ContextKeyName != nil {
			m.context[strings.ToLower(*e.ContextKeyName)] = e.ContextKeyValues
		}
	}
	return nil
}

// run decides each action on each resource.
func (m *simulation) run() ([]EvaluationResult, bool, *string, error) {
	resources := m.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	type row struct {
		place  string
		result EvaluationResult
	}
	var rows []row
	for _, action := range m.actions {
		for _, resource := range resources {
			rows = append(rows, row{strconv.Itoa(1_000_000 + len(rows)), m.result(action, resource)})
		}
	}
	cut, truncated, next, err := page(rows, func(r row) string { return r.place }, m.limit, m.marker)
	if err != nil {
		return nil, false, nil, err
	}
	out := make([]EvaluationResult, len(cut))
	for i, r := range cut {
		out[i] = r.result
	}
	return out, truncated, next, nil
}

func (m *simulation) result(action, resource string) EvaluationResult {
	r := &policy.Request{Principal: m.principal, Action: action, Resource: resource, ResourceAccount: m.owner, Context: m.context}
	d := policy.Evaluate(r, &m.set)
	out := EvaluationResult{
		EvalActionName: new(action), EvalResourceName: new(resource), EvalDecision: new(PolicyEvaluationDecisionTypeImplicitDeny),
		MatchedStatements: []Statement{}, MissingContextValues: m.missing(),
	}
	switch {
	case d.Explicit:
		out.EvalDecision = new(PolicyEvaluationDecisionTypeExplicitDeny)
	case d.Allowed:
		out.EvalDecision = new(PolicyEvaluationDecisionTypeAllowed)
	}
	if d.Source != nil {
		out.MatchedStatements = append(out.MatchedStatements, Statement{SourcePolicyId: new(d.Source.Name), SourcePolicyType: optional(m.kinds[d.Source.Name])})
	}
	if m.set.Boundary != nil {
		within := policy.Evaluate(r, &policy.Set{Identity: []policy.Source{*m.set.Boundary}})
		out.PermissionsBoundaryDecisionDetail = &PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: within.Allowed}
	}
	return out
}

// missing are the keys that the policies ask for and the request does not give.
func (m *simulation) missing() []string {
	out := []string{}
	for _, key := range contextKeys(m.set.Identity) {
		if _, ok := m.context[strings.ToLower(key)]; !ok {
			out = append(out, key)
		}
	}
	return out
}

func contextKeys(sources []policy.Source) []string {
	keys, seen := []string{}, map[string]bool{}
	for _, source := range sources {
		for _, key := range source.Document.Keys() {
			if !seen[strings.ToLower(key)] {
				seen[strings.ToLower(key)] = true
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// GetContextKeysForCustomPolicy implements [API].
func (s *Service) GetContextKeysForCustomPolicy(_ context.Context, in *GetContextKeysForCustomPolicyInput) (*GetContextKeysForCustomPolicyOutput, error) {
	m := &simulation{kinds: map[string]string{}}
	if err := m.fill(s, in.PolicyInputList, nil, nil, nil, nil, nil); err != nil {
		return nil, err
	}
	return &GetContextKeysForCustomPolicyOutput{ContextKeyNames: contextKeys(m.set.Identity)}, nil
}

// GetContextKeysForPrincipalPolicy implements [API].
func (s *Service) GetContextKeysForPrincipalPolicy(_ context.Context, in *GetContextKeysForPrincipalPolicyInput) (*GetContextKeysForPrincipalPolicyOutput, error) {
	i, err := s.sourceIdentity(*in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	m := &simulation{kinds: map[string]string{}}
	m.set.Identity, _ = s.policiesOf(i)
	if err := m.fill(s, in.PolicyInputList, nil, nil, nil, nil, nil); err != nil {
		return nil, err
	}
	return &GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: contextKeys(m.set.Identity)}, nil
}
