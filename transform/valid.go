package transform

import (
	"bytes"
	"fmt"
	"strings"
)

// maxDepth is how deep JSON may nest (the bound of the parser that AWS's
// services use).
const maxDepth = 1000

// hole stands in a template's text for each byte of a variable inside a
// string, so that the checker can tell a name that holds one. It is no byte of
// any UTF-8 text.
const hole = 0xff

// checker reads JSON strictly and stops at the first byte that is wrong.
type checker struct {
	b     []byte
	i     int
	depth int
	key   bool // stopped at an object's name that holds a variable
}

// validJSON tells whether b is exactly one JSON value.
func validJSON(b []byte) bool {
	return checkValue(b) == nil
}

// checkValue checks that b is exactly one JSON value.
func checkValue(b []byte) error {
	c := checker{b: b}
	c.space()
	if !c.value() {
		return c.fail()
	}
	if c.space(); c.i < len(b) {
		return c.fail()
	}
	return nil
}

// checkValues checks that b is one or more JSON values, one after the other.
func checkValues(b []byte) error {
	c := checker{b: b}
	for c.space(); ; c.space() {
		if !c.value() {
			return c.fail()
		}
		if c.space(); c.i == len(b) {
			return nil
		}
	}
}

// syntaxError is where JSON is wrong, as AWS tells it: lines and columns count
// from 1, and the column is the one after the last that was read.
type syntaxError struct {
	line, column int
	key          bool
}

func (e *syntaxError) Error() string {
	if e.key {
		return fmt.Sprintf("a placeholder is used as an object key in line %d, column %d", e.line, e.column)
	}
	return fmt.Sprintf("it is not JSON in line %d, column %d", e.line, e.column)
}

func (c *checker) fail() error {
	read := min(c.i, len(c.b))
	for read < len(c.b) && isWord(c.b[read]) {
		read++
	}
	if read == c.i && read < len(c.b) {
		read++
	}
	before := c.b[:read]
	return &syntaxError{
		line:   bytes.Count(before, []byte{'\n'}) + 1,
		column: read - bytes.LastIndexByte(before, '\n'),
		key:    c.key,
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$'
}

func (c *checker) space() { c.i = skipSpace(c.b, c.i) }

func (c *checker) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *checker) value() bool {
	switch ch := c.peek(); {
	case ch == '{':
		return c.container('}')
	case ch == '[':
		return c.container(']')
	case ch == '"':
		return c.text()
	case ch == '-' || ch >= '0' && ch <= '9':
		return c.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(string(c.b[c.i:min(len(c.b), c.i+5)]), word) && (c.i+len(word) == len(c.b) || !isWord(c.b[c.i+len(word)])) {
			c.i += len(word)
			return true
		}
	}
	return false
}

func (c *checker) container(end byte) bool {
	if c.depth++; c.depth > maxDepth {
		return false
	}
	defer func() { c.depth-- }()
	c.i++
	c.space()
	if c.peek() == end {
		c.i++
		return true
	}
	for {
		if end == '}' && !c.name() {
			return false
		}
		if c.space(); !c.value() {
			return false
		}
		c.space()
		switch c.peek() {
		case ',':
			c.i++
			c.space()
		case end:
			c.i++
			return true
		default:
			return false
		}
	}
}

// name reads a member's name and the colon after it.
func (c *checker) name() bool {
	from := c.i
	if c.peek() != '"' || !c.text() {
		return false
	}
	if at := bytes.IndexByte(c.b[from:c.i], hole); at >= 0 {
		c.i, c.key = from+at, true
		return false
	}
	c.space()
	if c.peek() != ':' {
		return false
	}
	c.i++
	return true
}

func (c *checker) text() bool {
	for c.i++; c.i < len(c.b); c.i++ {
		switch ch := c.b[c.i]; {
		case ch == '"':
			c.i++
			return true
		case ch < ' ':
			return false
		case ch == '\\':
			c.i++
			if c.peek() == 'u' {
				for range 4 {
					c.i++
					if !isHex(c.peek()) {
						return false
					}
				}
			} else if c.i >= len(c.b) || strings.IndexByte(`"\/bfnrt`, c.b[c.i]) < 0 {
				return false
			}
		}
	}
	return false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (c *checker) number() bool {
	if c.peek() == '-' {
		c.i++
	}
	if c.peek() == '0' {
		c.i++
	} else if !c.digits() {
		return false
	}
	if c.peek() == '.' {
		if c.i++; !c.digits() {
			return false
		}
	}
	if ch := c.peek(); ch == 'e' || ch == 'E' {
		c.i++
		if ch := c.peek(); ch == '+' || ch == '-' {
			c.i++
		}
		if !c.digits() {
			return false
		}
	}
	return c.i == len(c.b) || !isWord(c.b[c.i])
}

func (c *checker) digits() bool {
	from := c.i
	for c.i < len(c.b) && c.b[c.i] >= '0' && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i > from
}
