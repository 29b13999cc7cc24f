package transform

import (
	"bytes"
	"encoding/json"
)

// The scanner trusts that the document is valid JSON. On anything else it still
// ends, after at most len(doc) steps, with positions inside the document.

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && isSpace(doc[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// skipString returns the position after the string whose opening quote is at i.
func skipString(doc []byte, i int) int {
	i++
	for {
		n := bytes.IndexByte(doc[i:], '"')
		if n < 0 {
			return len(doc)
		}
		end := i + n
		// An odd number of backslashes before it makes the quote part of the text.
		b := end
		for b > i && doc[b-1] == '\\' {
			b--
		}
		if (end-b)%2 == 0 {
			return end + 1
		}
		i = end + 1
	}
}

// skipValue returns the position after the value that begins at i.
func skipValue(doc []byte, i int) int {
	if i >= len(doc) {
		return len(doc)
	}
	switch doc[i] {
	case '"':
		return skipString(doc, i)
	case '{', '[':
		return skipContainer(doc, i)
	}
	for i < len(doc) {
		switch doc[i] {
		case ',', '}', ']', ':', '"', '{', '[', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

func skipContainer(doc []byte, i int) int {
	depth := 0
	for i < len(doc) {
		switch doc[i] {
		case '"':
			i = skipString(doc, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return i
}

// span is a part of a document: doc[from:to]. The zero span is no value.
type span struct{ from, to int }

func (s span) of(doc []byte) []byte { return doc[s.from:s.to] }

// cursor walks the children of one object or array.
type cursor struct {
	doc []byte
	i   int // at the child's beginning, once next has told so
	end byte
}

// children is a cursor on the container that begins at i; on any other value
// it has nothing to walk.
func children(doc []byte, i int) cursor {
	c := cursor{doc: doc, i: len(doc)}
	if i < len(doc) {
		switch doc[i] {
		case '{':
			c.i, c.end = i+1, '}'
		case '[':
			c.i, c.end = i+1, ']'
		}
	}
	return c
}

// next moves to the next child. In an object key is the member's name as it is
// written between its quotes.
func (c *cursor) next() (key []byte, ok bool) {
	c.i = skipSpace(c.doc, c.i)
	if c.i < len(c.doc) && c.doc[c.i] == ',' {
		c.i = skipSpace(c.doc, c.i+1)
	}
	if c.i >= len(c.doc) || c.doc[c.i] == c.end {
		c.i = min(c.i+1, len(c.doc))
		return nil, false
	}
	if c.end != '}' {
		return nil, !isClosing(c.doc[c.i])
	}
	if c.doc[c.i] != '"' {
		c.i = len(c.doc)
		return nil, false
	}
	from := c.i + 1
	c.i = skipString(c.doc, c.i)
	key = c.doc[from:max(from, c.i-1)]
	c.i = skipSpace(c.doc, c.i)
	if c.i >= len(c.doc) || c.doc[c.i] != ':' {
		c.i = len(c.doc)
		return nil, false
	}
	c.i = skipSpace(c.doc, c.i+1)
	return key, c.i < len(c.doc) && !isClosing(c.doc[c.i])
}

func isClosing(c byte) bool { return c == '}' || c == ']' || c == ':' || c == ',' }

// sameKey compares a member's name, as written, with a plain name.
func sameKey(raw []byte, name string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw) == name
	}
	return len(raw) >= len(name) && unquote(raw) == name
}

// unquote is the text of a string as it is written between its quotes. What is
// no valid string is taken as it stands.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(append(append(quoted, '"'), raw...), '"')
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return string(raw)
	}
	return s
}
