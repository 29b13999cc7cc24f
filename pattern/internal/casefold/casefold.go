// Package casefold compares text without regard to case as event-ruler does:
// each character of the pattern accepts its own lower-case and its own
// upper-case form, which may be several characters long, and nothing else.
// So "straße" accepts "STRASSE" and not "strasse", and "ς" does not accept "σ".
package casefold

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// expansions are the characters whose upper-case form is not one character,
// each followed by that form (Unicode's SpecialCasing, unconditional part).
const expansions = "" +
	"ßSS ŉʼN ǰJ̌ ΐΪ́ ΰΫ́ ևԵՒ ẖH̱ ẗT̈ ẘW̊ ẙY̊ ẚAʾ ὐΥ̓ ὒΥ̓̀ ὔΥ̓́ ὖΥ̓͂ " +
	"ᾀἈΙ ᾁἉΙ ᾂἊΙ ᾃἋΙ ᾄἌΙ ᾅἍΙ ᾆἎΙ ᾇἏΙ ᾈἈΙ ᾉἉΙ ᾊἊΙ ᾋἋΙ ᾌἌΙ ᾍἍΙ ᾎἎΙ ᾏἏΙ " +
	"ᾐἨΙ ᾑἩΙ ᾒἪΙ ᾓἫΙ ᾔἬΙ ᾕἭΙ ᾖἮΙ ᾗἯΙ ᾘἨΙ ᾙἩΙ ᾚἪΙ ᾛἫΙ ᾜἬΙ ᾝἭΙ ᾞἮΙ ᾟἯΙ " +
	"ᾠὨΙ ᾡὩΙ ᾢὪΙ ᾣὫΙ ᾤὬΙ ᾥὭΙ ᾦὮΙ ᾧὯΙ ᾨὨΙ ᾩὩΙ ᾪὪΙ ᾫὫΙ ᾬὬΙ ᾭὭΙ ᾮὮΙ ᾯὯΙ " +
	"ᾲᾺΙ ᾳΑΙ ᾴΆΙ ᾶΑ͂ ᾷΑ͂Ι ᾼΑΙ ῂῊΙ ῃΗΙ ῄΉΙ ῆΗ͂ ῇΗ͂Ι ῌΗΙ ῒΪ̀ \u1fd3Ϊ́ ῖΙ͂ ῗΪ͂ " +
	"ῢΫ̀ \u1fe3Ϋ́ ῤΡ̓ ῦΥ͂ ῧΫ͂ ῲῺΙ ῳΩΙ ῴΏΙ ῶΩ͂ ῷΩ͂Ι ῼΩΙ " +
	"ﬀFF ﬁFI ﬂFL ﬃFFI ﬄFFL ﬅST ﬆST ﬓՄՆ ﬔՄԵ ﬕՄԻ ﬖՎՆ ﬗՄԽ "

var expanded = func() map[rune]string {
	m := map[rune]string{}
	for _, f := range bytes.Fields([]byte(expansions)) {
		r, n := utf8.DecodeRune(f)
		m[r] = string(f[n:])
	}
	return m
}()

// appendUpper appends the upper-case form of r.
func appendUpper(dst []byte, r rune) []byte {
	if s, ok := expanded[r]; ok {
		return append(dst, s...)
	}
	return utf8.AppendRune(dst, unicode.ToUpper(r))
}

// appendLower appends the lower-case form of r.
func appendLower(dst []byte, r rune) []byte {
	if r == 'İ' {
		return append(dst, "i̇"...)
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}

// Equal reports whether value is pattern but for case.
func Equal(pattern string, value []byte) bool {
	n := prefix(pattern, value)
	return n == len(value)
}

// HasPrefix reports whether value begins with pattern but for case.
func HasPrefix(pattern string, value []byte) bool {
	return prefix(pattern, value) >= 0
}

// prefix returns how many bytes of value pattern takes, or -1.
func prefix(pattern string, value []byte) int {
	var buf [16]byte
	at := 0
	for _, r := range pattern {
		rest := value[at:]
		if r < utf8.RuneSelf {
			if len(rest) == 0 || !sameLetter(byte(r), rest[0]) {
				return -1
			}
			at++
			continue
		}
		if form := appendLower(buf[:0], r); bytes.HasPrefix(rest, form) {
			at += len(form)
		} else if form := appendUpper(buf[:0], r); bytes.HasPrefix(rest, form) {
			at += len(form)
		} else {
			return -1
		}
	}
	return at
}

// sameLetter reports whether c is the ASCII character p but for case.
func sameLetter(p, c byte) bool {
	return p == c || p^c == 0x20 && 'a' <= p|0x20 && p|0x20 <= 'z'
}

// HasSuffix reports whether value ends with pattern but for case.
func HasSuffix(pattern string, value []byte) bool {
	var buf [16]byte
	for len(pattern) > 0 {
		r, n := utf8.DecodeLastRuneInString(pattern)
		pattern = pattern[:len(pattern)-n]
		if form := appendLower(buf[:0], r); bytes.HasSuffix(value, form) {
			value = value[:len(value)-len(form)]
		} else if form := appendUpper(buf[:0], r); bytes.HasSuffix(value, form) {
			value = value[:len(value)-len(form)]
		} else {
			return false
		}
	}
	return true
}

// AppendFold appends text in a form that is the same for all texts that one
// regular pattern accepts (see Regular), and for some more.
func AppendFold(dst, text []byte) []byte {
	dst = slices.Grow(dst, len(text))
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, c)
		} else {
			dst = appendUpper(dst, r)
		}
		i += n
	}
	return dst
}

// Regular reports whether all texts that pattern accepts have one fold. A few
// characters, such as the Kelvin sign, have forms that fold apart.
func Regular(pattern string) bool {
	var lower, upper, a, b [32]byte
	for _, r := range pattern {
		l, u := appendLower(lower[:0], r), appendUpper(upper[:0], r)
		if !bytes.Equal(AppendFold(a[:0], l), AppendFold(b[:0], u)) {
			return false
		}
	}
	return true
}
