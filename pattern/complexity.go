package pattern

import (
	"slices"
	"strings"

	"github.com/signalbox/signalbox/pattern/internal/rule"
)

const (
	// maxComplexity is likely the limit of EventBridge: 9 is the most that it
	// is known to take, 11 the least that it is known to refuse.
	maxComplexity = 10
	// maxComplexitySteps bounds the work of finding out.
	maxComplexitySteps = 50_000
)

// tooManyWildcards reports whether a value can be thought of that has too many
// unfinished matches with the wildcards of a member at once. The count is that
// of event-ruler's MachineComplexityEvaluator: of all beginnings of all
// wildcards, how many can match one text? Quotation marks belong to the text.
func tooManyWildcards(tests []rule.Test) bool {
	n := nfa{ids: map[string]int{}}
	for i := range tests {
		t := &tests[i]
		switch {
		case t.Kind == rule.Wildcard:
			n.add("", t.Text) // equal wildcards count once
		case t.Kind == rule.Not && t.Inner[0].Kind == rule.Wildcard:
			for j := range t.Inner {
				n.add(t.Src, t.Inner[j].Text)
			}
		}
	}
	return len(n.states) > 0 && n.widest() > maxComplexity
}

// nfa has a state for each beginning of a wildcard.
type nfa struct {
	ids    map[string]int
	states []nfaState
	starts []int
}

type nfaState struct {
	loops bool // the beginning ends with a star
	skips []int
	next  []nfaMove
}

type nfaMove struct {
	c  byte
	to int
}

func (n *nfa) state(owner, beginning string) int {
	key := owner + "\x00" + beginning
	id, ok := n.ids[key]
	if !ok {
		id = len(n.states)
		n.ids[key] = id
		n.states = append(n.states, nfaState{})
	}
	return id
}

// add adds a wildcard; those of one owner share their common beginnings.
func (n *nfa) add(owner, text string) {
	if owner == "" {
		owner = text
	}
	text = `"` + text + `"`
	at := n.state(owner, "")
	if !slices.Contains(n.starts, at) {
		n.starts = append(n.starts, at)
	}
	for i := 0; i < len(text); i++ {
		begin := i
		if text[i] == '\\' {
			i++
		}
		to := n.state(owner, text[:i+1])
		s := &n.states[at]
		if text[begin] == '*' {
			n.states[to].loops = true
			if !slices.Contains(s.skips, to) {
				s.skips = append(s.skips, to)
			}
		} else if m := (nfaMove{text[i], to}); !slices.Contains(s.next, m) {
			s.next = append(s.next, m)
		}
		at = to
	}
}

// widest returns the size of the largest set of states that some text leads
// to, or more than maxComplexity if it is too much work to tell.
func (n *nfa) widest() int {
	begin := n.closed(slices.Clone(n.starts))
	seen := map[string]bool{}
	queue := [][]int{begin}
	best, steps := 0, 0
	for len(queue) > 0 {
		set := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		bytes := []byte{0}
		for _, s := range set {
			for _, m := range n.states[s].next {
				bytes = append(bytes, m.c)
			}
		}
		slices.Sort(bytes)
		for _, c := range slices.Compact(bytes) {
			next := n.step(set, c)
			if best = max(best, len(next)); best > maxComplexity {
				return best
			}
			if steps++; steps > maxComplexitySteps {
				return maxComplexity + 1
			}
			if k := setKey(next); len(next) > 0 && !seen[k] {
				seen[k] = true
				queue = append(queue, next)
			}
		}
	}
	return best
}

func (n *nfa) step(set []int, c byte) []int {
	var next []int
	for _, s := range set {
		if n.states[s].loops {
			next = append(next, s)
		}
		for _, m := range n.states[s].next {
			if m.c == c {
				next = append(next, m.to)
			}
		}
	}
	return n.closed(next)
}

// closed adds the states that need no further text.
func (n *nfa) closed(set []int) []int {
	for i := 0; i < len(set); i++ {
		set = append(set, n.states[set[i]].skips...)
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func setKey(set []int) string {
	var b strings.Builder
	for _, s := range set {
		b.WriteByte(byte(s))
		b.WriteByte(byte(s >> 8))
	}
	return b.String()
}
