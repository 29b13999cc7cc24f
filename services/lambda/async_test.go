package lambda_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// queue is a queue of the world.
type queue struct {
	*sqs.Client
	url, arn string
}

func (w *world) queue(name string, attributes map[string]string) queue {
	w.t.Helper()
	c := sqs.NewFromConfig(w.box.Config())
	out, err := c.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	return queue{c, *out.QueueUrl, "arn:aws:sqs:us-east-1:000000000000:" + name}
}

// take waits for a message and deletes it.
func (q queue) take(t *testing.T) sqstypes.Message {
	t.Helper()
	var got sqstypes.Message
	eventually(t, "the queue has a message", func() bool {
		out, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &q.url, MessageAttributeNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return false
		}
		got = out.Messages[0]
		_, err = q.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: got.ReceiptHandle})
		return err == nil
	})
	return got
}

// depth is how many messages a queue has, in flight or not.
func (q queue) depth(t *testing.T) string {
	t.Helper()
	out, err := q.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes["ApproximateNumberOfMessages"] + "+" + out.Attributes["ApproximateNumberOfMessagesNotVisible"]
}

// record is what a destination gets.
type record struct {
	Version        string
	RequestContext struct {
		RequestID, FunctionArn, Condition string
		ApproximateInvokeCount            int
	}
	RequestPayload  map[string]any
	ResponseContext struct {
		StatusCode                     int
		ExecutedVersion, FunctionError string
	}
	ResponsePayload map[string]any
}

// counting is a Python handler that appends a line to a file for each
// invocation, and fails while the file has fewer than event["fail"] lines.
func counting(file string) map[string]string {
	return map[string]string{"app.py": fmt.Sprintf(`
def handler(event, context):
    with open(%q, "a+") as f:
        f.write(context.aws_request_id + "\n")
        f.seek(0)
        n = len(f.readlines())
    if n <= event.get("fail", 0):
        raise RuntimeError("attempt %%d" %% n)
    return {"attempts": n}
`, file)}
}

func lines(file string) []string {
	text, _ := os.ReadFile(file)
	return strings.Fields(string(text))
}

// turn turns the clock as soon as something waits for it, until the condition
// holds.
func turn(t *testing.T, c *clock.Fake, step time.Duration, what string, holds func() bool) {
	t.Helper()
	eventually(t, what, func() bool {
		if holds() {
			return true
		}
		c.Advance(step)
		return false
	})
}

