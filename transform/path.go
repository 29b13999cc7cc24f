package transform

import (
	"fmt"
	"strconv"
	"strings"
)

// Path is an EventBridge JSON path, such as $.detail.items[0].id. The zero
// Path is $, the whole document.
type Path struct {
	text  string
	steps []step
}

type step struct {
	kind stepKind
	key  string // stepKey
	item int    // stepItem
}

type stepKind uint8

const (
	stepKey  stepKind = iota // .name
	stepItem                 // [3]
	stepAll                  // [*] or .*
)

// ParsePath reads a path. The package comment says what is supported; the error
// says what is not, and where.
func ParsePath(s string) (Path, error) {
	bad := func(at int, why string) (Path, error) {
		return Path{}, fmt.Errorf("%q is not a JSON path that EventBridge supports: %s (at character %d)", s, why, at+1)
	}
	if !strings.HasPrefix(s, "$") {
		return bad(0, "a path begins with $")
	}
	p := Path{text: s}
	for i := 1; i < len(s); {
		st, n, why := parseStep(s[i:])
		if why != "" {
			return bad(i, why)
		}
		p.steps = append(p.steps, st)
		i += n
	}
	return p, nil
}

// parseStep reads the step at the beginning of s, and tells its length, or what
// is wrong with it.
func parseStep(s string) (st step, n int, why string) {
	switch {
	case strings.HasPrefix(s, ".."):
		return st, 0, "recursive descent (..) is not supported"
	case s == ".":
		return st, 0, "a path does not end with a dot"
	case s[0] == '.':
		return parseMember(s)
	case s[0] == '[':
		return parseBracket(s)
	}
	return st, 0, "a step begins with . or ["
}

func parseMember(s string) (st step, n int, why string) {
	n = 1 + strings.IndexAny(s[1:]+".", ".[")
	name := s[1:n]
	if name == "*" {
		return step{kind: stepAll}, n, ""
	}
	for _, r := range name {
		switch {
		case r <= ' ' || strings.ContainsRune(`'"*?@()<>{}],\`, r):
			return st, 0, fmt.Sprintf("%q cannot be part of a name", r)
		}
	}
	if name == "" {
		return st, 0, "a name is missing"
	}
	return step{kind: stepKey, key: name}, n, ""
}

func parseBracket(s string) (st step, n int, why string) {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return st, 0, "the bracket is not closed"
	}
	in := s[1:end]
	switch {
	case in == "*":
		return step{kind: stepAll}, end + 1, ""
	case strings.ContainsAny(in, `'"`):
		return st, 0, "names in brackets are not supported, only dot notation"
	case strings.HasPrefix(in, "?") || strings.HasPrefix(in, "("):
		return st, 0, "filters and scripts are not supported"
	case strings.Contains(in, ":"):
		return st, 0, "slices are not supported"
	case strings.Contains(in, ","):
		return st, 0, "unions are not supported"
	case strings.HasPrefix(in, "-"):
		return st, 0, "negative indices are not supported"
	}
	item, err := strconv.ParseUint(in, 10, 31)
	if err != nil || in[0] == '+' {
		return st, 0, "brackets hold an index or *"
	}
	return step{kind: stepItem, item: int(item)}, end + 1, ""
}

// String is the path as it was written.
func (p Path) String() string {
	if p.text == "" {
		return "$"
	}
	return p.text
}

// Find returns the value that the path leads to: a slice of doc, as it is
// written there. With a wildcard it is a new array of all values that match
// (which may be empty); only this allocates. It reports false when the
// document has no such value; null is a value. Doc must be valid JSON.
func (p Path) Find(doc []byte) (value []byte, ok bool) {
	n := p.fixed()
	at, ok := walk(doc, p.steps[:n])
	if !ok {
		return nil, false
	}
	return expand(at.of(doc), p.steps[n:])
}

// fixed is the number of steps before the first wildcard.
func (p Path) fixed() int {
	for i, st := range p.steps {
		if st.kind == stepAll {
			return i
		}
	}
	return len(p.steps)
}

// walk follows steps without wildcards.
func walk(doc []byte, steps []step) (span, bool) {
	i := skipSpace(doc, 0)
	for _, st := range steps {
		at, ok := child(doc, i, st)
		if !ok {
			return span{}, false
		}
		i = at
	}
	end := skipValue(doc, i)
	return span{i, end}, end > i
}

// child is the position of a container's child; of doubled members the last.
func child(doc []byte, i int, st step) (at int, ok bool) {
	if i >= len(doc) || (doc[i] == '{') != (st.kind == stepKey) {
		return 0, false
	}
	c := children(doc, i)
	for n := 0; ; n++ {
		key, more := c.next()
		if !more {
			return at, ok
		}
		switch {
		case st.kind == stepKey && sameKey(key, st.key):
			at, ok = c.i, true
		case st.kind == stepItem && n == st.item:
			return c.i, true
		}
		c.i = skipValue(doc, c.i)
	}
}

// expand applies the steps from the first wildcard on to the value before it.
func expand(value []byte, steps []step) ([]byte, bool) {
	if len(steps) == 0 {
		return value, true
	}
	if value[0] != '{' && value[0] != '[' {
		return nil, false
	}
	out := collect([]byte{'['}, value, steps)
	return append(out, ']'), true
}

func collect(dst, value []byte, steps []step) []byte {
	if len(steps) == 0 {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		return append(dst, value...)
	}
	if steps[0].kind != stepAll {
		if at, ok := walk(value, steps[:1]); ok {
			return collect(dst, at.of(value), steps[1:])
		}
		return dst
	}
	c := children(value, 0)
	for {
		if _, more := c.next(); !more {
			return dst
		}
		from := c.i
		c.i = skipValue(value, from)
		if c.i > from {
			dst = collect(dst, value[from:c.i], steps[1:])
		}
	}
}
