package table

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// ErrCondition is the answer to a write whose condition is false of its item.
var ErrCondition = errors.New("the condition is false")

// Action is what a write does.
type Action uint8

// The actions.
const (
	Put Action = iota
	Update
	Delete
	Check // only the condition
)

// Write is one write of one item. What stands below Results is filled in by
// [Tables.Write], also where the write fails.
type Write struct {
	Table     *Table
	Action    Action
	Item      item.Item       // to put; else the key
	Update    *expr.Update    // nil: the item is made if it is not there, and otherwise stays as it is
	Condition *expr.Condition // nil: none
	Expiry    int64           // not 0: delete only what has expired by then, in seconds
	WantOld   bool            // Old is wanted
	WantNew   bool            // New is wanted
	Trace     string          // of the record of the change

	// Results.
	Def              *Definition
	Old, New         item.Item // nil where there is none, or it is not wanted and was not needed
	OldSize, NewSize int       // 0 where there is none
	Err              error     // why this write of a transaction fails

	stored []byte // key
	value  []byte // of what is put, as it is stored
}

// ready works out what does not depend on the item as it is, before the
// committer is asked for its time.
func (w *Write) ready() {
	d := w.Table.def.Load()
	if d == nil || w.stored != nil {
		return
	}
	w.stored = d.itemKey(w.Item)
	if w.Action == Put {
		w.NewSize = w.Item.Size()
		w.value = encodeItem(w.Item, w.NewSize)
	}
}

