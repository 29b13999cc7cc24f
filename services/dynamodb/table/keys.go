package table

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

const hashLen = 4

// hash spreads partition keys over the segments of a scan. It is part of what
// is stored: it must never change.
func hash(partition []byte) uint32 {
	h := uint64(14695981039346656037)
	for _, c := range partition {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return uint32(bits.RotateLeft64(h, 17) >> 32)
}

// appendPartition appends the hash and the key form of a partition key.
func appendPartition(b []byte, v item.Value) []byte {
	at := len(b)
	b = item.AppendKey(append(b, 0, 0, 0, 0), v)
	binary.BigEndian.PutUint32(b[at:], hash(b[at+hashLen:]))
	return b
}

// itemKey is where an item with these keys is stored.
func (d *Definition) itemKey(key item.Item) []byte {
	b := appendPartition(roomKey(roomItems, d.ID), key[d.Schema.Hash])
	return d.appendRange(b, key)
}

func (d *Definition) appendRange(b []byte, key item.Item) []byte {
	if d.Schema.Range == "" {
		return b
	}
	return item.AppendKey(b, key[d.Schema.Range])
}

func indexPrefix(table, index uint32) []byte {
	return binary.BigEndian.AppendUint32(roomKey(roomIndexes, table), index)
}

// entryKey is where an index has its entry for an item; nil where it has none.
func (d *Definition) entryKey(ix *Index, it item.Item) []byte {
	for _, name := range ix.Schema.Names() {
		if v, ok := it[name]; !ok || v.Kind != d.kind(name) {
			return nil
		}
	}
	b := appendPartition(indexPrefix(d.ID, ix.ID), it[ix.Schema.Hash])
	if ix.Schema.Range != "" {
		b = item.AppendKey(b, it[ix.Schema.Range])
	}
	return d.appendRange(item.AppendKey(b, it[d.Schema.Hash]), it)
}

// position is where reading has come to, by the key attributes of the last
// item: a stored key.
func (d *Definition) position(ix *Index, key item.Item) []byte {
	if ix == nil {
		return d.itemKey(key)
	}
	return d.entryKey(ix, key)
}

// readKeys reads from a stored key, behind its hash, the attributes of a schema.
func (d *Definition) readKeys(b []byte, s Schema, into item.Item) ([]byte, error) {
	for _, name := range s.Names() {
		v, rest, err := item.ReadKey(b, d.kind(name))
		if err != nil {
			return nil, fmt.Errorf("reading a key of table %d: %w", d.ID, err)
		}
		into[name], b = v, rest
	}
	return b, nil
}

// keysOf reads all key attributes from a stored key of the table or an index.
func (d *Definition) keysOf(ix *Index, stored []byte) (item.Item, error) {
	keys := item.Item{}
	if ix == nil {
		_, err := d.readKeys(stored[roomLen+hashLen:], d.Schema, keys)
		return keys, err
	}
	rest, err := d.readKeys(stored[roomLen+4+hashLen:], ix.Schema, keys)
	if err == nil {
		_, err = d.readKeys(rest, d.Schema, keys)
	}
	return keys, err
}

// KeysOf are an item's key attributes.
func (d *Definition) KeysOf(ix *Index, it item.Item) item.Item {
	keys := item.Item{}
	for _, name := range d.Keys(ix) {
		if v, ok := it[name]; ok {
			keys[name] = v
		}
	}
	return keys
}

// Stored items: the size, then the JSON.

func encodeItem(it item.Item, size int) []byte {
	b := binary.AppendUvarint(make([]byte, 0, 2*size+64), uint64(size))
	return it.AppendJSON(b)
}

func splitItem(stored []byte) (size int, json []byte, err error) {
	n, used := binary.Uvarint(stored)
	if used <= 0 || len(stored) < used+2 {
		return 0, nil, fmt.Errorf("a stored item is damaged")
	}
	return int(n), stored[used:], nil
}
