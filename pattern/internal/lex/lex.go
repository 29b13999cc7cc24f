// Package lex reads JSON text in place: it finds where values end and what
// strings say, and builds nothing. Every function takes the text and an index
// into it and returns an index; a negative one says that the text is no JSON.
package lex

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth bounds how deeply objects and arrays may nest. It is the bound of
// the JSON parser that event-ruler, and so EventBridge, uses.
const MaxDepth = 1000

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Space returns the index of the first byte at or after i that is no white
// space; it may be len(b).
func Space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && spaces>>b[i]&1 != 0 {
		i++
	}
	return i
}

// spaces has a bit for each character that is white space.
const spaces uint64 = 1<<' ' | 1<<'\n' | 1<<'\t' | 1<<'\r'

// String returns the index of the quotation mark that closes the string whose
// first character is at i, and whether the string has no escapes.
func String(b []byte, i int) (end int, plain bool) {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		// A byte is a stop if it is a quotation mark, a backslash or a
		// control character; the lowest flagged byte is always a true one.
		q := w ^ ones*'"'
		s := w ^ ones*'\\'
		hit := ((q-ones)&^q | (s-ones)&^s | (w-ones*0x20)&^w) & highs
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) >> 3
		switch b[i] {
		case '"':
			return i, true
		case '\\':
			return escaped(b, i), false
		}
		return -1, false
	}
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i, true
		case c == '\\':
			return escaped(b, i), false
		case c < 0x20:
			return -1, false
		}
	}
	return -1, false
}

// escaped goes on with a string at its first backslash.
func escaped(b []byte, i int) int {
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i
		case c < 0x20:
			return -1
		case c != '\\':
			i++
			continue
		}
		if i+1 >= len(b) {
			return -1
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if hex4(b, i+2) < 0 {
				return -1
			}
			i += 6
		default:
			return -1
		}
	}
	return -1
}

// hex4 reads the four hexadecimal digits at i.
func hex4(b []byte, i int) rune {
	if i+4 > len(b) {
		return -1
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// AppendUnquoted appends what the inside of a string says, raw being the bytes
// between its quotation marks as String found them. A surrogate without its
// other half becomes a question mark, as it does in event-ruler.
func AppendUnquoted(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		switch raw[i+1] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(raw, i+2)
			i += 6
			if utf16.IsSurrogate(r) {
				full := rune(utf8.RuneError)
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					full = utf16.DecodeRune(r, hex4(raw, i+2))
				}
				if full == utf8.RuneError {
					dst = append(dst, '?')
					continue
				}
				i += 6
				r = full
			}
			dst = utf8.AppendRune(dst, r)
			continue
		default:
			dst = append(dst, raw[i+1])
		}
		i += 2
	}
	return dst
}

// Number returns the index after the number that begins at i.
func Number(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return -1
	case b[i] == '0':
		i++
	case '1' <= b[i] && b[i] <= '9':
		i = digits(b, i)
	default:
		return -1
	}
	if i < len(b) && b[i] == '.' {
		j := digits(b, i+1)
		if j == i+1 {
			return -1
		}
		i = j
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := digits(b, i)
		if j == i {
			return -1
		}
		i = j
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// Literal returns the index after word, which must stand at i.
func Literal(b []byte, i int, word string) int {
	if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
		return i + len(word)
	}
	return -1
}

// Skip returns the index after the value that begins at i. It checks no more
// of the value than finding its end takes: strings, and that brackets close.
func Skip(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		end, _ := String(b, i+1)
		if end < 0 {
			return -1
		}
		return end + 1
	case '{', '[':
		return skipNested(b, i+1)
	case 't':
		return Literal(b, i, "true")
	case 'f':
		return Literal(b, i, "false")
	case 'n':
		return Literal(b, i, "null")
	}
	return Number(b, i)
}
