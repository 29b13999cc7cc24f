package apigateway

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// CreateRestApi implements [API].
func (s *Service) CreateRestApi(ctx context.Context, in *CreateRestApiInput) (*CreateRestApiOutput, error) {
	if strings.TrimSpace(*in.Name) == "" {
		return nil, bad("Rest API name cannot be empty")
	}
	if in.Description != nil && *in.Description == "" {
		return nil, bad("Description cannot be an empty string")
	}
	a := s.newAPI(ctx)
	if in.CloneFrom != nil {
		from, err := s.find(ctx, *in.CloneFrom)
		if err != nil {
			return nil, err
		}
		clone, err := kept.Copy(from)
		if err != nil {
			return nil, err
		}
		id, created := a.RestApi.Id, a.RestApi.CreatedDate
		a = clone
		a.RestApi.Id, a.RestApi.CreatedDate = id, created
	}
	r := &a.RestApi
	r.Name, r.Description, r.Version = in.Name, in.Description, in.Version
	r.BinaryMediaTypes, r.MinimumCompressionSize = in.BinaryMediaTypes, in.MinimumCompressionSize
	r.ApiKeySource = orElse(in.ApiKeySource, ApiKeySourceTypeHeader)
	r.Policy, r.Tags, r.SecurityPolicy, r.EndpointAccessMode = in.Policy, in.Tags, in.SecurityPolicy, in.EndpointAccessMode
	r.DisableExecuteApiEndpoint = wire.Value(in.DisableExecuteApiEndpoint)
	if in.EndpointConfiguration != nil {
		r.EndpointConfiguration = Endpoint(*in.EndpointConfiguration)
	}
	if err := checkAPI(a); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return (*CreateRestApiOutput)(told(&a.RestApi)), s.apis.Put(ctx, *r.Id, a)
}

// Endpoint completes what kind of endpoint an API has.
func Endpoint(c EndpointConfiguration) *EndpointConfiguration {
	if len(c.Types) == 0 {
		c.Types = []string{EndpointTypeEdge}
	}
	c.IpAddressType = orElse(c.IpAddressType, IpAddressTypeIpv4)
	return &c
}

// newAPI is an API with nothing but its root, and the two models that every new
// API has.
func (s *Service) newAPI(ctx context.Context) *api {
	id := kept.NewID(10)
	for s.apis.Get(id) != nil {
		id = kept.NewID(10)
	}
	root := &Resource{Id: new(kept.NewID(10)), Path: new("/")}
	a := &api{Scope: wire.ScopeOf(ctx)}
	a.RestApi = RestApi{
		Id: &id, CreatedDate: new(wire.At(s.clock.Now())), RootResourceId: root.Id, ApiKeySource: new(ApiKeySourceTypeHeader),
		EndpointConfiguration: Endpoint(EndpointConfiguration{}),
	}
	a.Resources = map[string]*Resource{*root.Id: root}
	a.Models = map[string]*Model{
		"Empty": {Id: new(kept.NewID(6)), Name: new("Empty"), ContentType: new("application/json"), Description: new("This is a default empty schema model"),
			Schema: new("{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}")},
		"Error": {Id: new(kept.NewID(6)), Name: new("Error"), ContentType: new("application/json"), Description: new("This is a default error schema model"),
			Schema: new("{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}")},
	}
	a.complete()
	return a
}

// complete makes the maps that an API needs.
func (d *Definition) complete() {
	if d.Validators == nil {
		d.Validators = map[string]*RequestValidator{}
	}
	if d.Authorizers == nil {
		d.Authorizers = map[string]*Authorizer{}
	}
	if d.GatewayResponses == nil {
		d.GatewayResponses = map[string]*GatewayResponse{}
	}
	if d.Parts == nil {
		d.Parts = map[string]*DocumentationPart{}
	}
	if d.Models == nil {
		d.Models = map[string]*Model{}
	}
}

func checkAPI(a *api) error {
	r := &a.RestApi
	for _, t := range r.BinaryMediaTypes {
		if !strings.Contains(t, "/") {
			return bad("Invalid binary media type specified: %s", t)
		}
	}
	if n := r.MinimumCompressionSize; n != nil && (*n < 0 || *n > 10<<20) {
		return bad("Invalid minimum compression size, must be between 0 and 10485760")
	}
	if r.Policy != nil {
		plain, err := plainPolicy(*r.Policy)
		if err != nil {
			return err
		}
		r.Policy = &plain
	}
	if e := r.EndpointConfiguration; e != nil && slices.Contains(e.Types, EndpointTypePrivate) && len(e.Types) > 1 {
		return bad("A private endpoint cannot be of another type as well")
	}
	return nil
}

