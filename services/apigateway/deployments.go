package apigateway

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// CreateDeployment implements [API].
func (s *Service) CreateDeployment(ctx context.Context, in *CreateDeploymentInput) (*CreateDeploymentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	if err := deployable(&a.Definition); err != nil {
		return nil, err
	}
	if wire.Value(in.CacheClusterEnabled) {
		return nil, noCaches()
	}
	d := &deployment{Scope: a.Scope, Definition: a.Definition, Deployment: Deployment{
		Id: new(kept.NewID(6)), Description: in.Description, CreatedDate: new(wire.At(s.clock.Now())),
	}}
	var st *stage
	if name := wire.Value(in.StageName); name != "" {
		if !stageName.MatchString(name) {
			return nil, badStageName()
		}
		if st, err = s.stageFor(a, name, d, in); err != nil {
			return nil, err
		}
	}
	if err := s.deployments.Put(ctx, key(in.RestApiId, d.Deployment.Id), d); err != nil {
		return nil, err
	}
	if st != nil {
		if err := s.stages.Put(ctx, key(in.RestApiId, st.Stage.StageName), st); err != nil {
			return nil, err
		}
	}
	out := CreateDeploymentOutput(d.Deployment)
	return &out, nil
}

// stageFor is the stage that a deployment goes to, made where it is not there.
func (s *Service) stageFor(a *api, name string, d *deployment, in *CreateDeploymentInput) (*stage, error) {
	now := new(wire.At(s.clock.Now()))
	if old := s.stages.Get(key(a.RestApi.Id, &name)); old != nil {
		st, err := kept.Copy(old)
		if err != nil {
			return nil, err
		}
		st.Stage.DeploymentId, st.Stage.LastUpdatedDate = d.Deployment.Id, now
		if in.Variables != nil {
			st.Stage.Variables = in.Variables
		}
		if in.StageDescription != nil {
			st.Stage.Description = in.StageDescription
		}
		return st, nil
	}
	return &stage{Scope: a.Scope, Stage: Stage{
		StageName: &name, DeploymentId: d.Deployment.Id, Description: in.StageDescription, Variables: in.Variables, CreatedDate: now, LastUpdatedDate: now,
		TracingEnabled: wire.Value(in.TracingEnabled), CacheClusterStatus: new(CacheClusterStatusNotAvailable), MethodSettings: map[string]MethodSetting{},
	}}, nil
}

// deployable says whether every method has its integration.
func deployable(d *Definition) error {
	methods := 0
	for _, r := range d.Resources {
		for _, m := range r.ResourceMethods {
			if methods++; m.MethodIntegration == nil {
				return bad("No integration defined for method")
			}
		}
	}
	if methods == 0 {
		return bad("The REST API doesn't contain any methods")
	}
	return nil
}

// key names what belongs to an API.
func key(api, name *string) string { return *api + "|" + *name }

func (s *Service) deployment(ctx context.Context, api, id *string) (*deployment, error) {
	if _, err := s.find(ctx, *api); err != nil {
		return nil, err
	}
	if d := s.deployments.Get(key(api, id)); d != nil {
		return d, nil
	}
	return nil, notFound("Invalid Deployment identifier specified")
}

// GetDeployment implements [API].
func (s *Service) GetDeployment(ctx context.Context, in *GetDeploymentInput) (*GetDeploymentOutput, error) {
	d, err := s.deployment(ctx, in.RestApiId, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	out := GetDeploymentOutput(d.Deployment)
	for _, e := range in.Embed {
		if strings.EqualFold(e, "apisummary") {
			out.ApiSummary = d.Definition.summary()
		}
	}
	return &out, nil
}

// summary says which methods there are, by path and verb.
func (d *Definition) summary() map[string]map[string]MethodSnapshot {
	all := map[string]map[string]MethodSnapshot{}
	for _, r := range d.Resources {
		for verb, m := range r.ResourceMethods {
			if all[*r.Path] == nil {
				all[*r.Path] = map[string]MethodSnapshot{}
			}
			all[*r.Path][verb] = MethodSnapshot{AuthorizationType: m.AuthorizationType, ApiKeyRequired: wire.Value(m.ApiKeyRequired)}
		}
	}
	return all
}

// GetDeployments implements [API].
func (s *Service) GetDeployments(ctx context.Context, in *GetDeploymentsInput) (*GetDeploymentsOutput, error) {
	if _, err := s.find(ctx, *in.RestApiId); err != nil {
		return nil, err
	}
	var all []Deployment
	for _, d := range s.deployments.List(*in.RestApiId + "|") {
		all = append(all, d.Deployment)
	}
	rows, next, err := page(all, func(d Deployment) string { return *d.Id }, in.Limit, in.Position)
	return &GetDeploymentsOutput{Items: rows, Position: next}, err
}

// UpdateDeployment implements [API].
func (s *Service) UpdateDeployment(ctx context.Context, in *UpdateDeploymentInput) (*UpdateDeploymentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.deployment(ctx, in.RestApiId, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	d := *old
	if err := apply(&d.Deployment, in.PatchOperations, "description"); err != nil {
		return nil, err
	}
	out := UpdateDeploymentOutput(d.Deployment)
	return &out, s.deployments.Put(ctx, key(in.RestApiId, in.DeploymentId), &d)
}

// DeleteDeployment implements [API].
func (s *Service) DeleteDeployment(ctx context.Context, in *DeleteDeploymentInput) (*DeleteDeploymentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.deployment(ctx, in.RestApiId, in.DeploymentId); err != nil {
		return nil, err
	}
	for _, st := range s.stages.List(*in.RestApiId + "|") {
		if *st.Stage.DeploymentId == *in.DeploymentId {
			return nil, bad("Active stages pointing to this deployment must be moved or deleted")
		}
	}
	return nil, s.deployments.Delete(ctx, key(in.RestApiId, in.DeploymentId))
}
