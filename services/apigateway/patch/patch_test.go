package patch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/apigateway/patch"
)

type inner struct {
	Rate float64 `wire:"rate"`
	On   *bool   `wire:"on"`
}

type thing struct {
	Name  *string           `wire:"name,required"`
	Count int32             `wire:"count"`
	Tags  map[string]string `wire:"tags"`
	Types []string          `wire:"types"`
	In    map[string]inner  `wire:"in"`
	Deep  *inner            `wire:"deep"`
	Other *string           `wire:"other"`
}

func TestOperationsChangeWhatTheirPathsName(t *testing.T) {
	for name, c := range map[string]struct{ op, path, value, want string }{
		"a text":                       {"replace", "/name", "b", `"Name":"b"`},
		"a number":                     {"replace", "/count", "7", `"Count":7`},
		"a number that is none":        {"replace", "/count", "x", "error: Invalid patch value 'x'"},
		"a text away":                  {"remove", "/name", "", `"Name":null`},
		"a map's value":                {"add", "/tags/a~1b~0c", "1", `"Tags":{"a/b~c":"1","x":"y"}`},
		"a map's value away":           {"remove", "/tags/x", "", `"Tags":{}`},
		"a whole map away":             {"remove", "/tags", "", `"Tags":null`},
		"a whole map":                  {"replace", "/tags", "x", "error: Invalid patch path"},
		"a list's item":                {"add", "/types/image~1png", "", `"Types":["a/b","image/png"]`},
		"an item twice":                {"add", "/types", "a/b", `"Types":["a/b"]`},
		"a list's item away by name":   {"remove", "/types/a~1b", "", `"Types":[]`},
		"a list's item at its place":   {"replace", "/types/0", "c/d", `"Types":["c/d"]`},
		"a structure within a map":     {"replace", "/in/GET/rate", "1.5", `"In":{"GET":{"Rate":1.5,"On":null}}`},
		"a flag of a structure made":   {"replace", "/deep/on", "True", `"Deep":{"Rate":0,"On":true}`},
		"a structure":                  {"replace", "/deep", "x", "error: Invalid patch path"},
		"a member that is not there":   {"replace", "/deep/off", "x", "error: Invalid patch path"},
		"what may not be changed":      {"replace", "/other", "x", "error: Invalid patch path  '/other' specified for op 'replace'. Must be one of: [/name"},
		"an operation that is not one": {"test", "/name", "x", "error: Invalid patch operation specified"},
		"below a text":                 {"replace", "/name/x", "x", "error: Invalid patch path"},
		"nothing":                      {"replace", "/", "x", "error: Invalid patch path"},
	} {
		v := thing{Name: new("a"), Tags: map[string]string{"x": "y"}, Types: []string{"a/b"}}
		op := patch.Operation{Op: &c.op, Path: &c.path}
		if c.value != "" {
			op.Value = &c.value
		}
		err := patch.Apply(&v, []patch.Operation{op}, "name", "count", "tags", "types", "in", "deep")
		got, _ := json.Marshal(v)
		text := string(got)
		if err != nil {
			text = "error: " + strings.TrimPrefix(err.Error(), "BadRequestException: ")
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

func FuzzPathsNeverPanic(f *testing.F) {
	f.Add("replace", "/name", "x")
	f.Add("add", "/in/~1a~1GET/rate", "1")
	f.Add("remove", "/types/99999999999999999999", "")
	f.Fuzz(func(_ *testing.T, op, path, value string) {
		v := thing{Types: []string{"a"}}
		_ = patch.Apply(&v, []patch.Operation{{Op: &op, Path: &path, Value: &value}}, patch.Segments(path)...)
	})
}
