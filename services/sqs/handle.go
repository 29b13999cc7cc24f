package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// handle is a receipt handle: one receive of one message.
type handle struct {
	id       uint64    // the engine's id of the message
	received time.Time // to the millisecond; the 12 hours of visibility count from here
	until    time.Time // when the visibility timeout ends, unless it was changed
	token    string    // the engine's proof of the lease
}

// The first bytes of every handle; in base64 they read AQEB, as on AWS.
const handleMark = "\x01\x01\x01"

// handleHead is the length of a handle's fixed part: mark, queue, id, times.
const handleHead = len(handleMark) + 8 + 8 + 8 + 8

// handle is the text of a receipt handle: fixed part, token, check sum.
func (q *queue) handle(l *engine.Leased, received, until time.Time) string {
	b := make([]byte, 0, handleHead+len(l.Token)+4)
	b = append(b, handleMark...)
	b = binary.BigEndian.AppendUint64(b, q.mark())
	b = binary.BigEndian.AppendUint64(b, l.ID)
	b = binary.BigEndian.AppendUint64(b, uint64(received.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(until.UnixMilli()))
	b = append(b, l.Token...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.StdEncoding.EncodeToString(b)
}

// parseHandle reads a handle of this queue.
func (q *queue) parseHandle(text *string) (handle, error) {
	if text == nil || *text == "" {
		return handle{}, missing("ReceiptHandle")
	}
	invalid := wire.Errorf(CodeReceiptHandleIsInvalid, "The input receipt handle \"%s\" is not a valid receipt handle.", *text)
	b, err := base64.StdEncoding.DecodeString(*text)
	if err != nil || len(b) < handleHead+4 || string(b[:3]) != handleMark {
		return handle{}, invalid
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	if binary.BigEndian.Uint32(sum) != crc32.ChecksumIEEE(body) || binary.BigEndian.Uint64(b[3:]) != q.mark() {
		return handle{}, invalid
	}
	return handle{
		id:       binary.BigEndian.Uint64(b[11:]),
		received: time.UnixMilli(int64(binary.BigEndian.Uint64(b[19:]))),
		until:    time.UnixMilli(int64(binary.BigEndian.Uint64(b[27:]))),
		token:    string(body[handleHead:]),
	}, nil
}

// mark tells the handles of one queue from those of another.
func (q *queue) mark() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(q.instance))
	return h.Sum64()
}