func TestAsynchronousInvocation(t *testing.T) {
	python.need(t)
	now := clock.NewFake(time.Now())
	w := start(t, signalboxtest.WithClock(now))
	file := filepath.Join(t.TempDir(), "attempts")
	w.write("count", python.runtime, "app.handler", counting(file), func(in *lambda.CreateFunctionInput) {
		in.Timeout = new(int32(900)) // the clock is turned while it runs
	})
	good, bad, dead := w.queue("good", nil), w.queue("bad", nil), w.queue("dead", nil)
	_, err := w.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: new("count"), DestinationConfig: &types.DestinationConfig{
			OnSuccess: &types.OnSuccess{Destination: &good.arn}, OnFailure: &types.OnFailure{Destination: &bad.arn},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	send := func(payload string) {
		t.Helper()
		out, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("count"), InvocationType: types.InvocationTypeEvent, Payload: []byte(payload)})
		if err != nil || out.StatusCode != 202 || len(out.Payload) > 0 {
			t.Fatalf("%v, status %d, payload %s; want 202 and none", err, out.StatusCode, out.Payload)
		}
	}
	read := func(q queue) (r record) {
		t.Helper()
		if err := json.Unmarshal([]byte(*q.take(t).Body), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}

	t.Run("a success goes to its destination in AWS's envelope", func(t *testing.T) {
		send(`{"fail": 0, "n": 7}`)
		r := read(good)
		if r.Version != "1.0" || r.RequestContext.Condition != "Success" || r.RequestContext.ApproximateInvokeCount != 1 || r.RequestPayload["n"] != 7.0 ||
			r.RequestContext.FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:count:$LATEST" || r.RequestContext.RequestID != lines(file)[0] ||
			r.ResponseContext.StatusCode != 200 || r.ResponseContext.ExecutedVersion != "$LATEST" || r.ResponsePayload["attempts"] != 1.0 {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("a failure is tried again after one minute, and then after two", func(t *testing.T) {
		os.Remove(file)
		send(`{"fail": 2}`)
		eventually(t, "the first attempt is made", func() bool { return len(lines(file)) == 1 })
		var waits []time.Duration
		for n := 2; n <= 3; n++ {
			before := now.Now()
			turn(t, now, time.Second, "the next attempt is made", func() bool { return len(lines(file)) == n })
			waits = append(waits, now.Now().Sub(before))
		}
		// The clock goes on while the handler runs.
		if waits[0] < time.Minute || waits[1] < 2*time.Minute {
			t.Errorf("the waits were %v, want 1m and 2m", waits)
		}
		if all := lines(file); all[0] != all[1] || all[1] != all[2] {
			t.Errorf("the attempts have the request ids %v, want one", all)
		}
		if r := read(good); r.RequestContext.ApproximateInvokeCount != 3 || r.ResponsePayload["attempts"] != 3.0 {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("the last failure goes to its destination and to the dead letters", func(t *testing.T) {
		os.Remove(file)
		_, err := w.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: new("count"), DeadLetterConfig: &types.DeadLetterConfig{TargetArn: &dead.arn}})
		if err != nil {
			t.Fatal(err)
		}
		send(`{"fail": 99}`)
		turn(t, now, time.Second, "all attempts are made", func() bool { return len(lines(file)) == 3 })
		r := read(bad)
		if r.RequestContext.Condition != "RetriesExhausted" || r.RequestContext.ApproximateInvokeCount != 3 || r.ResponseContext.FunctionError != "Unhandled" ||
			r.ResponsePayload["errorMessage"] != "attempt 3" || r.ResponsePayload["errorType"] != "RuntimeError" {
			t.Errorf("got %+v", r)
		}
		m := dead.take(t)
		if *m.Body != `{"fail":99}` || *m.MessageAttributes["ErrorMessage"].StringValue != "attempt 3" || *m.MessageAttributes["ErrorCode"].StringValue != "200" ||
			*m.MessageAttributes["RequestID"].StringValue != r.RequestContext.RequestID {
			t.Errorf("the dead letter is %s with %v", *m.Body, m.MessageAttributes)
		}
	})
	t.Run("an accepted invocation and its retries survive a restart", func(t *testing.T) {
		os.Remove(file)
		send(`{"fail": 1, "n": 8}`)
		eventually(t, "the first attempt is made", func() bool { return len(lines(file)) == 1 })
		w.box.Restart()
		turn(t, now, time.Second, "the second attempt is made", func() bool { return len(lines(file)) >= 2 })
		if r := read(good); r.RequestPayload["n"] != 8.0 || r.RequestContext.RequestID != lines(file)[0] {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("an event waits for capacity, and is given up when it is too old", func(t *testing.T) {
		os.Remove(file)
		if _, err := w.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: new("count"), ReservedConcurrentExecutions: new(int32(0))}); err != nil {
			t.Fatal(err)
		}
		_, err := w.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("count")})
		if code, message := apiError(err); code != "TooManyRequestsException" || message != "Rate Exceeded." {
			t.Errorf("a synchronous one is %v, want TooManyRequestsException", err)
		}
		if _, err := w.UpdateFunctionEventInvokeConfig(t.Context(), &lambda.UpdateFunctionEventInvokeConfigInput{FunctionName: new("count"), MaximumEventAgeInSeconds: new(int32(60))}); err != nil {
			t.Fatal(err)
		}
		send(`{}`)
		var r record
		done := make(chan struct{})
		go func() { defer close(done); r = read(bad) }()
		turn(t, now, time.Second, "the event is given up", func() bool {
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		if r.RequestContext.Condition != "EventAgeExceeded" || len(lines(file)) != 0 {
			t.Errorf("got %+v after %d invocations", r, len(lines(file)))
		}
	})
}

func TestFunctionAsTargetOfRule(t *testing.T) {
	python.need(t)
	w := start(t)
	w.write("seen", python.runtime, "app.handler", map[string]string{"app.py": "import os\ndef handler(event, context):\n    return {'event': event, 'trace': os.environ.get('_X_AMZN_TRACE_ID')}\n"}, nil)
	good := w.queue("good", nil)
	if _, err := w.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: new("seen"), DestinationConfig: &types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: &good.arn}},
	}); err != nil {
		t.Fatal(err)
	}
	buses := eventbridge.NewFromConfig(w.box.Config())
	ctx := t.Context()
	if _, err := buses.PutRule(ctx, &eventbridge.PutRuleInput{Name: new("orders"), EventPattern: new(`{"source":["shop"]}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := buses.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: new("orders"), Targets: []ebtypes.Target{{Id: new("f"), Arn: new("arn:aws:lambda:us-east-1:000000000000:function:seen")}}}); err != nil {
		t.Fatal(err)
	}
	const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	if _, err := buses.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		{Source: new("shop"), DetailType: new("ordered"), Detail: new(`{"id":1}`), TraceHeader: new(trace)},
	}}); err != nil {
		t.Fatal(err)
	}
	var r struct {
		ResponsePayload struct {
			Event struct{ Source string }
			Trace string
		}
	}
	if err := json.Unmarshal([]byte(*good.take(t).Body), &r); err != nil {
		t.Fatal(err)
	}
	// The trace is the event's; what the function calls belongs under its invocation.
	got := r.ResponsePayload
	if got.Event.Source != "shop" || !strings.HasPrefix(got.Trace, trace[:41]+"Parent=") || !strings.Contains(got.Trace, ";Sampled=1;Lineage=1:") || got.Trace == trace {
		t.Errorf("the function saw %+v, want the event with its trace", got)
	}
}

func TestQueueAsEventSource(t *testing.T) {
	python.need(t)
	w := start(t)
	w.write("batch", python.runtime, "app.handler", map[string]string{"app.py": `
import json
def handler(event, context):
    failed = [r["messageId"] for r in event["Records"] if json.loads(r["body"]).get("bad")]
    print("got", [r["body"] for r in event["Records"]], event["Records"][0]["eventSource"], event["Records"][0]["attributes"]["ApproximateReceiveCount"])
    return {"batchItemFailures": [{"itemIdentifier": i} for i in failed]}
`}, nil)
	work := w.queue("work", map[string]string{"VisibilityTimeout": "30"})
	ctx := t.Context()
	m, err := w.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: new("batch"), EventSourceArn: &work.arn, FunctionResponseTypes: []types.FunctionResponseType{"ReportBatchItemFailures"},
		FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: new(`{"body":{"n":[{"exists":true}]}}`)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *m.State != "Creating" || *m.BatchSize != 10 || *m.FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:batch" {
		t.Errorf("got %+v", m)
	}
	for _, body := range []string{`{"n":1}`, `{"n":2,"bad":true}`, `{"other":1}`, `no JSON`} {
		if _, err := work.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &work.url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("what succeeded or was filtered out is deleted, what failed stays", func(t *testing.T) {
		eventually(t, "one message is left", func() bool { return work.depth(t) == "0+1" })
		got, err := w.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: m.UUID})
		if err != nil || *got.State != "Enabled" {
			t.Errorf("%v, state %v", err, *got.State)
		}
	})
	t.Run("it goes on after a restart, and ends when it is disabled", func(t *testing.T) {
		w.box.Restart()
		send := func(body string) {
			if _, err := work.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &work.url, MessageBody: &body}); err != nil {
				t.Fatal(err)
			}
		}
		send(`{"n":3}`)
		eventually(t, "it is taken", func() bool { return strings.Contains(strings.Join(w.logged("/aws/lambda/batch"), "\n"), `{"n":3}`) })
		if _, err := w.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: m.UUID, Enabled: new(false)}); err != nil {
			t.Fatal(err)
		}
		got, err := w.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: m.UUID})
		if err != nil || *got.State != "Disabled" {
			t.Errorf("%v, state %v", err, *got.State)
		}
		if _, err := w.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: m.UUID}); err != nil {
			t.Fatal(err)
		}
		_, err = w.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: m.UUID})
		if code, _ := apiError(err); code != "ResourceNotFoundException" {
			t.Errorf("after its deletion: %v", err)
		}
	})
	t.Run("a queue that is not there is refused", func(t *testing.T) {
		_, err := w.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: new("batch"), EventSourceArn: new(work.arn + "x")})
		if code, message := apiError(err); code != "InvalidParameterValueException" || !strings.Contains(message, "AWS.SimpleQueueService.NonExistentQueue") {
			t.Errorf("got %v", err)
		}
	})
}
