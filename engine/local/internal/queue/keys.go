package queue

import (
	"encoding/binary"

	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// The shelves of a queue's room. Purge clears those from shelfBodies up.
const (
	shelfMeta    = 0 //                 -> next id, count
	shelfDedup   = 1 // bucket dedup    -> id, time
	shelfBodies  = 2 // id              -> what was enqueued
	shelfStates  = 3 // id              -> due, first, leases of what was put back
	shelfDue     = 4 // due id          -> flags group; heads of groups and the ungrouped
	shelfDelayed = 5 // due id          -> nothing; what was not due when it was written
	shelfMembers = 6 // group id        -> flags
	shelfGroups  = 7 // group           -> count, head, head's due
	shelfEnd     = 8
)

// A place is where a message stands in the order of due times. Due times are
// in milliseconds since 1970, never negative.
type place struct {
	due int64
	id  uint64
}

func (a place) before(b place) bool {
	return a.due < b.due || a.due == b.due && a.id < b.id
}

func shelf(id uint32, s byte) []byte {
	return append(store.AppendID(make([]byte, 0, 32), store.RoomQueues, id), s)
}

func messageKey(id uint32, s byte, message uint64) []byte {
	return binary.BigEndian.AppendUint64(shelf(id, s), message)
}

func placeKey(id uint32, s byte, p place) []byte {
	b := binary.BigEndian.AppendUint64(shelf(id, s), uint64(p.due))
	return binary.BigEndian.AppendUint64(b, p.id)
}

const shelfLen = 6

func placeOf(key []byte) place {
	return place{int64(binary.BigEndian.Uint64(key[shelfLen:])), binary.BigEndian.Uint64(key[shelfLen+8:])}
}

func groupKey(id uint32, group string) []byte {
	return append(shelf(id, shelfGroups), group...)
}

func memberPrefix(id uint32, group string) []byte {
	b := binary.BigEndian.AppendUint16(shelf(id, shelfMembers), uint16(len(group)))
	return append(b, group...)
}

func memberKey(id uint32, group string, message uint64) []byte {
	return binary.BigEndian.AppendUint64(memberPrefix(id, group), message)
}

func dedupKey(id uint32, bucket int64, dedup string) []byte {
	b := binary.BigEndian.AppendUint64(shelf(id, shelfDedup), uint64(bucket))
	return append(b, dedup...)
}
