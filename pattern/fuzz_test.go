package pattern

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/signalbox/signalbox/pattern/internal/question"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// matchesSlowly is the obvious way to match.
func matchesSlowly(p *Pattern, event []byte) (bool, error) {
	all, err := leavesOf(event)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(p.branches, func(b rule.Branch) bool { return satisfiable(b, all, nil) }), nil
}

// doubledArrays reports whether an event reaches the path of an array twice
// within one element. Then the engine takes the arrays for one.
func doubledArrays(all []leaf) bool {
	type element struct{ array, element int }
	type spot struct {
		path string
		in   element
	}
	arrays := map[spot]int{}
	for _, l := range all {
		for p := l.in; p != nil; p = p.up {
			at := spot{path: p.path, in: element{-1, -1}}
			if p.up != nil {
				at.in = element{p.up.array, p.up.element}
			}
			if id, ok := arrays[at]; ok && id != p.array {
				return true
			}
			arrays[at] = p.array
		}
	}
	return false
}

func TestOneMatcherAnswersAsTheObviousWayDoes(t *testing.T) {
	n := 3_000
	if testing.Short() {
		n = 1_500
	}
	for _, doubled := range []bool{false, true} {
		q := question.New(7)
		q.Doubled = doubled
		m := NewMatcher[int]()
		patterns := map[int]*Pattern{}
		matched := 0
		for i := range n {
			text, event := q.Pair()
			if p, err := Parse([]byte(text)); err == nil {
				key := q.IntN(40)
				if err := m.Put(key, p); err != nil {
					t.Fatal(err)
				}
				patterns[key] = p
			}
			if key := q.IntN(40); i%3 == 0 {
				m.Delete(key)
				delete(patterns, key)
			}
			if all, _ := leavesOf([]byte(event)); doubled && doubledArrays(all) {
				continue
			}
			keys, err := m.Match(nil, []byte(event))
			if err != nil {
				t.Fatal(err)
			}
			matched += len(keys)
			got := map[int]int{}
			for _, k := range keys {
				got[k]++
			}
			for k, p := range patterns {
				want := 0
				if yes, _ := matchesSlowly(p, []byte(event)); yes {
					want = 1
				}
				if got[k] != want {
					alone, _ := p.Match([]byte(event))
					t.Fatalf("pattern %s\nevent %s\nfound %d times, want %d; alone %v", p, event, got[k], want, alone)
				}
			}
			if m.Len() != len(patterns) {
				t.Fatalf("Len is %d, want %d", m.Len(), len(patterns))
			}
		}
		if matched < n/2 {
			t.Errorf("only %d matches in %d events", matched, n)
		}
		for k := range patterns {
			m.Delete(k)
		}
		if !m.w.Empty() {
			t.Errorf("an empty matcher holds on to things: %+v", m.w)
		}
	}
}

func FuzzParse(f *testing.F) {
	q := question.New(1)
	for range 200 {
		f.Add(q.Pattern())
	}
	f.Add(`{"$or":[{"a":[1]},{"$or":[{"b":[2]},{"c":[{"exists":false}]}]}]}`)
	f.Add(`{"a":[{"wildcard":"*a*b*c*d*e*"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse([]byte(text))
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T is no *Error", err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("took %q, which is no JSON", text)
		}
		again, err := Parse([]byte(p.String()))
		if err != nil || len(again.branches) != len(p.branches) {
			t.Fatalf("%q does not parse again: %v", text, err)
		}
	})
}

func FuzzMatch(f *testing.F) {
	q := question.New(2)
	for range 500 {
		text, event := q.Pair()
		f.Add(text, event)
	}
	f.Fuzz(func(t *testing.T, text, event string) {
		p, err := Parse([]byte(text))
		if err != nil || !utf8.ValidString(event) || len(event) > 2000 {
			return
		}
		got, err := p.Match([]byte(event))
		explained, explainErr := Explain(p, []byte(event))
		if err != nil || !json.Valid([]byte(event)) {
			return
		}
		all, err := leavesOf([]byte(event))
		if err != nil {
			if got {
				return // the fault lies behind what had to be read
			}
			t.Fatalf("no error for %q: %v", event, err)
		}
		if explainErr != nil || explained.Matched != got {
			t.Fatalf("pattern %s, event %s: matched %v, explained %v, %v", text, event, got, explained.Matched, explainErr)
		}
		if len(all) > 60 || len(p.branches) > 8 || slices.ContainsFunc(p.branches, func(b rule.Branch) bool { return len(b) > 4 }) || doubledArrays(all) {
			return // the obvious way takes too long, or differs by design
		}
		if want, _ := matchesSlowly(p, []byte(event)); got != want {
			t.Fatalf("pattern %s, event %s: got %v, want %v", text, event, got, want)
		}
	})
}
