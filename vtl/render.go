package vtl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/vtl/java"
)

// rendering is one rendering of a template.
type rendering struct {
	vars   map[string]any
	macros map[string]*macro
	limits Limits
	out    strings.Builder
	steps  int
	depth  int
	nested int // values within values, being compared
	loops  *loop
}

var (
	errStop  = errors.New("#stop")
	errBreak = errors.New("#break")
)

// step counts work against the limit.
func (r *rendering) step(n int) error {
	if r.steps += n; r.steps > r.limits.Steps {
		return fmt.Errorf("%w: more than %d steps", ErrLimit, r.limits.Steps)
	}
	return nil
}

func (r *rendering) write(s string) error {
	if r.out.Len()+len(s) > r.limits.Output {
		return fmt.Errorf("%w: more than %d bytes of output", ErrLimit, r.limits.Output)
	}
	r.out.WriteString(s)
	return nil
}

// text is a value as text, within the limits.
func (r *rendering) text(v any) (string, error) {
	if s, is := v.(string); is {
		return s, nil
	}
	if d, is := v.(*definition); is {
		return r.capture(d.body)
	}
	b := bounded{left: r.limits.Output}
	if err := b.value(v, false); err != nil {
		return "", err
	}
	return b.b.String(), r.step(b.b.Len() / 64)
}

func (r *rendering) block(nodes []node) error {
	for _, n := range nodes {
		if err := r.step(1); err != nil {
			return err
		}
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

// capture renders nodes into a string.
func (r *rendering) capture(nodes []node) (string, error) {
	if r.depth++; r.depth > r.limits.Depth {
		return "", fmt.Errorf("%w: more than %d macros and definitions within each other", ErrLimit, r.limits.Depth)
	}
	outer := r.out
	r.out = strings.Builder{}
	err := r.block(nodes)
	s := r.out.String()
	r.out = outer
	r.depth--
	return s, err
}

func (t text) render(r *rendering) error { return r.write(string(t)) }

func (stop) render(*rendering) error { return errStop }

func (breakLoop) render(*rendering) error { return errBreak }

func (c conditional) render(r *rendering) error {
	for _, b := range c {
		if b.when != nil {
			if is, err := holds(r, b.when); err != nil {
				return err
			} else if !is {
				continue
			}
		}
		return r.block(b.then)
	}
	return nil
}

// truth is what #if makes of a value.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case *List:
		return len(v.Items) > 0
	case *Map:
		return v.Len() > 0
	}
	if f, is := java.Float(v); is {
		return f != 0
	}
	return true
}

func (s set) render(r *rendering) error {
	v, err := s.value.eval(r)
	if err != nil {
		return err
	}
	if len(s.target.path) == 0 {
		r.vars[s.target.name] = v
		return nil
	}
	last := len(s.target.path) - 1
	holder, ok, err := s.target.walk(r, last)
	if err != nil || !ok {
		return err
	}
	a := s.target.path[last]
	var key any = a.name
	if a.index != nil {
		if key, err = a.index.eval(r); err != nil {
			return err
		}
	}
	switch h := holder.(type) {
	case *Map:
		h.Put(key, v)
	case *List:
		i, ok := key.(int64)
		if !ok {
			return nil
		}
		if i < 0 {
			i += int64(len(h.Items))
		}
		if i < 0 || i >= int64(len(h.Items)) {
			return at(s.target.source, s.target.pos, fmt.Errorf("index %d of a list of %d", i, len(h.Items)))
		}
		h.Items[i] = v
	}
	return nil
}

// loop is $foreach.
type loop struct {
	count, of int
	source    any // what it goes through
	parent    *loop
}

// more says whether there are items left. As Java's iterators have it, a list is at its
// end where it has just as many items as were gone through, even if some were
// taken out meanwhile.
func (l *loop) more() bool {
	if list, is := l.source.(*List); is {
		return l.count != len(list.Items)
	}
	return l.count < l.of
}

