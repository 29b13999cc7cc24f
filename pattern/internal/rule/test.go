// Package rule has what a parsed pattern consists of: branches of members with
// tests, and how a test is asked of a value.
package rule

import (
	"bytes"

	"github.com/signalbox/signalbox/pattern/internal/address"
	"github.com/signalbox/signalbox/pattern/internal/casefold"
	"github.com/signalbox/signalbox/pattern/internal/number"
)

// Kind tells what a test compares.
type Kind uint8

const (
	String     Kind = iota // a string, byte for byte
	Number                 // a number by value
	NumberText             // a number that no double holds, by its text
	Literal                // true, false, null
	Prefix
	Suffix
	Fold // a string but for case
	PrefixFold
	SuffixFold
	Wildcard
	Range  // a number between two bounds
	Block  // an IP address in a block
	Exists // any leaf
	Absent // no leaf
	Not    // a leaf for which none of the inner tests holds
)

// Test is one alternative of a member.
type Test struct {
	Kind           Kind
	LoOpen, HiOpen bool
	Text           string
	Lo, Hi         float64
	Block          *address.Block // of an address or a block of them
	Pieces         [][]byte       // of a wildcard: what stands between its stars
	Inner          []Test
	Src            string // as the pattern has it
}

// Member is one path of a pattern with its alternatives, of which one must
// hold.
type Member struct {
	Path  string
	Tests []Test
	Src   string // the list of alternatives as the pattern has it
	Scope int    // the object inside $or that it stands in; 0 outside
}

// Branch is what must hold together: members in the order of their paths.
type Branch []*Member

// Holds reports whether one of the alternatives holds for v.
func (m *Member) Holds(v *Value) bool {
	for i := range m.Tests {
		if m.Tests[i].Holds(v) {
			return true
		}
	}
	return false
}

// MayLack reports whether the member may be absent from the event.
func (m *Member) MayLack() bool {
	for i := range m.Tests {
		if m.Tests[i].Kind == Absent {
			return true
		}
	}
	return false
}

// Value is a leaf of an event.
type Value struct {
	Kind   byte   // " for a string, 0 for a number, a for true, false and null
	Text   []byte // the string without escapes, the number's or literal's text
	Num    float64
	Double bool // Num is the number
}

// NewValue returns the value with the text, reading it if it is a number.
func NewValue(kind byte, text []byte) Value {
	v := Value{Kind: kind, Text: text}
	if kind == '0' {
		v.Num, v.Double = number.Parse(text)
	}
	return v
}

// Holds reports whether the test holds for a leaf. Absent never does.
func (t *Test) Holds(v *Value) bool {
	switch t.Kind {
	case Exists:
		return true
	case Absent:
		return false
	case Not:
		for i := range t.Inner {
			if t.Inner[i].Holds(v) {
				return false
			}
		}
		return true
	case Number:
		return v.Kind == '0' && v.Double && v.Num == t.Lo
	case NumberText:
		return v.Kind == '0' && !v.Double && string(v.Text) == t.Text
	case Range:
		return v.Kind == '0' && v.Double && t.inRange(v.Num)
	case Literal:
		return v.Kind == 'a' && string(v.Text) == t.Text
	}
	return v.Kind == '"' && t.HoldsString(v.Text)
}

func (t *Test) inRange(f float64) bool {
	return (f > t.Lo || f == t.Lo && !t.LoOpen) && (f < t.Hi || f == t.Hi && !t.HiOpen)
}

// HoldsString reports whether the test, one of strings, holds for s.
func (t *Test) HoldsString(s []byte) bool {
	switch t.Kind {
	case String:
		return string(s) == t.Text
	case Prefix:
		return len(s) >= len(t.Text) && string(s[:len(t.Text)]) == t.Text
	case Suffix:
		return len(s) >= len(t.Text) && string(s[len(s)-len(t.Text):]) == t.Text
	case Fold:
		return casefold.Equal(t.Text, s)
	case PrefixFold:
		return casefold.HasPrefix(t.Text, s)
	case SuffixFold:
		return casefold.HasSuffix(t.Text, s)
	case Wildcard:
		return WildcardHolds(t.Pieces, s)
	case Block:
		ip, ok := address.Parse(s)
		return ok && t.Block.Contains(ip)
	}
	return false
}

// WildcardHolds matches greedily, piece by piece: the first piece is the
// value's beginning, each next one is taken as early as it comes, the last is
// the value's end. It reads the value about once.
func WildcardHolds(pieces [][]byte, s []byte) bool {
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(pieces) == 1 {
		return bytes.Equal(s, first)
	}
	if len(s) < len(first)+len(last) || !bytes.HasPrefix(s, first) || !bytes.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, piece := range pieces[1 : len(pieces)-1] {
		i := bytes.Index(s, piece)
		if i < 0 {
			return false
		}
		s = s[i+len(piece):]
	}
	return true
}

// Pieces splits a wildcard at its stars and removes the backslashes.
func Pieces(pattern string) [][]byte {
	split := [][]byte{nil}
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			split = append(split, nil)
			continue
		case '\\':
			i++
		}
		last := len(split) - 1
		split[last] = append(split[last], pattern[i])
	}
	return split
}
