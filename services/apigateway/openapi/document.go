package openapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Document is an API as an OpenAPI document describes it.
type Document struct {
	Title, Description, Version string
	BasePath                    string // "" for none; no slash at its end
	Paths                       []Path // by their templates
	Schemas                     map[string]json.RawMessage
	Schemes                     map[string]Scheme
	Validator                   string // name of the request validator of all operations
	Extensions                  map[string]any
}

// Path is one path's operations.
type Path struct {
	Template   string // "/orders/{id}"
	Operations []Operation
}

// Operation is one method of a path.
type Operation struct {
	Method      string // "GET"; "ANY" for x-amazon-apigateway-any-method
	ID          string
	Description string
	Parameters  []Parameter
	Body        map[string]Schema   // of requests, by content type
	BodyNeeded  bool                // requestBody.required
	Responses   map[string]Response // by status, "default" among them
	Security    []Requirement
	Extensions  map[string]any
	Integration map[string]any // x-amazon-apigateway-integration, nil without
}

// Parameter is one that a request has or may have.
type Parameter struct {
	Name     string
	In       string // path, query, header
	Required bool
}

// Schema is a model by its name, or one of its own.
type Schema struct {
	Name   string
	Inline json.RawMessage
}

// Response is one that an operation may have.
type Response struct {
	Headers []string
	Body    map[string]Schema // by content type
}

// Scheme is a security scheme.
type Scheme struct {
	Type       string // apiKey, oauth2, …
	Name, In   string // where an apiKey is
	Extensions map[string]any
}

// Requirement is a scheme that an operation needs, with its scopes.
type Requirement struct {
	Scheme string
	Scopes []string
}

const extension = "x-amazon-apigateway-"

var verbs = map[string]string{
	"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS", "head": "HEAD", "patch": "PATCH",
	extension + "any-method": "ANY",
}

// Parse reads a document. Its errors say what of the document is wrong.
func Parse(data []byte) (*Document, error) {
	v, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	root, is := v.(map[string]any)
	if !is {
		return nil, errors.New("the document is no object")
	}
	r := &reader{root: root, old: text(root["swagger"]) != ""}
	if !r.old && text(root["openapi"]) == "" {
		return nil, errors.New("the document has neither swagger nor openapi, which say its version")
	}
	if version := cmp.Or(text(root["openapi"]), text(root["swagger"])); !strings.HasPrefix(version, "2.") && !strings.HasPrefix(version, "3.") && version != "2" && version != "3" {
		return nil, fmt.Errorf("version %s of OpenAPI is not supported: 2.0 and 3.0 are", version)
	}
	return r.document()
}

// reader reads one document's tree.
type reader struct {
	root map[string]any
	old  bool // 2.0
}

func (r *reader) document() (*Document, error) {
	info := object(r.root["info"])
	d := &Document{
		Title: text(info["title"]), Description: text(info["description"]), Version: text(info["version"]),
		BasePath: r.basePath(), Schemas: map[string]json.RawMessage{}, Schemes: map[string]Scheme{},
		Validator: text(r.root[extension+"request-validator"]), Extensions: extensions(r.root),
	}
	schemas, schemes := object(r.root["definitions"]), object(r.root["securityDefinitions"])
	if !r.old {
		components := object(r.root["components"])
		schemas, schemes = object(components["schemas"]), object(components["securitySchemes"])
	}
	for name, s := range schemas {
		raw, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		d.Schemas[name] = raw
	}
	for name, s := range schemes {
		m := object(s)
		d.Schemes[name] = Scheme{Type: text(m["type"]), Name: text(m["name"]), In: text(m["in"]), Extensions: extensions(m)}
	}
	paths := object(r.root["paths"])
	for _, template := range slices.Sorted(maps.Keys(paths)) {
		if !strings.HasPrefix(template, "/") {
			if strings.HasPrefix(template, "x-") {
				continue
			}
			return nil, fmt.Errorf("path %q does not begin with a slash", template)
		}
		p, err := r.path(template, paths[template])
		if err != nil {
			return nil, fmt.Errorf("path %s: %w", template, err)
		}
		d.Paths = append(d.Paths, p)
	}
	return d, nil
}

// basePath is that of the document, or of its first server.
func (r *reader) basePath() string {
	if r.old {
		return strings.TrimSuffix(text(r.root["basePath"]), "/")
	}
	servers := list(r.root["servers"])
	if len(servers) == 0 {
		return ""
	}
	server := object(servers[0])
	url := text(server["url"])
	for name, v := range object(server["variables"]) {
		url = strings.ReplaceAll(url, "{"+name+"}", strings.TrimPrefix(text(object(v)["default"]), "/"))
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, path, found := strings.Cut(rest, "/")
		if !found {
			return ""
		}
		url = "/" + path
	}
	return strings.TrimSuffix(url, "/")
}

func extensions(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if name, is := strings.CutPrefix(k, extension); is {
			out[name] = v
		}
	}
	return out
}

