package engine

import (
	"hash/maphash"
	"slices"

	"github.com/signalbox/signalbox/pattern/internal/persist"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// globs finds the wildcards that have stars at both ends, by the beginning of
// their longest piece: a gram of up to gramSize bytes that the value must have
// somewhere. The other wildcards are found by how they begin or end.
type globs struct {
	lengths [gramSize + 1]int // how many grams have the length
	firsts  [256 / 64]uint64  // with what bytes grams begin, or have begun
	grams   persist.Map[gramTests]
}

const gramSize = 4

// gramTests are the wildcards of a gram. The mark tells that they have been
// tried on a value.
type gramTests struct {
	mark  uint32
	tests []marked
}

// changeWildcard files a wildcard where values will find it soonest.
func (x *textTests) changeWildcard(ids *IDs, t *rule.Test, mark uint32, put bool) {
	first, last := t.Pieces[0], t.Pieces[len(t.Pieces)-1]
	m, simple := marked{t, []uint32{mark}}, marked{nil, []uint32{mark}}
	switch {
	case len(t.Pieces) == 2 && len(last) == 0: // a*, and * alone
		x.prefixes = x.prefixes.changed(string(first), simple, put)
	case len(t.Pieces) == 2 && len(first) == 0: // *a
		x.suffixes = x.suffixes.changed(reversed(string(last)), simple, put)
	case len(t.Pieces) == 1 || len(first) > 0 && len(first) >= len(last):
		x.prefixes = x.prefixes.changed(string(first), m, put)
	case len(last) > 0:
		x.suffixes = x.suffixes.changed(reversed(string(last)), m, put)
	default:
		x.globs = x.globs.changed(ids, m, put)
	}
}

func (g globs) changed(ids *IDs, m marked, put bool) globs {
	longest := slices.MaxFunc(m.test.Pieces, func(a, b []byte) int { return len(a) - len(b) })
	gram := longest[:min(len(longest), gramSize)]
	hash := maphash.Bytes(seed, gram)
	var tests gramTests
	if e := g.grams.Get(hash, gram); e != nil {
		tests = e.Value
	} else {
		tests.mark = ids.Take()
		g.lengths[len(gram)]++
		g.firsts[gram[0]/64] |= 1 << (gram[0] % 64)
	}
	if tests.tests = changeTests(tests.tests, m, put); len(tests.tests) > 0 {
		g.grams = g.grams.With(hash, string(gram), tests)
		return g
	}
	ids.Give(tests.mark)
	if g.grams.Len() == 1 {
		return globs{}
	}
	g.lengths[len(gram)]--
	g.grams = g.grams.Without(hash, string(gram))
	return g
}

// find marks text. A gram that comes again leads to wildcards that were tried.
func (g *globs) find(s *Scan, text []byte) {
	for n := 1; n <= gramSize; n++ {
		if g.lengths[n] == 0 {
			continue
		}
		for i := 0; i+n <= len(text); i++ {
			if g.firsts[text[i]/64]>>(text[i]%64)&1 == 0 {
				continue
			}
			gram := text[i : i+n]
			if e := g.grams.Get(maphash.Bytes(seed, gram), gram); e != nil && s.first(e.Value.mark) {
				s.markTests(e.Value.tests, text)
			}
		}
	}
}
