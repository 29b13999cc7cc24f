package vtl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds objects and arrays within each other.
const maxJSONDepth = 200

// DecodeJSON reads JSON into the values of templates: objects as maps that keep
// the order of their members, arrays as lists whose text is JSON. Of members
// with one name the last counts.
func DecodeJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind the JSON value")
	}
	return v, nil
}

func decode(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		return parseNumber(string(t)), nil
	case json.Delim:
		if depth == maxJSONDepth {
			return nil, fmt.Errorf("%w: JSON of more than %d levels", ErrLimit, maxJSONDepth)
		}
		if t == '[' {
			return decodeList(d, depth)
		}
		return decodeMap(d, depth)
	}
	return token, nil
}

func decodeList(d *json.Decoder, depth int) (any, error) {
	l := &List{JSON: true, Items: []any{}}
	for d.More() {
		v, err := decode(d, depth+1)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	_, err := d.Token()
	return l, err
}

func decodeMap(d *json.Decoder, depth int) (any, error) {
	m := NewMap()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decode(d, depth+1)
		if err != nil {
			return nil, err
		}
		m.Put(key, v)
	}
	_, err := d.Token()
	return m, err
}

// EncodeJSON writes a value as JSON without white space.
func EncodeJSON(v any) (string, error) {
	b := encoder{bounded{left: 10 << 20}}
	err := b.value(v)
	return b.b.String(), err
}

// encoder writes JSON; it differs from the text of lists in that slashes stay.
type encoder struct{ bounded }

func (e *encoder) value(v any) error {
	if e.depth++; e.depth > 500 {
		return fmt.Errorf("%w: a value that holds itself, or more than 500 levels of values", ErrLimit)
	}
	defer func() { e.depth-- }()
	switch v := v.(type) {
	case string:
		return e.write(quote(v, false))
	case *List:
		return e.items(len(v.Items), '[', ']', func(i int) error { return e.value(v.Items[i]) })
	case *Map:
		return e.items(len(v.entries), '{', '}', func(i int) error {
			if err := e.write(quote(textOf(v.entries[i].Key), false) + ":"); err != nil {
				return err
			}
			return e.value(v.entries[i].Value)
		})
	case nil, bool, int64, float64:
		return e.bounded.value(v, false)
	}
	if isNumber(v) {
		return e.bounded.value(v, false)
	}
	return e.write(quote(textOf(v), false))
}

func (e *encoder) items(n int, opening, closing byte, item func(int) error) error {
	if err := e.write(string(opening)); err != nil {
		return err
	}
	for i := range n {
		if i > 0 {
			if err := e.write(","); err != nil {
				return err
			}
		}
		if err := item(i); err != nil {
			return err
		}
	}
	return e.write(string(closing))
}

const hexDigits = "0123456789ABCDEF"

func appendUnicode(b []byte, c uint16) []byte {
	return append(b, '\\', 'u', hexDigits[c>>12], hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
}

// quote writes a JSON string as json-smart does.
func quote(s string, slashes bool) string {
	b := make([]byte, 1, len(s)+2)
	b[0] = '"'
	for _, c := range s {
		switch {
		case c == '"', c == '\\', c == '/' && slashes:
			b = append(b, '\\', byte(c))
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20, c >= 0x7F && c <= 0x9F, c >= 0x2000 && c <= 0x20FF:
			b = appendUnicode(b, uint16(c))
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return string(append(b, '"'))
}

// EscapeJavaScript is the escapeEcmaScript of Apache Commons: quotation marks,
// backslashes, slashes, control characters and all beyond ASCII.
func EscapeJavaScript(s string) string {
	var b []byte
	for _, c := range s {
		switch {
		case c == '"', c == '\'', c == '\\', c == '/':
			b = append(b, '\\', byte(c))
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c >= 0x20 && c <= 0x7F:
			b = append(b, byte(c))
		case c > 0xFFFF:
			high, low := utf16.EncodeRune(c)
			b = appendUnicode(appendUnicode(b, uint16(high)), uint16(low))
		default:
			b = appendUnicode(b, uint16(c))
		}
	}
	return string(b)
}
