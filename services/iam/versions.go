package iam

import (
	"context"
	"slices"
	"strconv"

	"github.com/signalbox/signalbox/wire"
)

func (p *managed) wireVersion(v *version, document bool) PolicyVersion {
	out := PolicyVersion{VersionId: new(v.ID), IsDefaultVersion: v.ID == p.Default, CreateDate: at(v.Created)}
	if document {
		out.Document = encoded(v.Document)
	}
	return out
}

// CreatePolicyVersion implements [API].
func (s *Service) CreatePolicyVersion(ctx context.Context, in *CreatePolicyVersionInput) (*CreatePolicyVersionOutput, error) {
	if err := s.checkManaged(*in.PolicyDocument); err != nil {
		return nil, err
	}
	var out PolicyVersion
	err := s.changePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		if len(p.Versions) >= maxVersions {
			return exceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		p.Made++
		v := version{"v" + strconv.Itoa(p.Made), *in.PolicyDocument, s.now()}
		p.Versions, p.Updated = append(slices.Clone(p.Versions), v), v.Created
		if wire.Value(in.SetAsDefault) {
			p.Default = v.ID
		}
		out = p.wireVersion(&v, false)
		return nil
	})
	return &CreatePolicyVersionOutput{PolicyVersion: &out}, err
}

func (s *Service) policyVersion(ctx context.Context, arn, id string) (*managed, *version, error) {
	p, err := s.policy(ctx, arn)
	if err != nil {
		return nil, nil, err
	}
	if v := p.version(id); v != nil {
		return p, v, nil
	}
	return nil, nil, noVersion(arn, id)
}

func noVersion(arn, id string) error {
	return noEntity("Policy %s version %s does not exist or is not attachable.", arn, id)
}

// GetPolicyVersion implements [API].
func (s *Service) GetPolicyVersion(ctx context.Context, in *GetPolicyVersionInput) (*GetPolicyVersionOutput, error) {
	p, v, err := s.policyVersion(ctx, *in.PolicyArn, *in.VersionId)
	if err != nil {
		return nil, err
	}
	return &GetPolicyVersionOutput{PolicyVersion: new(p.wireVersion(v, true))}, nil
}

// ListPolicyVersions implements [API]: the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *ListPolicyVersionsInput) (*ListPolicyVersionsOutput, error) {
	p, err := s.policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	all := make([]PolicyVersion, 0, len(p.Versions))
	for i := range slices.Backward(p.Versions) {
		all = append(all, p.wireVersion(&p.Versions[i], false))
	}
	place := func(v PolicyVersion) string {
		n, _ := strconv.Atoi((*v.VersionId)[1:])
		return strconv.Itoa(1_000_000_000 - n) // the order of the list
	}
	rows, truncated, next, err := page(all, place, in.MaxItems, in.Marker)
	return &ListPolicyVersionsOutput{Versions: rows, IsTruncated: truncated, Marker: next}, err
}

// DeletePolicyVersion implements [API].
func (s *Service) DeletePolicyVersion(ctx context.Context, in *DeletePolicyVersionInput) (*DeletePolicyVersionOutput, error) {
	return nil, s.changePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		switch {
		case p.version(*in.VersionId) == nil:
			return noVersion(*in.PolicyArn, *in.VersionId)
		case p.Default == *in.VersionId:
			return conflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.DeleteFunc(slices.Clone(p.Versions), func(v version) bool { return v.ID == *in.VersionId })
		p.Updated = s.now()
		return nil
	})
}

// SetDefaultPolicyVersion implements [API].
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *SetDefaultPolicyVersionInput) (*SetDefaultPolicyVersionOutput, error) {
	return nil, s.changePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		if p.version(*in.VersionId) == nil {
			return noVersion(*in.PolicyArn, *in.VersionId)
		}
		p.Default, p.Updated = *in.VersionId, s.now()
		return nil
	})
}
