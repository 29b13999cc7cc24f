package pattern

import "testing"

func TestAMatcherWithoutPatternsMatchesNothing(t *testing.T) {
	m := NewMatcher[int]()
	check := func(when string) {
		t.Helper()
		if got, err := m.Match(nil, []byte(`{"source":"s","detail":{"a":[1,{"b":2}]}}`)); len(got) != 0 || err != nil {
			t.Errorf("%s: Match = %v, %v", when, got, err)
		}
	}
	check("before the first Put")
	p, err := Parse([]byte(`{"source":["s"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Put(1, p); err != nil {
		t.Fatal(err)
	}
	m.Delete(1)
	check("after the last Delete")
}
