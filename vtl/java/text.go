package java

import (
	"fmt"
	"unicode/utf16"
)

// utf16s are the characters of a string, as Java counts them.
func utf16s(s string) []uint16 { return utf16.Encode([]rune(s)) }

func fromUTF16(u []uint16) string { return string(utf16.Decode(u)) }

// IsASCII tells whether bytes are characters.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Length counts characters.
func Length(s string) int64 {
	if IsASCII(s) {
		return int64(len(s))
	}
	return int64(len(utf16s(s)))
}

// Substring is s from one character to before another; outside of s is an error.
func Substring(s string, from, to int) (string, error) {
	if n := int(Length(s)); from < 0 || to > n || from > to {
		return "", fmt.Errorf("begin %d, end %d, length %d", from, to, n)
	}
	if IsASCII(s) {
		return s[from:to], nil
	}
	return fromUTF16(utf16s(s)[from:to]), nil
}

// Position turns an index of bytes into one of characters.
func Position(s string, i int) int64 {
	if i < 0 {
		return -1
	}
	return Length(s[:i])
}

// CompareStrings is compareTo: how far apart the first different characters are,
// or the lengths.
func CompareStrings(a, b string) int64 {
	x, y := utf16s(a), utf16s(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return int64(x[i]) - int64(y[i])
		}
	}
	return int64(len(x) - len(y))
}

// Hash is Java's hash of a string; of other values it is that of their text.
func Hash(s string) int64 {
	var h int32
	for _, c := range utf16s(s) {
		h = 31*h + int32(c)
	}
	return int64(h)
}
