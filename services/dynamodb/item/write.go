package item

import (
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends the item's JSON form: names in order, no white space.
func (it Item) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	var room [24]string
	names := room[:0]
	for name := range it {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, name)
		b = append(b, ':')
		b = it[name].AppendJSON(b)
	}
	return append(b, '}')
}

// AppendJSON appends the value's JSON form.
func (v Value) AppendJSON(b []byte) []byte {
	b = append(b, '{', '"')
	b = append(b, kindNames[v.Kind]...)
	b = append(b, '"', ':')
	switch v.Kind {
	case M:
		b = v.Map.AppendJSON(b)
	case L:
		b = append(b, '[')
		for i, e := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.AppendJSON(b)
		}
		b = append(b, ']')
	case SS, NS, BS:
		b = append(b, '[')
		for i, e := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendScalar(b)
		}
		b = append(b, ']')
	case Null, Bool:
		b = strconv.AppendBool(b, v.Bool)
	default:
		b = v.appendScalar(b)
	}
	return append(b, '}')
}

func (v Value) appendScalar(b []byte) []byte {
	switch v.Kind {
	case N:
		b = append(b, '"')
		b = append(b, v.Text...)
		return append(b, '"')
	case B:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, []byte(v.Text))
		return append(b, '"')
	}
	return appendText(b, v.Text)
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			b, _ = jsontext.AppendQuote(b, s)
			return b
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
