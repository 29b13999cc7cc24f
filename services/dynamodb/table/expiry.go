package table

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// longPast is how far back an expiry may lie; what lies further back is taken
// for a mistake, and the item stays.
const longPast = 5 * 365 * 24 * 3600 // seconds

// expiry is when an item expires, in seconds since 1970; ok is false where it
// does not say so by a number.
func (d *Definition) expiry(it item.Item) (at int64, ok bool) {
	v, ok := it[d.TTL]
	if !ok || v.Kind != item.N {
		return 0, false
	}
	at, ok = v.Number().Seconds()
	return at, ok && at > 0
}

// expiryKey orders the items that expire by when they do.
func (d *Definition) expiryKey(it item.Item) []byte {
	at, ok := d.expiry(it)
	if !ok {
		return nil
	}
	b := binary.BigEndian.AppendUint64(roomKey(roomExpiry, d.ID), uint64(at))
	return append(b, d.itemKey(it)[roomLen:]...)
}

// Expire deletes up to limit items whose time to live was over by now, and
// tells how many.
func (t *Table) Expire(ctx context.Context, now time.Time, limit int) (int, error) {
	d := t.def.Load()
	if d == nil || d.TTL == "" {
		return 0, nil
	}
	seconds := now.Unix()
	prefix := roomKey(roomExpiry, d.ID)
	lower := binary.BigEndian.AppendUint64(roomKey(roomExpiry, d.ID), uint64(max(0, seconds-longPast)))
	upper := binary.BigEndian.AppendUint64(prefix, uint64(seconds))
	var writes []*Write
	err := t.store.View(func(r pebble.Reader) error {
		return scan(r, lower, upper, false, func(k, _ []byte) (bool, error) {
			key := item.Item{}
			if _, err := d.readKeys(k[roomLen+8+hashLen:], d.Schema, key); err != nil {
				return false, err
			}
			writes = append(writes, &Write{Table: t, Action: Delete, Item: key, Expiry: seconds - 1})
			return len(writes) < limit, nil
		})
	})
	if err != nil || len(writes) == 0 {
		return 0, err
	}
	err = t.Write(ctx, nil, false, writes...)
	if errors.Is(err, ErrGone) {
		err = nil
	}
	return len(writes), err
}

// scan calls f for each key between two, in order or backwards, until it
// returns false. Key and value are valid during the call.
func scan(r pebble.Reader, lower, upper []byte, reverse bool, f func(key, value []byte) (bool, error)) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return fmt.Errorf("reading a table: %w", err)
	}
	first, next := it.First, it.Next
	if reverse {
		first, next = it.Last, it.Prev
	}
	more := true
	for ok := first(); ok && more && err == nil; {
		var v []byte
		if v, err = it.ValueAndErr(); err == nil {
			more, err = f(it.Key(), v)
		}
		if more && err == nil {
			ok = next()
		}
	}
	return errors.Join(err, it.Close())
}
