package pattern

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/signalbox/signalbox/pattern/internal/lots"
)

func matcherOf(tb testing.TB, rules []string) *Matcher[int] {
	m := NewMatcher[int]()
	for i, text := range rules {
		p, err := Parse([]byte(text))
		if err != nil {
			tb.Fatal(err)
		}
		if err := m.Put(i, p); err != nil {
			tb.Fatal(err)
		}
	}
	return m
}

// threadTime is the processor time of the thread: other processes do not count.
func threadTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(1 /* RUSAGE_THREAD */, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchmarkMatch(b *testing.B, m *Matcher[int], events [][]byte) {
	var keys []int
	var err error
	bytes := 0
	for _, e := range events {
		bytes += len(e)
	}
	b.SetBytes(int64(bytes / len(events)))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	begin := threadTime()
	defer func() {
		b.ReportMetric(float64(threadTime()-begin)/float64(b.N), "cpu-ns/op")
	}()
	for i := range b.N {
		if keys, err = m.Match(keys[:0], events[i%len(events)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRulerSets(b *testing.B) {
	events := lots.Events(5_000)
	for _, s := range lots.Sets() {
		m := matcherOf(b, s.Rules)
		b.Run(s.Name, func(b *testing.B) { benchmarkMatch(b, m, events) })
	}
}

func BenchmarkRuleCounts(b *testing.B) {
	events := lots.Events(5_000)
	for _, two := range []bool{false, true} {
		for _, n := range lots.Counts {
			s := lots.Many(n, two)
			m := matcherOf(b, s.Rules)
			b.Run(s.Name, func(b *testing.B) { benchmarkMatch(b, m, events) })
		}
	}
}

// Goroutines share nothing that is written, so twice the cores match twice the
// events.
func BenchmarkParallel(b *testing.B) {
	events := lots.Events(5_000)
	m := matcherOf(b, lots.Many(1_000, true).Rules)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var keys []int
		var err error
		for i := 0; pb.Next(); i++ {
			if keys, err = m.Match(keys[:0], events[i%len(events)]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
