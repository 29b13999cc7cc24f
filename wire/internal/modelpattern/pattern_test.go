package modelpattern

import "testing"

func TestCompile(t *testing.T) {
	for name, c := range map[string]struct {
		pattern string
		yes, no string
	}{
		"the whole value must match":             {`[a-z]+`, "abc", "abc1"},
		"alternatives are taken whole":           {`a|bc`, "bc", "ac"},
		"anchors in the pattern do no harm":      {`^[a-z]*$`, "abc", "abc\n"},
		"Java's \\u escapes are understood":      {`[\u0020-\u00FF]+`, "é x", "☕"},
		"an escaped backslash before u is kept":  {`\\u0041`, `\u0041`, "A"},
		"a dash at the end of a class is itself": {`[\w+=,.@-]*`, "a-b", "a b"},
		"a dash between a class and a sign":      {`[a-zA-Z0-9-_]+`, "a-_", "a b"},
		"Java's named classes are understood":    {`[\p{Print}]+`, "ab ", "a\x01"},
	} {
		t.Run(name, func(t *testing.T) {
			re, err := Compile(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if !re.MatchString(c.yes) || re.MatchString(c.no) {
				t.Errorf("%q matches: %v, %q matches: %v", c.yes, re.MatchString(c.yes), c.no, re.MatchString(c.no))
			}
		})
	}
	for _, pattern := range []string{`(?!x)a`, `[a-z]{1,2000}`} {
		if _, err := Compile(pattern); err == nil {
			t.Errorf("%s compiles, which RE2 cannot", pattern)
		}
	}
}
