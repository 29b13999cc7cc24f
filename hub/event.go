package hub

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Event is what a producer hands in.
type Event struct {
	ID         string // empty: Put gives a new one (a UUID of version 7)
	Source     string
	DetailType string
	Account    string // 12 digits
	Region     string
	Time       time.Time // told in UTC, to the second; zero: the time of the Put
	Resources  []string
	Detail     []byte // a JSON object. Put looks at its ends only; its producer has validated it
	Trace      string // X-Ray trace header

	// ReplayName is the replay that brings the event again. It is told as
	// the envelope's member "replay-name".
	ReplayName string
	// Only are the ARNs of the only rules which are to see the event; none: all.
	Only []string
	// Envelope is the whole event as it came from another bus or an archive.
	// It is kept as it is, with the id that it has. The members from Source
	// to Detail are not looked at.
	Envelope []byte
	// Hops counts the buses that the event came through before this one.
	Hops int
}

// What callers of Put must be able to tell apart.
var (
	ErrDetail   = errors.New("the detail is not a JSON object")
	ErrEnvelope = errors.New("the envelope is not a JSON object with an id")
)

// appendEnvelope appends the event in EventBridge's form (user guide, page
// eb-events-structure) and returns where in dst its id begins and ends.
func (e *Event) appendEnvelope(dst []byte, gen *ids, now time.Time) (out []byte, from, to int, err error) {
	if e.Envelope != nil {
		return e.appendWhole(dst)
	}
	detail := bytes.TrimSpace(e.Detail)
	if len(detail) < 2 || detail[0] != '{' || detail[len(detail)-1] != '}' {
		return dst, 0, 0, ErrDetail
	}
	dst = append(dst, `{"version":"0","id":"`...)
	from = len(dst)
	if e.ID == "" {
		dst = gen.appendID(dst, now)
	} else if strings.ContainsFunc(e.ID, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError }) {
		return dst, 0, 0, fmt.Errorf("the id %q cannot be told in JSON without escapes", e.ID)
	} else {
		dst = append(dst, e.ID...)
	}
	to = len(dst)
	dst = append(dst, `","detail-type":`...)
	dst = appendString(dst, e.DetailType)
	dst = append(dst, `,"source":`...)
	dst = appendString(dst, e.Source)
	dst = append(dst, `,"account":`...)
	dst = appendString(dst, e.Account)
	dst = append(dst, `,"time":"`...)
	t := e.Time
	if t.IsZero() {
		t = now
	}
	dst = t.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	dst = append(dst, `","region":`...)
	dst = appendString(dst, e.Region)
	dst = append(dst, `,"resources":[`...)
	for i, r := range e.Resources {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, r)
	}
	dst = append(dst, `],"detail":`...)
	dst = append(dst, detail...)
	return e.appendReplay(append(dst, '}')), from, to, nil
}

// appendWhole appends an envelope that came whole.
func (e *Event) appendWhole(dst []byte) (out []byte, from, to int, err error) {
	envelope := bytes.TrimSpace(e.Envelope)
	from, to, ok := findID(envelope)
	if !ok {
		return dst, 0, 0, ErrEnvelope
	}
	from, to = from+len(dst), to+len(dst)
	return e.appendReplay(append(dst, envelope...)), from, to, nil
}

// appendReplay adds the replay's name before the brace that ends dst.
func (e *Event) appendReplay(dst []byte) []byte {
	if e.ReplayName == "" {
		return dst
	}
	dst = append(dst[:len(dst)-1], `,"replay-name":`...)
	dst = appendString(dst, e.ReplayName)
	return append(dst, '}')
}

// findID tells where the value of an envelope's member "id" begins and ends.
func findID(envelope []byte) (from, to int, ok bool) {
	const ours = `{"version":"0","id":"`
	if bytes.HasPrefix(envelope, []byte(ours)) && envelope[len(envelope)-1] == '}' {
		if n := bytes.IndexByte(envelope[len(ours):], '"'); n > 0 && bytes.IndexByte(envelope[len(ours):len(ours)+n], '\\') < 0 {
			return len(ours), len(ours) + n, true
		}
	}
	d := jsontext.NewDecoder(bytes.NewReader(envelope))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return 0, 0, false
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return 0, 0, false
		}
		isID := name.String() == "id"
		value, err := d.ReadValue()
		if err != nil {
			return 0, 0, false
		}
		if isID && value.Kind() == '"' && len(value) > 2 && bytes.IndexByte(value, '\\') < 0 {
			end := int(d.InputOffset()) - 1
			from, to = end-len(value)+2, end
		}
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' || int(d.InputOffset()) != len(envelope) {
		return 0, 0, false
	}
	return from, to, to > from
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			if out, err := jsontext.AppendQuote(dst, s); err == nil {
				return out
			}
			out, _ := jsontext.AppendQuote(dst, strings.ToValidUTF8(s, "\uFFFD"))
			return out
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
