package dynamodb

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/wire"
)

// maxPolicy is how large a resource policy may be, in bytes (developer guide,
// page "Service, account, and table quotas").
const maxPolicy = 20 << 10

// noPolicy is the revision that is expected where there is to be no policy yet.
const noPolicy = "NO_POLICY"

// tablePolicy is a policy of a table, or of one of its streams.
type tablePolicy struct{ Document, Revision string }

func newPolicy(text string) (tablePolicy, error) {
	if len(text) > maxPolicy {
		return tablePolicy{}, invalid("Resource policy size exceeds the maximum allowed size of 20 KB")
	}
	if _, err := policy.Parse([]byte(text), policy.Resource); err != nil {
		return tablePolicy{}, invalid("Invalid policy document: %v", err)
	}
	return tablePolicy{text, uuid.NewString()}, nil
}

// policed finds the table whose policy is meant, and under which name it is
// kept: "" for the table's own, a stream's label for the stream's.
func (s *Service) policed(text string) (*OpenTable, string, error) {
	o, err := s.resource(text)
	if err != nil {
		return nil, "", err
	}
	a, err := arn.Parse(text)
	if err != nil {
		return nil, "", err
	}
	_, rest := a.Split()
	_, below, _ := strings.Cut(rest, "/")
	label, isStream := strings.CutPrefix(below, "stream/")
	switch {
	case below == "":
		return o, "", nil
	case !isStream:
		return nil, "", invalid("Invalid ResourceArn: policies are those of tables and streams, not of %s", text)
	}
	for _, p := range o.doc.Load().streams() {
		if p.Label == label {
			return o, label, nil
		}
	}
	return nil, "", wire.Errorf(CodeResourceNotFoundException, "Requested resource not found: Stream: %s not found", text)
}

func errNoPolicy(text string) error {
	return wire.Errorf(CodePolicyNotFoundException, "Resource-based policy not found for the provided ResourceArn: %s", text)
}

// expect checks the revision that a change of a policy expects.
func (p tablePolicy) expect(revision *string, text string) error {
	if revision == nil || *revision == p.Revision || *revision == noPolicy && p.Revision == "" {
		return nil
	}
	return wire.Errorf(CodePolicyNotFoundException, "The provided ExpectedRevisionId does not match the revision of the policy of %s", text)
}

// PutResourcePolicy implements API. The same policy again changes nothing. That
// a caller may shut itself out is not looked at (ConfirmRemoveSelfResourceAccess).
func (s *Service) PutResourcePolicy(ctx context.Context, in *PutResourcePolicyInput) (*PutResourcePolicyOutput, error) {
	p, err := newPolicy(*in.Policy)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, name, err := s.policed(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	d := o.doc.Load().clone()
	was := d.Policies[name]
	if err := was.expect(in.ExpectedRevisionId, *in.ResourceArn); err != nil {
		return nil, err
	}
	if was.Document == p.Document {
		return &PutResourcePolicyOutput{RevisionId: &was.Revision}, nil
	}
	d.Policies[name] = p
	if err := s.change(ctx, o, d); err != nil {
		return nil, err
	}
	return &PutResourcePolicyOutput{RevisionId: &p.Revision}, nil
}

// GetResourcePolicy implements API.
func (s *Service) GetResourcePolicy(_ context.Context, in *GetResourcePolicyInput) (*GetResourcePolicyOutput, error) {
	o, name, err := s.policed(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	p, ok := o.doc.Load().Policies[name]
	if !ok {
		return nil, errNoPolicy(*in.ResourceArn)
	}
	return &GetResourcePolicyOutput{Policy: &p.Document, RevisionId: &p.Revision}, nil
}

// DeleteResourcePolicy implements API. Without an expected revision, what is not
// there is deleted, too.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *DeleteResourcePolicyInput) (*DeleteResourcePolicyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, name, err := s.policed(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	d := o.doc.Load().clone()
	p, ok := d.Policies[name]
	if err := p.expect(in.ExpectedRevisionId, *in.ResourceArn); err != nil {
		return nil, err
	}
	if !ok {
		return &DeleteResourcePolicyOutput{}, nil
	}
	delete(d.Policies, name)
	if err := s.change(ctx, o, d); err != nil {
		return nil, err
	}
	return &DeleteResourcePolicyOutput{RevisionId: &p.Revision}, nil
}

// ResourcePolicies are the policies of the table, index or stream with that ARN,
// where it has any; an index is under its table's. It is for who evaluates
// permissions.
func (s *Service) ResourcePolicies(text string) []string {
	if table, _, ok := strings.Cut(text, "/index/"); ok {
		text = table
	}
	o, name, err := s.policed(text)
	if err != nil {
		return nil
	}
	if p, ok := o.doc.Load().Policies[name]; ok {
		return []string{p.Document}
	}
	return nil
}