// resolve follows $ref within the document.
func (r *reader) resolve(v any) (map[string]any, error) {
	m := object(v)
	for range 20 {
		ref := text(m["$ref"])
		if ref == "" {
			return m, nil
		}
		path, is := strings.CutPrefix(ref, "#/")
		if !is {
			return nil, fmt.Errorf("the reference %q leaves the document", ref)
		}
		var at any = r.root
		for part := range strings.SplitSeq(path, "/") {
			at = object(at)[strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")]
		}
		if m = object(at); m == nil {
			return nil, fmt.Errorf("the reference %q leads nowhere", ref)
		}
	}
	return nil, errors.New("references go in circles")
}

func (r *reader) path(template string, v any) (Path, error) {
	p := Path{Template: template}
	item, err := r.resolve(v)
	if err != nil {
		return p, err
	}
	for _, key := range slices.Sorted(maps.Keys(item)) {
		verb, is := verbs[strings.ToLower(key)]
		if !is {
			continue
		}
		op, err := r.operation(verb, item, object(item[key]))
		if err != nil {
			return p, fmt.Errorf("%s: %w", key, err)
		}
		p.Operations = append(p.Operations, op)
	}
	return p, nil
}

func (r *reader) operation(verb string, item, m map[string]any) (Operation, error) {
	op := Operation{
		Method: verb, ID: text(m["operationId"]), Description: text(m["description"]), Body: map[string]Schema{},
		Responses: map[string]Response{}, Extensions: extensions(m),
	}
	if err := r.parameters(&op, item, m); err != nil {
		return op, err
	}
	if body := m["requestBody"]; body != nil {
		b, err := r.resolve(body)
		if err != nil {
			return op, err
		}
		op.BodyNeeded, _ = b["required"].(bool)
		if op.Body, err = r.content(b); err != nil {
			return op, err
		}
	}
	for status, v := range object(m["responses"]) {
		response, err := r.response(m, v)
		if err != nil {
			return op, fmt.Errorf("response %s: %w", status, err)
		}
		op.Responses[status] = response
	}
	op.Security = requirements(r.root["security"])
	if s, own := m["security"]; own {
		op.Security = requirements(s)
	}
	var err error
	if v := op.Extensions["integration"]; v != nil {
		op.Integration, err = r.resolve(v)
	}
	return op, err
}

// parameters reads the path's and the operation's, which replace the path's of
// the same name.
func (r *reader) parameters(op *Operation, item, m map[string]any) error {
	for _, v := range append(slices.Clone(list(item["parameters"])), list(m["parameters"])...) {
		p, err := r.resolve(v)
		if err != nil {
			return err
		}
		in := text(p["in"])
		required, _ := p["required"].(bool)
		if in == "body" {
			s, err := schemaOf(p["schema"])
			if err != nil {
				return err
			}
			op.BodyNeeded = required
			for _, t := range r.mediaTypes("consumes", m) {
				op.Body[t] = s
			}
			continue
		}
		if in == "formData" || in == "cookie" {
			continue // API Gateway does not import them
		}
		param := Parameter{Name: text(p["name"]), In: in, Required: required || in == "path"}
		if param.Name == "" {
			return errors.New("a parameter has no name")
		}
		op.Parameters = slices.DeleteFunc(op.Parameters, func(o Parameter) bool { return o.Name == param.Name && o.In == in })
		op.Parameters = append(op.Parameters, param)
	}
	return nil
}

// mediaTypes are an operation's or the document's of 2.0.
func (r *reader) mediaTypes(key string, m map[string]any) []string {
	from := list(m[key])
	if from == nil {
		from = list(r.root[key])
	}
	var all []string
	for _, v := range from {
		all = append(all, text(v))
	}
	if len(all) == 0 {
		all = []string{"application/json"}
	}
	return all
}

// content reads the schemas of a body of 3.0.
func (r *reader) content(m map[string]any) (map[string]Schema, error) {
	all := map[string]Schema{}
	for mediaType, v := range object(m["content"]) {
		schema := object(v)["schema"]
		if schema == nil {
			continue
		}
		s, err := schemaOf(schema)
		if err != nil {
			return nil, err
		}
		all[mediaType] = s
	}
	return all, nil
}

func schemaOf(v any) (Schema, error) {
	if ref := text(object(v)["$ref"]); ref != "" {
		for _, where := range []string{"#/definitions/", "#/components/schemas/"} {
			if name, is := strings.CutPrefix(ref, where); is {
				return Schema{Name: name}, nil
			}
		}
		return Schema{}, fmt.Errorf("the reference %q is to no model of the document", ref)
	}
	raw, err := json.Marshal(v)
	return Schema{Inline: raw}, err
}

func (r *reader) response(op map[string]any, v any) (Response, error) {
	m, err := r.resolve(v)
	if err != nil {
		return Response{}, err
	}
	out := Response{Headers: slices.Sorted(maps.Keys(object(m["headers"]))), Body: map[string]Schema{}}
	if schema := m["schema"]; schema != nil {
		s, err := schemaOf(schema)
		if err != nil {
			return out, err
		}
		for _, t := range r.mediaTypes("produces", op) {
			out.Body[t] = s
		}
		return out, nil
	}
	out.Body, err = r.content(m)
	return out, err
}

// requirements reads the first alternative of each scheme: API Gateway knows one
// authorizer for a method, and a key beside it.
func requirements(v any) []Requirement {
	var all []Requirement
	for _, alternative := range list(v) {
		m := object(alternative)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			var scopes []string
			for _, s := range list(m[name]) {
				scopes = append(scopes, text(s))
			}
			all = append(all, Requirement{name, scopes})
		}
	}
	return all
}
