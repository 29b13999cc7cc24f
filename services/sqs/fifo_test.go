package sqs_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/services/sqs"
)

func TestAFIFOGroupIsHeldWhileAMessageIsInFlight(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	for _, m := range []string{"a1", "a2", "b1", "a3"} {
		b.sendTo(q, m[:1], "", m)
	}
	first := b.receive(q, 1)
	if bodies(first) != "a1" {
		t.Fatalf("first %s", bodies(first))
	}
	if got := bodies(b.receive(q, 10)); got != "b1" {
		t.Errorf("while a1 is in flight: %q", got)
	}
	b.delete(q, first[0])
	rest := b.receive(q, 10)
	if got := bodies(rest); got != "a2 a3" {
		t.Errorf("once a1 is deleted: %q", got)
	}
	b.delete(q, rest[1])
	b.sendTo(q, "a", "", "a4")
	if got := b.receive(q, 10); len(got) != 0 {
		t.Errorf("while a2 is in flight: %s", bodies(got))
	}
	b.clock.Advance(30 * time.Second)
	if got := bodies(b.receive(q, 10)); got != "a2 a4 b1" && got != "b1 a2 a4" {
		t.Errorf("once all timeouts are over: %q", got)
	}
}

func TestFIFOQueuesDropDuplicates(t *testing.T) {
	b := start(t, sqs.Options{})
	byID := b.queue("id.fifo", "FifoQueue", "true")
	first := b.sendTo(byID, "g", "d", "one")
	if len(*first.SequenceNumber) != 20 {
		t.Errorf("sequence number %s", *first.SequenceNumber)
	}
	again := b.sendTo(byID, "h", "d", "two")
	if *again.MessageId != *first.MessageId || *again.SequenceNumber != *first.SequenceNumber {
		t.Errorf("a duplicate is answered %s, %s; want %s, %s", *again.MessageId, *again.SequenceNumber, *first.MessageId, *first.SequenceNumber)
	}
	m := b.receive(byID, 10)
	if bodies(m) != "one" || m[0].Attributes["MessageDeduplicationId"] != "d" || m[0].Attributes["MessageGroupId"] != "g" || m[0].Attributes["SequenceNumber"] != *first.SequenceNumber {
		t.Errorf("received %+v", m)
	}
	b.delete(byID, m[0])
	b.sendTo(byID, "g", "d", "three")
	if got := b.receive(byID, 10); len(got) != 0 {
		t.Error("a duplicate of a deleted message came")
	}
	b.clock.Advance(5 * time.Minute)
	later := b.sendTo(byID, "g", "d", "four")
	if got := bodies(b.receive(byID, 10)); got != "four" {
		t.Errorf("after five minutes: %q", got)
	}
	if *later.SequenceNumber <= *first.SequenceNumber {
		t.Errorf("sequence numbers %s, then %s", *first.SequenceNumber, *later.SequenceNumber)
	}

	byContent := b.queue("content.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	b.sendTo(byContent, "g", "", "same")
	b.sendTo(byContent, "g", "", "same")
	b.sendTo(byContent, "g", "other", "same")
	if got := bodies(b.receive(byContent, 10)); got != "same same" {
		t.Errorf("by content: %q", got)
	}
	byGroup := b.queue("group.fifo", "FifoQueue", "true", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId")
	b.sendTo(byGroup, "g", "d", "one")
	b.sendTo(byGroup, "g", "d", "two")
	b.sendTo(byGroup, "h", "d", "three")
	if got := bodies(b.receive(byGroup, 10)); got != "one three" {
		t.Errorf("by group: %q", got)
	}
}

func TestAnExpiredHandleOfAFIFOQueueIsAnError(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q.fifo", "FifoQueue", "true")
	b.sendTo(q, "g", "d", "m")
	m := b.receive(q, 1)[0]
	b.clock.Advance(30 * time.Second)
	_, err := b.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &q, ReceiptHandle: m.ReceiptHandle})
	wantError(t, err, "InvalidParameterValue", "Reason: The receipt handle has expired.")
	m = b.receive(q, 1)[0]
	b.delete(q, m)
	b.delete(q, m)
}

