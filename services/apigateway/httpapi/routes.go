package httpapi

import (
	"net/url"
	"strings"
	"sync"

	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
)

// table holds a deployment's routes: a path's literal parts go before variables,
// these before greedy ones; a method before ANY; all before $default (developer
// guide, page http-api-develop-routes).
type table struct {
	root     *branch
	fallback *apigatewayv2.Route
}

type branch struct {
	literal  map[string]*branch
	variable *branch
	greedy   *branch
	names    map[*apigatewayv2.Route]string // of the variable, by route
	routes   map[string]*apigatewayv2.Route // by method
}

func newTable(d *apigatewayv2.Definition) *table {
	t := &table{root: &branch{}}
	for _, r := range d.Routes {
		if *r.RouteKey == "$default" {
			t.fallback = r
			continue
		}
		method, path, _ := strings.Cut(*r.RouteKey, " ")
		b := t.root
		for _, part := range split(path) {
			b = b.child(part, r)
		}
		if b.routes == nil {
			b.routes = map[string]*apigatewayv2.Route{}
		}
		b.routes[method] = r
	}
	return t
}

func split(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func (b *branch) child(part string, r *apigatewayv2.Route) *branch {
	name, is := strings.CutPrefix(part, "{")
	if !is {
		if b.literal == nil {
			b.literal = map[string]*branch{}
		}
		if b.literal[part] == nil {
			b.literal[part] = &branch{}
		}
		return b.literal[part]
	}
	name = strings.TrimSuffix(name, "}")
	at := &b.variable
	if greedy, is := strings.CutSuffix(name, "+"); is {
		at, name = &b.greedy, greedy
	}
	if *at == nil {
		*at = &branch{names: map[*apigatewayv2.Route]string{}}
	}
	(*at).names[r] = name
	return *at
}

// find finds the route for a path, escaped, and its path parameters.
func (t *table) find(method, path string) (*apigatewayv2.Route, map[string]string) {
	params := map[string]string{}
	if r := t.root.walk(method, split(path), params); r != nil {
		return r, params
	}
	return t.fallback, params
}

func (b *branch) walk(method string, parts []string, params map[string]string) *apigatewayv2.Route {
	if len(parts) == 0 {
		return b.at(method)
	}
	part := unescape(parts[0])
	if next := b.literal[part]; next != nil {
		if r := next.walk(method, parts[1:], params); r != nil {
			return r
		}
	}
	if next := b.variable; next != nil && part != "" {
		if r := next.walk(method, parts[1:], params); r != nil {
			params[next.names[r]] = part
			return r
		}
	}
	if next := b.greedy; next != nil {
		if r := next.at(method); r != nil {
			params[next.names[r]] = unescape(strings.Join(parts, "/"))
			return r
		}
	}
	return nil
}

func (b *branch) at(method string) *apigatewayv2.Route {
	if r := b.routes[method]; r != nil {
		return r
	}
	return b.routes["ANY"]
}

func unescape(part string) string {
	if plain, err := url.PathUnescape(part); err == nil {
		return plain
	}
	return part
}

// maxTables bounds the tables that are kept; full, they are made anew.
const maxTables = 2000

// tables keeps the tables of deployments.
type tables struct {
	mu   sync.RWMutex // guards kept
	kept map[*apigatewayv2.Definition]*table
}

func (k *tables) table(d apigatewayv2.Deployed) *table {
	k.mu.RLock()
	t := k.kept[d.Definition]
	k.mu.RUnlock()
	if t != nil {
		return t
	}
	t = newTable(d.Definition)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxTables {
		k.kept = map[*apigatewayv2.Definition]*table{}
	}
	k.kept[d.Definition] = t
	return t
}
