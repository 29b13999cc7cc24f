package sqs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
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
}

// prepared is a draft that was found good.
type prepared struct {
	message engine.Message
	envelope
	traceType string // data type of the trace header
}

// digests are the three that a sender gets; "" where there is nothing to digest.
func (p *prepared) digests() (body, attributes, system string) {
	if p.trace != "" {
		system = md5OfAttributes([]attribute{{name: MessageSystemAttributeNameForSendsAWSTraceHeader, dataType: p.traceType, value: p.trace}})
	}
	return md5Of(p.body), md5OfAttributes(p.attributes), system
}

// prepare validates a draft and makes the engine's message of it.
func (q *queue) prepare(d draft, now time.Time) (prepared, error) {
	if err := checkBody(d.body); err != nil {
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
	if size > set.maxSize {
		return prepared{}, wire.Errorf(codeInvalidParameterValue, "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", set.maxSize)
	}
	p := prepared{envelope: envelope{body: d.body, sender: d.sender, attributes: attributes}}
	if trace != nil {
		p.trace, p.traceType = trace.value, trace.dataType
	}
	if err := q.order(d, &p.envelope, &p.message, set); err != nil {
		return prepared{}, err
	}
	delay, err := delayOf(d.delay, set)
	if err != nil {
		return prepared{}, err
	}
	if delay > 0 {
		p.message.Due = now.Add(delay)
	}
	p.message.Body = p.encode()
	return p, nil
}

// order fills in what FIFO queues need: group and deduplication. On standard
// queues the group is kept (fair queues) but orders nothing.
func (q *queue) order(d draft, e *envelope, m *engine.Message, set *settings) error {
	if d.group != nil {
		if !validToken(*d.group) {
			return invalidValue(*d.group, "MessageGroupId", "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		}
		e.group = *d.group
	}
	if d.dedup != nil {
		if !set.fifo {
			return invalidValue(*d.dedup, "MessageDeduplicationId", notForType)
		}
		if !validToken(*d.dedup) {
			return invalidValue(*d.dedup, "MessageDeduplicationId", "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		}
		e.dedup = *d.dedup
	}
	if !set.fifo {
		return nil
	}
	if d.group == nil {
		return missing("MessageGroupId")
	}
	if d.dedup == nil {
		if !set.contentDedup {
			return errNoDedup
		}
		sum := sha256.Sum256([]byte(d.body))
		e.dedup = hex.EncodeToString(sum[:])
	}
	m.Group, m.Dedup = e.group, dedupKey(set, e)
	return nil
}

// errNoDedup is what a FIFO queue answers to a message without an id.
var errNoDedup = wire.Errorf(codeInvalidParameterValue, "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")

// dedupKey is what the engine compares. Neither part holds a space.
func dedupKey(set *settings, e *envelope) string {
	if set.groupScope {
		return e.group + " " + e.dedup
	}
	return e.dedup
}

func delayOf(seconds *int32, set *settings) (time.Duration, error) {
	if seconds == nil {
		return set.delay, nil
	}
	if *seconds < 0 || *seconds > 900 {
		return 0, invalidValue(*seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	}
	if set.fifo {
		if *seconds != 0 {
			return 0, invalidValue(*seconds, "DelaySeconds", notForType)
		}
		return set.delay, nil
	}
	return time.Duration(*seconds) * time.Second, nil
}

// checkBody refuses what XML 1.0 cannot hold.
func checkBody(body string) error {
	if body == "" {
		return missing("MessageBody")
	}
	if !validText(body) {
		return wire.Errorf(CodeInvalidMessageContents, "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	return nil
}

func validText(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
			return false
		}
		i += size
	}
	return true
}

// validToken checks a group or deduplication id: letters, digits and
// punctuation, 1 to 128 of them.
func validToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 128
}

const maxAttributes = 10

// readAttributes validates message attributes (developer guide, page
// sqs-message-metadata), and counts their bytes: name, type and value.
func readAttributes(in map[string]MessageAttributeValue) (out []attribute, size int, err error) {
	if len(in) > maxAttributes {
		return nil, 0, wire.Errorf(codeInvalidParameterValue, "Number of message attributes [%d] exceeds the allowed maximum [%d].", len(in), maxAttributes)
	}
	for name, v := range in {
		a := attribute{name: name}
		if v.DataType != nil {
			a.dataType = *v.DataType
		}
		if err := checkAttributeName(name); err != nil {
			return nil, 0, err
		}
		if len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0 {
			return nil, 0, wire.Errorf(CodeUnsupportedOperation, "Message attribute list values in SendMessage operation are not supported.")
		}
		if err := a.read("user", v.StringValue, v.BinaryValue); err != nil {
			return nil, 0, err
		}
		size += len(a.name) + len(a.dataType) + len(a.value)
		out = append(out, a)
	}
	return out, size, nil
}

// readSystem validates system attributes; they do not count towards the size.
func readSystem(in map[string]MessageSystemAttributeValue) (*attribute, error) {
	for name := range in {
		if name != MessageSystemAttributeNameForSendsAWSTraceHeader {
			return nil, wire.Errorf(codeInvalidParameterValue, "Message system attribute name '%s' is invalid.", name)
		}
	}
	v, ok := in[MessageSystemAttributeNameForSendsAWSTraceHeader]
	if !ok {
		return nil, nil
	}
	a := &attribute{name: MessageSystemAttributeNameForSendsAWSTraceHeader}
	if v.DataType != nil {
		a.dataType = *v.DataType
	}
	if err := a.read("system", v.StringValue, v.BinaryValue); err != nil {
		return nil, err
	}
	if a.binary {
		return nil, wire.Errorf(codeInvalidParameterValue, "The message system attribute '%s' must be of type String.", a.name)
	}
	return a, nil
}

// read takes the value that the attribute's type asks for.
func (a *attribute) read(whose string, text *string, bytes []byte) error {
	base, label, _ := strings.Cut(a.dataType, ".")
	if (base != "String" && base != "Number" && base != "Binary") || len(a.dataType) > 256 || strings.ContainsFunc(label, func(r rune) bool { return r < ' ' || r > '~' }) {
		if a.dataType == "" {
			return wire.Errorf(codeInvalidParameterValue, "The message attribute '%s' must contain a non-empty message attribute type.", a.name)
		}
		return wire.Errorf(codeInvalidParameterValue, "The type of message (%s) attribute '%s' is invalid. You must use only the following supported type prefixes: Binary, Number, String.", whose, a.name)
	}
	empty := wire.Errorf(codeInvalidParameterValue, "Message (%s) attribute '%s' must contain a non-empty value of type '%s'.", whose, a.name, base)
	if base == "Binary" {
		if len(bytes) == 0 {
			return empty
		}
		a.binary, a.value = true, string(bytes)
		return nil
	}
	if text == nil || *text == "" {
		return empty
	}
	if !validText(*text) {
		return wire.Errorf(CodeInvalidMessageContents, "Invalid characters found in the value of message attribute '%s'. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", a.name)
	}
	if base == "Number" {
		if _, _, err := big.ParseFloat(*text, 10, 128, big.ToNearestEven); err != nil || strings.ContainsAny(*text, "_nN") {
			return wire.Errorf(codeInvalidParameterValue, "Can't cast the value of message (%s) attribute '%s' to a number.", whose, a.name)
		}
	}
	a.value = *text
	return nil
}

func checkAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > 256:
		return wire.Errorf(codeInvalidParameterValue, "Length of message attribute name must be between 1 and 256 bytes.")
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return wire.Errorf(codeInvalidParameterValue, "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.")
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return wire.Errorf(codeInvalidParameterValue, "Invalid use of periods in message attribute name '%s'.", name)
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return wire.Errorf(codeInvalidParameterValue, "Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", c)
		}
	}
	return nil
}

// messageID makes a message's id of its queue and engine id, so that a message
// which was dropped as a duplicate is answered with the first one's id.
func (q *queue) messageID(id uint64) string {
	b := append([]byte(q.instance), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint64(b[len(q.instance):], id)
	sum := sha256.Sum256(b)
	u := uuid.UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// sequenceNumber is a FIFO message's number: 20 digits, increasing.
func sequenceNumber(id uint64) string {
	const base = 10_000_000_000_000_000_000
	if id >= 1<<63-1 {
		return fmt.Sprintf("%020d", id)
	}
	return strconv.FormatUint(base+id, 10)
}
