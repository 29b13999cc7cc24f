package apigatewayv2

import (
	"context"
	"regexp"
	"slices"

	"github.com/signalbox/signalbox/services/apigateway/accesslog"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

var stageName = regexp.MustCompile(`^(\$default|[A-Za-z0-9_-]{1,128})$`)

func defaultSettings() *RouteSettings { return &RouteSettings{DetailedMetricsEnabled: new(false)} }

// deploy freezes the API's definition. The caller puts the API.
func (s *Service) deploy(ctx context.Context, a *api, auto bool, description *string) (*deployment, error) {
	frozen, err := kept.Copy(&a.Definition)
	if err != nil {
		return nil, err
	}
	d := &deployment{Definition: *frozen, Deployment: Deployment{
		DeploymentId: new(kept.NewID(6)), CreatedDate: s.now(), DeploymentStatus: new("DEPLOYED"), AutoDeployed: auto, Description: description,
	}}
	a.Deployments = append(a.Deployments, *d.Deployment.DeploymentId)
	return d, s.deployments.Put(ctx, *a.Api.ApiId+"|"+*d.Deployment.DeploymentId, d)
}

// autoDeploy gives the stages that want it a deployment of what the API is now,
// and forgets those that were made so before.
func (s *Service) autoDeploy(ctx context.Context, a *api) error {
	var stages []*Stage
	for _, st := range a.Stages {
		if st.AutoDeploy {
			stages = append(stages, st)
		}
	}
	if len(stages) == 0 {
		return nil
	}
	d, err := s.deploy(ctx, a, true, new("Automatic deployment triggered by changes to the Api configuration"))
	if err != nil {
		return err
	}
	var old []string
	for _, st := range stages {
		old = append(old, wire.Value(st.DeploymentId))
		st.DeploymentId = d.Deployment.DeploymentId
		st.LastUpdatedDate = s.now()
		st.LastDeploymentStatusMessage = new("Successfully deployed stage with deployment ID '" + *d.Deployment.DeploymentId + "'")
	}
	return s.forget(ctx, a, old)
}

// forget deletes automatic deployments that no stage has any more.
func (s *Service) forget(ctx context.Context, a *api, ids []string) error {
	for _, st := range a.Stages {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == wire.Value(st.DeploymentId) })
	}
	for _, id := range ids {
		if d := s.deployments.Get(*a.Api.ApiId + "|" + id); d == nil || !d.Deployment.AutoDeployed {
			continue
		}
		a.Deployments = slices.DeleteFunc(a.Deployments, func(other string) bool { return other == id })
		if err := s.deployments.Delete(ctx, *a.Api.ApiId+"|"+id); err != nil {
			return err
		}
	}
	return nil
}

// CreateDeployment implements [API].
func (s *Service) CreateDeployment(ctx context.Context, in *CreateDeploymentInput) (*CreateDeploymentOutput, error) {
	var out CreateDeploymentOutput
	err := s.change(ctx, in.ApiId, func(a *api) error {
		var st *Stage
		if in.StageName != nil {
			if st = a.Stages[*in.StageName]; st == nil {
				return notFound("Stage", *in.StageName)
			}
			if st.AutoDeploy {
				return bad("Deploy is not allowed on a stage with automatic deployment: %s", *in.StageName)
			}
		}
		if len(a.Definition.Routes) == 0 {
			return bad("At least one route is required before deploying the Api.")
		}
		d, err := s.deploy(ctx, a, false, in.Description)
		if err != nil {
			return err
		}
		if st != nil {
			st.DeploymentId, st.LastUpdatedDate = d.Deployment.DeploymentId, s.now()
		}
		out = CreateDeploymentOutput(d.Deployment)
		return nil
	})
	return &out, err
}

func (s *Service) deployment(ctx context.Context, api, id *string) (*deployment, error) {
	if _, err := s.find(ctx, api); err != nil {
		return nil, err
	}
	if d := s.deployments.Get(*api + "|" + *id); d != nil {
		return d, nil
	}
	return nil, notFound("Deployment", *id)
}

