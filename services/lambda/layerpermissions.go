package lambda

import (
	"context"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/permission"
)

// sharedLayer finds the layer version whose policy a request is about.
func (s *Service) sharedLayer(ctx context.Context, name *string, version *int64) (*layer, error) {
	sc, n, _, err := locateLayer(ctx, *name)
	if err != nil {
		return nil, err
	}
	l, err := s.layerVersion(sc, n, *version)
	if err != nil {
		return nil, api.NotFound("Layer version %s does not exist.", (&layer{Scope: sc, Name: n, Version: *version}).arn())
	}
	return l, nil
}

// changeShared keeps a layer version with another policy.
func (s *Service) changeShared(ctx context.Context, old *layer, p permission.Policy) error {
	l := *old
	l.Shared = p
	return s.layers.Put(ctx, l.key(), &l)
}

func staleLayerRevision() error {
	return api.Refuse(api.CodePreconditionFailedException, "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id")
}

// AddLayerVersionPermission implements [api.API].
func (s *Service) AddLayerVersionPermission(ctx context.Context, in *api.AddLayerVersionPermissionInput) (*api.AddLayerVersionPermissionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	l, err := s.sharedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != l.Shared.Revision {
		return nil, staleLayerRevision()
	}
	who, err := permission.Principal(*in.Principal)
	if err != nil {
		return nil, err
	}
	st := permission.Statement{Sid: *in.StatementId, Effect: "Allow", Principal: who, Action: *in.Action, Resource: l.arn()}
	if in.OrganizationId != nil {
		if who != "*" {
			return nil, api.Invalid("An organization can be named only with all accounts as the principal.")
		}
		st.Condition = map[string]map[string]string{"StringEquals": {"aws:PrincipalOrgID": *in.OrganizationId}}
	}
	p, text, err := l.Shared.With(st)
	if err != nil {
		return nil, err
	}
	return &api.AddLayerVersionPermissionOutput{Statement: &text, RevisionId: &p.Revision}, s.changeShared(ctx, l, p)
}

// RemoveLayerVersionPermission implements [api.API].
func (s *Service) RemoveLayerVersionPermission(ctx context.Context, in *api.RemoveLayerVersionPermissionInput) (*api.RemoveLayerVersionPermissionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	l, err := s.sharedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != l.Shared.Revision {
		return nil, staleLayerRevision()
	}
	p, err := l.Shared.Without(*in.StatementId)
	if err != nil {
		return nil, err
	}
	return nil, s.changeShared(ctx, l, p)
}

// GetLayerVersionPolicy implements [api.API].
func (s *Service) GetLayerVersionPolicy(ctx context.Context, in *api.GetLayerVersionPolicyInput) (*api.GetLayerVersionPolicyOutput, error) {
	l, err := s.sharedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	if len(l.Shared.Statements) == 0 {
		return nil, api.NotFound("No policy is associated with the given resource.")
	}
	document, err := l.Shared.Document()
	return &api.GetLayerVersionPolicyOutput{Policy: &document, RevisionId: new(l.Shared.Revision)}, err
}
