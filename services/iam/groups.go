package iam

import (
	"context"
	"slices"
	"strings"
)

// maxGroups is how many groups a user may be in (IAM quotas).
const maxGroups = 10

func (i *identity) group() *Group {
	return &Group{Path: new(i.Path), GroupName: new(i.Name), GroupId: new(i.ID), Arn: new(i.arn()), CreateDate: at(i.Created)}
}

// isIn says whether the user is in a group.
func (i *identity) isIn(group string) bool {
	return slices.ContainsFunc(i.Groups, func(g string) bool { return strings.EqualFold(g, group) })
}

func (s *Service) members(ctx context.Context, group string) []*identity {
	return slices.DeleteFunc(s.list(ctx, user, nil), func(i *identity) bool { return !i.isIn(group) })
}

// CreateGroup implements [API].
func (s *Service) CreateGroup(ctx context.Context, in *CreateGroupInput) (*CreateGroupOutput, error) {
	i := &identity{Kind: group, Path: pathOf(in.Path), Name: *in.GroupName}
	if err := s.create(ctx, i, nil, nil); err != nil {
		return nil, err
	}
	return &CreateGroupOutput{Group: i.group()}, nil
}

// GetGroup implements [API]: the group and who is in it.
func (s *Service) GetGroup(ctx context.Context, in *GetGroupInput) (*GetGroupOutput, error) {
	i, err := s.identity(ctx, group, *in.GroupName)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := page(s.members(ctx, i.Name), nameOf, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &GetGroupOutput{Group: i.group(), Users: make([]User, len(rows)), IsTruncated: truncated, Marker: next}
	for n, u := range rows {
		out.Users[n] = *u.listedUser()
	}
	return out, nil
}

func groupsOf(list []*identity) []Group {
	out := make([]Group, len(list))
	for n, i := range list {
		out[n] = *i.group()
	}
	return out
}

// ListGroups implements [API].
func (s *Service) ListGroups(ctx context.Context, in *ListGroupsInput) (*ListGroupsOutput, error) {
	rows, truncated, next, err := page(s.list(ctx, group, in.PathPrefix), nameOf, in.MaxItems, in.Marker)
	return &ListGroupsOutput{Groups: groupsOf(rows), IsTruncated: truncated, Marker: next}, err
}

// ListGroupsForUser implements [API].
func (s *Service) ListGroupsForUser(ctx context.Context, in *ListGroupsForUserInput) (*ListGroupsForUserOutput, error) {
	u, err := s.identity(ctx, user, *in.UserName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(s.list(ctx, group, nil), func(g *identity) bool { return !u.isIn(g.Name) })
	rows, truncated, next, err := page(all, nameOf, in.MaxItems, in.Marker)
	return &ListGroupsForUserOutput{Groups: groupsOf(rows), IsTruncated: truncated, Marker: next}, err
}

// UpdateGroup implements [API]: another name or path. Its members stay in it.
func (s *Service) UpdateGroup(ctx context.Context, in *UpdateGroupInput) (*UpdateGroupOutput, error) {
	return nil, s.rename(ctx, group, *in.GroupName, in.NewGroupName, in.NewPath, func(old, renamed *identity) error {
		for _, m := range s.members(ctx, old.Name) {
			u := *m
			u.Groups = append(u.without(old.Name), renamed.Name)
			if err := s.identities.Put(ctx, u.key(), &u); err != nil {
				return err
			}
		}
		return nil
	})
}

// without is the user's groups but one.
func (i *identity) without(group string) []string {
	return slices.DeleteFunc(slices.Clone(i.Groups), func(g string) bool { return strings.EqualFold(g, group) })
}

// DeleteGroup implements [API].
func (s *Service) DeleteGroup(ctx context.Context, in *DeleteGroupInput) (*DeleteGroupOutput, error) {
	return nil, s.remove(ctx, group, *in.GroupName, func(i *identity) error {
		if len(s.members(ctx, i.Name)) > 0 {
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		return nil
	})
}

// AddUserToGroup implements [API].
func (s *Service) AddUserToGroup(ctx context.Context, in *AddUserToGroupInput) (*AddUserToGroupOutput, error) {
	return nil, s.change(ctx, user, *in.UserName, func(u *identity) error {
		g, err := s.identity(ctx, group, *in.GroupName)
		if err != nil || u.isIn(g.Name) {
			return err
		}
		if len(u.Groups) >= maxGroups {
			return exceeded("Cannot exceed quota for GroupsPerUser: %d", maxGroups)
		}
		u.Groups = append(slices.Clone(u.Groups), g.Name)
		return nil
	})
}

// RemoveUserFromGroup implements [API].
func (s *Service) RemoveUserFromGroup(ctx context.Context, in *RemoveUserFromGroupInput) (*RemoveUserFromGroupOutput, error) {
	return nil, s.change(ctx, user, *in.UserName, func(u *identity) error {
		if _, err := s.identity(ctx, group, *in.GroupName); err != nil {
			return err
		}
		u.Groups = u.without(*in.GroupName)
		return nil
	})
}

// PutGroupPolicy implements [API].
func (s *Service) PutGroupPolicy(ctx context.Context, in *PutGroupPolicyInput) (*PutGroupPolicyOutput, error) {
	return nil, s.putInline(ctx, group, *in.GroupName, *in.PolicyName, *in.PolicyDocument)
}

// GetGroupPolicy implements [API].
func (s *Service) GetGroupPolicy(ctx context.Context, in *GetGroupPolicyInput) (*GetGroupPolicyOutput, error) {
	name, document, err := s.inline(ctx, group, *in.GroupName, *in.PolicyName)
	return &GetGroupPolicyOutput{GroupName: &name, PolicyName: in.PolicyName, PolicyDocument: encoded(document)}, err
}

// ListGroupPolicies implements [API].
func (s *Service) ListGroupPolicies(ctx context.Context, in *ListGroupPoliciesInput) (*ListGroupPoliciesOutput, error) {
	names, err := s.inlineNames(ctx, group, *in.GroupName)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := page(names, self, in.MaxItems, in.Marker)
	return &ListGroupPoliciesOutput{PolicyNames: rows, IsTruncated: truncated, Marker: next}, err
}

// DeleteGroupPolicy implements [API].
func (s *Service) DeleteGroupPolicy(ctx context.Context, in *DeleteGroupPolicyInput) (*DeleteGroupPolicyOutput, error) {
	return nil, s.deleteInline(ctx, group, *in.GroupName, *in.PolicyName)
}

// AttachGroupPolicy implements [API].
func (s *Service) AttachGroupPolicy(ctx context.Context, in *AttachGroupPolicyInput) (*AttachGroupPolicyOutput, error) {
	return nil, s.attach(ctx, group, *in.GroupName, *in.PolicyArn)
}

// DetachGroupPolicy implements [API].
func (s *Service) DetachGroupPolicy(ctx context.Context, in *DetachGroupPolicyInput) (*DetachGroupPolicyOutput, error) {
	return nil, s.detach(ctx, group, *in.GroupName, *in.PolicyArn)
}

// ListAttachedGroupPolicies implements [API].
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, in *ListAttachedGroupPoliciesInput) (*ListAttachedGroupPoliciesOutput, error) {
	rows, truncated, next, err := s.attached(ctx, group, *in.GroupName, in.PathPrefix, in.MaxItems, in.Marker)
	return &ListAttachedGroupPoliciesOutput{AttachedPolicies: rows, IsTruncated: truncated, Marker: next}, err
}
