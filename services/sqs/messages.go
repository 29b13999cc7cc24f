package sqs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/message"
	"github.com/signalbox/signalbox/services/sqs/refuse"
)

// draft is a message as a sender gives it: the same for SendMessage, an entry
// of SendMessageBatch, and an event that comes as to a target.
type draft struct {
	body       string
	delay      *int32 // seconds; nil: the queue's
	attributes map[string]MessageAttributeValue
	system     map[string]MessageSystemAttributeValue
	dedup      *string
	group      *string
	sender     string
	trace      string // header of the request; the system attribute goes before it
}

// prepared is a draft that was found good.
type prepared struct {
	kept engine.Message // what the engine is given
	message.Envelope
	traceType string // data type of the trace header
}

// digests are the three that a sender gets; "" where there is nothing to digest.
func (p *prepared) digests() (body, attributes, system string) {
	if p.traceType != "" {
		system = message.MD5OfAttributes([]message.Attribute{{Name: MessageSystemAttributeNameForSendsAWSTraceHeader, Type: p.traceType, Value: p.Trace}})
	}
	return message.MD5(p.Body), message.MD5OfAttributes(p.Attributes), system
}

// prepare validates a draft and makes the engine's message of it.
func (q *queue) prepare(d draft, now time.Time) (prepared, error) {
	if err := message.CheckBody(d.body); err != nil {
		return prepared{}, err
	}
	attributes, size, err := readAttributes(d.attributes)
	if err != nil {
		return prepared{}, err
	}
	trace, err := readSystem(d.system)
	if err != nil {
		return prepared{}, err
	}
	size += len(d.body)
	set := q.now.Load()
	if size > set.MaxSize {
		return prepared{}, refuse.Invalidf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", set.MaxSize)
	}
	p := prepared{Envelope: message.Envelope{Body: d.body, Sender: d.sender, Attributes: attributes}}
	p.Trace, p.traceType = cmp.Or(trace.Value, d.trace), trace.Type
	if err := q.order(d, &p.Envelope, &p.kept, set); err != nil {
		return prepared{}, err
	}
	delay, err := delayOf(d.delay, set)
	if err != nil {
		return prepared{}, err
	}
	if delay > 0 {
		p.kept.Due = now.Add(delay)
	}
	p.kept.Body = p.Encode()
	return p, nil
}

// order fills in what FIFO queues need: group and deduplication. On standard
// queues the group is kept (fair queues) but orders nothing.
func (q *queue) order(d draft, e *message.Envelope, m *engine.Message, set *snapshot) error {
	if d.group != nil {
		if !message.ValidToken(*d.group) {
			return refuse.Value(*d.group, "MessageGroupId", "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		}
		e.Group = *d.group
	}
	if d.dedup != nil {
		if !set.FIFO {
			return refuse.Value(*d.dedup, "MessageDeduplicationId", refuse.NotForType)
		}
		if !message.ValidToken(*d.dedup) {
			return refuse.Value(*d.dedup, "MessageDeduplicationId", "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		}
		e.Dedup = *d.dedup
	}
	if !set.FIFO {
		return nil
	}
	if d.group == nil {
		return refuse.Missing("MessageGroupId")
	}
	if d.dedup == nil {
		if !set.ContentDedup {
			return errNoDedup
		}
		sum := sha256.Sum256([]byte(d.body))
		e.Dedup = hex.EncodeToString(sum[:])
	}
	m.Group, m.Dedup = e.Group, dedupKey(set, e)
	return nil
}

// errNoDedup is what a FIFO queue answers to a message without an id.
var errNoDedup = refuse.Invalidf("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")

// dedupKey is what the engine compares. Neither part holds a space.
func dedupKey(set *snapshot, e *message.Envelope) string {
	if set.GroupScope {
		return e.Group + " " + e.Dedup
	}
	return e.Dedup
}

func delayOf(seconds *int32, set *snapshot) (time.Duration, error) {
	if seconds == nil {
		return set.Delay, nil
	}
	if *seconds < 0 || *seconds > 900 {
		return 0, refuse.Value(*seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	}
	if set.FIFO {
		if *seconds != 0 {
			return 0, refuse.Value(*seconds, "DelaySeconds", refuse.NotForType)
		}
		return set.Delay, nil
	}
	return time.Duration(*seconds) * time.Second, nil
}

// readAttributes validates message attributes, and counts their bytes.
func readAttributes(in map[string]MessageAttributeValue) (out []message.Attribute, size int, err error) {
	if len(in) > message.MaxAttributes {
		return nil, 0, refuse.Invalidf("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(in), message.MaxAttributes)
	}
	for name, v := range in {
		a, err := message.ReadAttribute(name, message.Value{
			Type: v.DataType, Text: v.StringValue, Bytes: v.BinaryValue,
			List: len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0,
		})
		if err != nil {
			return nil, 0, err
		}
		size += a.Size()
		out = append(out, a)
	}
	return out, size, nil
}

// readSystem validates system attributes.
func readSystem(in map[string]MessageSystemAttributeValue) (trace message.Attribute, err error) {
	for name := range in {
		if name != MessageSystemAttributeNameForSendsAWSTraceHeader {
			return trace, refuse.Invalidf("Message system attribute name '%s' is invalid.", name)
		}
	}
	v, ok := in[MessageSystemAttributeNameForSendsAWSTraceHeader]
	if !ok {
		return trace, nil
	}
	return message.ReadSystem(MessageSystemAttributeNameForSendsAWSTraceHeader, message.Value{Type: v.DataType, Text: v.StringValue, Bytes: v.BinaryValue})
}
