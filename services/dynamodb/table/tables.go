package table

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/clock"
)

// ErrGone is the answer of a table that was dropped.
var ErrGone = errors.New("the table is gone")

// Tables opens tables.
type Tables struct {
	store Store
	clock clock.Clock
}

// New makes tables in a store.
func New(store Store, c clock.Clock) *Tables { return &Tables{store: store, clock: c} }

// Table is a table that is open. Its methods are safe for concurrent use.
type Table struct {
	*Tables
	id  uint32
	def atomic.Pointer[Definition] // nil once it is dropped

	// The committer's; read by others.
	items, bytes atomic.Int64
}

// Number gives out a number that no table or index has had.
func (s *Tables) Number(ctx context.Context) (uint32, error) {
	key := []byte{foreign, roomNumbers}
	var n uint32
	err := s.store.Transact(ctx, 32, func(r pebble.Reader, w *pebble.Batch, _ func(string, []byte)) error {
		v, done, err := get(r, key)
		defer done()
		if err != nil {
			return err
		}
		if len(v) == 4 {
			n = binary.BigEndian.Uint32(v)
		}
		n++
		return w.Set(key, binary.BigEndian.AppendUint32(nil, n), nil)
	})
	return n, err
}

// Open opens a table with what it holds.
func (s *Tables) Open(d *Definition) (*Table, error) {
	t := &Table{Tables: s, id: d.ID}
	t.def.Store(d)
	err := s.store.View(func(r pebble.Reader) error {
		v, done, err := get(r, roomKey(roomCounts, d.ID))
		defer done()
		if err != nil || v == nil {
			return err
		}
		if len(v) != 16 {
			return fmt.Errorf("the counts of table %d are damaged", d.ID)
		}
		t.items.Store(int64(binary.BigEndian.Uint64(v)))
		t.bytes.Store(int64(binary.BigEndian.Uint64(v[8:])))
		return nil
	})
	return t, err
}

// Definition is the table's present definition, nil once it is dropped.
func (t *Table) Definition() *Definition { return t.def.Load() }

// Counts are the number of items and the sum of their sizes.
func (t *Table) Counts() (items, bytes int64) { return t.items.Load(), t.bytes.Load() }

// Define changes the definition between two writes.
func (t *Table) Define(ctx context.Context, d *Definition) error {
	return t.store.Transact(ctx, 0, func(pebble.Reader, *pebble.Batch, func(string, []byte)) error {
		t.def.Store(d)
		return nil
	})
}

// Drop forgets the table and all that it holds.
func (t *Table) Drop(ctx context.Context) error {
	return t.store.Transact(ctx, 256, func(_ pebble.Reader, w *pebble.Batch, _ func(string, []byte)) error {
		t.def.Store(nil)
		return errors.Join(
			dropPrefix(w, roomKey(roomItems, t.id)),
			dropPrefix(w, roomKey(roomIndexes, t.id)),
			dropPrefix(w, roomKey(roomExpiry, t.id)),
			w.Delete(roomKey(roomCounts, t.id), nil))
	})
}

// DropIndex forgets an index's entries. The definition must not have it any more.
func (t *Table) DropIndex(ctx context.Context, index uint32) error {
	return t.store.Transact(ctx, 64, func(_ pebble.Reader, w *pebble.Batch, _ func(string, []byte)) error {
		return dropPrefix(w, indexPrefix(t.id, index))
	})
}

// IndexCounts are the number of an index's entries and the sum of the sizes of
// what it projects. They are estimated where the index has many.
func (t *Table) IndexCounts(ix *Index) (items, bytes int64) {
	d := t.def.Load()
	if d == nil {
		return 0, 0
	}
	prefix := indexPrefix(d.ID, ix.ID)
	p := &pager{d: d, q: &Read{Index: ix, Count: true}}
	_ = t.store.View(func(r pebble.Reader) error {
		p.r = r
		return scan(r, prefix, after(prefix), false, func(k, v []byte) (bool, error) {
			if _, err := p.next(k, v); err != nil {
				return false, err
			}
			return p.Scanned < estimateFrom, nil
		})
	})
	if p.Scanned < estimateFrom {
		return int64(p.Scanned), int64(p.Bytes)
	}
	// So many of the items are in the index as of the hashes seen so far.
	all, size := t.Counts()
	return all, size
}

// estimateFrom is how many entries of an index are counted one by one.
const estimateFrom = 1000
