package sqs

import (
	"encoding/binary"
	"errors"
	"time"
)

// envelope is a message as the engine keeps it: what the sender gave, and what
// the message brought along from where it was moved from.
type envelope struct {
	body       string
	sender     string // system attribute SenderId
	group      string // MessageGroupId; in the envelope also for standard queues, where it orders nothing
	dedup      string // MessageDeduplicationId, given or made of the content
	trace      string // AWSTraceHeader
	attributes []attribute

	// Of messages in a dead-letter queue.
	id     string    // MessageId; "": made of queue and engine id
	source string    // ARN of the queue it comes from
	sent   time.Time // zero: when it was enqueued

	// uncounted are leases that gave the message to nobody: they are no receives.
	uncounted int
}

// attribute is one message attribute.
type attribute struct {
	name, dataType string
	binary         bool
	value          string // the bytes, where it is binary
}

const envelopeVersion = 1

// append encodes the envelope: a version byte, then strings with their lengths
// and numbers as unsigned varints.
func (e *envelope) append(b []byte) []byte {
	b = append(b, envelopeVersion)
	for _, s := range []string{e.body, e.sender, e.group, e.dedup, e.trace, e.id, e.source} {
		b = appendString(b, s)
	}
	sent := uint64(0)
	if !e.sent.IsZero() {
		sent = uint64(e.sent.UnixMilli())
	}
	b = binary.AppendUvarint(b, sent)
	b = binary.AppendUvarint(b, uint64(e.uncounted))
	b = binary.AppendUvarint(b, uint64(len(e.attributes)))
	for _, a := range e.attributes {
		b = appendString(b, a.name)
		b = appendString(b, a.dataType)
		kind := byte(0)
		if a.binary {
			kind = 1
		}
		b = append(b, kind)
		b = appendString(b, a.value)
	}
	return b
}

func (e *envelope) encode() []byte {
	n := len(e.body) + len(e.sender) + len(e.group) + len(e.dedup) + len(e.trace) + len(e.id) + len(e.source) + 40
	for _, a := range e.attributes {
		n += len(a.name) + len(a.dataType) + len(a.value) + 12
	}
	return e.append(make([]byte, 0, n))
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errEnvelope = errors.New("the engine holds a message that is none of sqs")

// decodeEnvelope reads what encode wrote, and refuses all else.
func decodeEnvelope(b []byte) (envelope, error) {
	r := reader{b: b}
	if r.byte() != envelopeVersion {
		return envelope{}, errEnvelope
	}
	e := envelope{
		body: r.string(), sender: r.string(), group: r.string(), dedup: r.string(),
		trace: r.string(), id: r.string(), source: r.string(),
	}
	if ms := r.number(); ms != 0 {
		e.sent = time.UnixMilli(int64(ms))
	}
	e.uncounted = int(r.number())
	for n := r.number(); n > 0 && !r.bad; n-- {
		e.attributes = append(e.attributes, attribute{name: r.string(), dataType: r.string(), binary: r.byte() == 1, value: r.string()})
	}
	if r.bad || len(r.b) != 0 {
		return envelope{}, errEnvelope
	}
	return e, nil
}

// reader takes values off the front of b until one is not there.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > 1<<62 {
		r.bad = true
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) string() string {
	n := r.number()
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
