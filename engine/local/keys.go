package local

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/signalbox/signalbox/engine"
)

// The first byte of a key names its room. Bytes from [Foreign] up are not the
// engine's own.
const (
	roomCounters = 'c' // c name            -> uint64
	roomNames    = 'n' // n kind name       -> id
	roomRecords  = 'r' // r id key          -> revision value
	roomLogs     = 'l' // l id position     -> time data
	roomBounds   = 'b' // b id              -> first next time
	roomQueues   = 'q' // q id shelf …      (see below)

	// Foreign is the first of the bytes that keys written through
	// [Engine.Commit] may begin with.
	Foreign = 0x80
)

// What a name names.
const (
	kindLog        = 'l'
	kindQueue      = 'q'
	kindCollection = 'r'
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

var (
	keyRevision   = []byte("crevision") // of the last Apply
	keyNames      = []byte("cnames")    // the last number given to a name
	keyTime       = []byte("ctime")     // the engine's, when a queue was changed last
	keyGeneration = []byte("cgeneration")
)

func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s: %w", what, engine.ErrName)
	case len(name) > engine.MaxName, strings.IndexByte(name, 0) >= 0, !utf8.ValidString(name):
		return fmt.Errorf("%s %.40q: %w", what, name, engine.ErrName)
	}
	return nil
}

func nameKey(kind byte, name string) []byte {
	return append([]byte{roomNames, kind}, name...)
}

func appendID(b []byte, room byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, room), id)
}

func recordKey(id uint32, key string) []byte {
	return append(appendID(make([]byte, 0, 5+len(key)), roomRecords, id), key...)
}

const entryKeyLen = 13

func entryKey(b []byte, id uint32, p engine.Position) []byte {
	return binary.BigEndian.AppendUint64(appendID(b, roomLogs, id), uint64(p))
}

func boundsKey(id uint32) []byte { return appendID(nil, roomBounds, id) }

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
	return append(appendID(make([]byte, 0, 32), roomQueues, id), s)
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

// after is the first key behind all that begin with prefix.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		end[i]++
		if end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
