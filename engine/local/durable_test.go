package local

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/enginetest"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// gate holds syncs of the log back once it is shut.
type gate struct {
	shut    chan struct{} // closed when syncs are to wait
	arrived chan struct{} // told by those that wait
	opened  chan struct{} // closed by open, when they may go on
	open    func()
}

func newGate() *gate {
	opened := make(chan struct{})
	return &gate{make(chan struct{}), make(chan struct{}, 100), opened, sync.OnceFunc(func() { close(opened) })}
}

func (g *gate) MaybeError(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		select {
		case <-g.shut:
			g.arrived <- struct{}{}
			<-g.opened
		default:
		}
	}
	return nil
}

func (g *gate) String() string { return "gate" }

// gated is an engine whose syncs wait from the next write on.
func gated(t *testing.T, prepare func(e *Engine)) (*Engine, *gate, *vfs.MemFS) {
	t.Helper()
	g, mem := newGate(), vfs.NewMem()
	e, err := Open("data", Options{FS: errorfs.Wrap(mem, g), Clock: clock.NewFake(enginetest.Epoch)})
	if err != nil {
		t.Fatal(err)
	}
	prepare(e)
	close(g.shut)
	return e, g, mem
}

func TestNothingIsSeenBeforeItIsDurable(t *testing.T) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// The collection is the first thing that is given a number.
	old := engine.Write{Collection: "c", Key: "old", Value: []byte("1")}
	e, g, _ := gated(t, func(e *Engine) {
		_, err := e.Records().Apply(ctx, old)
		must(err)
		_, err = e.Logs().Append(ctx, "l", []byte("a"))
		must(err)
		_, err = e.Queues().Enqueue(ctx, "q", engine.Message{Body: []byte("a"), Group: "g"})
		must(err)
	})
	defer e.Close()
	defer g.open()
	follower, err := e.Logs().Open(ctx, "l", 2)
	must(err)
	done := make(chan error, 10)
	write := func(f func() error) { go func() { done <- f() }() }
	write(func() error { _, err := e.Logs().Append(ctx, "l", []byte("b")); return err })
	<-g.arrived // the others go into later batches, which are applied meanwhile
	write(func() error {
		_, err := e.Records().Apply(ctx, engine.Write{Collection: "c", Key: "old"}, engine.Write{Collection: "c", Key: "new", Value: []byte("1")})
		return err
	})
	write(func() error {
		_, err := e.Queues().Enqueue(ctx, "q", engine.Message{Body: []byte("b")}, engine.Message{Body: []byte("c"), Group: "g"})
		return err
	})
	write(func() error { return e.Logs().Trim(ctx, "l", 2) })
	l, err := e.log("l", false)
	must(err)
	waitUntil(t, func() bool { // all of it is in the database
		record, err1 := store.Has(e.store.DB, recordKey(1, "new"))
		message := false // the body, which is the end of it
		err2 := store.Scan(e.store.DB, []byte{store.RoomQueues}, []byte{store.RoomQueues + 1}, func(_, v []byte) (bool, error) {
			message = message || len(v) > 20 && v[len(v)-1] == 'c'
			return true, nil
		})
		entry, err3 := store.Has(e.store.DB, entryKey(nil, l.id, 1))
		must(errors.Join(err1, err2, err3))
		return record && message && !entry
	})

	if _, next, err := e.Logs().Bounds(ctx, "l"); err != nil || next != 2 {
		t.Errorf("the log ends at %d, %v, before the second entry is durable", next, err)
	}
	if first, _, err := e.Logs().Bounds(ctx, "l"); err != nil || first != 1 {
		t.Errorf("the log begins at %d, %v, before the trim is durable", first, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if got, wait, err := follower.(*reader).poll(nil, 1); len(got) > 0 || wait == nil || err != nil {
		t.Errorf("a reader has read %v, %v", got, err)
	}
	if _, err := follower.Next(ended, nil, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader ends with %v", err)
	}
	if _, err := e.Records().Get(ctx, "c", "old"); err != nil {
		t.Errorf("a record is gone before that is durable: %v", err)
	}
	if list, err := e.Records().List(ctx, "c", "", "", 0); err != nil || len(list) != 1 {
		t.Errorf("records are listed before they are durable: %v %v", list, err)
	}
	if d, err := e.Queues().Depth(ctx, "q"); err != nil || d.Due != 1 {
		t.Errorf("the queue counts %+v, %v", d, err)
	}
	if got, err := e.Queues().Lease(ctx, "q", 10, time.Minute); err != nil || len(got) != 1 {
		t.Errorf("leased are %v, %v", got, err)
	}
	select {
	case err := <-done:
		t.Errorf("a write is answered before it is durable: %v", err)
	default:
	}

	g.open()
	for range 4 {
		must(<-done)
	}
	if got, err := follower.Next(ctx, nil, 10); err != nil || len(got) != 1 || string(got[0].Data) != "b" {
		t.Errorf("the reader reads %v, %v", got, err)
	}
	if list, err := e.Records().List(ctx, "c", "", "", 0); err != nil || len(list) != 1 || list[0].Key != "new" {
		t.Errorf("listed are %v, %v", list, err)
	}
	if got, err := e.Queues().Lease(ctx, "q", 10, time.Minute); err != nil || len(got) != 1 || string(got[0].Body) != "b" {
		t.Errorf("leased are %v, %v", got, err)
	}
}

func TestABodyThatIsPutBackIsNotLeasedBeforeItIsDurable(t *testing.T) {
	ctx := t.Context()
	var token string
	e, g, _ := gated(t, func(e *Engine) {
		_, err := e.Queues().Enqueue(ctx, "q", engine.Message{Body: []byte("old")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Queues().Lease(ctx, "q", 1, time.Hour)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		token = got[0].Token
	})
	defer e.Close()
	defer g.open()
	done := make(chan error, 1)
	go func() { done <- e.Queues().PutBack(ctx, "q", token, enginetest.Epoch, true, []byte("new")) }()
	<-g.arrived
	if got, err := e.Queues().Lease(ctx, "q", 1, time.Hour); err != nil || len(got) > 0 {
		t.Errorf("before the body is durable %v is leased, %v", got, err)
	}
	g.open()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, err := e.Queues().Lease(ctx, "q", 1, time.Hour); err != nil || len(got) != 1 || string(got[0].Body) != "new" || got[0].Leases != 2 {
		t.Errorf("then %v is leased, %v", got, err)
	}
}

// waitUntil waits for what the committer does on its own.
func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("the committer does not go on")
		}
	}
}

