package apigatewayv2

import (
	"context"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

var routeKey = regexp.MustCompile(`^(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[^\s]*)$`)

// checkRoute completes a route and says what is wrong with it.
func (d *Definition) checkRoute(r *Route) error {
	key := *r.RouteKey
	if key != "$default" && !routeKey.MatchString(key) {
		return bad("The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"")
	}
	for id, other := range d.Routes {
		if id != *r.RouteId && *other.RouteKey == key {
			return conflict("Route with key %s already exists for this API", key)
		}
	}
	if r.AuthorizationType == nil {
		r.AuthorizationType = new(AuthorizationTypeNone)
	}
	kinds := map[string]string{AuthorizationTypeCustom: AuthorizerTypeRequest, AuthorizationTypeJwt: AuthorizerTypeJwt}
	if kind := kinds[*r.AuthorizationType]; kind != "" {
		if a := d.Authorizers[wire.Value(r.AuthorizerId)]; a == nil || *a.AuthorizerType != kind {
			return bad("Invalid authorizer ID specified. Setting the authorization type to %s requires a valid %s authorizer.", *r.AuthorizationType, kind)
		}
	}
	if len(r.AuthorizationScopes) > 0 && *r.AuthorizationType != AuthorizationTypeJwt {
		return bad("Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization types")
	}
	if r.Target != nil {
		id, is := strings.CutPrefix(*r.Target, "integrations/")
		if !is || d.Integrations[id] == nil {
			return bad("Invalid target specified: %s; it is integrations/ and an integration's identifier", *r.Target)
		}
	}
	if r.ApiKeyRequired {
		return bad("API keys are for WebSocket APIs")
	}
	return nil
}

// CreateRoute implements [API].
func (s *Service) CreateRoute(ctx context.Context, in *CreateRouteInput) (*CreateRouteOutput, error) {
	r := &Route{RouteId: new(kept.NewID(7))}
	merge(r, in)
	return (*CreateRouteOutput)(r), s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		a.Definition.Routes[*r.RouteId] = r
		return a.Definition.checkRoute(r)
	})
}

func (d *Definition) route(id string) (*Route, error) {
	if r := d.Routes[id]; r != nil {
		return r, nil
	}
	return nil, notFound("Route", id)
}

// GetRoute implements [API].
func (s *Service) GetRoute(ctx context.Context, in *GetRouteInput) (*GetRouteOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	r, err := a.Definition.route(*in.RouteId)
	return (*GetRouteOutput)(r), err
}

// GetRoutes implements [API].
func (s *Service) GetRoutes(ctx context.Context, in *GetRoutesInput) (*GetRoutesOutput, error) {
	a, err := s.find(ctx, in.ApiId)
	if err != nil {
		return nil, err
	}
	rows, next, err := page(a.Definition.Routes, in.MaxResults, in.NextToken)
	return &GetRoutesOutput{Items: rows, NextToken: next}, err
}

// UpdateRoute implements [API].
func (s *Service) UpdateRoute(ctx context.Context, in *UpdateRouteInput) (*UpdateRouteOutput, error) {
	var out UpdateRouteOutput
	err := s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		r, err := a.Definition.route(*in.RouteId)
		if err != nil {
			return err
		}
		merge(r, in)
		err = a.Definition.checkRoute(r)
		out = UpdateRouteOutput(*r)
		return err
	})
	return &out, err
}

// DeleteRouteRequestParameter implements [API].
func (s *Service) DeleteRouteRequestParameter(ctx context.Context, in *DeleteRouteRequestParameterInput) (*DeleteRouteRequestParameterOutput, error) {
	return nil, s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		r, err := a.Definition.route(*in.RouteId)
		if err == nil {
			delete(r.RequestParameters, *in.RequestParameterKey)
		}
		return err
	})
}

// DeleteRoute implements [API].
func (s *Service) DeleteRoute(ctx context.Context, in *DeleteRouteInput) (*DeleteRouteOutput, error) {
	return nil, s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		_, err := a.Definition.route(*in.RouteId)
		delete(a.Definition.Routes, *in.RouteId)
		return err
	})
}
