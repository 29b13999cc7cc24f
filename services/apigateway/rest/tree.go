package rest

import (
	"net/url"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/vtl"
	"github.com/signalbox/signalbox/wire"
)

// tree finds resources by their paths: a literal part goes before a variable
// one, that before a greedy one.
type tree struct {
	literal  map[string]*tree
	variable *tree
	greedy   *tree
	name     string // of the variable
	resource *apigateway.Resource
}

func newTree(d *apigateway.Definition) *tree {
	root := &tree{}
	for _, r := range d.Resources {
		t := root
		for part := range strings.SplitSeq(strings.Trim(*r.Path, "/"), "/") {
			if part != "" {
				t = t.child(part)
			}
		}
		t.resource = r
	}
	return root
}

func (t *tree) child(part string) *tree {
	name, is := strings.CutPrefix(part, "{")
	if !is {
		if t.literal == nil {
			t.literal = map[string]*tree{}
		}
		if t.literal[part] == nil {
			t.literal[part] = &tree{}
		}
		return t.literal[part]
	}
	name = strings.TrimSuffix(name, "}")
	at := &t.variable
	if greedy, is := strings.CutSuffix(name, "+"); is {
		at, name = &t.greedy, greedy
	}
	if *at == nil {
		*at = &tree{name: name}
	}
	return *at
}

// found is the method that a request is for.
type found struct {
	resource *apigateway.Resource
	method   *apigateway.Method
}

// find finds the method for a path, escaped, and its path parameters, which as
// on AWS stay so.
func (t *tree) find(verb, path string) (*found, map[string]string) {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	params := map[string]string{}
	f := t.walk(verb, parts, params)
	return f, params
}

func (t *tree) walk(verb string, parts []string, params map[string]string) *found {
	if len(parts) == 0 {
		return t.at(verb)
	}
	part := unescape(parts[0])
	if next := t.literal[part]; next != nil {
		if f := next.walk(verb, parts[1:], params); f != nil {
			return f
		}
	}
	if next := t.variable; next != nil && part != "" {
		if f := next.walk(verb, parts[1:], params); f != nil {
			params[next.name] = parts[0]
			return f
		}
	}
	if next := t.greedy; next != nil {
		if f := next.at(verb); f != nil {
			params[next.name] = strings.Join(parts, "/")
			return f
		}
	}
	return nil
}

func unescape(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		return plain
	}
	return part
}

// at is the method of this resource: its own of that verb, else its ANY.
func (t *tree) at(verb string) *found {
	if t.resource == nil {
		return nil
	}
	for _, name := range []string{verb, "ANY"} {
		if m, ok := t.resource.ResourceMethods[name]; ok && m.MethodIntegration != nil {
			return &found{t.resource, &m}
		}
	}
	return nil
}

// maxCached bounds what caches hold; a full one is emptied.
const maxCached = 2000

// cache keeps the trees of deployments.
type cache struct {
	mu    sync.RWMutex // guards trees
	trees map[*apigateway.Definition]*tree
}

func (c *cache) tree(d apigateway.Deployed) *tree {
	c.mu.RLock()
	t := c.trees[d.Definition]
	c.mu.RUnlock()
	if t != nil {
		return t
	}
	t = newTree(d.Definition)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trees == nil || len(c.trees) >= maxCached {
		c.trees = map[*apigateway.Definition]*tree{}
	}
	c.trees[d.Definition] = t
	return t
}

// templates keeps parsed mapping templates by their text.
type templates struct {
	mu     sync.RWMutex // guards parsed
	parsed map[string]*vtl.Template
}

func (c *templates) parse(text string) (*vtl.Template, error) {
	c.mu.RLock()
	t := c.parsed[text]
	c.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	t, err := vtl.Parse(text)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed == nil || len(c.parsed) >= maxCached {
		c.parsed = map[string]*vtl.Template{}
	}
	c.parsed[text] = t
	return t, nil
}

// value is what an optional text says.
func value(p *string) string { return wire.Value(p) }
