package lambda_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// looping is a handler that sends its event on to where it came from, with the
// trace header, as SDKs do in functions: through a queue, by an invocation that
// it waits for, or by one that it does not.
const looping = `
import json, os, urllib.error, urllib.request
def handler(event, context):
    if "Records" in event: event = json.loads(event["Records"][0]["body"])
    with open(event["file"], "a") as f: f.write(os.environ["_X_AMZN_TRACE_ID"] + "\n")
    service, path, body, headers = "lambda", "/2015-03-31/functions/loop/invocations", json.dumps(event), {"X-Amz-Invocation-Type": event["how"]}
    if event["how"] == "queue":
        service, path, body = "sqs", "/", json.dumps({"QueueUrl": event["url"], "MessageBody": body})
        headers = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}
    elif len(open(event["file"]).readlines()) >= event.get("end", 100): return "no more"
    headers |= {"X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"], "Authorization":
        "AWS4-HMAC-SHA256 Credential=" + os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0"}
    try: return urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + path, body.encode(), headers)).read().decode()
    except urllib.error.HTTPError as e: return e.headers.get("X-Amzn-ErrorType", "") + e.read().decode()
`

// TestLoops has functions that set themselves off stopped after sixteen invocations.
func TestLoops(t *testing.T) {
	python.need(t)
	w := start(t)
	ctx := t.Context()
	dead := w.queue("dead", nil)
	again := w.queue("again", map[string]string{"VisibilityTimeout": "4", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, dead.arn)})
	w.write("loop", python.runtime, "app.handler", map[string]string{"app.py": looping}, func(in *lambda.CreateFunctionInput) {
		in.DeadLetterConfig, in.Timeout = &types.DeadLetterConfig{TargetArn: &dead.arn}, new(int32(4))
	})
	if _, err := w.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: new("loop"), EventSourceArn: &again.arn}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	event := func(how string, more string) (file string, payload []byte) {
		file = filepath.Join(dir, how+more)
		return file, fmt.Appendf(nil, `{"how":%q,"url":%q,"file":%q%s}`, how, again.url, file, more)
	}
	// A message is visible again after its time-out, whether or not a process has come up.
	if _, payload := event("warm", `,"end":0`); string(w.invoke("loop", json.RawMessage(payload)).Payload) != `"no more"` {
		t.Fatal("the handler does not end where it is told to")
	}
	sixteen := func(t *testing.T, file string) {
		t.Helper()
		got := lines(file)
		if len(got) != 16 {
			t.Fatalf("it ran %d times, want 16", len(got))
		}
		if !strings.Contains(got[0], ";Lineage=1:") || !strings.HasSuffix(got[15], ":15") {
			t.Errorf("the first trace was %s, the last %s", got[0], got[15])
		}
	}
	t.Run("through a queue", func(t *testing.T) {
		file, payload := event("queue", "")
		if _, err := again.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &again.url, MessageBody: new(string(payload))}); err != nil {
			t.Fatal(err)
		}
		dead.take(t)
		sixteen(t, file)
	})
	t.Run("by what it does not wait for", func(t *testing.T) {
		file, payload := event("Event", "")
		if _, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("loop"), InvocationType: types.InvocationTypeEvent, Payload: payload}); err != nil {
			t.Fatal(err)
		}
		if m := dead.take(t); *m.MessageAttributes["ErrorCode"].StringValue == "" {
			t.Errorf("the dead letter has %v", m.MessageAttributes)
		}
		sixteen(t, file)
	})
	t.Run("not where that is allowed", func(t *testing.T) {
		if _, err := w.PutFunctionRecursionConfig(ctx, &lambda.PutFunctionRecursionConfigInput{FunctionName: new("loop"), RecursiveLoop: types.RecursiveLoopAllow}); err != nil {
			t.Fatal(err)
		}
		if c, err := w.GetFunctionRecursionConfig(ctx, &lambda.GetFunctionRecursionConfigInput{FunctionName: new("loop")}); err != nil || c.RecursiveLoop != types.RecursiveLoopAllow {
			t.Errorf("it is kept as %+v, %v", c, err)
		}
		file, payload := event("Event", `,"end":20`)
		if _, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("loop"), InvocationType: types.InvocationTypeEvent, Payload: payload}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it ran 20 times", func() bool { return len(lines(file)) == 20 })
	})
	t.Run("by what it waits for", func(t *testing.T) {
		if _, err := w.PutFunctionRecursionConfig(ctx, &lambda.PutFunctionRecursionConfigInput{FunctionName: new("loop"), RecursiveLoop: types.RecursiveLoopTerminate}); err != nil {
			t.Fatal(err)
		}
		_, payload := event("RequestResponse", "")
		header := "Root=1-65a1b2c3-0123456789abcdef01234567;Lineage=" + lineage(dir)
		_, err := w.Invoke(ctx, &lambda.InvokeInput{FunctionName: new("loop"), Payload: payload}, traced(header))
		if code, _ := apiError(err); code != "RecursiveInvocationException" {
			t.Errorf("the answer is %v", err)
		}
	})
}

// lineage is that of an event which invoked the function sixteen times.
func lineage(dir string) string {
	last := lines(filepath.Join(dir, "Event"))[15]
	_, text, _ := strings.Cut(last, "Lineage=")
	return text
}