func TestAReceiveAttemptIsAnsweredAgain(t *testing.T) {
	b := start(t, sqs.Options{})
	q := b.queue("q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	for i := range 3 {
		b.sendTo(q, "g", "", strconv.Itoa(i))
	}
	receive := func(attempt string) []types.Message {
		t.Helper()
		out, err := b.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &q, MaxNumberOfMessages: 2, ReceiveRequestAttemptId: &attempt})
		if err != nil {
			t.Fatal(err)
		}
		return out.Messages
	}
	first := receive("a")
	b.clock.Advance(20 * time.Second)
	again := receive("a")
	if bodies(first) != "0 1" || bodies(again) != "0 1" || *again[0].ReceiptHandle != *first[0].ReceiptHandle {
		t.Fatalf("first %q, again %q", bodies(first), bodies(again))
	}
	b.clock.Advance(20 * time.Second) // the visibility timeout began anew
	if got := receive("b"); len(got) != 0 {
		t.Errorf("another attempt got %q", bodies(got))
	}
	b.delete(q, first[0])
	b.delete(q, first[1])
	if got := bodies(receive("a")); got != "2" {
		t.Errorf("after the delete the attempt got %q", got)
	}
}

// TestFIFOOrderHolds sends, receives, deletes, lets time-outs run out and
// makes messages visible again at random: of each group, what is received is
// always the messages not deleted yet, in order, from the first on.
func TestFIFOOrderHolds(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			b := start(t, sqs.Options{})
			q := b.queue("q.fifo", "FifoQueue", "true")
			sent, deleted := map[string]int{}, map[string]map[int]bool{}
			var flying []types.Message
			until := map[string]time.Time{} // when the message's visibility timeout ends
			oldest := func(group string) int {
				n := 0
				for deleted[group][n] {
					n++
				}
				return n
			}
			sends := 0
			for range 250 {
				switch r.IntN(5) {
				case 0, 1:
					group := string(rune('a' + r.IntN(3)))
					b.sendTo(q, group, strconv.Itoa(sends), fmt.Sprint(group, sent[group]))
					sent[group]++
					sends++
				case 2:
					got := b.receive(q, int32(1+r.IntN(10)))
					next := map[string]int{}
					for _, m := range got {
						group := (*m.Body)[:1]
						n, _ := strconv.Atoi((*m.Body)[1:])
						if _, seen := next[group]; !seen {
							next[group] = oldest(group)
						}
						for deleted[group][next[group]] {
							next[group]++
						}
						if n != next[group] {
							t.Fatalf("group %s gave %d, its next is %d (of %s)", group, n, next[group], bodies(got))
						}
						for other, end := range until {
							if strings.HasPrefix(other, group) && end.After(b.clock.Now()) {
								t.Fatalf("%s came while %s was in flight", *m.Body, other)
							}
						}
						next[group]++
					}
					for _, m := range got {
						until[*m.Body] = b.clock.Now().Add(30 * time.Second)
						flying = append(flying, m)
					}
				case 3:
					if len(flying) == 0 {
						continue
					}
					i := r.IntN(len(flying))
					m := flying[i]
					flying = append(flying[:i], flying[i+1:]...)
					if !until[*m.Body].After(b.clock.Now()) {
						continue
					}
					if r.IntN(3) == 0 {
						if _, err := b.ChangeMessageVisibility(t.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &q, ReceiptHandle: m.ReceiptHandle}); err != nil {
							t.Fatal(err)
						}
					} else {
						b.delete(q, m)
						group := (*m.Body)[:1]
						n, _ := strconv.Atoi((*m.Body)[1:])
						if deleted[group] == nil {
							deleted[group] = map[int]bool{}
						}
						deleted[group][n] = true
					}
					delete(until, *m.Body)
				case 4:
					b.clock.Advance(time.Duration(r.IntN(20)) * time.Second)
					kept := flying[:0]
					for _, m := range flying {
						if until[*m.Body].After(b.clock.Now()) {
							kept = append(kept, m)
						} else {
							delete(until, *m.Body)
						}
					}
					flying = kept
				}
			}
			if sends == 0 || aws.ToString(&q) == "" {
				t.Fatal("nothing was sent")
			}
		})
	}
}
