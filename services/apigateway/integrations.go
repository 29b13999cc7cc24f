package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/wire"
)

// The bounds of an integration's time-out, in milliseconds. AWS raises the upper
// one on request.
const (
	LeastTimeout   = 50
	DefaultTimeout = 29_000
	MostTimeout    = 300_000
)

var passthroughs = []string{"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"}

var integrationURI = regexp.MustCompile(`^arn:[^:]+:apigateway:[^:]+:([^:]+\.)?[^:.]+:(path|action)/.+`)

// CheckIntegration completes an integration and says what is wrong with it.
func CheckIntegration(i *Integration) error {
	i.PassthroughBehavior = orElse(i.PassthroughBehavior, passthroughs[0])
	if !slices.Contains(passthroughs, *i.PassthroughBehavior) {
		return bad("Invalid passthrough behavior specified: it is one of %s", strings.Join(passthroughs, ", "))
	}
	if i.TimeoutInMillis == 0 {
		i.TimeoutInMillis = DefaultTimeout
	}
	if i.TimeoutInMillis < LeastTimeout || i.TimeoutInMillis > MostTimeout {
		return bad("Timeout should be between %d ms and %d ms", LeastTimeout, DefaultTimeout)
	}
	if wire.Value(i.ConnectionType) == ConnectionTypeVpcLink {
		return bad("VPC links are not implemented by Signalbox.")
	}
	if wire.Value(i.ResponseTransferMode) == "STREAM" {
		return bad("Streaming of responses is not implemented by Signalbox.")
	}
	if err := checkBackend(i); err != nil {
		return err
	}
	for name, value := range i.RequestParameters {
		if !strings.HasPrefix(name, "integration.request.") {
			return invalidMapping(name)
		}
		if !mapping.Valid(value) {
			return invalidMapping(value)
		}
	}
	if err := checkTemplates(i.RequestTemplates); err != nil {
		return err
	}
	for status, r := range i.IntegrationResponses {
		if err := checkIntegrationResponse(&r); err != nil {
			return err
		}
		i.IntegrationResponses[status] = r
	}
	return nil
}

// checkBackend says whether an integration's type, URI and method belong
// together.
func checkBackend(i *Integration) error {
	uri := wire.Value(i.Uri)
	switch *i.Type {
	case IntegrationTypeMock:
		return nil
	case IntegrationTypeHttp, IntegrationTypeHttpProxy:
		if !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://") && !strings.HasPrefix(uri, "${stageVariables.") {
			return bad("Invalid HTTP endpoint specified for URI")
		}
	case IntegrationTypeAws, IntegrationTypeAwsProxy:
		if !integrationURI.MatchString(uri) {
			return bad("Invalid ARN specified in the request")
		}
	default:
		return bad("Enumeration value of type for the integration is invalid: %s", *i.Type)
	}
	if wire.Value(i.HttpMethod) == "" {
		return bad("Enumeration value for HttpMethod must be non-empty")
	}
	return nil
}

func invalidMapping(text string) error {
	return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", text)
}

// checkTemplates refuses bad mapping templates when they come.
func checkTemplates(templates map[string]string) error {
	if err := mapping.CheckTemplates(templates); err != nil {
		return bad("%s", err)
	}
	return nil
}

func checkIntegrationResponse(r *IntegrationResponse) error {
	if p := wire.Value(r.SelectionPattern); p != "" {
		if _, err := regexp.Compile(p); err != nil {
			return bad("Invalid selection pattern: %s", err)
		}
	}
	for name, value := range r.ResponseParameters {
		if !strings.HasPrefix(name, "method.response.header.") {
			return invalidMapping(name)
		}
		if !mapping.Valid(value) && !strings.HasPrefix(value, "integration.response.") {
			return invalidMapping(value)
		}
	}
	return checkTemplates(r.ResponseTemplates)
}

// PutIntegration implements [API].
func (s *Service) PutIntegration(ctx context.Context, in *PutIntegrationInput) (*PutIntegrationOutput, error) {
	i := Integration{
		Type: in.Type, HttpMethod: in.IntegrationHttpMethod, Uri: in.Uri, ConnectionType: in.ConnectionType, Credentials: in.Credentials,
		RequestParameters: in.RequestParameters, RequestTemplates: in.RequestTemplates, PassthroughBehavior: in.PassthroughBehavior,
		ContentHandling: in.ContentHandling, TimeoutInMillis: wire.Value(in.TimeoutInMillis), TlsConfig: in.TlsConfig,
		CacheNamespace: orElse(in.CacheNamespace, *in.ResourceId), CacheKeyParameters: in.CacheKeyParameters, ResponseTransferMode: in.ResponseTransferMode,
	}
	if i.CacheKeyParameters == nil {
		i.CacheKeyParameters = []string{}
	}
	if err := CheckIntegration(&i); err != nil {
		return nil, err
	}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *api, m *Method) error {
		if m.MethodIntegration != nil {
			i.IntegrationResponses = m.MethodIntegration.IntegrationResponses
		}
		m.MethodIntegration = &i
		return nil
	})
	return (*PutIntegrationOutput)(&i), err
}