func TestWhatIsHandedInDuringAPurgeFindsNoMessage(t *testing.T) {
	ctx := t.Context()
	var leased []engine.Leased
	e, g, mem := gated(t, func(e *Engine) {
		var err error
		if _, err = e.Queues().Enqueue(ctx, "q", make([]engine.Message, 3)...); err == nil {
			leased, err = e.Queues().Lease(ctx, "q", 2, time.Minute)
		}
		if err != nil || len(leased) != 2 {
			t.Fatal(leased, err)
		}
	})
	defer g.open()
	purged, settled, put := make(chan error, 1), make(chan int, 1), make(chan error, 1)
	go func() { purged <- e.Queues().Purge(ctx, "q") }()
	<-g.arrived
	go func() {
		n := 0
		done, err := e.Queues().Settle(ctx, "q", leased[0].Token)
		if err != nil {
			n = -1
		} else if done[0] {
			n = 1
		}
		settled <- n
	}()
	go func() { put <- e.Queues().PutBack(ctx, "q", leased[1].Token, enginetest.Epoch, false, nil) }()
	waitUntil(t, func() bool {
		return e.store.Gathered() == 2
	})
	g.open()
	if err := <-purged; err != nil {
		t.Fatal(err)
	}
	if n := <-settled; n != 0 {
		t.Errorf("%d purged messages are settled", n)
	}
	if err := <-put; !errors.Is(err, engine.ErrLease) {
		t.Errorf("a purged message is put back: %v", err)
	}
	for range 2 {
		if d, err := e.Queues().Depth(ctx, "q"); err != nil || d != (engine.Depth{}) {
			t.Errorf("the purged queue counts %+v, %v", d, err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if e, err = Open("data", Options{FS: mem, Clock: clock.NewFake(enginetest.Epoch)}); err != nil {
			t.Fatal(err)
		}
	}
	e.Close()
}
