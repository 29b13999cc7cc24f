package apigateway

import (
	"context"

	"github.com/signalbox/signalbox/wire"
)

// Reader reads an OpenAPI document into a definition.
type Reader func(d *Definition, doc Document) error

// Document is a document to be read.
type Document struct {
	Body   []byte
	Params map[string]string // of the request: basepath, ignore, endpointConfigurationTypes
	Strict bool              // warnings are errors
	IDs    map[string]string // path → identifier, of resources that there were
}

// ImportRestApi implements [API].
func (s *Service) ImportRestApi(ctx context.Context, in *ImportRestApiInput) (*ImportRestApiOutput, error) {
	a := s.newAPI(ctx)
	a.Models = map[string]*Model{}
	if err := s.read(&a.Definition, Document{Body: in.Body, Params: in.Parameters, Strict: wire.Value(in.FailOnWarnings)}); err != nil {
		return nil, err
	}
	if err := checkAPI(a); err != nil {
		return nil, err
	}
	if wire.Value(a.RestApi.Name) == "" {
		return nil, bad("Invalid OpenAPI input: info.title, the API's name, is missing.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return (*ImportRestApiOutput)(told(&a.RestApi)), s.apis.Put(ctx, *a.RestApi.Id, a)
}

// PutRestApi implements [API].
func (s *Service) PutRestApi(ctx context.Context, in *PutRestApiInput) (*PutRestApiOutput, error) {
	var out PutRestApiOutput
	err := s.change(ctx, *in.RestApiId, func(a *api) error {
		doc := Document{Body: in.Body, Params: in.Parameters, Strict: wire.Value(in.FailOnWarnings)}
		if wire.Value(in.Mode) == PutModeOverwrite {
			doc.IDs = a.empty()
		}
		if err := s.read(&a.Definition, doc); err != nil {
			return err
		}
		if err := checkAPI(a); err != nil {
			return err
		}
		out = PutRestApiOutput(*told(&a.RestApi))
		return nil
	})
	return &out, err
}

// empty takes everything out of an API but its root. It returns the identifiers
// that the paths had, and are to have again.
func (a *api) empty() map[string]string {
	ids := map[string]string{}
	for id, r := range a.Resources {
		ids[*r.Path] = id
	}
	root := a.Resources[*a.RestApi.RootResourceId]
	a.Resources = map[string]*Resource{*root.Id: {Id: root.Id, Path: root.Path}}
	a.Models, a.Validators, a.Authorizers, a.GatewayResponses = nil, nil, nil, nil
	a.complete()
	a.RestApi.Description, a.RestApi.Version, a.RestApi.BinaryMediaTypes = nil, nil, nil
	a.RestApi.MinimumCompressionSize, a.RestApi.ApiKeySource = nil, new(ApiKeySourceTypeHeader)
	return ids
}
