package engine

// Array consistency. The elements of arrays, as far as they hold values, form
// a tree of places. The members of a pattern are satisfied together if for each
// array one element can be chosen such that all members whose values lie in the
// array are satisfied inside that element, be it directly or in arrays further
// down. Arrays beside each other do not depend on each other, and the places
// inside an element are numbered without gap; so a few binary searches decide
// an element, and no combination is tried that cannot be.
//
// A member that wants absence is satisfied if no value is left that it could
// see: those outside of the elements chosen by members before it are out of
// sight. Until a member has chosen an element of an array, all count.
//
// If an event reaches one array's path twice, by a doubled name or by dots,
// the arrays are taken for one: telling them apart can take exponential time.

// within reports whether the members can be satisfied in the place and what
// lies inside it, the place being chosen.
func (s *Scan) within(place int32, members []*constraint) bool {
	end := s.places[place].end
	base := len(s.stack)
	defer func() { s.stack = s.stack[:base] }()
	retry := false
	for _, m := range members {
		switch {
		case s.direct(m, place):
			continue
		case m.absent && s.at(m.any, place) == 0:
			if s.next(m.any, place+1, end) < 0 {
				continue
			}
			retry = true
		case s.satisfied(m, place+1, end) < 0:
			return false
		}
		s.stack = append(s.stack, m)
	}
	for from := base; from < len(s.stack); {
		array := s.arrayOf(s.stack[from], place, end)
		// Bring the members of this array to the front, keeping their order.
		to := from
		for i := from; i < len(s.stack); i++ {
			if m := s.stack[i]; i == from || s.lies(m, array) {
				copy(s.stack[to+1:i+1], s.stack[to:i])
				s.stack[to] = m
				to++
			}
		}
		group := s.stack[from:to:to]
		if !s.element(place, array, group) && !(retry && s.elementFor(place, array, members, group)) {
			return false
		}
		from = to
	}
	return true
}

// arrayOf returns an element, right inside the place, of the array in which
// the member's values lie.
func (s *Scan) arrayOf(m *constraint, place, end int32) *arrayItem {
	at := int32(-1)
	if m.any != 0 {
		at = s.next(m.any, place+1, end)
	} else {
		at = s.next(m.mark, place+1, end)
	}
	return &s.places[s.climb(at, place)]
}

// climb returns the element right inside place that at lies in.
func (s *Scan) climb(at, place int32) int32 {
	for s.places[at].up != place {
		s.steps++
		at = s.places[at].up
	}
	return at
}

// lies reports whether the member's path leads through the array's.
func (s *Scan) lies(m *constraint, array *arrayItem) bool {
	return int(array.level) < len(m.route.nodes) && m.route.nodes[array.level] == array.node
}

// element reports whether one element of the array, which lies right inside
// the place, satisfies the members. The first of them must be satisfied by a
// value: it is the one that chooses the element.
func (s *Scan) element(place int32, array *arrayItem, members []*constraint) bool {
	end := s.places[place].end
	first := members[0]
	// Go through the elements that the most selective member leaves over.
	driver := first
	for _, m := range members[1:] {
		if !m.absent && s.size(m, place+1, end) < s.size(driver, place+1, end) {
			driver = m
		}
	}
	for at := s.satisfied(driver, place+1, end); at >= 0; {
		e := s.climb(at, place)
		inside := s.places[e].end
		if s.places[e].node == array.node && s.places[e].level == array.level &&
			(driver == first || s.satisfied(first, e, inside) >= 0) && s.within(e, members) {
			return true
		}
		at = s.satisfied(driver, inside, end)
	}
	return false
}

// elementFor tries whether it helps that the member at the array's own path,
// which scalars of the array satisfy without choosing an element, chooses one:
// then members that want absence see less.
func (s *Scan) elementFor(place int32, array *arrayItem, members, group []*constraint) bool {
	end := s.places[place].end
	for _, m := range members {
		if len(m.route.nodes) == int(array.level)+1 && s.lies(m, array) && s.direct(m, place) && s.satisfied(m, place+1, end) >= 0 {
			base := len(s.stack)
			s.stack = append(append(s.stack, m), group...)
			ok := s.element(place, array, s.stack[base:])
			s.stack = s.stack[:base]
			return ok
		}
	}
	return false
}
