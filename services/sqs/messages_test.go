package sqs_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/services/sqs"
)

func text(v string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &v}
}

func TestAMessageComesAsItWasSent(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	body := "grüße \U0001F600\t\n<&>\"'"
	sent, err := b.SendMessage(t.Context(), &awssqs.SendMessageInput{
		QueueUrl: &q, MessageBody: &body, MessageGroupId: aws.String("tenant"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"Hello": text("There"), "General": text("Kenobi"), "Help.Me": text("Me"),
			"Count": {DataType: aws.String("Number.int"), StringValue: aws.String("-1.5e3")},
			"Raw":   {DataType: aws.String("Binary.png"), BinaryValue: []byte{0, 255, 1}},
		},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Second)
	got := b.receive(q, 10)
	if len(got) != 1 {
		t.Fatalf("%d messages", len(got))
	}
	m := got[0]
	if *m.Body != body || *m.MessageId != *sent.MessageId || *m.MD5OfBody != *sent.MD5OfMessageBody || *m.MD5OfMessageAttributes != *sent.MD5OfMessageAttributes {
		t.Errorf("message %+v\nsent %+v", m, sent)
	}
	if sent.SequenceNumber != nil {
		t.Errorf("a standard queue's message has sequence number %s", *sent.SequenceNumber)
	}
	want := map[string]string{
		"SenderId": account, "SentTimestamp": "1795262400000", "ApproximateReceiveCount": "1",
		"ApproximateFirstReceiveTimestamp": "1795262401000", "MessageGroupId": "tenant",
		"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793",
	}
	if !maps.Equal(m.Attributes, want) {
		t.Errorf("attributes %v\nwant %v", m.Attributes, want)
	}
	if raw := m.MessageAttributes["Raw"]; !bytes.Equal(raw.BinaryValue, []byte{0, 255, 1}) || *raw.DataType != "Binary.png" || raw.StringValue != nil {
		t.Errorf("Raw is %+v", raw)
	}
	if n := m.MessageAttributes["Count"]; *n.StringValue != "-1.5e3" || *n.DataType != "Number.int" {
		t.Errorf("Count is %+v", n)
	}
}

// The digests are those that AWS answered.
func TestDigestsAreThoseOfAWS(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	for _, c := range []struct {
		attributes map[string]types.MessageAttributeValue
		want       string
	}{
		{map[string]types.MessageAttributeValue{"Hello": text("There"), "General": text("Kenobi"), "Help.Me": text("Me")}, "4c360f3fdafd970e05fae2f149d997f5"},
		{map[string]types.MessageAttributeValue{"Hello": text("There"), "General": text("Kenobi")}, "fca026605781cb4126a1e9044df24232"},
		{map[string]types.MessageAttributeValue{"attr1": {DataType: aws.String("Binary"), BinaryValue: []byte("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01")}}, "8cbe4db156db8a94db8b801b7addb984"},
	} {
		out, err := b.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("msg"), MessageAttributes: c.attributes})
		if err != nil {
			t.Fatal(err)
		}
		if *out.MD5OfMessageAttributes != c.want || *out.MD5OfMessageBody != "6e2baaf3b97dbeef01c0043275f9a0e7" {
			t.Errorf("digests %s and %s, want %s", *out.MD5OfMessageBody, *out.MD5OfMessageAttributes, c.want)
		}
	}
}

