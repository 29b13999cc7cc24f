package table

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Store is the ordered, durable store beneath. The local engine is one.
type Store interface {
	// View runs f on what is durable; r is valid until f returns.
	View(f func(r pebble.Reader) error) error
	// Transact runs f after all calls before and before all calls after. What
	// f writes to w and appends to logs becomes durable whole, or, where it
	// returns an error, not at all. f must not wait for anything.
	Transact(ctx context.Context, size int, f func(r pebble.Reader, w *pebble.Batch, log func(name string, data []byte)) error) error
}

// Keys begin with the byte that the engine leaves to others, and the room.
const (
	foreign = 0x80

	roomItems   = 'i' // table hash keys                  -> size, JSON
	roomIndexes = 'x' // table index hash keys item's keys -> nothing
	roomExpiry  = 't' // table seconds item's key          -> nothing
	roomCounts  = 'c' // table                             -> items, bytes
	roomTokens  = 'k' // bucket of time, scope and token   -> time, digest
	roomNumbers = 'n' //                                   -> the last number given to a table or index
)

func roomKey(room byte, table uint32) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, 64), foreign, room), table)
}

const roomLen = 6

// get reads a value. It is valid until done is called.
func get(r pebble.Reader, key []byte) (value []byte, done func(), err error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, func() {}, nil
	}
	if err != nil {
		return nil, func() {}, fmt.Errorf("reading a table: %w", err)
	}
	return v, func() { _ = closer.Close() }, nil
}

// after is the first key behind all that begin with prefix.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// dropPrefix deletes all keys with a prefix.
func dropPrefix(w *pebble.Batch, prefix []byte) error {
	return w.DeleteRange(prefix, after(prefix), nil)
}
