package apigatewayv2

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// newAPI is an HTTP API with nothing in it.
func (s *Service) newAPI(ctx context.Context, name *string) *api {
	id := new(kept.NewID(10))
	for s.Exists(*id) {
		id = new(kept.NewID(10))
	}
	return &api{
		Scope: wire.ScopeOf(ctx), Stages: map[string]*Stage{},
		Api: Api{
			ApiId: id, Name: name, ProtocolType: new(ProtocolTypeHttp), RouteSelectionExpression: new("$request.method $request.path"),
			ApiKeySelectionExpression: new("$request.header.x-api-key"), CreatedDate: s.now(), IpAddressType: new(IpAddressTypeIpv4), Tags: map[string]string{},
		},
		Definition: Definition{Routes: map[string]*Route{}, Integrations: map[string]*Integration{}, Authorizers: map[string]*Authorizer{}},
	}
}

func checkAPI(a *Api) error {
	if strings.TrimSpace(wire.Value(a.Name)) == "" {
		return bad("API name must not be empty")
	}
	if wire.Value(a.RouteSelectionExpression) != "$request.method $request.path" {
		return bad("The route selection expression of HTTP APIs is $request.method $request.path")
	}
	if c := a.CorsConfiguration; c != nil {
		if wire.Value(c.AllowCredentials) && (slices.Contains(c.AllowOrigins, "*") || slices.Contains(c.AllowHeaders, "*") || slices.Contains(c.AllowMethods, "*")) {
			return bad("allowCredentials may not be true where allowOrigins, allowHeaders or allowMethods is *")
		}
		for _, o := range c.AllowOrigins {
			if o != "*" && !strings.Contains(o, "://") {
				return bad("Invalid format for origin %s", o)
			}
		}
	}
	return nil
}

// CreateApi implements [API]. With a target it makes route, integration and
// stage as well.
func (s *Service) CreateApi(ctx context.Context, in *CreateApiInput) (*CreateApiOutput, error) {
	if *in.ProtocolType != ProtocolTypeHttp {
		return nil, bad("WebSocket APIs are not implemented by Signalbox.")
	}
	a := s.newAPI(ctx, in.Name)
	merge(&a.Api, in)
	if err := checkAPI(&a.Api); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Target != nil {
		if err := s.quick(ctx, a, in); err != nil {
			return nil, err
		}
	}
	return new(CreateApiOutput(described(ctx, a))), s.apis.Put(ctx, *a.Api.ApiId, a)
}

// quick makes a route to the target of an API, and the stage $default.
func (s *Service) quick(ctx context.Context, a *api, in *CreateApiInput) error {
	i := &Integration{IntegrationId: new(kept.NewID(7)), IntegrationUri: in.Target, CredentialsArn: in.CredentialsArn, ApiGatewayManaged: true}
	if strings.HasPrefix(*in.Target, "arn:") {
		i.IntegrationType, i.PayloadFormatVersion = new(IntegrationTypeAwsProxy), new("2.0")
	} else {
		i.IntegrationType, i.IntegrationMethod = new(IntegrationTypeHttpProxy), new("ANY")
	}
	if err := checkIntegration(i); err != nil {
		return err
	}
	r := &Route{RouteId: new(kept.NewID(7)), RouteKey: new("$default"), Target: new("integrations/" + *i.IntegrationId), ApiGatewayManaged: true}
	if in.RouteKey != nil {
		r.RouteKey = in.RouteKey
	}
	a.Definition.Integrations[*i.IntegrationId] = i
	if err := a.Definition.checkRoute(r); err != nil {
		return err
	}
	a.Definition.Routes[*r.RouteId] = r
	a.Stages["$default"] = &Stage{StageName: new("$default"), AutoDeploy: true, ApiGatewayManaged: true, CreatedDate: s.now(), DefaultRouteSettings: defaultSettings(), RouteSettings: map[string]RouteSettings{}}
	return s.autoDeploy(ctx, a)
}

// GetApi implements [API].
func (s *Service) GetApi(ctx context.Context, in *GetApiInput) (*GetApiOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	return new(GetApiOutput(described(ctx, a))), nil
}

// GetApis implements [API].
func (s *Service) GetApis(ctx context.Context, in *GetApisInput) (*GetApisOutput, error) {
	all := map[string]*Api{}
	for _, a := range s.apis.List("") {
		if a.Scope == wire.ScopeOf(ctx) {
			all[*a.Api.ApiId] = new(described(ctx, a))
		}
	}
	rows, next, err := page(all, in.MaxResults, in.NextToken)
	return &GetApisOutput{Items: rows, NextToken: next}, err
}

// UpdateApi implements [API].
func (s *Service) UpdateApi(ctx context.Context, in *UpdateApiInput) (*UpdateApiOutput, error) {
	var out UpdateApiOutput
	err := s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		merge(&a.Api, in)
		if in.Target != nil || in.RouteKey != nil || in.CredentialsArn != nil {
			if err := a.Definition.retarget(in); err != nil {
				return err
			}
		}
		out = UpdateApiOutput(described(ctx, a))
		return checkAPI(&a.Api)
	})
	return &out, err
}

// retarget changes what a quick create made.
func (d *Definition) retarget(in *UpdateApiInput) error {
	found := false
	for _, i := range d.Integrations {
		if i.ApiGatewayManaged {
			found = true
			if in.Target != nil {
				i.IntegrationUri = in.Target
			}
			if in.CredentialsArn != nil {
				i.CredentialsArn = in.CredentialsArn
			}
			if err := checkIntegration(i); err != nil {
				return err
			}
		}
	}
	for _, r := range d.Routes {
		if r.ApiGatewayManaged && in.RouteKey != nil {
			r.RouteKey = in.RouteKey
			if err := d.checkRoute(r); err != nil {
				return err
			}
		}
	}
	if !found {
		return bad("target, routeKey and credentialsArn can be updated of an API that was made with a target")
	}
	return nil
}

// DeleteCorsConfiguration implements [API].
func (s *Service) DeleteCorsConfiguration(ctx context.Context, in *DeleteCorsConfigurationInput) (*DeleteCorsConfigurationOutput, error) {
	return nil, s.change(ctx, in.ApiId, func(a *api) error {
		a.Api.CorsConfiguration = nil
		return nil
	})
}

// DeleteApi implements [API]: with all that it has.
func (s *Service) DeleteApi(ctx context.Context, in *DeleteApiInput) (*DeleteApiOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(ctx, in.ApiId); err != nil {
		return nil, err
	}
	if keys := s.deployments.Keys(*in.ApiId + "|"); len(keys) > 0 {
		if err := s.deployments.Delete(ctx, keys...); err != nil {
			return nil, err
		}
	}
	return nil, s.apis.Delete(ctx, *in.ApiId)
}
