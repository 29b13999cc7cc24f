package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

var verbs = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"}

// method finds a method; the pointer is to a copy.
func (d *Definition) method(resource, verb string) (*Resource, *Method, error) {
	r, err := d.resource(resource)
	if err != nil {
		return nil, nil, err
	}
	m, ok := r.ResourceMethods[strings.ToUpper(verb)]
	if !ok {
		return nil, nil, notFound("Invalid Method identifier specified")
	}
	return r, &m, nil
}

// SetMethod puts a method that has been checked.
func (r *Resource) SetMethod(m Method) {
	if r.ResourceMethods == nil {
		r.ResourceMethods = map[string]Method{}
	}
	r.ResourceMethods[*m.HttpMethod] = m
}

// changeMethod puts a changed method.
func (s *Service) changeMethod(ctx context.Context, id, resource, verb *string, change func(*api, *Method) error) error {
	return s.change(ctx, *id, func(a *api) error {
		r, m, err := a.method(*resource, *verb)
		if err != nil {
			return err
		}
		if err := change(a, m); err != nil {
			return err
		}
		r.SetMethod(*m)
		return nil
	})
}

var requestParameter = regexp.MustCompile(`^method\.request\.(path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+$`)

// CheckMethod says what of a method does not fit its API.
func (d *Definition) CheckMethod(m *Method) error {
	for name := range m.RequestParameters {
		if !requestParameter.MatchString(name) {
			return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", name)
		}
	}
	for _, name := range m.RequestModels {
		if d.Models[name] == nil && name != "Empty" && name != "Error" {
			return bad("Invalid model identifier specified: %s", name)
		}
	}
	if id := wire.Value(m.RequestValidatorId); id != "" && d.Validators[id] == nil {
		return bad("Invalid Request Validator identifier specified")
	}
	switch wire.Value(m.AuthorizationType) {
	case "NONE", "AWS_IAM":
	case "CUSTOM", "COGNITO_USER_POOLS":
		if d.Authorizers[wire.Value(m.AuthorizerId)] == nil {
			return bad("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.")
		}
	default:
		return bad("Invalid AuthorizationType specified. Valid values are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS")
	}
	return nil
}

// PutMethod implements [API].
func (s *Service) PutMethod(ctx context.Context, in *PutMethodInput) (*PutMethodOutput, error) {
	verb := strings.ToUpper(*in.HttpMethod)
	if !slices.Contains(verbs, verb) {
		return nil, bad("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")
	}
	m := Method{
		HttpMethod: &verb, AuthorizationType: in.AuthorizationType, AuthorizerId: in.AuthorizerId, ApiKeyRequired: orElse(in.ApiKeyRequired, false),
		OperationName: in.OperationName, RequestParameters: in.RequestParameters, RequestModels: in.RequestModels,
		RequestValidatorId: in.RequestValidatorId, AuthorizationScopes: in.AuthorizationScopes,
	}
	names := map[string]bool{}
	for name := range m.RequestParameters {
		if p := strings.SplitN(name, ".", 4); len(p) == 4 {
			if names[p[3]] {
				return nil, bad("Parameter names must be unique across querystring, header and path")
			}
			names[p[3]] = true
		}
	}
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		r, err := a.resource(*in.ResourceId)
		if err != nil {
			return err
		}
		if _, there := r.ResourceMethods[verb]; there {
			return conflict("Method already exists for this resource")
		}
		r.SetMethod(m)
		return a.CheckMethod(&m)
	})
	return (*PutMethodOutput)(&m), err
}

// GetMethod implements [API].
func (s *Service) GetMethod(ctx context.Context, in *GetMethodInput) (*GetMethodOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	_, m, err := a.method(*in.ResourceId, *in.HttpMethod)
	return (*GetMethodOutput)(m), err
}

// UpdateMethod implements [API].
func (s *Service) UpdateMethod(ctx context.Context, in *UpdateMethodInput) (*UpdateMethodOutput, error) {
	var out UpdateMethodOutput
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *api, m *Method) error {
		if err := whole(in.PatchOperations, "requestParameters", "requestModels"); err != nil {
			return err
		}
		err := apply(m, in.PatchOperations, "authorizationType", "authorizerId", "apiKeyRequired", "operationName", "requestParameters",
			"requestModels", "requestValidatorId", "authorizationScopes")
		if err != nil {
			return err
		}
		out = UpdateMethodOutput(*m)
		return a.CheckMethod(m)
	})
	return &out, err
}

// DeleteMethod implements [API].
func (s *Service) DeleteMethod(ctx context.Context, in *DeleteMethodInput) (*DeleteMethodOutput, error) {
	return nil, s.change(ctx, *in.RestApiId, func(a *api) error {
		r, m, err := a.method(*in.ResourceId, *in.HttpMethod)
		if err == nil {
			delete(r.ResourceMethods, *m.HttpMethod)
		}
		return err
	})
}

func noResponse() error { return notFound("Invalid Response status code specified") }

func checkMethodResponse(d *Definition, r *MethodResponse) error {
	for name := range r.ResponseParameters {
		if !strings.HasPrefix(name, "method.response.header.") {
			return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", name)
		}
	}
	for _, name := range r.ResponseModels {
		if d.Models[name] == nil && name != "Empty" && name != "Error" {
			return bad("Invalid model identifier specified: %s", name)
		}
	}
	return nil
}

// PutMethodResponse implements [API].
func (s *Service) PutMethodResponse(ctx context.Context, in *PutMethodResponseInput) (*PutMethodResponseOutput, error) {
	r := MethodResponse{StatusCode: in.StatusCode, ResponseParameters: in.ResponseParameters, ResponseModels: in.ResponseModels}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *api, m *Method) error {
		if _, there := m.MethodResponses[*in.StatusCode]; there {
			return conflict("Response already exists for this resource")
		}
		if m.MethodResponses == nil {
			m.MethodResponses = map[string]MethodResponse{}
		}
		m.MethodResponses[*in.StatusCode] = r
		return checkMethodResponse(&a.Definition, &r)
	})
	return (*PutMethodResponseOutput)(&r), err
}

// GetMethodResponse implements [API].
func (s *Service) GetMethodResponse(ctx context.Context, in *GetMethodResponseInput) (*GetMethodResponseOutput, error) {
	a, err := s.find(ctx, *in.RestApiId)
	if err != nil {
		return nil, err
	}
	_, m, err := a.method(*in.ResourceId, *in.HttpMethod)
	if err != nil {
		return nil, err
	}
	r, ok := m.MethodResponses[*in.StatusCode]
	if !ok {
		return nil, noResponse()
	}
	return (*GetMethodResponseOutput)(&r), nil
}

// UpdateMethodResponse implements [API].
func (s *Service) UpdateMethodResponse(ctx context.Context, in *UpdateMethodResponseInput) (*UpdateMethodResponseOutput, error) {
	var r MethodResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(a *api, m *Method) error {
		var ok bool
		if r, ok = m.MethodResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		if err := apply(&r, in.PatchOperations, "responseParameters", "responseModels"); err != nil {
			return err
		}
		m.MethodResponses[*in.StatusCode] = r
		return checkMethodResponse(&a.Definition, &r)
	})
	return (*UpdateMethodResponseOutput)(&r), err
}

// DeleteMethodResponse implements [API].
func (s *Service) DeleteMethodResponse(ctx context.Context, in *DeleteMethodResponseInput) (*DeleteMethodResponseOutput, error) {
	return nil, s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *api, m *Method) error {
		if _, ok := m.MethodResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		delete(m.MethodResponses, *in.StatusCode)
		return nil
	})
}
