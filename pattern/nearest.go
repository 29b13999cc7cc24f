package pattern

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/pattern/internal/address"
	"github.com/signalbox/signalbox/pattern/internal/casefold"
	"github.com/signalbox/signalbox/pattern/internal/lex"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// nearestPath words why the event has nothing at the member's path, by the
// nearest thing that it has.
func nearestPath(m *rule.Member, all []leaf) string {
	path := m.Path
	last := path[strings.LastIndexByte(path, '.')+1:]
	best, reason := 0, fmt.Sprintf("the event has no %s", path)+nothingThere(m.Tests)
	try := func(rank int, format string, args ...any) {
		if rank > best {
			best, reason = rank, fmt.Sprintf(format, args...)
		}
	}
	for i := range all {
		l := &all[i]
		switch {
		case l.path == path && l.empty:
			try(9, "%s is empty in the event: it has no value", path)
		case strings.HasPrefix(l.path, path+"."):
			try(8, "%s is an object in the event; a pattern looks at the values inside it", path)
		case strings.HasPrefix(path, l.path+".") && !l.empty:
			if l.value.Kind == '"' && lex.Space(l.value.Text, 0) < len(l.value.Text) && l.value.Text[lex.Space(l.value.Text, 0)] == '{' {
				try(7, "%s is a string with JSON inside, not an object: it was encoded twice", l.path)
			} else {
				try(6, "%s is %s in the event, the pattern looks inside it", l.path, words(&l.value))
			}
		case strings.EqualFold(l.path, path):
			try(5, "the event has %s: the names differ only in case", l.path)
		case sameLetters(l.path, path):
			try(5, "the event has %s: the names differ only in case, hyphens and underscores", l.path)
		case l.path[strings.LastIndexByte(l.path, '.')+1:] == last:
			try(4, "%s, %s", nests("the pattern", path, last), nests("the event", l.path, "it"))
		case strings.EqualFold(l.path[strings.LastIndexByte(l.path, '.')+1:], last):
			try(3, "the event has no %s, but %s", path, l.path)
		}
	}
	return reason
}

// sameLetters reports whether paths differ only in case, hyphens and
// underscores, as detail-type and detailType do.
func sameLetters(a, b string) bool {
	bare := strings.NewReplacer("-", "", "_", "")
	return strings.EqualFold(bare.Replace(a), bare.Replace(b))
}

// nothingThere words why a member's alternatives do not take a member that is
// absent, if people tend to expect it of them.
func nothingThere(tests []rule.Test) string {
	for i := range tests {
		switch t := &tests[i]; {
		case t.Kind == rule.Literal && t.Text == "null":
			return `; null matches a member that is null, {"exists": false} one that is absent`
		case t.Kind == rule.Not:
			return "; anything-but wants the member to be there"
		}
	}
	return ""
}

// nests words where a path's last step stands.
func nests(who, path, what string) string {
	verb := "has"
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		if what != "it" {
			verb = "nests"
		}
		return fmt.Sprintf("%s %s %s under %s", who, verb, what, path[:i])
	}
	return fmt.Sprintf("%s %s %s at the top", who, verb, what)
}

// nearestValue words why none of the values at the member's path will do.
func nearestValue(m *rule.Member, all []leaf) string {
	best, reason := -1, ""
	var nearest *rule.Value
	for i := range all {
		l := &all[i]
		if l.path != m.Path || l.empty {
			continue
		}
		for j := range m.Tests {
			if rank, why := miss(&m.Tests[j], m.Path, &l.value); rank > best {
				best, reason, nearest = rank, why, &l.value
			}
		}
	}
	if best <= plainMiss && len(m.Tests) > 1 {
		return fmt.Sprintf("%s is %s, the pattern wants %s", m.Path, words(nearest), listed(m.Tests))
	}
	return reason
}

// plainMiss is the highest rank of a miss that is like any other.
const plainMiss = 2

