package pattern

import (
	"testing"
)

// What comes behind the values of all members is read again only as far as one
// of them may come once more; wherever that is, it must not be missed.
func TestAMemberThatComesAgainIsFoundWhereverItComes(t *testing.T) {
	p, err := Parse([]byte(`{"a":{"b":{"c":["yes"]},"d":[1]},"e":["x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	const first = `"e":"x","a":{"d":1,"b":{"c":"no"`
	for rest, want := range map[string]bool{
		`}}}`:                                       false,
		`,"c":"yes"}}}`:                             true,
		`,"z":"c","y":[{"c":"yes"}]}}}`:             false,
		`},"b":{"c":"yes"}}}`:                       true,
		`},"b.c":"yes"}}`:                           true,
		`}},"a":{"b":{"c":"yes"}}}`:                 true,
		`}},"a.b":{"c":"yes"}}`:                     true,
		`}},"a":{"b.c":"yes"}}`:                     true,
		`}},"a.b.c":"yes"}`:                         true,
		`}},"a.b.c":["no","yes"]}`:                  true,
		`}},"z":{"a.b.c":"yes"}}`:                   false,
		`},"z":{"b":{"c":"yes"}}}}`:                 false,
		`,"\u0063":"yes"}}}`:                        true,
		`}},"a\u002eb":{"c":"yes"}}`:                true,
		`,"x":1},"x":2},"x":3,"a":[{"b.c":"yes"}]}`: true,
		`,"x":1},"x":2,"x":3},"a":[[{"b":[{"c":"yes"}],"d":[]}]]}`: true,
	} {
		event := "{" + first + rest
		got, err := p.Match([]byte(event))
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", event, got, err)
		}
		slowly, err := matchesSlowly(p, []byte(event))
		if err != nil || slowly != want {
			t.Errorf("%s: %v, %v the obvious way", event, slowly, err)
		}
	}
}
