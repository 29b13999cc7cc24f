package message

import (
	"encoding/binary"
	"errors"
	"time"
)

// Envelope is a message as the engine keeps it: what the sender gave, and what
// the message brought along from where it was moved from.
type Envelope struct {
	Body       string
	Sender     string // system attribute SenderId
	Group      string // MessageGroupId; in the envelope also for standard queues, where it orders nothing
	Dedup      string // MessageDeduplicationId, given or made of the content
	Trace      string // AWSTraceHeader
	Attributes []Attribute

	// Of messages in a dead-letter queue.
	ID     string    // MessageId; "": made of queue and engine id
	Source string    // ARN of the queue it comes from
	Sent   time.Time // zero: when it was enqueued

	// Uncounted are leases that gave the message to nobody: they are no receives.
	Uncounted int
}

const envelopeVersion = 1

// Encode is the envelope as the body of an engine's message.
func (e *Envelope) Encode() []byte {
	n := len(e.Body) + len(e.Sender) + len(e.Group) + len(e.Dedup) + len(e.Trace) + len(e.ID) + len(e.Source) + 40
	for _, a := range e.Attributes {
		n += len(a.Name) + len(a.Type) + len(a.Value) + 12
	}
	return e.append(make([]byte, 0, n))
}

// append encodes the envelope: a version byte, then strings with their lengths
// and numbers as unsigned varints.
func (e *Envelope) append(b []byte) []byte {
	b = append(b, envelopeVersion)
	for _, s := range []string{e.Body, e.Sender, e.Group, e.Dedup, e.Trace, e.ID, e.Source} {
		b = appendString(b, s)
	}
	sent := uint64(0)
	if !e.Sent.IsZero() {
		sent = uint64(e.Sent.UnixMilli())
	}
	b = binary.AppendUvarint(b, sent)
	b = binary.AppendUvarint(b, uint64(e.Uncounted))
	b = binary.AppendUvarint(b, uint64(len(e.Attributes)))
	for _, a := range e.Attributes {
		b = appendString(b, a.Name)
		b = appendString(b, a.Type)
		kind := byte(0)
		if a.Binary {
			kind = 1
		}
		b = append(b, kind)
		b = appendString(b, a.Value)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errEnvelope = errors.New("the engine holds a message that is none of sqs")

// Decode reads what [Envelope.Encode] wrote, and refuses all else.
func Decode(b []byte) (Envelope, error) {
	r := reader{b: b}
	if r.byte() != envelopeVersion {
		return Envelope{}, errEnvelope
	}
	e := Envelope{
		Body: r.string(), Sender: r.string(), Group: r.string(), Dedup: r.string(),
		Trace: r.string(), ID: r.string(), Source: r.string(),
	}
	if ms := r.number(); ms != 0 {
		e.Sent = time.UnixMilli(int64(ms))
	}
	e.Uncounted = int(r.number())
	for n := r.number(); n > 0 && !r.bad; n-- {
		e.Attributes = append(e.Attributes, Attribute{Name: r.string(), Type: r.string(), Binary: r.byte() == 1, Value: r.string()})
	}
	if r.bad || len(r.b) != 0 {
		return Envelope{}, errEnvelope
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
