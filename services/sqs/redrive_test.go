package sqs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/services/sqs"
)

// withDLQ creates a dead-letter queue and a source that receives once.
func (b *bench) withDLQ(suffix string, attributes ...string) (source, dead string) {
	b.t.Helper()
	dead = b.queue("dead"+suffix, attributes...)
	policy := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, arnOf("dead"+suffix))
	return b.queue("source"+suffix, append(attributes, "RedrivePolicy", policy)...), dead
}

// die sends messages to the source and receives them until they are dead.
func (b *bench) die(source string, list ...string) {
	b.t.Helper()
	for _, body := range list {
		if strings.HasSuffix(source, ".fifo") {
			b.sendTo(source, body[:1], body, body)
		} else {
			b.send(source, body)
		}
	}
	b.receive(source, 10)
	b.clock.Advance(30 * time.Second)
	if got := b.receive(source, 10); len(got) != 0 {
		b.t.Fatalf("received once more: %s", bodies(got))
	}
}

func TestAMessageReceivedTooOftenGoesToTheDeadLetterQueue(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("")
	sent, err := b.SendMessage(t.Context(), &awssqs.SendMessageInput{
		QueueUrl: &source, MessageBody: aws.String("m"), MessageAttributes: map[string]types.MessageAttributeValue{"a": text("b")},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.die(source)
	if got := b.counts(source); got != [3]string{"0", "0", "0"} {
		t.Errorf("the source has %v", got)
	}
	got := b.receive(dead, 10)
	if len(got) != 1 {
		t.Fatalf("the dead-letter queue gave %v", got)
	}
	m := got[0]
	if *m.MessageId != *sent.MessageId || *m.Body != "m" || *m.MessageAttributes["a"].StringValue != "b" {
		t.Errorf("message %+v", m)
	}
	if a := m.Attributes; a["DeadLetterQueueSourceArn"] != arnOf("source") || a["SentTimestamp"] != "1795262400000" || a["ApproximateReceiveCount"] != "1" || a["SenderId"] != account {
		t.Errorf("attributes %v", a)
	}
	out, err := b.ListDeadLetterSourceQueues(t.Context(), &awssqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dead})
	if err != nil || len(out.QueueUrls) != 1 || out.QueueUrls[0] != source {
		t.Errorf("sources %v, %v", out, err)
	}
}

func TestADeadLetterOfAStandardQueueExpiresByItsFirstSend(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("", "MessageRetentionPeriod", "60")
	b.die(source, "m")
	b.clock.Advance(29 * time.Second)
	if got := b.counts(dead); got[0] != "1" {
		t.Errorf("after 59 s: %v", got)
	}
	b.clock.Advance(time.Second)
	if got := b.counts(dead); got[0] != "0" {
		t.Errorf("after 60 s: %v", got)
	}
}

func TestWithoutItsDeadLetterQueueAMessageStays(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("")
	if _, err := b.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &dead}); err != nil {
		t.Fatal(err)
	}
	b.send(source, "m")
	for range 3 {
		if got := b.receive(source, 10); bodies(got) != "m" {
			t.Fatalf("received %v", got)
		}
		b.clock.Advance(30 * time.Second)
	}
}

func TestAFIFOQueuesDeadLettersKeepTheirOrder(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ(".fifo", "FifoQueue", "true")
	b.die(source, "a1", "a2", "b1")
	b.sendTo(source, "a", "a3", "a3")
	if got := bodies(b.receive(source, 10)); got != "a3" {
		t.Errorf("the source goes on with %q", got)
	}
	got := b.receive(dead, 10)
	if bodies(got) != "a1 a2 b1" || got[0].Attributes["MessageGroupId"] != "a" || got[0].Attributes["MessageDeduplicationId"] != "a1" {
		t.Errorf("the dead-letter queue gave %q, %v", bodies(got), got[0].Attributes)
	}
}

func (b *bench) tasks(arn string) []types.ListMessageMoveTasksResultEntry {
	b.t.Helper()
	out, err := b.ListMessageMoveTasks(b.t.Context(), &awssqs.ListMessageMoveTasksInput{SourceArn: &arn, MaxResults: aws.Int32(10)})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Results
}

// settled waits until the source's last move task has the status.
func (b *bench) settled(arn, status string) types.ListMessageMoveTasksResultEntry {
	b.t.Helper()
	for {
		if tasks := b.tasks(arn); aws.ToString(tasks[0].Status) == status {
			return tasks[0]
		}
		select {
		case <-b.t.Context().Done():
			b.t.Fatal("the task does not become " + status)
		default:
		}
	}
}

func (b *bench) move(in awssqs.StartMessageMoveTaskInput) string {
	b.t.Helper()
	in.SourceArn = aws.String(arnOf("dead"))
	out, err := b.StartMessageMoveTask(b.t.Context(), &in)
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.TaskHandle
}

func TestAMoveTaskBringsDeadLettersBackToWhereTheyCameFrom(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("")
	b.die(source, "a", "b")
	b.move(awssqs.StartMessageMoveTaskInput{})
	task := b.settled(arnOf("dead"), "COMPLETED")
	if task.ApproximateNumberOfMessagesMoved != 2 || *task.ApproximateNumberOfMessagesToMove != 2 || task.TaskHandle != nil || task.DestinationArn != nil || task.StartedTimestamp != noon.Add(30*time.Second).UnixMilli() {
		t.Errorf("task %+v", task)
	}
	got := b.receive(source, 10)
	if bodies(got) != "a b" || got[0].Attributes["ApproximateReceiveCount"] != "1" || got[0].Attributes["DeadLetterQueueSourceArn"] != "" || got[0].Attributes["SentTimestamp"] != "1795262430000" {
		t.Errorf("received %+v", got)
	}
	if got := b.counts(dead); got[0] != "0" {
		t.Errorf("the dead-letter queue has %v", got)
	}
}

