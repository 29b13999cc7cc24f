package pattern

import "testing"

// The numbers are event-ruler's.
func TestWildcardsAreAsComplexAsTheServiceCountsThem(t *testing.T) {
	for _, c := range []struct {
		wildcards []string
		want      int
	}{
		{[]string{"*"}, 2},
		{[]string{"a"}, 1},
		{[]string{"*a*"}, 3},
		{[]string{"*a*a*"}, 5},
		{[]string{"*aaaa"}, 5},
		{[]string{"*abab"}, 3},
		{[]string{"a*", "b*"}, 2},
		{[]string{"a*x", "a*y"}, 4},
		{[]string{"*ab*", "*ac*"}, 6},
		{[]string{"*", "*"}, 2},
		{[]string{"*:stack/Alpha/*", "*:stack/Beta/*", "*:stack/Gamma/*"}, 9},
		{[]string{"*:*:*:*:*:event-bus/*"}, 11},
	} {
		n := nfa{ids: map[string]int{}}
		for _, w := range c.wildcards {
			n.add("", w)
		}
		if got := n.widest(); got != c.want {
			t.Errorf("%q: complexity %d, want %d", c.wildcards, got, c.want)
		}
	}
}