func TestAReceiveGetsTheAttributesItAsksFor(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q", "VisibilityTimeout", "0")
	_, err := b.SendMessage(t.Context(), &awssqs.SendMessageInput{
		QueueUrl: &q, MessageBody: aws.String("msg"),
		MessageAttributes: map[string]types.MessageAttributeValue{"Hello": text("There"), "General": text("Kenobi"), "Help.Me": text("Me")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		names []string
		want  string
		md5   string
	}{
		{nil, "", ""},
		{[]string{"All"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{"*"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{".*"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{"Foo"}, "", ""},
		{[]string{"General", "Hello"}, "General Hello", "fca026605781cb4126a1e9044df24232"},
		{[]string{"Foo", "Hello"}, "Hello", "a311262e065454b75da111d535b8dacd"},
		{[]string{"Hel.*"}, "Hello Help.Me", "83fee93c1bcd8b9a5a923ffacdc636c7"},
	} {
		out, err := b.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q, MessageAttributeNames: c.names})
		if err != nil || len(out.Messages) != 1 {
			t.Fatalf("%v: %v, %v", c.names, out, err)
		}
		m := out.Messages[0]
		if got := strings.Join(slices.Sorted(maps.Keys(m.MessageAttributes)), " "); got != c.want || aws.ToString(m.MD5OfMessageAttributes) != c.md5 {
			t.Errorf("%v: %q, %s; want %q, %s", c.names, got, aws.ToString(m.MD5OfMessageAttributes), c.want, c.md5)
		}
		if m.Attributes != nil {
			t.Errorf("system attributes %v that nobody asked for", m.Attributes)
		}
	}
	//lint:ignore SA1019 older clients send this member
	out, err := b.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q, AttributeNames: []types.QueueAttributeName{"SenderId", "Policy"}})
	if err != nil || !maps.Equal(out.Messages[0].Attributes, map[string]string{"SenderId": account}) {
		t.Errorf("by the older member: %+v, %v", out, err)
	}
	_, err = b.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"Foo"}})
	wantError(t, err, "InvalidAttributeName", "Unknown Attribute Foo.")
}

func TestBadMessagesAreRefused(t *testing.T) {
	b := start(t, sqs.Options{})
	standard, fifo := b.queue("q", "MaximumMessageSize", "1024"), b.queue("q.fifo", "FifoQueue", "true")
	attributes := func(name string, v types.MessageAttributeValue) func(*awssqs.SendMessageInput) {
		return func(in *awssqs.SendMessageInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{name: v}
		}
	}
	for _, c := range []struct {
		name       string
		queue      string
		change     func(*awssqs.SendMessageInput)
		code, text string
	}{
		{"an empty body", standard, func(in *awssqs.SendMessageInput) { in.MessageBody = aws.String("") }, "MissingParameter", "The request must contain the parameter MessageBody."},
		{"a control character", standard, func(in *awssqs.SendMessageInput) { in.MessageBody = aws.String("a\x01") }, "InvalidMessageContents", "Invalid characters found."},
		{"U+FFFF", standard, func(in *awssqs.SendMessageInput) { in.MessageBody = aws.String("\uffff") }, "InvalidMessageContents", "#xFFFD"},
		{"too long", standard, func(in *awssqs.SendMessageInput) { in.MessageBody = aws.String(strings.Repeat("a", 1025)) }, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		{"too long with its attributes", standard, func(in *awssqs.SendMessageInput) {
			in.MessageBody = aws.String(strings.Repeat("a", 1016))
			in.MessageAttributes = map[string]types.MessageAttributeValue{"ab": text("c")}
		}, "InvalidParameterValue", "shorter than 1024 bytes"},
		{"a delay of over 15 minutes", standard, func(in *awssqs.SendMessageInput) { in.DelaySeconds = 901 }, "InvalidParameterValue", "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{"a delay on a FIFO queue", fifo, func(in *awssqs.SendMessageInput) {
			in.DelaySeconds, in.MessageGroupId, in.MessageDeduplicationId = 2, aws.String("g"), aws.String("d")
		}, "InvalidParameterValue", "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."},
		{"no group on a FIFO queue", fifo, func(in *awssqs.SendMessageInput) {}, "MissingParameter", "The request must contain the parameter MessageGroupId."},
		{"no deduplication id", fifo, func(in *awssqs.SendMessageInput) { in.MessageGroupId = aws.String("g") }, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		{"a deduplication id on a standard queue", standard, func(in *awssqs.SendMessageInput) { in.MessageDeduplicationId = aws.String("d") }, "InvalidParameterValue", "not valid for this queue type"},
		{"a group with a space", fifo, func(in *awssqs.SendMessageInput) {
			in.MessageGroupId, in.MessageDeduplicationId = aws.String("a b"), aws.String("d")
		}, "InvalidParameterValue", "MessageGroupId can only include"},
		{"a deduplication id of 129 characters", fifo, func(in *awssqs.SendMessageInput) {
			in.MessageGroupId, in.MessageDeduplicationId = aws.String("g"), aws.String(strings.Repeat("d", 129))
		}, "InvalidParameterValue", "1 to 128 in length"},
		{"eleven attributes", standard, func(in *awssqs.SendMessageInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
			for _, n := range strings.Split("abcdefghijk", "") {
				in.MessageAttributes[n] = text("x")
			}
		}, "InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10]."},
		{"an empty attribute", standard, attributes("a", text("")), "InvalidParameterValue", "Message (user) attribute 'a' must contain a non-empty value of type 'String'."},
		{"an unknown type", standard, attributes("a", types.MessageAttributeValue{DataType: aws.String("Stringy"), StringValue: aws.String("x")}), "InvalidParameterValue", "You must use only the following supported type prefixes: Binary, Number, String."},
		{"a number that is none", standard, attributes("a", types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: aws.String("one")}), "InvalidParameterValue", "Can't cast the value of message (user) attribute 'a' to a number."},
		{"a reserved name", standard, attributes("AWS.x", text("x")), "InvalidParameterValue", "reserved"},
		{"a name with a space", standard, attributes("a b", text("x")), "InvalidParameterValue", "'#x20'"},
		{"a name that ends with a dot", standard, attributes("a.", text("x")), "InvalidParameterValue", "periods"},
		{"a list", standard, attributes("a", types.MessageAttributeValue{DataType: aws.String("String"), StringListValues: []string{"x"}}), "AWS.SimpleQueueService.UnsupportedOperation", "list values"},
		{"an unknown system attribute", standard, func(in *awssqs.SendMessageInput) {
			in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{"Foo": {DataType: aws.String("String"), StringValue: aws.String("x")}}
		}, "InvalidParameterValue", "'Foo'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &awssqs.SendMessageInput{QueueUrl: &c.queue, MessageBody: aws.String("body")}
			c.change(in)
			_, err := b.SendMessage(t.Context(), in)
			wantError(t, err, c.code, c.text)
		})
	}
	for _, q := range []string{standard, fifo} {
		if got := b.counts(q); got != [3]string{"0", "0", "0"} {
			t.Errorf("%s has %v messages", q, got)
		}
	}
	big := b.queue("big")
	b.send(big, strings.Repeat("a", 1<<20))
}

