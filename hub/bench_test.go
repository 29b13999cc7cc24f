package hub

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine/local"
)

// counter is a target in this process that takes batches.
type counter struct {
	n    atomic.Int64
	want atomic.Int64
	done chan struct{}
}

func (c *counter) MaxBatch() int { return 100 }

func (c *counter) Deliver(_ context.Context, requests []delivery.Request) []delivery.Result {
	if n := int64(len(requests)); c.n.Add(n) == c.want.Load() {
		close(c.done)
	}
	return make([]delivery.Result, len(requests))
}

// BenchmarkSustained puts events, ten at a time from 32 writers, durably on the
// disk: with nobody subscribed, and with one of 1 and of 1,000 rules matching
// each event and delivering it to a target in this process. An op is an event
// that was put and, where somebody is subscribed, delivered.
//
// events/s of the second and third over events/s of the first is to be 0.67 at least.
func BenchmarkSustained(b *testing.B) {
	for _, rules := range []int{0, 1, 1000} {
		b.Run(fmt.Sprint("rules=", rules), func(b *testing.B) { sustained(b, rules) })
	}
}

func sustained(b *testing.B, rules int) {
	eng, err := local.Open(b.TempDir(), local.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer eng.Close()
	h := New(eng, Options{Clock: clock.Real()})
	defer h.Close(context.Background())
	const writers, entries = 32, 10
	puts := (b.N + writers*entries - 1) / (writers * entries)
	target := &counter{done: make(chan struct{})}
	target.want.Store(int64(puts * writers * entries))
	for i := range rules {
		p := parse(b, fmt.Sprintf(`{"source":["shop"],"detail":{"number":[%d]}}`, i))
		err := h.Subscribe(b.Context(), "shop", Subscription{
			ID: fmt.Sprint(i), Rule: fmt.Sprint("arn:aws:events:us-east-1:111122223333:rule/shop/", i),
			Target: "arn:aws:sqs:us-east-1:111122223333:q", Pattern: p, Delivery: to(target),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			events := make([]Event, entries)
			for i := range puts {
				for j := range events {
					n := 0
					if rules > 0 {
						n = (w*puts*entries + i*entries + j) % rules
					}
					events[j] = order(n)
				}
				if _, err := h.Put(context.Background(), "shop", events); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if rules > 0 {
		<-target.done
	}
	b.StopTimer()
	b.ReportMetric(float64(target.want.Load())/b.Elapsed().Seconds(), "events/s")
}
