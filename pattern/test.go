package pattern

import (
	"bytes"
	"math"

	"github.com/signalbox/signalbox/pattern/internal/address"
	"github.com/signalbox/signalbox/pattern/internal/casefold"
	"github.com/signalbox/signalbox/pattern/internal/number"
)

var inf = math.Inf(1)

// kind tells what a test compares.
type kind uint8

const (
	kindString     kind = iota // a string, byte for byte
	kindNumber                 // a number by value
	kindNumberText             // a number that no double holds, by its text
	kindLiteral                // true, false, null
	kindPrefix
	kindSuffix
	kindFold // a string but for case
	kindPrefixFold
	kindSuffixFold
	kindWildcard
	kindRange  // a number between two bounds
	kindBlock  // an IP address in a block
	kindExists // any leaf
	kindAbsent // no leaf
	kindNot    // a leaf for which none of the inner tests holds
)

// test is one alternative of a member.
type test struct {
	kind           kind
	loOpen, hiOpen bool
	text           string
	lo, hi         float64
	block          address.Block
	pieces         [][]byte // of a wildcard: what stands between its stars
	inner          []test
	src            string // as the pattern has it
}

// value is a leaf of an event.
type value struct {
	kind   byte   // " for a string, 0 for a number, a for true, false and null
	text   []byte // the string without escapes, the number's or literal's text
	num    float64
	double bool // num is the number
}

func newValue(kind byte, text []byte) value {
	v := value{kind: kind, text: text}
	if kind == '0' {
		v.num, v.double = number.Parse(text)
	}
	return v
}

// holds reports whether the test holds for a leaf. kindAbsent never does.
func (t *test) holds(v *value) bool {
	switch t.kind {
	case kindExists:
		return true
	case kindAbsent:
		return false
	case kindNot:
		for i := range t.inner {
			if t.inner[i].holds(v) {
				return false
			}
		}
		return true
	case kindNumber:
		return v.kind == '0' && v.double && v.num == t.lo
	case kindNumberText:
		return v.kind == '0' && !v.double && string(v.text) == t.text
	case kindRange:
		return v.kind == '0' && v.double && t.inRange(v.num)
	case kindLiteral:
		return v.kind == 'a' && string(v.text) == t.text
	}
	return v.kind == '"' && t.holdsString(v.text)
}

func (t *test) inRange(f float64) bool {
	return (f > t.lo || f == t.lo && !t.loOpen) && (f < t.hi || f == t.hi && !t.hiOpen)
}

func (t *test) holdsString(s []byte) bool {
	switch t.kind {
	case kindString:
		return string(s) == t.text
	case kindPrefix:
		return len(s) >= len(t.text) && string(s[:len(t.text)]) == t.text
	case kindSuffix:
		return len(s) >= len(t.text) && string(s[len(s)-len(t.text):]) == t.text
	case kindFold:
		return casefold.Equal(t.text, s)
	case kindPrefixFold:
		return casefold.HasPrefix(t.text, s)
	case kindSuffixFold:
		return casefold.HasSuffix(t.text, s)
	case kindWildcard:
		return wildcardHolds(t.pieces, s)
	case kindBlock:
		ip, ok := address.Parse(s)
		return ok && t.block.Contains(ip)
	}
	return false
}

// wildcardHolds matches greedily, piece by piece: the first piece is the
// value's beginning, each next one is taken as early as it comes, the last is
// the value's end. It reads the value about once.
func wildcardHolds(pieces [][]byte, s []byte) bool {
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

// wildcardPieces splits a wildcard at its stars and removes the backslashes.
func wildcardPieces(pattern string) [][]byte {
	pieces := [][]byte{nil}
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			pieces = append(pieces, nil)
			continue
		case '\\':
			i++
		}
		last := len(pieces) - 1
		pieces[last] = append(pieces[last], pattern[i])
	}
	return pieces
}