// GetDeployment implements [API].
func (s *Service) GetDeployment(ctx context.Context, in *GetDeploymentInput) (*GetDeploymentOutput, error) {
	d, err := s.deployment(ctx, in.ApiId, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	return (*GetDeploymentOutput)(&d.Deployment), nil
}

// GetDeployments implements [API].
func (s *Service) GetDeployments(ctx context.Context, in *GetDeploymentsInput) (*GetDeploymentsOutput, error) {
	if _, err := s.find(ctx, in.ApiId); err != nil {
		return nil, err
	}
	all := map[string]*Deployment{}
	for _, d := range s.deployments.List(*in.ApiId + "|") {
		all[*d.Deployment.DeploymentId] = &d.Deployment
	}
	rows, next, err := page(all, in.MaxResults, in.NextToken)
	return &GetDeploymentsOutput{Items: rows, NextToken: next}, err
}

// UpdateDeployment implements [API].
func (s *Service) UpdateDeployment(ctx context.Context, in *UpdateDeploymentInput) (*UpdateDeploymentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.deployment(ctx, in.ApiId, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	d := *old
	merge(&d.Deployment, in)
	return (*UpdateDeploymentOutput)(&d.Deployment), s.deployments.Put(ctx, *in.ApiId+"|"+*in.DeploymentId, &d)
}

// DeleteDeployment implements [API].
func (s *Service) DeleteDeployment(ctx context.Context, in *DeleteDeploymentInput) (*DeleteDeploymentOutput, error) {
	return nil, s.change(ctx, in.ApiId, func(a *api) error {
		if _, err := s.deployment(ctx, in.ApiId, in.DeploymentId); err != nil {
			return err
		}
		for _, st := range a.Stages {
			if wire.Value(st.DeploymentId) == *in.DeploymentId {
				return bad("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		a.Deployments = slices.DeleteFunc(a.Deployments, func(id string) bool { return id == *in.DeploymentId })
		return s.deployments.Delete(ctx, *in.ApiId+"|"+*in.DeploymentId)
	})
}

// checkStage says what is wrong with a stage; its deployment is looked for.
func (s *Service) checkStage(a *api, st *Stage) error {
	if id := wire.Value(st.DeploymentId); id != "" && s.deployments.Get(*a.Api.ApiId+"|"+id) == nil {
		return bad("Deployment id %s does not exist", id)
	}
	if l := st.AccessLogSettings; l != nil && l.DestinationArn != nil {
		if _, _, err := accesslog.Group(*l.DestinationArn); err != nil {
			return bad("Invalid ARN specified in the request: %s", err)
		}
	}
	return nil
}

// CreateStage implements [API].
func (s *Service) CreateStage(ctx context.Context, in *CreateStageInput) (*CreateStageOutput, error) {
	if !stageName.MatchString(*in.StageName) {
		return nil, bad("Stage name only allows a-zA-Z0-9_- and $default")
	}
	if wire.Value(in.AutoDeploy) && in.DeploymentId != nil {
		return nil, bad("A deployment cannot be given for a stage with automatic deployment")
	}
	var out CreateStageOutput
	err := s.change(ctx, in.ApiId, func(a *api) error {
		if a.Stages[*in.StageName] != nil {
			return conflict("Stage already exists")
		}
		st := &Stage{CreatedDate: s.now(), LastUpdatedDate: s.now(), DefaultRouteSettings: defaultSettings(), RouteSettings: map[string]RouteSettings{}, Tags: map[string]string{}}
		merge(st, in)
		a.Stages[*in.StageName] = st
		if err := s.checkStage(a, st); err != nil {
			return err
		}
		if st.AutoDeploy {
			if err := s.autoDeploy(ctx, a); err != nil {
				return err
			}
		}
		out = CreateStageOutput(*st)
		return nil
	})
	return &out, err
}

func (a *api) stage(name *string) (*Stage, error) {
	if st := a.Stages[*name]; st != nil {
		return st, nil
	}
	return nil, notFound("Stage", *name)
}

// GetStage implements [API].
func (s *Service) GetStage(ctx context.Context, in *GetStageInput) (*GetStageOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	st, err := a.stage(in.StageName)
	return (*GetStageOutput)(st), err
}

// GetStages implements [API].
func (s *Service) GetStages(ctx context.Context, in *GetStagesInput) (*GetStagesOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(a.Stages, in.MaxResults, in.NextToken)
	return &GetStagesOutput{Items: rows, NextToken: next}, err
}

// UpdateStage implements [API].
func (s *Service) UpdateStage(ctx context.Context, in *UpdateStageInput) (*UpdateStageOutput, error) {
	var out UpdateStageOutput
	err := s.change(ctx, in.ApiId, func(a *api) error {
		st, err := a.stage(in.StageName)
		if err != nil {
			return err
		}
		was := st.AutoDeploy
		merge(st, in)
		st.LastUpdatedDate = s.now()
		if err := s.checkStage(a, st); err != nil {
			return err
		}
		if st.AutoDeploy && !was {
			if err := s.autoDeploy(ctx, a); err != nil {
				return err
			}
		}
		out = UpdateStageOutput(*st)
		return nil
	})
	return &out, err
}

// DeleteStage implements [API].
func (s *Service) DeleteStage(ctx context.Context, in *DeleteStageInput) (*DeleteStageOutput, error) {
	return nil, s.change(ctx, in.ApiId, func(a *api) error {
		st, err := a.stage(in.StageName)
		if err != nil {
			return err
		}
		delete(a.Stages, *in.StageName)
		return s.forget(ctx, a, []string{wire.Value(st.DeploymentId)})
	})
}

// DeleteRouteSettings implements [API].
func (s *Service) DeleteRouteSettings(ctx context.Context, in *DeleteRouteSettingsInput) (*DeleteRouteSettingsOutput, error) {
	return nil, s.change(ctx, in.ApiId, func(a *api) error {
		st, err := a.stage(in.StageName)
		if err == nil {
			delete(st.RouteSettings, *in.RouteKey)
		}
		return err
	})
}

// DeleteAccessLogSettings implements [API].
func (s *Service) DeleteAccessLogSettings(ctx context.Context, in *DeleteAccessLogSettingsInput) (*DeleteAccessLogSettingsOutput, error) {
	return nil, s.change(ctx, in.ApiId, func(a *api) error {
		st, err := a.stage(in.StageName)
		if err == nil {
			st.AccessLogSettings = nil
		}
		return err
	})
}