func TestBatches(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	send := func(q string, entries ...types.SendMessageBatchRequestEntry) (*awssqs.SendMessageBatchOutput, error) {
		return b.SendMessageBatch(t.Context(), &awssqs.SendMessageBatchInput{QueueUrl: &q, Entries: entries})
	}
	out, err := send(q, entry("good", "body"), entry("bad", "\x01"), types.SendMessageBatchRequestEntry{Id: aws.String("late"), MessageBody: aws.String("x"), DelaySeconds: 5})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Successful) != 2 || *out.Successful[0].Id != "good" || *out.Successful[0].MD5OfMessageBody != "841a2d689ad86bd1611447453c22c6fc" || *out.Successful[1].MessageId == *out.Successful[0].MessageId {
		t.Errorf("successful %+v", out.Successful)
	}
	if len(out.Failed) != 1 || *out.Failed[0].Id != "bad" || *out.Failed[0].Code != "InvalidMessageContents" || !out.Failed[0].SenderFault {
		t.Errorf("failed %+v", out.Failed)
	}
	if got := b.counts(q); got != [3]string{"1", "0", "1"} {
		t.Errorf("counts %v", got)
	}

	_, err = send(q, []types.SendMessageBatchRequestEntry{}...)
	wantError(t, err, "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")
	_, err = send(q, slices.Repeat([]types.SendMessageBatchRequestEntry{entry("a", "a")}, 11)...)
	wantError(t, err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11.")
	_, err = send(q, entry("a", "a"), entry("a", "b"))
	wantError(t, err, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated.")
	for _, id := range []string{"", "invalid:id", strings.Repeat("a", 81)} {
		_, err = send(q, entry(id, "a"))
		wantError(t, err, "AWS.SimpleQueueService.InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
	}
	_, err = send(q, entry("a", strings.Repeat("a", 1<<20)), entry("b", "b"))
	wantError(t, err, "AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
	fifo := b.queue("q.fifo", "FifoQueue", "true")
	_, err = send(fifo, entry("a", "a"))
	wantError(t, err, "InvalidParameterValue", "The request must contain the parameter MessageGroupId.")

	m := b.receive(q, 10)[0]
	gone, err := b.DeleteMessageBatch(t.Context(), &awssqs.DeleteMessageBatchInput{QueueUrl: &q, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("good"), ReceiptHandle: m.ReceiptHandle}, {Id: aws.String("bad"), ReceiptHandle: aws.String("nonsense")},
	}})
	if err != nil || len(gone.Successful) != 1 || len(gone.Failed) != 1 || *gone.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	changed, err := b.ChangeMessageVisibilityBatch(t.Context(), &awssqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: aws.String("gone"), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 5},
	}})
	if err != nil || len(changed.Failed) != 1 || *changed.Failed[0].Code != "InvalidParameterValue" {
		t.Errorf("changed %+v, %v", changed, err)
	}
	_, err = b.DeleteMessageBatch(t.Context(), &awssqs.DeleteMessageBatchInput{QueueUrl: &q, Entries: []types.DeleteMessageBatchRequestEntry{}})
	wantError(t, err, "AWS.SimpleQueueService.EmptyBatchRequest", "DeleteMessageBatchRequestEntry")
}

