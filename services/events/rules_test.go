package events_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// detailOf is the detail of an event.
func detailOf(t testing.TB, body string) string {
	t.Helper()
	var event struct{ Detail json.RawMessage }
	if err := json.Unmarshal([]byte(body), &event); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return string(event.Detail)
}

func TestWhatABusIsGivenIsKeptAndTold(t *testing.T) {
	w := newWorld(t)
	dead := &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:dead")}
	log := &types.LogConfig{IncludeDetail: types.IncludeDetailFull, Level: types.LevelTrace}
	key := aws.String("arn:aws:kms:us-east-1:000000000000:key/k")
	created := must(w.events.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{
		Name: aws.String("orders"), Description: aws.String("of the shop"), KmsKeyIdentifier: key, DeadLetterConfig: dead, LogConfig: log,
	}))(t)
	if *created.EventBusArn != "arn:aws:events:us-east-1:000000000000:event-bus/orders" || *created.Description != "of the shop" || *created.KmsKeyIdentifier != *key ||
		*created.DeadLetterConfig.Arn != *dead.Arn || created.LogConfig.Level != types.LevelTrace {
		t.Errorf("CreateEventBus = %+v", created)
	}
	describe := func() *eventbridge.DescribeEventBusOutput {
		t.Helper()
		return must(w.events.DescribeEventBus(w.ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("orders")}))(t)
	}
	w.Restart()
	if d := describe(); *d.Description != "of the shop" || *d.KmsKeyIdentifier != *key || *d.DeadLetterConfig.Arn != *dead.Arn ||
		d.LogConfig.IncludeDetail != types.IncludeDetailFull || d.LogConfig.Level != types.LevelTrace || d.CreationTime == nil || d.LastModifiedTime == nil || d.Policy != nil {
		t.Errorf("DescribeEventBus = %+v", d)
	}
	updated := must(w.events.UpdateEventBus(w.ctx, &eventbridge.UpdateEventBusInput{Name: aws.String("orders"), LogConfig: &types.LogConfig{Level: types.LevelOff}, KmsKeyIdentifier: aws.String("")}))(t)
	if updated.LogConfig.Level != types.LevelOff || updated.KmsKeyIdentifier != nil || *updated.Description != "of the shop" || *updated.Name != "orders" {
		t.Errorf("UpdateEventBus = %+v", updated)
	}
	if d := describe(); d.LogConfig.Level != types.LevelOff || d.KmsKeyIdentifier != nil || *d.DeadLetterConfig.Arn != *dead.Arn {
		t.Errorf("after the update, DescribeEventBus = %+v", d)
	}
	must(w.events.UpdateEventBus(w.ctx, &eventbridge.UpdateEventBusInput{Description: aws.String("default one")}))(t)
	if d := must(w.events.DescribeEventBus(w.ctx, &eventbridge.DescribeEventBusInput{}))(t); *d.Name != "default" || *d.Description != "default one" {
		t.Errorf("the default bus = %+v", d)
	}
}

