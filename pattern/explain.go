package pattern

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// Explanation says why a pattern matches an event, or why not.
type Explanation struct {
	// Matched is what Match would answer.
	Matched bool
	// Reason says in words what decided if it was no single member; it is
	// empty otherwise.
	Reason string
	// Branches is how many combinations the $or of the pattern make, 1
	// without; Branch is the index of the one that Members explain: the one
	// that matched, or the one that came nearest.
	Branch, Branches int
	// Members has an entry for each member of that combination, in the order
	// in which they are matched.
	Members []MemberExplanation
}

// MemberExplanation says what became of one member of a pattern.
type MemberExplanation struct {
	// Path names the member, steps joined by dots.
	Path string
	// Wanted is the list of alternatives as the pattern has it.
	Wanted string
	// Found is what the event has at the path, as JSON.
	Found []string
	// Matched reports whether one of the values is one of the alternatives,
	// or the member is rightly absent.
	Matched bool
	// Alternative is the one that matched, as the pattern has it.
	Alternative string
	// Reason says in words what the nearest miss was; empty if Matched.
	Reason string
}

// Explain says, member by member, why p matches the event or does not. It
// fails only if event is no JSON object.
func Explain(p *Pattern, event []byte) (Explanation, error) {
	all, err := leavesOf(event)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Branches: len(p.branches)}
	fewest := -1
	explained := map[*rule.Member]MemberExplanation{} // members are shared by branches
	for i, b := range p.branches {
		members := make([]MemberExplanation, len(b))
		missed := 0
		for j, m := range b {
			x, ok := explained[m]
			if !ok {
				x = explainMember(m, all, len(b) == 1)
				explained[m] = x
			}
			if members[j] = x; !x.Matched {
				missed++
			}
		}
		if fewest < 0 || missed < fewest {
			fewest = missed
			e.Branch, e.Members = i, members
		}
		if missed == 0 {
			if matched, err := alone(b).Match(event); err == nil && matched {
				e.Matched, e.Reason = true, ""
				e.Branch, e.Members = i, members
				return e, nil
			}
			e.Reason = apart(b, all)
		}
	}
	return e, nil
}

// alone is the pattern that one branch makes.
func alone(b rule.Branch) *Pattern { return &Pattern{branches: []rule.Branch{b}} }

// apart words why a branch does not match though each of its members does.
func apart(b rule.Branch, all []leaf) string {
	for _, m := range b {
		for _, l := range all {
			if l.path != m.Path || l.in == nil {
				continue
			}
			if m.MayLack() {
				return fmt.Sprintf("every member matches by itself, but not within one and the same element of an array; %s must be absent from that element, or from all if no member before it in the alphabet lies in the array", m.Path)
			}
			return fmt.Sprintf("every member matches by itself, but not within one and the same element of the array that %s lies in", m.Path)
		}
	}
	return "every member matches by itself, but not all together"
}

// explainMember explains a member, which may be the only one of its branch.
func explainMember(m *rule.Member, all []leaf, only bool) MemberExplanation {
	e := MemberExplanation{Path: m.Path, Wanted: m.Src}
	var present bool
	for i := range all {
		l := &all[i]
		if l.path != m.Path {
			continue
		}
		if l.empty {
			continue
		}
		present = true
		if len(e.Found) < 100 {
			e.Found = append(e.Found, toJSON(&l.value))
		}
		for j := range m.Tests {
			if !e.Matched && m.Tests[j].Holds(&l.value) {
				e.Matched, e.Alternative = true, m.Tests[j].Src
			}
		}
	}
	if e.Matched {
		return e
	}
	for i := range m.Tests {
		// Whether another element of an array has it is for Match to say.
		if t := &m.Tests[i]; t.Kind == rule.Absent && (!present || !only && inArrays(m.Path, all)) {
			e.Matched, e.Alternative = true, t.Src
			return e
		}
	}
	if present {
		e.Reason = nearestValue(m, all)
	} else {
		e.Reason = nearestPath(m, all)
	}
	return e
}

// inArrays reports whether all leaves at path lie in elements of arrays.
func inArrays(path string, all []leaf) bool {
	for i := range all {
		if all[i].path == path && !all[i].empty && all[i].in == nil {
			return false
		}
	}
	return true
}

// toJSON returns the value as JSON.
func toJSON(v *rule.Value) string {
	if v.Kind != '"' {
		return string(v.Text)
	}
	return quote(string(v.Text))
}

// quote writes s as JSON; only what must be escaped is.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// words says what a leaf is: the string "300", the number 300, null.
func words(v *rule.Value) string {
	switch v.Kind {
	case '"':
		return "the string " + toJSON(v)
	case '0':
		return "the number " + string(v.Text)
	}
	return string(v.Text)
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