// sizeOf is how many items a value has that #foreach goes through.
func sizeOf(v any) int {
	switch v := v.(type) {
	case *List:
		return len(v.Items)
	case *Map:
		return v.Len()
	}
	return 0
}

// Property implements [Object].
func (l *loop) Property(name string) (any, bool) {
	switch name {
	case "count":
		return int64(l.count), true
	case "index":
		return int64(l.count - 1), true
	case "hasNext":
		return l.count < l.of, true
	case "first":
		return l.count == 1, true
	case "last":
		return l.count == l.of, true
	case "parent":
		return l.parent, l.parent != nil
	case "topmost":
		for l.parent != nil {
			l = l.parent
		}
		return l, true
	}
	return nil, false
}

// Call implements [Object]: the properties have getters.
func (l *loop) Call(name string, args []any) (any, error) {
	for method, property := range map[string]string{"getCount": "count", "getIndex": "index", "hasNext": "hasNext", "isFirst": "first", "isLast": "last", "getParent": "parent", "getTopmost": "topmost"} {
		if method == name && len(args) == 0 {
			v, _ := l.Property(property)
			return v, nil
		}
	}
	return nil, ErrNoMethod
}

// items are what #foreach goes through; nil where it cannot.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case *List:
		return append([]any(nil), v.Items...), true
	case *Map:
		all := make([]any, v.Len())
		for i, e := range v.entries {
			all[i] = e.Value
		}
		return all, true
	}
	return nil, false
}

func (f foreach) render(r *rendering) error {
	v, err := f.in.eval(r)
	if err != nil {
		return err
	}
	all, _ := items(v)
	if len(all) == 0 {
		return r.block(f.orElse)
	}
	if len(all) > r.limits.Loops {
		return at(f.source, f.pos, fmt.Errorf("%w: #foreach over %d items, at most %d", ErrLimit, len(all), r.limits.Loops))
	}
	restore := r.save(f.name, "foreach", "velocityCount")
	defer restore()
	l := &loop{of: len(all), source: v, parent: r.loops}
	r.loops = l
	defer func() { r.loops = l.parent }()
	for l.more() {
		if sizeOf(v) != len(all) {
			return at(f.source, f.pos, errors.New("what #foreach goes through was changed meanwhile (ConcurrentModificationException)"))
		}
		item := all[l.count]
		l.count++
		r.vars[f.name], r.vars["foreach"], r.vars["velocityCount"] = item, l, int64(l.count)
		if err := r.step(1); err != nil {
			return err
		}
		if err := r.block(f.body); err == errBreak {
			break
		} else if err != nil {
			return err
		}
	}
	return nil
}

// definition is what #define makes of a variable.
type definition struct{ body []node }

func (d define) render(r *rendering) error {
	r.vars[d.name] = &definition{d.body}
	return nil
}

func (c macroCall) render(r *rendering) error {
	m := r.macros[c.name]
	if m == nil {
		return r.write(c.literal)
	}
	if r.depth++; r.depth > r.limits.Depth {
		return at(c.source, c.pos, fmt.Errorf("%w: more than %d macros and definitions within each other", ErrLimit, r.limits.Depth))
	}
	defer func() { r.depth-- }()
	values := make([]any, len(m.params))
	for i := range m.params {
		e := m.defaults[i]
		if i < len(c.args) {
			e = c.args[i]
		}
		if e == nil {
			continue
		}
		var err error
		if values[i], err = e.eval(r); err != nil {
			return err
		}
	}
	restore := r.save(m.params...)
	for i, name := range m.params {
		r.vars[name] = values[i]
	}
	err := r.block(m.body)
	restore()
	if err == errBreak {
		return nil
	}
	return err
}

// save remembers variables, and brings them back when told to.
func (r *rendering) save(names ...string) (restore func()) {
	before := map[string]any{}
	for _, name := range names {
		if v, was := r.vars[name]; was {
			before[name] = v
		}
	}
	return func() {
		for _, name := range names {
			if v, was := before[name]; was {
				r.vars[name] = v
			} else {
				delete(r.vars, name)
			}
		}
	}
}
