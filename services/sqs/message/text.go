package message

import (
	"strings"
	"unicode/utf8"

	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

// codeInvalidContents is the code of an error about text that no message can hold.
const codeInvalidContents = "InvalidMessageContents"

// CheckBody refuses an empty body, and what XML 1.0 cannot hold.
func CheckBody(body string) error {
	if body == "" {
		return refuse.Missing("MessageBody")
	}
	if !ValidText(body) {
		return wire.Errorf(codeInvalidContents, "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	return nil
}

// ValidText tells whether XML 1.0 can hold the text.
func ValidText(s string) bool {
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

// ValidToken checks a group or deduplication id: letters, digits and
// punctuation, 1 to 128 of them.
func ValidToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 128
}

// Presentable makes any text fit for an attribute's value of at most n bytes.
func Presentable(s string, n int) string {
	if !ValidText(s) {
		s = strings.Map(func(r rune) rune {
			if r == utf8.RuneError || !ValidText(string(r)) {
				return ' '
			}
			return r
		}, s)
	}
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
