package pattern

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/pattern/internal/casefold"
	"github.com/signalbox/signalbox/pattern/internal/lex"
)

// nearestPath words why the event has nothing at path, by the nearest thing
// that it has.
func nearestPath(path string, all []leaf) string {
	last := path[strings.LastIndexByte(path, '.')+1:]
	best, reason := 0, fmt.Sprintf("the event has no %s", path)
	try := func(rank int, format string, args ...any) {
		if rank > best {
			best, reason = rank, fmt.Sprintf(format, args...)
		}
	}
	for i := range all {
		l := &all[i]
		switch {
		case l.path == path && l.empty:
			try(9, "%s is empty in the event: it has no value", path)
		case strings.HasPrefix(l.path, path+"."):
			try(8, "%s is an object in the event; a pattern looks at the values inside it", path)
		case strings.HasPrefix(path, l.path+".") && !l.empty:
			if l.value.kind == '"' && lex.Space(l.value.text, 0) < len(l.value.text) && l.value.text[lex.Space(l.value.text, 0)] == '{' {
				try(7, "%s is a string with JSON inside, not an object: it was encoded twice", l.path)
			} else {
				try(6, "%s is %s in the event, the pattern looks inside it", l.path, l.value.words())
			}
		case strings.EqualFold(l.path, path):
			try(5, "the event has %s: the names differ only in case", l.path)
		case l.path[strings.LastIndexByte(l.path, '.')+1:] == last:
			try(4, "%s, %s", nests("the pattern", path, last), nests("the event", l.path, "it"))
		case strings.EqualFold(l.path[strings.LastIndexByte(l.path, '.')+1:], last):
			try(3, "the event has no %s, but %s", path, l.path)
		}
	}
	return reason
}

// nests words where a path's last step stands.
func nests(who, path, what string) string {
	verb := "has"
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		if what != "it" {
			verb = "nests"
		}
		return fmt.Sprintf("%s %s %s under %s", who, verb, what, path[:i])
	}
	return fmt.Sprintf("%s %s %s at the top", who, verb, what)
}

// nearestValue words why none of the values at the member's path will do.
func nearestValue(m *member, all []leaf) string {
	best, reason := -1, ""
	for i := range all {
		l := &all[i]
		if l.path != m.path || l.empty {
			continue
		}
		for j := range m.tests {
			if rank, why := m.tests[j].miss(m.path, &l.value); rank > best {
				best, reason = rank, why
			}
		}
	}
	return reason
}

// miss words why the test does not hold for v, and ranks how near it came.
func (t *test) miss(path string, v *value) (int, string) {
	if rank, why := t.confused(path, v); rank > 0 {
		return rank, why
	}
	is := path + " is " + v.words()
	switch t.kind {
	case kindAbsent:
		return 4, is + ", the pattern wants it to be absent"
	case kindNot:
		for i := range t.inner {
			if t.inner[i].holds(v) {
				return 4, is + ", which the pattern excludes"
			}
		}
	case kindRange:
		if v.kind == '0' {
			return 3, is + ", which is not " + t.bounds()
		}
		return 1, is + ", the pattern wants a number"
	case kindString, kindNumber, kindNumberText, kindLiteral:
		return 1, is + ", the pattern wants " + t.src
	case kindBlock:
		if t.text != "" {
			return 1, is + ", the pattern wants " + t.src
		}
		return 2, is + ", which is no address in the block"
	}
	return 2, is + ", which is not what " + t.src + " asks for"
}

// confused recognizes the mistakes that people make.
func (t *test) confused(path string, v *value) (int, string) {
	text := string(v.text)
	switch t.kind {
	case kindNumber, kindRange:
		if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && v.kind == '"' {
			if t.kind == kindNumber && f == t.lo {
				return 9, fmt.Sprintf("%s is the string %s, the pattern wants the number %s", path, v.json(), t.src)
			}
			if t.kind == kindRange {
				return 7, fmt.Sprintf("%s is the string %s, the pattern wants a number", path, v.json())
			}
		}
		if v.kind == '0' && !v.double {
			return 5, fmt.Sprintf("%s is the number %s, which has more digits than can be compared", path, text)
		}
	case kindLiteral:
		if v.kind == '"' && text == t.text {
			return 9, fmt.Sprintf("%s is the string %s, the pattern wants %s without quotation marks", path, v.json(), t.text)
		}
	case kindString, kindPrefix, kindSuffix, kindWildcard:
		return t.confusedString(path, v, text)
	}
	return 0, ""
}

func (t *test) confusedString(path string, v *value, text string) (int, string) {
	if v.kind != '"' {
		if t.holdsString(v.text) {
			return 9, fmt.Sprintf("%s is %s, the pattern wants a string", path, v.words())
		}
		return 0, ""
	}
	trimmed := []byte(strings.TrimSpace(text))
	switch {
	case t.kind == kindString && casefold.Equal(t.text, v.text),
		t.kind == kindPrefix && casefold.HasPrefix(t.text, v.text),
		t.kind == kindSuffix && casefold.HasSuffix(t.text, v.text):
		return 9, fmt.Sprintf("%s differs only in case: it is %s, the pattern wants %s", path, v.json(), t.src)
	case len(trimmed) != len(text) && t.holdsString(trimmed):
		return 9, fmt.Sprintf("%s has white space around it: it is %s", path, v.json())
	case t.kind == kindString && strings.Contains(t.text, "*") && wildcardHolds(wildcardPieces(strings.ReplaceAll(t.text, `\`, `\\`)), v.text):
		return 8, fmt.Sprintf(`%s is %s; a star stands for itself unless the pattern says {"wildcard": %s}`, path, v.json(), t.src)
	case t.kind == kindString && strings.HasPrefix(text, t.text) && t.text != "":
		return 5, fmt.Sprintf(`%s is %s, which goes on after %s; {"prefix": …} would take it`, path, v.json(), t.src)
	}
	return 0, ""
}

// bounds words a range.
func (t *test) bounds() string {
	if t.lo == t.hi {
		return "equal to " + formatFloat(t.lo)
	}
	var parts []string
	if t.lo != -inf {
		parts = append(parts, map[bool]string{true: "> ", false: ">= "}[t.loOpen]+formatFloat(t.lo))
	}
	if t.hi != inf {
		parts = append(parts, map[bool]string{true: "< ", false: "<= "}[t.hiOpen]+formatFloat(t.hi))
	}
	return strings.Join(parts, " and ")
}
