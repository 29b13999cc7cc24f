package vtl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/signalbox/signalbox/vtl/java"
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
		return java.ParseNumber(string(t)), nil
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

// EncodeJSON writes a value as JSON without white space. It differs from the
// text of lists in that slashes stay.
func EncodeJSON(v any) (string, error) {
	b := bounded{left: 10 << 20, slashes: true}
	err := b.value(v, true)
	return b.b.String(), err
}
