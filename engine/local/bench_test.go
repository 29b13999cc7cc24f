package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/signalbox/signalbox/engine"
)

// The benchmarks work on the machine's own disk, in the directory for
// temporary files; or in memory with SIGNALBOX_SYNC=300us, as on a disk that
// takes so long for a sync, where what is measured does not depend on what
// else the disk has to do. Those of writes first run a bare database, one synced batch
// for each call, and report how much faster the engine is: "x-bare".

func benchFS(b *testing.B) vfs.FS {
	b.Helper()
	s := os.Getenv("SIGNALBOX_SYNC")
	if s == "" {
		return vfs.Default
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		b.Fatal(err)
	}
	return errorfs.Wrap(vfs.NewMem(), slowSync(d))
}

// slowSync makes every sync take its time.
type slowSync time.Duration

func (s slowSync) MaybeError(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		nap(time.Duration(s))
	}
	return nil
}

func (s slowSync) String() string { return "slow" }

func benchEngine(b *testing.B) *Engine {
	b.Helper()
	e, err := Open(b.TempDir(), Options{FS: benchFS(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	return e
}

// share lets workers make n calls together.
func share(n, workers int, f func(worker, i int) error) (time.Duration, error) {
	var next atomic.Int64
	var failed atomic.Value
	var group sync.WaitGroup
	start := time.Now()
	for w := range workers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() != nil {
					return
				}
				if err := f(w, i); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	group.Wait()
	err, _ := failed.Load().(error)
	return time.Since(start), err
}

// quiet is a logger of databases.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// bare is how long a bare database takes for n batches.
func bare(b *testing.B, n, workers, entries int, value []byte) time.Duration {
	b.Helper()
	db, err := pebble.Open(b.TempDir(), &pebble.Options{FS: benchFS(b), MemTableSize: 16 << 20, Logger: quiet{}})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	took, err := share(n, workers, func(w, i int) error {
		batch := db.NewBatch()
		for k := range entries {
			key := binary.BigEndian.AppendUint64([]byte("log/1"), uint64(i*entries+k))
			if err := batch.Set(key, value, nil); err != nil {
				return err
			}
		}
		return batch.Commit(pebble.Sync)
	})
	if err != nil {
		b.Fatal(err)
	}
	return took
}

func BenchmarkAppend(b *testing.B) {
	for _, workers := range []int{1, 64} {
		for _, entries := range []int{1, 10} {
			b.Run(fmt.Sprintf("writers=%d/entries=%d", workers, entries), func(b *testing.B) {
				value := make([]byte, 300)
				data := make([][]byte, entries)
				for i := range data {
					data[i] = value
				}
				base := bare(b, b.N, workers, entries, value)
				e := benchEngine(b)
				ctx := context.Background()
				b.ReportAllocs()
				b.ResetTimer()
				took, err := share(b.N, workers, func(w, i int) error {
					_, err := e.Logs().Append(ctx, "log", data...)
					return err
				})
				b.StopTimer()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(base)/float64(took), "x-bare")
				b.ReportMetric(float64(b.N*entries)/took.Seconds(), "entries/s")
			})
		}
	}
}

// BenchmarkTail appends with 64 writers while readers follow at the tail.
func BenchmarkTail(b *testing.B) {
	for _, readers := range []int{1, 8} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			e := benchEngine(b)
			ctx := context.Background()
			value := make([]byte, 300)
			var group sync.WaitGroup
			for range readers {
				r, err := e.Logs().Open(ctx, "log", 1)
				if err != nil {
					b.Fatal(err)
				}
				group.Go(func() {
					defer r.Close()
					var got []engine.Entry
					for n := 0; n < b.N; n += len(got) {
						var err error
						if got, err = r.Next(ctx, got[:0], 256); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			b.ResetTimer()
			_, err := share(b.N, 64, func(w, i int) error {
				_, err := e.Logs().Append(ctx, "log", value)
				return err
			})
			group.Wait()
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkCatchUp reads a log from its beginning out of the database.
func BenchmarkCatchUp(b *testing.B) {
	for _, chunk := range []int{1, 256} {
		b.Run(fmt.Sprintf("chunk=%d", chunk), func(b *testing.B) {
			e := benchEngine(b)
			ctx := context.Background()
			data := make([][]byte, 1000)
			for i := range data {
				data[i] = make([]byte, 300)
			}
			for n := 0; n < b.N; n += len(data) {
				if _, err := e.Logs().Append(ctx, "log", data...); err != nil {
					b.Fatal(err)
				}
			}
			r, err := e.Logs().Open(ctx, "log", 1)
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			b.ReportAllocs()
			b.ResetTimer()
			var got []engine.Entry
			for n := 0; n < b.N; n += len(got) {
				if got, err = r.Next(ctx, got[:0], chunk); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct{ workers, batch int }{{1, 1}, {64, 1}, {64, 10}} {
		for _, group := range []string{"", "group"} {
			name := fmt.Sprintf("workers=%d/batch=%d%s", c.workers, c.batch, map[string]string{"": "", "group": "/groups"}[group])
			b.Run(name, func(b *testing.B) {
				base := bare(b, b.N, c.workers, c.batch, make([]byte, 300))
				e := benchEngine(b)
				ctx := context.Background()
				b.ResetTimer()
				took, err := share(b.N, c.workers, func(w, i int) error {
					list := make([]engine.Message, c.batch)
					for k := range list {
						list[k].Body = make([]byte, 300)
						if group != "" {
							list[k].Group = fmt.Sprint(group, w)
						}
					}
					_, err := e.Queues().Enqueue(ctx, "q", list...)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(base)/float64(took), "enqueue-x-bare")
				var settled atomic.Int64
				took2, err := share(1<<62, c.workers, func(w, i int) error {
					got, err := e.Queues().Lease(ctx, "q", c.batch, time.Minute)
					if err != nil {
						return err
					}
					tokens := make([]string, len(got))
					for i := range got {
						tokens[i] = got[i].Token
					}
					done, err := e.Queues().Settle(ctx, "q", tokens...)
					if settled.Add(int64(len(done))) >= int64(b.N*c.batch) {
						return errDrained
					}
					return err
				})
				if err != nil && err != errDrained {
					b.Fatal(err)
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N*c.batch)/took.Seconds(), "enqueued/s")
				b.ReportMetric(float64(b.N*c.batch)/took2.Seconds(), "settled/s")
			})
		}
	}
}

var errDrained = fmt.Errorf("drained")

func BenchmarkApply(b *testing.B) {
	for _, workers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", workers), func(b *testing.B) {
			e := benchEngine(b)
			value := make([]byte, 300)
			b.ResetTimer()
			_, err := share(b.N, workers, func(w, i int) error {
				_, err := e.Records().Apply(context.Background(), engine.Write{Collection: "c", Key: fmt.Sprint(i % 1000), Value: value})
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkOpen opens a directory that holds a hundred thousand messages.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	e, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	list := make([]engine.Message, 1000)
	for range 100 {
		if _, err := e.Queues().Enqueue(context.Background(), "q", list...); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		if e, err = Open(dir, Options{}); err != nil {
			b.Fatal(err)
		}
		if d, err := e.Queues().Depth(context.Background(), "q"); err != nil || d.Due != 100_000 {
			b.Fatal(d, err)
		}
	}
	e.Close()
}