func TestARuleThatIsPutAgainKeepsItsTargets(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("q")
	dead := &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:dead")}
	to := target("q", arn)
	to.DeadLetterConfig, to.RetryPolicy, to.InputPath = dead, &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0), MaximumEventAgeInSeconds: aws.Int32(60)}, aws.String("$.detail")
	w.rule("default", "r", `{"source":["none"]}`, to)
	out := must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{
		Name: aws.String("r"), EventPattern: aws.String(shopPattern), Description: aws.String("d"), RoleArn: aws.String("arn:aws:iam::000000000000:role/r"),
	}))(t)
	if *out.RuleArn != "arn:aws:events:us-east-1:000000000000:rule/r" {
		t.Errorf("RuleArn = %s", *out.RuleArn)
	}
	w.put(entry("default", "shop", "order", `{"n":1}`))
	if got := w.receive(url); got != `{"n":1}` {
		t.Errorf("received %s", got)
	}
	w.Restart()
	r := must(w.events.DescribeRule(w.ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")}))(t)
	if *r.EventPattern != shopPattern || r.State != types.RuleStateEnabled || *r.Description != "d" || *r.RoleArn != "arn:aws:iam::000000000000:role/r" ||
		*r.EventBusName != "default" || *r.CreatedBy != "000000000000" || r.ManagedBy != nil || r.ScheduleExpression != nil {
		t.Errorf("DescribeRule = %+v", r)
	}
	list := must(w.events.ListTargetsByRule(w.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")}))(t).Targets
	if len(list) != 1 || *list[0].DeadLetterConfig.Arn != *dead.Arn || *list[0].RetryPolicy.MaximumRetryAttempts != 0 || *list[0].RetryPolicy.MaximumEventAgeInSeconds != 60 || *list[0].InputPath != "$.detail" {
		t.Errorf("ListTargetsByRule = %+v", list)
	}
	w.put(entry("default", "shop", "order", `{"n":2}`))
	if got := w.receive(url); got != `{"n":2}` {
		t.Errorf("after the restart, received %s", got)
	}
}

func TestADisabledRuleSeesNothing(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("q")
	w.rule("default", "r", shopPattern, target("q", arn))
	name := aws.String("r")
	must(w.events.DisableRule(w.ctx, &eventbridge.DisableRuleInput{Name: name}))(t)
	w.put(entry("default", "shop", "order", `{"n":1}`))
	if r := must(w.events.DescribeRule(w.ctx, &eventbridge.DescribeRuleInput{Name: name}))(t); r.State != types.RuleStateDisabled {
		t.Errorf("the disabled rule is %s", r.State)
	}
	w.Restart()
	w.put(entry("default", "shop", "order", `{"n":2}`))
	must(w.events.EnableRule(w.ctx, &eventbridge.EnableRuleInput{Name: name}))(t)
	w.put(entry("default", "shop", "order", `{"n":3}`))
	if got := detailOf(t, w.receive(url)); got != `{"n":3}` {
		t.Errorf("received %s, want what came after it was enabled", got)
	}
	w.empty(url)
	// A rule can be put disabled.
	must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: name, EventPattern: aws.String(shopPattern), State: types.RuleStateDisabled}))(t)
	w.put(entry("default", "shop", "order", `{"n":4}`))
	must(w.events.EnableRule(w.ctx, &eventbridge.EnableRuleInput{Name: name}))(t)
	w.put(entry("default", "shop", "order", `{"n":5}`))
	if got := detailOf(t, w.receive(url)); got != `{"n":5}` {
		t.Errorf("received %s, want what came after it was enabled again", got)
	}
}

func TestARemovedTargetGetsNothingAndTheRuleCanGo(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	gone, goneARN := w.queue("gone")
	stays, staysARN := w.queue("stays")
	w.rule("orders", "r", shopPattern, target("gone", goneARN), target("stays", staysARN))
	must(w.events.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), EventBusName: &bus, Ids: []string{"gone"}}))(t)
	w.put(entry("orders", "shop", "order", `{"n":1}`))
	w.receive(stays)
	w.empty(gone)
	must(w.events.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), EventBusName: &bus, Ids: []string{"stays"}}))(t)
	must(w.events.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r"), EventBusName: &bus}))(t)
	must(w.events.DeleteEventBus(w.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("orders")}))(t)
	// A new bus of that name begins anew.
	w.bus("orders")
	if rules := must(w.events.ListRules(w.ctx, &eventbridge.ListRulesInput{EventBusName: &bus}))(t); len(rules.Rules) != 0 {
		t.Errorf("the new bus has rules: %+v", rules.Rules)
	}
	w.put(entry("orders", "shop", "order", `{"n":2}`))
	w.rule("orders", "r", shopPattern, target("stays", staysARN))
	w.put(entry("orders", "shop", "order", `{"n":3}`))
	if got := detailOf(t, w.receive(stays)); got != `{"n":3}` {
		t.Errorf("received %s, want what came after the rule", got)
	}
}

