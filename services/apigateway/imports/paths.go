package imports

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/openapi"
	"github.com/signalbox/signalbox/wire"
)

// paths makes the resources and their methods.
func (im *importer) paths() error {
	base := ""
	switch im.params["basepath"] {
	case "", "ignore":
	case "prepend":
		base = im.doc.BasePath
	default:
		return fmt.Errorf("basepath=%s is not implemented by Signalbox; ignore and prepend are", im.params["basepath"])
	}
	for _, p := range im.doc.Paths {
		r, err := im.resourceAt(base + p.Template)
		if err != nil {
			return bad("Unable to create resource at path '%s': %s", p.Template, plainly(err))
		}
		for _, op := range p.Operations {
			m, err := im.method(&op)
			if err == nil {
				err = im.CheckMethod(m)
			}
			if err != nil {
				return bad("Unable to put method '%s' on resource at path '%s': %s", op.Method, p.Template, plainly(err))
			}
			if op.Integration != nil {
				if m.MethodIntegration, err = im.integration(&op, m, *r.Id); err != nil {
					return bad("Unable to put integration on '%s' for resource at path '%s': %s", op.Method, p.Template, plainly(err))
				}
			}
			r.SetMethod(*m)
		}
	}
	return nil
}

// plainly is an error's text, without its code.
func plainly(err error) string {
	if e, is := err.(*wire.Error); is {
		return e.Message
	}
	return err.Error()
}

// resourceAt finds or makes the resource of a path.
func (im *importer) resourceAt(path string) (*apigateway.Resource, error) {
	r := im.Resources[*im.RestApi.RootResourceId]
next:
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if part == "" {
			continue
		}
		for _, child := range im.Resources {
			if wire.Value(child.ParentId) == *r.Id && *child.PathPart == part {
				r = child
				continue next
			}
		}
		child, err := im.AddResource(r, part)
		if err != nil {
			return nil, err
		}
		if id, was := im.ids[*child.Path]; was && im.Resources[id] == nil {
			delete(im.Resources, *child.Id)
			child.Id = &id
			im.Resources[id] = child
		}
		r = child
	}
	return r, nil
}

func (im *importer) method(op *openapi.Operation) (*apigateway.Method, error) {
	m := &apigateway.Method{
		HttpMethod: new(op.Method), AuthorizationType: new("NONE"), ApiKeyRequired: new(false),
		RequestParameters: map[string]bool{}, MethodResponses: map[string]apigateway.MethodResponse{},
	}
	if op.ID != "" {
		m.OperationName = &op.ID
	}
	for _, p := range op.Parameters {
		place := map[string]string{"path": "path", "query": "querystring", "header": "header"}[p.In]
		if place == "" {
			im.warn("Parameter %s is in %s, which is not supported", p.Name, p.In)
			continue
		}
		m.RequestParameters["method.request."+place+"."+p.Name] = p.Required
	}
	var err error
	if m.RequestModels, err = im.modelsFor(op.Body); err != nil {
		return nil, err
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if err := im.methodResponse(m, status, op.Responses[status]); err != nil {
			return nil, err
		}
	}
	if err := im.authorization(m, op); err != nil {
		return nil, err
	}
	name := im.doc.Validator
	if own, is := op.Extensions["request-validator"].(string); is {
		name = own
	}
	if name != "" {
		id := im.validatorNamed(name)
		if id == "" {
			return nil, fmt.Errorf("the request validator %q is not defined", name)
		}
		m.RequestValidatorId = &id
	}
	return m, nil
}

func (im *importer) modelsFor(body map[string]openapi.Schema) (map[string]string, error) {
	if len(body) == 0 {
		return nil, nil
	}
	all := map[string]string{}
	for contentType, s := range body {
		name, err := im.modelFor(s)
		if err != nil {
			return nil, err
		}
		all[contentType] = name
	}
	return all, nil
}

func (im *importer) methodResponse(m *apigateway.Method, status string, in openapi.Response) error {
	if status == "default" {
		return nil // API Gateway has no response without a status
	}
	if len(status) != 3 || strings.ToUpper(status) != status || strings.Contains(status, "X") {
		im.warn("Response %s is left out: it is no status", status)
		return nil
	}
	r := apigateway.MethodResponse{StatusCode: &status}
	for _, h := range in.Headers {
		if r.ResponseParameters == nil {
			r.ResponseParameters = map[string]bool{}
		}
		r.ResponseParameters["method.response.header."+h] = false
	}
	var err error
	if r.ResponseModels, err = im.modelsFor(in.Body); err != nil {
		return err
	}
	m.MethodResponses[status] = r
	return nil
}

