package engine

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"

	"github.com/signalbox/signalbox/pattern/internal/address"
	"github.com/signalbox/signalbox/pattern/internal/casefold"
	"github.com/signalbox/signalbox/pattern/internal/persist"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// A mark is a small number that stands for something that may become true of
// values: a member's tests hold for it, an anything-but excludes it, the field
// has it at all. Reading an event means to find the marks of its values.

// field finds the marks of the values at one path. It does not change: with and
// without return a new field that shares what is the same.
type field struct {
	id    uint32
	any   uint32 // the mark that every value has; 0 if nobody asks for it
	route *route

	users, anyUsers int // constraints on the field, and those that need any

	strings  marksByKey
	numbers  marksByKey // by the bits of the double
	texts    marksByKey // numbers that no double holds, by their text
	literals [3][]uint32
	ranges   persist.Ranges
	text     *textTests  // nil if there are none
	blocks   *blockTests // nil if there are none
}

type marksByKey = persist.Map[[]uint32]

// textTests are those about parts of strings, or their case.
type textTests struct {
	prefixes, suffixes         affixes
	foldPrefixes, foldSuffixes affixes
	folds                      persist.Map[[]marked] // by the folded text
	irregular                  []marked              // case tests that folding does not find
	globs                      globs
}

// marked is a test with the marks of those who made it.
type marked struct {
	test  *rule.Test
	marks []uint32
}

// blockTests are those about IP addresses: the key is the address with all but
// the first bits cleared, its version and the count of bits.
type blockTests struct {
	sizes  []blockSize
	blocks marksByKey
}

// blockSize says how many blocks have a size.
type blockSize struct {
	v4         bool
	bits, keys int
}

var seed = maphash.MakeSeed()

func hash(key []byte) uint64 { return maphash.Bytes(seed, key) }

// changed returns the field with the mark put on a test, or taken from it.
func (f *field) changed(ids *IDs, t *rule.Test, mark uint32, put bool) *field {
	next := *f
	switch t.Kind {
	case rule.String:
		next.strings = changeKey(f.strings, maphash.String(seed, t.Text), t.Text, mark, put)
	case rule.Number:
		next.numbers = changeNumber(f.numbers, t.Lo, mark, put)
	case rule.NumberText:
		next.texts = changeKey(f.texts, maphash.String(seed, t.Text), t.Text, mark, put)
	case rule.Literal:
		next.literals[literal(t.Text[0])] = changeMarks(f.literals[literal(t.Text[0])], mark, put)
	case rule.Range:
		b := persist.Range{Lo: t.Lo, Hi: t.Hi, LoOpen: t.LoOpen, HiOpen: t.HiOpen}
		switch {
		case t.Lo == t.Hi:
			next.numbers = changeNumber(f.numbers, t.Lo, mark, put)
		case put:
			next.ranges = f.ranges.With(b, mark)
		default:
			next.ranges = f.ranges.Without(b, mark)
		}
	case rule.Block:
		next.blocks = f.blocks.changed(t, mark, put)
	default:
		next.text = f.text.changed(ids, t, mark, put)
	}
	return &next
}

// literal numbers true, false and null by their first letters.
func literal(c byte) int {
	switch c {
	case 't':
		return 0
	case 'f':
		return 1
	}
	return 2
}

// changeMarks adds a mark or takes it away. What is added to the newest version
// of a list lies behind what those who have an older one see, so it may share.
func changeMarks(marks []uint32, mark uint32, put bool) []uint32 {
	if put {
		return append(marks, mark)
	}
	i := slices.Index(marks, mark)
	if i < 0 || len(marks) == 1 {
		return nil
	}
	return slices.Delete(slices.Clone(marks), i, i+1)
}

func changeKey(m marksByKey, hash uint64, key string, mark uint32, put bool) marksByKey {
	var old []uint32
	if e := m.Get(hash, []byte(key)); e != nil {
		old = e.Value
	}
	if marks := changeMarks(old, mark, put); len(marks) > 0 {
		return m.With(hash, key, marks)
	}
	return m.Without(hash, key)
}