func TestAMoveTaskToAnotherQueueKeepsItsRate(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("")
	other := b.queue("other")
	b.die(source, "a", "b", "c")
	b.send(dead, "sent straight")
	handle := b.move(awssqs.StartMessageMoveTaskInput{DestinationArn: aws.String(arnOf("other")), MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	for i, want := range []string{"1", "2"} {
		if err := b.clock.WaitForTimers(t.Context(), 2); err != nil { // the sweep's, and the task's pause
			t.Fatal(err)
		}
		if got := b.counts(other)[0]; got != want {
			t.Errorf("after %d s: %s moved, want %s", i, got, want)
		}
		if i == 0 {
			b.clock.Advance(time.Second)
		}
	}
	task := b.tasks(arnOf("dead"))[0]
	if *task.Status != "RUNNING" || *task.TaskHandle != handle || *task.MaxNumberOfMessagesPerSecond != 1 || *task.ApproximateNumberOfMessagesToMove != 4 {
		t.Errorf("task %+v", task)
	}
	_, err := b.StartMessageMoveTask(t.Context(), &awssqs.StartMessageMoveTaskInput{SourceArn: aws.String(arnOf("dead"))})
	wantError(t, err, "InvalidParameterValue", "There is already a task running.")
	out, err := b.CancelMessageMoveTask(t.Context(), &awssqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
	if err != nil || out.ApproximateNumberOfMessagesMoved < 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if task := b.settled(arnOf("dead"), "CANCELLED"); task.ApproximateNumberOfMessagesMoved != 2 {
		t.Errorf("cancelled %+v", task)
	}
	if got := b.counts(dead); got != [3]string{"2", "0", "0"} {
		t.Errorf("left %v", got)
	}
	_, err = b.CancelMessageMoveTask(t.Context(), &awssqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
	wantError(t, err, "AWS.SimpleQueueService.UnsupportedOperation", "CANCELLED")
}

func TestAMoveTaskGoesOnAfterARestart(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("")
	b.die(source, "a", "b", "c", "d")
	b.move(awssqs.StartMessageMoveTaskInput{MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	if err := b.clock.WaitForTimers(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	b.restart()
	for moved := 2; moved <= 4; moved++ {
		if err := b.clock.WaitForTimers(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Second)
	}
	b.settled(arnOf("dead"), "COMPLETED")
	if got := bodies(b.receive(source, 10)); got != "a b c d" {
		t.Errorf("moved %q", got)
	}
	if got := b.counts(dead)[0]; got != "0" {
		t.Errorf("left %s", got)
	}
	b.die(source) // all dead once more: a new task may start
	b.move(awssqs.StartMessageMoveTaskInput{})
	b.settled(arnOf("dead"), "COMPLETED")
	if got := b.tasks(arnOf("dead")); len(got) != 2 {
		t.Errorf("%d tasks are listed", len(got))
	}
}

func TestAMoveTaskFailsAndLeavesWhatItCannotMove(t *testing.T) {
	b := start(t, sqs.Options{})
	source, dead := b.withDLQ("")
	b.send(dead, "sent straight")
	b.move(awssqs.StartMessageMoveTaskInput{})
	if task := b.settled(arnOf("dead"), "FAILED"); *task.FailureReason != "CouldNotDetermineMessageSource" {
		t.Errorf("task %+v", task)
	}
	b.queue("other")
	b.clock.Advance(time.Second)
	b.die(source, "a")
	b.move(awssqs.StartMessageMoveTaskInput{DestinationArn: aws.String(arnOf("other")), MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	if err := b.clock.WaitForTimers(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: aws.String("other")}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Second)
	task := b.settled(arnOf("dead"), "FAILED")
	if *task.FailureReason != "AWS.SimpleQueueService.NonExistentQueue" || task.ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("task %+v", task)
	}
	got := b.receive(dead, 10)
	if len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("left %+v", got)
	}
}

func TestMoveTasksAreValidated(t *testing.T) {
	b := start(t, sqs.Options{})
	b.withDLQ("")
	b.queue("fifo.fifo", "FifoQueue", "true")
	for _, c := range []struct {
		source, destination string
		rate                int32
		code, text          string
	}{
		{arnOf("source"), "", 0, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."},
		{arnOf("none"), "", 0, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"dead", "", 0, "InvalidParameterValue", "SourceArn"},
		{arnOf("dead"), arnOf("none"), 0, "ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist."},
		{arnOf("dead"), arnOf("dead"), 0, "InvalidParameterValue", "can't be the same"},
		{arnOf("dead"), arnOf("fifo.fifo"), 0, "InvalidParameterValue", "same type"},
		{arnOf("dead"), "", 501, "InvalidParameterValue", "MaxNumberOfMessagesPerSecond"},
	} {
		in := &awssqs.StartMessageMoveTaskInput{SourceArn: &c.source}
		if c.destination != "" {
			in.DestinationArn = &c.destination
		}
		if c.rate != 0 {
			in.MaxNumberOfMessagesPerSecond = &c.rate
		}
		_, err := b.StartMessageMoveTask(t.Context(), in)
		wantError(t, err, c.code, c.text)
	}
	for handle, code := range map[string]string{
		"nonsense": "InvalidParameterValue",
		"eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoiYXJuOmF3czpzcXM6ZXUtd2VzdC0xOjExMTEyMjIyMzMzMzpkZWFkIn0=": "ResourceNotFoundException",
	} {
		_, err := b.CancelMessageMoveTask(t.Context(), &awssqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
		wantError(t, err, code, "")
	}
	if got := b.tasks(arnOf("dead")); len(got) != 0 {
		t.Errorf("tasks %v", got)
	}
}
