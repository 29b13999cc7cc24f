package item

// MaxSize is the most that an item may be, in bytes: its names and values.
const MaxSize = 400 << 10

// Size is an item's size by which it is limited and charged, in bytes.
func (it Item) Size() int {
	n := 0
	for name, v := range it {
		n += len(name) + v.Size()
	}
	return n
}

// Size is a value's size in bytes: text in UTF-8; a number's digits by two in
// a byte and one more; three for a list or map and one for each of its elements.
func (v Value) Size() int {
	switch v.Kind {
	case S, B:
		return len(v.Text)
	case N:
		return v.Number().size()
	case M:
		n := 3
		for name, e := range v.Map {
			n += 1 + len(name) + e.Size()
		}
		return n
	case L:
		n := 3
		for _, e := range v.List {
			n += 1 + e.Size()
		}
		return n
	case SS, NS, BS:
		n := 0
		for _, e := range v.List {
			n += e.Size()
		}
		return n
	}
	return 1
}

// Levels is how deep the item's values nest; a scalar is one level.
func (it Item) Levels() int {
	n := 0
	for _, v := range it {
		n = max(n, v.levels())
	}
	return n
}

func (v Value) levels() int {
	switch v.Kind {
	case M:
		return 1 + v.Map.Levels()
	case L:
		n := 0
		for _, e := range v.List {
			n = max(n, e.levels())
		}
		return 1 + n
	}
	return 1
}
