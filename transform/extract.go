package transform

import "slices"

// plan finds the values of many paths in one pass over a document. Its tree
// holds the steps before the first wildcard; the rest of a path is applied to
// the value found there.
type plan struct {
	root  node
	paths []Path
}

// node is a place in the document that at least one path passes or ends at.
type node struct {
	ends    []int // the paths that end here, by their index in the plan
	members []member
	items   []item
}

type member struct {
	key  string
	node *node
}

type item struct {
	index int
	node  *node
}

// add makes the path part of the plan and returns its index; a path that is
// there already keeps its own.
func (p *plan) add(path Path) int {
	known := func(q Path) bool { return slices.Equal(q.steps, path.steps) }
	if i := slices.IndexFunc(p.paths, known); i >= 0 {
		return i
	}
	n := &p.root
	for _, st := range path.steps[:path.fixed()] {
		n = n.next(st)
	}
	n.ends = append(n.ends, len(p.paths))
	p.paths = append(p.paths, path)
	return len(p.paths) - 1
}

// next is the node one step further, made if there is none.
func (n *node) next(st step) *node {
	if st.kind == stepKey {
		for _, m := range n.members {
			if m.key == st.key {
				return m.node
			}
		}
		n.members = append(n.members, member{st.key, new(node)})
		return n.members[len(n.members)-1].node
	}
	for _, it := range n.items {
		if it.index == st.item {
			return it.node
		}
	}
	n.items = append(n.items, item{st.item, new(node)})
	return n.items[len(n.items)-1].node
}

// find fills found, which has one element for each path, with where in doc
// their fixed steps lead.
func (p *plan) find(doc []byte, found []span) {
	clear(found)
	if len(p.paths) > 0 {
		p.root.scan(doc, skipSpace(doc, 0), found)
	}
}

// value is what the path with the given index found.
func (p *plan) value(doc []byte, found []span, index int) ([]byte, bool) {
	at := found[index]
	if at.to <= at.from {
		return nil, false
	}
	path := p.paths[index]
	return expand(at.of(doc), path.steps[path.fixed():])
}

// scan reads the value at i and returns the position after it.
func (n *node) scan(doc []byte, i int, found []span) (end int) {
	switch {
	case i < len(doc) && doc[i] == '{' && len(n.members) > 0:
		end = n.scanObject(doc, i, found)
	case i < len(doc) && doc[i] == '[' && len(n.items) > 0:
		end = n.scanArray(doc, i, found)
	default:
		end = skipValue(doc, i)
	}
	for _, e := range n.ends {
		found[e] = span{i, end}
	}
	return end
}

func (n *node) scanObject(doc []byte, i int, found []span) int {
	c := children(doc, i)
next:
	for {
		key, more := c.next()
		if !more {
			return c.i
		}
		for _, m := range n.members {
			if sameKey(key, m.key) {
				m.node.forget(found) // the last of doubled members counts
				c.i = m.node.scan(doc, c.i, found)
				continue next
			}
		}
		c.i = skipValue(doc, c.i)
	}
}

func (n *node) scanArray(doc []byte, i int, found []span) int {
	c := children(doc, i)
next:
	for at := 0; ; at++ {
		if _, more := c.next(); !more {
			return c.i
		}
		for _, it := range n.items {
			if it.index == at {
				c.i = it.node.scan(doc, c.i, found)
				continue next
			}
		}
		c.i = skipValue(doc, c.i)
	}
}

func (n *node) forget(found []span) {
	for _, e := range n.ends {
		found[e] = span{}
	}
	for _, m := range n.members {
		m.node.forget(found)
	}
	for _, it := range n.items {
		it.node.forget(found)
	}
}
