package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// cborDecoding reads any CBOR item into plain Go values: duplicate keys,
// invalid UTF-8, deep nesting and huge lengths are errors, indefinite lengths
// are accepted.
var cborDecoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels: maxDepth,
		TimeTagToAny:    cbor.TimeTagToTime,
		DefaultMapType:  reflect.TypeFor[map[string]any](),
		UTF8:            cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// decodeCBOR reads an rpcv2Cbor body, one map or nothing, into the structure v.
func decodeCBOR(body []byte, o *schema.Object, v reflect.Value) error {
	if len(body) == 0 {
		return nil
	}
	var item any
	if err := cborDecoding.Unmarshal(body, &item); err != nil {
		return malformed("%s", schema.Clip(err.Error()))
	}
	m, ok := item.(map[string]any)
	if !ok {
		return malformed("the body is no map")
	}
	return cborObject(m, o, v)
}

func cborObject(m map[string]any, o *schema.Object, v reflect.Value) error {
	for _, name := range sortedNames(m) {
		item := m[name]
		if item == nil {
			continue
		}
		f := o.ByName[name]
		if f == nil {
			return unknownMember(name)
		}
		dst := v.Field(f.Index)
		if f.Pointer {
			dst = reflect.New(f.Type).Elem()
		}
		if err := cborValue(item, f.Shape, dst); err != nil {
			return within(err, f.Label)
		}
		if f.Pointer {
			v.Field(f.Index).Set(dst.Addr())
		}
	}
	return nil
}

func cborValue(item any, s *schema.Shape, v reflect.Value) error {
	wrong := func() error { return malformed("%s cannot be converted to %s", cborName(item), s.Kind) }
	switch s.Kind {
	case schema.Structure:
		m, ok := item.(map[string]any)
		if !ok {
			return wrong()
		}
		return cborObject(m, s.Object, v)
	case schema.List:
		items, ok := item.([]any)
		if !ok {
			return wrong()
		}
		list := reflect.MakeSlice(s.Type, len(items), len(items))
		for i, x := range items {
			if err := cborValue(x, s.Elem, list.Index(i)); err != nil {
				return within(err, "member", strconv.Itoa(i+1))
			}
		}
		v.Set(list)
		return nil
	case schema.Map:
		entries, ok := item.(map[string]any)
		if !ok {
			return wrong()
		}
		m := reflect.MakeMapWithSize(s.Type, len(entries))
		for _, k := range sortedNames(entries) {
			elem := reflect.New(s.Elem.Type).Elem()
			if err := cborValue(entries[k], s.Elem, elem); err != nil {
				return within(err, schema.Clip(k))
			}
			m.SetMapIndex(reflect.ValueOf(k), elem)
		}
		v.Set(m)
		return nil
	}
	ok, err := cborScalar(item, s, v)
	if err != nil {
		return malformed("%v", err)
	}
	if !ok {
		return wrong()
	}
	return nil
}

// cborScalar sets a scalar, or says that the item is of another kind.
func cborScalar(item any, s *schema.Shape, v reflect.Value) (bool, error) {
	switch x := item.(type) {
	case string:
		if s.Kind == schema.String {
			v.SetString(x)
			return true, nil
		}
	case bool:
		if s.Kind == schema.Bool {
			v.SetBool(x)
			return true, nil
		}
	case []byte:
		if s.Kind == schema.Blob {
			v.SetBytes(x)
			return true, nil
		}
	case time.Time:
		if s.Kind == schema.Time {
			t, err := timeOfSeconds(float64(x.UnixMilli()) / 1000)
			v.Set(reflect.ValueOf(t))
			return true, err
		}
	case uint64, int64, float64, float32, big.Int:
		return cborNumber(x, s, v)
	}
	return false, nil
}

