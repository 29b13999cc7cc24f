package engine

import (
	"hash/maphash"
	"slices"

	"github.com/signalbox/signalbox/pattern/internal/persist"
)

// tree is a node of the tree of paths that patterns look at; an event is read
// along it. It does not change.
type tree struct {
	id    uint32
	field *field // what is looked for at this very path; nil if nothing
	kids  []kid  // what lies below, if it is little
	many  persist.Map[*tree]
}

type kid struct {
	name string
	node *tree
}

// fewKids is up to how many names are searched one by one.
const fewKids = 8

// child returns the node below that has the name, or nil.
func (t *tree) child(name []byte) *tree {
	for i := range t.kids {
		if k := &t.kids[i]; k.name == string(name) {
			return k.node
		}
	}
	if t.many.Len() > 0 {
		if e := t.many.Get(maphash.Bytes(seed, name), name); e != nil {
			return e.Value
		}
	}
	return nil
}

// leaf reports whether nothing lies below.
func (t *tree) leaf() bool { return len(t.kids) == 0 && t.many.Len() == 0 }

// children gives the nodes below by their names.
func (t *tree) children(yield func(name string, below *tree) bool) {
	for _, k := range t.kids {
		if !yield(k.name, k.node) {
			return
		}
	}
	for e := range t.many.All {
		if !yield(e.Key, e.Value) {
			return
		}
	}
}

// with returns the tree with the field at the path changed by change, which
// gets nil if there is none and returns nil to remove it. The given
// nodes lead here.
func (t *tree) with(ids *IDs, path []string, nodes []uint32, change func(f *field, nodes []uint32) *field) *tree {
	var next tree
	if t != nil {
		next = *t
	} else {
		next.id = ids.Take()
	}
	nodes = append(nodes, next.id)
	if len(path) == 0 {
		next.field = change(next.field, nodes)
	} else {
		below := next.child([]byte(path[0])).with(ids, path[1:], nodes, change)
		next.setChild(path[0], below)
	}
	if next.field == nil && next.leaf() {
		ids.Give(next.id)
		return nil
	}
	return &next
}

// setChild changes a node that nobody else has seen yet.
func (t *tree) setChild(name string, node *tree) {
	hash := maphash.String(seed, name)
	if t.many.Len() > 0 {
		if node == nil {
			t.many = t.many.Without(hash, name)
		} else {
			t.many = t.many.With(hash, name, node)
		}
		if t.many.Len() <= fewKids/2 {
			for e := range t.many.All {
				t.kids = append(t.kids, kid{e.Key, e.Value})
			}
			t.many = persist.Map[*tree]{}
		}
		return
	}
	t.kids = slices.Clone(t.kids)
	i := slices.IndexFunc(t.kids, func(k kid) bool { return k.name == name })
	switch {
	case node == nil:
		t.kids = slices.Delete(t.kids, i, i+1)
	case i >= 0:
		t.kids[i].node = node
	default:
		t.kids = append(t.kids, kid{name, node})
	}
	if len(t.kids) > fewKids {
		for _, k := range t.kids {
			t.many = t.many.With(maphash.String(seed, k.name), k.name, k.node)
		}
		t.kids = nil
	}
}
