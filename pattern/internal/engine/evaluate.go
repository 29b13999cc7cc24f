package engine

import (
	"cmp"
	"slices"
)

// rules calls found for each rule that matches the event that has been read.
func (s *Scan) rules(found func(rule uint32)) {
	for _, m := range s.touched {
		if l := s.snap.access.At(m); l != nil {
			s.tryAll(l, found)
		}
	}
	if l := s.snap.always; l != nil {
		s.tryAll(l, found)
	}
}

func (s *Scan) tryAll(l *conjunctions, found func(rule uint32)) {
	for i := range l.n {
		s.try(l.at(i), found)
	}
}

func (s *Scan) try(c *conjunction, found func(rule uint32)) {
	s.steps++
	if c.sure {
		found(c.rule)
		return
	}
	if c.several != 0 && s.marks[c.several].epoch == s.epoch {
		return
	}
	nested := len(s.places) > 1 && len(c.members) > 1
	for _, m := range c.members {
		if !s.holdsSomewhere(m, nested) {
			return
		}
	}
	if nested {
		if !s.sorted {
			s.sortHits()
		}
		if !s.within(0, c.members) {
			return
		}
	}
	if c.several != 0 {
		s.marks[c.several] = markNote{epoch: s.epoch}
	}
	found(c.rule)
}

// count returns how many values have the mark.
func (s *Scan) count(mark uint32) int32 {
	if n := &s.marks[mark]; n.epoch == s.epoch {
		return n.n
	}
	return 0
}

// holdsSomewhere reports whether some value satisfies the constraint, or the
// lack of values does, which if nested depends on the place and may be true.
func (s *Scan) holdsSomewhere(c *constraint, nested bool) bool {
	if s.count(c.mark) > 0 {
		return true
	}
	if c.any == 0 {
		return false
	}
	n := s.count(c.any)
	if n == 0 {
		return c.absent
	}
	if c.open || c.absent && nested {
		return true
	}
	for _, not := range c.nots {
		if s.count(not) < n {
			return true
		}
	}
	return false
}

// sortHits brings the hits of each mark together, in the order of their
// places, with one hit for each place.
func (s *Scan) sortHits() {
	s.sorted = true
	s.places[0].end = int32(len(s.places))
	at := int32(0)
	for _, m := range s.touched {
		n := &s.marks[m]
		n.begin = at
		at += n.hits
		n.hits = 0
	}
	s.runs = slices.Grow(s.runs[:0], int(at))[:at]
	for _, h := range s.hits {
		n := &s.marks[h.mark]
		s.runs[n.begin+n.hits] = h
		n.hits++
	}
	for _, m := range s.touched {
		n := &s.marks[m]
		n.hits = inOrder(s.runs[n.begin : n.begin+n.hits])
	}
}

// inOrder sorts hits by place if they are not, joins those of one place, and
// returns how many remain.
func inOrder(run []hit) int32 {
	for i := 1; ; i++ {
		if i >= len(run) {
			return int32(len(run))
		}
		if run[i-1].place >= run[i].place {
			break // a value behind nested ones
		}
	}
	slices.SortFunc(run, func(a, b hit) int { return cmp.Compare(a.place, b.place) })
	k := 0
	for _, h := range run[1:] {
		if h.place == run[k].place {
			run[k].n += h.n
			continue
		}
		k++
		run[k] = h
	}
	return int32(k + 1)
}

func comparePlace(h hit, place int32) int { return cmp.Compare(h.place, place) }

// run returns the hits of a mark in the order of their places.
func (s *Scan) run(mark uint32) []hit {
	n := &s.marks[mark]
	if n.epoch != s.epoch {
		return nil
	}
	return s.runs[n.begin : n.begin+n.hits]
}

// next returns the first place in [from, to) where the mark was hit, or -1.
func (s *Scan) next(mark uint32, from, to int32) int32 {
	s.steps++
	run := s.run(mark)
	i, _ := slices.BinarySearchFunc(run, from, comparePlace)
	if i < len(run) && run[i].place < to {
		return run[i].place
	}
	return -1
}

// at returns how many values of a place have the mark.
func (s *Scan) at(mark uint32, place int32) int32 {
	s.steps++
	run := s.run(mark)
	if i, ok := slices.BinarySearchFunc(run, place, comparePlace); ok {
		return run[i].n
	}
	return 0
}

// direct reports whether a value of that very place satisfies the constraint.
func (s *Scan) direct(c *constraint, place int32) bool {
	if s.at(c.mark, place) > 0 {
		return true
	}
	if c.any == 0 {
		return false
	}
	n := s.at(c.any, place)
	return n > 0 && s.isOpen(c, place, n)
}

// isOpen reports whether one of the n values of a place satisfies exists or an
// anything-but.
func (s *Scan) isOpen(c *constraint, place, n int32) bool {
	if c.open {
		return true
	}
	for _, not := range c.nots {
		if s.at(not, place) < n {
			return true
		}
	}
	return false
}

// satisfied returns the first place in [from, to) that has a value which
// satisfies the constraint, or -1.
func (s *Scan) satisfied(c *constraint, from, to int32) int32 {
	first := s.next(c.mark, from, to)
	if !c.open && len(c.nots) == 0 {
		return first
	}
	run := s.run(c.any)
	i, _ := slices.BinarySearchFunc(run, from, comparePlace)
	for ; i < len(run) && run[i].place < to; i++ {
		s.steps++
		if first >= 0 && run[i].place >= first {
			return first
		}
		if s.isOpen(c, run[i].place, run[i].n) {
			return run[i].place
		}
	}
	return first
}

// size estimates how many places in [from, to) satisfy the constraint.
func (s *Scan) size(c *constraint, from, to int32) int {
	mark := c.mark
	if c.open || len(c.nots) > 0 {
		mark = c.any
	}
	run := s.run(mark)
	i, _ := slices.BinarySearchFunc(run, from, comparePlace)
	j, _ := slices.BinarySearchFunc(run, to, comparePlace)
	return j - i
}
