package message

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"time"

	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

// Handle is a receipt handle: one receive of one message of one queue.
type Handle struct {
	ID       uint64    // the engine's id of the message
	Received time.Time // to the millisecond; the 12 hours of visibility count from here
	Until    time.Time // when the visibility timeout ends, unless it was changed
	Token    string    // the engine's proof of the lease
}

// The first bytes of every handle; in base64 they read AQEB, as on AWS.
const handleMark = "\x01\x01\x01"

// handleHead is the length of a handle's fixed part: mark, queue, id, times.
const handleHead = len(handleMark) + 8 + 8 + 8 + 8

// Text is the handle as clients get it: fixed part, token, check sum. Instance
// is the life of the queue that it is of.
func (h Handle) Text(instance string) string {
	b := make([]byte, 0, handleHead+len(h.Token)+4)
	b = append(b, handleMark...)
	b = binary.BigEndian.AppendUint64(b, mark(instance))
	b = binary.BigEndian.AppendUint64(b, h.ID)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Received.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(h.Until.UnixMilli()))
	b = append(b, h.Token...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.StdEncoding.EncodeToString(b)
}

// ReadHandle reads a handle of that life of a queue. Those of others, and what
// is no handle, are the error ReceiptHandleIsInvalid.
func ReadHandle(instance string, text *string) (Handle, error) {
	if text == nil || *text == "" {
		return Handle{}, refuse.Missing("ReceiptHandle")
	}
	invalid := wire.Errorf("ReceiptHandleIsInvalid", "The input receipt handle \"%s\" is not a valid receipt handle.", *text)
	b, err := base64.StdEncoding.DecodeString(*text)
	if err != nil || len(b) < handleHead+4 || string(b[:3]) != handleMark {
		return Handle{}, invalid
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	if binary.BigEndian.Uint32(sum) != crc32.ChecksumIEEE(body) || binary.BigEndian.Uint64(b[3:]) != mark(instance) {
		return Handle{}, invalid
	}
	return Handle{
		ID:       binary.BigEndian.Uint64(b[11:]),
		Received: time.UnixMilli(int64(binary.BigEndian.Uint64(b[19:]))),
		Until:    time.UnixMilli(int64(binary.BigEndian.Uint64(b[27:]))),
		Token:    string(body[handleHead:]),
	}, nil
}

// mark tells the handles of one queue from those of another.
func mark(instance string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(instance))
	return h.Sum64()
}
