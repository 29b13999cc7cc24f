package mapping_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/vtl"
)

func exchange(body string) *mapping.Exchange {
	return &mapping.Exchange{
		Path: map[string]string{"id": "42"}, Query: map[string][]string{"q": {"a", "b"}}, Header: http.Header{"X-Id": {"h", "i"}}, Body: []byte(body),
		Context: vtl.NewMap("stage", "prod", "identity", vtl.NewMap("sourceIp", "1.2.3.4")), StageVariables: map[string]string{"env": "dev"},
	}
}

func TestExpressionsStandForWhatTheyName(t *testing.T) {
	x := exchange(`{"a":{"b-c":[1,{"d":"e"}]},"n":1.5,"detail-type":"t","items":[1,2,3]}`)
	for expression, want := range map[string][]string{
		"'literal'":                              {"literal"},
		"''":                                     {""},
		"method.request.path.id":                 {"42"},
		"method.request.path.none":               nil,
		"method.request.querystring.q":           {"b"},
		"method.request.multivaluequerystring.q": {"a", "b"},
		"method.request.header.x-id":             {"i"},
		"method.request.multivalueheader.X-Id":   {"h", "i"},
		"method.request.body.a.b-c[1].d":         {"e"},
		"method.request.body.n":                  {"1.5"},
		"method.request.body.a":                  {`{"b-c":[1,{"d":"e"}]}`},
		"method.request.body.detail-type":        {"t"},
		"method.request.body.items.length()":     {"3"},
		"method.request.body.none":               nil,
		"context.identity.sourceIp":              {"1.2.3.4"},
		"context.stage":                          {"prod"},
		"context.stage.none":                     nil,
		"stageVariables.env":                     {"dev"},
		"integration.response.header.X":          nil,
		"strange":                                nil,
	} {
		got, ok := x.Value(expression)
		if ok != (want != nil) || ok && !slices.Equal(got, want) {
			t.Errorf("%s = %q, %v, want %q", expression, got, ok, want)
		}
	}
	if got := x.StageVariable("a-${stageVariables.env}-${stageVariables.none}-${other}-${stageVariables.env"); got != "a-dev--${other}-${stageVariables.env" {
		t.Errorf("stage variables: %q", got)
	}
}

func FuzzExpressionsNeverPanic(f *testing.F) {
	f.Add("method.request.body.a[0]['b'].c", `{"a":[{"b":{"c":1}}]}`)
	f.Add("method.request.body.items[?(@.id == 2)]", `{"items":[{"id":2}]}`)
	f.Add("method.request.body..x", `[[[{"x":1}]]]`)
	f.Add("context.identity.sourceIp", `{`)
	f.Add("${stageVariables.", ``)
	f.Fuzz(func(_ *testing.T, expression, body string) {
		x := exchange(body)
		_, _ = x.Value(expression)
		_, _ = x.Value("method.request.body." + expression)
		_ = x.StageVariable(expression)
	})
}
