package vtl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/vtl/java"
)

func (ref *reference) render(r *rendering) error {
	v, err := ref.eval(r)
	if err != nil {
		return err
	}
	if v == nil {
		switch {
		case ref.slashes%2 == 1:
			return r.write(strings.Repeat(`\`, (ref.slashes+1)/2) + ref.literal)
		case ref.quiet:
			return r.write(strings.Repeat(`\`, ref.slashes))
		case ref.slashes > 0:
			return r.write(strings.Repeat(`\`, ref.slashes) + ref.literal)
		}
		return r.write(ref.literal)
	}
	if ref.slashes > 0 {
		if err := r.write(strings.Repeat(`\`, ref.slashes/2)); err != nil {
			return err
		}
		if ref.slashes%2 == 1 {
			return r.write(ref.literal)
		}
	}
	s, err := r.text(v)
	if err != nil {
		return at(ref.source, ref.pos, err)
	}
	return r.write(s)
}

func (ref *reference) eval(r *rendering) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	v, _, err := ref.walk(r, len(ref.path))
	if err != nil {
		return nil, at(ref.source, ref.pos, fmt.Errorf("%s: %w", clip(ref.literal), err))
	}
	if ref.orElse != nil && !truth(v) {
		return ref.orElse.eval(r)
	}
	return v, nil
}

// walk goes n steps along the reference; ok is false where it ends in nothing.
func (ref *reference) walk(r *rendering, n int) (v any, ok bool, err error) {
	v = r.vars[ref.name]
	for _, a := range ref.path[:n] {
		if v == nil {
			return nil, false, nil
		}
		if d, is := v.(*definition); is {
			if v, err = r.capture(d.body); err != nil {
				return nil, false, err
			}
		}
		if v, err = a.follow(r, v); err != nil {
			if errors.Is(err, ErrNoMethod) {
				return nil, false, nil
			}
			return nil, false, err
		}
	}
	return v, v != nil, nil
}

func (a access) follow(r *rendering, v any) (any, error) {
	switch {
	case a.index != nil:
		key, err := a.index.eval(r)
		if err != nil {
			return nil, err
		}
		return index(v, key)
	case !a.call:
		return property(r, v, a.name)
	}
	args := make([]any, len(a.args))
	for i, e := range a.args {
		var err error
		if args[i], err = e.eval(r); err != nil {
			return nil, err
		}
	}
	return call(r, v, a.name, args)
}

func index(v, key any) (any, error) {
	switch v := v.(type) {
	case *Map:
		return v.Get(key), nil
	case *List:
		i, ok := wholeOf(key)
		if s, is := key.(string); is && !ok {
			return nil, fmt.Errorf("no number: %q", clip(s))
		}
		if !ok {
			return nil, ErrNoMethod
		}
		if i < 0 {
			i += int64(len(v.Items))
		}
		return v.at(i)
	case Object:
		if name, is := key.(string); is {
			p, _ := v.Property(name)
			return p, nil
		}
	}
	if i, is := key.(int64); is && i < 0 && v != nil {
		return nil, fmt.Errorf("index %d of what is no list", i)
	}
	return nil, ErrNoMethod
}

func (l *List) at(i int64) (any, error) {
	if i < 0 || i >= int64(len(l.Items)) {
		return nil, fmt.Errorf("index %d of a list of %d", i, len(l.Items))
	}
	return l.Items[i], nil
}

// property is $v.name: a map's entry, an object's property, or what the getter
// without arguments says.
func property(r *rendering, v any, name string) (any, error) {
	switch v := v.(type) {
	case *Map:
		return v.Get(name), nil
	case Object:
		if p, ok := v.Property(name); ok {
			return p, nil
		}
	case Entry:
		switch name {
		case "key":
			return v.Key, nil
		case "value":
			return v.Value, nil
		}
	case *List, string:
		if name == "empty" {
			return call(r, v, "isEmpty", nil)
		}
		if s, is := v.(string); is && name == "blank" {
			return strings.TrimSpace(s) == "", nil
		}
	}
	return nil, ErrNoMethod
}

func (l literal) eval(*rendering) (any, error) { return l.value, nil }

func (i interpolated) eval(r *rendering) (any, error) { return r.capture(i.block) }

func (l listLiteral) eval(r *rendering) (any, error) {
	if err := r.step(1 + len(l)); err != nil {
		return nil, err
	}
	out := &List{Items: make([]any, len(l))}
	for i, e := range l {
		var err error
		if out.Items[i], err = e.eval(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l rangeLiteral) eval(r *rendering) (any, error) {
	from, err := l.from.eval(r)
	if err != nil {
		return nil, err
	}
	to, err := l.to.eval(r)
	if err != nil {
		return nil, err
	}
	a, ok := from.(int64)
	b, ok2 := to.(int64)
	if !ok || !ok2 {
		return nil, nil
	}
	by, n := int64(1), uint64(b-a)
	if a > b {
		by, n = -1, uint64(a-b)
	}
	if n >= uint64(r.limits.Steps) {
		return nil, fmt.Errorf("%w: a range of %d numbers", ErrLimit, n)
	}
	if err := r.step(int(n) + 1); err != nil {
		return nil, err
	}
	out := &List{}
	for i := range int64(n) + 1 {
		out.Items = append(out.Items, a+i*by)
	}
	return out, nil
}

func (m mapLiteral) eval(r *rendering) (any, error) {
	out := NewMap()
	for i := range m.keys {
		key, err := m.keys[i].eval(r)
		if err != nil {
			return nil, err
		}
		value, err := m.values[i].eval(r)
		if err != nil {
			return nil, err
		}
		out.Put(key, value)
	}
	return out, r.step(1 + len(m.keys))
}

func (u unary) eval(r *rendering) (any, error) {
	if u.op == '!' {
		is, err := holds(r, u.operand)
		return !is, err
	}
	v, err := u.operand.eval(r)
	if err != nil {
		return nil, err
	}
	return java.Negative(v), nil
}

// holds is what a condition makes of an expression: the truth of its value, but
// that of -x is x's, and ranges and what is calculated never hold.
func holds(r *rendering, e expr) (bool, error) {
	switch e := e.(type) {
	case rangeLiteral:
		return false, nil
	case unary:
		is, err := holds(r, e.operand)
		return is == (e.op == '-'), err
	case *binary:
		if strings.Contains("+-*/%", e.op) {
			return false, nil
		}
	}
	v, err := e.eval(r)
	return truth(v), err
}

func (b *binary) eval(r *rendering) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	if b.op == "||" || b.op == "&&" {
		is, err := holds(r, b.left)
		if err != nil || is == (b.op == "||") {
			return is, err
		}
		return holds(r, b.right)
	}
	left, err := b.left.eval(r)
	if err != nil {
		return nil, err
	}
	right, err := b.right.eval(r)
	if err != nil {
		return nil, err
	}
	v, err := b.apply(r, left, right)
	if err != nil {
		return nil, at(b.source, b.pos, err)
	}
	return v, nil
}

func (b *binary) apply(r *rendering, left, right any) (any, error) {
	switch b.op {
	case "==", "!=":
		same, err := equal(r, left, right)
		return same == (b.op == "=="), err
	case "<", ">", "<=", ">=":
		order, ok := java.Compare(left, right)
		return ok && (order < 0 && b.op[0] == '<' || order > 0 && b.op[0] == '>' || order == 0 && len(b.op) == 2), nil
	}
	_, l := left.(string)
	_, s := right.(string)
	if b.op == "+" && (l || s) {
		return b.concat(r, left, right)
	}
	if left == nil || right == nil {
		return nil, nil
	}
	if l || s {
		left, right = decimal(left), decimal(right)
		if f, is := java.Float(right); b.op == "%" && java.IsNumber(left) && is && f != 0 {
			return nil, errors.New("the remainder of a text")
		}
	}
	v, err := java.Calculate(b.op, left, right)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLimit, err)
	}
	return v, nil
}

// decimal is the text of a number as that number, never a whole one.
func decimal(v any) any {
	if s, is := v.(string); is {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	}
	return v
}

// concat joins texts; what is null is written as the reference to it.
func (b *binary) concat(r *rendering, left, right any) (any, error) {
	l, err := r.operandText(b.left, left)
	if err != nil {
		return nil, err
	}
	s, err := r.operandText(b.right, right)
	if err != nil {
		return nil, err
	}
	if len(l)+len(s) > r.limits.Output {
		return nil, fmt.Errorf("%w: a text of more than %d bytes", ErrLimit, r.limits.Output)
	}
	return l + s, r.step((len(l) + len(s)) / 64)
}

func (r *rendering) operandText(e expr, v any) (string, error) {
	if ref, is := e.(*reference); is && v == nil {
		return ref.literal, nil
	}
	return r.text(v)
}

// equal is Velocity's ==: numbers by their value, things of one kind as Java
// compares them, others by their texts.
func equal(r *rendering, left, right any) (bool, error) {
	if err := r.step(1); err != nil {
		return false, err
	}
	if left == nil || right == nil {
		return left == nil && right == nil, nil
	}
	if java.IsNumber(left) && java.IsNumber(right) {
		order, ok := java.Compare(left, right)
		return ok && order == 0, nil
	}
	switch l := left.(type) {
	case *List:
		if s, is := right.(*List); is {
			return equalLists(r, l, s)
		}
	case *Map:
		if s, is := right.(*Map); is {
			return equalMaps(r, l, s)
		}
	}
	l, err := r.text(left)
	if err != nil {
		return false, err
	}
	s, err := r.text(right)
	return l == s, err
}

func equalLists(r *rendering, a, b *List) (bool, error) {
	if a == b || len(a.Items) != len(b.Items) {
		return a == b, nil
	}
	return within(r, func() (bool, error) {
		for i := range a.Items {
			if same, err := equal(r, a.Items[i], b.Items[i]); !same {
				return false, err
			}
		}
		return true, nil
	})
}

func equalMaps(r *rendering, a, b *Map) (bool, error) {
	if a == b || a.Len() != b.Len() {
		return a == b, nil
	}
	return within(r, func() (bool, error) {
		for _, e := range a.entries {
			if same, err := equal(r, e.Value, b.Get(e.Key)); !same {
				return false, err
			}
		}
		return true, nil
	})
}

// within compares what two values hold, bounded in depth and work.
func within(r *rendering, compare func() (bool, error)) (bool, error) {
	r.nested++
	defer func() { r.nested-- }()
	if r.nested > 500 {
		return false, fmt.Errorf("%w: more than 500 levels of values", ErrLimit)
	}
	return compare()
}
