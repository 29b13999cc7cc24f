package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/signalboxtest"
)

// world is a Signalbox and what a test does with it most.
type world struct {
	*signalboxtest.Box
	t      testing.TB
	ctx    context.Context
	events *eventbridge.Client
	queues *sqs.Client
}

func newWorld(t testing.TB, options ...signalboxtest.Option) *world {
	t.Helper()
	box := signalboxtest.Start(t, options...)
	config := box.Config()
	config.RetryMaxAttempts = 1 // the SDK tries LimitExceededException again
	return &world{Box: box, t: t, ctx: t.Context(), events: eventbridge.NewFromConfig(config), queues: sqs.NewFromConfig(config)}
}

// must fails the test on an error and returns the answer.
func must[T any](out T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// wantCode fails the test unless err is the API error with that code, whose
// message holds text.
func wantCode(t testing.TB, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("error = %s: %s\nwant  %s: …%s…", api.ErrorCode(), api.ErrorMessage(), code, text)
	}
}

func (w *world) bus(name string) string {
	w.t.Helper()
	return *must(w.events.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{Name: &name}))(w.t).EventBusArn
}

func (w *world) rule(bus, name, pattern string, targets ...types.Target) {
	w.t.Helper()
	must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: &bus, EventPattern: &pattern}))(w.t)
	if len(targets) > 0 {
		must(w.events.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &bus, Targets: targets}))(w.t)
	}
}

// queue makes a queue and returns its URL and ARN.
func (w *world) queue(name string) (url, arn string) {
	w.t.Helper()
	in := &sqs.CreateQueueInput{QueueName: &name}
	if strings.HasSuffix(name, ".fifo") {
		in.Attributes = map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	}
	url = *must(w.queues.CreateQueue(w.ctx, in))(w.t).QueueUrl
	return url, "arn:aws:sqs:us-east-1:000000000000:" + name
}

func (w *world) put(entries ...types.PutEventsRequestEntry) *eventbridge.PutEventsOutput {
	w.t.Helper()
	return must(w.events.PutEvents(w.ctx, &eventbridge.PutEventsInput{Entries: entries}))(w.t)
}

func entry(bus, source, detailType, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{EventBusName: &bus, Source: &source, DetailType: &detailType, Detail: &detail}
}

// receive waits for the queue's next message, and removes it.
func (w *world) receive(url string) string {
	w.t.Helper()
	out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 10}))(w.t)
	if len(out.Messages) == 0 {
		w.t.Fatal("no message came within ten seconds")
	}
	must(w.queues.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: out.Messages[0].ReceiptHandle}))(w.t)
	return *out.Messages[0].Body
}

// receiveAll waits for the queue's next messages, up to ten, and removes them.
func (w *world) receiveAll(url string) []string {
	w.t.Helper()
	out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 10, MaxNumberOfMessages: 10}))(w.t)
	if len(out.Messages) == 0 {
		w.t.Fatal("no message came within ten seconds")
	}
	bodies := make([]string, len(out.Messages))
	done := make([]sqstypes.DeleteMessageBatchRequestEntry, len(out.Messages))
	for i, m := range out.Messages {
		bodies[i], done[i] = *m.Body, sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle}
	}
	must(w.queues.DeleteMessageBatch(w.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: done}))(w.t)
	return bodies
}

// empty fails the test where the queue holds a message.
func (w *world) empty(url string) {
	w.t.Helper()
	out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url}))(w.t)
	if len(out.Messages) > 0 {
		w.t.Errorf("the queue holds %s", *out.Messages[0].Body)
	}
}

func target(id, arn string) types.Target { return types.Target{Id: &id, Arn: &arn} }

// withRole gives a target the role that API destinations and buses elsewhere need.
func withRole(t types.Target) types.Target {
	t.RoleArn = aws.String("arn:aws:iam::000000000000:role/invoke")
	return t
}

func TestAnEventGoesToTheTargetsOfTheRulesThatMatch(t *testing.T) {
	w := newWorld(t)
	w.bus("orders")
	wanted, wantedARN := w.queue("wanted")
	other, otherARN := w.queue("other")
	w.rule("orders", "created", `{"source":["shop"],"detail":{"state":["new"]}}`, target("q", wantedARN))
	w.rule("orders", "gone", `{"source":["shop"],"detail":{"state":["gone"]}}`, target("q", otherARN))

	out := w.put(entry("orders", "shop", "order", `{"state": "new", "n": 1}`), entry("arn:aws:events:us-east-1:000000000000:event-bus/orders", "shop", "order", `{"state":"old"}`))
	if out.FailedEntryCount != 0 {
		t.Fatalf("failed entries: %+v", out.Entries)
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(w.receive(wanted)), &event); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": "0", "id": *out.Entries[0].EventId, "detail-type": "order", "source": "shop", "account": "000000000000",
		"region": "us-east-1", "resources": []any{}, "detail": map[string]any{"state": "new", "n": 1.0}, "time": event["time"],
	}
	got, _ := json.Marshal(event)
	if wanted, _ := json.Marshal(want); string(got) != string(wanted) {
		t.Errorf("event = %s\nwant    %s", got, wanted)
	}
	w.empty(other)
}

