// Package engine matches events against the rules of a matcher. A Writer keeps
// the rules and makes snapshots of them; a Scan reads an event along a snapshot
// and finds the rules that match.
package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/signalbox/signalbox/pattern/internal/lex"
	"github.com/signalbox/signalbox/pattern/internal/number"
	"github.com/signalbox/signalbox/pattern/internal/persist"
)

var (
	// ErrNotObject says that an event is no JSON object.
	ErrNotObject = errors.New("event must be a JSON object")
	// ErrNoJSON says that an event is no JSON.
	ErrNoJSON = errors.New("event is no JSON")
	// ErrTooDeep says that an event nests too deep.
	ErrTooDeep = fmt.Errorf("event nests deeper than %d levels", lex.MaxDepth)
)

// Scan reads one event along the tree of paths and notes the marks of its
// values. It is used again for other events, so that matching allocates nothing.
type Scan struct {
	snap  *Snapshot
	event []byte
	depth int

	epoch   uint32      // of this event; older notes are void
	marks   []markNote  // by mark
	touched []uint32    // the marks of this event
	hits    []hit       // in the order of the event; of one mark and element only one
	value   uint32      // counts values
	seen    []uint32    // by field: the epoch in which it last had a value
	missing int         // fields that had no value yet
	enough  bool        // the rest of the event cannot matter
	tries   int         // how often it was looked whether that is so
	triedAt uint32      // and in which object last
	arrays  int         // arrays that are open
	places  []arrayItem // elements of arrays that have values, outermost first; 0 is the event itself
	open    []arrayItem // those that the scanner is in
	known   int         // how many of open are in places

	sorted   bool  // runs has been made: some rule needs it
	runs     []hit // hits by mark
	stack    []*constraint
	unquoted []byte
	name     []byte
	folded   []byte
	reversed []byte
	stabbed  []*persist.Range
	steps    int // how much was done, for the tests of growth
}

// markNote is what is known of a mark in an event.
type markNote struct {
	epoch uint32
	value uint32 // the last value that has it
	n     int32  // how many values have it
	last  int32  // index of its last hit
	hits  int32  // how many hits it has
	begin int32  // where they begin in runs
}

// hit says that n values in a place have a mark.
type hit struct {
	mark  uint32
	place int32
	n     int32
}

// arrayItem is an element of an array. Its places, and those of the elements
// inside it, are numbered without gap.
type arrayItem struct {
	up    int32 // the place around it
	end   int32 // behind the last place inside it
	place int32
	node  uint32 // the path of its array
	level int32  // the count of names in that path
}

// Match calls found once for each rule that matches the event.
func (s *Scan) Match(snap *Snapshot, event []byte, found func(rule uint32)) error {
	s.begin(snap, event)
	err := s.read()
	if err == nil {
		s.rules(found)
	}
	s.snap, s.event = nil, nil
	return err
}

// Steps returns how much has been done for all events so far, apart from
// reading them; the tests of growth use it.
func (s *Scan) Steps() int { return s.steps }

// begin prepares for an event.
func (s *Scan) begin(snap *Snapshot, event []byte) {
	if s.epoch == math.MaxUint32 {
		*s = Scan{}
	}
	s.epoch++
	s.snap, s.event = snap, event
	if n := snap.access.Cap(); n > len(s.marks) {
		s.marks = append(s.marks, make([]markNote, n-len(s.marks))...)
		s.seen = append(s.seen, make([]uint32, n-len(s.seen))...)
	}
	s.touched, s.hits = s.touched[:0], s.hits[:0]
	s.places = append(s.places[:0], arrayItem{up: -1})
	s.open = s.open[:0]
	s.known, s.depth, s.arrays, s.value, s.sorted = 0, 0, 0, 0, false
	s.missing, s.enough, s.tries, s.triedAt = snap.fields, false, 0, 0
}

// read reads the event as far as it can matter.
func (s *Scan) read() error {
	i := lex.Space(s.event, 0)
	if i >= len(s.event) || s.event[i] != '{' {
		return ErrNotObject
	}
	root := s.snap.root
	if root == nil {
		root = new(tree) // there is no pattern
	}
	i = s.object(i+1, root, 0)
	if i < 0 {
		return s.fault()
	}
	if !s.enough && lex.Space(s.event, i) != len(s.event) {
		return fmt.Errorf("event goes on behind its end at byte %d", i)
	}
	return nil
}

