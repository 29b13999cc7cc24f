package vtl

import (
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/vtl/java"
)

// maxItems bounds lists and maps, so that templates cannot hold more memory than
// their steps pay for.
const maxItems = 1_000_000

func callList(r *rendering, l *List, name string, args arguments) (any, error) {
	switch len(args) {
	case 0:
		return listAlone(r, l, name)
	case 1:
		return listWith(r, l, name, args[0])
	case 2:
		i, ok := args.number(0)
		if !ok {
			break
		}
		switch name {
		case "add":
			if i < 0 || i > len(l.Items) {
				return nil, fmt.Errorf("index %d of a list of %d", i, len(l.Items))
			}
			l.Items = slices.Insert(l.Items, i, args[1])
			return nil, r.step(1 + len(l.Items)/64)
		case "set":
			old, err := l.at(int64(i))
			if err == nil {
				l.Items[i] = args[1]
			}
			return old, err
		case "subList":
			to, ok := args.number(1)
			if !ok {
				break
			}
			if i < 0 || to > len(l.Items) || i > to {
				return nil, fmt.Errorf("items %d to %d of a list of %d", i, to, len(l.Items))
			}
			return &List{Items: slices.Clone(l.Items[i:to])}, r.step(to - i)
		}
	}
	return callAny(r, l, name, args)
}

func listAlone(r *rendering, l *List, name string) (any, error) {
	switch name {
	case "size":
		return int64(len(l.Items)), nil
	case "isEmpty":
		return len(l.Items) == 0, nil
	case "clear":
		l.Items = nil
		return nil, nil
	case "toArray", "clone":
		return &List{Items: slices.Clone(l.Items), JSON: l.JSON}, r.step(len(l.Items))
	}
	return callAny(r, l, name, nil)
}

func listWith(r *rendering, l *List, name string, arg any) (any, error) {
	switch name {
	case "get":
		if i, is := wholeOf(arg); is {
			return l.at(i)
		}
		if s, is := arg.(string); is {
			return nil, fmt.Errorf("no number: %q", clip(s))
		}
		return nil, ErrNoMethod
	case "add":
		l.Items = append(l.Items, arg)
		return true, nil
	case "addAll", "containsAll":
		return listAll(r, l, name, arg)
	case "remove":
		return remove(r, l, arg)
	case "contains", "indexOf":
		i, err := find(r, l, arg)
		if name == "contains" {
			return i >= 0, err
		}
		return int64(i), err
	case "lastIndexOf":
		for i := len(l.Items) - 1; i >= 0; i-- {
			if same, err := equal(r, l.Items[i], arg); same || err != nil {
				return int64(i), err
			}
		}
		return int64(-1), nil
	}
	return callAny(r, l, name, arguments{arg})
}

func find(r *rendering, l *List, v any) (int, error) {
	for i, item := range l.Items {
		if java.IsNumber(item) != java.IsNumber(v) {
			continue
		}
		if same, err := equal(r, item, v); same || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func remove(r *rendering, l *List, arg any) (any, error) {
	if i, is := arg.(int64); is {
		old, err := l.at(i)
		if err == nil {
			l.Items = slices.Delete(l.Items, int(i), int(i)+1)
		}
		return old, err
	}
	i, err := find(r, l, arg)
	if i >= 0 && err == nil {
		l.Items = slices.Delete(l.Items, i, i+1)
	}
	return i >= 0, err
}

func listAll(r *rendering, l *List, name string, arg any) (any, error) {
	other, is := arg.(*List)
	if !is {
		return nil, ErrNoMethod
	}
	if name == "addAll" {
		if err := r.step(len(other.Items)); err != nil {
			return nil, err
		}
		if len(l.Items)+len(other.Items) > maxItems {
			return nil, fmt.Errorf("%w: a list of more than %d items", ErrLimit, maxItems)
		}
		l.Items = append(l.Items, slices.Clone(other.Items)...)
		return len(other.Items) > 0, nil
	}
	if name == "containsAll" {
		for _, v := range other.Items {
			if i, err := find(r, l, v); i < 0 || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	return nil, ErrNoMethod
}

func callMap(r *rendering, m *Map, name string, args arguments) (any, error) {
	switch len(args) {
	case 0:
		return mapAlone(r, m, name)
	case 1:
		return mapWith(r, m, name, args[0])
	case 2:
		switch name {
		case "put":
			return m.Put(args[0], args[1]), nil
		case "getOrDefault":
			if v, ok := m.Lookup(args[0]); ok {
				return v, nil
			}
			return args[1], nil
		case "putIfAbsent":
			if v := m.Get(args[0]); v != nil {
				return v, nil
			}
			return m.Put(args[0], args[1]), nil
		case "replace":
			if _, ok := m.Lookup(args[0]); !ok {
				return nil, nil
			}
			return m.Put(args[0], args[1]), nil
		}
	}
	return callAny(r, m, name, args)
}

func mapAlone(r *rendering, m *Map, name string) (any, error) {
	switch name {
	case "size":
		return int64(m.Len()), nil
	case "isEmpty":
		return m.Len() == 0, nil
	case "clear":
		*m = Map{}
		return nil, nil
	case "keySet", "values", "entrySet":
		l := &List{Items: make([]any, m.Len())}
		for i, e := range m.entries {
			switch name {
			case "keySet":
				l.Items[i] = e.Key
			case "values":
				l.Items[i] = e.Value
			default:
				l.Items[i] = e
			}
		}
		return l, r.step(m.Len())
	}
	return callAny(r, m, name, nil)
}

func mapWith(r *rendering, m *Map, name string, arg any) (any, error) {
	switch name {
	case "get":
		return m.Get(arg), nil
	case "containsKey":
		_, ok := m.Lookup(arg)
		return ok, nil
	case "containsValue":
		for _, e := range m.entries {
			if same, err := equal(r, e.Value, arg); same || err != nil {
				return same, err
			}
		}
		return false, nil
	case "remove":
		return m.Remove(arg), r.step(m.Len() / 8)
	case "putAll":
		other, is := arg.(*Map)
		if !is {
			return nil, ErrNoMethod
		}
		for _, e := range slices.Clone(other.entries) {
			m.Put(e.Key, e.Value)
		}
		return nil, r.step(other.Len())
	}
	return callAny(r, m, name, arguments{arg})
}
