package hub

import (
	"encoding/binary"
	"errors"
	"time"
	"unsafe"

	"github.com/signalbox/signalbox/engine"
)

// An entry of a bus's log is a header and then the event's envelope:
//
//	version   1 byte
//	ingested  uvarint, milliseconds since 1970
//	id        uvarint offset in the envelope, uvarint length
//	hops      uvarint
//	trace     uvarint length, bytes
//	only      uvarint count, and of each uvarint length, bytes
//	envelope  to the end
const entryVersion = 1

// errEntry is what an entry that was not written here gives.
var errEntry = errors.New("not an event of a bus")

// entry is an event as it lies in the log. Its members share the bytes of the
// log's entry, which are never changed.
type entry struct {
	position engine.Position
	kept     time.Time
	ingested int64 // milliseconds since 1970
	id       string
	trace    string
	hops     int
	only     []byte // as in the log, without the count
	onlys    int
	envelope []byte
}

// appendHeader appends what comes before an envelope whose id begins at off
// and is n bytes long.
func (e *Event) appendHeader(dst []byte, now time.Time, off, n int) []byte {
	dst = append(dst, entryVersion)
	dst = binary.AppendUvarint(dst, uint64(now.UnixMilli()))
	dst = binary.AppendUvarint(dst, uint64(off))
	dst = binary.AppendUvarint(dst, uint64(n))
	dst = binary.AppendUvarint(dst, uint64(max(e.Hops, 0)))
	dst = binary.AppendUvarint(dst, uint64(len(e.Trace)))
	dst = append(dst, e.Trace...)
	dst = binary.AppendUvarint(dst, uint64(len(e.Only)))
	for _, rule := range e.Only {
		dst = binary.AppendUvarint(dst, uint64(len(rule)))
		dst = append(dst, rule...)
	}
	return dst
}

// read decodes without copying.
func (e *entry) read(from engine.Entry) error {
	b := from.Data
	if len(b) == 0 || b[0] != entryVersion {
		return errEntry
	}
	b = b[1:]
	ok := true
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	text := func() []byte {
		n := number()
		if n > uint64(len(b)) {
			ok = false
			return nil
		}
		t := b[:n]
		b = b[n:]
		return t
	}
	e.position, e.kept = from.Position, from.Time
	e.ingested = int64(number())
	off, n := number(), number()
	e.hops = int(number())
	e.trace = alias(text())
	e.onlys = int(number())
	start := b
	for i := 0; i < e.onlys && ok; i++ {
		text()
	}
	e.only = start[:len(start)-len(b)]
	e.envelope = b
	if !ok || off > uint64(len(b)) || n > uint64(len(b))-off {
		return errEntry
	}
	e.id = alias(b[off : off+n])
	return nil
}

// alias is b as a string, without a copy. It is for bytes that never change.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// meant reports whether the rule is to see the event.
func (e *entry) meant(rule string) bool {
	if e.onlys == 0 {
		return true
	}
	b := e.only
	for range e.onlys {
		n, w := binary.Uvarint(b)
		if string(b[w:w+int(n)]) == rule {
			return true
		}
		b = b[w+int(n):]
	}
	return false
}

func (e *entry) rules() []string {
	var rules []string
	b := e.only
	for range e.onlys {
		n, w := binary.Uvarint(b)
		rules = append(rules, string(b[w:w+int(n)]))
		b = b[w+int(n):]
	}
	return rules
}
