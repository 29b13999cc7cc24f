package delivery

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/engine"
)

// sink takes everything at once.
type sink struct {
	batch int
	n     atomic.Int64
	want  int64
	done  chan struct{}
}

func (s *sink) MaxBatch() int { return s.batch }

func (s *sink) Deliver(_ context.Context, requests []Request) []Result {
	if s.n.Add(int64(len(requests))) == s.want {
		close(s.done)
	}
	return make([]Result, len(requests))
}

// BenchmarkOffer is events per second from a log through a target that takes
// no time, in lots as a log's reader hands them over.
func BenchmarkOffer(b *testing.B) {
	for _, c := range []struct {
		name  string
		batch int
		cfg   Config
	}{
		{"batch=1", 1, Config{}},
		{"batch=10", 10, Config{}},
		{"batch=100", 100, Config{}},
		{"batch=100/ordered", 100, Config{Order: PerGroup}},
		{"batch=1/transformed", 1, Config{Transform: func(dst []byte, e *Event) ([]byte, error) {
			return append(append(append(dst, `{"x":`...), e.Data...), '}'), nil
		}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := &sink{batch: c.batch, want: int64(b.N), done: make(chan struct{})}
			cfg := c.cfg
			cfg.Target, cfg.Policy = s, DefaultPolicy
			r := openRunner(b, openEngine(b, vfs.NewMem()), cfg)
			lot := events(1, 100)
			for i := range lot {
				lot[i].Data = make([]byte, 500)
				lot[i].Group = lot[i].ID
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n, next := 0, engine.Position(1); n < b.N; {
				for i := range lot {
					lot[i].Position = next
					next++
				}
				for left := lot[:min(len(lot), b.N-n)]; ; <-r.Room() {
					taken := r.Offer(left)
					n += taken
					if left = left[taken:]; len(left) == 0 {
						break
					}
				}
			}
			<-s.done
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkSubmit is events per second that are made durable, delivered, and
// settled, on a disk in memory, from 64 callers.
func BenchmarkSubmit(b *testing.B) {
	s := &sink{batch: 1, want: int64(b.N), done: make(chan struct{})}
	r := openRunner(b, openEngine(b, vfs.NewMem()), Config{Target: s})
	data := make([]byte, 500)
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := r.Submit(b.Context(), Event{ID: "x", Ingested: time.Now(), Data: data}); err != nil {
				b.Error(err)
			}
		}
	})
	<-s.done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
