package apigateway

import (
	"slices"

	"github.com/signalbox/signalbox/wire"
)

// Deployed is what a stage serves.
type Deployed struct {
	wire.Scope
	Stage        Stage
	DeploymentID string
	Definition   *Definition // the same pointer for the same deployment
}

// Deployed finds what a stage of an API serves. An API whose own address is
// disabled answers at custom domains only.
func (s *Service) Deployed(id, stageName string) (Deployed, bool) {
	st := s.stages.Get(key(&id, &stageName))
	a := s.apis.Get(id)
	if st == nil || a == nil {
		return Deployed{}, false
	}
	d := s.deployments.Get(key(&id, st.Stage.DeploymentId))
	if d == nil {
		return Deployed{}, false
	}
	return Deployed{Scope: a.Scope, Stage: st.Stage, DeploymentID: *st.Stage.DeploymentId, Definition: &d.Definition}, true
}

// Exists says whether there is an API of that identifier.
func (s *Service) Exists(id string) bool { return s.apis.Get(id) != nil }

// Usage is an API key and the plan that it is used under.
type Usage struct {
	Key  ApiKey
	Plan UsagePlan
}

// Usage finds the key of a value, and the plan by which it may call a stage; ok
// is false where it may not.
func (s *Service) Usage(scope wire.Scope, value, id, stageName string) (Usage, bool) {
	for _, k := range s.keys.List(scope.Key()) {
		if *k.Key.Value != value || !k.Key.Enabled {
			continue
		}
		for _, p := range s.plans.List(scope.Key()) {
			if slices.Contains(p.Keys, *k.Key.Id) && slices.ContainsFunc(p.Plan.ApiStages, func(st ApiStage) bool {
				return *st.ApiId == id && *st.Stage == stageName
			}) {
				return Usage{k.Key, p.Plan}, true
			}
		}
	}
	return Usage{}, false
}
