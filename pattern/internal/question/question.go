// Package question makes random patterns and events that have enough to do
// with each other to match now and then. The tests ask them of two engines at
// once.
package question

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// Source makes questions; the same seed makes the same ones.
type Source struct {
	*rand.Rand
	// Doubled lets events name a member twice, and spell paths with dots.
	Doubled bool
}

// New returns a source.
func New(seed uint64) *Source {
	return &Source{Rand: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

var (
	names       = []string{"a", "b", "c", "d", "l"}
	strs        = []string{"", "x", "xy", "x-y", "aab", "abab", "ab", "abc", "ABC", "aBc", "abcabc", "straße", "STRASSE", "strasse", "É", "é", "ς", "Σ", "σ", "K", "k", "K", "İ", "i̇", "ﬁ", "FI", "*", `\\`, "a*b", `a\"b`, "1", "300", "true", "null", "10.0.0.1", "010.000.0.1", "10.1.2.3", "192.168.0.1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "::ffff:10.0.0.1", "::ffff:a00:1", "::", `\u0061b`, `x\ny`, `\ud83d\ude00`, "日本", "日本語", "é́"}
	numbers     = []string{"0", "-0", "0.0", "1", "1.0", "10e-1", "1E0", "2", "5", "-5", "300", "3e2", "300.0", "0.1", "0.10", "1e-1", "9007199254740992", "9007199254740993", "1e400", "1e-400", "123456789012345678", "5e-324", "1.7976931348623157e308", "-122.42916360922355", "37.729900216217324", "4.35", "1e22", "1e23"}
	comparables = []string{"0", "1", "2", "5", "-5", "300", "0.1", "1e22", "-122.42916360922355"}
	wildcards   = []string{"*", "a*", "*b", "a*b", "*a*", "*b*c", "a*b*c", "", "x", "*x", "日*", "*本*", `x\\*`, "ab*ab", "*ab*ab*", "*.*.*.*", "1*0", `*\\\\*`}
	blocks      = []string{"10.0.0.0/8", "10.0.0.33/8", "192.168.0.0/16", "0.0.0.0/0", "2001:db8::/32", "::/0", "::ffff:10.0.0.0/8", "10.0.0.0/31", "2001:db8::1/127"}
)

func pick[T any](s *Source, from []T) T { return from[s.IntN(len(from))] }

// Pair makes a pattern and an event. Most pairs are about one thing: a value
// and its tests, or the places of equal values in nested arrays.
func (s *Source) Pair() (pattern, event string) {
	switch s.IntN(5) {
	case 0, 1:
		return s.valuePair()
	case 2, 3:
		return s.placePair()
	}
	return s.Pattern(), s.Event()
}

func (s *Source) valuePair() (pattern, event string) {
	var p, e strings.Builder
	s.list(&p, 3, func() { p.WriteString(s.Test()) })
	scalar := func() { e.WriteString(s.scalar()) }
	if s.IntN(3) == 0 {
		s.list(&e, 3, scalar)
	} else {
		scalar()
	}
	return `{"a":` + p.String() + `}`, `{"a":` + e.String() + `}`
}

func (s *Source) list(b *strings.Builder, n int, one func()) {
	b.WriteByte('[')
	for i := range 1 + s.IntN(n) {
		if i > 0 {
			b.WriteByte(',')
		}
		one()
	}
	b.WriteByte(']')
}

func (s *Source) placePair() (pattern, event string) {
	tests := []string{"[1]", "[1]", "[2]", "[1,2]", `[{"exists":true}]`, `[{"exists":false}]`, `[{"exists":false},1]`, `[{"anything-but":1}]`}
	paths := []string{"l", "l.a", "l.b", "l.c", "l.l.a", "l.l.b", "l.l", "a.a", "a.b", "b"}
	var members []string
	s.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	for _, path := range paths[:1+s.IntN(4)] {
		members = append(members, `"`+path+`":`+pick(s, tests))
	}
	var e strings.Builder
	s.places(&e, 0, true)
	return "{" + strings.Join(members, ",") + "}", e.String()
}

// places makes objects and arrays with few names and few values.
func (s *Source) places(b *strings.Builder, depth int, object bool) {
	n := s.IntN(8)
	switch {
	case object || n < 3 && depth < 6:
		b.WriteByte('{')
		first := true
		for _, name := range []string{"l", "a", "b", "c"} {
			if s.IntN(5) < 2 && !(depth == 0 && name == "l") {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(`"` + name + `":`)
			if name == "l" || depth == 0 {
				s.places(b, depth+1, false)
			} else {
				b.WriteString(pick(s, []string{"1", "1", "2", "[1,2]", "[]", "[[1],2]", `[{"a":1},[{"b":2}]]`, "[{}]"}))
			}
		}
		b.WriteByte('}')
	case n < 6 && depth < 6:
		s.list(b, 4, func() { s.places(b, depth+1, false) })
	default:
		b.WriteString(pick(s, []string{"1", "2"}))
	}
}

// Pattern makes a pattern of a few members.
func (s *Source) Pattern() string {
	var b strings.Builder
	s.object(&b, 0, false)
	return b.String()
}

func (s *Source) object(b *strings.Builder, depth int, or bool) {
	b.WriteByte('{')
	for i := range 1 + s.IntN(3) {
		if i > 0 {
			b.WriteByte(',')
		}
		switch n := s.IntN(12); {
		case n == 0 && depth < 3:
			s.or(b, depth+1)
		case n <= 3 && depth < 3:
			b.WriteString(`"` + s.name() + `":`)
			s.object(b, depth+1, or)
		default:
			b.WriteString(`"` + s.name() + `":[`)
			for j := range 1 + s.IntN(3)*s.IntN(2) {
				if j > 0 {
					b.WriteByte(',')
				}
				b.WriteString(s.Test())
			}
			b.WriteByte(']')
		}
	}
	b.WriteByte('}')
}

func (s *Source) or(b *strings.Builder, depth int) {
	b.WriteString(`"$or":[`)
	for i := range 2 + s.IntN(2) {
		if i > 0 {
			b.WriteByte(',')
		}
		s.object(b, depth, true)
	}
	b.WriteByte(']')
}

func (s *Source) name() string {
	name := pick(s, names)
	if s.Doubled && s.IntN(10) == 0 {
		name += "." + pick(s, names)
	}
	return name
}

func (s *Source) str() string { return `"` + pick(s, strs) + `"` }

// Test makes one alternative.
func (s *Source) Test() string {
	switch s.IntN(16) {
	case 0, 1:
		return pick(s, []string{"1", "2", `"x"`, `"ab"`})
	case 2:
		return s.str()
	case 3:
		return pick(s, numbers)
	case 4:
		return pick(s, []string{"true", "false", "null"})
	case 5:
		return `{"prefix":` + s.str() + `}`
	case 6:
		return `{"suffix":` + s.str() + `}`
	case 7:
		return `{"equals-ignore-case":` + s.str() + `}`
	case 8:
		return `{"` + pick(s, []string{"prefix", "suffix"}) + `":{"equals-ignore-case":` + s.str() + `}}`
	case 9:
		return `{"wildcard":"` + pick(s, wildcards) + `"}`
	case 10:
		return s.numeric()
	case 11:
		return `{"cidr":"` + pick(s, blocks) + `"}`
	case 12:
		return `{"exists":true}`
	case 13:
		return `{"exists":false}`
	default:
		return s.anythingBut()
	}
}

func (s *Source) numeric() string {
	n, m := pick(s, comparables), pick(s, comparables)
	switch s.IntN(3) {
	case 0:
		return `{"numeric":["` + pick(s, []string{"=", "<", "<=", ">", ">="}) + `",` + n + `]}`
	default:
		if x, _ := strconv.ParseFloat(n, 64); true {
			if y, _ := strconv.ParseFloat(m, 64); x >= y {
				n, m = "-1000", "1000"
			}
		}
		return `{"numeric":["` + pick(s, []string{">", ">="}) + `",` + n + `,"` + pick(s, []string{"<", "<="}) + `",` + m + `]}`
	}
}

func (s *Source) anythingBut() string {
	list := func(of func() string) string {
		parts := []string{of()}
		for range s.IntN(3) {
			parts = append(parts, of())
		}
		if len(parts) == 1 && s.IntN(2) == 0 {
			return parts[0]
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	some := func() string { return `"` + pick(s, strs[1:]) + `"` }
	switch s.IntN(6) {
	case 0:
		return `{"anything-but":` + list(func() string { return pick(s, comparables) }) + `}`
	case 1:
		return `{"anything-but":{"` + pick(s, []string{"prefix", "suffix"}) + `":` + list(some) + `}}`
	case 2:
		return `{"anything-but":{"equals-ignore-case":` + list(s.str) + `}}`
	case 3:
		return `{"anything-but":{"wildcard":` + list(func() string { return `"` + pick(s, wildcards) + `"` }) + `}}`
	default:
		return `{"anything-but":` + list(s.str) + `}`
	}
}

// Event makes an event.
func (s *Source) Event() string {
	var b strings.Builder
	s.eventObject(&b, 0)
	return b.String()
}

func (s *Source) eventObject(b *strings.Builder, depth int) {
	b.WriteByte('{')
	var had [64]bool
	first := true
	for range s.IntN(5) {
		i := s.IntN(len(names))
		name := names[i]
		if had[i] && !s.Doubled {
			continue
		}
		had[i] = true
		if s.Doubled && s.IntN(10) == 0 {
			name += "." + pick(s, names)
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteString(`"` + name + `":`)
		s.value(b, depth+1)
	}
	b.WriteByte('}')
}

func (s *Source) scalar() string {
	switch s.IntN(5) {
	case 0:
		return pick(s, []string{"1", "2", `"x"`, `"ab"`})
	case 1:
		return pick(s, numbers)
	case 2:
		return pick(s, []string{"true", "false", "null"})
	}
	return s.str()
}

func (s *Source) value(b *strings.Builder, depth int) {
	switch n := s.IntN(10); {
	case n <= 1 && depth < 5:
		s.eventObject(b, depth)
	case n <= 4 && depth < 6:
		b.WriteByte('[')
		for i := range s.IntN(4) {
			if i > 0 {
				b.WriteByte(',')
			}
			s.value(b, depth+1)
		}
		b.WriteByte(']')
	default:
		b.WriteString(s.scalar())
	}
}