func TestTestEventPatternTellsWhatMatchesAndWhatIsNoEvent(t *testing.T) {
	w := newWorld(t)
	event := `{"version":"0","id":"1","detail-type":"order","source":"shop","account":"000000000000","time":"2026-11-21T12:00:00Z","region":"us-east-1","resources":[],"detail":{"n":5}}`
	test := func(pattern, event string) (bool, error) {
		out, err := w.events.TestEventPattern(w.ctx, &eventbridge.TestEventPatternInput{EventPattern: &pattern, Event: &event})
		return out != nil && out.Result, err
	}
	for pattern, want := range map[string]bool{
		shopPattern: true, `{"source":["else"]}`: false, `{"detail":{"n":[{"numeric":[">",4]}]}}`: true, `{"detail":{"n":[{"exists":false}]}}`: false,
		`{"$or":[{"source":["else"]},{"detail-type":[{"prefix":"or"}]}]}`: true,
	} {
		if got, err := test(pattern, event); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", pattern, got, err, want)
		}
	}
	bad := func(pattern, event string) func() error {
		return func() error { return only(test(pattern, event)) }
	}
	list := []refusal{
		{"a pattern that is none", bad(`{"source":"shop"}`, event), badPattern, "Event pattern is not valid"},
		{"an event that is no JSON", bad(shopPattern, `{`), validation, "Parameter Event is not valid"},
		{"an event that is a list", bad(shopPattern, `[]`), validation, "Parameter Event is not valid."},
		{"an event that nests deeply", bad(shopPattern, strings.Repeat(`{"a":`, 2000)+"1"+strings.Repeat("}", 2000)), validation, "Parameter Event is not valid."},
	}
	for _, member := range []string{"id", "account", "source", "time", "region", "detail-type"} {
		list = append(list, refusal{"an event without " + member, bad(shopPattern, strings.Replace(event, `"`+member+`":`, `"no":`, 1)), validation, "Parameter Event is not valid."})
	}
	refused(t, list)
}

