package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/accesslog"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/services/apigateway/patch"
	"github.com/signalbox/signalbox/wire"
)

var (
	stageName     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	variableName  = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9\-._~:/?#&=,]+$`)
)

func badStageName() error { return bad("Stage name only allows a-zA-Z0-9_-") }

func noCaches() error { return bad("Caches of stages are not implemented by Signalbox.") }

func checkStage(st *Stage) error {
	for name, value := range st.Variables {
		if !variableName.MatchString(name) {
			return bad("Stage variable name must contain only letters, numbers, and underscore: %s", name)
		}
		if !variableValue.MatchString(value) {
			return bad("Stage variable value of %s must match the pattern [A-Za-z0-9-._~:/?#&=,]+", name)
		}
	}
	if l := st.AccessLogSettings; l != nil && l.DestinationArn != nil {
		if _, _, err := accesslog.Group(*l.DestinationArn); err != nil {
			return bad("Invalid ARN specified in the request: %s", err)
		}
	}
	if st.CacheClusterEnabled {
		return noCaches()
	}
	for _, m := range st.MethodSettings {
		if m.CachingEnabled {
			return noCaches()
		}
	}
	return nil
}

// CreateStage implements [API].
func (s *Service) CreateStage(ctx context.Context, in *CreateStageInput) (*CreateStageOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	if !stageName.MatchString(*in.StageName) {
		return nil, badStageName()
	}
	if s.deployments.Get(key(in.RestApiId, in.DeploymentId)) == nil {
		return nil, bad("Deployment id does not exist")
	}
	if s.stages.Get(key(in.RestApiId, in.StageName)) != nil {
		return nil, conflict("Stage already exists")
	}
	now := new(wire.At(s.clock.Now()))
	st := &stage{Scope: a.Scope, Stage: Stage{
		StageName: in.StageName, DeploymentId: in.DeploymentId, Description: in.Description, CacheClusterEnabled: wire.Value(in.CacheClusterEnabled),
		CacheClusterSize: in.CacheClusterSize, CacheClusterStatus: new(CacheClusterStatusNotAvailable), Variables: in.Variables,
		DocumentationVersion: in.DocumentationVersion, TracingEnabled: wire.Value(in.TracingEnabled), Tags: in.Tags, CreatedDate: now, LastUpdatedDate: now,
		MethodSettings: map[string]MethodSetting{},
	}}
	if err := checkStage(&st.Stage); err != nil {
		return nil, err
	}
	return (*CreateStageOutput)(&st.Stage), s.stages.Put(ctx, key(in.RestApiId, in.StageName), st)
}

func (s *Service) stage(ctx context.Context, api, name *string) (*stage, error) {
	if _, err := s.find(ctx, *api); err != nil {
		return nil, err
	}
	if st := s.stages.Get(key(api, name)); st != nil {
		return st, nil
	}
	return nil, notFound("Invalid stage identifier specified")
}

// GetStage implements [API].
func (s *Service) GetStage(ctx context.Context, in *GetStageInput) (*GetStageOutput, error) {
	st, err := s.stage(ctx, in.RestApiId, in.StageName)
	if err != nil {
		return nil, err
	}
	return (*GetStageOutput)(&st.Stage), nil
}

// GetStages implements [API].
func (s *Service) GetStages(ctx context.Context, in *GetStagesInput) (*GetStagesOutput, error) {
	if _, err := s.find(ctx, *in.RestApiId); err != nil {
		return nil, err
	}
	out := &GetStagesOutput{Item: []Stage{}}
	for _, st := range s.stages.List(*in.RestApiId + "|") {
		if in.DeploymentId == nil || *in.DeploymentId == *st.Stage.DeploymentId {
			out.Item = append(out.Item, st.Stage)
		}
	}
	return out, nil
}

// UpdateStage implements [API].
func (s *Service) UpdateStage(ctx context.Context, in *UpdateStageInput) (*UpdateStageOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.stage(ctx, in.RestApiId, in.StageName)
	if err != nil {
		return nil, err
	}
	st, err := kept.Copy(old)
	if err != nil {
		return nil, err
	}
	for _, op := range in.PatchOperations {
		if m, ok := settingPath(op); ok {
			if err := patchSetting(&st.Stage, m, op); err != nil {
				return nil, err
			}
			continue
		}
		err := apply(&st.Stage, []PatchOperation{op}, "deploymentId", "description", "variables", "tracingEnabled", "accessLogSettings",
			"cacheClusterEnabled", "cacheClusterSize", "documentationVersion", "clientCertificateId")
		if err != nil {
			return nil, err
		}
	}
	if s.deployments.Get(key(in.RestApiId, st.Stage.DeploymentId)) == nil {
		return nil, bad("Deployment id does not exist")
	}
	if err := checkStage(&st.Stage); err != nil {
		return nil, err
	}
	st.Stage.LastUpdatedDate = new(wire.At(s.clock.Now()))
	return (*UpdateStageOutput)(&st.Stage), s.stages.Put(ctx, key(in.RestApiId, in.StageName), st)
}

