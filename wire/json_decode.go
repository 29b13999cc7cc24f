package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// maxDepth bounds how deep an input may nest, in every protocol.
const maxDepth = 512

// decodeError is an input that cannot be read; path grows on the way out.
type decodeError struct {
	code string // "" is SerializationException
	path []string
	text string
}

func (e *decodeError) Error() string {
	if len(e.path) == 0 {
		return e.text
	}
	var b strings.Builder
	for i := len(e.path) - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(e.path[i])
	}
	return e.text + " at '" + b.String() + "'"
}

// within adds where in the input a decodeError arose.
func within(err error, where ...string) error {
	if d, ok := errors.AsType[*decodeError](err); ok {
		d.path = append(d.path, where...)
	}
	return err
}

func malformed(format string, args ...any) error {
	return &decodeError{text: fmt.Sprintf(format, args...)}
}

// unknownMember refuses a member that the model has not.
func unknownMember(name string) error {
	return &decodeError{code: CodeValidation, text: "Unknown member '" + schema.Clip(name) + "'"}
}

// jsonReader reads a JSON text into planned types. Names must be unique and
// strings valid UTF-8; numbers must fit their type; null is absent.
type jsonReader struct {
	dec jsontext.Decoder
	buf bytes.Buffer
}

var jsonReaders = sync.Pool{New: func() any { return new(jsonReader) }}

// decodeJSON reads body, which must be one object, or nothing at all, into the
// structure v.
func decodeJSON(body []byte, o *schema.Object, v reflect.Value) error {
	return readJSON(body, func(r *jsonReader) error {
		if r.dec.PeekKind() != '{' {
			return r.unexpected("Structure")
		}
		return r.object(o, v)
	})
}

// readJSON runs read over body and sees to it that nothing follows.
func readJSON(body []byte, read func(*jsonReader) error) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	r := jsonReaders.Get().(*jsonReader)
	r.buf = *bytes.NewBuffer(body)
	r.dec.Reset(&r.buf)
	err := read(r)
	if err == nil {
		if _, end := r.dec.ReadToken(); end == nil {
			err = malformed("a second value follows the input at offset %d", r.dec.InputOffset())
		} else if !errors.Is(end, io.EOF) {
			err = syntax(end)
		}
	}
	r.buf = bytes.Buffer{}
	r.dec.Reset(&r.buf)
	jsonReaders.Put(r)
	return err
}

// syntax turns an error of the JSON decoder into ours.
func syntax(err error) error {
	if d, ok := errors.AsType[*decodeError](err); ok {
		return d
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return malformed("the JSON ends too early")
	}
	return malformed("%s", schema.Clip(strings.TrimPrefix(err.Error(), "jsontext: ")))
}

// unexpected says that the next value is not of the wanted kind.
func (r *jsonReader) unexpected(want string) error {
	k := r.dec.PeekKind()
	name := map[jsontext.Kind]string{'{': "START_OBJECT", '[': "START_ARRAY", '"': "STRING_VALUE", '0': "NUMBER_VALUE", 't': "TRUE_VALUE", 'f': "FALSE_VALUE", 'n': "NULL_VALUE"}[k]
	if name == "" {
		_, err := r.dec.ReadToken()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return syntax(err)
	}
	return malformed("%s cannot be converted to %s (offset %d)", name, want, r.dec.InputOffset())
}

func (r *jsonReader) object(o *schema.Object, v reflect.Value) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	if r.dec.StackDepth() > maxDepth {
		return malformed("the input nests deeper than %d", maxDepth)
	}
	for r.dec.PeekKind() != '}' {
		raw, err := r.dec.ReadValue()
		if err != nil {
			return syntax(err)
		}
		f := o.ByName[string(raw[1:len(raw)-1])]
		if f == nil || f.In != schema.InBody {
			name, _ := jsontext.AppendUnquote(nil, raw)
			if f = o.ByName[string(name)]; f == nil || f.In != schema.InBody {
				if err := r.unknown(string(name)); err != nil {
					return err
				}
				continue
			}
		}
		if r.dec.PeekKind() == 'n' {
			if _, err := r.dec.ReadToken(); err != nil {
				return syntax(err)
			}
			continue
		}
		if err := r.member(f, v.Field(f.Index)); err != nil {
			return within(err, f.Label)
		}
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	return nil
}

// unknown passes over a null and refuses everything else; "__type" is a hint
// that some clients send.
func (r *jsonReader) unknown(name string) error {
	switch {
	case r.dec.PeekKind() == 'n', name == "__type" && r.dec.PeekKind() == '"':
		_, err := r.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		return nil
	case r.dec.PeekKind() == 0:
		return r.unexpected("")
	}
	return unknownMember(name)
}

