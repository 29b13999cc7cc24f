package mapping

import (
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/vtl"
)

// Exchange is a request, as mappings see it.
type Exchange struct {
	Path           map[string]string   // path parameters
	Query          map[string][]string // decoded
	Header         http.Header
	Body           []byte
	Context        *vtl.Map // $context; templates may change it. nil: NewContext makes it once it is asked for
	NewContext     func() *vtl.Map
	StageVariables map[string]string

	Response *Response // nil before the integration has answered
}

// Variables are $context.
func (x *Exchange) Variables() *vtl.Map {
	if x.Context == nil && x.NewContext != nil {
		x.Context = x.NewContext()
	}
	return x.Context
}

// Response is what an integration answered.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

func last(values []string) ([]string, bool) {
	if len(values) == 0 {
		return nil, false
	}
	return values[len(values)-1:], true
}

func lookup(m map[string]string, name string) ([]string, bool) {
	v, ok := m[name]
	return []string{v}, ok
}

// Value is what a mapping expression stands for: more than one value only for
// the multivalue sources. ok is false where there is none.
func (x *Exchange) Value(expression string) (values []string, ok bool) {
	if n := len(expression); n >= 2 && expression[0] == '\'' && expression[n-1] == '\'' {
		return []string{expression[1 : n-1]}, true
	}
	if rest, is := strings.CutPrefix(expression, "method.request."); is {
		return part(rest, x.Path, x.Query, x.Header, x.Body)
	}
	if rest, is := strings.CutPrefix(expression, "integration.response."); is && x.Response != nil {
		return part(rest, nil, nil, x.Response.Header, x.Response.Body)
	}
	if name, is := strings.CutPrefix(expression, "stageVariables."); is {
		return lookup(x.StageVariables, name)
	}
	if path, is := strings.CutPrefix(expression, "context."); is {
		v, ok := contextValue(x.Variables(), path)
		return []string{v}, ok
	}
	return nil, false
}

func part(expression string, path map[string]string, query map[string][]string, header http.Header, body []byte) ([]string, bool) {
	kind, name, _ := strings.Cut(expression, ".")
	switch kind {
	case "path":
		return lookup(path, name)
	case "querystring":
		return last(query[name])
	case "multivaluequerystring":
		return query[name], len(query[name]) > 0
	case "header":
		return last(header.Values(name))
	case "multivalueheader":
		return header.Values(name), len(header.Values(name)) > 0
	case "body":
		if name == "" {
			return []string{string(body)}, true
		}
		v, err := jsonPath(body, "$."+name)
		if err != nil || v == nil {
			return nil, false
		}
		s, is := v.(string)
		if !is {
			s, err = vtl.EncodeJSON(v)
		}
		return []string{s}, err == nil
	}
	return nil, false
}

// contextValue is a $context variable by its path: "identity.sourceIp".
func contextValue(m *vtl.Map, path string) (string, bool) {
	var v any = m
	for name := range strings.SplitSeq(path, ".") {
		inner, is := v.(*vtl.Map)
		if !is {
			return "", false
		}
		if v = inner.Get(name); v == nil {
			return "", false
		}
	}
	if s, is := v.(string); is {
		return s, true
	}
	s, err := vtl.EncodeJSON(v)
	return s, err == nil
}

// StageVariable puts stage variables into a text: ${stageVariables.name}.
func (x *Exchange) StageVariable(text string) string {
	const mark = "${stageVariables."
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, mark)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString(mark + rest)
			return b.String()
		}
		b.WriteString(x.StageVariables[name])
		text = after
	}
}
