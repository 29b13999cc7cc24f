package template_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/cloudformation/template"
)

// scope is one in which the resource R is made.
func scope(t *template.Template, parameters map[string]string) *template.Scope {
	return &template.Scope{
		Template: t, Parameters: parameters, Zones: []string{"us-east-1a", "us-east-1b"},
		Pseudo:    map[string]any{"AWS::Region": "us-east-1", "AWS::AccountId": "000000000000"},
		Ref:       func(name string) (string, error) { return "id-of-" + name, nil },
		Attribute: func(name, attribute string) (any, error) { return name + "'s " + attribute, nil },
		Import:    func(name string) (string, error) { return "imported " + name, nil },
	}
}

func TestFunctionsGiveTheirValues(t *testing.T) {
	for text, want := range map[string]any{
		`!Ref P`:                                   "pv",
		`!Ref R`:                                   "id-of-R",
		`!Ref L`:                                   []any{"a", "b"},
		`!Ref AWS::Region`:                         "us-east-1",
		`!GetAtt R.Arn`:                            "R's Arn",
		`!GetAtt R.Outer.Inner`:                    "R's Outer.Inner",
		`{"Fn::GetAtt": [R, Arn]}`:                 "R's Arn",
		`!Sub "${P}-${R}-${R.Arn}-${!P}-${"`:       "pv-id-of-R-R's Arn-${P}-${",
		`!Sub ["${X}${P}", {X: !Ref R}]`:           "id-of-Rpv",
		`!Join ["-", [a, !Ref P, 3]]`:              "a-pv-3",
		`!Select [1, !Ref L]`:                      "b",
		`!Select ["0", !GetAZs ""]`:                "us-east-1a",
		`!Join [" ", !Cidr [10.0.255.9/16, 3, 8]]`: "10.0.0.0/24 10.0.1.0/24 10.0.2.0/24",
		`!Cidr ["2001:db8::/56", "1", "64"]`:       []any{"2001:db8::/64"},
		`!Split [",", "a,b"]`:                      []any{"a", "b"},
		`!FindInMap [M, top, second]`:              json.Number("5"),
		`!If [Yes, a, b]`:                          "a",
		`!If [No, a, !Ref AWS::NoValue]`:           nil,
		`[a, !If [No, b, !Ref AWS::NoValue]]`:      []any{"a"},
		`{x: 1, y: !Ref "AWS::NoValue"}`:           map[string]any{"x": json.Number("1")},
		`!Base64 abc`:                              "YWJj",
		`!ImportValue x`:                           "imported x",
		`2012-10-17`:                               "2012-10-17",
		`012345678901`:                             "012345678901",
		`{Condition: {StringEquals: {a: b}}}`:      map[string]any{"Condition": map[string]any{"StringEquals": map[string]any{"a": "b"}}},
		`!Sub "arn:aws:iam::${AWS::AccountId}"`:    "arn:aws:iam::000000000000",
	} {
		t.Run(text, func(t *testing.T) {
			tpl, err := template.Parse(`
Parameters: {P: {Type: String}, L: {Type: CommaDelimitedList, Default: "a, b"}}
Mappings: {M: {top: {second: 5}}}
Conditions: {Yes: !Equals [!Ref P, pv], No: !Not [!Condition Yes], Both: !And [!Condition Yes, !Condition No], Any: !Or [!Condition Yes, !Condition No]}
Resources: {R: {Type: T}, S: {Type: T, Properties: {V: ` + text + `}}}`)
			if err != nil {
				t.Fatal(err)
			}
			parameters, err := tpl.Bind(map[string]string{"P": "pv"})
			if err != nil {
				t.Fatal(err)
			}
			s := scope(tpl, parameters)
			if err := s.Decide(); err != nil {
				t.Fatal(err)
			}
			if s.Included("Both") || !s.Included("Any") {
				t.Error("And or Or is wrong")
			}
			got, err := s.Resolve(tpl.Resources["S"].Properties["V"])
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, %v; want %#v", got, err, want)
			}
		})
	}
}

func TestWhatIsWrongWithATemplateIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		``:                           "unsupported structure",
		`{`:                          "JSON not well-formed",
		`{"Resources":{},"Extra":1}`: "Invalid template property or properties [Extra]",
		`{}`:                         "At least one Resources member must be defined",
		`{"Resources":{"A":{}}}`:     "must contain a Type member",
		`{"Resources":{"A":{"Type":"T","Properites":{}}}}`:                                                   "'Properites'",
		`{"Resources":{"A-b":{"Type":"T"}}}`:                                                                 "A-b is non alphanumeric",
		`{"Resources":{"A":{"Type":"T"},"A":{"Type":"T"}}}`:                                                  "JSON not well-formed",
		"Resources:\n  A: {Type: T}\n  A: {Type: T}":                                                         "twice",
		"Resources: &x\n  A: {Type: T}":                                                                      "aliases are not allowed",
		"Resources: {A: {Type: T, Properties: {P: !Shout a}}}":                                               "!Shout",
		"Resources: {A: {Type: T, Properties: {P: !Ref B}}}":                                                 "[B]",
		"Resources: {A: {Type: T, Properties: {P: !Ref A}}}":                                                 "Circular dependency between resources: [A]",
		"Resources: {A: {Type: T, DeletionPolicy: Snapshot}}":                                                "Snapshot",
		"Resources: {A: {Type: T, Condition: C}}":                                                            "condition dependency C",
		"Resources: {A: {Type: T, CreationPolicy: {}}}":                                                      "CreationPolicy of the resource A is not implemented",
		"Resources: {A: {Type: T}}\nOutputs: {O: {Value: !Ref B}}":                                           "[B]",
		"Parameters: {P: {Type: AWS::SSM::Parameter::Value<String>}}\nResources: {A: {Type: T}}":             "AWS::SSM::Parameter::Value<String>",
		"Resources: {A: {Type: T, Properties: {P: {Fn::Transform: {Name: x}}}}}":                             "Fn::Transform is not implemented",
		"Resources: {A: {Type: T, Properties: {P: !If [C, 1, 2]}}}":                                          "condition dependency C",
		"Resources: {A: {Type: T, Properties: {P: !Sub '${B.Arn}'}}}":                                        "undefined resource B",
		"Resources: {A: {Type: T, Properties: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}}": "nest",
	} {
		t.Run(text[:min(len(text), 60)], func(t *testing.T) {
			if _, err := template.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want …%s…", err, want)
			}
		})
	}
}

func TestParametersAreHeldAgainstTheirDeclarations(t *testing.T) {
	tpl, err := template.Parse(`
Parameters:
  N: {Type: Number, Default: 5, MinValue: 2, MaxValue: 9}
  S: {Type: String, Default: abc, AllowedPattern: "[a-c]+", ConstraintDescription: only a to c, MaxLength: 4}
  A: {Type: String, Default: x, AllowedValues: [x, y]}
  Z: {Type: "List<Number>", Default: "1,2"}
Resources: {R: {Type: T}}`)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"N=1": "not less than 2", "N=10": "not greater than 9", "N=x": "must be a number", "S=d": "only a to c", "A=z": "one of AllowedValues",
		"Z=1,b": "must be a number", "Q=1": "Parameters: [Q] do not exist in the template", "N=9": "", "S=aabb": "", "Z=": "",
	} {
		name, value, _ := strings.Cut(given, "=")
		_, err := tpl.Bind(map[string]string{name: value})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", given, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"Resources":{"A":{"Type":"T","Properties":{"P":{"Fn::Sub":["${x}",{"x":{"Ref":"B"}}]}}},"B":{"Type":"T"}}}`,
		"Parameters: {P: {Type: String, Default: a}}\nConditions: {C: !Equals [!Ref P, a]}\nResources: {A: {Type: T, Condition: C, Properties: {X: !If [C, !Select [0, [1]], !Join [a, [b]]]}}}",
		"Mappings: {M: {a: {b: [1]}}}\nResources: {A: {Type: T, Properties: {P: !FindInMap [M, a, b]}}}\nOutputs: {O: {Value: !GetAtt A.B, Export: {Name: x}}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := template.Parse(text)
		if err != nil {
			return
		}
		parameters, err := tpl.Bind(nil)
		if err != nil {
			return
		}
		s := scope(tpl, parameters)
		if s.Decide() != nil {
			return
		}
		order, err := tpl.Order()
		if err != nil || len(order) != len(tpl.Resources) {
			t.Fatalf("order %v, %v", order, err)
		}
		for _, name := range order {
			if v, err := s.Properties(name); err == nil {
				if _, err := json.Marshal(v); err != nil {
					t.Fatalf("%s: %v", fmt.Sprint(v), err)
				}
			}
		}
	})
}
