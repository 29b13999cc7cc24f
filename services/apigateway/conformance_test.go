package apigateway_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func TestRefusalsAreWordedAsAWSWordsThem(t *testing.T) {
	w := newWorld(t)
	id := must(w.apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: new("a")}))(t).Id
	root := must(w.apis.GetResources(w.ctx, &apigateway.GetResourcesInput{RestApiId: id}))(t).Items[0].Id
	pets := must(w.apis.CreateResource(w.ctx, &apigateway.CreateResourceInput{RestApiId: id, ParentId: root, PathPart: new("pets")}))(t).Id
	must(w.apis.CreateModel(w.ctx, &apigateway.CreateModelInput{RestApiId: id, Name: new("Pet"), ContentType: new("application/json"), Schema: new(`{"type":"object"}`)}))(t)
	must(w.apis.PutMethod(w.ctx, &apigateway.PutMethodInput{
		RestApiId: id, ResourceId: pets, HttpMethod: new("ANY"), AuthorizationType: new("NONE"), RequestModels: map[string]string{"application/json": "Pet"},
	}))(t)
	validator := must(w.apis.CreateRequestValidator(w.ctx, &apigateway.CreateRequestValidatorInput{RestApiId: id, Name: new("v"), ValidateRequestBody: true}))(t).Id
	patches := func(op types.Op, path string) []types.PatchOperation {
		return []types.PatchOperation{{Op: op, Path: &path, Value: new("x")}}
	}
	api := func(op types.Op, path string) error {
		_, err := w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: id, PatchOperations: patches(op, path)})
		return err
	}
	resource := func(op types.Op, path string) error {
		_, err := w.apis.UpdateResource(w.ctx, &apigateway.UpdateResourceInput{RestApiId: id, ResourceId: pets, PatchOperations: patches(op, path)})
		return err
	}
	model := func(op types.Op, path string) error {
		_, err := w.apis.UpdateModel(w.ctx, &apigateway.UpdateModelInput{RestApiId: id, ModelName: new("Pet"), PatchOperations: patches(op, path)})
		return err
	}
	method := func(op types.Op, path string) error {
		_, err := w.apis.UpdateMethod(w.ctx, &apigateway.UpdateMethodInput{RestApiId: id, ResourceId: pets, HttpMethod: new("ANY"), PatchOperations: patches(op, path)})
		return err
	}
	validation := func(api, path, value string) error {
		_, err := w.apis.UpdateRequestValidator(w.ctx, &apigateway.UpdateRequestValidatorInput{RestApiId: &api, RequestValidatorId: validator, PatchOperations: replaced(path, value)})
		return err
	}
	put := func(verb string, parameters map[string]bool) error {
		_, err := w.apis.PutMethod(w.ctx, &apigateway.PutMethodInput{RestApiId: id, ResourceId: root, HttpMethod: &verb, AuthorizationType: new("NONE"), RequestParameters: parameters})
		return err
	}
	_, described := w.apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: new("a"), Description: new("")})
	_, deleted := w.apis.DeleteModel(w.ctx, &apigateway.DeleteModelInput{RestApiId: id, ModelName: new("Pet")})
	_, empty := w.apis.CreateModel(w.ctx, &apigateway.CreateModelInput{RestApiId: id, Name: new("No"), ContentType: new("application/json")})
	_, nowhere := w.apis.CreateRequestValidator(w.ctx, &apigateway.CreateRequestValidatorInput{RestApiId: new("none"), Name: new("v")})
	must(w.apis.UpdateMethod(w.ctx, &apigateway.UpdateMethodInput{RestApiId: id, ResourceId: pets, HttpMethod: new("ANY"), PatchOperations: patches(types.OpAdd, "/authorizationScopes")}))(t)
	for text, err := range map[string]error{
		"Description cannot be an empty string":                                                                 described,
		"Invalid patch path /binaryMediaTypes":                                                                  api(types.OpAdd, "/binaryMediaTypes"),
		"Invalid patch operation specified. Must be one of: [replace]":                                          api(types.OpAdd, "/minimumCompressionSize"),
		"Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations":         resource(types.OpRemove, "/pathPart"),
		"Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]":     resource(types.OpReplace, "/invalid"),
		"Invalid patch path  '/wrong' specified for op 'add'. Please choose supported operations":               model(types.OpAdd, "/wrong"),
		"Invalid patch path /requestParameters":                                                                 method(types.OpReplace, "/requestParameters"),
		"Request Validator name cannot be blank":                                                                validation(*id, "/name", ""),
		"specified for op 'replace'. Must be one of: [/name, /validateRequestParameters, /validateRequestBody]": validation(*id, "/other", "x"),
		"Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY":            put("TEST", nil),
		"Parameter names must be unique across querystring, header and path":                                    put("GET", map[string]bool{"method.request.header.a": true, "method.request.querystring.a": true}),
		"Model schema must have at least 1 property or array items defined":                                     empty,
		"Invalid REST API identifier specified":                                                                 nowhere,
	} {
		wantCode(t, err, "BadRequestException", text)
	}
	wantCode(t, deleted, "ConflictException", "Cannot delete model 'Pet', is referenced in method request: /pets/ANY")
}
