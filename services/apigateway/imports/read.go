// Package imports reads OpenAPI documents into the definitions of REST APIs (user
// guide, page api-gateway-import-api):
//
//	document ── package openapi ──► paths, schemas, extensions ──► resources, methods, models, authorizers, …
//
// It promises that what it reads is checked as what the operations of the
// service make; a document that is refused may have changed its definition in
// part, so callers read into a copy.
package imports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/services/apigateway/openapi"
	"github.com/signalbox/signalbox/wire"
)

func bad(format string, args ...any) error {
	return wire.Errorf(apigateway.CodeBadRequestException, format, args...)
}

func orElse[T any](p *T, standard T) *T {
	if p != nil {
		return p
	}
	return &standard
}

// Read is the [apigateway.Reader].
func Read(d *apigateway.Definition, doc apigateway.Document) error {
	return (&importer{Definition: d, params: doc.Params, ids: doc.IDs}).run(doc.Body, doc.Strict)
}

// importer puts what an OpenAPI document describes into an API (user guide,
// page api-gateway-import-api).
type importer struct {
	*apigateway.Definition
	doc      *openapi.Document
	params   map[string]string // of the request: basepath, ignore, endpointConfigurationTypes
	ids      map[string]string // path → identifier, of resources that there were
	warnings []string
}

func (im *importer) warn(format string, args ...any) {
	im.warnings = append(im.warnings, fmt.Sprintf(format, args...))
}

func (im *importer) run(body []byte, strict bool) error {
	doc, err := openapi.Parse(body)
	if err != nil {
		return bad("Invalid OpenAPI input: %s.", err)
	}
	im.doc = doc
	for _, step := range []func() error{im.settings, im.models, im.validators, im.authorizers, im.gatewayResponses, im.paths} {
		if err := step(); err != nil {
			if e, is := err.(*wire.Error); is {
				return bad("Errors found during import:\n\t%s", e.Message)
			}
			return bad("Errors found during import:\n\t%s", err)
		}
	}
	if strict && len(im.warnings) > 0 {
		return bad("Warnings found during import:\n\t%s", strings.Join(im.warnings, "\n\t"))
	}
	im.RestApi.Warnings = im.warnings
	return nil
}

// settings are those of the API itself.
func (im *importer) settings() error {
	r, d := &im.RestApi, im.doc
	for p, value := range map[**string]string{&r.Name: d.Title, &r.Description: d.Description, &r.Version: d.Version} {
		if value != "" {
			*p = &value
		}
	}
	var err error
	for name, v := range d.Extensions {
		switch name {
		case "binary-media-types":
			r.BinaryMediaTypes = nil
			err = openapi.Read(v, &r.BinaryMediaTypes)
		case "api-key-source":
			err = openapi.Read(v, &r.ApiKeySource)
		case "minimum-compression-size":
			err = openapi.Read(v, &r.MinimumCompressionSize)
		case "policy":
			var policy json.RawMessage
			if err = openapi.Read(v, &policy); err == nil {
				r.Policy = new(string(policy))
			}
		case "endpoint-configuration":
			err = im.endpoint(v)
		case "request-validators", "request-validator", "gateway-responses", "integrations":
		case "documentation", "importexport-version":
			im.warn("Documentation is not kept: x-amazon-apigateway-%s", name)
		default:
			im.warn("x-amazon-apigateway-%s is not supported", name)
		}
		if err != nil {
			return fmt.Errorf("x-amazon-apigateway-%s: %w", name, err)
		}
	}
	if types := im.params["endpointConfigurationTypes"]; types != "" {
		r.EndpointConfiguration = apigateway.Endpoint(apigateway.EndpointConfiguration{Types: strings.Split(types, ",")})
	}
	return nil
}

func (im *importer) endpoint(v any) error {
	var e struct {
		VPCEndpointIds []string `json:"vpcEndpointIds"`
		Disabled       *bool    `json:"disableExecuteApiEndpoint"`
	}
	if err := openapi.Read(v, &e); err != nil {
		return err
	}
	if e.Disabled != nil {
		im.RestApi.DisableExecuteApiEndpoint = *e.Disabled
	}
	if e.VPCEndpointIds != nil {
		c := apigateway.EndpointConfiguration{Types: []string{apigateway.EndpointTypePrivate}, VpcEndpointIds: e.VPCEndpointIds}
		im.RestApi.EndpointConfiguration = apigateway.Endpoint(c)
	}
	return nil
}

// models takes the schemas; a model's references to others name them by their
// URLs.
func (im *importer) models() error {
	for _, name := range slices.Sorted(maps.Keys(im.doc.Schemas)) {
		if !apigateway.ModelName.MatchString(name) {
			im.warn("Model name must be alphanumeric, %s is left out", name)
			continue
		}
		im.Models[name] = im.model(name, im.doc.Schemas[name])
	}
	return nil
}

