package pattern

import (
	"runtime"
	"testing"

	"github.com/signalbox/signalbox/pattern/internal/lots"
)

func BenchmarkPutAmong100000(b *testing.B) {
	rules := lots.Many(100_000, false).Rules
	var patterns []*Pattern
	for _, r := range rules {
		p, err := Parse([]byte(r))
		if err != nil {
			b.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	m := NewMatcher[int]()
	for i, p := range patterns {
		m.Put(i, p)
	}
	b.ResetTimer()
	b.ReportAllocs()
	for i := range b.N {
		m.Put(i%len(patterns), patterns[(i*7)%len(patterns)])
	}
}

func BenchmarkMemoryOf100000Rules(b *testing.B) {
	for range b.N {
		rules := lots.Many(100_000, false).Rules
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		m := matcherOf(b, rules)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/100_000, "B/rule")
		runtime.KeepAlive(m)
		runtime.KeepAlive(rules)
	}
}
