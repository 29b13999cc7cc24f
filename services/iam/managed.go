package iam

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/wire"
)

const (
	maxManaged  = 6144 // characters of a managed policy, white space left out (IAM quotas)
	maxVersions = 5    // of a managed policy (IAM quotas)
)

// managed is a managed policy: the customer's, or one of AWS's own.
type managed struct {
	Account     string // "aws" for AWS's own
	Path        string
	Name        string
	ID          string
	Description string
	Created     time.Time
	Updated     time.Time
	Tags        map[string]string `json:",omitzero"`
	Versions    []version         // the oldest first
	Default     string            // id of the version in force
	Made        int               // versions so far
}

type version struct {
	ID       string
	Document string
	Created  time.Time
}

func (p *managed) key() string { return key(p.Account, p.Name) }

func (p *managed) arn() string { return nameARN(p.Account, "policy"+p.Path+p.Name) }

// version finds a version, nil where there is none.
func (p *managed) version(id string) *version {
	for i := range p.Versions {
		if p.Versions[i].ID == id {
			return &p.Versions[i]
		}
	}
	return nil
}

// document is that of the version in force.
func (p *managed) document() string {
	if v := p.version(p.Default); v != nil {
		return v.Document
	}
	return ""
}

// policy finds a managed policy by its ARN: of the caller's account, or AWS's.
func (s *Service) policy(ctx context.Context, arn string) (*managed, error) {
	return s.policyIn(account(ctx), arn)
}

func (s *Service) policyIn(account, arn string) (*managed, error) {
	own := "arn:aws:iam::" + account + ":policy/"
	switch {
	case strings.HasPrefix(arn, awsPolicies):
		if p := s.aws[strings.TrimPrefix(arn, awsPolicies)]; p != nil {
			return p, nil
		}
	case strings.HasPrefix(arn, own):
		_, name := splitPolicyARN(arn)
		if p := s.managed.Get(key(account, name)); p != nil && p.arn() == arn {
			return p, nil
		}
	case !strings.HasPrefix(arn, "arn:"):
		return nil, invalid("Invalid ARN:  Could not be parsed!")
	case !strings.HasPrefix(arn, "arn:aws:iam::") || !strings.Contains(arn, ":policy/"):
		return nil, invalidInput("ARN %s is not valid.", arn)
	}
	return nil, noEntity("Policy %s was not found.", arn)
}

// changePolicy puts a changed copy of a customer's policy.
func (s *Service) changePolicy(ctx context.Context, arn string, change func(*managed) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.policy(ctx, arn)
	if err != nil {
		return err
	}
	if err := old.owned(ctx); err != nil {
		return err
	}
	p := *old
	if err := change(&p); err != nil {
		return err
	}
	return s.managed.Put(ctx, p.key(), &p)
}

// owned refuses changes of AWS's policies.
func (p *managed) owned(ctx context.Context) error {
	if p.Account != "aws" {
		return nil
	}
	r := wire.FromContext(ctx)
	return &wire.Error{Code: "AccessDenied", Status: 403, Fault: wire.Sender,
		Message: fmt.Sprintf("User: %s is not authorized to perform: iam:%s on resource: policy %s", r.Principal, r.Operation, p.arn())}
}

// usage counts to how many identities policies are attached, and of how many
// they are the boundary.
type usage struct{ attached, boundaries map[string]int32 }

func (s *Service) usage(ctx context.Context) usage {
	u := usage{map[string]int32{}, map[string]int32{}}
	for _, i := range s.identities.List(key(account(ctx), "")) {
		for _, arn := range i.Attached {
			u.attached[arn]++
		}
		if i.Boundary != "" {
			u.boundaries[i.Boundary]++
		}
	}
	return u
}

// listed is the policy as lists have it: without description and tags.
func (p *managed) listed(u usage) *Policy {
	return &Policy{
		PolicyName: new(p.Name), PolicyId: new(p.ID), Arn: new(p.arn()), Path: new(p.Path), DefaultVersionId: new(p.Default),
		AttachmentCount: new(u.attached[p.arn()]), PermissionsBoundaryUsageCount: new(u.boundaries[p.arn()]), IsAttachable: new(true),
		CreateDate: at(p.Created), UpdateDate: at(p.Updated),
	}
}

func (p *managed) whole(u usage) *Policy {
	out := p.listed(u)
	out.Description, out.Tags = optional(p.Description), someTags(p.Tags)
	return out
}