func TestInputsReachAQueueAsEventBridgeMakesThem(t *testing.T) {
	w := newWorld(t)
	w.bus("orders")
	path := func(p string) func(*types.Target) { return func(to *types.Target) { to.InputPath = &p } }
	template := func(text string, paths ...string) func(*types.Target) {
		return func(to *types.Target) {
			m := map[string]string{}
			for i := 0; i < len(paths); i += 2 {
				m[paths[i]] = paths[i+1]
			}
			to.InputTransformer = &types.InputTransformer{InputTemplate: &text, InputPathsMap: m}
		}
	}
	rule := `arn:aws:events:us-east-1:000000000000:rule/orders/r`
	tests := []struct {
		name   string
		change func(*types.Target)
		want   string // # stands for what is asked about below
	}{
		{"the event as it is", func(*types.Target) {}, "#event"},
		{"a constant", func(to *types.Target) { to.Input = aws.String(`{"a": [1, 2]}`) }, `{"a": [1, 2]}`},
		{"a part of the event", path("$.detail.o"), `{"k":["v"]}`},
		{"a string of the event", path("$.detail.s"), `"say \"hi\""`},
		{"the whole event by path", path("$"), "#event"},
		{"values of all kinds", template(`{"s": <s>, "n": <n>, "o": <o>, "m": <m>, "t": "is <s>, <n>"}`, "s", "$.detail.s", "n", "$.detail.n", "o", "$.detail.o", "m", "$.detail.none"),
			`{"s":"say \"hi\"","n":5,"o":{"k":["v"]},"m":"","t":"is say \"hi\", 5"}`},
		{"a text of several lines", template("\"<t> of <n>\"\n\"<s>\"", "t", "$.detail-type", "n", "$.detail.n", "s", "$.source"), "\"order of 5\"\n\"shop\""},
		{"the rule's names", template(`{"arn": <aws.events.rule-arn>, "name": <aws.events.rule-name>}`), `{"arn":"` + rule + `","name":"r"}`},
		{"the whole event by variable", template(`{"e": <aws.events.event.json>}`), `{"e":#event}`},
		{"the event without its detail", template(`{"e": <aws.events.event>}`), `{"e":#bare}`},
		{"the time of its coming", template(`{"t": <aws.events.event.ingestion-time>}`), `{"t":"#time"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			url, arn := w.queue("q-" + strings.NewReplacer(" ", "-", "'", "").Replace(test.name))
			to := target("q", arn)
			test.change(&to)
			w.rule("orders", "r", shopPattern, to)
			id := *w.put(entry("orders", "shop", "order", `{"s":"say \"hi\"","n":5,"o":{"k":["v"]}}`)).Entries[0].EventId
			got := w.receive(url)
			if strings.Contains(test.want, "#") {
				var event struct{ ID, Time string }
				begin := strings.Index(got, `{"version"`)
				if begin >= 0 {
					if err := json.NewDecoder(strings.NewReader(got[begin:])).Decode(&event); err != nil || event.ID != id {
						t.Fatalf("received %s: %v", got, err)
					}
				}
				head := `{"version":"0","id":"` + id + `",`
				tail := `"source":"shop","account":"000000000000","time":"` + event.Time + `","region":"us-east-1","resources":[]`
				test.want = strings.NewReplacer(
					"#event", head+`"detail-type":"order",`+tail+`,"detail":{"s":"say \"hi\"","n":5,"o":{"k":["v"]}}}`,
					"#bare", head+`"detailType":"order",`+tail+`}`,
				).Replace(test.want)
			}
			if strings.Contains(test.want, "#time") {
				if len(got) != len(`{"t":"2026-11-21T12:00:00Z"}`) || !strings.HasSuffix(got, `Z"}`) {
					t.Errorf("received %s", got)
				}
				return
			}
			if got != test.want {
				t.Errorf("received %s\nwant     %s", got, test.want)
			}
		})
	}
}

func TestATransformThatMakesNoJSONIsADeadLetter(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("q")
	letters, dead := w.queue("dead")
	to := target("q", arn)
	to.DeadLetterConfig = &types.DeadLetterConfig{Arn: &dead}
	to.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"o": "<o>"}`), InputPathsMap: map[string]string{"o": "$.detail.o"}}
	w.rule("default", "r", shopPattern, to)
	w.put(entry("default", "shop", "order", `{"o":{"k":1}}`), entry("default", "shop", "order", `{"o":"text"}`))
	if got := w.receive(url); got != `{"o":"text"}` {
		t.Errorf("received %s", got)
	}
	d := w.dead(letters)
	if d.attributes["ERROR_CODE"] != "INVALID_JSON" || detailOf(t, d.body) != `{"o":{"k":1}}` {
		t.Errorf("dead letter = %+v", d)
	}
}

func TestRulesOfOneBusAreToldByTheirTargets(t *testing.T) {
	w := newWorld(t)
	_, a := w.queue("a")
	_, b := w.queue("b")
	w.rule("default", "one", shopPattern, target("t", a), target("u", a))
	w.rule("default", "two", shopPattern, target("t", a), target("u", b))
	for arn, want := range map[string][]string{a: {"one", "two"}, b: {"two"}, "arn:aws:sqs:us-east-1:000000000000:c": {}} {
		out := must(w.events.ListRuleNamesByTarget(w.ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: &arn}))(t)
		if !slices.Equal(out.RuleNames, want) && len(out.RuleNames)+len(want) > 0 {
			t.Errorf("rules with target %s: %v, want %v", arn, out.RuleNames, want)
		}
	}
}