func TestDelayedMessagesWait(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q", "DelaySeconds", "10")
	b.send(q, "queue's delay")
	if _, err := b.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("own delay"), DelaySeconds: 5}); err != nil {
		t.Fatal(err)
	}
	if got := b.counts(q); got != [3]string{"0", "0", "2"} {
		t.Errorf("counts %v", got)
	}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{4 * time.Second, ""}, {time.Second, "own delay"}, {5 * time.Second, "queue's delay"}} {
		b.clock.Advance(c.after)
		if got := bodies(b.receive(q, 10)); got != c.want {
			t.Errorf("%v later: %q, want %q", c.after, got, c.want)
		}
	}
}

func TestVisibility(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	change := func(m types.Message, seconds int32) error {
		_, err := b.ChangeMessageVisibility(t.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &q, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
		return err
	}
	b.send(q, "m")
	first := b.receive(q, 1)[0]
	if got := b.counts(q); got != [3]string{"0", "1", "0"} {
		t.Errorf("counts in flight %v", got)
	}
	b.clock.Advance(29 * time.Second)
	if err := change(first, 60); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(59 * time.Second)
	if got := b.receive(q, 1); len(got) != 0 {
		t.Error("visible before the changed timeout")
	}
	b.clock.Advance(time.Second)
	if err := change(first, 2); err != nil { // as AWS does
		t.Fatal(err)
	}
	if got := b.receive(q, 1); len(got) != 0 {
		t.Error("visible although its timeout was changed after its end")
	}
	b.clock.Advance(2 * time.Second)
	second := b.receive(q, 1)[0]
	if second.Attributes["ApproximateReceiveCount"] != "2" || *second.ReceiptHandle == *first.ReceiptHandle || *second.MessageId != *first.MessageId {
		t.Errorf("second receive %+v", second)
	}
	if second.Attributes["ApproximateFirstReceiveTimestamp"] != "1795262400000" {
		t.Errorf("first receive at %s", second.Attributes["ApproximateFirstReceiveTimestamp"])
	}
	wantError(t, change(first, 5), "InvalidParameterValue", "Reason: Message does not exist or is not available for visibility timeout change.")
	b.delete(q, first) // no error, deletes nothing
	if got := b.counts(q); got != [3]string{"0", "1", "0"} {
		t.Errorf("after a delete with the old handle: %v", got)
	}
	b.clock.Advance(time.Second)
	wantError(t, change(second, 43200), "InvalidParameterValue", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	wantError(t, change(second, 43201), "InvalidParameterValue", "VisibilityTimeout")
	if err := change(second, 0); err != nil {
		t.Fatal(err)
	}
	third := b.receive(q, 1)
	if len(third) != 1 {
		t.Fatal("a timeout of 0 does not make it visible")
	}
	b.delete(q, third[0])
	b.delete(q, third[0])
	if got := b.counts(q); got != [3]string{"0", "0", "0"} {
		t.Errorf("after the delete: %v", got)
	}
	wantError(t, change(third[0], 5), "InvalidParameterValue", "Message does not exist")
	b.send(q, "another")
	fourth := b.receive(q, 1)[0]
	b.restart()
	wantError(t, change(fourth, 5), "AWS.SimpleQueueService.MessageNotInflight", "") // the SDK drops its text
}

func TestAnExpiredHandleStillDeletesOnAStandardQueue(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	b.send(q, "m")
	m := b.receive(q, 1)[0]
	b.clock.Advance(time.Minute)
	b.delete(q, m)
	if got := b.counts(q); got != [3]string{"0", "0", "0"} {
		t.Errorf("counts %v", got)
	}
}

func TestBadReceiptHandlesAreRefused(t *testing.T) {
	b := start(t, sqs.Options{})
	q, other := b.queue("q"), b.queue("other")
	b.send(other, "m")
	foreign := *b.receive(other, 1)[0].ReceiptHandle
	for _, handle := range []string{"x", "AQEB", foreign, foreign[:len(foreign)-4] + "AAAA"} {
		_, err := b.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &q, ReceiptHandle: &handle})
		wantError(t, err, "ReceiptHandleIsInvalid", `The input receipt handle "`+handle+`" is not a valid receipt handle.`)
		_, err = b.ChangeMessageVisibility(t.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &q, ReceiptHandle: &handle})
		wantError(t, err, "ReceiptHandleIsInvalid", "")
	}
}