func (s *Service) checkManaged(document string) error {
	if sizeOf(document) > maxManaged {
		return exceeded("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	return s.checkIdentityPolicy(document)
}

// CreatePolicy implements [API].
func (s *Service) CreatePolicy(ctx context.Context, in *CreatePolicyInput) (*CreatePolicyOutput, error) {
	if err := s.checkManaged(*in.PolicyDocument); err != nil {
		return nil, err
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := &managed{
		Account: account(ctx), Path: pathOf(in.Path), Name: *in.PolicyName, ID: newID("ANPA"), Description: wire.Value(in.Description),
		Created: now, Updated: now, Tags: tags, Versions: []version{{"v1", *in.PolicyDocument, now}}, Default: "v1", Made: 1,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.managed.Get(p.key()) != nil {
		return nil, exists("A policy called %s already exists. Duplicate names are not allowed.", p.Name)
	}
	return &CreatePolicyOutput{Policy: p.whole(usage{})}, s.managed.Put(ctx, p.key(), p)
}

// GetPolicy implements [API].
func (s *Service) GetPolicy(ctx context.Context, in *GetPolicyInput) (*GetPolicyOutput, error) {
	p, err := s.policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := p.whole(s.usage(ctx))
	if out.Tags == nil {
		out.Tags = []Tag{}
	}
	return &GetPolicyOutput{Policy: out}, nil
}

// ListPolicies implements [API].
func (s *Service) ListPolicies(ctx context.Context, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
	var all []*managed
	scope := wire.Value(in.Scope)
	if scope != PolicyScopeTypeAws {
		all = append(all, s.managed.List(key(account(ctx), ""))...)
	}
	if scope != PolicyScopeTypeLocal {
		all = slices.AppendSeq(all, maps.Values(s.aws))
	}
	u := s.usage(ctx)
	used := u.attached
	if wire.Value(in.PolicyUsageFilter) == PolicyUsageTypePermissionsBoundary {
		used = u.boundaries
	}
	all = slices.DeleteFunc(under(all, in.PathPrefix, func(p *managed) string { return p.Path }), func(p *managed) bool {
		return (wire.Value(in.OnlyAttached) || in.PolicyUsageFilter != nil) && used[p.arn()] == 0
	})
	slices.SortFunc(all, func(a, b *managed) int { return strings.Compare(a.arn(), b.arn()) })
	rows, truncated, next, err := page(all, (*managed).arn, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListPoliciesOutput{Policies: make([]Policy, len(rows)), IsTruncated: truncated, Marker: next}
	for i, p := range rows {
		out.Policies[i] = *p.listed(u)
	}
	return out, nil
}

// DeletePolicy implements [API].
func (s *Service) DeletePolicy(ctx context.Context, in *DeletePolicyInput) (*DeletePolicyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if err := p.owned(ctx); err != nil {
		return nil, err
	}
	u := s.usage(ctx)
	switch {
	case u.attached[p.arn()]+u.boundaries[p.arn()] > 0:
		return nil, conflict("Cannot delete a policy attached to entities.")
	case len(p.Versions) > 1:
		return nil, conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	return nil, s.managed.Delete(ctx, p.key())
}

// ListEntitiesForPolicy implements [API].
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *ListEntitiesForPolicyInput) (*ListEntitiesForPolicyOutput, error) {
	p, err := s.policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	usage, wanted := wire.Value(in.PolicyUsageFilter), strings.ToLower(wire.Value(in.EntityFilter))
	all := slices.DeleteFunc(under(s.identities.List(key(account(ctx), "")), in.PathPrefix, func(i *identity) string { return i.Path }), func(i *identity) bool {
		attached, boundary := slices.Contains(i.Attached, p.arn()), i.Boundary == p.arn()
		return wanted != "" && string(i.Kind) != wanted ||
			!(attached && usage != PolicyUsageTypePermissionsBoundary || boundary && usage != PolicyUsageTypePermissionsPolicy)
	})
	rows, truncated, next, err := page(all, (*identity).key, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListEntitiesForPolicyOutput{
		PolicyGroups: []PolicyGroup{}, PolicyUsers: []PolicyUser{}, PolicyRoles: []PolicyRole{}, IsTruncated: truncated, Marker: next,
	}
	for _, i := range rows {
		switch i.Kind {
		case role:
			out.PolicyRoles = append(out.PolicyRoles, PolicyRole{RoleName: new(i.Name), RoleId: new(i.ID)})
		case user:
			out.PolicyUsers = append(out.PolicyUsers, PolicyUser{UserName: new(i.Name), UserId: new(i.ID)})
		case group:
			out.PolicyGroups = append(out.PolicyGroups, PolicyGroup{GroupName: new(i.Name), GroupId: new(i.ID)})
		}
	}
	return out, nil
}

// TagPolicy implements [API].
func (s *Service) TagPolicy(ctx context.Context, in *TagPolicyInput) (*TagPolicyOutput, error) {
	return nil, s.changePolicy(ctx, *in.PolicyArn, func(p *managed) (err error) { p.Tags, err = withTags(p.Tags, in.Tags); return })
}

// UntagPolicy implements [API].
func (s *Service) UntagPolicy(ctx context.Context, in *UntagPolicyInput) (*UntagPolicyOutput, error) {
	return nil, s.changePolicy(ctx, *in.PolicyArn, func(p *managed) error { p.Tags = withoutTags(p.Tags, in.TagKeys); return nil })
}

// ListPolicyTags implements [API].
func (s *Service) ListPolicyTags(ctx context.Context, in *ListPolicyTagsInput) (*ListPolicyTagsOutput, error) {
	p, err := s.policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := tagPage(p.Tags, in.MaxItems, in.Marker)
	return &ListPolicyTagsOutput{Tags: rows, IsTruncated: truncated, Marker: next}, err
}
