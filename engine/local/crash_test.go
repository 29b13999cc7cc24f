package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/enginetest"
)

// long is set by `SIGNALBOX_LONG=1 go test`, for crash tests of minutes.
var long = os.Getenv("SIGNALBOX_LONG") != ""

// A crash is what a machine would find on its disk after one.
type crash struct {
	fs                  *vfs.MemFS
	acknowledged, tried enginetest.Mark
	op                  string
}

// crashes takes clones of a file system, as a crash would leave it, before its
// operations.
type crashes struct {
	mem  *vfs.MemFS
	work *enginetest.Workload

	mu    sync.Mutex // guards what follows
	rng   *rand.Rand
	taken []crash
	syncs int
}

// MaybeError implements errorfs.Injector. It is called before every operation.
func (c *crashes) MaybeError(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.syncs++
	case errorfs.OpRename, errorfs.OpRemove, errorfs.OpCreate, errorfs.OpFileClose, errorfs.OpFileWrite:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.rng.IntN(10) > 0 {
			return nil
		}
	default:
		return nil
	}
	// Whoever could see what is not synced yet is given the time to.
	for range 30 {
		runtime.Gosched()
	}
	k := crash{op: fmt.Sprintf("%v %s, after %d syncs", op.Kind, op.Path, c.syncs), acknowledged: c.work.Mark()}
	// What was not synced may be lost whole, or in part.
	k.fs = c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * c.rng.IntN(3), RNG: c.rng})
	k.tried = c.work.Mark()
	c.taken = append(c.taken, k)
	return nil
}

func newCrashes(mem *vfs.MemFS, work *enginetest.Workload, seed uint64) *crashes {
	return &crashes{mem: mem, work: work, rng: rand.New(rand.NewPCG(seed, 8))}
}

func (c *crashes) String() string { return "crashes" }

func TestNothingAcknowledgedIsLostByACrashAtAnySync(t *testing.T) {
	seeds, steps := uint64(6), 16
	if long {
		seeds, steps = 60, 60
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := clock.NewFake(enginetest.Epoch)
			work := &enginetest.Workload{Seed: seed, Steps: steps, Clock: c}
			k := newCrashes(vfs.NewCrashableMem(), work, seed)
			// Small tables, so that flushes and compactions have their share.
			e, err := Open("data", Options{FS: errorfs.Wrap(k.mem, k), Clock: c, MemTableBytes: 64 << 10})
			if err != nil {
				t.Fatal(err)
			}
			if err := work.Run(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			k.taken = append(k.taken, crash{k.mem, work.Mark(), work.Mark(), "no crash"})
			again := 0
			for i, first := range k.taken {
				if i%20 == int(seed%20) {
					again += first.checkCrashesOfOpening(t, work, c, seed)
				}
				if err := first.check(t.Context(), work, c); err != nil {
					t.Fatalf("crash before %s: %v", first.op, err)
				}
			}
			t.Logf("%d crashes, %d of them while opening after another, %d syncs, %d facts", len(k.taken)+again, again, k.syncs, work.Mark())
		})
	}
}

// check opens what a crash left, and lets the workload look at it.
func (k *crash) check(ctx context.Context, work *enginetest.Workload, c *clock.Fake) error {
	e, err := Open("data", Options{FS: k.fs, Clock: c})
	if err != nil {
		return err
	}
	defer e.Close()
	return work.Check(ctx, e, k.acknowledged, k.tried)
}

// checkCrashesOfOpening opens what a crash left, and looks at what a second
// crash at that time leaves. It counts those.
func (k *crash) checkCrashesOfOpening(t *testing.T, work *enginetest.Workload, c *clock.Fake, seed uint64) int {
	mem := k.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(seed, 9))})
	again := newCrashes(mem, work, seed)
	e, err := Open("data", Options{FS: errorfs.Wrap(mem, again), Clock: c})
	if err != nil {
		t.Fatalf("crash before %s: %v", k.op, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, second := range again.taken {
		second.acknowledged, second.tried = k.acknowledged, k.tried
		if err := second.check(t.Context(), work, c); err != nil {
			t.Fatalf("crash before %s, and again before %s: %v", k.op, second.op, err)
		}
	}
	return len(again.taken)
}