func TestEntriesFailOneByOne(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("q")
	w.rule("default", "all", `{"source":[{"prefix":""}]}`, target("q", arn))
	entries := []types.PutEventsRequestEntry{
		{DetailType: aws.String("t"), Detail: aws.String("{}")},
		{Source: aws.String("s"), Detail: aws.String("{}")},
		{Source: aws.String("s"), DetailType: aws.String("t")},
		entry("default", "s", "t", "not json"),
		entry("default", "s", "t", `["an array"]`),
		entry("default", "s", "t", `{"a":1} {}`),
		entry("default", "aws.ec2", "t", `{}`),
		entry("nowhere", "s", "t", `{}`),
		entry("default", "s", "t", `{"big":"`+strings.Repeat("x", 1<<20)+`"}`),
		entry("default", "s", "t", `{"good":true}`),
	}
	want := []string{
		"InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.",
		"InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.",
		"InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.",
		"MalformedDetail: Detail is malformed", "MalformedDetail: Detail is malformed", "MalformedDetail: Detail is malformed",
		"NotAuthorizedForSourceException: Not authorized for the source.",
		"InvalidArgument: Parameter EventBusName is not valid",
		"InvalidArgument: The entry has",
		"",
	}
	out := w.put(entries...)
	if out.FailedEntryCount != 9 {
		t.Errorf("FailedEntryCount = %d, want 9", out.FailedEntryCount)
	}
	for i, e := range out.Entries {
		got := ""
		if e.ErrorCode != nil {
			got = *e.ErrorCode + ": " + *e.ErrorMessage
		}
		if !strings.HasPrefix(got, want[i]) || (e.EventId == nil) != (want[i] != "") {
			t.Errorf("entry %d: id %v, error %q; want %q", i, e.EventId, got, want[i])
		}
	}
	if got := w.receive(url); !strings.Contains(got, `"detail":{"good":true}`) {
		t.Errorf("received %s, want the good entry", got)
	}
	w.empty(url)
}

func TestAnAPIDestinationIsCalledAsTheArticleHasIt(t *testing.T) {
	w := newWorld(t)
	calls := make(chan *http.Request, 1)
	bodies := make(chan string, 1)
	carrier := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- r
		bodies <- string(body)
	}))
	defer carrier.Close()
	w.bus("orders")
	connection := must(w.events.CreateConnection(w.ctx, &eventbridge.CreateConnectionInput{
		Name: aws.String("carrier"), AuthorizationType: types.ConnectionAuthorizationTypeBasic,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			BasicAuthParameters: &types.CreateConnectionBasicAuthRequestParameters{Username: aws.String("user"), Password: aws.String("Pass1234!")},
		},
	}))(t)
	destination := must(w.events.CreateApiDestination(w.ctx, &eventbridge.CreateApiDestinationInput{
		Name: aws.String("carrier"), ConnectionArn: connection.ConnectionArn, HttpMethod: types.ApiDestinationHttpMethodPost,
		InvocationEndpoint: aws.String(carrier.URL + "/orders"), InvocationRateLimitPerSecond: aws.Int32(20),
	}))(t)
	to := withRole(target("carrier", *destination.ApiDestinationArn))
	to.InputTransformer = &types.InputTransformer{
		InputTemplate: aws.String(`{"order_id" : "<order_id>", "state" : "<state>"}`),
		InputPathsMap: map[string]string{"order_id": "$.detail.order.id", "state": "$.detail.order.state"},
	}
	w.rule("orders", "order-created", `{"source":["dynamodb.orders"],"detail":{"eventName":["INSERT"]}}`, to)
	w.put(entry("orders", "dynamodb.orders", "x", `{"eventName":"INSERT","order":{"id":"o-1","state":"pending"}}`))
	select {
	case r := <-calls:
		user, password, _ := r.BasicAuth()
		if r.Method != "POST" || r.URL.Path != "/orders" || user != "user" || password != "Pass1234!" {
			t.Errorf("called %s %s as %s:%s", r.Method, r.URL.Path, user, password)
		}
		if got, want := <-bodies, `{"order_id":"o-1","state":"pending"}`; got != want {
			t.Errorf("body = %s, want %s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the carrier was not called within ten seconds")
	}
}
