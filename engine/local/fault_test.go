package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/enginetest"
)

var errDisk = errors.New("the disk is broken")

// broken lets a number of operations of some kinds pass and fails the next,
// or all later ones.
type broken struct {
	kinds []errorfs.OpKind
	once  bool
	left  atomic.Int64
	hit   atomic.Bool
}

func (b *broken) MaybeError(op errorfs.Op) error {
	for _, k := range b.kinds {
		if op.Kind != k {
			continue
		}
		if left := b.left.Add(-1); left == -1 || left < 0 && !b.once {
			b.hit.Store(true)
			return fmt.Errorf("%v %s: %w", op.Kind, op.Path, errDisk)
		}
	}
	return nil
}

func (b *broken) String() string { return "broken" }

func TestABrokenDiskStopsWritesAndLosesNothingAcknowledged(t *testing.T) {
	rounds := 12
	if long {
		rounds = 150
	}
	for _, kind := range []struct {
		name string
		once bool
		span int // about how many of these operations there are
		ops  []errorfs.OpKind
	}{
		{"syncs fail", false, 80, []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}},
		{"one sync fails", true, 80, []errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}},
		{"writes fail", false, 90, []errorfs.OpKind{errorfs.OpFileWrite}},
		{"files cannot be made", false, 30, []errorfs.OpKind{errorfs.OpCreate, errorfs.OpReuseForWrite}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			hits := 0
			for round := range rounds {
				b := &broken{kinds: kind.ops, once: kind.once}
				b.left.Store(int64(round * kind.span / rounds))
				if brokenRound(t, b, uint64(round)) {
					hits++
				}
			}
			if hits < rounds/2 {
				t.Errorf("only %d of %d rounds met a fault", hits, rounds)
			}
		})
	}
}

// brokenRound works until the disk breaks, and tells whether it did. Then it
// looks at what a disk that forgot all that was not synced holds.
func brokenRound(t *testing.T, b *broken, seed uint64) bool {
	t.Helper()
	mem, c := vfs.NewCrashableMem(), clock.NewFake(enginetest.Epoch)
	work := &enginetest.Workload{Seed: seed, Steps: 20, Clock: c}
	e, err := Open("data", Options{FS: errorfs.Wrap(mem, b), Clock: c, MemTableBytes: 64 << 10})
	if err != nil {
		if !errors.Is(err, errDisk) {
			t.Fatalf("opening: %v", err)
		}
	} else {
		err := work.Run(t.Context(), e)
		if err != nil && !b.hit.Load() {
			t.Fatalf("the work failed on a good disk: %v", err)
		}
		if failure := e.store.Failure(); failure != nil {
			refuses(t, e, failure)
		}
		if err := e.Close(); err == nil && e.store.Failure() != nil {
			t.Fatal("closing hides that the engine has failed")
		}
	}
	k := crash{acknowledged: work.Mark(), tried: work.Mark()}
	k.fs = mem.CrashClone(vfs.CrashCloneCfg{RNG: rand.New(rand.NewPCG(seed, 10))})
	if err := k.check(t.Context(), work, c); err != nil {
		t.Fatalf("after a fault: %v", err)
	}
	return b.hit.Load()
}

// refuses checks that a failed engine takes no write and says why, and can
// still be read.
func refuses(t *testing.T, e *Engine, failure error) {
	t.Helper()
	ctx := t.Context()
	_, err1 := e.Logs().Append(ctx, "l", []byte("x"))
	_, err2 := e.Queues().Enqueue(ctx, "q", engine.Message{})
	_, err3 := e.Records().Apply(ctx, engine.Write{Collection: "c", Key: "k", Value: []byte("x")})
	for _, err := range []error{err1, err2, err3} {
		if err == nil || err.Error() != failure.Error() {
			t.Fatalf("a write after the failure is answered %v, want %v", err, failure)
		}
	}
	_, err1 = e.Records().List(ctx, "left", "", "", 0)
	_, _, err2 = e.Logs().Bounds(ctx, "log/a")
	_, err3 = e.Queues().Depth(ctx, "queue")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatalf("reading after the failure: %v", err)
	}
}