func TestReceiveBounds(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	for _, c := range []struct {
		in   awssqs.ReceiveMessageInput
		text string
	}{
		{awssqs.ReceiveMessageInput{MaxNumberOfMessages: 11}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{awssqs.ReceiveMessageInput{MaxNumberOfMessages: -1}, "MaxNumberOfMessages"},
		{awssqs.ReceiveMessageInput{WaitTimeSeconds: 21}, "Value 21 for parameter WaitTimeSeconds is invalid."},
		{awssqs.ReceiveMessageInput{VisibilityTimeout: 43201}, "Value 43201 for parameter VisibilityTimeout is invalid."},
		{awssqs.ReceiveMessageInput{ReceiveRequestAttemptId: aws.String("a")}, "not valid for this queue type"},
	} {
		c.in.QueueUrl = &q
		_, err := b.ReceiveMessage(t.Context(), &c.in)
		wantError(t, err, "InvalidParameterValue", c.text)
	}
}

func TestMessagesExpire(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q", "MessageRetentionPeriod", "60")
	b.send(q, "received")
	b.send(q, "seen")
	b.receive(q, 1)
	b.clock.Advance(50 * time.Second)
	b.send(q, "young")
	b.clock.Advance(10 * time.Second)
	if got := b.counts(q); got != [3]string{"1", "0", "0"} {
		t.Errorf("counts %v", got)
	}
	got := b.receive(q, 10)
	if bodies(got) != "young" || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("received %v", got)
	}
}

func TestQueuesThatNobodyReadsAreSwept(t *testing.T) {
	b := start(t, sqs.Options{Sweep: time.Minute})
	q := b.queue("q", "MessageRetentionPeriod", "60")
	for range 250 {
		b.send(q, "m")
	}
	if err := b.clock.WaitForTimers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Minute)
	if err := b.clock.WaitForTimers(t.Context(), 1); err != nil { // the sweep is done
		t.Fatal(err)
	}
	d, err := b.engine.Queues().Browse(t.Context(), b.engineQueue("q"), 0, 1)
	if err != nil || len(d) != 0 {
		t.Errorf("left: %v, %v", d, err)
	}
}
