package sqs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/signalbox/signalbox/services/sqs"
)

type polled struct {
	out *awssqs.ReceiveMessageOutput
	err error
}

// poll begins a long poll and returns once it waits.
func (b *bench) poll(ctx context.Context, url string, seconds int32) chan polled {
	b.t.Helper()
	c := make(chan polled, 1)
	go func() {
		out, err := b.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: seconds})
		c <- polled{out, err}
	}()
	if err := b.clock.WaitForTimers(b.t.Context(), 2); err != nil { // the sweep's, and ours
		b.t.Fatal(err)
	}
	return c
}

func TestALongPollEndsWithAMessage(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	c := b.poll(t.Context(), q, 20)
	b.send(q, "m")
	if got := <-c; got.err != nil || bodies(got.out.Messages) != "m" {
		t.Errorf("%+v", got)
	}
}

func TestALongPollEndsWhenADelayedMessageFallsDue(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q", "ReceiveMessageWaitTimeSeconds", "20", "DelaySeconds", "5")
	b.send(q, "m")
	c := make(chan polled, 1)
	go func() {
		out, err := b.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q})
		c <- polled{out, err}
	}()
	if err := b.clock.WaitForTimers(t.Context(), 3); err != nil { // the sweep's, the poll's end, the message's time
		t.Fatal(err)
	}
	b.clock.Advance(5 * time.Second)
	if got := <-c; got.err != nil || bodies(got.out.Messages) != "m" {
		t.Errorf("%+v", got)
	}
}

func TestALongPollEndsWithItsTime(t *testing.T) {
	b := start(t, sqs.Options{})
	c := b.poll(t.Context(), b.queue("q"), 20)
	b.clock.Advance(20 * time.Second)
	if got := <-c; got.err != nil || len(got.out.Messages) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestALongPollEndsWithItsQueue(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	c := b.poll(t.Context(), q, 20)
	if _, err := b.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &q}); err != nil {
		t.Fatal(err)
	}
	wantError(t, (<-c).err, "AWS.SimpleQueueService.NonExistentQueue", "")
}

func TestALongPollEndsWithTheService(t *testing.T) {
	b := start(t, sqs.Options{})
	c := b.poll(t.Context(), b.queue("q"), 20)
	if err := b.service.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-c; got.err != nil || len(got.out.Messages) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestALongPollEndsWithItsClient(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q")
	ctx, cancel := context.WithCancel(t.Context())
	c := b.poll(ctx, q, 20)
	cancel()
	if got := <-c; !errors.Is(got.err, context.Canceled) {
		t.Errorf("%+v", got)
	}
	b.server.Config.SetKeepAlivesEnabled(false)
	b.server.Close() // waits for the handler
	if err := b.service.Deliver(arnOf("q"), "m"); err != nil {
		t.Fatal(err)
	}
	got, err := b.service.Receive(t.Context(), arnOf("q"), sqs.ReceiveParams{})
	if err != nil || len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("%v, %v", got, err)
	}
}
