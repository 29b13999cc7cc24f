package logs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// maxPolicies is how many resource policies an account has in a region.
const maxPolicies = 10

// policy is a resource policy, for the log groups that it names itself.
type policy struct {
	wire.Scope
	Name     string
	Document string
	Updated  time.Time
}

// PutResourcePolicy implements [API], for policies of the account.
func (s *Service) PutResourcePolicy(ctx context.Context, in *PutResourcePolicyInput) (*PutResourcePolicyOutput, error) {
	if in.PolicyName == nil || in.PolicyDocument == nil {
		return nil, invalid("policyName and policyDocument must be given.")
	}
	if !json.Valid([]byte(*in.PolicyDocument)) {
		return nil, invalid("policyDocument is not valid JSON.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &policy{Scope: wire.ScopeOf(ctx), Name: *in.PolicyName, Document: *in.PolicyDocument, Updated: s.clock.Now()}
	key := p.Scope.Key(p.Name)
	if s.policies.Get(key) == nil && len(s.policies.Keys(p.Scope.Key(""))) >= maxPolicies {
		return nil, wire.Errorf(CodeLimitExceededException, "Resource limit exceeded.")
	}
	if err := s.policies.Put(ctx, key, p); err != nil {
		return nil, err
	}
	return &PutResourcePolicyOutput{ResourcePolicy: new(p.row())}, nil
}

func (p *policy) row() ResourcePolicy {
	return ResourcePolicy{PolicyName: new(p.Name), PolicyDocument: new(p.Document), LastUpdatedTime: millis(p.Updated), PolicyScope: new(PolicyScopeAccount)}
}

// DeleteResourcePolicy implements [API].
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *DeleteResourcePolicyInput) (*DeleteResourcePolicyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := wire.ScopeOf(ctx).Key(wire.Value(in.PolicyName))
	if s.policies.Get(key) == nil {
		return nil, wire.Errorf(CodeResourceNotFoundException, "Policy with name [%s] does not exist.", wire.Value(in.PolicyName))
	}
	return &DeleteResourcePolicyOutput{}, s.policies.Delete(ctx, key)
}

// DescribeResourcePolicies implements [API].
func (s *Service) DescribeResourcePolicies(ctx context.Context, in *DescribeResourcePoliciesInput) (*DescribeResourcePoliciesOutput, error) {
	all := s.policies.List(wire.ScopeOf(ctx).Key(""))
	if wire.Value(in.PolicyScope) == PolicyScopeResource {
		all = nil
	}
	rows, next, err := wire.Page(all, func(p *policy) string { return p.Name }, int(*either(in.Limit, new(int32(50)))), in.NextToken)
	if err != nil {
		return nil, invalid("The specified nextToken is invalid: %s.", err)
	}
	out := &DescribeResourcePoliciesOutput{ResourcePolicies: make([]ResourcePolicy, len(rows)), NextToken: next}
	for i, p := range rows {
		out.ResourcePolicies[i] = p.row()
	}
	return out, nil
}
