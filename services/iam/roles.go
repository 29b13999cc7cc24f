package iam

import (
	"context"

	"github.com/signalbox/signalbox/wire"
)

// maxTrust is how many characters, white space left out, a trust policy may
// have (IAM quotas).
const maxTrust = 2048

// defaultSession is how long a role's session may last where the role does not
// say, in seconds.
const defaultSession = 3600

// wire is the role as GetRole answers it.
func (i *identity) role() *Role {
	r := i.listedRole()
	r.PermissionsBoundary, r.Tags = i.boundary(), someTags(i.Tags)
	r.RoleLastUsed = &RoleLastUsed{}
	if !i.Used.IsZero() {
		r.RoleLastUsed = &RoleLastUsed{LastUsedDate: at(i.Used), Region: optional(i.UsedRegion)}
	}
	return r
}

// listedRole is the role as lists have it: without boundary, tags and last use
// (API reference, ListRoles).
func (i *identity) listedRole() *Role {
	return &Role{
		Path: new(i.Path), RoleName: new(i.Name), RoleId: new(i.ID), Arn: new(i.arn()), CreateDate: at(i.Created),
		AssumeRolePolicyDocument: encoded(i.Trust), Description: i.Description, MaxSessionDuration: new(i.MaxSession),
	}
}

func (s *Service) checkTrustSize(text string) error {
	if sizeOf(text) > maxTrust {
		return exceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	return s.checkTrust(text)
}

// CreateRole implements [API].
func (s *Service) CreateRole(ctx context.Context, in *CreateRoleInput) (*CreateRoleOutput, error) {
	if err := s.checkTrustSize(*in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	i := &identity{
		Kind: role, Path: pathOf(in.Path), Name: *in.RoleName, Trust: *in.AssumeRolePolicyDocument,
		Description: in.Description, MaxSession: defaultSession,
	}
	if in.MaxSessionDuration != nil {
		i.MaxSession = *in.MaxSessionDuration
	}
	if err := s.create(ctx, i, in.Tags, in.PermissionsBoundary); err != nil {
		return nil, err
	}
	r := i.role()
	r.RoleLastUsed, r.MaxSessionDuration = nil, nil // only GetRole and the lists tell them
	return &CreateRoleOutput{Role: r}, nil
}

// GetRole implements [API].
func (s *Service) GetRole(ctx context.Context, in *GetRoleInput) (*GetRoleOutput, error) {
	i, err := s.identity(ctx, role, *in.RoleName)
	if err != nil {
		return nil, err
	}
	return &GetRoleOutput{Role: i.role()}, nil
}

// ListRoles implements [API].
func (s *Service) ListRoles(ctx context.Context, in *ListRolesInput) (*ListRolesOutput, error) {
	rows, truncated, next, err := page(s.list(ctx, role, in.PathPrefix), nameOf, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListRolesOutput{Roles: make([]Role, len(rows)), IsTruncated: truncated, Marker: next}
	for n, i := range rows {
		out.Roles[n] = *i.listedRole()
	}
	return out, nil
}

// UpdateRole implements [API]: what the request leaves out stays.
func (s *Service) UpdateRole(ctx context.Context, in *UpdateRoleInput) (*UpdateRoleOutput, error) {
	return &UpdateRoleOutput{}, s.change(ctx, role, *in.RoleName, func(i *identity) error {
		if err := i.modifiable(); err != nil {
			return err
		}
		if in.Description != nil {
			i.Description = in.Description
		}
		if in.MaxSessionDuration != nil {
			i.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
}

// UpdateRoleDescription implements [API].
func (s *Service) UpdateRoleDescription(ctx context.Context, in *UpdateRoleDescriptionInput) (*UpdateRoleDescriptionOutput, error) {
	var r *Role
	err := s.change(ctx, role, *in.RoleName, func(i *identity) error {
		i.Description = in.Description
		r = i.role()
		r.RoleLastUsed, r.MaxSessionDuration = nil, nil
		return i.modifiable()
	})
	return &UpdateRoleDescriptionOutput{Role: r}, err
}

// UpdateAssumeRolePolicy implements [API].
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *UpdateAssumeRolePolicyInput) (*UpdateAssumeRolePolicyOutput, error) {
	if err := s.checkTrustSize(*in.PolicyDocument); err != nil {
		return nil, err
	}
	return &UpdateAssumeRolePolicyOutput{}, s.change(ctx, role, *in.RoleName, func(i *identity) error {
		i.Trust = *in.PolicyDocument
		return i.modifiable()
	})
}

// DeleteRole implements [API].
func (s *Service) DeleteRole(ctx context.Context, in *DeleteRoleInput) (*DeleteRoleOutput, error) {
	return &DeleteRoleOutput{}, s.remove(ctx, role, *in.RoleName, func(i *identity) error {
		if len(s.profilesOf(i)) > 0 {
			return conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		return i.modifiable()
	})
}

// PutRolePermissionsBoundary implements [API].
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *PutRolePermissionsBoundaryInput) (*PutRolePermissionsBoundaryOutput, error) {
	return nil, s.setBoundary(ctx, role, *in.RoleName, in.PermissionsBoundary)
}

// DeleteRolePermissionsBoundary implements [API].
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *DeleteRolePermissionsBoundaryInput) (*DeleteRolePermissionsBoundaryOutput, error) {
	return nil, s.setBoundary(ctx, role, *in.RoleName, nil)
}

// TagRole implements [API].
func (s *Service) TagRole(ctx context.Context, in *TagRoleInput) (*TagRoleOutput, error) {
	return nil, s.tagIdentity(ctx, role, *in.RoleName, in.Tags, nil)
}

// UntagRole implements [API].
func (s *Service) UntagRole(ctx context.Context, in *UntagRoleInput) (*UntagRoleOutput, error) {
	return nil, s.tagIdentity(ctx, role, *in.RoleName, nil, in.TagKeys)
}

// ListRoleTags implements [API].
func (s *Service) ListRoleTags(ctx context.Context, in *ListRoleTagsInput) (*ListRoleTagsOutput, error) {
	rows, truncated, next, err := s.identityTags(ctx, role, *in.RoleName, in.MaxItems, in.Marker)
	return &ListRoleTagsOutput{Tags: rows, IsTruncated: truncated, Marker: next}, err
}

// PutRolePolicy implements [API].
func (s *Service) PutRolePolicy(ctx context.Context, in *PutRolePolicyInput) (*PutRolePolicyOutput, error) {
	return nil, s.putInline(ctx, role, *in.RoleName, *in.PolicyName, *in.PolicyDocument)
}

// GetRolePolicy implements [API].
func (s *Service) GetRolePolicy(ctx context.Context, in *GetRolePolicyInput) (*GetRolePolicyOutput, error) {
	name, document, err := s.inline(ctx, role, *in.RoleName, *in.PolicyName)
	return &GetRolePolicyOutput{RoleName: &name, PolicyName: in.PolicyName, PolicyDocument: encoded(document)}, err
}

// ListRolePolicies implements [API].
func (s *Service) ListRolePolicies(ctx context.Context, in *ListRolePoliciesInput) (*ListRolePoliciesOutput, error) {
	names, err := s.inlineNames(ctx, role, *in.RoleName)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := page(names, self, in.MaxItems, in.Marker)
	return &ListRolePoliciesOutput{PolicyNames: rows, IsTruncated: truncated, Marker: next}, err
}

// DeleteRolePolicy implements [API].
func (s *Service) DeleteRolePolicy(ctx context.Context, in *DeleteRolePolicyInput) (*DeleteRolePolicyOutput, error) {
	return nil, s.deleteInline(ctx, role, *in.RoleName, *in.PolicyName)
}

// AttachRolePolicy implements [API].
func (s *Service) AttachRolePolicy(ctx context.Context, in *AttachRolePolicyInput) (*AttachRolePolicyOutput, error) {
	return nil, s.attach(ctx, role, *in.RoleName, *in.PolicyArn)
}

// DetachRolePolicy implements [API].
func (s *Service) DetachRolePolicy(ctx context.Context, in *DetachRolePolicyInput) (*DetachRolePolicyOutput, error) {
	return nil, s.detach(ctx, role, *in.RoleName, *in.PolicyArn)
}

// ListAttachedRolePolicies implements [API].
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *ListAttachedRolePoliciesInput) (*ListAttachedRolePoliciesOutput, error) {
	rows, truncated, next, err := s.attached(ctx, role, *in.RoleName, in.PathPrefix, in.MaxItems, in.Marker)
	return &ListAttachedRolePoliciesOutput{AttachedPolicies: rows, IsTruncated: truncated, Marker: next}, err
}

func unmodifiable(name string) error {
	return wire.Errorf(CodeUnmodifiableEntityException, "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", name)
}
