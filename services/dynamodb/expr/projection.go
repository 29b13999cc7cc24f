package expr

import (
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// Projection chooses parts of items.
type Projection struct {
	paths []Path
	plain bool // whole attributes only
}

// Projection parses a projection.
func (p *Params) Projection(text string) (*Projection, error) {
	ps, err := newParser(ProjectionExpression, text)
	if err != nil {
		return nil, err
	}
	var nodes []*node
	for {
		n := ps.path()
		if n == nil {
			return nil, ps.syntaxError(ProjectionExpression)
		}
		nodes = append(nodes, n)
		if !ps.sign(",") {
			break
		}
	}
	if !ps.end() {
		return nil, ps.syntaxError(ProjectionExpression)
	}
	c := checker{kind: ProjectionExpression, params: p}
	var t tree
	r := &Projection{plain: true}
	for _, n := range nodes {
		if err := c.path(n); err != nil {
			return nil, err
		}
	}
	for _, n := range nodes {
		if err := c.clash(&t, n.path); err != nil {
			return nil, err
		}
		r.plain = r.plain && len(n.path) == 1
		r.paths = append(r.paths, n.path)
	}
	return r, nil
}

// Attributes is the projection of whole attributes.
func Attributes(names []string) *Projection {
	p := &Projection{plain: true}
	for _, name := range names {
		p.paths = append(p.paths, Path{{Name: name, Index: -1}})
	}
	return p
}

// Paths are the projection's paths.
func (p *Projection) Paths() []Path { return p.paths }

// Of is the chosen part of an item: lists hold the chosen elements in their
// order. A nil projection chooses all.
func (p *Projection) Of(it item.Item) item.Item {
	if p == nil {
		return it
	}
	out := make(item.Item, len(p.paths))
	if p.plain {
		for _, path := range p.paths {
			if v, ok := it[path[0].Name]; ok {
				out[path[0].Name] = v
			}
		}
		return out
	}
	return pick(it, p.paths, 0)
}

// pick chooses from a map by the steps at depth.
func pick(from item.Item, paths []Path, depth int) item.Item {
	out := item.Item{}
	for name, group := range groups(paths, depth) {
		if v, ok := from[name.Name]; ok && name.Index < 0 {
			if part, ok := part(v, group, depth+1); ok {
				out[name.Name] = part
			}
		}
	}
	return out
}

// part is what paths that lead here choose of a value.
func part(v item.Value, paths []Path, depth int) (item.Value, bool) {
	if len(paths[0]) == depth {
		return v, true
	}
	if paths[0][depth].Index < 0 {
		if v.Kind != item.M {
			return v, false
		}
		m := pick(v.Map, paths, depth)
		return item.Value{Kind: item.M, Map: m}, len(m) > 0
	}
	if v.Kind != item.L {
		return v, false
	}
	var list []item.Value
	g := groups(paths, depth)
	var steps []Step
	for s := range g {
		steps = append(steps, s)
	}
	slices.SortFunc(steps, func(a, b Step) int { return a.Index - b.Index })
	for _, s := range steps {
		if s.Index < len(v.List) {
			if e, ok := part(v.List[s.Index], g[s], depth+1); ok {
				list = append(list, e)
			}
		}
	}
	return item.Value{Kind: item.L, List: list}, len(list) > 0
}

func groups(paths []Path, depth int) map[Step][]Path {
	g := map[Step][]Path{}
	for _, p := range paths {
		g[p[depth]] = append(g[p[depth]], p)
	}
	return g
}
