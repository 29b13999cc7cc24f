// Package patch applies the patch operations of API Gateway's Update… operations
// (API reference, page patch-operations) to Go structures:
//
//	{op: replace, path: /methodSettings/~1orders~1GET/throttling…, value: "5"} ──► a field, a map's value, a list's item
//
// A path names members as they are on the wire; in a segment ~1 stands for a
// slash and ~0 for a tilde. What is wrong is an error with API Gateway's code
// and words, and the structure may then be changed in part: callers apply
// operations to a copy.
package patch

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// Operation is one change.
type Operation struct{ Op, Path, Value *string }

// The operations there are.
const (
	add     = "add"
	replace = "replace"
	remove  = "remove"
)

func bad(format string, args ...any) error {
	return wire.Errorf("BadRequestException", format, args...)
}

// Apply applies operations to the structure that target points to. allowed lists
// the first segments that paths may have.
func Apply(target any, operations []Operation, allowed ...string) error {
	for _, op := range operations {
		if op.Op == nil || op.Path == nil {
			return bad("Invalid patch operation specified: op and path are needed")
		}
		path := Segments(*op.Path)
		if len(path) == 0 || !slices.Contains(allowed, path[0]) {
			return invalidPath(op, allowed)
		}
		switch *op.Op {
		case add, replace, remove:
		default:
			return bad("Invalid patch operation specified. Must be one of: [add, remove, replace]")
		}
		if err := patchAt(reflect.ValueOf(target).Elem(), path, op); err != nil {
			return err
		}
	}
	return nil
}

func invalidPath(op Operation, allowed []string) error {
	paths := make([]string, len(allowed))
	for i, a := range allowed {
		paths[i] = "/" + a
	}
	return bad("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", *op.Path, *op.Op, strings.Join(paths, ", "))
}

// Segments takes a path apart.
func Segments(path string) []string {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

func patchAt(v reflect.Value, path []string, op Operation) error {
	gone := *op.Op == remove
	switch v.Kind() {
	case reflect.Pointer:
		if len(path) == 0 && gone {
			v.SetZero()
			return nil
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return patchAt(v.Elem(), path, op)
	case reflect.Struct:
		if len(path) == 0 {
			return bad("Invalid patch path specified: %s names more than one value", *op.Path)
		}
		f, ok := member(v, path[0])
		if !ok {
			return bad("Invalid patch path specified: %s", *op.Path)
		}
		return patchAt(f, path[1:], op)
	case reflect.Map:
		return patchMap(v, path, op)
	case reflect.Slice:
		return patchList(v, path, op)
	}
	if len(path) > 0 {
		return bad("Invalid patch path specified: %s", *op.Path)
	}
	if gone {
		v.SetZero()
		return nil
	}
	return setScalar(v, op)
}

// member finds a structure's field by its name on the wire.
func member(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("wire"), ",")
		if tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func patchMap(v reflect.Value, path []string, op Operation) error {
	if len(path) == 0 {
		if *op.Op != remove {
			return bad("Invalid patch path specified: %s", *op.Path)
		}
		v.SetZero()
		return nil
	}
	key := reflect.ValueOf(path[0])
	if *op.Op == remove && len(path) == 1 {
		if v.MapIndex(key).IsValid() {
			v.SetMapIndex(key, reflect.Value{})
		}
		return nil
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	item := reflect.New(v.Type().Elem()).Elem()
	if old := v.MapIndex(key); old.IsValid() {
		item.Set(old)
	}
	if err := patchAt(item, path[1:], op); err != nil {
		return err
	}
	v.SetMapIndex(key, item)
	return nil
}

// patchList adds and removes the values of a list of strings: the value is in
// the path, or at an index of it.
func patchList(v reflect.Value, path []string, op Operation) error {
	list, is := v.Interface().([]string)
	if !is || len(path) > 1 {
		return bad("Invalid patch path specified: %s", *op.Path)
	}
	value := wire.Value(op.Value)
	at := -1
	if len(path) == 1 {
		if n, err := strconv.Atoi(path[0]); err == nil && n >= 0 && n < len(list) {
			at = n
		} else if value == "" {
			value = path[0]
		}
	}
	list = slices.Clone(list)
	switch {
	case *op.Op == remove:
		if len(path) == 1 && at < 0 {
			at = slices.Index(list, path[0])
		} else if at < 0 {
			at = slices.Index(list, value)
		}
		if at >= 0 {
			list = slices.Delete(list, at, at+1)
		}
	case *op.Op == replace && at >= 0:
		list[at] = value
	case *op.Op == replace && len(path) == 1 && slices.Contains(list, path[0]):
		list[slices.Index(list, path[0])] = value
	case !slices.Contains(list, value):
		list = append(list, value)
	}
	v.Set(reflect.ValueOf(list))
	return nil
}

func setScalar(v reflect.Value, op Operation) error {
	if op.Value == nil {
		return bad("Invalid patch operation specified: %s of %s needs a value", *op.Op, *op.Path)
	}
	text := *op.Value
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(strings.ToLower(text))
		v.SetBool(b)
	case reflect.Int32:
		var n int64
		n, err = strconv.ParseInt(text, 10, 32)
		v.SetInt(n)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		v.SetFloat(f)
	default:
		return bad("Invalid patch path specified: %s", *op.Path)
	}
	if err != nil {
		return bad("Invalid patch value '%s' specified for %s", text, *op.Path)
	}
	return nil
}
