package wire

import (
	"encoding/base64"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// appendObject writes a structure as JSON: members in the model's order, absent
// ones left out, required lists and maps always there. only, when not nil,
// chooses the members.
func appendObject(b []byte, o *object, v reflect.Value, only func(*field) bool) []byte {
	b = append(b, '{')
	first := true
	for i := range o.fields {
		f := &o.fields[i]
		val := v.Field(f.index)
		if absent(val) && !f.mustWrite() || only != nil && !only(f) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.quoted...)
		if f.pointer {
			val = val.Elem()
		}
		b = appendJSON(b, f.shape, val)
	}
	return append(b, '}')
}

// mustWrite says whether an answer carries the member even when it is nil.
func (f *field) mustWrite() bool {
	return f.required && (f.kind == listKind || f.kind == mapKind)
}

func (f *field) inTheBody() bool { return f.in == inBody }

func appendJSON(b []byte, s *shape, v reflect.Value) []byte {
	switch s.kind {
	case stringKind:
		return appendString(b, v.String())
	case boolKind:
		return strconv.AppendBool(b, v.Bool())
	case intKind:
		return strconv.AppendInt(b, v.Int(), 10)
	case floatKind:
		return appendFloat(b, v.Float())
	case timeKind:
		t := v.Interface().(Time)
		if s.time == "" || s.time == "unixTimestamp" {
			return t.appendSeconds(b)
		}
		return appendString(b, t.format(s.time, ""))
	case blobKind:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case documentKind:
		return append(b, v.Bytes()...)
	case structKind:
		return appendObject(b, s.object, v, nil)
	case listKind:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, s.elem, v.Index(i))
		}
		return append(b, ']')
	case mapKind:
		b = append(b, '{')
		for i, k := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, k.String())
			b = append(b, ':')
			b = appendJSON(b, s.elem, v.MapIndex(k))
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendString writes a JSON string; what is no UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// sortedKeys orders a map's keys, so that the same answer is the same bytes.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
