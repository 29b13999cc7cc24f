package schema_test

import (
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/apigateway/schema"
)

func models(name string) *schema.Schema {
	if name != "Item" {
		return nil
	}
	s, _ := schema.Parse(`{"type":"object","required":["name"]}`)
	return s
}

func TestSchemasAllowWhatTheySay(t *testing.T) {
	for text, c := range map[string]struct{ good, bad []string }{
		``:                                  {[]string{`1`, `{}`, `null`}, []string{`{`, ``, `1 2`}},
		`{"type":"object"}`:                 {[]string{`{}`}, []string{`[]`, `1`, `null`}},
		`{"type":["string","null"]}`:        {[]string{`"x"`, `null`}, []string{`1`}},
		`{"type":"integer"}`:                {[]string{`1`, `1.0`, `1e3`}, []string{`1.5`, `"1"`}},
		`{"type":"number"}`:                 {[]string{`1`, `1.5`}, []string{`true`}},
		`{"type":"string","nullable":true}`: {[]string{`"x"`, `null`}, []string{`1`}},
		`{"required":["a","b"]}`:            {[]string{`{"a":1,"b":null}`, `1`}, []string{`{"a":1}`}},
		`{"properties":{"a":{"type":"string"}},"additionalProperties":false}`:                      {[]string{`{"a":"x"}`, `{}`}, []string{`{"a":1}`, `{"b":1}`}},
		`{"patternProperties":{"^x":{"type":"string"}},"additionalProperties":{"type":"integer"}}`: {[]string{`{"x1":"a","y":1}`}, []string{`{"x1":1}`, `{"y":"a"}`}},
		`{"items":{"minimum":2,"maximum":3}}`:                                                      {[]string{`[2,3]`, `[]`}, []string{`[1]`, `[4]`}},
		`{"minimum":2,"exclusiveMinimum":true}`:                                                    {[]string{`3`}, []string{`2`}},
		`{"exclusiveMaximum":5}`:                                                                   {[]string{`4`}, []string{`5`}},
		`{"items":[{"type":"string"}],"additionalItems":false}`:                                    {[]string{`["x"]`}, []string{`["x",1]`, `[1]`}},
		`{"minItems":1,"maxItems":2,"uniqueItems":true}`:                                           {[]string{`[1,2]`}, []string{`[]`, `[1,2,3]`, `[1,1.0]`, `[{"a":1},{"a":1}]`}},
		`{"minLength":2,"maxLength":3,"pattern":"^a"}`:                                             {[]string{`"aé"`, `"abc"`}, []string{`"a"`, `"abcd"`, `"ba"`}},
		`{"enum":[1,"x",{"a":[1]}]}`:                                                               {[]string{`1.0`, `"x"`, `{"a":[1]}`}, []string{`2`, `{"a":[2]}`}},
		`{"const":null}`:                                                                           {[]string{`null`}, []string{`0`}},
		`{"multipleOf":0.1}`:                                                                       {[]string{`0.3`, `2`}, []string{`0.25`}},
		`{"allOf":[{"minimum":1},{"maximum":3}]}`:                                                  {[]string{`2`}, []string{`0`, `4`}},
		`{"anyOf":[{"type":"string"},{"minimum":3}]}`:                                              {[]string{`"x"`, `3`}, []string{`2`}},
		`{"oneOf":[{"type":"integer"},{"minimum":3}]}`:                                             {[]string{`2`, `3.5`}, []string{`4`, `1.5`}},
		`{"not":{"type":"string"}}`:                                                                {[]string{`1`}, []string{`"x"`}},
		`{"definitions":{"p":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/p"}}}`:   {[]string{`{"a":1}`}, []string{`{"a":"1"}`}},
		`{"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/Item"}`:                     {[]string{`{"name":1}`}, []string{`{}`}},
		`{"$ref":"#/definitions/none"}`:                                                            {nil, []string{`{}`}},
		`{"dependencies":{"a":["b"],"c":{"required":["d"]}}}`:                                      {[]string{`{"a":1,"b":1}`, `{"c":1,"d":1}`}, []string{`{"a":1}`, `{"c":1}`}},
		`{"minProperties":1,"maxProperties":2}`:                                                    {[]string{`{"a":1}`}, []string{`{}`, `{"a":1,"b":1,"c":1}`}},
		`{"properties":{"a":{"properties":{"b":{"type":"integer"}}}}}`:                             {[]string{`{"a":{"b":1}}`}, []string{`{"a":{"b":"x"}}`}},
	} {
		s, err := schema.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, data := range c.good {
			if wrong := s.Validate([]byte(data), models); len(wrong) > 0 {
				t.Errorf("%s refuses %s: %v", text, data, wrong)
			}
		}
		for _, data := range c.bad {
			if wrong := s.Validate([]byte(data), models); len(wrong) == 0 {
				t.Errorf("%s allows %s", text, data)
			}
		}
	}
}

func TestWhatIsWrongIsSaidWithItsPlace(t *testing.T) {
	s, err := schema.Parse(`{"properties":{"a":{"items":{"required":["x"]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	wrong := s.Validate([]byte(`{"a":[{"x":1},{}]}`), nil)
	if len(wrong) != 1 || wrong[0] != `/a/1: object has missing required properties (["x"])` {
		t.Errorf("%q", wrong)
	}
}

func TestASchemaThatRefersToItselfEnds(t *testing.T) {
	for _, text := range []string{`{"$ref":"#"}`, `{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}`, `{"items":{"$ref":"#"},"anyOf":[{"$ref":"#/items"},{"not":{"$ref":"#"}}]}`} {
		s, err := schema.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Validate([]byte(strings.Repeat("[", 100)+strings.Repeat("]", 100)), nil)
	}
}

func FuzzValidatingNeverPanics(f *testing.F) {
	f.Add(`{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}}`, `{"a":{"a":1}}`)
	f.Add(`{"oneOf":[{"minimum":1},{"pattern":"("}],"uniqueItems":true}`, `[1,"x",null]`)
	f.Fuzz(func(t *testing.T, text, data string) {
		s, err := schema.Parse(text)
		if err != nil {
			return
		}
		_ = s.Validate([]byte(data), func(string) *schema.Schema { return s })
	})
}
