package hub

import (
	"math"
	"slices"

	"github.com/signalbox/signalbox/engine"
)

// endless is the end of a gap that is open still.
const endless engine.Position = math.MaxUint64

// gap is a part of the log that a subscription is not to see, because it was
// disabled when the events were put: from From, up to but without To.
type gap struct {
	From engine.Position `json:"from"`
	To   engine.Position `json:"to"`
}

// gaps are in order and apart from each other.
type gaps []gap

// open begins a gap at p.
func (g gaps) open(p engine.Position) gaps {
	if n := len(g); n > 0 && g[n-1].To >= p {
		g[n-1].To = endless
		return g
	}
	return append(g, gap{p, endless})
}

// close ends the open gap at p.
func (g gaps) close(p engine.Position) gaps {
	n := len(g) - 1
	if g[n].From >= p {
		return g[:n]
	}
	g[n].To = p
	return g
}

func (g gaps) isOpen() bool { return len(g) > 0 && g[len(g)-1].To == endless }

// skip is p, or the end of the gap that p lies in. It stays before a gap that
// is open.
func (g gaps) skip(p engine.Position) engine.Position {
	for _, x := range g {
		if p >= x.From && p < x.To && x.To != endless {
			return x.To
		}
	}
	return p
}

func (g gaps) covers(p engine.Position) bool {
	for _, x := range g {
		if p >= x.From && p < x.To {
			return true
		}
	}
	return false
}

// endless reports whether nothing is to be seen from p onwards.
func (g gaps) endless(p engine.Position) bool { return g.isOpen() && p >= g[len(g)-1].From }

// after is what of the gaps lies at p or behind it.
func (g gaps) after(p engine.Position) gaps {
	i := slices.IndexFunc(g, func(x gap) bool { return x.To > p })
	if i < 0 {
		return nil
	}
	return g[i:]
}
