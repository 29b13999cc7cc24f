package delivery

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
)

func TestAThousandDeadTargetsShareBoundedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const total, dead, size = 64 << 20, 1000, 32 << 10
		eng := openEngine(t, vfs.NewMem())
		memory := NewMemory(total)
		open := func(name string, target Target, l *ledger) *Runner {
			r, err := Open(t.Context(), eng, clock.Real(), name, Config{Target: target, Observer: l, Policy: DefaultPolicy, Memory: memory, Timeout: time.Hour, Concurrency: 4})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		data := make([]byte, size) // of all events: only the books grow
		large := func(n int) []Event {
			es := events(1, n)
			for i := range es {
				es[i].Data = data
			}
			return es
		}
		hang := &probe{answer: func(ctx context.Context, _ Request) Result { <-ctx.Done(); return refused }}
		var runners []*Runner
		held := func() (n int) {
			for _, r := range runners {
				r.mu.Lock()
				n += r.offered.bytes + r.leasedBytes
				r.mu.Unlock()
			}
			return n
		}
		for i := range dead {
			r := open(fmt.Sprint("dead", i), hang, nil)
			runners = append(runners, r)
			if r.Offer(large(1000)) == 0 {
				t.Fatalf("runner %d takes nothing", i)
			}
			if i == 0 && held() < total/10 {
				t.Errorf("the first alone holds %d", held())
			}
		}
		if n := held(); n > total+dead*2*minHeldBytes || int64(n) != memory.used.Load() {
			t.Errorf("%d runners hold %d bytes, and it is noted that they hold %d", dead, n, memory.used.Load())
		}
		l := &ledger{}
		r := open("alive", &probe{}, l)
		offer(t, r, large(1000)) // the others hold up nobody
		l.settled(t, 1000)
		closeRunner(t, r)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for _, r := range runners {
			_ = r.Close(ctx)
		}
		if n := memory.used.Load(); n != 0 {
			t.Errorf("after all are closed %d bytes are held", n)
		}
	})
}
