package vtl_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/vtl"
)

// row is a line of testdata/velocity.jsonl: what Apache Velocity makes of a
// template. "go run ./vtl/oracle" writes it.
type row struct {
	Template string
	Vars     json.RawMessage
	Output   *string
	Error    string
}

func corpus(t testing.TB) (rows []row) {
	t.Helper()
	data, err := os.ReadFile("testdata/velocity.jsonl")
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

// plain makes lists look as Java's own.
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

func variables(t testing.TB, text []byte) map[string]any {
	t.Helper()
	v, err := vtl.DecodeJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]any{}
	for _, e := range plain(v).(*vtl.Map).Entries() {
		vars[e.Key.(string)] = e.Value
	}
	return vars
}

func render(template string, vars map[string]any) (string, error) {
	t, err := vtl.Parse(template)
	if err != nil {
		return "", err
	}
	return t.Render(vars, vtl.Limits{})
}

func TestTemplatesGiveWhatVelocityGives(t *testing.T) {
	rows := corpus(t)
	if len(rows) < 100 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, r := range rows {
		got, err := render(r.Template, variables(t, r.Vars))
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
