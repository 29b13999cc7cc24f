package apigatewayv2

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/services/apigateway/openapi"
	"github.com/signalbox/signalbox/wire"
)

// importer puts what an OpenAPI document describes into an HTTP API (developer
// guide, page http-api-open-api).
type importer struct {
	*api
	doc      *openapi.Document
	base     string // basepath of the request
	warnings []string
}

// ImportApi implements [API].
func (s *Service) ImportApi(ctx context.Context, in *ImportApiInput) (*ImportApiOutput, error) {
	a := s.newAPI(ctx, nil)
	if err := fill(a, *in.Body, wire.Value(in.Basepath), wire.Value(in.FailOnWarnings)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return new(ImportApiOutput(described(ctx, a))), s.apis.Put(ctx, *a.Api.ApiId, a)
}

// ReimportApi implements [API]: routes, integrations and authorizers are
// replaced.
func (s *Service) ReimportApi(ctx context.Context, in *ReimportApiInput) (*ReimportApiOutput, error) {
	var out ReimportApiOutput
	err := s.changeDefinition(ctx, in.ApiId, func(a *api) error {
		a.Definition = Definition{Routes: map[string]*Route{}, Integrations: map[string]*Integration{}, Authorizers: map[string]*Authorizer{}}
		a.Api.CorsConfiguration = nil
		err := fill(a, *in.Body, wire.Value(in.Basepath), wire.Value(in.FailOnWarnings))
		out = ReimportApiOutput(described(ctx, a))
		return err
	})
	return &out, err
}

func fill(a *api, body, base string, strict bool) error {
	doc, err := openapi.Parse([]byte(body))
	if err != nil {
		return bad("Unable to parse the API specification: %s.", err)
	}
	im := &importer{api: a, doc: doc, base: base}
	if doc.Title != "" {
		a.Api.Name = &doc.Title
	}
	if doc.Description != "" {
		a.Api.Description = &doc.Description
	}
	if doc.Version != "" {
		a.Api.Version = &doc.Version
	}
	if v := doc.Extensions["cors"]; v != nil {
		a.Api.CorsConfiguration = new(Cors)
		if err := openapi.Read(v, a.Api.CorsConfiguration); err != nil {
			return bad("x-amazon-apigateway-cors: %s", err)
		}
	}
	for _, step := range []func() error{im.authorizers, im.paths} {
		if err := step(); err != nil {
			if e, is := err.(*wire.Error); is {
				return e
			}
			return bad("Unable to import the API: %s", err)
		}
	}
	if strict && len(im.warnings) > 0 {
		return bad("Warnings found during import: %s", strings.Join(im.warnings, "; "))
	}
	a.Api.Warnings = im.warnings
	return checkAPI(&a.Api)
}

func (im *importer) authorizers() error {
	for name, scheme := range im.doc.Schemes {
		v := scheme.Extensions["authorizer"]
		if v == nil {
			continue
		}
		var in struct {
			Type, AuthorizerUri, AuthorizerCredentials, AuthorizerPayloadFormatVersion, IdentityValidationExpression *string
			IdentitySource                                                                                           string
			AuthorizerResultTtlInSeconds                                                                             *int32
			EnableSimpleResponses                                                                                    bool
			JwtConfiguration                                                                                         *JWTConfiguration
		}
		if err := openapi.Read(v, &in); err != nil {
			return fmt.Errorf("authorizer %s: %w", name, err)
		}
		a := &Authorizer{
			AuthorizerId: new(kept.NewID(6)), Name: new(name), AuthorizerType: new(strings.ToUpper(wire.Value(in.Type))), AuthorizerUri: in.AuthorizerUri,
			AuthorizerCredentialsArn: in.AuthorizerCredentials, AuthorizerPayloadFormatVersion: in.AuthorizerPayloadFormatVersion,
			IdentityValidationExpression: in.IdentityValidationExpression, AuthorizerResultTtlInSeconds: in.AuthorizerResultTtlInSeconds,
			EnableSimpleResponses: in.EnableSimpleResponses, JwtConfiguration: in.JwtConfiguration,
		}
		if in.IdentitySource != "" {
			a.IdentitySource = strings.Split(in.IdentitySource, ",")
		}
		if err := checkAuthorizer(a); err != nil {
			return err
		}
		im.Definition.Authorizers[*a.AuthorizerId] = a
	}
	return nil
}

func (im *importer) paths() error {
	base := ""
	switch im.base {
	case "", "ignore":
	case "prepend":
		base = im.doc.BasePath
	default:
		return fmt.Errorf("basepath=%s is not implemented by Signalbox; ignore and prepend are", im.base)
	}
	for _, p := range im.doc.Paths {
		for _, op := range p.Operations {
			key := op.Method + " " + base + p.Template
			if p.Template == "/$default" {
				key = "$default"
			}
			if err := im.route(key, &op); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

func (im *importer) route(key string, op *openapi.Operation) error {
	r := &Route{RouteId: new(kept.NewID(7)), RouteKey: &key}
	if op.ID != "" {
		r.OperationName = &op.ID
	}
	if op.Integration == nil {
		im.warnings = append(im.warnings, "Skipping "+key+", because it has no integration")
		return nil
	}
	i := &Integration{IntegrationId: new(kept.NewID(7))}
	var in struct {
		Type, Subtype, Uri, HttpMethod, Credentials, ConnectionType, Description *string
		RequestParameters                                                        map[string]string
		ResponseParameters                                                       map[string]map[string]string
		TimeoutInMillis                                                          *int32
		PayloadFormatVersion                                                     json.Number // 1.0 or "1.0"
	}
	if err := openapi.Read(op.Integration, &in); err != nil {
		return err
	}
	i.IntegrationType, i.IntegrationSubtype = new(strings.ToUpper(wire.Value(in.Type))), in.Subtype
	i.IntegrationUri, i.IntegrationMethod, i.CredentialsArn = in.Uri, in.HttpMethod, in.Credentials
	i.ConnectionType, i.Description = in.ConnectionType, in.Description
	if v := in.PayloadFormatVersion.String(); v != "" {
		i.PayloadFormatVersion = &v
	}
	i.RequestParameters, i.ResponseParameters, i.TimeoutInMillis = in.RequestParameters, in.ResponseParameters, in.TimeoutInMillis
	if err := checkIntegration(i); err != nil {
		return err
	}
	im.Definition.Integrations[*i.IntegrationId] = i
	r.Target = new("integrations/" + *i.IntegrationId)
	for _, need := range op.Security {
		for id, a := range im.Definition.Authorizers {
			if *a.Name == need.Scheme {
				r.AuthorizerId, r.AuthorizationScopes, r.AuthorizationType = new(id), need.Scopes, new(AuthorizationTypeCustom)
				if *a.AuthorizerType == AuthorizerTypeJwt {
					r.AuthorizationType = new(AuthorizationTypeJwt)
				}
			}
		}
	}
	im.Definition.Routes[*r.RouteId] = r
	return im.Definition.checkRoute(r)
}
