package engine

import (
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// Writer makes snapshots. It is used by one goroutine at a time.
type Writer struct {
	snap        Snapshot // the next one
	ids         IDs      // marks, fields and nodes
	constraints map[string]*constraint
}

// NewWriter returns a writer that holds no rules.
func NewWriter() *Writer {
	w := &Writer{constraints: map[string]*constraint{}}
	w.snap.access = w.snap.access.With(0, nil)
	return w
}

// Snapshot returns the snapshot of the rules as they are now.
func (w *Writer) Snapshot() Snapshot { return w.snap }

// Empty reports whether nothing is held for any rule.
func (w *Writer) Empty() bool {
	return w.snap.root == nil && w.snap.fields == 0 && w.snap.always.len() == 0 &&
		len(w.constraints) == 0 && len(w.ids.free) == int(w.ids.next)
}

// Rule is a rule that a writer holds.
type Rule struct{ conjunctions []*conjunction }

// Branches returns what the rule was made of.
func (r *Rule) Branches() []rule.Branch {
	var branches []rule.Branch
	for _, c := range r.conjunctions {
		b := make(rule.Branch, len(c.members))
		for i, m := range c.members {
			b[i] = &rule.Member{Path: strings.Join(m.route.names, "."), Tests: m.tests}
		}
		branches = append(branches, b)
	}
	return branches
}

// Add makes the conjunctions of a rule, of which one must hold, and puts them
// where events find them. Events that match find id.
func (w *Writer) Add(id uint32, branches []rule.Branch) *Rule {
	var several uint32
	if len(branches) > 1 {
		several = w.mark()
	}
	r := &Rule{make([]*conjunction, 0, len(branches))}
	for _, b := range branches {
		c := &conjunction{rule: id, several: several, members: make([]*constraint, len(b))}
		for i, m := range b {
			c.members[i] = w.take(m)
		}
		r.conjunctions = append(r.conjunctions, c)
	}
	for _, c := range r.conjunctions {
		w.list(c, true)
	}
	return r
}

// Remove undoes Add.
func (w *Writer) Remove(r *Rule) {
	for _, c := range r.conjunctions {
		w.list(c, false)
	}
	for _, c := range r.conjunctions {
		for _, m := range c.members {
			w.release(m)
		}
	}
	w.giveMark(r.conjunctions[0].several)
}

// list lists a conjunction under the mark that the fewest events have, or takes
// it from the list that it is in.
func (w *Writer) list(c *conjunction, put bool) {
	var mark uint32
	if put {
		best := 0
		for _, m := range c.members {
			if at, rank := m.access(), w.rank(m); at != 0 && (mark == 0 || rank < best) {
				mark, best = at, rank
			}
		}
		c.listed = mark
		c.sure = c.several == 0 && len(c.members) == 1 && mark == c.members[0].mark
	}
	l := w.snap.always
	if c.listed != 0 {
		l = w.snap.access.At(c.listed)
	}
	if put {
		c.index = l.len()
		l = l.with(c.index, c)
	} else {
		last := l.at(l.len() - 1)
		if last != c {
			last.index = c.index
			l = l.with(c.index, last)
		}
		l = l.withoutLast()
	}
	if c.listed != 0 {
		w.snap.access = w.snap.access.With(c.listed, l)
	} else {
		w.snap.always = l
	}
}

// access returns the mark without which the constraint does not hold, or 0.
func (c *constraint) access() uint32 {
	switch {
	case c.absent:
		return 0
	case c.open || len(c.nots) > 0:
		return c.any
	}
	return c.mark
}

// rank guesses how many events satisfy a constraint: fewer if it wants a value
// of its own, more if rules share it.
func (w *Writer) rank(c *constraint) int {
	rank := w.snap.access.At(c.access()).len() + 4*int(min(c.users, 1<<20))
	for i := range c.tests {
		switch t := &c.tests[i]; t.Kind {
		case rule.String, rule.Number, rule.NumberText:
			rank++
		case rule.Prefix, rule.Suffix, rule.Fold, rule.Block, rule.Wildcard, rule.PrefixFold, rule.SuffixFold:
			rank += 1 << 4
		case rule.Range, rule.Literal:
			rank += 1 << 10
		default:
			rank += 1 << 20
		}
	}
	return rank
}

// mark takes a mark and makes room for it.
func (w *Writer) mark() uint32 {
	m := w.ids.Take()
	if int(m) >= w.snap.access.Cap() {
		w.snap.access = w.snap.access.With(m, nil)
	}
	return m
}

func (w *Writer) giveMark(m uint32) { w.ids.Give(m) }

// take returns the constraint that a member is, making it if it is new.
func (w *Writer) take(m *rule.Member) *constraint {
	key := memberKey(m)
	if c := w.constraints[key]; c != nil {
		c.users++
		return c
	}
	c := &constraint{tests: m.Tests, key: key, users: 1, mark: w.mark()}
	for i := range c.tests {
		switch c.tests[i].Kind {
		case rule.Exists:
			c.open = true
		case rule.Absent:
			c.absent = true
		case rule.Not:
			c.nots = append(c.nots, w.mark())
		}
	}
	w.constraints[key] = c
	fields := w.snap.fields
	path := strings.Split(m.Path, ".")
	w.snap.root = w.snap.root.with(&w.ids, path, nil, func(f *field, nodes []uint32) *field {
		return w.fit(f, c, path, nodes)
	})
	w.fieldsChanged(fields)
	w.room()
	return c
}

// room makes room for all ids that have been given out.
func (w *Writer) room() {
	if int(w.ids.next) >= w.snap.access.Cap() {
		w.snap.access = w.snap.access.With(w.ids.next, nil)
	}
}

// fit puts the tests of a new constraint into its field.
func (w *Writer) fit(f *field, c *constraint, path []string, nodes []uint32) *field {
	var next field
	if f != nil {
		next = *f
	} else {
		next.id = w.ids.Take()
		next.route = &route{path, slices.Clone(nodes)}
		w.snap.fields++
	}
	next.users++
	c.route = next.route
	if c.open || c.absent || len(c.nots) > 0 {
		if next.anyUsers++; next.any == 0 {
			next.any = w.ids.Take()
		}
		c.any = next.any
	}
	return w.tests(&next, c, true)
}

// tests puts the tests of a constraint into a field or takes them out.
func (w *Writer) tests(f *field, c *constraint, put bool) *field {
	not := 0
	for i := range c.tests {
		switch t := &c.tests[i]; t.Kind {
		case rule.Exists, rule.Absent:
		case rule.Not:
			for j := range t.Inner {
				f = f.changed(&w.ids, &t.Inner[j], c.nots[not], put)
			}
			not++
		default:
			f = f.changed(&w.ids, t, c.mark, put)
		}
	}
	return f
}

// release gives a constraint back.
func (w *Writer) release(c *constraint) {
	if c.users--; c.users > 0 {
		return
	}
	delete(w.constraints, c.key)
	fields := w.snap.fields
	w.snap.root = w.snap.root.with(&w.ids, c.route.names, nil, func(f *field, _ []uint32) *field {
		next := w.tests(f, c, false)
		if next == f {
			copied := *f
			next = &copied
		}
		if c.any != 0 {
			if next.anyUsers--; next.anyUsers == 0 {
				w.giveMark(next.any)
				next.any = 0
			}
		}
		if next.users--; next.users > 0 {
			return next
		}
		w.ids.Give(next.id)
		w.snap.fields--
		return nil
	})
	w.fieldsChanged(fields)
	w.giveMark(c.mark)
	for _, m := range c.nots {
		w.giveMark(m)
	}
}

// fieldsChanged renews what depends on which fields there are, if their count
// is not what it was.
func (w *Writer) fieldsChanged(before int) {
	if w.snap.fields != before {
		w.snap.needles = needlesOf(w.snap.root, w.snap.fields)
	}
}

// memberKey returns a text that is the same for members that mean the same.
func memberKey(m *rule.Member) string {
	b := strconv.AppendQuote(nil, m.Path)
	for i := range m.Tests {
		b = append(b, 0)
		b = append(b, m.Tests[i].Src...)
	}
	return string(b)
}
