package vtl

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/vtl/java"
)

// List is a list in templates: a Java ArrayList.
type List struct {
	Items []any
	// JSON makes its text JSON, as that of the lists that API Gateway's
	// $input.path and $util.parseJson yield. Others look as Java's: [a, b].
	JSON bool
}

// NewList is a list of the items.
func NewList(items ...any) *List { return &List{Items: items} }

// Entry is one entry of a map: $entry.key, $entry.value.
type Entry struct{ Key, Value any }

// Map is a map in templates: a Java LinkedHashMap, whose entries keep the order
// of their coming.
type Map struct {
	entries []Entry
	index   map[any]int // nil for small maps, which are searched
}

// small is how many entries are found sooner without an index.
const small = 8

func (m *Map) find(key any) (int, bool) {
	if m.index != nil {
		i, ok := m.index[key]
		return i, ok
	}
	for i := range m.entries {
		if m.entries[i].Key == key {
			return i, true
		}
	}
	return 0, false
}

// NewMap is a map with strings as keys: key, value, key, value.
func NewMap(pairs ...any) *Map {
	m := &Map{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Put(pairs[i], pairs[i+1])
	}
	return m
}

// keyOf is what a key is found by: itself where it is a scalar, else its text.
func keyOf(key any) any {
	switch key.(type) {
	case nil, bool, string, int64, float64:
		return key
	}
	b := bounded{left: 1 << 16}
	_ = b.value(key, false)
	return b.b.String()
}

// Len counts the entries.
func (m *Map) Len() int { return len(m.entries) }

// Entries are the entries in their order; not to be changed.
func (m *Map) Entries() []Entry { return m.entries }

// Lookup returns the value of a key, and whether there is one.
func (m *Map) Lookup(key any) (any, bool) {
	if i, ok := m.find(keyOf(key)); ok {
		return m.entries[i].Value, true
	}
	return nil, false
}

// Get returns the value of a key, nil where there is none.
func (m *Map) Get(key any) any {
	v, _ := m.Lookup(key)
	return v
}

// Put sets a value and returns the one before.
func (m *Map) Put(key, value any) any {
	k := keyOf(key)
	if i, ok := m.find(k); ok {
		old := m.entries[i].Value
		m.entries[i].Value = value
		return old
	}
	m.entries = append(m.entries, Entry{k, value})
	switch {
	case m.index != nil:
		m.index[k] = len(m.entries) - 1
	case len(m.entries) > small:
		m.index = make(map[any]int, 2*len(m.entries))
		for i, e := range m.entries {
			m.index[e.Key] = i
		}
	}
	return nil
}

// Remove takes an entry out and returns its value.
func (m *Map) Remove(key any) any {
	i, ok := m.find(keyOf(key))
	if !ok {
		return nil
	}
	old := m.entries[i]
	m.entries = append(m.entries[:i:i], m.entries[i+1:]...)
	if m.index != nil {
		delete(m.index, old.Key)
		for j := i; j < len(m.entries); j++ {
			m.index[m.entries[j].Key] = j
		}
	}
	return old.Value
}

// bounded writes values as text, at most so many bytes.
type bounded struct {
	b       strings.Builder
	left    int
	depth   int
	slashes bool // stay in JSON as they are
}

var errOutput = fmt.Errorf("%w: too much output", ErrLimit)

func (b *bounded) write(s string) error {
	if b.left -= len(s); b.left < 0 {
		return errOutput
	}
	b.b.WriteString(s)
	return nil
}

// value writes v as Java's String.valueOf, or as JSON.
func (b *bounded) value(v any, asJSON bool) error {
	if b.depth++; b.depth > 500 {
		return fmt.Errorf("%w: a value that holds itself, or more than 500 levels of values", ErrLimit)
	}
	defer func() { b.depth-- }()
	switch v := v.(type) {
	case nil:
		return b.write("null")
	case string:
		if asJSON {
			return b.write(java.Quote(v, !b.slashes))
		}
		return b.write(v)
	case *List:
		return b.list(v, asJSON || v.JSON)
	case *Map:
		return b.object(v, asJSON)
	case Entry:
		if asJSON {
			return b.write(java.Quote(textOf(v), !b.slashes))
		}
		if err := b.value(v.Key, false); err != nil {
			return err
		}
		if err := b.write("="); err != nil {
			return err
		}
		return b.value(v.Value, false)
	case bool:
		return b.write(strconv.FormatBool(v))
	case int64:
		return b.write(strconv.FormatInt(v, 10))
	case *big.Int:
		return b.write(v.String())
	case float64:
		return b.write(java.Double(v))
	}
	text := fmt.Sprintf("%T", v)
	if s, is := v.(fmt.Stringer); is {
		text = s.String()
	}
	if asJSON {
		text = java.Quote(text, !b.slashes)
	}
	return b.write(text)
}

func (b *bounded) list(l *List, asJSON bool) error {
	separator := ", "
	if asJSON {
		separator = ","
	}
	if err := b.write("["); err != nil {
		return err
	}
	for i, item := range l.Items {
		if i > 0 {
			if err := b.write(separator); err != nil {
				return err
			}
		}
		if err := b.value(item, asJSON); err != nil {
			return err
		}
	}
	return b.write("]")
}

func (b *bounded) object(m *Map, asJSON bool) error {
	separator, is := ", ", "="
	if asJSON {
		separator, is = ",", ":"
	}
	if err := b.write("{"); err != nil {
		return err
	}
	for i, e := range m.entries {
		if i > 0 {
			if err := b.write(separator); err != nil {
				return err
			}
		}
		key := e.Key
		if asJSON {
			key = textOf(key)
		}
		if err := b.value(key, asJSON); err != nil {
			return err
		}
		if err := b.write(is); err != nil {
			return err
		}
		if err := b.value(e.Value, asJSON); err != nil {
			return err
		}
	}
	return b.write("}")
}

// textOf is the text of a scalar.
func textOf(v any) string {
	b := bounded{left: 1 << 20}
	_ = b.value(v, false)
	return b.b.String()
}

// Text is a value as templates write it.
func Text(v any) (string, error) {
	b := bounded{left: 10 << 20}
	err := b.value(v, false)
	return b.b.String(), err
}
