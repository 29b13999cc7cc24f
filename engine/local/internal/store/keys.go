package store

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
	RoomRecords  = 'r' // r id key          -> revision value
	RoomLogs     = 'l' // l id position     -> time data
	RoomBounds   = 'b' // b id              -> first next time
	RoomQueues   = 'q' // q id shelf …      (package queue)

	// Foreign is the first of the bytes that keys of others may begin with.
	Foreign = 0x80
)

// What a name names.
const (
	KindLog        = 'l'
	KindQueue      = 'q'
	KindCollection = 'r'
)

var (
	keyRevision = []byte("crevision") // of the last Apply
	keyNames    = []byte("cnames")    // the last number given to a name
	keyTime     = []byte("ctime")     // the engine's, when a queue was changed last
)

// CheckName tells what package engine says of names.
func CheckName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s: %w", what, engine.ErrName)
	case len(name) > engine.MaxName, strings.IndexByte(name, 0) >= 0, !utf8.ValidString(name):
		return fmt.Errorf("%s %.40q: %w", what, name, engine.ErrName)
	}
	return nil
}

// NameKey is where the number of a name lies.
func NameKey(kind byte, name string) []byte {
	return append([]byte{roomNames, kind}, name...)
}

// AppendID appends what all keys of a name's room begin with.
func AppendID(b []byte, room byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, room), id)
}

// After is the first key behind all that begin with prefix.
func After(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		end[i]++
		if end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
