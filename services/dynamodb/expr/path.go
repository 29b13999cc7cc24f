package expr

import (
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// maxLevels bounds the elements of a document path.
const maxLevels = 32

// Step is an element of a document path: a name, or an index into a list.
type Step struct {
	Name  string
	Index int // -1: a name
}

// Path leads to a value in an item. The first step is an attribute's name.
type Path []Step

// String is the path as error messages show it: [a, b, [0]].
func (p Path) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range p {
		if i > 0 {
			b.WriteString(", ")
		}
		if s.Index >= 0 {
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		} else {
			b.WriteString(s.Name)
		}
	}
	b.WriteByte(']')
	return b.String()
}

// Equal says whether two paths are the same.
func (p Path) Equal(q Path) bool {
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}

// In finds the value at the path.
func (p Path) In(it item.Item) (item.Value, bool) {
	v, ok := it[p[0].Name]
	for _, s := range p[1:] {
		if !ok {
			return item.Value{}, false
		}
		switch {
		case s.Index < 0:
			v, ok = v.Map[s.Name]
		case v.Kind == item.L && s.Index < len(v.List):
			v = v.List[s.Index]
		default:
			ok = false
		}
	}
	return v, ok
}

// tree holds paths by their steps, to find those that are in each other's way.
type tree struct {
	path     Path // of the whole path that ends here
	any      Path // of some path that goes on here
	children map[Step]*tree
}

// clash adds a path; it returns the one that overlaps or conflicts with it.
func (t *tree) clash(p Path) (other Path, conflict bool) {
	at := t
	for i, s := range p {
		if at.path != nil {
			return at.path, false
		}
		for c := range at.children {
			if (c.Index < 0) != (s.Index < 0) && i > 0 {
				return at.children[c].some(), true
			}
			break
		}
		next := at.children[s]
		if next == nil {
			if at.children == nil {
				at.children = map[Step]*tree{}
			}
			next = &tree{}
			at.children[s] = next
		}
		if next.any == nil {
			next.any = p
		}
		at = next
	}
	if at.path != nil || len(at.children) > 0 {
		return at.some(), false
	}
	at.path = p
	return nil, false
}

func (t *tree) some() Path {
	if t.path != nil {
		return t.path
	}
	return t.any
}