func cborNumber(item any, s *schema.Shape, v reflect.Value) (bool, error) {
	switch s.Kind {
	case schema.Int:
		n, err := integer(fmt.Sprint(item), s.Bits)
		if _, isFloat := item.(float64); isFloat {
			n, err = integer(strconv.FormatFloat(item.(float64), 'f', -1, 64), s.Bits)
		}
		v.SetInt(n)
		return true, err
	case schema.Float:
		f, err := strconv.ParseFloat(fmt.Sprint(item), 64)
		v.SetFloat(f)
		return true, err
	case schema.Time:
		f, err := strconv.ParseFloat(fmt.Sprint(item), 64)
		if err != nil {
			return true, err
		}
		t, err := timeOfSeconds(f)
		v.Set(reflect.ValueOf(t))
		return true, err
	}
	return false, nil
}

func cborName(item any) string {
	switch item.(type) {
	case nil:
		return "null"
	case string:
		return "a text string"
	case []byte:
		return "a byte string"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	case map[string]any:
		return "a map"
	case time.Time:
		return "a timestamp"
	}
	return "a number"
}

// appendCBORObject writes a structure as a map of definite length.
func appendCBORObject(b []byte, o *schema.Object, v reflect.Value) []byte {
	present := 0
	for i := range o.Fields {
		if f := &o.Fields[i]; !schema.Absent(v.Field(f.Index)) || f.MustWrite() {
			present++
		}
	}
	b = cborHead(b, 5, uint64(present))
	for i := range o.Fields {
		f := &o.Fields[i]
		val := v.Field(f.Index)
		if schema.Absent(val) && !f.MustWrite() {
			continue
		}
		if f.Pointer {
			val = val.Elem()
		}
		b = appendCBORText(b, f.Name)
		b = appendCBOR(b, f.Shape, val)
	}
	return b
}

func appendCBOR(b []byte, s *schema.Shape, v reflect.Value) []byte {
	switch s.Kind {
	case schema.String:
		return appendCBORText(b, v.String())
	case schema.Bool:
		if v.Bool() {
			return append(b, 0xF5)
		}
		return append(b, 0xF4)
	case schema.Int:
		if n := v.Int(); n < 0 {
			return cborHead(b, 1, uint64(-(n + 1)))
		}
		return cborHead(b, 0, uint64(v.Int()))
	case schema.Float:
		return binary.BigEndian.AppendUint64(append(b, 0xFB), math.Float64bits(v.Float()))
	case schema.Time:
		b = append(b, 0xC1)
		ms := v.Interface().(Time).UnixMilli()
		return binary.BigEndian.AppendUint64(append(b, 0xFB), math.Float64bits(float64(ms)/1000))
	case schema.Blob, schema.Document:
		b = cborHead(b, 2, uint64(v.Len()))
		return append(b, v.Bytes()...)
	case schema.Structure:
		return appendCBORObject(b, s.Object, v)
	case schema.List:
		b = cborHead(b, 4, uint64(v.Len()))
		for i := range v.Len() {
			b = appendCBOR(b, s.Elem, v.Index(i))
		}
		return b
	case schema.Map:
		b = cborHead(b, 5, uint64(v.Len()))
		for _, k := range sortedKeys(v) {
			b = appendCBORText(b, k.String())
			b = appendCBOR(b, s.Elem, v.MapIndex(k))
		}
		return b
	}
	return append(b, 0xF6)
}

func appendCBORText(b []byte, s string) []byte {
	return append(cborHead(b, 3, uint64(len(s))), s...)
}

// cborHead writes an item's type and its count in the shortest form.
func cborHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

// cborError is the error as a map: __type, message, and its own members.
func (c *call) cborError(e *Error, name string) []byte {
	if c.s.TypeNamespace != "" {
		name = c.s.TypeNamespace + "#" + name
	}
	var own []byte
	n := uint64(2)
	if o, v := detail(e); o != nil {
		for i := range o.Fields {
			f := &o.Fields[i]
			val := v.Field(f.Index)
			if schema.Absent(val) {
				continue
			}
			if f.Pointer {
				val = val.Elem()
			}
			own = appendCBOR(appendCBORText(own, f.Name), f.Shape, val)
			n++
		}
	}
	b := cborHead(nil, 5, n)
	b = appendCBORText(appendCBORText(b, "__type"), name)
	b = appendCBORText(appendCBORText(b, "message"), e.Message)
	return append(b, own...)
}