func (im *importer) model(name string, schema json.RawMessage) *apigateway.Model {
	base := `"https://apigateway.amazonaws.com/restapis/` + *im.RestApi.Id + `/models/`
	text := strings.NewReplacer(`"#/definitions/`, base, `"#/components/schemas/`, base).Replace(string(schema))
	id := kept.NewID(6)
	if old := im.Models[name]; old != nil {
		id = *old.Id
	}
	return &apigateway.Model{Id: &id, Name: &name, ContentType: new("application/json"), Schema: &text}
}

// modelFor is the name of the model of a schema, which gets one if it has none.
func (im *importer) modelFor(s openapi.Schema) (string, error) {
	if s.Name != "" {
		if im.Models[s.Name] == nil && s.Name != "Empty" && s.Name != "Error" {
			return "", bad("Invalid model identifier specified: %s", s.Name)
		}
		return s.Name, nil
	}
	for name, m := range im.Models {
		if strings.HasPrefix(name, "MODEL") && wire.Value(m.Schema) == string(s.Inline) {
			return name, nil
		}
	}
	name := "MODEL" + kept.NewID(6)
	im.Models[name] = im.model(name, s.Inline)
	return name, nil
}

func (im *importer) validators() error {
	var all map[string]struct {
		Body       bool `json:"validateRequestBody"`
		Parameters bool `json:"validateRequestParameters"`
	}
	if err := openapi.Read(im.doc.Extensions["request-validators"], &all); err != nil {
		return fmt.Errorf("x-amazon-apigateway-request-validators: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		id := im.validatorNamed(name)
		if id == "" {
			id = kept.NewID(6)
		}
		im.Validators[id] = &apigateway.RequestValidator{Id: &id, Name: &name, ValidateRequestBody: all[name].Body, ValidateRequestParameters: all[name].Parameters}
	}
	return nil
}

func (im *importer) validatorNamed(name string) string {
	for id, v := range im.Validators {
		if wire.Value(v.Name) == name {
			return id
		}
	}
	return ""
}

// authorizers are the security schemes that have one.
func (im *importer) authorizers() error {
	for _, name := range slices.Sorted(maps.Keys(im.doc.Schemes)) {
		scheme := im.doc.Schemes[name]
		v := scheme.Extensions["authorizer"]
		if v == nil {
			continue
		}
		a := &apigateway.Authorizer{Id: new(kept.NewID(6)), Name: &name, AuthType: new(cmp.Or(authType(scheme), "custom"))}
		var in struct {
			Type, AuthorizerUri, AuthorizerCredentials, IdentitySource, IdentityValidationExpression *string
			AuthorizerResultTtlInSeconds                                                             *int32
			ProviderARNs                                                                             []string
		}
		if err := openapi.Read(v, &in); err != nil {
			return fmt.Errorf("authorizer %s: %w", name, err)
		}
		a.Type = new(strings.ToUpper(wire.Value(in.Type)))
		a.AuthorizerUri, a.AuthorizerCredentials, a.ProviderARNs = in.AuthorizerUri, in.AuthorizerCredentials, in.ProviderARNs
		a.IdentitySource, a.IdentityValidationExpression = in.IdentitySource, in.IdentityValidationExpression
		a.AuthorizerResultTtlInSeconds = orElse(in.AuthorizerResultTtlInSeconds, 300)
		if a.IdentitySource == nil && scheme.In == "header" && scheme.Name != "" {
			a.IdentitySource = new("method.request.header." + scheme.Name)
		}
		if err := apigateway.CheckAuthorizer(a); err != nil {
			return err
		}
		for id, old := range im.Authorizers {
			if *old.Name == name {
				a.Id = new(id)
			}
		}
		im.Authorizers[*a.Id] = a
	}
	return nil
}

func authType(s openapi.Scheme) string {
	t, _ := s.Extensions["authtype"].(string)
	return t
}

func (im *importer) gatewayResponses() error {
	var all map[string]struct {
		StatusCode         any               `json:"statusCode"`
		ResponseParameters map[string]string `json:"responseParameters"`
		ResponseTemplates  map[string]string `json:"responseTemplates"`
	}
	if err := openapi.Read(im.doc.Extensions["gateway-responses"], &all); err != nil {
		return fmt.Errorf("x-amazon-apigateway-gateway-responses: %w", err)
	}
	for kind, in := range all {
		r := &apigateway.GatewayResponse{ResponseType: new(kind), ResponseParameters: in.ResponseParameters, ResponseTemplates: in.ResponseTemplates}
		if in.StatusCode != nil {
			r.StatusCode = new(fmt.Sprint(in.StatusCode))
		}
		if err := apigateway.CheckGatewayResponse(r); err != nil {
			return err
		}
		im.GatewayResponses[kind] = r
	}
	return nil
}
