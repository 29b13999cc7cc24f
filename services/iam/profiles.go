package iam

import (
	"context"
	"slices"
	"strings"
	"time"
)

// profile is an instance profile: kept for those who make one, and used by
// nothing here.
type profile struct {
	Account string
	Path    string
	Name    string
	ID      string
	Created time.Time
	Role    string            `json:",omitzero"` // its name
	Tags    map[string]string `json:",omitzero"`
}

func (p *profile) key() string { return key(p.Account, p.Name) }

func (s *Service) profile(ctx context.Context, name string) (*profile, error) {
	if p := s.profiles.Get(key(account(ctx), name)); p != nil {
		return p, nil
	}
	return nil, noEntity("Instance Profile %s cannot be found.", name)
}

func (s *Service) profilesOf(i *identity) []*profile {
	return slices.DeleteFunc(s.profiles.List(key(i.Account, "")), func(p *profile) bool { return !strings.EqualFold(p.Role, i.Name) })
}

func (s *Service) wireProfile(p *profile) *InstanceProfile {
	out := &InstanceProfile{
		Path: new(p.Path), InstanceProfileName: new(p.Name), InstanceProfileId: new(p.ID), Arn: new(nameARN(p.Account, "instance-profile"+p.Path+p.Name)),
		CreateDate: at(p.Created), Roles: []Role{}, Tags: someTags(p.Tags),
	}
	if i := s.identities.Get(key(p.Account, string(role), p.Role)); i != nil {
		out.Roles = append(out.Roles, *i.listedRole())
	}
	return out
}

func (s *Service) wireProfiles(list []*profile) []InstanceProfile {
	out := make([]InstanceProfile, len(list))
	for i, p := range list {
		out[i] = *s.wireProfile(p)
	}
	return out
}

func (s *Service) changeProfile(ctx context.Context, name string, change func(*profile) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.profile(ctx, name)
	if err != nil {
		return err
	}
	p := *old
	if err := change(&p); err != nil {
		return err
	}
	return s.profiles.Put(ctx, p.key(), &p)
}

// CreateInstanceProfile implements [API].
func (s *Service) CreateInstanceProfile(ctx context.Context, in *CreateInstanceProfileInput) (*CreateInstanceProfileOutput, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	p := &profile{Account: account(ctx), Path: pathOf(in.Path), Name: *in.InstanceProfileName, ID: newID("AIPA"), Created: s.now(), Tags: tags}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.profiles.Get(p.key()) != nil {
		return nil, exists("Instance Profile %s already exists.", p.Name)
	}
	return &CreateInstanceProfileOutput{InstanceProfile: s.wireProfile(p)}, s.profiles.Put(ctx, p.key(), p)
}

// GetInstanceProfile implements [API].
func (s *Service) GetInstanceProfile(ctx context.Context, in *GetInstanceProfileInput) (*GetInstanceProfileOutput, error) {
	p, err := s.profile(ctx, *in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &GetInstanceProfileOutput{InstanceProfile: s.wireProfile(p)}, nil
}

// ListInstanceProfiles implements [API].
func (s *Service) ListInstanceProfiles(ctx context.Context, in *ListInstanceProfilesInput) (*ListInstanceProfilesOutput, error) {
	all := under(s.profiles.List(key(account(ctx), "")), in.PathPrefix, func(p *profile) string { return p.Path })
	rows, truncated, next, err := page(all, (*profile).key, in.MaxItems, in.Marker)
	return &ListInstanceProfilesOutput{InstanceProfiles: s.wireProfiles(rows), IsTruncated: truncated, Marker: next}, err
}

// ListInstanceProfilesForRole implements [API].
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *ListInstanceProfilesForRoleInput) (*ListInstanceProfilesForRoleOutput, error) {
	i, err := s.identity(ctx, role, *in.RoleName)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := page(s.profilesOf(i), (*profile).key, in.MaxItems, in.Marker)
	return &ListInstanceProfilesForRoleOutput{InstanceProfiles: s.wireProfiles(rows), IsTruncated: truncated, Marker: next}, err
}

// DeleteInstanceProfile implements [API].
func (s *Service) DeleteInstanceProfile(ctx context.Context, in *DeleteInstanceProfileInput) (*DeleteInstanceProfileOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.profile(ctx, *in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.Role != "" {
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
	}
	return nil, s.profiles.Delete(ctx, p.key())
}

// AddRoleToInstanceProfile implements [API]. A profile has one role at most.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, in *AddRoleToInstanceProfileInput) (*AddRoleToInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, *in.InstanceProfileName, func(p *profile) error {
		i, err := s.identity(ctx, role, *in.RoleName)
		if err != nil {
			return err
		}
		if p.Role != "" {
			return exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
		}
		p.Role = i.Name
		return nil
	})
}

// RemoveRoleFromInstanceProfile implements [API].
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, in *RemoveRoleFromInstanceProfileInput) (*RemoveRoleFromInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, *in.InstanceProfileName, func(p *profile) error {
		if !strings.EqualFold(p.Role, *in.RoleName) {
			return noEntity("Role with name %s cannot be found.", *in.RoleName)
		}
		p.Role = ""
		return nil
	})
}

// TagInstanceProfile implements [API].
func (s *Service) TagInstanceProfile(ctx context.Context, in *TagInstanceProfileInput) (*TagInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, *in.InstanceProfileName, func(p *profile) (err error) { p.Tags, err = withTags(p.Tags, in.Tags); return })
}

// UntagInstanceProfile implements [API].
func (s *Service) UntagInstanceProfile(ctx context.Context, in *UntagInstanceProfileInput) (*UntagInstanceProfileOutput, error) {
	return nil, s.changeProfile(ctx, *in.InstanceProfileName, func(p *profile) error { p.Tags = withoutTags(p.Tags, in.TagKeys); return nil })
}

// ListInstanceProfileTags implements [API].
func (s *Service) ListInstanceProfileTags(ctx context.Context, in *ListInstanceProfileTagsInput) (*ListInstanceProfileTagsOutput, error) {
	p, err := s.profile(ctx, *in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	rows, truncated, next, err := tagPage(p.Tags, in.MaxItems, in.Marker)
	return &ListInstanceProfileTagsOutput{Tags: rows, IsTruncated: truncated, Marker: next}, err
}
