package persist

import (
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"
)

// check compares a map with the one that it should be.
func check(t *testing.T, m Map[int], want map[string]int, hash func(string) uint64) {
	t.Helper()
	if m.Len() != len(want) {
		t.Fatalf("%d entries, want %d", m.Len(), len(want))
	}
	for k, v := range want {
		if e := m.Get(hash(k), []byte(k)); e == nil || e.Value != v {
			t.Fatalf("%s: got %v, want %d", k, e, v)
		}
	}
	n := 0
	for range m.All {
		n++
	}
	if n != len(want) {
		t.Fatalf("All gives %d, want %d", n, len(want))
	}
}

func TestMapsKeepWhatTheyHadWhenNewOnesAreMade(t *testing.T) {
	for name, hash := range map[string]func(string) uint64{
		"hashes that differ":    func(s string) uint64 { n, _ := strconv.Atoi(s); return uint64(n) * 0x9e3779b97f4a7c15 },
		"hashes that are alike": func(s string) uint64 { return uint64(len(s)) << 61 },
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var m, old Map[int]
			want, oldWant := map[string]int{}, map[string]int{}
			for i := range 12_000 {
				k := strconv.Itoa(r.IntN(400))
				if r.IntN(3) == 0 {
					m = m.Without(hash(k), k)
					delete(want, k)
				} else {
					m = m.With(hash(k), k, i)
					want[k] = i
				}
				if i%200 == 0 {
					check(t, old, oldWant, hash)
					check(t, m, want, hash)
					old, oldWant = m, maps.Clone(want)
				}
			}
		})
	}
}

func TestLargeMapsKeepWhatTheyHaveInTheirTables(t *testing.T) {
	for name, c := range map[string]struct {
		keys int
		hash func(string) uint64
	}{
		"hashes that differ":    {20_000, func(s string) uint64 { n, _ := strconv.Atoi(s); return uint64(n+1) * 0x9e3779b97f4a7c15 }},
		"hashes that are alike": {2_100, func(s string) uint64 { return uint64(len(s)) << 61 }},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var m, old Map[int]
			want, oldWant := map[string]int{}, map[string]int{}
			put := func(k string, v int) {
				m = m.With(c.hash(k), k, v)
				want[k] = v
			}
			for i := range c.keys {
				put(strconv.Itoa(i), i)
			}
			if m.base == nil {
				t.Fatal("there is no table")
			}
			for i := range c.keys {
				k := strconv.Itoa(r.IntN(c.keys + c.keys/4))
				if r.IntN(3) > 0 {
					m = m.Without(c.hash(k), k)
					delete(want, k)
				} else {
					put(k, -i)
				}
				if i%(c.keys/5) == 0 {
					check(t, old, oldWant, c.hash)
					check(t, m, want, c.hash)
					old, oldWant = m, maps.Clone(want)
				}
			}
			if n := len(m.base.entries); n > 2*c.keys {
				t.Errorf("the table has room for %d", n)
			}
			for k := range want {
				m = m.Without(c.hash(k), k)
			}
			if m.Len() != 0 || m.base != nil {
				t.Errorf("an empty map holds on to things: %+v", m)
			}
			check(t, old, oldWant, c.hash)
		})
	}
}

func TestVectorsKeepWhatTheyHad(t *testing.T) {
	var v Vector[int]
	for i := range uint32(5_000) {
		v = v.With(i*7%5_000, int(i))
	}
	next := v.With(3, -1)
	for i := range uint32(5_000) {
		if got := v.At(i * 7 % 5_000); got != int(i) {
			t.Fatalf("at %d: %d", i, got)
		}
	}
	if next.At(3) != -1 || next.Cap() < 5_000 || next.At(uint32(next.Cap()-1)) != 0 {
		t.Errorf("%d, %d", next.At(3), next.Cap())
	}
}

func TestRangesFindWhatContainsANumber(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var ranges, old Ranges
	all := map[uint32]Range{}
	oldFound := 0
	for i := range uint32(2_000) {
		if i > 0 && r.IntN(3) == 0 {
			for mark, b := range all {
				ranges = ranges.Without(b, mark)
				delete(all, mark)
				break
			}
		} else {
			lo := float64(r.IntN(50))
			b := Range{Lo: lo, Hi: lo + float64(1+r.IntN(20)), LoOpen: r.IntN(2) == 0, HiOpen: r.IntN(2) == 0}
			ranges = ranges.With(b, i)
			all[i] = b
		}
		x := float64(r.IntN(140)) / 2
		found := map[uint32]bool{}
		for _, f := range ranges.Stab(nil, x) {
			for _, m := range f.Marks {
				found[m] = true
			}
		}
		for mark, b := range all {
			if b.contains(x) != found[mark] {
				t.Fatalf("%v in %+v: found %v", x, b, found[mark])
			}
			delete(found, mark)
		}
		if len(found) > 0 {
			t.Fatalf("found %v too", found)
		}
		if got := len(old.Stab(nil, 30)); got != oldFound {
			t.Fatalf("an old version finds %d, not %d", got, oldFound)
		}
		if i%50 == 0 {
			old, oldFound = ranges, len(ranges.Stab(nil, 30))
		}
	}
	for mark, b := range all {
		ranges = ranges.Without(b, mark)
	}
	if !ranges.Empty() {
		t.Error("not empty")
	}
}
