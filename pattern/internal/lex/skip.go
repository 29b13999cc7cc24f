package lex

import (
	"encoding/binary"
	"math/bits"
)

// skipNested returns the index after the bracket that closes the container
// whose first byte is at i.
//
// It takes eight bytes at a time and no branch that depends on where strings
// begin and end: in the flags of the quotation marks each one turns over all
// that follow, which flags what lies inside of strings.
func skipNested(b []byte, i int) int {
	depth := 1
	inside := uint64(0) // all flags if a string is open, or none
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		if s := w ^ ones*'\\'; (s-ones)&^s&highs != 0 {
			if i, depth, inside = skipEscaped(b, i, depth, inside); depth == 0 {
				return i
			}
			continue
		}
		strings := zeros(w ^ ones*'"')
		if strings|^inside == ^uint64(highs) {
			i += 8 // inside of a string
			continue
		}
		strings ^= strings << 8
		strings ^= strings << 16
		strings ^= strings<<32 ^ inside
		inside = uint64(int64(strings)>>63) & highs
		// Bit 5 tells { from [ and } from ].
		w |= ones * 0x20
		opens, closes := zeros(w^ones*'{')&^strings, zeros(w^ones*'}')&^strings
		if opens|closes != 0 {
			if n := bits.OnesCount64(closes); n < depth {
				depth += bits.OnesCount64(opens) - n
			} else if end := closing(opens, closes, &depth); end > 0 {
				return i + end
			}
		}
		i += 8
	}
	i, depth, _ = skipEscaped(b, i, depth, inside)
	if depth > 0 {
		return -1
	}
	return i
}

// zeros flags the bytes that are zero, and no others.
func zeros(w uint64) uint64 { return ^((w&^highs + ^uint64(highs)) | w) & highs }

// closing follows flagged brackets and returns how many bytes it takes until
// the depth is zero, or 0 if it does not come to that.
func closing(opens, closes uint64, depth *int) int {
	for hits := opens | closes; hits != 0; hits &= hits - 1 {
		if opens&hits&-hits != 0 {
			*depth++
		} else if *depth--; *depth == 0 {
			return bits.TrailingZeros64(hits)>>3 + 1
		}
	}
	return 0
}

// skipEscaped goes on for eight bytes, one by one; an escape at their end is
// taken whole. It stops if the depth is zero.
func skipEscaped(b []byte, i, depth int, inside uint64) (int, int, uint64) {
	for end := min(i+8, len(b)); i < end; i++ {
		switch c := b[i]; {
		case c == '"':
			inside ^= highs
		case inside != 0:
			if c == '\\' {
				i++
			}
		case c|0x20 == '{':
			depth++
		case c|0x20 == '}':
			if depth--; depth == 0 {
				return i + 1, 0, 0
			}
		}
	}
	return i, depth, inside
}
