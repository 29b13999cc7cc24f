package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Name is the header that carries a trace (X-Ray developer guide, page
// xray-concepts, "Tracing header").
const Name = "X-Amzn-Trace-Id"

// maxHeader bounds headers that are understood, in bytes.
const maxHeader = 1024

// Header is what a tracing header says. Of members that it does not name,
// nothing is passed on.
type Header struct {
	Root    string // the trace: "1-65a1b2c3-0123456789abcdef01234567"
	Parent  string // the span that what follows belongs under: 16 hexadecimal digits; may be empty
	Sampled string // "0", "1", "?"; may be empty
	// Lineage tells through which functions what is under way came, and how often
	// (Lambda developer guide, page invocation-recursion); may be empty.
	Lineage string
}

// Parse reads a tracing header; false where it names no trace.
func Parse(text string) (Header, bool) {
	var h Header
	if len(text) > maxHeader {
		return h, false
	}
	for part := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "Root":
			h.Root = value
		case "Parent":
			h.Parent = value
		case "Sampled":
			h.Sampled = value
		case "Lineage":
			if len(value) <= maxHeader/2 && strings.Trim(value, "0123456789abcdef:|") == "" {
				h.Lineage = value
			}
		}
	}
	return h, sound(h.Root) && (h.Parent == "" || sound(h.Parent))
}

// sound tells whether an id has nothing in it that would be odd to tell.
func sound(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	})
}

// String is the header as it is sent.
func (h Header) String() string {
	text := "Root=" + h.Root
	if h.Parent != "" {
		text += ";Parent=" + h.Parent
	}
	sampled := h.Sampled
	if sampled == "" {
		sampled = "0"
	}
	text += ";Sampled=" + sampled
	if h.Lineage != "" {
		text += ";Lineage=" + h.Lineage
	}
	return text
}

// Under is the header for what belongs under a span of the same trace.
func (h Header) Under(span string) Header {
	h.Parent = span
	return h
}

// Loopless is a header without its lineage: it goes on from where loops are not
// looked for.
func Loopless(header string) string {
	h, ok := Parse(header)
	if !ok || h.Lineage == "" {
		return header
	}
	h.Lineage = ""
	return h.String()
}

// Begun is when the trace began, to the second; zero where its id does not tell.
func Begun(root string) time.Time {
	var seconds int64
	if parts := strings.SplitN(root, "-", 3); len(parts) == 3 && len(parts[1]) == 8 {
		if _, err := fmt.Sscanf(parts[1], "%08x", &seconds); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return time.Time{}
}

// New begins a trace that nobody samples.
func New(now time.Time) Header {
	return Header{Root: fmt.Sprintf("1-%08x-%08x%08x%08x", uint32(now.Unix()), rand.Uint32(), rand.Uint32(), rand.Uint32()), Sampled: "0"}
}

// Continue is the trace of a header, or else a new one.
func Continue(text string, now time.Time) Header {
	if h, ok := Parse(text); ok {
		return h
	}
	return New(now)
}

// NewSpan is a span's id.
func NewSpan() string { return fmt.Sprintf("%016x", rand.Uint64()) }

// OfEvent is the trace that what an event sets off belongs to, under the event:
// the one that it came with, or else one that is the event's own, the same
// whenever it is asked for.
func OfEvent(header, eventID string, ingested time.Time) Header {
	sum := sha256.Sum256([]byte(eventID))
	h, ok := Parse(header)
	if !ok {
		h = Header{Root: fmt.Sprintf("1-%08x-%s", uint32(ingested.Unix()), hex.EncodeToString(sum[8:20])), Sampled: "0"}
	}
	h.Lineage = "" // where events come from, loops are not looked for
	return h.Under(hex.EncodeToString(sum[:8]))
}

// EventSpan is the span of an event: the Parent that [OfEvent] gives.
func EventSpan(eventID string) string {
	sum := sha256.Sum256([]byte(eventID))
	return hex.EncodeToString(sum[:8])
}
