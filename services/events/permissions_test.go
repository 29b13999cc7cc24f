package events_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// policy is the bus's policy as Go values; nil where it has none.
func (w *world) policy(bus string) any {
	w.t.Helper()
	out := must(w.events.DescribeEventBus(w.ctx, &eventbridge.DescribeEventBusInput{Name: &bus}))(w.t)
	if out.Policy == nil {
		return nil
	}
	return decoded(w.t, *out.Policy)
}

func decoded(t testing.TB, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestAPolicyIsKeptByStatementsAndAsAWhole(t *testing.T) {
	for _, bus := range []string{"orders", "default"} {
		t.Run(bus, func(t *testing.T) {
			w := newWorld(t)
			if bus != "default" {
				w.bus(bus)
			}
			put := func(in eventbridge.PutPermissionInput) {
				t.Helper()
				in.EventBusName = &bus
				must(w.events.PutPermission(w.ctx, &in))(t)
			}
			want := func(text string) {
				t.Helper()
				if got := w.policy(bus); !reflect.DeepEqual(got, decoded(t, strings.ReplaceAll(text, "BUS", "arn:aws:events:us-east-1:000000000000:event-bus/"+bus))) {
					t.Errorf("policy = %v\nwant     %s", got, text)
				}
			}
			action := aws.String("events:PutEvents")
			put(eventbridge.PutPermissionInput{StatementId: aws.String("a"), Action: action, Principal: aws.String("111111111111")})
			put(eventbridge.PutPermissionInput{StatementId: aws.String("b"), Action: action, Principal: aws.String("*"),
				Condition: &types.Condition{Type: aws.String("StringEquals"), Key: aws.String("aws:PrincipalOrgID"), Value: aws.String("o-1")}})
			first := `{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"events:PutEvents","Resource":"BUS"}`
			want(`{"Version":"2012-10-17","Statement":[` + first + `,
				{"Sid":"b","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"BUS","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`)
			put(eventbridge.PutPermissionInput{StatementId: aws.String("b"), Action: action, Principal: aws.String("222222222222")})
			want(`{"Version":"2012-10-17","Statement":[` + first + `,
				{"Sid":"b","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"events:PutEvents","Resource":"BUS"}]}`)
			must(w.events.RemovePermission(w.ctx, &eventbridge.RemovePermissionInput{EventBusName: &bus, StatementId: aws.String("b")}))(t)
			want(`{"Version":"2012-10-17","Statement":[` + first + `]}`)
			wantCode(t, only(w.events.RemovePermission(w.ctx, &eventbridge.RemovePermissionInput{EventBusName: &bus, StatementId: aws.String("b")})),
				notFound, "Statement with the provided id does not exist.")

			whole := `{"Version":"2008-10-17","Id":"p","Statement":{"Sid":"c","Effect":"Deny","NotPrincipal":{"AWS":["111111111111"]},"NotAction":["events:*"],"NotResource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`
			put(eventbridge.PutPermissionInput{Policy: &whole})
			want(strings.Replace(strings.Replace(whole, `"Statement":{`, `"Statement":[{`, 1), `}}}}`, `}}}]}`, 1))
			w.Restart()
			want(strings.Replace(strings.Replace(whole, `"Statement":{`, `"Statement":[{`, 1), `}}}}`, `}}}]}`, 1))
			must(w.events.RemovePermission(w.ctx, &eventbridge.RemovePermissionInput{EventBusName: &bus, RemoveAllPermissions: true}))(t)
			if got := w.policy(bus); got != nil {
				t.Errorf("with all permissions removed the policy is %v", got)
			}
			wantCode(t, only(w.events.RemovePermission(w.ctx, &eventbridge.RemovePermissionInput{EventBusName: &bus, StatementId: aws.String("b")})),
				notFound, "Statement with the provided id does not exist.")
		})
	}
}

func TestPoliciesAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	put := func(in eventbridge.PutPermissionInput) func() error {
		return func() error { return only(w.events.PutPermission(w.ctx, &in)) }
	}
	policy := func(text string) func() error { return put(eventbridge.PutPermissionInput{Policy: &text}) }
	action, sid, anyone := aws.String("events:PutEvents"), aws.String("s"), aws.String("*")
	refused(t, []refusal{
		{"a bus that is not", put(eventbridge.PutPermissionInput{EventBusName: aws.String("nope"), StatementId: sid, Action: action, Principal: anyone}), notFound, "Event bus nope does not exist."},
		{"no statement id", put(eventbridge.PutPermissionInput{Action: action, Principal: anyone}), validation, "StatementId"},
		{"no action", put(eventbridge.PutPermissionInput{StatementId: sid, Principal: anyone}), validation, "Action"},
		{"no principal", put(eventbridge.PutPermissionInput{StatementId: sid, Action: action}), validation, "Principal"},
		{"a principal that is no account", put(eventbridge.PutPermissionInput{StatementId: sid, Action: action, Principal: aws.String("me")}), validation, "'principal'"},
		{"an action of another service", put(eventbridge.PutPermissionInput{StatementId: sid, Action: aws.String("sqs:SendMessage"), Principal: anyone}), validation, "'action'"},
		{"a policy and a statement id", put(eventbridge.PutPermissionInput{StatementId: sid, Policy: aws.String("{}")}), validation, "Policy cannot be used together"},
		{"what is no JSON", policy("{"), validation, "Parameter Policy is not valid"},
		{"what is no object", policy("[]"), validation, "it is not a JSON object"},
		{"a policy without statements", policy(`{"Version":"2012-10-17","Statement":[]}`), validation, "Statement is empty"},
		{"a policy without Statement", policy(`{"Version":"2012-10-17"}`), validation, "Statement is missing"},
		{"a version that is none", policy(`{"Version":"1","Statement":[]}`), validation, "policy version"},
		{"an effect that is none", policy(`{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"*"}]}`), validation, "Effect"},
		{"a statement without a principal", policy(`{"Statement":[{"Effect":"Allow","Action":"*"}]}`), validation, "Principal"},
		{"a statement with both actions", policy(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","NotAction":"*"}]}`), validation, "NotAction"},
		{"an unknown member", policy(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","When":"now"}]}`), validation, "When"},
		{"a policy that nests deeply", policy(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Condition":` + strings.Repeat(`{"a":`, 90) + "1" + strings.Repeat("}", 90) + `}]}`), validation, "levels deep"},
		{"a policy that is too long", policy(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"` + strings.Repeat("x", 10300) + `"}]}`), tooLong, "10240"},
		{"to remove from no bus", func() error {
			return only(w.events.RemovePermission(w.ctx, &eventbridge.RemovePermissionInput{EventBusName: aws.String("nope"), StatementId: sid}))
		}, notFound, "Event bus nope does not exist."},
		{"to remove nothing", func() error {
			return only(w.events.RemovePermission(w.ctx, &eventbridge.RemovePermissionInput{}))
		}, validation, "StatementId"},
	})
	if got := w.policy("default"); got != nil {
		t.Errorf("refused policies were put: %v", got)
	}
}

func TestTagsBelongToRulesAndBuses(t *testing.T) {
	w := newWorld(t)
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	bus := *must(w.events.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("orders"), Tags: []types.Tag{tag("b", "2"), tag("a", "1")}}))(t).EventBusArn
	rule := *must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventBusName: &bus, EventPattern: aws.String(shopPattern), Tags: []types.Tag{tag("b", "2"), tag("a", "1")}}))(t).RuleArn
	global := *must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(shopPattern), Tags: []types.Tag{tag("b", "2"), tag("a", "1")}}))(t).RuleArn
	want := func(arn, text string) {
		t.Helper()
		got := []string{}
		for _, tag := range must(w.events.ListTagsForResource(w.ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &arn}))(t).Tags {
			got = append(got, *tag.Key+"="+*tag.Value)
		}
		if strings.Join(got, " ") != text {
			t.Errorf("the tags of %s are %v, want %s", arn, got, text)
		}
	}
	for _, arn := range []string{bus, rule, global} {
		want(arn, "a=1 b=2")
		must(w.events.TagResource(w.ctx, &eventbridge.TagResourceInput{ResourceARN: &arn, Tags: []types.Tag{tag("a", "3"), tag("c", "")}}))(t)
		want(arn, "a=3 b=2 c=")
		must(w.events.UntagResource(w.ctx, &eventbridge.UntagResourceInput{ResourceARN: &arn, TagKeys: []string{"b", "nope"}}))(t)
		want(arn, "a=3 c=")
	}
	// A rule that is put again keeps its tags.
	must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventBusName: &bus, EventPattern: aws.String(`{"source":["else"]}`), Tags: []types.Tag{tag("x", "y")}}))(t)
	want(rule, "a=3 c=")
	w.Restart()
	want(bus, "a=3 c=")

	var many []types.Tag
	for i := range 50 {
		many = append(many, tag("k"+strings.Repeat("x", i), ""))
	}
	list := func(arn string) func() error {
		return func() error {
			return only(w.events.ListTagsForResource(w.ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &arn}))
		}
	}
	refused(t, []refusal{
		{"what is no ARN", list("nope"), validation, "Provided Arn is not in correct format"},
		{"an ARN of another service", list("arn:aws:sqs:us-east-1:000000000000:q"), validation, "Provided Arn is not in correct format"},
		{"a rule that is not", list("arn:aws:events:us-east-1:000000000000:rule/orders/nope"), notFound, "Rule nope does not exist on EventBus orders."},
		{"a bus that is not", list("arn:aws:events:us-east-1:000000000000:event-bus/nope"), notFound, "Event bus nope does not exist."},
		{"what has no tags", list("arn:aws:events:us-east-1:000000000000:archive/a"), notFound, "rules and event buses have"},
		{"more than fifty", func() error {
			return only(w.events.TagResource(w.ctx, &eventbridge.TagResourceInput{ResourceARN: &bus, Tags: many}))
		}, validation, "at most 50 tags"},
	})
	want(bus, "a=3 c=")
}
