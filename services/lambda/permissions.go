package lambda

import (
	"context"
	"fmt"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/permission"
	"github.com/signalbox/signalbox/wire"
)

// policy is the resource policy of a function or of one of its qualifiers.
type policy struct {
	wire.Scope
	Function  string
	Qualifier string
	permission.Policy
}

// policyOf finds the policy that a request is about; it is empty where there is none.
func (s *Service) policyOf(ctx context.Context, functionName string, qualifier *string) (catalog.Name, *policy, error) {
	n, f, err := s.Function(ctx, functionName, qualifier)
	if err != nil {
		return n, nil, err
	}
	if _, err := s.Version(n, f); err != nil {
		return n, nil, err
	}
	if n.Qualifier == catalog.Latest {
		return n, nil, api.Invalid("We currently do not support adding policies for $LATEST.")
	}
	p := s.policies.Get(n.Key(n.Qualifier))
	if p == nil {
		p = &policy{Scope: n.Scope, Function: n.Function, Qualifier: n.Qualifier}
	}
	return n, p, nil
}

// AddPermission implements [api.API].
func (s *Service) AddPermission(ctx context.Context, in *api.AddPermissionInput) (*api.AddPermissionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	n, old, err := s.policyOf(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != old.Revision {
		return nil, api.StaleRevision()
	}
	who, err := permission.Principal(*in.Principal)
	if err != nil {
		return nil, err
	}
	p := *old
	var text string
	p.Policy, text, err = old.With(permission.Statement{
		Sid: *in.StatementId, Effect: "Allow", Principal: who, Action: *in.Action, Resource: n.ARN(), Condition: conditions(in),
	})
	if err != nil {
		return nil, err
	}
	return &api.AddPermissionOutput{Statement: &text}, s.policies.Put(ctx, n.Key(n.Qualifier), &p)
}

func conditions(in *api.AddPermissionInput) map[string]map[string]string {
	c := map[string]map[string]string{}
	add := func(operator, key string, value *string) {
		if value == nil {
			return
		}
		if c[operator] == nil {
			c[operator] = map[string]string{}
		}
		c[operator][key] = *value
	}
	add("ArnLike", "AWS:SourceArn", in.SourceArn)
	add("StringEquals", "AWS:SourceAccount", in.SourceAccount)
	add("StringEquals", "lambda:EventSourceToken", in.EventSourceToken)
	add("StringEquals", "lambda:FunctionUrlAuthType", in.FunctionUrlAuthType)
	add("StringEquals", "aws:PrincipalOrgID", in.PrincipalOrgID)
	if in.InvokedViaFunctionUrl != nil {
		add("Bool", "lambda:InvokedViaFunctionUrl", new(fmt.Sprint(*in.InvokedViaFunctionUrl)))
	}
	if len(c) == 0 {
		return nil
	}
	return c
}

// RemovePermission implements [api.API].
func (s *Service) RemovePermission(ctx context.Context, in *api.RemovePermissionInput) (*api.RemovePermissionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	n, old, err := s.policyOf(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != old.Revision {
		return nil, api.StaleRevision()
	}
	p := *old
	if p.Policy, err = old.Without(*in.StatementId); err != nil {
		return nil, err
	}
	if len(p.Statements) == 0 {
		return nil, s.policies.Delete(ctx, n.Key(n.Qualifier))
	}
	return nil, s.policies.Put(ctx, n.Key(n.Qualifier), &p)
}

// GetPolicy implements [api.API].
func (s *Service) GetPolicy(ctx context.Context, in *api.GetPolicyInput) (*api.GetPolicyOutput, error) {
	_, p, err := s.policyOf(ctx, *in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if len(p.Statements) == 0 {
		return nil, api.NotFound("The resource you requested does not exist.")
	}
	document, err := p.Document()
	return &api.GetPolicyOutput{Policy: &document, RevisionId: new(p.Revision)}, err
}

// Policy is the policy document of a function, of the version or alias that the
// ARN names, or of a layer's version; empty where there is none. It is for who
// evaluates permissions.
func (s *Service) Policy(ctx context.Context, resourceARN string) (string, error) {
	if sc, name, version, err := locateLayer(ctx, resourceARN); err == nil && version > 0 {
		l, err := s.layerVersion(sc, name, version)
		if err != nil || len(l.Shared.Statements) == 0 {
			return "", err
		}
		return l.Shared.Document()
	}
	_, p, err := s.policyOf(ctx, resourceARN, nil)
	if err != nil || len(p.Statements) == 0 {
		return "", err
	}
	return p.Document()
}
