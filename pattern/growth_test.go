package pattern

import (
	"fmt"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/pattern/internal/engine"
)

// list repeats what one makes n times, as a JSON array.
func list(n int, one func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = one(i)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func same(s string) func(int) string { return func(int) string { return s } }

// adversarial are events of a size to choose that make other engines slow,
// with rules that make them so.
var adversarial = []struct {
	name  string
	rules []string
	event func(n int) string
}{
	{"scalars on the first of two members", []string{`{"a":[{"exists":true}],"z":[1]}`, `{"a":[{"prefix":""}],"z":[{"exists":true}]}`},
		func(n int) string {
			return `{"a":` + list(n, func(i int) string { return fmt.Sprintf(`"v%d"`, i) }) + `,"z":2}`
		}},
	{"objects with both members", []string{`{"l":{"a":[1],"b":[2]}}`},
		func(n int) string { return `{"l":` + list(n, same(`{"a":1,"b":1}`)) + `}` }},
	{"objects with either member", []string{`{"l":{"a":[1],"b":[2]}}`},
		func(n int) string {
			return `{"l":` + list(n, func(i int) string { return []string{`{"a":1}`, `{"b":2}`}[i%2] }) + `}`
		}},
	{"objects of which the last will do", []string{`{"l":{"a":[1],"b":[2],"c":[{"anything-but":3}]}}`},
		func(n int) string {
			return `{"l":[` + strings.Repeat(`{"a":1,"b":1,"c":3},`, n) + `{"a":1,"b":2,"c":1}]}`
		}},
	{"absence in objects", []string{`{"l":{"a":[1],"b":[{"exists":false}]}}`, `{"l":{"a":[{"exists":false}],"b":[1]}}`},
		func(n int) string { return `{"l":` + list(n, same(`{"a":1,"b":1}`)) + `}` }},
	{"absence or value in objects", []string{`{"l":{"a":[{"exists":false},2],"b":[{"exists":false},2],"c":[{"exists":false},2]}}`},
		func(n int) string { return `{"l":` + list(n, same(`{"a":2,"b":2,"c":1}`)) + `}` }},
	{"ten objects inside each", []string{`{"l":{"a":[1],"m":{"b":[2],"c":[3]}}}`},
		func(n int) string {
			return `{"l":` + list(n/10+1, same(`{"a":1,"m":`+list(10, func(i int) string {
				return []string{`{"b":2}`, `{"c":3}`}[i%2]
			})+`}`)) + `}`
		}},
	{"three arrays beside each other", []string{`{"a":[{"exists":true}],"b":[{"exists":true}],"c":["x"]}`, `{"a":{"v":[1]},"b":{"v":[1]},"c":{"v":[2]}}`},
		func(n int) string {
			l := list(n, same("1"))
			o := list(n, same(`{"v":1}`))
			return `{"a":` + l + `,"b":` + l + `,"c":` + l + `,"a":` + o + `,"b":` + o + `,"c":` + o + `}`
		}},
	{"arrays in arrays with scalars behind", []string{`{"a":[1],"a.b":[{"exists":false}]}`},
		func(n int) string { return `{"a":` + list(n, same(`[[1],1,{"b":1}]`)) + `}` }},
	{"deep arrays", []string{`{"a":[1],"a.b":[2],"a.c":[{"exists":false}]}`},
		func(n int) string {
			return `{"a":` + list(n, same(strings.Repeat("[1,", 40)+`{"b":1}`+strings.Repeat("]", 40))) + `}`
		}},
	{"a long string under wildcards", wildcardRules(300),
		func(n int) string { return `{"a":"` + strings.Repeat("ab", 5*n) + `"}` }},
	{"many strings under affixes", affixRules(300),
		func(n int) string { return `{"a":` + list(n, same(`"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`)) + `}` }},
	{"numbers under ranges", rangeRules(500),
		func(n int) string { return `{"a":` + list(n, func(i int) string { return fmt.Sprint(i) }) + `}` }},
	{"or that multiplies", []string{`{"$or":[{"l":{"a":[1]}},{"l":{"a":[2]}},{"l":{"a":[3]}}],"l":{"$or":[{"b":[1]},{"b":[2]}],"c":[4]}}`},
		func(n int) string { return `{"l":` + list(n, same(`{"a":1,"b":2,"c":3}`)) + `}` }},
}

func wildcardRules(n int) (rules []string) {
	for i := range n {
		rules = append(rules, fmt.Sprintf(`{"a":[{"wildcard":"*abab*%d*"}]}`, i), fmt.Sprintf(`{"a":[{"wildcard":"a*b*%d"}]}`, i))
	}
	return rules
}

func affixRules(n int) (rules []string) {
	for i := range n {
		s := strings.Repeat("a", i%40)
		rules = append(rules, fmt.Sprintf(`{"a":[{"prefix":"%s"}],"b":[%d]}`, s, i), fmt.Sprintf(`{"a":[{"suffix":"%s"}],"b":[%d]}`, s, i),
			fmt.Sprintf(`{"a":[{"anything-but":{"suffix":["%sb","a%s"]}}],"b":[%d]}`, s, s, i))
	}
	return rules
}

func rangeRules(n int) (rules []string) {
	for i := range n {
		rules = append(rules, fmt.Sprintf(`{"a":[{"numeric":[">",%d,"<",%d]}],"b":[1]}`, -i-1, 1_000_000+i))
	}
	return rules
}

// What is done for an event, counted in steps and not in time, must not grow
// faster than the event. A logarithm is let pass.
func TestWorkGrowsNoFasterThanTheEvent(t *testing.T) {
	for _, c := range adversarial {
		t.Run(c.name, func(t *testing.T) {
			m := matcherOf(t, c.rules)
			work := func(n int) float64 {
				s := new(engine.Scan)
				event := []byte(c.event(n))
				if err := s.Match(&m.now.Load().snap, event, func(uint32) {}); err != nil {
					t.Fatal(err)
				}
				return float64(s.Steps() + len(event))
			}
			small, large := work(200), work(1600)
			if ratio := large / small; ratio > 8*1.6 {
				t.Errorf("an event 8 times as large takes %.1f times the steps: %.0f and %.0f", ratio, small, large)
			}
		})
	}
}

func BenchmarkAdversarial(b *testing.B) {
	for _, c := range adversarial {
		m := matcherOf(b, c.rules)
		for _, n := range []int{500, 1_000, 2_000} {
			b.Run(fmt.Sprintf("%s: %d", c.name, n), func(b *testing.B) {
				benchmarkMatch(b, m, [][]byte{[]byte(c.event(n))})
			})
		}
	}
}
