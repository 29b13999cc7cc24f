package sqs_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/sqs"
)

// form posts a request as SDKs of before November 2023 do.
func (b *bench) form(path string, fields ...string) (int, string) {
	b.t.Helper()
	values := url.Values{"Version": {"2012-11-05"}}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	resp, err := http.PostForm(b.server.URL+path, values)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestOlderClientsSpeakTheQueryProtocol(t *testing.T) {
	b := start(t, sqs.Options{})
	want := func(what string, status int, body string, wantStatus int, patterns ...string) {
		t.Helper()
		if status != wantStatus {
			t.Errorf("%s: status %d, want %d: %s", what, status, wantStatus, body)
		}
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(body) {
				t.Errorf("%s: no %s in %s", what, p, body)
			}
		}
	}
	status, body := b.form("/", "Action", "CreateQueue", "QueueName", "q", "Attribute.1.Name", "VisibilityTimeout", "Attribute.1.Value", "7", "Tag.1.Key", "k", "Tag.1.Value", "v")
	want("CreateQueue", status, body, 200, `<CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><CreateQueueResult><QueueUrl>http://[^<]*/`+account+`/q</QueueUrl>`, `<RequestId>`)

	path := "/" + account + "/q"
	status, body = b.form(path, "Action", "SendMessage", "MessageBody", "a<b", "MessageAttribute.1.Name", "Foo", "MessageAttribute.1.Value.DataType", "String", "MessageAttribute.1.Value.StringValue", "Bar")
	want("SendMessage to the queue's path", status, body, 200, `<MD5OfMessageAttributes>ae7155c6026991b6d54b11589678bf9c</MD5OfMessageAttributes>`, `<MessageId>[-0-9a-f]{36}</MessageId>`)

	status, body = b.form("/", "Action", "ReceiveMessage", "QueueUrl", b.server.URL+path, "AttributeName.1", "All", "MessageAttributeName.1", "All")
	want("ReceiveMessage", status, body, 200, `<ReceiveMessageResult><Message>`, `<Body>a&lt;b</Body>`, `<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>`, `<MessageAttribute><Name>Foo</Name><Value><StringValue>Bar</StringValue>`)
	handle := regexp.MustCompile(`<ReceiptHandle>([^<]*)</ReceiptHandle>`).FindStringSubmatch(body)[1]

	status, body = b.form(path, "Action", "GetQueueAttributes", "AttributeName.1", "VisibilityTimeout", "AttributeName.2", "QueueArn")
	want("GetQueueAttributes", status, body, 200, `<Attribute><Name>VisibilityTimeout</Name><Value>7</Value></Attribute>`)

	status, body = b.form(path, "Action", "DeleteMessageBatch", "DeleteMessageBatchRequestEntry.1.Id", "x", "DeleteMessageBatchRequestEntry.1.ReceiptHandle", handle)
	want("DeleteMessageBatch", status, body, 200, `<DeleteMessageBatchResultEntry><Id>x</Id></DeleteMessageBatchResultEntry>`)

	status, body = b.form("/", "Action", "GetQueueUrl", "QueueName", "none")
	want("GetQueueUrl of no queue", status, body, 400, `<Type>Sender</Type>`, `<Code>AWS.SimpleQueueService.NonExistentQueue</Code>`)
	status, body = b.form(path, "Action", "SendMessage")
	want("SendMessage without a body", status, body, 400, `<Code>MissingParameter</Code>`, `The request must contain the parameter MessageBody.`)
	status, body = b.form(path, "Action", "ReceiveMessage", "MaxNumberOfMessages", "11")
	want("ReceiveMessage of eleven", status, body, 400, `<Code>InvalidParameterValue</Code>`)
}

func TestJSONErrorsNameBothCodes(t *testing.T) {
	b := start(t, sqs.Options{})
	for _, c := range []struct{ operation, body, name, code string }{
		{"GetQueueUrl", `{"QueueName":"none"}`, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
		{"CreateQueue", `{"QueueName":"a b"}`, "InvalidParameterValueException", "InvalidParameterValue"},
		{"CreateQueue", `{}`, "MissingRequiredParameterException", "MissingParameter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Amz-Target", "AmazonSQS."+c.operation)
			req.Header.Set("Content-Type", "application/x-amz-json-1.0")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if got := resp.Header.Get("X-Amzn-Query-Error"); got != c.code+";Sender" || resp.StatusCode != 400 {
				t.Errorf("status %d, x-amzn-query-error %q", resp.StatusCode, got)
			}
			if !strings.Contains(string(body), `"__type":"com.amazonaws.sqs#`+c.name+`"`) {
				t.Errorf("body %s", body)
			}
		})
	}
}
