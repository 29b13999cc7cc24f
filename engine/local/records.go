package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// records implements engine.Records.
type records struct{ e *Engine }

// A collection is known in memory once it was written to or watched.
type collection struct {
	name string
	id   uint32 // the committer's; zero: it has no record yet

	mu       sync.Mutex // guards what follows
	watchers map[*watcher]struct{}
}

// collection finds the collection, or makes it known.
func (e *Engine) collection(name string) (*collection, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.collections[name]; c != nil {
		return c, nil
	}
	id, err := e.store.Lookup(store.KindCollection, name)
	if err != nil {
		return nil, err
	}
	c := &collection{name: name, id: id, watchers: map[*watcher]struct{}{}}
	e.collections[name] = c
	return c, nil
}

// number finds the collection's number as far as it is durable.
func number(v *store.View, name string) (uint32, error) {
	b, err := store.Get(v, store.NameKey(store.KindCollection, name))
	if err != nil || b == nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

// A record's value is its revision and what was put.
func decodeRecord(key string, b []byte) (engine.Record, error) {
	if len(b) < 8 {
		return engine.Record{}, fmt.Errorf("the record %q is damaged", key)
	}
	return engine.Record{
		Key:      key,
		Value:    append([]byte{}, b[8:]...),
		Revision: engine.Revision(binary.BigEndian.Uint64(b)),
	}, nil
}

func (r records) Get(ctx context.Context, collection, key string) (engine.Record, error) {
	if err := errors.Join(store.CheckName("collection", collection), store.CheckName("key", key)); err != nil {
		return engine.Record{}, err
	}
	var rec engine.Record
	err := r.e.read(ctx, func(v *store.View) error {
		id, err := number(v, collection)
		if err != nil {
			return err
		}
		b, err := store.Get(v, recordKey(id, key))
		if err != nil {
			return err
		}
		if id == 0 || b == nil {
			return fmt.Errorf("%s %q: %w", collection, key, engine.ErrNotFound)
		}
		rec, err = decodeRecord(key, b)
		return err
	})
	return rec, err
}

func (r records) List(ctx context.Context, collection, prefix, behind string, limit int) ([]engine.Record, error) {
	if err := store.CheckName("collection", collection); err != nil {
		return nil, err
	}
	var list []engine.Record
	err := r.e.read(ctx, func(v *store.View) error {
		id, err := number(v, collection)
		if err != nil || id == 0 {
			return err
		}
		lower, upper := recordKey(id, prefix), store.After(recordKey(id, prefix))
		if from := append(recordKey(id, behind), 0); behind != "" && bytes.Compare(from, lower) > 0 {
			lower = from
		}
		if bytes.Compare(lower, upper) >= 0 {
			return nil
		}
		return store.Scan(v, lower, upper, func(k, b []byte) (bool, error) {
			rec, err := decodeRecord(string(k[5:]), b)
			list = append(list, rec)
			return limit <= 0 || len(list) < limit, err
		})
	})
	return list, err
}

// read is view for those who have a context.
func (e *Engine) read(ctx context.Context, f func(v *store.View) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.store.View(f)
}

func (r records) Apply(ctx context.Context, writes ...engine.Write) (engine.Revision, error) {
	o := &applyOp{e: r.e, writes: make([]engine.Write, len(writes))}
	size := 64
	type name struct{ collection, key string }
	seen := make(map[name]struct{}, len(writes))
	for i, w := range writes {
		if err := errors.Join(store.CheckName("collection", w.Collection), store.CheckName("key", w.Key)); err != nil {
			return 0, err
		}
		n := name{w.Collection, w.Key}
		if _, twice := seen[n]; twice {
			return 0, fmt.Errorf("two writes of one Apply name the record %s %q", w.Collection, w.Key)
		}
		seen[n] = struct{}{}
		if w.Value != nil {
			w.Value = append([]byte{}, w.Value...)
		}
		o.writes[i] = w
		size += len(w.Key) + len(w.Value) + 64
	}
	if err := r.e.store.Do(ctx, o, size); err != nil {
		return 0, err
	}
	return o.revision, nil
}

// applyOp makes the writes of one Apply.
type applyOp struct {
	e        *Engine
	writes   []engine.Write
	revision engine.Revision
	changed  []*collection // parallel to writes; nil where nothing was changed
}

// current is a record's revision with all that is prepared so far.
func current(c *store.Commit, key []byte) (engine.Revision, error) {
	if r, ok := c.Revisions[string(key)]; ok {
		return r, nil
	}
	b, err := store.Get(c.DB(), key)
	if err != nil || b == nil {
		return 0, err
	}
	if len(b) < 8 {
		return 0, fmt.Errorf("the record %q is damaged", key[5:])
	}
	return engine.Revision(binary.BigEndian.Uint64(b)), nil
}

func (o *applyOp) Prepare(c *store.Commit) error {
	colls := make([]*collection, len(o.writes))
	absent := make([]bool, len(o.writes))
	for i, w := range o.writes {
		coll, err := o.e.collection(w.Collection)
		if err != nil {
			return err
		}
		colls[i] = coll
		if w.If == engine.Any && w.Value != nil {
			continue
		}
		var now engine.Revision
		if coll.id != 0 {
			if now, err = current(c, recordKey(coll.id, w.Key)); err != nil {
				return err
			}
		}
		absent[i] = now == 0
		if w.If != engine.Any && w.If != now && (w.If != engine.Absent || now != 0) {
			return fmt.Errorf("%s %q: %w", w.Collection, w.Key, engine.ErrConflict)
		}
	}
	o.revision = c.Revise()
	for i, w := range o.writes {
		if w.Value == nil && absent[i] {
			colls[i] = nil // nothing to delete
			continue
		}
		if err := put(c, colls[i], w, o.revision); err != nil {
			return err
		}
	}
	o.changed = colls
	return nil
}

func put(c *store.Commit, coll *collection, w engine.Write, revision engine.Revision) (err error) {
	if coll.id == 0 {
		if coll.id, err = c.Number(store.KindCollection, coll.name); err != nil {
			return err
		}
	}
	key := recordKey(coll.id, w.Key)
	if w.Value == nil {
		c.Revisions[string(key)] = 0
		return c.Batch.Delete(key, nil)
	}
	c.Revisions[string(key)] = revision
	d := c.Batch.SetDeferred(len(key), 8+len(w.Value))
	copy(d.Key, key)
	binary.BigEndian.PutUint64(d.Value, uint64(revision))
	copy(d.Value[8:], w.Value)
	return d.Finish()
}

func (o *applyOp) Publish() {
	for i, coll := range o.changed {
		if coll != nil {
			w := &o.writes[i]
			coll.tell(engine.Change{
				Record:  engine.Record{Key: w.Key, Value: w.Value, Revision: o.revision},
				Deleted: w.Value == nil,
			})
		}
	}
}
