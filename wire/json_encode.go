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

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// appendObject writes a structure as JSON: members in the model's order, absent
// ones left out, required lists and maps always there. only, when not nil,
// chooses the members.
func appendObject(b []byte, o *schema.Object, v reflect.Value, only func(*schema.Field) bool) []byte {
	b = append(b, '{')
	first := true
	for i := range o.Fields {
		f := &o.Fields[i]
		val := v.Field(f.Index)
		if schema.Absent(val) && !f.MustWrite() || only != nil && !only(f) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.Quoted...)
		if f.Pointer {
			val = val.Elem()
		}
		b = appendJSON(b, f.Shape, val)
	}
	return append(b, '}')
}

func appendJSON(b []byte, s *schema.Shape, v reflect.Value) []byte {
	switch s.Kind {
	case schema.String:
		return appendString(b, v.String())
	case schema.Bool:
		return strconv.AppendBool(b, v.Bool())
	case schema.Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case schema.Float:
		return appendFloat(b, v.Float())
	case schema.Time:
		t := v.Interface().(Time)
		if s.Time == "" || s.Time == "unixTimestamp" {
			return t.appendSeconds(b)
		}
		return appendString(b, t.format(s.Time, ""))
	case schema.Blob:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case schema.Document:
		return append(b, v.Bytes()...)
	case schema.Structure:
		return appendObject(b, s.Object, v, nil)
	case schema.List:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, s.Elem, v.Index(i))
		}
		return append(b, ']')
	case schema.Map:
		b = append(b, '{')
		for i, k := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, k.String())
			b = append(b, ':')
			b = appendJSON(b, s.Elem, v.MapIndex(k))
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
