package partiql

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	end    tokenKind = iota
	word             // a keyword or a name
	quoted           // a name in double quotes
	text             // a string in single quotes
	number
	sign
)

type token struct {
	kind tokenKind
	text string // of quoted and text: what they mean
	at   int    // byte of the statement
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// signs are those of more than one character before their beginnings.
var signs = []string{"<<", ">>", "<>", "<=", ">=", "!=", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "*", "+", "-", ";"}

// scan cuts a statement into tokens; the last is the end.
func scan(s string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(s); {
		c := s[i]
		begin := i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case letter(c):
			for i < len(s) && (letter(s[i]) || digit(s[i])) {
				i++
			}
			tokens = append(tokens, token{word, s[begin:i], begin})
		case digit(c) || c == '.' && i+1 < len(s) && digit(s[i+1]) && !follows(tokens):
			i = numberEnd(s, i)
			tokens = append(tokens, token{number, s[begin:i], begin})
		case c == '\'' || c == '"':
			meant, n, ok := unquote(s[i:], c)
			if !ok {
				return nil, malformed("the quote at %d does not end", begin)
			}
			kind := text
			if c == '"' {
				kind = quoted
			}
			i += n
			tokens = append(tokens, token{kind, meant, begin})
		default:
			known := signAt(s[i:])
			if known == "" {
				r, _ := utf8.DecodeRuneInString(s[i:])
				return nil, malformed("unexpected character %q at %d", r, begin)
			}
			i += len(known)
			tokens = append(tokens, token{sign, known, begin})
		}
	}
	return append(tokens, token{end, "the end", len(s)}), nil
}

// follows says whether a dot here belongs to a path.
func follows(tokens []token) bool {
	if len(tokens) == 0 {
		return false
	}
	t := tokens[len(tokens)-1]
	return t.kind == word || t.kind == quoted || t.kind == sign && t.text == "]"
}

func signAt(s string) string {
	for _, known := range signs {
		if strings.HasPrefix(s, known) {
			return known
		}
	}
	return ""
}

func numberEnd(s string, i int) int {
	for i < len(s) && (digit(s[i]) || s[i] == '.') {
		i++
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && digit(s[j]) {
			for i = j; i < len(s) && digit(s[i]); {
				i++
			}
		}
	}
	return i
}

// unquote reads a text in quotes, in which two quotes stand for one.
func unquote(s string, quote byte) (meant string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

func (t token) sign(s string) bool { return t.kind == sign && t.text == s }

func (t token) String() string {
	if t.kind == end {
		return "the end of the statement"
	}
	return fmt.Sprintf("'%s' at %d", t.text, t.at)
}