// Write does all the writes or none. It returns the error of the first that
// cannot be done: ErrCondition, ErrGone, or a validation error; with all, the
// others' errors are found as well. A token that is not nil makes a transaction
// that was done before with the same token count as done.
func (s *Tables) Write(ctx context.Context, token *Token, all bool, writes ...*Write) error {
	size := 128
	for _, w := range writes {
		w.ready()
		size += 2*len(w.value) + 256
	}
	return s.store.Transact(ctx, size, func(r pebble.Reader, b *pebble.Batch, log func(string, []byte)) (err error) {
		defer func() {
			// The committer serves everyone: what one request does to it must
			// not end it.
			if p := recover(); p != nil {
				err = fmt.Errorf("working out a write: %v", p)
			}
		}()
		if token != nil {
			done, err := token.check(r, s.clock.Now())
			if err != nil || done {
				return err
			}
		}
		changes, err := prepareAll(r, writes, all)
		if err != nil {
			return err
		}
		if token != nil {
			if err := token.write(b, s.clock.Now()); err != nil {
				return err
			}
		}
		touched := map[*Table]struct{}{}
		for i := range changes {
			if err := changes[i].apply(b, log); err != nil {
				return err
			}
		}
		for i := range changes {
			if t := changes[i].w.Table; changes[i].changed {
				t.items.Add(changes[i].items)
				t.bytes.Add(changes[i].bytes)
				touched[t] = struct{}{}
			}
		}
		for t := range touched {
			if err := t.writeCounts(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// prepareAll works out all the writes; the error is the first one's.
func prepareAll(r pebble.Reader, writes []*Write, all bool) (changes []change, first error) {
	changes = make([]change, len(writes))
	for i, w := range writes {
		w.Err = nil
		if err := changes[i].prepare(r, w); err != nil {
			w.Err = err
			if first == nil {
				first = err
			}
			if !all {
				break
			}
		}
	}
	return changes, first
}

func (t *Table) writeCounts(b *pebble.Batch) error {
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(t.items.Load()))
	v = binary.BigEndian.AppendUint64(v, uint64(t.bytes.Load()))
	return b.Set(roomKey(roomCounts, t.id), v, nil)
}

// A change is a write worked out.
type change struct {
	w       *Write
	def     *Definition
	changed bool
	oldJSON []byte // nil: there is no item
	newJSON []byte
	value   []byte // as it is stored
	items   int64  // by how many the table grows
	bytes   int64
}

// prepare reads the item as it is and works out what becomes of it.
func (c *change) prepare(r pebble.Reader, w *Write) error {
	c.w, c.def = w, w.Table.def.Load()
	if w.Def = c.def; c.def == nil {
		return ErrGone
	}
	d := c.def
	w.Old, w.New, w.OldSize = nil, nil, 0
	if err := c.readOld(r); err != nil {
		return err
	}
	if !w.Condition.Holds(w.Old) {
		return ErrCondition
	}
	switch w.Action {
	case Check:
		return nil
	case Delete:
		return c.remove()
	case Update:
		if err := c.update(); err != nil {
			return err
		}
	default:
		w.New = w.Item
		if err := d.checkIndexes(w.New, false); err != nil {
			return err
		}
	}
	if w.Action == Update {
		if w.NewSize = w.New.Size(); w.NewSize > item.MaxSize {
			return invalid("Item size to update has exceeded the maximum allowed size")
		}
		w.value = encodeItem(w.New, w.NewSize)
	}
	if w.NewSize > item.MaxSize {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	c.value = w.value
	_, c.newJSON, _ = splitItem(c.value)
	c.changed = c.oldJSON == nil || !bytes.Equal(c.oldJSON, c.newJSON)
	c.bytes = int64(w.NewSize - w.OldSize)
	if c.oldJSON == nil {
		c.items = 1
	}
	return nil
}

func (c *change) readOld(r pebble.Reader) error {
	v, done, err := get(r, c.w.stored)
	defer done()
	if err != nil || v == nil {
		return err
	}
	size, json, err := splitItem(v)
	if err != nil {
		return err
	}
	w, d := c.w, c.def
	w.OldSize = size
	c.oldJSON = bytes.Clone(json)
	if w.Action == Put && w.Condition == nil && !w.WantOld && len(d.Index) == 0 && d.TTL == "" {
		return nil
	}
	w.Old, err = item.Decode(c.oldJSON)
	return err
}

func (c *change) remove() error {
	w := c.w
	if c.oldJSON == nil {
		return nil
	}
	if w.Expiry != 0 {
		if at, ok := c.def.expiry(w.Old); !ok || at > w.Expiry {
			return nil
		}
	}
	c.changed = true
	c.items, c.bytes = -1, -int64(w.OldSize)
	return nil
}

// update applies the update; an item that was not there begins with its key.
func (c *change) update() error {
	w, d := c.w, c.def
	from := w.Old
	if from == nil {
		from = w.Item
	}
	if w.Update == nil {
		w.New = from
		return nil
	}
	var err error
	if w.New, err = w.Update.Apply(from); err != nil {
		return err
	}
	if w.New.Levels() > item.MaxLevels {
		return invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	return d.checkIndexes(w.New, true)
}

// apply writes what changed: the item, its entries in the indexes, when it
// expires, and the record of the change.
func (c *change) apply(b *pebble.Batch, log func(string, []byte)) error {
	if !c.changed {
		return nil
	}
	w, d := c.w, c.def
	var errs []error
	if c.newJSON != nil {
		errs = append(errs, b.Set(w.stored, c.value, nil))
	} else {
		errs = append(errs, b.Delete(w.stored, nil))
	}
	for i := range d.Index {
		errs = append(errs, move(b, d.entry(&d.Index[i], w.Old), d.entry(&d.Index[i], w.New)))
	}
	if d.TTL != "" {
		errs = append(errs, move(b, d.expiryKey(w.Old), d.expiryKey(w.New)))
	}
	if d.Stream != nil {
		r := d.record(d.KeysOf(nil, w.Item), c.oldJSON, c.newJSON, w.OldSize, w.NewSize, w.Expiry != 0)
		r.Trace = w.Trace
		log(d.Stream.Log(d.Stream.shardOf(w.stored)), r.encode())
	}
	return errors.Join(errs...)
}

func (d *Definition) entry(ix *Index, it item.Item) []byte {
	if it == nil {
		return nil
	}
	return d.entryKey(ix, it)
}

// move writes a key in another's place; nil stands for none.
func move(b *pebble.Batch, old, new []byte) error {
	if slices.Equal(old, new) {
		return nil
	}
	var errs []error
	if old != nil {
		errs = append(errs, b.Delete(old, nil))
	}
	if new != nil {
		errs = append(errs, b.Set(new, nil, nil))
	}
	return errors.Join(errs...)
}
