package iam

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

func (i *identity) user() *User {
	u := i.listedUser()
	u.PermissionsBoundary, u.Tags = i.boundary(), someTags(i.Tags)
	return u
}

// listedUser is the user as lists have it: without boundary and tags.
func (i *identity) listedUser() *User {
	return &User{Path: new(i.Path), UserName: new(i.Name), UserId: new(i.ID), Arn: new(i.arn()), CreateDate: at(i.Created)}
}

// CreateUser implements [API].
func (s *Service) CreateUser(ctx context.Context, in *CreateUserInput) (*CreateUserOutput, error) {
	i := &identity{Kind: user, Path: pathOf(in.Path), Name: *in.UserName}
	if err := s.create(ctx, i, in.Tags, in.PermissionsBoundary); err != nil {
		return nil, err
	}
	return &CreateUserOutput{User: i.user()}, nil
}

// whose is the user that a request names, or the caller.
func (s *Service) whose(ctx context.Context, name *string) (*identity, error) {
	if name != nil {
		return s.identity(ctx, user, *name)
	}
	a, err := arn.Parse(wire.FromContext(ctx).Principal)
	if err == nil && strings.HasPrefix(a.Resource, "user/") {
		return s.identity(ctx, user, a.Resource[strings.LastIndexByte(a.Resource, '/')+1:])
	}
	return nil, invalid("Must specify userName when calling with non-User credentials")
}

// GetUser implements [API]: of the caller where the request names nobody, which
// for the account's root is the account.
func (s *Service) GetUser(ctx context.Context, in *GetUserInput) (*GetUserOutput, error) {
	if r := wire.FromContext(ctx); in.UserName == nil && strings.HasSuffix(r.Principal, ":root") {
		return &GetUserOutput{User: &User{
			Path: new("/"), UserName: new("root"), UserId: new(r.Account), Arn: new(r.Principal), CreateDate: at(awsCreated),
		}}, nil
	}
	i, err := s.whose(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &GetUserOutput{User: i.user()}, nil
}

// ListUsers implements [API].
func (s *Service) ListUsers(ctx context.Context, in *ListUsersInput) (*ListUsersOutput, error) {
	rows, truncated, next, err := page(s.list(ctx, user, in.PathPrefix), nameOf, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListUsersOutput{Users: make([]User, len(rows)), IsTruncated: truncated, Marker: next}
	for n, i := range rows {
		out.Users[n] = *i.listedUser()
	}
	return out, nil
}

// UpdateUser implements [API]: another name or path. Keys and memberships follow.
func (s *Service) UpdateUser(ctx context.Context, in *UpdateUserInput) (*UpdateUserOutput, error) {
	return nil, s.rename(ctx, user, *in.UserName, in.NewUserName, in.NewPath, func(old, renamed *identity) error {
		for _, k := range s.keysOf(old) {
			moved := *k
			moved.User = renamed.Name
			if err := s.keys.Put(ctx, k.ID, &moved); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteUser implements [API].
func (s *Service) DeleteUser(ctx context.Context, in *DeleteUserInput) (*DeleteUserOutput, error) {
	return nil, s.remove(ctx, user, *in.UserName, func(i *identity) error {
		switch {
		case len(s.keysOf(i)) > 0:
			return conflict("Cannot delete entity, must delete access keys first.")
		case len(i.Groups) > 0:
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		return nil
	})
}

// PutUserPermissionsBoundary implements [API].
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, in *PutUserPermissionsBoundaryInput) (*PutUserPermissionsBoundaryOutput, error) {
	return nil, s.setBoundary(ctx, user, *in.UserName, in.PermissionsBoundary)
}

// DeleteUserPermissionsBoundary implements [API].
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, in *DeleteUserPermissionsBoundaryInput) (*DeleteUserPermissionsBoundaryOutput, error) {
	return nil, s.setBoundary(ctx, user, *in.UserName, nil)
}

// TagUser implements [API].
func (s *Service) TagUser(ctx context.Context, in *TagUserInput) (*TagUserOutput, error) {
	return nil, s.tagIdentity(ctx, user, *in.UserName, in.Tags, nil)
}

// UntagUser implements [API].
func (s *Service) UntagUser(ctx context.Context, in *UntagUserInput) (*UntagUserOutput, error) {
	return nil, s.tagIdentity(ctx, user, *in.UserName, nil, in.TagKeys)
}

// ListUserTags implements [API].
func (s *Service) ListUserTags(ctx context.Context, in *ListUserTagsInput) (*ListUserTagsOutput, error) {
	rows, truncated, next, err := s.identityTags(ctx, user, *in.UserName, in.MaxItems, in.Marker)
	return &ListUserTagsOutput{Tags: rows, IsTruncated: truncated, Marker: next}, err
}

// PutUserPolicy implements [API].
func (s *Service) PutUserPolicy(ctx context.Context, in *PutUserPolicyInput) (*PutUserPolicyOutput, error) {
	return nil, s.putInline(ctx, user, *in.UserName, *in.PolicyName, *in.PolicyDocument)
}

// GetUserPolicy implements [API].
func (s *Service) GetUserPolicy(ctx context.Context, in *GetUserPolicyInput) (*GetUserPolicyOutput, error) {
	name, document, err := s.inline(ctx, user, *in.UserName, *in.PolicyName)
	return &GetUserPolicyOutput{UserName: &name, PolicyName: in.PolicyName, PolicyDocument: encoded(document)}, err
}

// ListUserPolicies implements [API].
func (s *Service) ListUserPolicies(ctx context.Context, in *ListUserPoliciesInput) (*ListUserPoliciesOutput, error) {
	names, err := s.inlineNames(ctx, user, *in.UserName)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := page(names, self, in.MaxItems, in.Marker)
	return &ListUserPoliciesOutput{PolicyNames: rows, IsTruncated: truncated, Marker: next}, err
}

// DeleteUserPolicy implements [API].
func (s *Service) DeleteUserPolicy(ctx context.Context, in *DeleteUserPolicyInput) (*DeleteUserPolicyOutput, error) {
	return nil, s.deleteInline(ctx, user, *in.UserName, *in.PolicyName)
}

// AttachUserPolicy implements [API].
func (s *Service) AttachUserPolicy(ctx context.Context, in *AttachUserPolicyInput) (*AttachUserPolicyOutput, error) {
	return nil, s.attach(ctx, user, *in.UserName, *in.PolicyArn)
}

// DetachUserPolicy implements [API].
func (s *Service) DetachUserPolicy(ctx context.Context, in *DetachUserPolicyInput) (*DetachUserPolicyOutput, error) {
	return nil, s.detach(ctx, user, *in.UserName, *in.PolicyArn)
}

// ListAttachedUserPolicies implements [API].
func (s *Service) ListAttachedUserPolicies(ctx context.Context, in *ListAttachedUserPoliciesInput) (*ListAttachedUserPoliciesOutput, error) {
	rows, truncated, next, err := s.attached(ctx, user, *in.UserName, in.PathPrefix, in.MaxItems, in.Marker)
	return &ListAttachedUserPoliciesOutput{AttachedPolicies: rows, IsTruncated: truncated, Marker: next}, err
}
