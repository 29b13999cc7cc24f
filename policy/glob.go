package policy

import (
	"strings"
	"unicode/utf8"
)

// Wildcards inside a compiled pattern. They are bytes that no UTF-8 text has,
// so that a literal star or question mark, as ${*} makes it, is told from them.
const (
	many = '\xFE' // any number of characters
	one  = '\xFF' // one character
)

// glob is a text with wildcards and variables: a resource, an action, a value
// of a condition.
type glob struct {
	parts []part
	text  string // the parts together, where there is no variable
	arn   bool   // compare the six parts of an ARN separately
}

// part is either text, with wildcards as the bytes above, or a variable.
type part struct {
	text     string
	variable string // its key in lower case; "" for text
	name     string // the key as it is written
	fallback *string
}

// newGlob compiles a text. Variables are read where variables is set, wildcards
// where wildcards is.
func newGlob(text string, wildcards, variables bool) *glob {
	g := &glob{}
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			g.parts = append(g.parts, part{text: b.String()})
			b.Reset()
		}
	}
	for len(text) > 0 {
		if variables && strings.HasPrefix(text, "${") {
			if body, rest, ok := strings.Cut(text[2:], "}"); ok {
				switch body {
				case "*", "?", "$":
					b.WriteString(body)
				default:
					flush()
					g.parts = append(g.parts, variable(body))
				}
				text = rest
				continue
			}
		}
		switch c := text[0]; {
		case wildcards && c == '*':
			b.WriteByte(many)
		case wildcards && c == '?':
			b.WriteByte(one)
		case c == many || c == one: // not UTF-8: matches nothing that is
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteByte(c)
		}
		text = text[1:]
	}
	flush()
	switch {
	case len(g.parts) == 0:
	case len(g.parts) == 1 && g.parts[0].variable == "":
		g.text = g.parts[0].text
		g.parts = nil
	}
	return g
}

// variable reads what stands between the braces: a key, and perhaps a default
// in quotes (user guide, page reference_policies_variables).
func variable(body string) part {
	key, fallback, ok := strings.Cut(body, ",")
	key = strings.TrimSpace(key)
	p := part{variable: lower(key), name: key}
	if p.variable == "" {
		p.variable = " " // no key that a context has
	}
	if f := strings.TrimSpace(fallback); ok && len(f) >= 2 && f[0] == '\'' && f[len(f)-1] == '\'' {
		p.fallback = new(literal(f[1 : len(f)-1]))
	}
	return p
}

// literal is a text in which nothing is a wildcard.
func literal(s string) string {
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}

// resolve puts the request's values in the place of variables; ok is false
// where one of them has no value, or several: then nothing matches.
func (g *glob) resolve(r *Request) (pattern string, ok bool) {
	if g.parts == nil {
		return g.text, true
	}
	var b strings.Builder
	for _, p := range g.parts {
		if p.variable == "" {
			b.WriteString(p.text)
			continue
		}
		values := r.values(p.variable)
		switch {
		case len(values) == 1:
			b.WriteString(literal(values[0]))
		case len(values) == 0 && p.fallback != nil:
			b.WriteString(*p.fallback)
		default:
			return "", false
		}
	}
	return b.String(), true
}

func (g *glob) keys(add func(string)) {
	for _, p := range g.parts {
		if p.variable != "" {
			add(p.name)
		}
	}
}

// matchAny says whether one of the patterns matches text.
func matchAny(globs []*glob, text string, r *Request) bool {
	for _, g := range globs {
		pattern, ok := g.resolve(r)
		if !ok {
			continue
		}
		if g.arn && matchARN(pattern, text) || !g.arn && matchText(pattern, text) {
			return true
		}
	}
	return false
}

// matchARN compares the six parts of ARNs one by one, so that a wildcard does
// not reach over a colon, but in the last part (user guide, page
// reference_policies_elements_resource). What is no ARN is compared as text.
func matchARN(pattern, text string) bool {
	p, t := strings.SplitN(pattern, ":", 6), strings.SplitN(text, ":", 6)
	if len(p) != 6 || len(t) != 6 {
		return matchText(pattern, text)
	}
	for i := range p {
		if !matchText(p[i], t[i]) {
			return false
		}
	}
	return true
}

// matchText matches a whole text. After each star the next piece is sought
// where it first occurs, which never needs to be taken back.
func matchText(pattern, text string) bool {
	piece, rest, starred := cutStar(pattern)
	n, ok := prefix(piece, text)
	if !ok {
		return false
	}
	text = text[n:]
	if !starred {
		return text == ""
	}
	for {
		piece, rest, starred = cutStar(rest)
		if !starred {
			return suffix(piece, text)
		}
		if text, ok = after(piece, text); !ok {
			return false
		}
	}
}

func cutStar(pattern string) (piece, rest string, starred bool) {
	if i := strings.IndexByte(pattern, many); i >= 0 {
		return pattern[:i], pattern[i+1:], true
	}
	return pattern, "", false
}

// prefix matches a piece without stars at the beginning of text, and says how
// many bytes it took.
func prefix(piece, text string) (int, bool) {
	n := 0
	for i := range len(piece) {
		if n >= len(text) {
			return 0, false
		}
		if piece[i] == one {
			_, width := utf8.DecodeRuneInString(text[n:])
			n += width
			continue
		}
		if piece[i] != text[n] {
			return 0, false
		}
		n++
	}
	return n, true
}

// suffix matches a piece without stars at the end of text.
func suffix(piece, text string) bool {
	for i := len(piece) - 1; i >= 0; i-- {
		if text == "" {
			return false
		}
		width := 1
		if piece[i] == one {
			_, width = utf8.DecodeLastRuneInString(text)
		} else if piece[i] != text[len(text)-1] {
			return false
		}
		text = text[:len(text)-width]
	}
	return true
}

// after is what follows the first occurrence of piece in text.
func after(piece, text string) (string, bool) {
	if strings.IndexByte(piece, one) < 0 {
		i := strings.Index(text, piece)
		if i < 0 {
			return "", false
		}
		return text[i+len(piece):], true
	}
	for i := range text {
		if n, ok := prefix(piece, text[i:]); ok {
			return text[i+n:], true
		}
	}
	return "", false
}

// lower is ASCII lower case: names of actions, keys and operators have no other
// letters, and other letters stay as they are.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
