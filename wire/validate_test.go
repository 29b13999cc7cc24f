package wire_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/signalbox/signalbox/wire"
	"github.com/signalbox/signalbox/wire/internal/testapi/events"
)

// accepting answers everything and counts the calls that came through.
func accepting(calls *int) *wire.Service {
	return events.NewService(&fakeEvents{
		putEvents: func(context.Context, *events.PutEventsInput) (*events.PutEventsOutput, error) {
			*calls++
			return nil, nil
		},
		putRule: func(context.Context, *events.PutRuleInput) (*events.PutRuleOutput, error) { *calls++; return nil, nil },
		targets: func(context.Context, *events.PutTargetsInput) (*events.PutTargetsOutput, error) {
			*calls++
			return nil, nil
		},
		connect: func(context.Context, *events.CreateConnectionInput) (*events.CreateConnectionOutput, error) {
			*calls++
			return nil, nil
		},
	})
}

// refused sends a request that must not reach its operation, and returns the
// error's code and message.
func refused(t *testing.T, op, body string) (code, message string) {
	t.Helper()
	calls := 0
	w := ask(accepting(&calls), "POST", "/", body, "X-Amz-Target", "AWSEvents."+op, "Content-Type", "application/x-amz-json-1.1")
	if calls != 0 || w.Code != 400 {
		t.Errorf("status %d, the operation was called %d times", w.Code, calls)
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return e.Type, e.Message
}

func TestConstraints(t *testing.T) {
	const one = "1 validation error detected: "
	const names = `[\.\-_A-Za-z0-9]+`
	target := func(members string) string {
		return `{"Rule":"r","Targets":[{"Id":"1","Arn":"a"},{"Id":"2","Arn":"a",` + members + `}]}`
	}
	for name, c := range map[string]struct{ op, body, message string }{
		"a required member is absent": {"PutRule", `{}`,
			one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"an empty body is an empty input": {"PutRule", ``,
			one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"a text is too long": {"PutRule", `{"Name":"` + strings.Repeat("n", 65) + `"}`,
			one + "Value '" + strings.Repeat("n", 65) + "' at 'name' failed to satisfy constraint: Member must have length less than or equal to 64"},
		"characters are counted, not bytes": {"PutRule", `{"Name":"r","Description":"` + strings.Repeat("é", 513) + `"}`,
			one + "Value '" + strings.Repeat("é", 256) + "…' at 'description' failed to satisfy constraint: Member must have length less than or equal to 512"},
		"a text breaks two constraints": {"PutRule", `{"Name":""}`,
			"2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
				"Value '' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: " + names},
		"a text does not match as a whole": {"PutRule", `{"Name":"a b"}`,
			one + "Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: " + names},
		"a value is none of an enumeration": {"PutRule", `{"Name":"r","State":"ON"}`,
			one + "Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]"},
		"a list is too short": {"PutTargets", `{"Rule":"r","Targets":[]}`,
			one + "Value '[]' at 'targets' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"a list is too long": {"PutEvents", `{"Entries":[` + strings.Repeat("{},", 10) + `{}]}`,
			one + "Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10"},
		"a member of a list's structure": {"PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"a"},{"Id":"2"}]}`,
			one + "Value null at 'targets.2.member.arn' failed to satisfy constraint: Member must not be null"},
		"a number is too large": {"PutTargets", target(`"RetryPolicy":{"MaximumRetryAttempts":186}`),
			one + "Value '186' at 'targets.2.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185"},
		"a number is too small": {"PutTargets", target(`"RetryPolicy":{"MaximumEventAgeInSeconds":59}`),
			one + "Value '59' at 'targets.2.member.retryPolicy.maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60"},
		"a key of a map": {"PutTargets", target(`"InputTransformer":{"InputTemplate":"x","InputPathsMap":{"a b":"$.x"}}`),
			one + "Value at 'targets.2.member.inputTransformer.inputPathsMap' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: " + `[A-Za-z0-9\_\-]+` + "]"},
		"a value of a map": {"PutTargets", target(`"InputTransformer":{"InputTemplate":"x","InputPathsMap":{"a":"` + strings.Repeat("x", 257) + `"}}`),
			one + "Value at 'targets.2.member.inputTransformer.inputPathsMap' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256]"},
		"an element of a list": {"PutTargets", target(`"RunCommandParameters":{"RunCommandTargets":[{"Key":"k","Values":["a",""]}]}`),
			one + "Value '[a, ]' at 'targets.2.member.runCommandParameters.runCommandTargets.1.member.values' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 1]"},
		"a secret is not repeated": {"CreateConnection", `{"Name":"c","AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":{"Username":"u","Password":"hush:"}}}`,
			one + `Value at 'authParameters.basicAuthParameters.password' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$`},
		"a member that is not implemented comes first": {"PutTargets", `{"Rule":"","Targets":[{"Id":"1","EcsParameters":{}}]}`,
			"EcsParameters is not implemented by Signalbox (at 'targets.1.member.ecsParameters'): there are no containers here"},
		"an unknown member": {"PutRule", `{"Name":"r","EventPatern":"{}"}`, "Unknown member 'EventPatern'"},
		"an unknown member deep inside": {"PutTargets", target(`"RetryPolicy":{"MaxAttempts":1}`),
			"Unknown member 'MaxAttempts' at 'targets.2.member.retryPolicy'"},
		"a name in the wrong case is unknown": {"PutRule", `{"name":"r"}`, "Unknown member 'name'"},
	} {
		t.Run(name, func(t *testing.T) {
			code, message := refused(t, c.op, c.body)
			if code != "ValidationException" || message != c.message {
				t.Errorf("got  %s: %s\nwant ValidationException: %s", code, message, c.message)
			}
		})
	}
}

func TestManyProblemsAreCountedAndTheFirstListed(t *testing.T) {
	_, message := refused(t, "PutTargets", `{"Rule":"r","Targets":[`+strings.Repeat("{},", 49)+`{}]}`)
	if !strings.HasPrefix(message, "100 validation errors detected: ") || strings.Count(message, ";") != 9 {
		t.Errorf("got %s", message)
	}
}

func TestMalformedJSON(t *testing.T) {
	deep := strings.Repeat("[", 600)
	for name, c := range map[string]struct{ op, body, message string }{
		"the body is no object":                 {"PutRule", `[]`, "START_ARRAY cannot be converted to Structure (offset 0)"},
		"the body is no JSON":                   {"PutRule", `Name=r`, "invalid character 'N' at start of value"},
		"the body is cut short":                 {"PutRule", `{"Name":"r"`, "the JSON ends too early"},
		"a text is cut short":                   {"PutRule", `{"Name":"r`, "the JSON ends too early at 'name'"},
		"a second value follows":                {"PutRule", `{"Name":"r"} {}`, "a second value follows the input at offset 14"},
		"garbage follows":                       {"PutRule", `{"Name":"r"} x`, "invalid character 'x' at start of value after offset 13"},
		"a member is given twice":               {"PutRule", `{"Name":"r","Name":"s"}`, `duplicate object member name "Name"`},
		"a member is given twice by escaping":   {"PutRule", `{"Name":"r","\u004eame":"s"}`, `duplicate object member name "Name"`},
		"a text is no UTF-8":                    {"PutRule", "{\"Name\":\"\xff\"}", `invalid UTF-8 within "/Name" after offset 9 at 'name'`},
		"half a surrogate is no character":      {"PutRule", `{"Name":"\ud800"}`, "invalid surrogate pair `\\ud800\"}` in string within \"/Name\" after offset 9 at 'name'"},
		"a number where a text belongs":         {"PutRule", `{"Name":1}`, "NUMBER_VALUE cannot be converted to String (offset 7) at 'name'"},
		"a text where a number belongs":         {"PutTargets", `{"Targets":[{"RetryPolicy":{"MaximumRetryAttempts":"1"}}]}`, "STRING_VALUE cannot be converted to Integer (offset 50) at 'targets.1.member.retryPolicy.maximumRetryAttempts'"},
		"a fraction where a whole belongs":      {"PutTargets", `{"Targets":[{"RetryPolicy":{"MaximumRetryAttempts":1.5}}]}`, "a number with a fraction cannot be converted to Integer (offset 50) at 'targets.1.member.retryPolicy.maximumRetryAttempts'"},
		"a number that fits nowhere":            {"PutTargets", `{"Targets":[{"RetryPolicy":{"MaximumRetryAttempts":1e400}}]}`, "the number does not fit an Integer of 32 bits (offset 50) at 'targets.1.member.retryPolicy.maximumRetryAttempts'"},
		"a number past its type":                {"PutTargets", `{"Targets":[{"RetryPolicy":{"MaximumRetryAttempts":2147483648}}]}`, "the number does not fit an Integer of 32 bits (offset 50) at 'targets.1.member.retryPolicy.maximumRetryAttempts'"},
		"a list where a structure belongs":      {"PutTargets", `{"Targets":[[]]}`, "START_ARRAY cannot be converted to Structure (offset 12) at 'targets.1.member'"},
		"a structure where a list belongs":      {"PutTargets", `{"Targets":{}}`, "START_OBJECT cannot be converted to List (offset 10) at 'targets'"},
		"null in a list":                        {"PutTargets", `{"Targets":[null]}`, "NULL_VALUE cannot be converted to Structure (offset 12) at 'targets.1.member'"},
		"null in a map":                         {"PutTargets", `{"Targets":[{"InputTransformer":{"InputPathsMap":{"a":null}}}]}`, "NULL_VALUE cannot be converted to String (offset 53) at 'targets.1.member.inputTransformer.inputPathsMap.a'"},
		"a key of a map given twice":            {"PutTargets", `{"Targets":[{"InputTransformer":{"InputPathsMap":{"a":"b","a":"c"}}}]}`, `duplicate object member name "a" within "/Targets/0/InputTransformer/InputPathsMap" at 'targets.1.member.inputTransformer.inputPathsMap'`},
		"a boolean where a text belongs":        {"PutRule", `{"Name":true}`, "TRUE_VALUE cannot be converted to String (offset 7) at 'name'"},
		"a timestamp past all years":            {"PutEvents", `{"Entries":[{"Time":1e18}]}`, "the value is no timestamp (offset 19) at 'entries.1.member.time'"},
		"a timestamp that is none":              {"PutEvents", `{"Entries":[{"Time":"soon"}]}`, "the value is no timestamp (offset 19) at 'entries.1.member.time'"},
		"an input without a bottom":             {"PutEvents", `{"Entries":` + deep, "START_ARRAY cannot be converted to Structure (offset 12) at 'entries.1.member'"},
		"nesting under a name that is unknown":  {"PutEvents", `{"X":` + deep, "Unknown member 'X'"},
		"a member's name that is no UTF-8":      {"PutRule", "{\"N\xff\":1}", "invalid UTF-8 after offset 3"},
		"a comma too many":                      {"PutRule", `{"Name":"r",}`, `invalid character ',' at start of value after offset 11`},
		"a comment":                             {"PutRule", `{/**/}`, `invalid character '/' at start of value after offset 1`},
		"a structure where a timestamp belongs": {"PutEvents", `{"Entries":[{"Time":{}}]}`, "START_OBJECT cannot be converted to Timestamp (offset 19) at 'entries.1.member.time'"},
	} {
		t.Run(name, func(t *testing.T) {
			code, message := refused(t, c.op, c.body)
			want := "SerializationException"
			if strings.HasPrefix(c.message, "Unknown") {
				want = "ValidationException"
			}
			if code != want || message != c.message {
				t.Errorf("got  %s: %s\nwant %s: %s", code, message, want, c.message)
			}
		})
	}
}

func TestCoverage(t *testing.T) {
	s := events.NewService(&fakeEvents{})
	if got, known := s.Implements("PutRule"); !got || !known {
		t.Error("PutRule is implemented")
	}
	if got, known := s.Implements("ListEndpoints"); got || !known {
		t.Error("ListEndpoints is known and not implemented")
	}
	if _, known := s.Implements("Dance"); known {
		t.Error("Dance is not known")
	}
	r := s.Refusals()
	if len(r) != 1 || r[0] != (wire.Refusal{Shape: "Target", Member: "EcsParameters", Reason: "there are no containers here"}) {
		t.Errorf("refusals are %v", r)
	}
	if len(s.Operations) != 9 || s.Operations[0].Name != "PutEvents" || len(s.Unimplemented) < 40 {
		t.Errorf("%d operations, %d not implemented", len(s.Operations), len(s.Unimplemented))
	}
}