// authorization reads a method's security: its authorizer, and whether it needs
// a key.
func (im *importer) authorization(m *apigateway.Method, op *openapi.Operation) error {
	if auth, is := op.Extensions["auth"].(map[string]any); is {
		if t, is := auth["type"].(string); is {
			m.AuthorizationType = new(strings.ToUpper(t))
		}
	}
	for _, need := range op.Security {
		scheme, known := im.doc.Schemes[need.Scheme]
		if !known {
			return fmt.Errorf("the security scheme %q is not defined", need.Scheme)
		}
		switch {
		case scheme.Extensions["authorizer"] != nil:
			for id, a := range im.Authorizers {
				if *a.Name != need.Scheme {
					continue
				}
				m.AuthorizerId, m.AuthorizationType, m.AuthorizationScopes = new(id), new("CUSTOM"), need.Scopes
				if *a.Type == apigateway.AuthorizerTypeCognitoUserPools {
					m.AuthorizationType = new("COGNITO_USER_POOLS")
				}
			}
		case strings.EqualFold(authType(scheme), "awsSigv4"):
			m.AuthorizationType = new("AWS_IAM")
		case scheme.Type == "apiKey" && strings.EqualFold(scheme.Name, "x-api-key"):
			m.ApiKeyRequired = new(true)
		default:
			im.warn("The security scheme %s is not supported", need.Scheme)
		}
	}
	return nil
}

// integrationExtension is x-amazon-apigateway-integration.
type integrationExtension struct {
	Type, Uri, HttpMethod, Credentials, PassthroughBehavior, ContentHandling *string
	ConnectionId, ConnectionType, CacheNamespace, ResponseTransferMode       *string
	RequestParameters                                                        map[string]string
	RequestTemplates                                                         map[string]string
	CacheKeyParameters                                                       []string
	TimeoutInMillis                                                          json.Number
	TlsConfig                                                                *apigateway.TlsConfig
	Responses                                                                map[string]struct {
		StatusCode         any
		ResponseParameters map[string]string
		ResponseTemplates  map[string]string
		ContentHandling    *string
	}
}

func (im *importer) integration(op *openapi.Operation, m *apigateway.Method, resource string) (*apigateway.Integration, error) {
	var in integrationExtension
	if err := openapi.Read(op.Integration, &in); err != nil {
		return nil, err
	}
	i := &apigateway.Integration{
		Type: new(strings.ToUpper(wire.Value(in.Type))), Uri: in.Uri, HttpMethod: in.HttpMethod, Credentials: in.Credentials,
		ConnectionType: in.ConnectionType, ConnectionId: in.ConnectionId, ContentHandling: in.ContentHandling,
		RequestParameters: in.RequestParameters, RequestTemplates: in.RequestTemplates, CacheNamespace: orElse(in.CacheNamespace, resource),
		CacheKeyParameters: append([]string{}, in.CacheKeyParameters...), TlsConfig: in.TlsConfig, ResponseTransferMode: in.ResponseTransferMode,
	}
	if in.PassthroughBehavior != nil {
		i.PassthroughBehavior = new(strings.ToUpper(*in.PassthroughBehavior))
	}
	if in.TimeoutInMillis != "" {
		n, err := in.TimeoutInMillis.Int64()
		if err != nil || n < 1 || n > apigateway.MostTimeout {
			return nil, fmt.Errorf("timeoutInMillis %s is not between %d and %d", in.TimeoutInMillis, apigateway.LeastTimeout, apigateway.MostTimeout)
		}
		i.TimeoutInMillis = int32(n)
	}
	if i.HttpMethod == nil && strings.HasSuffix(*i.Type, "_PROXY") {
		i.HttpMethod = new("POST")
	}
	patterns := slices.Sorted(maps.Keys(in.Responses))
	for _, pattern := range patterns {
		from := in.Responses[pattern]
		status := fmt.Sprint(from.StatusCode)
		r := apigateway.IntegrationResponse{StatusCode: &status, ResponseParameters: from.ResponseParameters, ResponseTemplates: from.ResponseTemplates, ContentHandling: from.ContentHandling}
		if pattern != "default" {
			r.SelectionPattern = new(pattern)
		}
		if i.IntegrationResponses == nil {
			i.IntegrationResponses = map[string]apigateway.IntegrationResponse{}
		}
		if _, twice := i.IntegrationResponses[status]; twice {
			im.warn("Two integration responses of %s have the status %s; the one of %q is kept", op.Method, status, pattern)
		}
		i.IntegrationResponses[status] = r
		if _, there := m.MethodResponses[status]; !there {
			m.MethodResponses[status] = declared(status, from.ResponseParameters)
		}
	}
	return i, apigateway.CheckIntegration(i)
}

// declared is the method response that an integration's response needs.
func declared(status string, parameters map[string]string) apigateway.MethodResponse {
	r := apigateway.MethodResponse{StatusCode: &status}
	for name := range parameters {
		if r.ResponseParameters == nil {
			r.ResponseParameters = map[string]bool{}
		}
		r.ResponseParameters[name] = false
	}
	return r
}