// member reads a member that is not null.
func (r *jsonReader) member(f *schema.Field, v reflect.Value) error {
	if !f.Pointer {
		return r.value(f.Shape, v)
	}
	if f.Kind == schema.String {
		s, err := r.text()
		if err != nil {
			return err
		}
		*v.Addr().Interface().(**string) = &s
		return nil
	}
	p := reflect.New(f.Type)
	if err := r.value(f.Shape, p.Elem()); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (r *jsonReader) text() (string, error) {
	if r.dec.PeekKind() != '"' {
		return "", r.unexpected("String")
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		return "", syntax(err)
	}
	return t.String(), nil
}

func (r *jsonReader) value(s *schema.Shape, v reflect.Value) error {
	k := r.dec.PeekKind()
	switch s.Kind {
	case schema.String:
		text, err := r.text()
		v.SetString(text)
		return err
	case schema.Structure:
		if k != '{' {
			return r.unexpected("Structure")
		}
		return r.object(s.Object, v)
	case schema.List:
		return r.list(s, v)
	case schema.Map:
		return r.entries(s, v)
	case schema.Bool:
		if k != 't' && k != 'f' {
			return r.unexpected("Boolean")
		}
		t, err := r.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		v.SetBool(t.Bool())
		return nil
	}
	return r.scalar(s, v, k)
}

// scalar reads numbers, timestamps, blobs and documents.
func (r *jsonReader) scalar(s *schema.Shape, v reflect.Value, k jsontext.Kind) error {
	if s.Kind == schema.Int && k != '0' || k != '0' && k != '"' && s.Kind != schema.Document {
		return r.unexpected(s.Kind.String())
	}
	offset := r.dec.InputOffset()
	raw, err := r.dec.ReadValue()
	if err != nil {
		return syntax(err)
	}
	if s.Kind == schema.Document {
		if Deeper(raw, maxDepth) {
			return malformed("the input nests deeper than %d", maxDepth)
		}
		v.SetBytes(bytes.Clone(raw))
		return nil
	}
	text := string(raw)
	if k == '"' {
		unquoted, _ := jsontext.AppendUnquote(nil, raw)
		text = string(unquoted)
	}
	if err := setScalar(s, v, text, k == '"'); err != nil {
		return malformed("%v (offset %d)", err, offset)
	}
	return nil
}

// setScalar sets a number, timestamp or blob from its JSON text.
func setScalar(s *schema.Shape, v reflect.Value, text string, quoted bool) error {
	switch s.Kind {
	case schema.Int:
		n, err := integer(text, s.Bits)
		v.SetInt(n)
		return err
	case schema.Float:
		if quoted && text != "NaN" && text != "Infinity" && text != "-Infinity" {
			return errors.New("STRING_VALUE cannot be converted to Float")
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("the number does not fit a Float")
		}
		v.SetFloat(f)
	case schema.Time:
		t, err := timeOf(text, quoted)
		if err != nil {
			return errors.New("the value is no timestamp")
		}
		*v.Addr().Interface().(*Time) = t
	case schema.Blob:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !quoted {
			return errors.New("the value is not base64")
		}
		v.SetBytes(b)
	}
	return nil
}

// integer reads a JSON number that has no fraction, in whatever form.
func integer(text string, bits int) (int64, error) {
	n, err := strconv.ParseInt(text, 10, bits)
	if err == nil {
		return n, nil
	}
	f, ferr := strconv.ParseFloat(text, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), ferr != nil, math.Abs(f) >= math.Ldexp(1, bits-1):
		return 0, fmt.Errorf("the number does not fit an Integer of %d bits", bits)
	case f != math.Trunc(f):
		return 0, errors.New("a number with a fraction cannot be converted to Integer")
	}
	return int64(f), nil
}

func (r *jsonReader) list(s *schema.Shape, v reflect.Value) error {
	if r.dec.PeekKind() != '[' {
		return r.unexpected("List")
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	if r.dec.StackDepth() > maxDepth {
		return malformed("the input nests deeper than %d", maxDepth)
	}
	v.Set(s.Empty)
	for i := 0; r.dec.PeekKind() != ']'; i++ {
		v.Grow(1)
		v.SetLen(i + 1)
		if err := r.value(s.Elem, v.Index(i)); err != nil {
			return within(err, "member", strconv.Itoa(i+1))
		}
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	return nil
}

func (r *jsonReader) entries(s *schema.Shape, v reflect.Value) error {
	if r.dec.PeekKind() != '{' {
		return r.unexpected("Map")
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	if r.dec.StackDepth() > maxDepth {
		return malformed("the input nests deeper than %d", maxDepth)
	}
	m := reflect.MakeMap(s.Type)
	for r.dec.PeekKind() != '}' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		key := name.String()
		elem := reflect.New(s.Elem.Type).Elem()
		if err := r.value(s.Elem, elem); err != nil {
			return within(err, schema.Clip(key))
		}
		m.SetMapIndex(reflect.ValueOf(key).Convert(s.Type.Key()), elem)
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return syntax(err)
	}
	v.Set(m)
	return nil
}
