package sqs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/sqs"
)

func requests(inputs ...string) (list []delivery.Request) {
	for _, in := range inputs {
		list = append(list, delivery.Request{Input: []byte(in), Event: &delivery.Event{Trace: "Root=1-abc"}, Attempt: 1})
	}
	return list
}

func kinds(results []delivery.Result) (s string) {
	for _, r := range results {
		s += fmt.Sprint(r.Kind, r.Code, " ")
	}
	return strings.TrimSpace(s)
}

func TestEventsArriveInAQueue(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q", "MaximumMessageSize", "1024")
	target := b.service.Target(arnOf("q"), sqs.TargetParams{})
	results := target.Deliver(t.Context(), requests(`{"a":1}`, strings.Repeat("x", 1025), "", `"two"`))
	if got, want := kinds(results), "0 3INVALID_PARAMETER 3INVALID_PARAMETER 0"; got != want {
		t.Errorf("results %s, want %s", got, want)
	}
	got := b.receive(q, 10)
	if bodies(got) != `{"a":1} "two"` || got[0].Attributes["AWSTraceHeader"] != "Root=1-abc" {
		t.Errorf("received %+v", got)
	}
	if target.MaxBatch() < 256 {
		t.Error("small batches")
	}
}

func TestAQueueIsLookedUpWhenAnEventComes(t *testing.T) {
	b := start(t, sqs.Options{})
	target := b.service.Target(arnOf("q"), sqs.TargetParams{})
	if got, want := kinds(target.Deliver(t.Context(), requests("a", "b"))), "3NO_RESOURCE 3NO_RESOURCE"; got != want {
		t.Errorf("before it is created: %s", got)
	}
	b.queue("q")
	if got := kinds(target.Deliver(t.Context(), requests("a"))); got != "0" {
		t.Errorf("once it is created: %s", got)
	}
	if got := kinds(b.service.Target("nonsense", sqs.TargetParams{}).Deliver(t.Context(), requests("a"))); got != "3NO_RESOURCE" {
		t.Errorf("what is no ARN: %s", got)
	}
}

func TestEventsToFIFOQueuesNeedGroupAndContentDeduplication(t *testing.T) {
	b := start(t, sqs.Options{})
	plain, content := b.queue("plain.fifo", "FifoQueue", "true"), b.queue("content.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	for _, c := range []struct{ name, group, want string }{
		{"plain.fifo", "g", "3INVALID_PARAMETER"}, {"content.fifo", "", "3INVALID_PARAMETER"}, {"content.fifo", "g", "0"},
	} {
		if got := kinds(b.service.Target(arnOf(c.name), sqs.TargetParams{MessageGroupId: c.group}).Deliver(t.Context(), requests("m"))); got != c.want {
			t.Errorf("%s with group %q: %s, want %s", c.name, c.group, got, c.want)
		}
	}
	if got := b.receive(content, 10); bodies(got) != "m" || got[0].Attributes["MessageGroupId"] != "g" {
		t.Errorf("received %+v", got)
	}
	if got := b.receive(plain, 10); len(got) != 0 {
		t.Errorf("received %+v", got)
	}
}

func TestDeadEventsAreBuriedWithTheirReason(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q", "DelaySeconds", "60")
	dead := b.service.DeadLetters(arnOf("q"), sqs.DeadLetterParams{RuleARN: "arn:rule", TargetARN: "arn:target"})
	result := dead.Bury(t.Context(), delivery.Dead{
		Event: &delivery.Event{Data: []byte(`{"id":"e"}`)}, Input: []byte("transformed"), Attempts: 4, Exhausted: "MaximumRetryAttempts",
		Last: delivery.Result{Kind: delivery.Retryable, Code: "CONNECTION_FAILURE", Message: "refused\x00" + strings.Repeat("é", 2000)},
	})
	if result.Kind != delivery.Success {
		t.Fatalf("%+v", result)
	}
	got := b.receive(q, 10)
	if bodies(got) != `{"id":"e"}` {
		t.Fatalf("buried %q", bodies(got))
	}
	for name, want := range map[string]string{
		"RULE_ARN": "arn:rule", "TARGET_ARN": "arn:target", "ERROR_CODE": "CONNECTION_FAILURE",
		"RETRY_ATTEMPTS": "3", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
	} {
		if v := aws.ToString(got[0].MessageAttributes[name].StringValue); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if v := aws.ToString(got[0].MessageAttributes["ERROR_MESSAGE"].StringValue); !strings.HasPrefix(v, "refused éé") || len(v) > 2048 {
		t.Errorf("ERROR_MESSAGE = %q", v)
	}
	gone := b.service.DeadLetters(arnOf("none"), sqs.DeadLetterParams{}).Bury(t.Context(), delivery.Dead{Event: &delivery.Event{Data: []byte("x")}})
	if gone.Kind != delivery.Permanent || gone.Code != "NO_RESOURCE" {
		t.Errorf("without a queue: %+v", gone)
	}
}

func TestDeadLettersAreTakenAndSettled(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	dead := b.service.DeadLetters(arnOf("q"), sqs.DeadLetterParams{RuleARN: "arn:rule"})
	for _, id := range []string{"a", "b"} {
		if r := dead.Bury(t.Context(), delivery.Dead{Event: &delivery.Event{Data: []byte(id)}, Last: delivery.Result{Code: "TIMEOUT"}}); r.Kind != delivery.Success {
			t.Fatal(r)
		}
	}
	taken, err := b.service.Take(t.Context(), arnOf("q"), 100)
	if err != nil || len(taken) != 2 || string(taken[0].Body) != "a" || taken[1].Attributes["RULE_ARN"] != "arn:rule" || taken[1].Attributes["ERROR_CODE"] != "TIMEOUT" {
		t.Fatalf("%+v, %v", taken, err)
	}
	if err := b.service.Settle(t.Context(), arnOf("q"), taken[0].Token); err != nil {
		t.Fatal(err)
	}
	if err := b.service.Release(t.Context(), arnOf("q"), 10*time.Second, taken[1].Token); err != nil {
		t.Fatal(err)
	}
	if got := b.receive(q, 10); len(got) != 0 {
		t.Errorf("before the delay is over: %s", bodies(got))
	}
	b.clock.Advance(10 * time.Second)
	if got := b.receive(q, 10); bodies(got) != "b" {
		t.Errorf("left %q", bodies(got))
	}
	if _, err := b.service.Take(t.Context(), arnOf("none"), 1); err == nil {
		t.Error("taken from a queue that is not there")
	}
	_, err = b.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q})
	if err != nil {
		t.Fatal(err)
	}
}
