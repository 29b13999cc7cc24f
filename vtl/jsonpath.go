package vtl

// What github.com/ohler55/ojg/jp asks of values that it goes through.

// ValueForKey is the value of a key, and whether there is one.
func (m *Map) ValueForKey(key string) (any, bool) { return m.Lookup(key) }

// SetValueForKey puts a value.
func (m *Map) SetValueForKey(key string, value any) { m.Put(key, value) }

// RemoveValueForKey takes a value out.
func (m *Map) RemoveValueForKey(key string) { m.Remove(key) }

// Keys are the keys in their order, as text.
func (m *Map) Keys() []string {
	keys := make([]string, len(m.entries))
	for i, e := range m.entries {
		keys[i] = textOf(e.Key)
	}
	return keys
}

// ValueAtIndex is an item, nil where there is none.
func (l *List) ValueAtIndex(i int) any {
	if i < 0 || i >= len(l.Items) {
		return nil
	}
	return l.Items[i]
}

// SetValueAtIndex sets an item that there is.
func (l *List) SetValueAtIndex(i int, value any) {
	if i >= 0 && i < len(l.Items) {
		l.Items[i] = value
	}
}

// Size counts the items.
func (l *List) Size() int { return len(l.Items) }