func changeNumber(m marksByKey, f float64, mark uint32, put bool) marksByKey {
	key := numberKey(f)
	return changeKey(m, numberHash(f), string(key[:]), mark, put)
}

// numberHash is cheaper than a hash of the key's bytes.
func numberHash(f float64) uint64 { return roll(math.Float64bits(f)^rollSeed, 0) }

func numberKey(f float64) (key [8]byte) {
	binary.LittleEndian.PutUint64(key[:], math.Float64bits(f))
	return key
}

func (b *blockTests) changed(t *rule.Test, mark uint32, put bool) *blockTests {
	var next blockTests
	if b != nil {
		next = blockTests{slices.Clone(b.sizes), b.blocks}
	}
	key := blockKey(*t.Block)
	before := next.blocks.Len()
	next.blocks = changeKey(next.blocks, maphash.Bytes(seed, key[:]), string(key[:]), mark, put)
	same := func(s blockSize) bool { return s.v4 == t.Block.IP.V4 && s.bits == t.Block.Bits }
	i := slices.IndexFunc(next.sizes, same)
	if i < 0 {
		i = len(next.sizes)
		next.sizes = append(next.sizes, blockSize{t.Block.IP.V4, t.Block.Bits, 0})
	}
	if next.sizes[i].keys += next.blocks.Len() - before; next.sizes[i].keys == 0 {
		next.sizes = slices.Delete(next.sizes, i, i+1)
	}
	if len(next.sizes) == 0 {
		return nil
	}
	return &next
}

func blockKey(b address.Block) (key [18]byte) {
	copy(key[:], b.IP.Bytes[:])
	key[16] = byte(b.Bits)
	if b.IP.V4 {
		key[17] = 4
	}
	return key
}

func (b *blockTests) find(s *Scan, text []byte) {
	ip, ok := address.Parse(text)
	if !ok {
		return
	}
	for _, size := range b.sizes {
		if size.v4 == ip.V4 {
			key := blockKey(address.Block{IP: ip.Mask(size.bits), Bits: size.bits})
			if e := b.blocks.Get(maphash.Bytes(seed, key[:]), key[:]); e != nil {
				s.mark(e.Value)
			}
		}
	}
}

// changed returns the tests with the mark put on one of them, or taken from it.
func (x *textTests) changed(ids *IDs, t *rule.Test, mark uint32, put bool) *textTests {
	var next textTests
	if x != nil {
		next = *x
	}
	switch t.Kind {
	case rule.Prefix:
		next.prefixes = next.prefixes.changed(t.Text, marked{nil, []uint32{mark}}, put)
	case rule.Suffix:
		next.suffixes = next.suffixes.changed(reversed(t.Text), marked{nil, []uint32{mark}}, put)
	case rule.Wildcard:
		next.changeWildcard(ids, t, mark, put)
	default: // those that ignore case
		folded := string(casefold.AppendFold(nil, []byte(t.Text)))
		m := marked{t, []uint32{mark}}
		switch {
		case !casefold.Regular(t.Text):
			next.irregular = changeTests(next.irregular, m, put)
		case t.Kind == rule.Fold:
			next.folds = changeTestKey(next.folds, maphash.String(seed, folded), folded, m, put)
		case t.Kind == rule.PrefixFold:
			next.foldPrefixes = next.foldPrefixes.changed(folded, m, put)
		default:
			next.foldSuffixes = next.foldSuffixes.changed(reversed(folded), m, put)
		}
	}
	if next.empty() {
		return nil
	}
	return &next
}

func (x *textTests) empty() bool {
	return len(x.prefixes.lengths)+len(x.suffixes.lengths)+len(x.foldPrefixes.lengths)+len(x.foldSuffixes.lengths)+
		len(x.irregular)+x.folds.Len()+x.globs.grams.Len() == 0
}

