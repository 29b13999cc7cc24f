package openapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/apigateway/openapi"
)

const old = `
swagger: "2.0"
info: {title: shop, version: 1.0}
basePath: /v1/
consumes: [application/json, application/xml]
securityDefinitions:
  mine: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: custom}
definitions:
  Order: {type: object}
paths:
  /orders/{id}:
    parameters:
      - {name: id, in: path, type: string}
      - {name: page, in: query, type: string}
    x-amazon-apigateway-any-method:
      operationId: any
      security: [{mine: [a, b]}]
      parameters:
        - {name: page, in: query, required: true, type: string}
        - {name: order, in: body, required: true, schema: {$ref: "#/definitions/Order"}}
      responses:
        200: {description: fine, headers: {X-Id: {type: string}}, schema: {type: array}}
      x-amazon-apigateway-integration: {type: MOCK, timeoutInMillis: 100}
`

const current = `{
  "openapi": "3.0.1", "info": {"title": "shop", "version": "1.0"},
  "servers": [{"url": "https://example.com/{basePath}", "variables": {"basePath": {"default": "/v1"}}}],
  "components": {
    "schemas": {"Order": {"type": "object"}},
    "parameters": {"Page": {"name": "page", "in": "query", "required": true}},
    "securitySchemes": {"mine": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom"}},
    "x-amazon-apigateway-integrations": {"mock": {"type": "MOCK", "timeoutInMillis": 100}}
  },
  "paths": {"/orders/{id}": {
    "parameters": [{"name": "id", "in": "path"}],
    "x-amazon-apigateway-any-method": {
      "operationId": "any", "security": [{"mine": ["a", "b"]}], "parameters": [{"$ref": "#/components/parameters/Page"}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}, "application/xml": {"schema": {"$ref": "#/components/schemas/Order"}}}},
      "responses": {"200": {"description": "fine", "headers": {"X-Id": {}}, "content": {"application/json": {"schema": {"type": "array"}}}}},
      "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/mock"}
    }
  }}
}`

func TestBothVersionsSayTheSame(t *testing.T) {
	for version, text := range map[string]string{"2.0 in YAML": old, "3.0 in JSON": current} {
		d, err := openapi.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		op := d.Paths[0].Operations[0]
		page := op.Parameters[slices.IndexFunc(op.Parameters, func(p openapi.Parameter) bool { return p.Name == "page" })]
		got := fmt.Sprint(d.Title, d.Version, d.BasePath, d.Paths[0].Template, op.Method, op.ID, len(op.Parameters), page, op.BodyNeeded,
			op.Body["application/xml"].Name, op.Security, op.Responses["200"].Headers, string(op.Responses["200"].Body["application/json"].Inline),
			op.Integration["type"], op.Integration["timeoutInMillis"], d.Schemes["mine"].Extensions["authtype"], string(d.Schemas["Order"]))
		want := `shop 1.0 /v1 /orders/{id} ANY any 2 {page query true} true Order [{mine [a b]}] [X-Id] {"type":"array"} MOCK 100 custom {"type":"object"}`
		if plain := strings.ReplaceAll(got, " ", ""); plain != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s:\n got %s\nwant %s", version, got, want)
		}
	}
}

func TestDocumentsThatGrowAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("swagger: '2.0'\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	for name, text := range map[string]string{
		"aliases":    b.String(),
		"deep JSON":  `{"swagger":"2.0","x":` + strings.Repeat("[", 20000),
		"deep YAML":  "swagger: '2.0'\nx: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"a circle":   `{"openapi":"3.0.0","paths":{"/a":{"get":{"requestBody":{"$ref":"#/paths/~1a/get/requestBody"}}}}}`,
		"an outside": `{"openapi":"3.0.0","paths":{"/a":{"get":{"requestBody":{"$ref":"http://example.com/x"}}}}}`,
		"a version":  `{"openapi":"4.0.0"}`,
		"no slash":   `{"openapi":"3.0.0","paths":{"a":{}}}`,
	} {
		if d, err := openapi.Parse([]byte(text)); err == nil {
			t.Errorf("%s: no error, but %+v", name, d)
		}
	}
}

func TestYAMLsTypesAreTaken(t *testing.T) {
	d, err := openapi.Parse([]byte("swagger: 2.0\ninfo: {version: 2012-10-17, title: yes}\nx-amazon-apigateway-binary-media-types: ['*/*', image/png]\npaths:\n  /a: &a\n    get: {x-amazon-apigateway-integration: {n: 0x10, f: 1e3, b: true, z: null, d: 2012-10-17}}\n  /b: *a\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(d.Paths[1].Operations[0].Integration)
	if want := `{"b":true,"d":"2012-10-17","f":1e3,"n":16,"z":null}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if d.Version != "2012-10-17" || d.Title != "yes" {
		t.Errorf("%q %q", d.Version, d.Title)
	}
}

func FuzzDocumentsNeverPanic(f *testing.F) {
	f.Add([]byte(old))
	f.Add([]byte(current))
	f.Add([]byte(`{"openapi":"3.0.0","paths":{"/a":{"$ref":"#/paths/~1a"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := openapi.Parse(data)
		if err == nil && d == nil {
			t.Error("neither a document nor an error")
		}
	})
}
