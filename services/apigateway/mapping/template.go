package mapping

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/vtl"
	"github.com/signalbox/signalbox/vtl/java"
)

// ErrBody is wrapped by renderings that asked for the JSON of a body which is
// none.
var ErrBody = errors.New("the body is no JSON")

// Render renders a mapping template: of the response where there is one, else
// of the request. An empty body is {}, as on AWS.
func (x *Exchange) Render(t *vtl.Template) (string, error) { return x.RenderWith(t, nil) }

// RenderWith is Render with more variables, by their names.
func (x *Exchange) RenderWith(t *vtl.Template, more map[string]any) (string, error) {
	body := x.Body
	if x.Response != nil {
		body = x.Response.Body
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	all := map[string]any{"input": &input{x, body}, "util": util{}}
	if t.Mentions("context") {
		all["context"] = x.Variables()
	}
	if t.Mentions("stageVariables") {
		variables := vtl.NewMap()
		for name, v := range x.StageVariables {
			variables.Put(name, v)
		}
		all["stageVariables"] = variables
	}
	maps.Copy(all, more)
	return t.Render(all, vtl.Limits{})
}

// input is $input.
type input struct {
	x    *Exchange
	body []byte
}

// Property implements [vtl.Object].
func (i *input) Property(name string) (any, bool) {
	if name == "body" {
		return string(i.body), true
	}
	return nil, false
}

// Call implements [vtl.Object].
func (i *input) Call(name string, args []any) (any, error) {
	arg := ""
	if len(args) > 1 {
		return nil, vtl.ErrNoMethod
	}
	if len(args) == 1 {
		var is bool
		if arg, is = args[0].(string); !is {
			return nil, vtl.ErrNoMethod
		}
	}
	switch {
	case name == "params" && len(args) == 0:
		return i.params(), nil
	case name == "params":
		return i.param(arg), nil
	case name == "getBody" && len(args) == 0:
		return string(i.body), nil
	case name == "path" && len(args) == 1:
		v, err := jsonPath(i.body, arg)
		if errors.Is(err, errNoPath) {
			return nil, nil
		}
		return v, err
	case name == "json" && len(args) == 1:
		v, err := jsonPath(i.body, arg)
		if errors.Is(err, errNoPath) {
			return `""`, nil
		}
		if err != nil {
			return nil, err
		}
		return vtl.EncodeJSON(v)
	}
	return nil, vtl.ErrNoMethod
}

// params are all parameters, by their places.
func (i *input) params() *vtl.Map {
	path, query, header := vtl.NewMap(), vtl.NewMap(), vtl.NewMap()
	for _, name := range sorted(i.x.Path) {
		path.Put(name, i.x.Path[name])
	}
	for _, name := range sorted(i.x.Query) {
		if v, ok := last(i.x.Query[name]); ok {
			query.Put(name, v[0])
		}
	}
	for _, name := range sorted(i.x.Header) {
		if v, ok := last(i.x.Header[name]); ok {
			header.Put(name, v[0])
		}
	}
	return vtl.NewMap("path", path, "querystring", query, "header", header)
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// param looks for a parameter in the path, the query and the header, in this
// order; there is always a text.
func (i *input) param(name string) string {
	if v, ok := i.x.Path[name]; ok {
		return v
	}
	if v, ok := last(i.x.Query[name]); ok {
		return v[0]
	}
	if v, ok := last(i.x.Header[http.CanonicalHeaderKey(name)]); ok {
		return v[0]
	}
	return ""
}

// util is $util.
type util struct{}

// Property implements [vtl.Object].
func (util) Property(string) (any, bool) { return nil, false }

// Call implements [vtl.Object].
func (util) Call(name string, args []any) (any, error) {
	if len(args) != 1 {
		return nil, vtl.ErrNoMethod
	}
	if args[0] == nil {
		return nil, nil
	}
	s, is := args[0].(string)
	if !is {
		switch args[0].(type) {
		case *vtl.List, *vtl.Map, vtl.Object:
			if name != "escapeJavaScript" {
				return nil, vtl.ErrNoMethod
			}
		}
		var err error
		if s, err = vtl.Text(args[0]); err != nil {
			return nil, err
		}
	}
	switch name {
	case "escapeJavaScript":
		return java.EscapeJavaScript(s), nil
	case "parseJson":
		v, err := vtl.DecodeJSON([]byte(s))
		if err != nil {
			return nil, fmt.Errorf("$util.parseJson: %w", err)
		}
		return v, nil
	case "urlEncode":
		return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s)), nil
	case "urlDecode":
		d, err := url.QueryUnescape(s)
		if err != nil {
			return nil, fmt.Errorf("$util.urlDecode: %w", err)
		}
		return d, nil
	case "base64Encode":
		return base64.StdEncoding.EncodeToString([]byte(s)), nil
	case "base64Decode":
		d, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("$util.base64Decode: %w", err)
		}
		return string(d), nil
	}
	return nil, vtl.ErrNoMethod
}