// GetRestApi implements [API].
func (s *Service) GetRestApi(ctx context.Context, in *GetRestApiInput) (*GetRestApiOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	return (*GetRestApiOutput)(told(&a.RestApi)), nil
}

// GetRestApis implements [API].
func (s *Service) GetRestApis(ctx context.Context, in *GetRestApisInput) (*GetRestApisOutput, error) {
	var all []RestApi
	for _, a := range s.apis.List("") {
		if a.Scope == wire.ScopeOf(ctx) {
			all = append(all, *told(&a.RestApi))
		}
	}
	rows, next, err := page(all, func(r RestApi) string { return *r.Id }, in.Limit, in.Position)
	return &GetRestApisOutput{Items: rows, Position: next}, err
}

// UpdateRestApi implements [API].
func (s *Service) UpdateRestApi(ctx context.Context, in *UpdateRestApiInput) (*UpdateRestApiOutput, error) {
	var out UpdateRestApiOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		if err := whole(in.PatchOperations, "binaryMediaTypes"); err != nil {
			return err
		}
		err := apply(&a.RestApi, in.PatchOperations, "name", "description", "version", "binaryMediaTypes", "minimumCompressionSize",
			"apiKeySource", "endpointConfiguration", "policy", "disableExecuteApiEndpoint", "securityPolicy", "endpointAccessMode")
		if err != nil {
			return err
		}
		if wire.Value(a.RestApi.Name) == "" {
			return bad("Rest API name cannot be empty")
		}
		if err := checkAPI(a); err != nil {
			return err
		}
		out = UpdateRestApiOutput(*told(&a.RestApi))
		return nil
	})
	return &out, err
}

// DeleteRestApi implements [API]: its stages and deployments go with it.
func (s *Service) DeleteRestApi(ctx context.Context, in *DeleteRestApiInput) (*DeleteRestApiOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(ctx, *in.RestApiId); err != nil {
		return nil, err
	}
	for _, plan := range s.plans.List(wire.ScopeOf(ctx).Key()) {
		if slices.ContainsFunc(plan.Plan.ApiStages, func(st ApiStage) bool { return wire.Value(st.ApiId) == *in.RestApiId }) {
			return nil, bad("Cannot delete API %s: usage plan %s holds stages of it", *in.RestApiId, *plan.Plan.Id)
		}
	}
	prefix := *in.RestApiId + "|"
	if keys := s.stages.Keys(prefix); len(keys) > 0 {
		if err := s.stages.Delete(ctx, keys...); err != nil {
			return nil, err
		}
	}
	if keys := s.deployments.Keys(prefix); len(keys) > 0 {
		if err := s.deployments.Delete(ctx, keys...); err != nil {
			return nil, err
		}
	}
	return nil, s.apis.Delete(ctx, *in.RestApiId)
}

// GetAccount implements [API].
func (s *Service) GetAccount(ctx context.Context, _ *GetAccountInput) (*GetAccountOutput, error) {
	return (*GetAccountOutput)(s.account(ctx)), nil
}

func (s *Service) account(ctx context.Context) *UpdateAccountOutput {
	out := &UpdateAccountOutput{
		ThrottleSettings: &ThrottleSettings{BurstLimit: new(int32(5000)), RateLimit: new(10000.0)},
		Features:         []string{"UsagePlans"}, ApiKeyVersion: new("4"),
	}
	if kept := s.accounts.Get(wire.ScopeOf(ctx).Key()); kept != nil {
		out.CloudwatchRoleArn = kept.CloudwatchRole
	}
	return out
}

// UpdateAccount implements [API].
func (s *Service) UpdateAccount(ctx context.Context, in *UpdateAccountInput) (*UpdateAccountOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(ctx)
	if err := apply(a, in.PatchOperations, "cloudwatchRoleArn"); err != nil {
		return nil, err
	}
	return a, s.accounts.Put(ctx, wire.ScopeOf(ctx).Key(), &account{a.CloudwatchRoleArn})
}
