package expr

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokName             // an identifier, or a keyword
	tokHash             // #name
	tokColon            // :value
	tokNumber           // digits
	tokSign             // = <> < <= > >= ( ) [ ] . , + -
	tokOther            // what belongs nowhere
)

type token struct {
	kind       tokenKind
	text       string
	start, end int
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
func inWord(c byte) bool { return letter(c) || digit(c) || c == '_' }

// scan cuts a text into tokens; the last one is the end.
func scan(text string) []token {
	tokens := make([]token, 0, len(text)/4+2)
	for i := 0; i < len(text); {
		c := text[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		t := token{start: i}
		i++
		switch {
		case letter(c):
			t.kind = tokName
			i = wordEnd(text, i)
		case digit(c):
			t.kind = tokNumber
			for i < len(text) && digit(text[i]) {
				i++
			}
		case (c == '#' || c == ':') && i < len(text) && inWord(text[i]):
			t.kind = tokHash
			if c == ':' {
				t.kind = tokColon
			}
			i = wordEnd(text, i)
		case c == '<' && i < len(text) && (text[i] == '>' || text[i] == '='), c == '>' && i < len(text) && text[i] == '=':
			t.kind = tokSign
			i++
		case strings.IndexByte("=<>()[].,+-", c) >= 0:
			t.kind = tokSign
		default:
			t.kind = tokOther
			_, n := utf8.DecodeRuneInString(text[t.start:])
			i = t.start + n
		}
		t.text, t.end = text[t.start:i], i
		tokens = append(tokens, t)
	}
	return append(tokens, token{kind: tokEnd, text: "<EOF>", start: len(text), end: len(text)})
}

func wordEnd(text string, i int) int {
	for i < len(text) && inWord(text[i]) {
		i++
	}
	return i
}

// keyword says whether the token is a keyword, in whatever case.
func (t token) keyword(word string) bool {
	return t.kind == tokName && len(t.text) == len(word) && strings.EqualFold(t.text, word)
}

func (t token) sign(text string) bool { return t.kind == tokSign && t.text == text }