func (s *Scan) fault() error {
	if s.depth > lex.MaxDepth {
		return ErrTooDeep
	}
	return ErrNoJSON
}

// object reads the members behind an opening brace. node may be nil; level
// counts the names that lead there.
func (s *Scan) object(i int, node *tree, level int32) int {
	b := s.event
	if i = lex.Space(b, i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	if s.depth++; s.depth > lex.MaxDepth {
		return -1
	}
	for {
		if i = lex.Space(b, i); i >= len(b) || b[i] != '"' {
			return -1
		}
		end, plain := lex.String(b, i+1)
		if end < 0 {
			return -1
		}
		name := b[i+1 : end]
		if !plain {
			s.name = lex.AppendUnquoted(s.name[:0], name)
			name = s.name
		}
		if i = end + 1; i < len(b) && b[i] != ':' {
			i = lex.Space(b, i)
		}
		if i >= len(b) || b[i] != ':' {
			return -1
		}
		if i++; i < len(b) && b[i] <= ' ' {
			i = lex.Space(b, i)
		}
		below, steps := descend(node, name)
		switch {
		case below != nil:
			if i = s.look(i, below, level+steps); i < 0 {
				return -1
			}
			if s.missing == 0 && s.arrays == 0 && !s.enough {
				s.tryEnough(i, node)
			}
			if s.enough {
				return i
			}
		case i < len(b) && b[i] == '"':
			if end, _ := lex.String(b, i+1); end > 0 {
				i = end + 1
			} else {
				return -1
			}
		default:
			if i = lex.Skip(b, i); i < 0 {
				return -1
			}
		}
		if i < len(b) && b[i] <= ' ' {
			i = lex.Space(b, i)
		}
		if i >= len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			s.depth--
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

// descend follows a member's name, which may stand for several steps.
func descend(node *tree, name []byte) (*tree, int32) {
	if len(name) == 0 {
		return nil, 0
	}
	for i := range node.kids {
		k := &node.kids[i]
		switch n := len(k.name); {
		case n == len(name):
			if k.name == string(name) {
				return k.node, 1
			}
		case n < len(name) && name[n] == '.' && k.name == string(name[:n]):
			return descendDotted(node, name)
		}
	}
	if node.many.Len() == 0 {
		return nil, 0
	}
	if below := node.child(name); below != nil {
		return below, 1
	}
	return descendDotted(node, name)
}

// descendDotted follows a name that may have dots.
func descendDotted(node *tree, name []byte) (*tree, int32) {
	for steps := int32(1); node != nil; steps++ {
		dot := bytes.IndexByte(name, '.')
		if dot < 0 {
			return node.child(name), steps
		}
		node = node.child(name[:dot])
		name = name[dot+1:]
	}
	return nil, 0
}

// look reads a value that patterns look at.
func (s *Scan) look(i int, node *tree, level int32) int {
	b := s.event
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '{':
		if node.leaf() {
			return lex.Skip(b, i)
		}
		return s.object(i+1, node, level)
	case '[':
		return s.array(i+1, node, level)
	}
	if node.field == nil {
		return lex.Skip(b, i)
	}
	return s.leaf(i, node.field)
}

// array reads the elements behind an opening bracket.
func (s *Scan) array(i int, node *tree, level int32) int {
	b := s.event
	if i = lex.Space(b, i); i < len(b) && b[i] == ']' {
		return i + 1
	}
	if s.depth++; s.depth > lex.MaxDepth {
		return -1
	}
	s.arrays++
	for {
		if i = lex.Space(b, i); i >= len(b) {
			return -1
		}
		if b[i] == '{' || b[i] == '[' {
			s.open = append(s.open, arrayItem{node: node.id, level: level})
			i = s.look(i, node, level)
			s.close()
		} else {
			i = s.look(i, node, level)
		}
		if i < 0 {
			return -1
		}
		if i = lex.Space(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case ']':
			s.depth--
			s.arrays--
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
}

// close ends the innermost element.
func (s *Scan) close() {
	last := len(s.open) - 1
	if last < s.known {
		s.places[s.open[last].place].end = int32(len(s.places))
		s.known--
	}
	s.open = s.open[:last]
}

// place returns the number of the innermost element, numbering elements as
// they are first needed.
func (s *Scan) place() int32 {
	for ; s.known < len(s.open); s.known++ {
		item := &s.open[s.known]
		item.place = int32(len(s.places))
		if s.known > 0 {
			item.up = s.open[s.known-1].place
		}
		s.places = append(s.places, *item)
	}
	if s.known == 0 {
		return 0
	}
	return s.open[s.known-1].place
}

// leaf notes the marks of a value and returns the index behind it.
func (s *Scan) leaf(i int, f *field) int {
	b := s.event
	if s.seen[f.id] != s.epoch {
		s.seen[f.id] = s.epoch
		s.missing--
	}
	s.value++
	if f.any != 0 {
		s.note(f.any)
	}
	switch b[i] {
	case '"':
		end, plain := lex.String(b, i+1)
		if end < 0 {
			return -1
		}
		text := b[i+1 : end]
		if !plain {
			s.unquoted = lex.AppendUnquoted(s.unquoted[:0], text)
			text = s.unquoted
		}
		s.str(f, text)
		return end + 1
	case 't', 'f', 'n':
		s.mark(f.literals[literal(b[i])])
		return lex.Skip(b, i)
	}
	if f.numbers.Len() == 0 && f.texts.Len() == 0 && f.ranges.Empty() {
		return lex.Number(b, i)
	}
	n, end := number.Read(b, i)
	if end > 0 {
		s.number(f, &n)
	}
	return end
}

func (s *Scan) str(f *field, text []byte) {
	if f.strings.Len() > 0 {
		if e := f.strings.Get(hash(text), text); e != nil {
			s.mark(e.Value)
		}
	}
	if f.text != nil {
		f.text.find(s, text)
	}
	if f.blocks != nil {
		f.blocks.find(s, text)
	}
}

func (s *Scan) number(f *field, n *number.Number) {
	x, verdict := n.Nearest()
	var equal *persist.Entry[[]uint32]
	s.stabbed = s.stabbed[:0]
	if verdict != number.Inexact {
		if f.numbers.Len() > 0 {
			key := numberKey(x)
			equal = f.numbers.Get(numberHash(x), key[:])
		}
		s.stabbed = f.ranges.Stab(s.stabbed, x)
		if equal == nil && len(s.stabbed) == 0 && f.texts.Len() == 0 {
			return
		}
	}
	if verdict == number.Inexact || verdict == number.Unsure && !n.Held(x) {
		if e := f.texts.Get(hash(n.Text()), n.Text()); e != nil {
			s.mark(e.Value)
		}
		return
	}
	if equal != nil {
		s.mark(equal.Value)
	}
	for _, r := range s.stabbed {
		s.mark(r.Marks)
	}
}

// mark notes that the current value has the marks.
func (s *Scan) mark(marks []uint32) {
	for _, m := range marks {
		s.note(m)
	}
}

// markTests marks the value for those tests that hold for it; a test that is
// nil holds.
func (s *Scan) markTests(tests []marked, value []byte) {
	for i := range tests {
		t := &tests[i]
		if t.test != nil {
			s.steps += len(value)
			if !t.test.HoldsString(value) {
				continue
			}
		}
		s.mark(t.marks)
	}
}

// first reports whether the current value has not had the mark yet, and gives
// it the mark.
func (s *Scan) first(m uint32) bool {
	if n := &s.marks[m]; n.epoch == s.epoch && n.value == s.value {
		return false
	}
	s.note(m)
	return true
}

// note notes that the current value has the mark m.
func (s *Scan) note(m uint32) {
	s.steps++
	n := &s.marks[m]
	if n.epoch != s.epoch {
		*n = markNote{epoch: s.epoch, last: -1}
		s.touched = append(s.touched, m)
	} else if n.value == s.value {
		return
	}
	n.value = s.value
	n.n++
	place := s.place()
	if n.last >= 0 && s.hits[n.last].place == place {
		s.hits[n.last].n++
		return
	}
	n.last = int32(len(s.hits))
	n.hits++
	s.hits = append(s.hits, hit{m, place, 1})
}
