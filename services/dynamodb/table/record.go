package table

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// Kinds of changes.
const (
	Insert = "INSERT"
	Modify = "MODIFY"
	Remove = "REMOVE"
)

// Record is an entry of a change stream.
type Record struct {
	Event   string // Insert, Modify or Remove
	Expired bool   // removed because its time to live was over
	Keys    []byte // JSON, as the images
	New     []byte // nil where the stream's view has none
	Old     []byte
	Size    int    // of keys and images, in bytes
	Trace   string // X-Ray trace header of the write; kept, and told to nobody outside; may be empty
}

func (r *Record) encode() []byte {
	b := []byte{r.Event[0], 0}
	if r.Expired {
		b[1] = 1
	}
	b = binary.AppendUvarint(b, uint64(r.Size))
	for _, part := range [][]byte{r.Keys, r.New, r.Old} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	return append(b, r.Trace...)
}

// DecodeRecord reads an entry of a stream's log. The record shares its memory.
func DecodeRecord(b []byte) (Record, error) {
	damaged := fmt.Errorf("a stream's record is damaged")
	if len(b) < 3 {
		return Record{}, damaged
	}
	r := Record{Expired: b[1] != 0}
	switch b[0] {
	case 'I':
		r.Event = Insert
	case 'M':
		r.Event = Modify
	case 'R':
		r.Event = Remove
	}
	b = b[2:]
	number := func() int {
		n, used := binary.Uvarint(b)
		if used <= 0 {
			b = nil
			return -1
		}
		b = b[used:]
		return int(n)
	}
	r.Size = number()
	for _, part := range []*[]byte{&r.Keys, &r.New, &r.Old} {
		n := number()
		if n < 0 || n > len(b) {
			return Record{}, damaged
		}
		if n > 0 {
			*part = b[:n]
		}
		b = b[n:]
	}
	r.Trace = string(b)
	return r, nil
}

// Log is the name of a shard's log.
func (s *Stream) Log(shard int) string { return s.Logs + "/" + strconv.Itoa(shard) }

// shardOf is the shard that tells of a partition: the changes of one item are
// in one shard.
func (s *Stream) shardOf(stored []byte) int {
	if s.Shards <= 1 {
		return 0
	}
	return int(uint64(binary.BigEndian.Uint32(stored[roomLen:])) * uint64(s.Shards) >> 32)
}

// record makes the record of a change; images are JSON, nil where there is no item.
func (d *Definition) record(key item.Item, old, new []byte, oldSize, newSize int, expired bool) *Record {
	r := &Record{Event: Modify, Expired: expired, Keys: key.AppendJSON(nil), Size: key.Size()}
	switch {
	case old == nil:
		r.Event = Insert
	case new == nil:
		r.Event = Remove
	}
	view := d.Stream.View
	if new != nil && (view == "NEW_IMAGE" || view == "NEW_AND_OLD_IMAGES") {
		r.New = new
		r.Size += newSize
	}
	if old != nil && (view == "OLD_IMAGE" || view == "NEW_AND_OLD_IMAGES") {
		r.Old = old
		r.Size += oldSize
	}
	return r
}
