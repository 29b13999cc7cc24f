package casefold

import "testing"

func TestEachCharacterAcceptsItsOwnTwoForms(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"abc", "aBC", true}, {"a[c", "a{c", false}, {"abc", "abcd", false}, {"abcd", "abc", false},
		{"straße", "STRASSE", true}, {"straße", "strasse", false}, {"strasse", "straße", false},
		{"ς", "Σ", true}, {"ς", "σ", false}, {"Σ", "σ", true},
		{"k", "K", true}, {"k", "\u212a", false}, {"\u212a", "k", true},
		{"İ", "i̇", true}, {"ﬁ", "FI", true}, {"ﬁ", "fi", false},
		{"😀", "😀", true}, {"𐐀", "𐐨", true},
		{"", "", true}, {"", "x", false},
	} {
		if got := Equal(c.pattern, []byte(c.value)); got != c.want {
			t.Errorf("%q and %q: %v", c.pattern, c.value, got)
		}
		if got := HasPrefix(c.pattern, []byte(c.value+"!")); c.want && !got {
			t.Errorf("%q does not begin %q", c.pattern, c.value+"!")
		}
		if got := HasSuffix(c.pattern, []byte("!"+c.value)); c.want && !got {
			t.Errorf("%q does not end %q", c.pattern, "!"+c.value)
		}
		if c.want && Regular(c.pattern) {
			a, b := string(AppendFold(nil, []byte(c.pattern))), string(AppendFold(nil, []byte(c.value)))
			if a != b {
				t.Errorf("%q and %q fold to %q and %q", c.pattern, c.value, a, b)
			}
		}
	}
}
