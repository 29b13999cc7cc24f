package table

import (
	"bytes"
	"context"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// chunk is how many items are entered into an index at once, while other writes wait.
const chunk = 256

// Build enters the items that the table holds into an index, which the
// definition must have already: what is written meanwhile enters itself.
func (t *Table) Build(ctx context.Context, index uint32) error {
	return t.each(ctx, func(d *Definition, it item.Item) []byte {
		for i := range d.Index {
			if d.Index[i].ID == index {
				return d.entryKey(&d.Index[i], it)
			}
		}
		return nil
	})
}

// BuildExpiry notes when the items that the table holds expire. The definition
// must have the attribute already.
func (t *Table) BuildExpiry(ctx context.Context) error {
	return t.each(ctx, func(d *Definition, it item.Item) []byte {
		if d.TTL == "" {
			return nil
		}
		return d.expiryKey(it)
	})
}

// DropExpiry forgets when items expire.
func (t *Table) DropExpiry(ctx context.Context) error {
	return t.store.Transact(ctx, 64, func(_ pebble.Reader, w *pebble.Batch, _ func(string, []byte)) error {
		return dropPrefix(w, roomKey(roomExpiry, t.id))
	})
}

// each writes a key for every item, some items at a time.
func (t *Table) each(ctx context.Context, key func(*Definition, item.Item) []byte) error {
	from := roomKey(roomItems, t.id)
	upper := after(from)
	for from != nil {
		next := []byte(nil)
		err := t.store.Transact(ctx, 64*chunk, func(r pebble.Reader, w *pebble.Batch, _ func(string, []byte)) error {
			d := t.def.Load()
			if d == nil {
				return nil
			}
			n := 0
			return scan(r, from, upper, false, func(k, v []byte) (bool, error) {
				if n++; n > chunk {
					next = bytes.Clone(k)
					return false, nil
				}
				_, json, err := splitItem(v)
				if err != nil {
					return false, err
				}
				it, err := item.Decode(json)
				if err != nil {
					return false, err
				}
				if b := key(d, it); b != nil {
					return true, w.Set(b, nil, nil)
				}
				return true, nil
			})
		})
		if err != nil {
			return err
		}
		from = next
	}
	return nil
}
