package expr

import (
	"maps"
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// A changer gets the value at a path, or ok is false where there is none, and
// returns what takes its place; keep is false where nothing does.
type changer func(v item.Value, ok bool) (new item.Value, keep bool, err error)

// change changes the value at a path in a map, which is the caller's own; what
// lies on the way is copied. An element that is removed from a list leaves a
// value of kind None, so that the others keep their places. With lax, an
// element that the list does not reach is no one's business.
func change(m item.Item, p Path, lax bool, f changer) error {
	name := p[0].Name
	v, ok := m[name]
	if p[0].Index >= 0 {
		return errBadPath
	}
	if len(p) > 1 {
		if !ok {
			return errBadPath
		}
		inner, err := changeIn(v, p[1:], lax, f)
		if err == nil {
			m[name] = inner
		}
		return err
	}
	v, keep, err := f(v, ok)
	switch {
	case err != nil:
		return err
	case keep:
		m[name] = v
	default:
		delete(m, name)
	}
	return nil
}

// changeIn changes the value at a path within v, and returns the new v.
func changeIn(v item.Value, p Path, lax bool, f changer) (item.Value, error) {
	if p[0].Index < 0 {
		if v.Kind != item.M {
			return v, errBadPath
		}
		v.Map = maps.Clone(v.Map)
		return v, change(v.Map, p, lax, f)
	}
	if v.Kind != item.L {
		return v, errBadPath
	}
	i := p[0].Index
	if len(p) > 1 {
		if i >= len(v.List) {
			return v, errBadPath
		}
		inner, err := changeIn(v.List[i], p[1:], lax, f)
		if err != nil {
			return v, err
		}
		v.List = slices.Clone(v.List)
		v.List[i] = inner
		return v, nil
	}
	if i >= len(v.List) {
		if lax {
			return v, nil
		}
		e, keep, err := f(item.Value{}, false)
		if err == nil && keep {
			v.List = append(slices.Clip(v.List), e)
		}
		return v, err
	}
	e, keep, err := f(v.List[i], true)
	if err != nil {
		return v, err
	}
	if !keep {
		e = item.Value{}
	}
	v.List = slices.Clone(v.List)
	v.List[i] = e
	return v, nil
}
