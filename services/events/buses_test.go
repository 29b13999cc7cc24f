package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

func TestAnEventKeepsItsTimeItsResourcesAndItsTrace(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("q")
	w.rule("default", "r", shopPattern, target("q", arn))
	trace := "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	full := entry("default", "shop", "order", `{}`)
	full.Time = aws.Time(time.Date(2020, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600)))
	full.Resources = []string{"arn:aws:s3:::bucket", "text"}
	full.TraceHeader = &trace
	receive := func() (sqstypes.Message, map[string]any) {
		t.Helper()
		out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 10,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll}}))(t)
		if len(out.Messages) != 1 {
			t.Fatalf("%d messages came", len(out.Messages))
		}
		return out.Messages[0], decoded(t, *out.Messages[0].Body).(map[string]any)
	}
	w.put(full)
	m, event := receive()
	if event["time"] != "2020-02-03T03:05:06Z" || fmt.Sprint(event["resources"]) != "[arn:aws:s3:::bucket text]" || m.Attributes["AWSTraceHeader"] != trace {
		t.Errorf("event = %v, trace %q", event, m.Attributes["AWSTraceHeader"])
	}
	// The header of the request counts for entries that have none.
	withHeader := func(o *eventbridge.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Build.Add(middleware.BuildMiddlewareFunc("trace", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				in.Request.(*smithyhttp.Request).Header.Set("X-Amzn-Trace-Id", "Root=1-of-the-request")
				return next.HandleBuild(ctx, in)
			}), middleware.After)
		})
	}
	must(w.events.PutEvents(w.ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry("default", "shop", "order", `{}`)}}, withHeader))(t)
	if m, _ := receive(); !strings.HasPrefix(m.Attributes["AWSTraceHeader"], "Root=1-of-the-request;Parent=") {
		t.Errorf("the request's trace header came as %q", m.Attributes["AWSTraceHeader"])
	}
}

func TestAFIFOQueueGetsEventsInTheirGroup(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("q.fifo")
	to := target("q", arn)
	to.SqsParameters = &types.SqsParameters{MessageGroupId: aws.String("orders")}
	fair, fairARN := w.queue("fair")
	standard := target("fair", fairARN)
	standard.SqsParameters = &types.SqsParameters{MessageGroupId: aws.String("tenant")}
	w.rule("default", "r", shopPattern, to, standard)
	w.put(numbered("default", "shop", 0, 3)...)
	for url, group := range map[string]string{url: "orders", fair: "tenant"} {
		out := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 10,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll}}))(t)
		if len(out.Messages) == 0 || out.Messages[0].Attributes["MessageGroupId"] != group {
			t.Errorf("received %+v, want the group %s", out.Messages, group)
		}
	}
}

func TestEventsCrossAccountsAndRegionsButOneBusAlone(t *testing.T) {
	w := newWorld(t)
	far := w.ConfigFor("111111111111", "eu-west-1")
	farEvents, farQueues := eventbridge.NewFromConfig(far), sqs.NewFromConfig(far)
	near := w.bus("near")
	farBus := *must(farEvents.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("far")}))(t).EventBusArn
	url := *must(farQueues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")}))(t).QueueUrl
	pattern := aws.String(`{"source":["shop"],"account":["000000000000"]}`)
	back := withRole(target("back", near))
	must(farEvents.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventBusName: aws.String("far"), EventPattern: pattern}))(t)
	must(farEvents.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), EventBusName: aws.String("far"), Targets: []types.Target{target("q", "arn:aws:sqs:eu-west-1:111111111111:q"), back}}))(t)
	here, hereARN := w.queue("here")
	other := w.bus("other")
	w.rule("other", "r", shopPattern, target("again", near))
	w.rule("near", "r", shopPattern, withRole(target("far", farBus)), target("here", hereARN), target("other", other))

	id := *w.put(entry("near", "shop", "order", `{"n":1}`)).Entries[0].EventId
	receiveFar := func() map[string]any {
		t.Helper()
		out := must(farQueues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 10}))(t)
		if len(out.Messages) != 1 {
			t.Fatalf("%d messages came to the other account", len(out.Messages))
		}
		return decoded(t, *out.Messages[0].Body).(map[string]any)
	}
	if e := receiveFar(); e["id"] != id || e["account"] != "000000000000" || e["region"] != "us-east-1" {
		t.Errorf("the other account got %v", e)
	}
	if got := detailOf(t, w.receive(here)); got != `{"n":1}` {
		t.Errorf("received %s", got)
	}
	// Neither bus sent it back: what is put next is the next.
	w.put(entry("near", "shop", "order", `{"n":2}`))
	receiveFar()
	if got := detailOf(t, w.receive(here)); got != `{"n":2}` {
		t.Errorf("received %s: the event came back from another bus", got)
	}
	w.empty(here)
	// PutEvents reaches the other bus by its ARN, and stays of who put it.
	w.put(entry(farBus, "shop", "order", `{"n":3}`))
	if e := receiveFar(); e["account"] != "000000000000" || fmt.Sprint(e["detail"]) != "map[n:3]" {
		t.Errorf("the other account got %v", e)
	}
}

