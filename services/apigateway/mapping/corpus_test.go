package mapping_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/vtl"
)

// row is a line of testdata/mapping.jsonl: what Apache Velocity makes of a
// template with $input, $util, $context and $stageVariables. "go run
// ./vtl/oracle" writes it.
type row struct {
	Template string
	Vars     json.RawMessage // beside $input and the others
	Request  struct {
		Body                      string
		Path, Querystring, Header map[string]string
		StageVariables            map[string]string
		Context                   json.RawMessage
	}
	Output *string
	Error  string
}

func corpus(t testing.TB) (rows []row) {
	t.Helper()
	data, err := os.ReadFile("testdata/mapping.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func (r *row) exchange(t testing.TB) *mapping.Exchange {
	t.Helper()
	c, err := vtl.DecodeJSON(r.Request.Context)
	if err != nil {
		t.Fatal(err)
	}
	x := &mapping.Exchange{
		Path: r.Request.Path, Query: map[string][]string{}, Header: http.Header{}, Body: []byte(r.Request.Body),
		Context: c.(*vtl.Map), StageVariables: r.Request.StageVariables,
	}
	for k, v := range r.Request.Querystring {
		x.Query[k] = []string{v}
	}
	for k, v := range r.Request.Header {
		x.Header.Set(k, v)
	}
	return x
}

// variables are vars, lists as Java's own.
func (r *row) variables(t testing.TB) map[string]any {
	t.Helper()
	all := map[string]any{}
	if r.Vars == nil {
		return all
	}
	v, err := vtl.DecodeJSON(r.Vars)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range plain(v).(*vtl.Map).Entries() {
		all[e.Key.(string)] = e.Value
	}
	return all
}

func plain(v any) any {
	switch v := v.(type) {
	case *vtl.List:
		v.JSON = false
		for _, item := range v.Items {
			plain(item)
		}
	case *vtl.Map:
		for _, e := range v.Entries() {
			plain(e.Value)
		}
	}
	return v
}

func TestMappingTemplatesGiveWhatVelocityGives(t *testing.T) {
	for _, r := range corpus(t) {
		parsed, err := vtl.Parse(r.Template)
		if err != nil {
			t.Errorf("%q: %v", r.Template, err)
			continue
		}
		got, err := r.exchange(t).RenderWith(parsed, r.variables(t))
		switch {
		case r.Output == nil && err == nil:
			t.Errorf("%q\n gives %q\n want an error: %s", r.Template, got, r.Error)
		case r.Output != nil && err != nil:
			t.Errorf("%q\n gives the error %v\n want %q", r.Template, err, *r.Output)
		case r.Output != nil && got != *r.Output:
			t.Errorf("%q\n gives %q\n  want %q", r.Template, got, *r.Output)
		}
	}
}
