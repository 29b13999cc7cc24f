package pattern

import "github.com/signalbox/signalbox/pattern/internal/persist"

// snapshot is all that matching needs to know of the rules at one time. It does
// not change.
type snapshot struct {
	root   *tree
	fields int // how many paths patterns look at
	// access lists, for each mark, the conjunctions that may only hold if some
	// value has the mark. Each conjunction is listed once.
	access persist.Vector[[]*conjunction]
	// always lists the conjunctions that may hold without any value.
	always []*conjunction
	// needles are the last names of all paths, with a quotation mark behind
	// them; nil if they are many. What has none of them has no value to offer.
	needles [][]byte
}

// conjunction is a branch of a rule's pattern.
type conjunction struct {
	rule    uint32
	members []*constraint
	// several is a mark that tells that a rule with several branches has been
	// found; 0 if it has one.
	several uint32
	listed  uint32 // the mark under which access lists it; 0 for always
}

// constraint is a member of patterns. Rules that have the same one share it.
type constraint struct {
	mark   uint32   // a value has it if one of the plain tests holds
	any    uint32   // the mark of all values at the path; 0 if it does not matter
	nots   []uint32 // for each anything-but the mark of what it excludes
	open   bool     // any value will do: exists
	absent bool     // no value will do
	nodes  []uint32 // the path as nodes of the tree

	// For the writer.
	tests []test
	path  []string
	key   string
	users int
}
