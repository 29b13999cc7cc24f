package pattern

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// ids gives out small numbers and takes them back. Zero is never given.
type ids struct {
	next uint32
	free []uint32
}

func (i *ids) take() uint32 {
	if n := len(i.free); n > 0 {
		id := i.free[n-1]
		i.free = i.free[:n-1]
		return id
	}
	i.next++
	return i.next
}

func (i *ids) give(id uint32) {
	if id != 0 {
		i.free = append(i.free, id)
	}
}

// writer makes snapshots. It is used by one goroutine at a time.
type writer struct {
	snap        snapshot // the next one
	ids         ids      // marks, fields and nodes
	constraints map[string]*constraint
	names       map[string]int // how many fields have the last name
}

func newWriter() *writer {
	w := &writer{constraints: map[string]*constraint{}, names: map[string]int{}}
	w.snap.access = w.snap.access.With(0, nil)
	return w
}

// add makes the conjunctions of a rule and puts them where events find them.
func (w *writer) add(rule uint32, p *Pattern) []*conjunction {
	var several uint32
	if len(p.branches) > 1 {
		several = w.mark()
	}
	added := make([]*conjunction, 0, len(p.branches))
	for _, b := range p.branches {
		c := &conjunction{rule: rule, several: several, members: make([]*constraint, len(b))}
		for i, m := range b {
			c.members[i] = w.take(m)
		}
		added = append(added, c)
	}
	for _, c := range added {
		w.list(c, true)
	}
	return added
}

// remove undoes add.
func (w *writer) remove(rule []*conjunction) {
	for _, c := range rule {
		w.list(c, false)
	}
	for _, c := range rule {
		for _, m := range c.members {
			w.release(m)
		}
	}
	w.giveMark(rule[0].several)
}

// list lists a conjunction under the mark that the fewest events have, or takes
// it from the list that it is in.
func (w *writer) list(c *conjunction, put bool) {
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
func (w *writer) rank(c *constraint) int {
	rank := w.snap.access.At(c.access()).len() + 4*min(c.users, 1<<20)
	for i := range c.tests {
		switch t := &c.tests[i]; t.kind {
		case kindString, kindNumber, kindNumberText:
			rank++
		case kindPrefix, kindSuffix, kindFold, kindBlock, kindWildcard, kindPrefixFold, kindSuffixFold:
			rank += 1 << 4
		case kindRange, kindLiteral:
			rank += 1 << 10
		default:
			rank += 1 << 20
		}
	}
	return rank
}

// mark takes a mark and makes room for it.
func (w *writer) mark() uint32 {
	m := w.ids.take()
	if int(m) >= w.snap.access.Cap() {
		w.snap.access = w.snap.access.With(m, nil)
	}
	return m
}

func (w *writer) giveMark(m uint32) { w.ids.give(m) }

// take returns the constraint that a member is, making it if it is new.
func (w *writer) take(m *member) *constraint {
	key := memberKey(m)
	if c := w.constraints[key]; c != nil {
		c.users++
		return c
	}
	c := &constraint{tests: m.tests, path: strings.Split(m.path, "."), key: key, users: 1, mark: w.mark()}
	for i := range c.tests {
		switch c.tests[i].kind {
		case kindExists:
			c.open = true
		case kindAbsent:
			c.absent = true
		case kindNot:
			c.nots = append(c.nots, w.mark())
		}
	}
	w.constraints[key] = c
	w.snap.root = w.snap.root.with(&w.ids, c.path, nil, func(f *field, nodes []uint32) *field {
		return w.fit(f, c, nodes)
	})
	w.room()
	return c
}

// room makes room for all ids that have been given out.
func (w *writer) room() {
	if int(w.ids.next) >= w.snap.access.Cap() {
		w.snap.access = w.snap.access.With(w.ids.next, nil)
	}
}

// fit puts the tests of a new constraint into its field.
func (w *writer) fit(f *field, c *constraint, nodes []uint32) *field {
	var next field
	if f != nil {
		next = *f
	} else {
		next.id = w.ids.take()
		next.nodes = slices.Clone(nodes)
		w.snap.fields++
		w.name(c.path, 1)
	}
	next.users++
	c.nodes = next.nodes
	if c.open || c.absent || len(c.nots) > 0 {
		if next.anyUsers++; next.any == 0 {
			next.any = w.ids.take()
		}
		c.any = next.any
	}
	return w.tests(&next, c, true)
}

// tests puts the tests of a constraint into a field or takes them out.
func (w *writer) tests(f *field, c *constraint, put bool) *field {
	not := 0
	for i := range c.tests {
		switch t := &c.tests[i]; t.kind {
		case kindExists, kindAbsent:
		case kindNot:
			for j := range t.inner {
				f = f.changed(&w.ids, &t.inner[j], c.nots[not], put)
			}
			not++
		default:
			f = f.changed(&w.ids, t, c.mark, put)
		}
	}
	return f
}

// release gives a constraint back.
func (w *writer) release(c *constraint) {
	if c.users--; c.users > 0 {
		return
	}
	delete(w.constraints, c.key)
	w.snap.root = w.snap.root.with(&w.ids, c.path, nil, func(f *field, _ []uint32) *field {
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
		w.ids.give(next.id)
		w.snap.fields--
		w.name(c.path, -1)
		return nil
	})
	w.giveMark(c.mark)
	for _, m := range c.nots {
		w.giveMark(m)
	}
}

// maxNeedles is up to how many names are looked for in the rest of an event.
const maxNeedles = 4

// name counts the last name of a path and renews the needles.
func (w *writer) name(path []string, d int) {
	last := path[len(path)-1]
	if w.names[last] += d; w.names[last] == 0 {
		delete(w.names, last)
	}
	if w.snap.needles = nil; len(w.names) <= maxNeedles {
		for name := range w.names {
			w.snap.needles = append(w.snap.needles, []byte(name+`"`))
		}
		slices.SortFunc(w.snap.needles, bytes.Compare)
	}
}

// memberKey returns a text that is the same for members that mean the same.
func memberKey(m *member) string {
	b := strconv.AppendQuote(nil, m.path)
	for i := range m.tests {
		b = append(b, 0)
		b = append(b, m.tests[i].src...)
	}
	return string(b)
}