func TestABusTargetThatIsGoneIsADeadLetterAndAnInputIsItsDetail(t *testing.T) {
	w := newWorld(t)
	second := w.bus("second")
	url, queue := w.queue("q")
	letters, dead := w.queue("dead")
	w.rule("second", "r", `{"source":["shop"]}`, target("q", queue))
	to := target("second", second)
	to.DeadLetterConfig = &types.DeadLetterConfig{Arn: &dead}
	to.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`<n>`), InputPathsMap: map[string]string{"n": "$.detail"}}
	w.rule("default", "r", shopPattern, to)
	w.put(entry("default", "shop", "order", `{"n":1}`))
	if d := w.dead(letters); d.attributes["ERROR_CODE"] != "INVALID_JSON" {
		t.Errorf("an input that is no object: %v", d.attributes)
	}
	to.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"made": <n>}`), InputPathsMap: map[string]string{"n": "$.detail.n"}}
	w.rule("default", "r", shopPattern, to)
	id := *w.put(entry("default", "shop", "order", `{"n":1}`)).Entries[0].EventId
	got := w.receive(url)
	if e := decoded(t, got).(map[string]any); e["id"] != id || e["source"] != "shop" || fmt.Sprint(e["detail"]) != "map[made:1]" {
		t.Errorf("received %s", got)
	}
	must(w.events.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), EventBusName: &second, Ids: []string{"q"}}))(t)
	must(w.events.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r"), EventBusName: &second}))(t)
	must(w.events.DeleteEventBus(w.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("second")}))(t)
	w.put(entry("default", "shop", "order", `{"n":2}`))
	d := w.dead(letters)
	if d.attributes["ERROR_CODE"] != "NO_RESOURCE" || d.attributes["TARGET_ARN"] != second {
		t.Errorf("dead letter = %v", d.attributes)
	}
}

func TestALogGroupGetsEvents(t *testing.T) {
	w := newWorld(t)
	logs := cloudwatchlogs.NewFromConfig(w.Config())
	must(logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/events/orders")}))(t)
	letters, dead := w.queue("dead")
	group := target("log", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/orders")
	made := target("made", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/orders:*")
	made.InputTransformer = &types.InputTransformer{InputTemplate: aws.String(`{"timestamp": <at>, "message": <text>}`), InputPathsMap: map[string]string{"at": "$.detail.at", "text": "$.detail.text"}}
	gone := target("gone", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/gone")
	gone.DeadLetterConfig = &types.DeadLetterConfig{Arn: &dead}
	w.rule("default", "r", shopPattern, group, made, gone)
	at := time.Now().Add(-time.Hour).UnixMilli()
	w.put(entry("default", "shop", "order", fmt.Sprintf(`{"at":%d,"text":"hello"}`, at)))
	var messages []string
	w.until("both have come", func() bool {
		out := must(logs.FilterLogEvents(w.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/events/orders")}))(t)
		messages = nil
		for _, e := range out.Events {
			messages = append(messages, *e.Message)
			if *e.Message == "hello" && *e.Timestamp != at {
				t.Errorf("the event with a time of its own has %d, want %d", *e.Timestamp, at)
			}
		}
		return len(messages) == 2
	})
	if !strings.Contains(strings.Join(messages, "\n"), `"detail":{"at":`) {
		t.Errorf("the log group holds %v", messages)
	}
	if d := w.dead(letters); d.attributes["ERROR_CODE"] != "NO_RESOURCE" {
		t.Errorf("dead letter = %v", d.attributes)
	}
}

func TestADeadLetterTellsWhatWasTriedAndWhyItEnded(t *testing.T) {
	now := clock.NewFake(time.Now())
	w := newWorld(t, signalboxtest.WithClock(now))
	w.bus("orders")
	e := newEndpoint(t)
	e.answers(status(http.StatusInternalServerError))
	url, dead := w.queue("dead")
	destination := w.destination("d", w.connection("c", basic("u", "hush")), e.URL, 300)
	to := withRole(target("t", destination))
	to.DeadLetterConfig = &types.DeadLetterConfig{Arn: &dead}
	to.RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60)}
	to.InputPath = aws.String("$.detail")
	w.rule("orders", "r", shopPattern, to)
	shop := entry("orders", "shop", "order", `{"n":1}`)
	shop.TraceHeader = aws.String("Root=1-a")
	id := *w.put(shop).Entries[0].EventId
	e.next(t)
	w.again(now, 1)
	e.next(t)
	w.until("the second retry waits for the clock", func() bool { return w.retries("r", "t") == 1 })
	now.Advance(61 * time.Second)
	d := w.dead(url)
	var event struct {
		ID     string
		Detail json.RawMessage
	}
	if err := json.Unmarshal([]byte(d.body), &event); err != nil || event.ID != id || string(event.Detail) != `{"n":1}` || d.trace != "Root=1-a" {
		t.Errorf("the dead letter is %s with trace %q, want the event as it was matched", d.body, d.trace)
	}
	e.quiet(t)
	want := map[string]string{
		"ERROR_CODE": "SDK_CLIENT_ERROR", "ERROR_MESSAGE": "Unable to invoke ApiDestination endpoint: API destination returned HTTP status 500.", "RETRY_ATTEMPTS": "1",
		"RULE_ARN": "arn:aws:events:us-east-1:000000000000:rule/orders/r", "TARGET_ARN": destination, "EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds",
	}
	if fmt.Sprint(d.attributes) != fmt.Sprint(want) {
		t.Errorf("attributes = %v\nwant         %v", d.attributes, want)
	}
}

func TestTheDefaultBusTellsSinceWhenItIs(t *testing.T) {
	w := newWorld(t)
	bus := must(w.events.DescribeEventBus(w.ctx, &eventbridge.DescribeEventBusInput{}))(t)
	if bus.CreationTime == nil || bus.LastModifiedTime == nil {
		t.Fatalf("the default bus is %+v, want its times", bus)
	}
	list := must(w.events.ListEventBuses(w.ctx, &eventbridge.ListEventBusesInput{}))(t)
	if len(list.EventBuses) != 1 || list.EventBuses[0].CreationTime == nil || !list.EventBuses[0].CreationTime.Equal(*bus.CreationTime) {
		t.Errorf("the list has %+v, want the same time", list.EventBuses)
	}
	must(w.events.UpdateEventBus(w.ctx, &eventbridge.UpdateEventBusInput{Name: aws.String("default"), Description: aws.String("home")}))(t)
	again := must(w.events.DescribeEventBus(w.ctx, &eventbridge.DescribeEventBusInput{}))(t)
	if !again.CreationTime.Equal(*bus.CreationTime) || !again.LastModifiedTime.After(*bus.LastModifiedTime) {
		t.Errorf("once changed it is %+v", again)
	}
}
