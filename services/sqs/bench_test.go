package sqs_test

import (
	"context"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/wire"
)

// BenchmarkSend sends durably with 64 writers, beside the bare engine.
func BenchmarkSend(b *testing.B) {
	body := `{"order_id":"1234567890","state":"created","padding":"0123456789012345678901234567890123456789012345678901234567890123456789"}`
	open := func(b *testing.B) (engine.Engine, *sqs.Service, context.Context) {
		e, err := local.Open(b.TempDir(), local.Options{})
		if err != nil {
			b.Fatal(err)
		}
		s, err := sqs.New(e, clock.Real(), sqs.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _, _ = s.Close(context.Background()), e.Close() })
		ctx := wire.NewContext(context.Background(), &wire.Request{Account: account, Region: region})
		if _, err := s.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: new("q")}); err != nil {
			b.Fatal(err)
		}
		return e, s, ctx
	}
	b.Run("engine", func(b *testing.B) {
		e, _, ctx := open(b)
		b.SetParallelism(32)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if _, err := e.Queues().Enqueue(ctx, "q", engine.Message{Body: []byte(body)}); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("service", func(b *testing.B) {
		_, s, ctx := open(b)
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if _, err := s.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: new("q"), MessageBody: &body}); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("target in batches of 256", func(b *testing.B) {
		_, s, ctx := open(b)
		target := s.Target(arnOf("q"), sqs.TargetParams{})
		batch := make([]delivery.Request, 256)
		for i := range batch {
			batch[i] = delivery.Request{Event: &delivery.Event{}, Input: []byte(body)}
		}
		b.ReportAllocs()
		for n := 0; n < b.N; n += len(batch) {
			for _, r := range target.Deliver(ctx, batch) {
				if r.Kind != delivery.Success {
					b.Fatal(r)
				}
			}
		}
	})
}

// BenchmarkReceiveDelete receives ten and deletes them, one consumer.
func BenchmarkReceiveDelete(b *testing.B) {
	e, err := local.Open(b.TempDir(), local.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := sqs.New(e, clock.Real(), sqs.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _, _ = s.Close(context.Background()), e.Close() }()
	ctx := wire.NewContext(context.Background(), &wire.Request{Account: account, Region: region})
	if _, err := s.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: new("q")}); err != nil {
		b.Fatal(err)
	}
	target := s.Target(arnOf("q"), sqs.TargetParams{})
	batch := make([]delivery.Request, 256)
	for i := range batch {
		batch[i] = delivery.Request{Event: &delivery.Event{}, Input: []byte("body")}
	}
	for n := 0; n < b.N; n += len(batch) {
		target.Deliver(ctx, batch)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		got, err := s.Receive(ctx, arnOf("q"), sqs.ReceiveParams{Max: 10, Visibility: time.Hour})
		if err != nil || len(got) == 0 {
			b.Fatal(len(got), err)
		}
		tokens := make([]string, len(got))
		for i := range got {
			tokens[i] = got[i].Token
		}
		if err := s.Settle(ctx, arnOf("q"), tokens...); err != nil {
			b.Fatal(err)
		}
		n += len(got)
	}
}
