package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// policy is the resource policy of a function or of one of its qualifiers.
type policy struct {
	wire.Scope
	Function   string
	Qualifier  string
	Statements []statement
	Revision   string
}

// statement is one permission, as the policy document shows it.
type statement struct {
	Sid       string
	Effect    string
	Principal any // "*", {"Service": …} or {"AWS": …}
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// maxPolicy is how large a policy document may be, in bytes (Lambda quotas).
const maxPolicy = 20 << 10

var (
	principalService = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|alexa\.amazon\.com)$|^alexa-[a-z-]+\.amazon\.com$`)
	principalAccount = regexp.MustCompile(`^\d{12}$`)
)

func (p *policy) document() (string, error) {
	text, err := json.Marshal(struct {
		Version   string
		ID        string `json:"Id"`
		Statement []statement
	}{"2012-10-17", "default", p.Statements})
	if err != nil {
		return "", fmt.Errorf("writing a policy: %w", err)
	}
	return string(text), nil
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
	if slices.ContainsFunc(old.Statements, func(st statement) bool { return st.Sid == *in.StatementId }) {
		return nil, api.Conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", *in.StatementId)
	}
	st := statement{Sid: *in.StatementId, Effect: "Allow", Action: *in.Action, Resource: n.ARN()}
	if st.Principal, err = principal(*in.Principal); err != nil {
		return nil, err
	}
	st.Condition = conditions(in)
	p := *old
	p.Statements = append(slices.Clone(old.Statements), st)
	p.Revision = uuid.NewString()
	document, err := p.document()
	if err != nil {
		return nil, err
	}
	if len(document) > maxPolicy {
		return nil, api.Refuse(api.CodePolicyLengthExceededException, "The final policy size (%d) is bigger than the limit (%d).", len(document), maxPolicy)
	}
	if err := s.policies.Put(ctx, n.Key(n.Qualifier), &p); err != nil {
		return nil, err
	}
	text, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing a statement: %w", err)
	}
	return &api.AddPermissionOutput{Statement: new(string(text))}, nil
}

func principal(text string) (any, error) {
	switch {
	case text == "*":
		return "*", nil
	case principalService.MatchString(text):
		return map[string]string{"Service": text}, nil
	case principalAccount.MatchString(text):
		return map[string]string{"AWS": "arn:aws:iam::" + text + ":root"}, nil
	case strings.HasPrefix(text, "arn:"):
		return map[string]string{"AWS": text}, nil
	}
	return nil, api.Invalid("The provided principal was invalid. Please check the principal and try again.")
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
	at := slices.IndexFunc(old.Statements, func(st statement) bool { return st.Sid == *in.StatementId })
	if at < 0 {
		if len(old.Statements) == 0 {
			return nil, api.NotFound("No policy is associated with the given resource.")
		}
		return nil, api.NotFound("Statement %s is not found in resource policy.", *in.StatementId)
	}
	p := *old
	p.Statements = slices.Delete(slices.Clone(old.Statements), at, at+1)
	p.Revision = uuid.NewString()
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
	document, err := p.document()
	return &api.GetPolicyOutput{Policy: &document, RevisionId: new(p.Revision)}, err
}

// Policy is the policy document of a function, or of the version or alias that
// the ARN names; empty where there is none. It is for who evaluates permissions.
func (s *Service) Policy(ctx context.Context, functionARN string) (string, error) {
	_, p, err := s.policyOf(ctx, functionARN, nil)
	if err != nil || len(p.Statements) == 0 {
		return "", err
	}
	return p.document()
}
