package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// logs implements engine.Logs.
type logs struct{ e *Engine }

// A log is known in memory once it was written to or opened.
type log struct {
	e    *Engine
	name string

	// The committer's.
	id      uint32 // zero: nothing was written yet. Readers may look at it once published is above 1
	first   engine.Position
	next    engine.Position
	time    int64          // of the last entry
	staging *stagedEntries // of the batch that is prepared

	mu        sync.Mutex // guards what follows
	kept      engine.Position
	published engine.Position // what lies below is durable
	tail      tail
	readers   int
	changed   chan struct{} // closed when something is published; nil where nobody waits
	dropped   bool
}

// stagedEntries are what one batch appends to one log.
type stagedEntries struct {
	commit  *store.Commit
	log     *log
	entries []engine.Entry
}

// log finds a log; nil where it was never written to and create is false.
func (e *Engine) log(name string, create bool) (*log, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.logs[name]; l != nil {
		return l, nil
	}
	id, err := e.store.Lookup(store.KindLog, name)
	if err != nil || id == 0 && !create {
		return nil, err
	}
	l := &log{e: e, name: name, id: id, first: 1, next: 1}
	if id != 0 {
		if err := l.load(); err != nil {
			return nil, err
		}
	}
	l.kept, l.published = l.first, l.next
	e.logs[name] = l
	return l, nil
}

// load reads where the log begins and ends. Bounds are written when a log is
// trimmed; the last entry tells the rest.
func (l *log) load() error {
	b, err := store.Get(l.e.store.DB, boundsKey(l.id))
	if err != nil {
		return err
	}
	if len(b) == 24 {
		l.first = engine.Position(binary.BigEndian.Uint64(b))
		l.next = engine.Position(binary.BigEndian.Uint64(b[8:]))
		l.time = int64(binary.BigEndian.Uint64(b[16:]))
	}
	it, err := l.iterator(l.first, math.MaxUint64)
	if err != nil {
		return err
	}
	if it.Last() {
		var v []byte
		if v, err = it.ValueAndErr(); err == nil {
			l.next = positionOf(it.Key()) + 1
			l.time = timeOf(v)
		}
	}
	if err := errors.Join(err, it.Close()); err != nil {
		return fmt.Errorf("reading the end of log %q: %w", l.name, err)
	}
	return nil
}

func (l *log) iterator(from, to engine.Position) (*pebble.Iterator, error) {
	return l.e.store.DB.NewIter(&pebble.IterOptions{
		LowerBound: entryKey(nil, l.id, from),
		UpperBound: entryKey(nil, l.id, to),
	})
}

func positionOf(key []byte) engine.Position { return engine.Position(binary.BigEndian.Uint64(key[5:])) }

// An entry's value is its time in milliseconds and the data.
func timeOf(value []byte) int64 { return int64(binary.BigEndian.Uint64(value)) }

func (s logs) Append(ctx context.Context, name string, data ...[]byte) (engine.Position, error) {
	if err := store.CheckName("log", name); err != nil {
		return 0, err
	}
	size := 0
	for _, d := range data {
		size += len(d)
	}
	o := &appendOp{e: s.e, name: name, data: make([][]byte, len(data))}
	own, left := []byte{}, size
	for i, d := range data {
		if len(d) > cap(own)-len(own) {
			own = make([]byte, 0, max(len(d), min(left, slabBytes)))
		}
		left -= len(d)
		n := len(own)
		own = append(own, d...)
		o.data[i] = own[n:len(own):len(own)]
	}
	if err := s.e.store.Do(ctx, o, size+64*len(data)); err != nil {
		return 0, err
	}
	return o.first, nil
}

type appendOp struct {
	e     *Engine
	name  string
	data  [][]byte
	first engine.Position
}

func (o *appendOp) Prepare(c *store.Commit) error {
	l, err := o.e.log(o.name, true)
	if err != nil {
		return err
	}
	o.first = l.next
	if len(o.data) == 0 {
		return nil
	}
	if l.id == 0 {
		if l.id, err = c.Number(store.KindLog, l.name); err != nil {
			return err
		}
	}
	if l.staging == nil || l.staging.commit != c {
		l.staging = &stagedEntries{commit: c, log: l}
		c.OnPublish(l.staging.publish)
	}
	l.time = max(l.time, c.Wall)
	at := time.UnixMilli(l.time)
	for _, data := range o.data {
		d := c.Batch.SetDeferred(entryKeyLen, 8+len(data))
		entryKey(d.Key[:0], l.id, l.next)
		binary.BigEndian.PutUint64(d.Value, uint64(l.time))
		copy(d.Value[8:], data)
		if err := d.Finish(); err != nil {
			return err
		}
		l.staging.entries = append(l.staging.entries, engine.Entry{Position: l.next, Time: at, Data: data})
		l.next++
	}
	return nil
}

