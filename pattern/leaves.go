package pattern

import (
	"fmt"

	"github.com/signalbox/signalbox/pattern/internal/engine"
	"github.com/signalbox/signalbox/pattern/internal/lex"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// leaf is a string, number, true, false or null of an event, or an array or
// object that has none.
type leaf struct {
	path  string
	value rule.Value
	empty bool   // an empty array or object: no leaf to a test
	in    *place // the innermost array element that it lies in
}

// place is an element of an array, itself in the element up.
type place struct {
	up             *place
	array, element int
	path           string // of the array
}

// leaves lists the leaves of an event in their order. It is for explaining;
// matching reads the event without taking it apart.
type leaves struct {
	event  []byte
	all    []leaf
	in     *place
	arrays int
	depth  int
}

// tooLong stands for all paths that are longer than any pattern.
const tooLong = "\x00"

func leavesOf(event []byte) ([]leaf, error) {
	l := &leaves{event: event}
	i := lex.Space(event, 0)
	if i >= len(event) || event[i] != '{' {
		return nil, engine.ErrNotObject
	}
	end, err := l.object(i+1, "", true)
	if err != nil {
		return nil, err
	}
	if end = lex.Space(event, end); end != len(event) {
		return nil, l.fail(end)
	}
	return l.all, nil
}

func (l *leaves) fail(at int) error {
	return fmt.Errorf("event is no JSON at byte %d", min(max(at, 0), len(l.event)))
}

func (l *leaves) add(path string, v rule.Value, empty bool) {
	l.all = append(l.all, leaf{path: path, value: v, empty: empty, in: l.in})
}

// object reads the members behind an opening brace.
func (l *leaves) object(i int, path string, root bool) (int, error) {
	if i = lex.Space(l.event, i); i < len(l.event) && l.event[i] == '}' {
		l.add(path, rule.Value{}, true)
		return i + 1, nil
	}
	for i < len(l.event) {
		if i = lex.Space(l.event, i); i >= len(l.event) || l.event[i] != '"' {
			return 0, l.fail(i)
		}
		end, plain := lex.String(l.event, i+1)
		if end < 0 {
			return 0, l.fail(i)
		}
		name := l.event[i+1 : end]
		if !plain {
			name = lex.AppendUnquoted(nil, name)
		}
		if i = lex.Space(l.event, end+1); i >= len(l.event) || l.event[i] != ':' {
			return 0, l.fail(i)
		}
		sub := string(name)
		switch {
		case len(path)+len(name) > MaxSize:
			sub = tooLong
		case !root:
			sub = path + "." + sub
		}
		before := len(l.all)
		next, err := l.value(lex.Space(l.event, i+1), sub)
		if err != nil {
			return 0, err
		}
		if len(name) == 0 {
			l.all = l.all[:before] // members without a name are not looked at
		}
		if i = lex.Space(l.event, next); i >= len(l.event) {
			return 0, l.fail(i)
		}
		switch l.event[i] {
		case '}':
			return i + 1, nil
		case ',':
			i++
		default:
			return 0, l.fail(i)
		}
	}
	return 0, l.fail(i)
}

func (l *leaves) value(i int, path string) (int, error) {
	if i >= len(l.event) {
		return 0, l.fail(i)
	}
	kind := byte('a')
	switch l.event[i] {
	case '{', '[':
		if l.depth++; l.depth >= lex.MaxDepth {
			return 0, engine.ErrTooDeep
		}
		defer func() { l.depth-- }()
		if l.event[i] == '{' {
			return l.object(i+1, path, false)
		}
		return l.array(i+1, path)
	case '"':
		end, plain := lex.String(l.event, i+1)
		if end < 0 {
			return 0, l.fail(i)
		}
		text := l.event[i+1 : end]
		if !plain {
			text = lex.AppendUnquoted(nil, text)
		}
		l.add(path, rule.NewValue('"', text), false)
		return end + 1, nil
	case 't', 'f', 'n':
	default:
		kind = '0'
	}
	end := lex.Skip(l.event, i)
	if end < 0 {
		return 0, l.fail(i)
	}
	l.add(path, rule.NewValue(kind, l.event[i:end]), false)
	return end, nil
}

// array reads the elements behind an opening bracket.
func (l *leaves) array(i int, path string) (int, error) {
	id := l.arrays
	l.arrays++
	if i = lex.Space(l.event, i); i < len(l.event) && l.event[i] == ']' {
		l.add(path, rule.Value{}, true)
		return i + 1, nil
	}
	for element := 0; i < len(l.event); element++ {
		i = lex.Space(l.event, i)
		nested := i < len(l.event) && (l.event[i] == '{' || l.event[i] == '[')
		if nested {
			l.in = &place{l.in, id, element, path}
		}
		next, err := l.value(i, path)
		if err != nil {
			return 0, err
		}
		if nested {
			l.in = l.in.up
		}
		if i = lex.Space(l.event, next); i >= len(l.event) {
			return 0, l.fail(i)
		}
		switch l.event[i] {
		case ']':
			return i + 1, nil
		case ',':
			i++
		default:
			return 0, l.fail(i)
		}
	}
	return 0, l.fail(i)
}
