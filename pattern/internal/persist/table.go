package persist

import "math/bits"

// table is a hash table that is made once. Its entries lie in groups of eight;
// a word for each group has a byte for each entry: 0 if there is none,
// otherwise seven bits of its hash and the highest bit. So a key that is not
// there is seldom compared with one that is, and a look at a table of 100,000
// keys reads one word of 130 KB.
type table[V any] struct {
	groups  []uint64
	entries []Entry[V]
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// newTable returns a table with room for n entries.
func newTable[V any](n int) *table[V] {
	groups := n/6 + 1
	return &table[V]{make([]uint64, groups), make([]Entry[V], 8*groups)}
}

// start returns the group in which a search begins, and the byte of the hash
// in all bytes of a word. The highest bit of the hash is not in use.
func (t *table[V]) start(hash uint64) (group, tags uint64) {
	group, _ = bits.Mul64(hash<<1, uint64(len(t.groups)))
	return group, (hash&0x7f | 0x80) * ones
}

func (t *table[V]) get(hash uint64, key []byte) *Entry[V] {
	if t == nil {
		return nil
	}
	group, tags := t.start(hash)
	for {
		word := t.groups[group]
		// Flags the bytes that are alike, and now and then one above them.
		diff := word ^ tags
		for hits := (diff - ones) &^ diff & highs; hits != 0; hits &= hits - 1 {
			e := &t.entries[group*8+uint64(bits.TrailingZeros64(hits)>>3)]
			if e.hash == hash && e.Key == string(key) {
				return e
			}
		}
		if word&highs != highs {
			return nil
		}
		if group++; group == uint64(len(t.groups)) {
			group = 0
		}
	}
}

// add adds an entry whose key is not there. It is for the one who has made the
// table and has not given it away yet.
func (t *table[V]) add(e *Entry[V]) {
	group, tags := t.start(e.hash)
	for t.groups[group]&highs == highs {
		if group++; group == uint64(len(t.groups)) {
			group = 0
		}
	}
	i := bits.TrailingZeros64(^t.groups[group]&highs) >> 3
	t.groups[group] |= tags & (0xff << (8 * i))
	t.entries[group*8+uint64(i)] = *e
}

func (t *table[V]) all(yield func(*Entry[V]) bool) bool {
	if t == nil {
		return true
	}
	for i := range t.entries {
		if t.groups[i/8]>>(i%8*8+7)&1 != 0 && !yield(&t.entries[i]) {
			return false
		}
	}
	return true
}
