package pattern

import (
	"fmt"
	"unicode/utf8"

	"github.com/signalbox/signalbox/pattern/internal/lex"
)

// token is what a pattern's text consists of. The tokens of values keep the
// text of the value.
type token struct {
	kind byte   // one of { } [ ] : (a member's name) " 0 (a number) a (true, false, null)
	text string // name, string or literal, without quotation marks and escapes
	at   int    // where it begins in the source
}

func (t token) is(kinds ...byte) bool {
	for _, k := range kinds {
		if t.kind == k {
			return true
		}
	}
	return false
}

// reader splits a pattern into tokens. Besides it follows where the service's
// JSON parser would stand, because its errors tell that place: that parser
// reads the beginning of a member's value together with the member's name, and
// the inside of a string only when it is asked for.
type reader struct {
	src  []byte
	at   int    // behind the last token
	seen int    // where the service's parser stands
	open []byte // brackets that are open
	want byte   // what may come next: v(alue) f(irst member or end) m(ember) s(eparator) e(lement or end)
}

// syntaxError is a fault in the JSON itself.
type syntaxError struct {
	reason string
	at     int
}

func (r *reader) fail(at int, format string, args ...any) {
	panic(syntaxError{fmt.Sprintf(format, args...), at})
}

// next returns the next token; it panics with a syntaxError.
func (r *reader) next() token {
	if r.want == 's' {
		r.separator()
	}
	r.space()
	start, c := r.at, r.src[r.at]
	closing := c == '}' && r.top() == '{' || c == ']' && r.top() == '['
	switch {
	case closing && (r.want == 'f' || r.want == 'e' || r.want == 'c'):
		r.open = r.open[:len(r.open)-1]
		r.at++
		r.seen, r.want = r.at, 's'
		return token{kind: c, at: start}
	case r.want == 'f' || r.want == 'm':
		if c != '"' {
			r.fail(start, "Unexpected character (%s): was expecting double-quote to start field name", describe(r.src[start:]))
		}
		text := r.str()
		r.space()
		if r.src[r.at] != ':' {
			r.fail(r.at, "Unexpected character (%s): was expecting a colon to separate field name and value", describe(r.src[r.at:]))
		}
		r.at++
		r.space()
		r.peek()
		r.want = 'v'
		return token{kind: ':', text: text, at: start}
	}
	return r.value(c, start)
}

// separator passes the comma between two values, or nothing before an end.
func (r *reader) separator() {
	r.space()
	c := r.src[r.at]
	switch {
	case c == '}' || c == ']':
		if want := r.top() + 2; c != want {
			r.fail(r.at, "Unexpected close marker '%c': expected '%c'", c, want)
		}
		r.want = 'c'
	case c == ',':
		r.at++
		if r.want = 'v'; r.top() == '{' {
			r.want = 'm'
		}
	default:
		name := "Object"
		if r.top() == '[' {
			name = "Array"
		}
		r.fail(r.at, "Unexpected character (%s): was expecting comma to separate %s entries", describe(r.src[r.at:]), name)
	}
}

func (r *reader) value(c byte, start int) token {
	r.want = 's'
	switch c {
	case '{', '[':
		if len(r.open) == lex.MaxDepth {
			r.fail(start+1, "Document nesting depth (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNestingDepth()`)", lex.MaxDepth+1, lex.MaxDepth)
		}
		r.open = append(r.open, c)
		r.at++
		if r.want = 'e'; c == '{' {
			r.want = 'f'
		}
		r.seen = r.at
		return token{kind: c, at: start}
	case '"':
		text := r.str()
		r.seen = start + 1
		return token{kind: '"', text: text, at: start}
	}
	kind, end := byte('a'), -1
	switch c {
	case 't':
		end = lex.Literal(r.src, start, "true")
	case 'f':
		end = lex.Literal(r.src, start, "false")
	case 'n':
		end = lex.Literal(r.src, start, "null")
	default:
		kind, end = '0', lex.Number(r.src, start)
	}
	if word := wordEnd(r.src, start); end < word {
		if word == start {
			r.fail(start, "Unexpected character (%s): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", describe(r.src[start:]))
		}
		r.fail(word, "Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", r.src[start:word])
	}
	r.at, r.seen = end, end
	return token{kind: kind, text: string(r.src[start:end]), at: start}
}

// finish moves to where the service's parser stands once it has read the text
// of t, if t is a string.
func (r *reader) finish(t token) {
	if t.kind == '"' {
		r.seen = r.at
	}
}

// peek sets seen to where the service's parser stands after a member's name.
func (r *reader) peek() {
	r.seen = r.at + 1
	switch c := r.src[r.at]; {
	case c == '-' || '0' <= c && c <= '9':
		r.seen = max(r.seen, lex.Number(r.src, r.at))
	case 'a' <= c && c <= 'z':
		r.seen = wordEnd(r.src, r.at)
	}
}

// str reads the string that begins at the current quotation mark.
func (r *reader) str() string {
	end, plain := lex.String(r.src, r.at+1)
	if end < 0 {
		r.fail(len(r.src), "Unexpected end-of-input or illegal character in a String value or field name")
	}
	raw := r.src[r.at+1 : end]
	r.at = end + 1
	if plain {
		return string(raw)
	}
	return string(lex.AppendUnquoted(nil, raw))
}

func (r *reader) top() byte {
	if len(r.open) == 0 {
		return 0
	}
	return r.open[len(r.open)-1]
}

// space passes white space and fails at the end of the text.
func (r *reader) space() {
	if r.at = lex.Space(r.src, r.at); r.at == len(r.src) {
		where := "within/between Object entries"
		if r.top() == '[' {
			where = "within/between Array entries"
		}
		r.fail(len(r.src), "Unexpected end-of-input %s", where)
	}
}

// wordEnd returns the index behind the letters, digits and signs at i.
func wordEnd(b []byte, i int) int {
	for i < len(b) && (b[i]-'0' <= 9 || b[i]|0x20-'a' <= 25 || b[i] == '_' || b[i] == '$' || b[i] >= utf8.RuneSelf) {
		i++
	}
	return i
}

// describe words the character at the beginning of b as Java's parser does.
func describe(b []byte) string {
	r, _ := utf8.DecodeRune(b)
	if r < ' ' {
		return fmt.Sprintf("(CTRL-CHAR, code %d)", r)
	}
	return fmt.Sprintf("'%c' (code %d)", r, r)
}
