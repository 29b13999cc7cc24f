package delivery

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// A record is an event in the durable queue, with all that is known of it.
// Its form: a version byte, then for each field in the order of the code an
// unsigned varint, or a string that its length precedes as such.
const recordVersion = 1

// maxInt bounds numbers that are small by their nature.
const maxInt = 1<<31 - 1

var errRecord = errors.New("not a delivery record")

// appendRecord appends the durable form of it.
func appendRecord(dst []byte, it *item) []byte {
	e, l := &it.event, &it.last
	dst = append(dst, recordVersion)
	flags := uint64(0)
	if it.bury {
		flags = 1
	}
	dst = binary.AppendUvarint(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(e.Position))
	dst = binary.AppendVarint(dst, unixNano(e.Ingested))
	dst = appendString(dst, e.ID)
	dst = appendString(dst, e.Group)
	dst = appendString(dst, e.Trace)
	dst = appendString(dst, e.Data)
	dst = binary.AppendUvarint(dst, uint64(it.attempts))
	dst = binary.AppendUvarint(dst, 0) // once the failed attempts to bury it
	dst = binary.AppendVarint(dst, unixNano(it.due))
	dst = binary.AppendUvarint(dst, it.writer)
	dst = appendString(dst, it.exhausted)
	dst = binary.AppendUvarint(dst, uint64(l.Number))
	dst = binary.AppendVarint(dst, unixNano(l.Start))
	dst = binary.AppendVarint(dst, int64(l.Duration))
	dst = binary.AppendUvarint(dst, uint64(l.Result.Kind))
	dst = appendString(dst, l.Result.Code)
	dst = appendString(dst, l.Result.Message)
	dst = binary.AppendUvarint(dst, uint64(l.Result.Status))
	return dst
}

// unixNano has the zero time as 0, which it is not to UnixNano.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

func appendString[S string | []byte](dst []byte, s S) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// parseRecord reads what appendRecord wrote. The item's Data is a part of body.
func parseRecord(body []byte) (*item, error) {
	if len(body) == 0 || body[0] != recordVersion {
		return nil, errRecord
	}
	r := recordReader{rest: body[1:]}
	it := new(item)
	e, l := &it.event, &it.last
	it.bury = r.number()&1 != 0
	e.Position = engine.Position(r.number())
	e.Ingested = timeOf(r.signed())
	e.ID = string(r.bytes())
	e.Group = string(r.bytes())
	e.Trace = string(r.bytes())
	e.Data = r.bytes()
	it.attempts = r.small()
	r.small()
	it.due = timeOf(r.signed())
	it.writer = r.number()
	it.exhausted = string(r.bytes())
	l.Number = r.small()
	l.Start = timeOf(r.signed())
	l.Duration = time.Duration(r.signed())
	l.Result.Kind = Kind(r.small())
	l.Result.Code = string(r.bytes())
	l.Result.Message = string(r.bytes())
	l.Result.Status = r.small()
	if r.bad || len(r.rest) > 0 {
		return nil, fmt.Errorf("%w: it ends early, or late", errRecord)
	}
	it.size = len(body)
	return it, nil
}

// recordReader reads fields until one is bad; those after it are zero.
type recordReader struct {
	rest []byte
	bad  bool
}

func (r *recordReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	return recordField(r, v, n)
}

func (r *recordReader) small() int {
	v := r.number()
	if v > maxInt {
		r.bad, r.rest = true, nil
		return 0
	}
	return int(v)
}

func (r *recordReader) signed() int64 {
	v, n := binary.Varint(r.rest)
	return recordField(r, v, n)
}

func recordField[T int64 | uint64](r *recordReader, v T, n int) T {
	if n <= 0 || r.bad {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *recordReader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