// publish is done for all of a batch's entries at once.
func (o *appendOp) Publish() {}

func (s *stagedEntries) publish() {
	l, entries := s.log, s.entries
	l.mu.Lock()
	defer l.mu.Unlock()
	l.published = entries[len(entries)-1].Position + 1
	if l.readers > 0 {
		l.tail.add(entries, l.e.tailLimit())
	}
	l.wake()
}

// wake is called with mu held.
func (l *log) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (s logs) Bounds(ctx context.Context, name string) (first, next engine.Position, err error) {
	l, err := s.find(ctx, name, false)
	if err != nil || l == nil {
		return 1, 1, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept, l.published, nil
}

func (s logs) find(ctx context.Context, name string, create bool) (*log, error) {
	if err := store.CheckName("log", name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.e.store.Enter(); err != nil {
		return nil, err
	}
	defer s.e.store.Leave()
	return s.e.log(name, create)
}

// Seek searches the positions by halves: the times of entries never go back.
func (s logs) Seek(ctx context.Context, name string, t time.Time) (engine.Position, error) {
	l, err := s.find(ctx, name, false)
	if err != nil || l == nil {
		return 1, err
	}
	if err := s.e.store.Enter(); err != nil {
		return 0, err
	}
	defer s.e.store.Leave()
	l.mu.Lock()
	low, high := l.kept, l.published
	l.mu.Unlock()
	for low < high {
		mid := low + (high-low)/2
		v, err := store.Get(s.e.store.DB, entryKey(nil, l.id, mid))
		if err != nil {
			return 0, err
		}
		// What is missing is being trimmed.
		if v == nil || time.UnixMilli(timeOf(v)).Before(t) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

func (s logs) Trim(ctx context.Context, name string, before engine.Position) error {
	if err := store.CheckName("log", name); err != nil {
		return err
	}
	return s.e.store.Do(ctx, &trimOp{e: s.e, name: name, before: before}, 64)
}

type trimOp struct {
	e      *Engine
	name   string
	before engine.Position
	log    *log
}

func (o *trimOp) Prepare(c *store.Commit) error {
	l, err := o.e.log(o.name, false)
	if err != nil || l == nil || l.id == 0 {
		return err
	}
	o.before = min(o.before, l.next)
	if o.before <= l.first {
		return nil
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(o.before))
	b = binary.BigEndian.AppendUint64(b, uint64(l.next))
	b = binary.BigEndian.AppendUint64(b, uint64(l.time))
	err = errors.Join(
		c.Batch.DeleteRange(entryKey(nil, l.id, l.first), entryKey(nil, l.id, o.before), nil),
		c.Batch.Set(boundsKey(l.id), b, nil))
	l.first, o.log = o.before, l
	return err
}

func (o *trimOp) Publish() {
	if l := o.log; l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.kept = o.before
		l.tail.trim(o.before)
		l.wake()
	}
}

func (s logs) Drop(ctx context.Context, name string) error {
	if err := store.CheckName("log", name); err != nil {
		return err
	}
	return s.e.store.Await(ctx, &store.Request{Op: &dropLogOp{e: s.e, name: name}, Size: 64, Barrier: true})
}

type dropLogOp struct {
	e    *Engine
	name string
	log  *log
}

func (o *dropLogOp) Prepare(c *store.Commit) error {
	l, err := o.e.log(o.name, false)
	if err != nil || l == nil {
		return err
	}
	o.log = l
	if l.id == 0 {
		return nil
	}
	return errors.Join(
		c.Batch.Delete(store.NameKey(store.KindLog, o.name), nil),
		c.Batch.Delete(boundsKey(l.id), nil),
		c.Batch.DeleteRange(store.AppendID(nil, store.RoomLogs, l.id), store.AppendID(nil, store.RoomLogs, l.id+1), nil))
}

func (o *dropLogOp) Publish() {
	l := o.log
	if l == nil {
		return
	}
	o.e.mu.Lock()
	delete(o.e.logs, o.name)
	o.e.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped = true
	l.kept, l.published = 1, 1
	l.tail = tail{}
	l.wake()
}