// settingPath reads /{resource}/{method}/{group}/{setting}: the path of a
// method's setting, "*/*" for all.
func settingPath(op PatchOperation) ([]string, bool) {
	if op.Path == nil || op.Op == nil {
		return nil, false
	}
	p := patch.Segments(*op.Path)
	if len(p) == 4 || len(p) == 2 && *op.Op == OpRemove {
		return p, p[1] == "*" || slices.Contains(verbs, p[1])
	}
	return nil, false
}

func patchSetting(st *Stage, p []string, op PatchOperation) error {
	name := strings.ReplaceAll(strings.TrimPrefix(p[0], "/"), "/", "~1") + "/" + p[1]
	if len(p) == 2 {
		delete(st.MethodSettings, name)
		return nil
	}
	if st.MethodSettings == nil {
		st.MethodSettings = map[string]MethodSetting{}
	}
	m, ok := st.MethodSettings[name]
	if !ok {
		m = MethodSetting{
			ThrottlingBurstLimit: 5000, ThrottlingRateLimit: 10000, LoggingLevel: new("OFF"), CacheTtlInSeconds: 300,
			RequireAuthorizationForCacheControl: true, UnauthorizedCacheControlHeaderStrategy: new(UnauthorizedCacheControlHeaderStrategySucceedWithResponseHeader),
		}
	}
	text := wire.Value(op.Value)
	if *op.Op == OpRemove {
		text = map[string]string{"throttling/burstLimit": "5000", "throttling/rateLimit": "10000", "logging/loglevel": "OFF", "caching/ttlInSeconds": "300"}[p[2]+"/"+p[3]]
	}
	if err := m.set(p[2]+"/"+p[3], text); err != nil {
		return bad("Invalid patch value '%s' specified for %s: %s", text, *op.Path, err)
	}
	st.MethodSettings[name] = m
	return nil
}

// set sets a setting by its name in patch operations.
func (m *MethodSetting) set(name, text string) (err error) {
	flags := map[string]*bool{
		"metrics/enabled": &m.MetricsEnabled, "logging/dataTrace": &m.DataTraceEnabled, "caching/enabled": &m.CachingEnabled,
		"caching/dataEncrypted": &m.CacheDataEncrypted, "caching/requireAuthorizationForCacheControl": &m.RequireAuthorizationForCacheControl,
	}
	if f := flags[name]; f != nil {
		*f, err = strconv.ParseBool(orDefault(strings.ToLower(text), "false"))
		return err
	}
	var n int64
	switch name {
	case "throttling/burstLimit":
		n, err = strconv.ParseInt(text, 10, 32)
		m.ThrottlingBurstLimit = int32(n)
	case "throttling/rateLimit":
		m.ThrottlingRateLimit, err = strconv.ParseFloat(text, 64)
	case "caching/ttlInSeconds":
		n, err = strconv.ParseInt(text, 10, 32)
		m.CacheTtlInSeconds = int32(n)
	case "logging/loglevel":
		m.LoggingLevel = &text
	case "caching/unauthorizedCacheControlHeaderStrategy":
		m.UnauthorizedCacheControlHeaderStrategy = &text
	default:
		return bad("no such setting: %s", name)
	}
	return err
}

func orDefault(text, standard string) string {
	if text == "" {
		return standard
	}
	return text
}

// DeleteStage implements [API].
func (s *Service) DeleteStage(ctx context.Context, in *DeleteStageInput) (*DeleteStageOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.stage(ctx, in.RestApiId, in.StageName); err != nil {
		return nil, err
	}
	for _, plan := range s.plans.List(wire.ScopeOf(ctx).Key()) {
		for _, st := range plan.Plan.ApiStages {
			if wire.Value(st.ApiId) == *in.RestApiId && wire.Value(st.Stage) == *in.StageName {
				return nil, bad("Cannot delete stage %s: usage plan %s holds it", *in.StageName, *plan.Plan.Id)
			}
		}
	}
	return nil, s.stages.Delete(ctx, key(in.RestApiId, in.StageName))
}