// changeTests adds m to list or takes it away; its test is known by its text,
// kind and, if it is nil, by being nil.
func changeTests(list []marked, m marked, put bool) []marked {
	same := func(o marked) bool {
		return (o.test == nil) == (m.test == nil) && (m.test == nil || o.test.Text == m.test.Text && o.test.Kind == m.test.Kind)
	}
	i := slices.IndexFunc(list, same)
	if i < 0 {
		if !put {
			return list
		}
		return append(list, m)
	}
	marks := changeMarks(list[i].marks, m.marks[0], put)
	next := slices.Clone(list)
	if len(marks) == 0 {
		return slices.Delete(next, i, i+1)
	}
	next[i].marks = marks
	return next
}

func changeTestKey(m persist.Map[[]marked], hash uint64, key string, t marked, put bool) persist.Map[[]marked] {
	var old []marked
	if e := m.Get(hash, []byte(key)); e != nil {
		old = e.Value
	}
	if list := changeTests(old, t, put); len(list) > 0 {
		return m.With(hash, key, list)
	}
	return m.Without(hash, key)
}

// affixes finds which beginnings of a text it holds. The hash of each beginning
// follows from that of the one before, so one pass finds all.
type affixes struct {
	lengths []length
	keys    persist.Map[[]marked]
}

// length says how many keys have a length.
type length struct{ n, keys int }

const rollMultiplier = 0x9e3779b97f4a7c15

var rollSeed = maphash.String(seed, "affixes")

func roll(h uint64, c byte) uint64 {
	hi, lo := bits.Mul64(h^uint64(c), rollMultiplier)
	return hi ^ lo ^ rollSeed
}

func (a affixes) changed(key string, m marked, put bool) affixes {
	h := rollSeed
	for i := range len(key) {
		h = roll(h, key[i])
	}
	before := a.keys.Len()
	a.keys = changeTestKey(a.keys, h, key, m, put)
	if d := a.keys.Len() - before; d != 0 {
		i, ok := slices.BinarySearchFunc(a.lengths, len(key), func(l length, n int) int { return l.n - n })
		a.lengths = slices.Clone(a.lengths)
		if !ok {
			a.lengths = slices.Insert(a.lengths, i, length{n: len(key)})
		}
		if a.lengths[i].keys += d; a.lengths[i].keys == 0 {
			a.lengths = slices.Delete(a.lengths, i, i+1)
		}
	}
	return a
}

// find marks text, which folding has made of value, or which is the value.
func (a *affixes) find(s *Scan, text, value []byte) {
	h := rollSeed
	at := 0
	for _, l := range a.lengths {
		if l.n > len(text) {
			return
		}
		for ; at < l.n; at++ {
			h = roll(h, text[at])
		}
		if e := a.keys.Get(h, text[:at]); e != nil {
			s.markTests(e.Value, value)
		}
	}
}

// findBack does the same from the end of text.
func (a *affixes) findBack(s *Scan, text, value []byte) {
	h := rollSeed
	at := 0
	for _, l := range a.lengths {
		if l.n > len(text) {
			return
		}
		for ; at < l.n; at++ {
			h = roll(h, text[len(text)-1-at])
		}
		// The keys stand reversed; the hash alone has to do until it hits.
		s.reversed = append(s.reversed[:0], text[len(text)-at:]...)
		slices.Reverse(s.reversed)
		if e := a.keys.Get(h, s.reversed); e != nil {
			s.markTests(e.Value, value)
		}
	}
}

func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

// find marks a string value.
func (x *textTests) find(s *Scan, text []byte) {
	x.prefixes.find(s, text, text)
	x.suffixes.findBack(s, text, text)
	if x.globs.grams.Len() > 0 {
		x.globs.find(s, text)
	}
	if x.folds.Len() > 0 || len(x.foldPrefixes.lengths) > 0 || len(x.foldSuffixes.lengths) > 0 {
		s.folded = casefold.AppendFold(s.folded[:0], text)
		if e := x.folds.Get(maphash.Bytes(seed, s.folded), s.folded); e != nil {
			s.markTests(e.Value, text)
		}
		x.foldPrefixes.find(s, s.folded, text)
		x.foldSuffixes.findBack(s, s.folded, text)
	}
	for i := range x.irregular {
		if m := &x.irregular[i]; m.test.HoldsString(text) {
			s.mark(m.marks)
		}
	}
}
