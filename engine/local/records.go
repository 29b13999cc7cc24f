package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/signalbox/signalbox/engine"
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
	id, err := e.lookup(kindCollection, name)
	if err != nil {
		return nil, err
	}
	c := &collection{name: name, id: id, watchers: map[*watcher]struct{}{}}
	e.collections[name] = c
	return c, nil
}

// number finds the collection's number as far as it is durable.
func (v *view) number(name string) (uint32, error) {
	b, err := get(v, nameKey(kindCollection, name))
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
	if err := errors.Join(checkName("collection", collection), checkName("key", key)); err != nil {
		return engine.Record{}, err
	}
	var rec engine.Record
	err := r.e.read(ctx, func(v *view) error {
		id, err := v.number(collection)
		if err != nil {
			return err
		}
		b, err := get(v, recordKey(id, key))
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
	if err := checkName("collection", collection); err != nil {
		return nil, err
	}
	var list []engine.Record
	err := r.e.read(ctx, func(v *view) error {
		id, err := v.number(collection)
		if err != nil || id == 0 {
			return err
		}
		lower, upper := recordKey(id, prefix), after(recordKey(id, prefix))
		if from := append(recordKey(id, behind), 0); behind != "" && bytes.Compare(from, lower) > 0 {
			lower = from
		}
		if bytes.Compare(lower, upper) >= 0 {
			return nil
		}
		return scan(v, lower, upper, func(k, b []byte) (bool, error) {
			rec, err := decodeRecord(string(k[5:]), b)
			list = append(list, rec)
			return limit <= 0 || len(list) < limit, err
		})
	})
	return list, err
}

// read is view for those who have a context.
func (e *Engine) read(ctx context.Context, f func(v *view) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.view(f)
}

func (r records) Apply(ctx context.Context, writes ...engine.Write) (engine.Revision, error) {
	o := &applyOp{e: r.e, writes: make([]engine.Write, len(writes))}
	size := 64
	type name struct{ collection, key string }
	seen := make(map[name]struct{}, len(writes))
	for i, w := range writes {
		if err := errors.Join(checkName("collection", w.Collection), checkName("key", w.Key)); err != nil {
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
	if err := r.e.do(ctx, o, size); err != nil {
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
func (c *commit) current(key []byte) (engine.Revision, error) {
	if r, ok := c.revisions[string(key)]; ok {
		return r, nil
	}
	b, err := get(c.e.db, key)
	if err != nil || b == nil {
		return 0, err
	}
	if len(b) < 8 {
		return 0, fmt.Errorf("the record %q is damaged", key[5:])
	}
	return engine.Revision(binary.BigEndian.Uint64(b)), nil
}

func (o *applyOp) prepare(c *commit) error {
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
			if now, err = c.current(recordKey(coll.id, w.Key)); err != nil {
				return err
			}
		}
		absent[i] = now == 0
		if w.If != engine.Any && w.If != now && (w.If != engine.Absent || now != 0) {
			return fmt.Errorf("%s %q: %w", w.Collection, w.Key, engine.ErrConflict)
		}
	}
	if c.revisions == nil {
		c.revisions = map[string]engine.Revision{}
	}
	o.e.revision++
	o.revision = o.e.revision
	c.touch()
	for i, w := range o.writes {
		if w.Value == nil && absent[i] {
			colls[i] = nil // nothing to delete
			continue
		}
		if err := c.put(colls[i], w, o.revision); err != nil {
			return err
		}
	}
	o.changed = colls
	return nil
}

func (c *commit) put(coll *collection, w engine.Write, revision engine.Revision) (err error) {
	if coll.id == 0 {
		if coll.id, err = c.number(kindCollection, coll.name); err != nil {
			return err
		}
	}
	key := recordKey(coll.id, w.Key)
	if w.Value == nil {
		c.revisions[string(key)] = 0
		return c.batch.Delete(key, nil)
	}
	c.revisions[string(key)] = revision
	d := c.batch.SetDeferred(len(key), 8+len(w.Value))
	copy(d.Key, key)
	binary.BigEndian.PutUint64(d.Value, uint64(revision))
	copy(d.Value[8:], w.Value)
	return d.Finish()
}

func (o *applyOp) publish() {
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