// listed words alternatives: the first ones, and how many more there are.
func listed(tests []rule.Test) string {
	const shown = 4
	var b strings.Builder
	for i := range tests {
		switch left := len(tests) - i; {
		case i == 0:
		case i == shown && left > 1:
			fmt.Fprintf(&b, " or one of %d more", left)
			return b.String()
		case left == 1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(tests[i].Src)
	}
	return b.String()
}

// miss words why the test does not hold for v, and ranks how near it came.
func miss(t *rule.Test, path string, v *rule.Value) (int, string) {
	if rank, why := confused(t, path, v); rank > 0 {
		return rank, why
	}
	is := path + " is " + words(v)
	switch t.Kind {
	case rule.Absent:
		return 4, is + ", the pattern wants it to be absent"
	case rule.Not:
		for i := range t.Inner {
			if t.Inner[i].Holds(v) {
				return 4, is + ", which the pattern excludes"
			}
		}
	case rule.Range:
		if v.Kind == '0' {
			return 3, is + ", which is not " + bounds(t)
		}
		return 1, is + ", the pattern wants a number"
	case rule.String, rule.Number, rule.NumberText, rule.Literal:
		return 1, is + ", the pattern wants " + t.Src
	case rule.Block:
		if t.Text != "" {
			return 1, is + ", the pattern wants " + t.Src
		}
		if v.Kind != '"' || !isAddress(v.Text) {
			return 2, is + ", which is no IP address"
		}
		return 2, is + ", which is no address in the block of " + t.Src
	}
	return 2, is + missedText(t, v)
}

// missedText words why a test about text does not hold for v.
func missedText(t *rule.Test, v *rule.Value) string {
	if v.Kind != '"' {
		return ", the pattern wants a string"
	}
	switch t.Kind {
	case rule.Prefix:
		return ", which does not begin with " + quote(t.Text)
	case rule.Suffix:
		return ", which does not end with " + quote(t.Text)
	case rule.PrefixFold:
		return ", which does not begin with " + quote(t.Text) + " in any case"
	case rule.SuffixFold:
		return ", which does not end with " + quote(t.Text) + " in any case"
	case rule.Fold:
		return ", which is not " + quote(t.Text) + " in any case"
	}
	return ", which does not fit the wildcard " + quote(t.Text)
}

// confused recognizes the mistakes that people make.
func confused(t *rule.Test, path string, v *rule.Value) (int, string) {
	text := string(v.Text)
	switch t.Kind {
	case rule.Number, rule.Range:
		if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && v.Kind == '"' {
			if t.Kind == rule.Number && f == t.Lo {
				return 9, fmt.Sprintf("%s is the string %s, the pattern wants the number %s", path, toJSON(v), t.Src)
			}
			if t.Kind == rule.Range {
				return 7, fmt.Sprintf("%s is the string %s, the pattern wants a number", path, toJSON(v))
			}
		}
		if v.Kind == '0' && !v.Double {
			return 5, fmt.Sprintf("%s is the number %s, which has more digits than can be compared", path, text)
		}
	case rule.Literal:
		if v.Kind == '"' && text == t.Text {
			return 9, fmt.Sprintf("%s is the string %s, the pattern wants %s without quotation marks", path, toJSON(v), t.Text)
		}
	case rule.String, rule.Prefix, rule.Suffix, rule.Wildcard:
		return confusedString(t, path, v, text)
	}
	return 0, ""
}

func confusedString(t *rule.Test, path string, v *rule.Value, text string) (int, string) {
	if v.Kind != '"' {
		if t.HoldsString(v.Text) {
			return 9, fmt.Sprintf("%s is %s, the pattern wants a string", path, words(v))
		}
		return 0, ""
	}
	trimmed := []byte(strings.TrimSpace(text))
	switch {
	case t.Kind == rule.String && casefold.Equal(t.Text, v.Text),
		t.Kind == rule.Prefix && casefold.HasPrefix(t.Text, v.Text),
		t.Kind == rule.Suffix && casefold.HasSuffix(t.Text, v.Text):
		return 9, fmt.Sprintf("%s differs only in case: it is %s, the pattern wants %s", path, toJSON(v), t.Src)
	case len(trimmed) != len(text) && t.HoldsString(trimmed):
		return 9, fmt.Sprintf("%s has white space around it: it is %s", path, toJSON(v))
	case t.Kind == rule.String && strings.Contains(t.Text, "*") && rule.WildcardHolds(rule.Pieces(strings.ReplaceAll(t.Text, `\`, `\\`)), v.Text):
		return 8, fmt.Sprintf(`%s is %s; a star stands for itself unless the pattern says {"wildcard": %s}`, path, toJSON(v), t.Src)
	case t.Kind == rule.String && strings.HasPrefix(text, t.Text) && t.Text != "":
		return 5, fmt.Sprintf(`%s is %s, which goes on after %s; {"prefix": …} would take it`, path, toJSON(v), t.Src)
	}
	return 0, ""
}

// bounds words a range.
func bounds(t *rule.Test) string {
	if t.Lo == t.Hi {
		return "equal to " + formatFloat(t.Lo)
	}
	var parts []string
	if t.Lo != math.Inf(-1) {
		parts = append(parts, map[bool]string{true: "> ", false: ">= "}[t.LoOpen]+formatFloat(t.Lo))
	}
	if t.Hi != math.Inf(1) {
		parts = append(parts, map[bool]string{true: "< ", false: "<= "}[t.HiOpen]+formatFloat(t.Hi))
	}
	return strings.Join(parts, " and ")
}

func isAddress(text []byte) bool {
	_, ok := address.Parse(text)
	return ok
}