func noIntegration() error { return notFound("Invalid Integration identifier specified") }

func (s *Service) integration(ctx context.Context, id, resource, verb *string) (*Integration, error) {
	a, err := s.find(ctx, *id)
	if err != nil {
		return nil, err
	}
	_, m, err := a.method(*resource, *verb)
	if err != nil {
		return nil, err
	}
	if m.MethodIntegration == nil {
		return nil, noIntegration()
	}
	return m.MethodIntegration, nil
}

// changeIntegration changes a method's integration in place.
func (s *Service) changeIntegration(ctx context.Context, id, resource, verb *string, change func(*Integration) error) error {
	return s.changeMethod(ctx, id, resource, verb, func(_ *api, m *Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		return change(m.MethodIntegration)
	})
}

// GetIntegration implements [API].
func (s *Service) GetIntegration(ctx context.Context, in *GetIntegrationInput) (*GetIntegrationOutput, error) {
	i, err := s.integration(ctx, in.RestApiId, in.ResourceId, in.HttpMethod)
	return (*GetIntegrationOutput)(i), err
}

// UpdateIntegration implements [API].
func (s *Service) UpdateIntegration(ctx context.Context, in *UpdateIntegrationInput) (*UpdateIntegrationOutput, error) {
	var out UpdateIntegrationOutput
	err := s.changeIntegration(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(i *Integration) error {
		err := apply(i, in.PatchOperations, "type", "httpMethod", "uri", "connectionType", "credentials", "requestParameters", "requestTemplates",
			"passthroughBehavior", "contentHandling", "timeoutInMillis", "cacheNamespace", "cacheKeyParameters", "tlsConfig", "responseTransferMode")
		if err != nil {
			return err
		}
		err = CheckIntegration(i)
		out = UpdateIntegrationOutput(*i)
		return err
	})
	return &out, err
}

// DeleteIntegration implements [API].
func (s *Service) DeleteIntegration(ctx context.Context, in *DeleteIntegrationInput) (*DeleteIntegrationOutput, error) {
	return nil, s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *api, m *Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		m.MethodIntegration = nil
		return nil
	})
}

// PutIntegrationResponse implements [API].
func (s *Service) PutIntegrationResponse(ctx context.Context, in *PutIntegrationResponseInput) (*PutIntegrationResponseOutput, error) {
	r := IntegrationResponse{
		StatusCode: in.StatusCode, SelectionPattern: in.SelectionPattern, ResponseParameters: in.ResponseParameters,
		ResponseTemplates: in.ResponseTemplates, ContentHandling: in.ContentHandling,
	}
	if err := checkIntegrationResponse(&r); err != nil {
		return nil, err
	}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(_ *api, m *Method) error {
		i := m.MethodIntegration
		if i == nil {
			return noIntegration()
		}
		if _, ok := m.MethodResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		if i.IntegrationResponses == nil {
			i.IntegrationResponses = map[string]IntegrationResponse{}
		}
		i.IntegrationResponses[*in.StatusCode] = r
		return nil
	})
	return (*PutIntegrationResponseOutput)(&r), err
}

// GetIntegrationResponse implements [API].
func (s *Service) GetIntegrationResponse(ctx context.Context, in *GetIntegrationResponseInput) (*GetIntegrationResponseOutput, error) {
	i, err := s.integration(ctx, in.RestApiId, in.ResourceId, in.HttpMethod)
	if err != nil {
		return nil, err
	}
	r, ok := i.IntegrationResponses[*in.StatusCode]
	if !ok {
		return nil, noResponse()
	}
	return (*GetIntegrationResponseOutput)(&r), nil
}

// UpdateIntegrationResponse implements [API].
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *UpdateIntegrationResponseInput) (*UpdateIntegrationResponseOutput, error) {
	var r IntegrationResponse
	err := s.changeIntegration(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(i *Integration) error {
		var ok bool
		if r, ok = i.IntegrationResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		if err := apply(&r, in.PatchOperations, "selectionPattern", "responseParameters", "responseTemplates", "contentHandling"); err != nil {
			return err
		}
		i.IntegrationResponses[*in.StatusCode] = r
		return checkIntegrationResponse(&r)
	})
	return (*UpdateIntegrationResponseOutput)(&r), err
}

// DeleteIntegrationResponse implements [API].
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *DeleteIntegrationResponseInput) (*DeleteIntegrationResponseOutput, error) {
	return nil, s.changeIntegration(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(i *Integration) error {
		if _, ok := i.IntegrationResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		delete(i.IntegrationResponses, *in.StatusCode)
		return nil
	})
}
