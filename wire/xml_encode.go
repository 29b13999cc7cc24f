package wire

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// appendResponse writes a query answer: the result, wrapped in elements named
// for the operation, and the request id.
func (c *call) appendResponse(b []byte, op *Operation, o *schema.Object, v reflect.Value) []byte {
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`...)
	b = append(b, '\n')
	b = c.openRoot(b, op.Name+"Response")
	if !op.Route.NoOutput {
		wrapper := op.Route.Wrapper
		if wrapper == "" {
			wrapper = op.Name + "Result"
		}
		b = open(b, wrapper)
		b = appendMembers(b, o, v)
		b = closeTag(b, wrapper)
	}
	b = append(b, `<ResponseMetadata><RequestId>`...)
	b = appendText(b, c.req.RequestID)
	b = append(b, `</RequestId></ResponseMetadata>`...)
	return closeTag(b, op.Name+"Response")
}

// queryError writes an error as the query protocol has it.
func (c *call) queryError(e *Error, code string, receiver bool) []byte {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	b = c.openRoot(b, "ErrorResponse")
	b = append(b, "<Error><Type>"+fault(receiver)+"</Type>"...)
	b = c.errorMembers(b, e, code)
	b = append(b, "</Error><RequestId>"...)
	b = appendText(b, c.req.RequestID)
	return append(b, "</RequestId></ErrorResponse>"...)
}

func (c *call) errorMembers(b []byte, e *Error, code string) []byte {
	b = element(b, "Code", code)
	b = element(b, "Message", e.Message)
	if o, v := detail(e); o != nil {
		b = appendMembers(b, o, v)
	}
	return b
}

// openRoot opens a root element with the service's namespace.
func (c *call) openRoot(b []byte, name string) []byte {
	b = append(append(b, '<'), name...)
	if c.s.XMLNamespace != "" {
		b = append(b, ` xmlns="`...)
		b = appendText(b, c.s.XMLNamespace)
		b = append(b, '"')
	}
	return append(b, '>')
}

// appendMembers writes the present members of a structure as elements.
func appendMembers(b []byte, o *schema.Object, v reflect.Value) []byte {
	for i := range o.Fields {
		f := &o.Fields[i]
		val := v.Field(f.Index)
		if f.In != schema.InBody || f.Attr || schema.Absent(val) {
			continue
		}
		if f.Pointer {
			val = val.Elem()
		}
		b = appendElement(b, f.Query, f.Shape, val)
	}
	return b
}

// appendElement writes a value under its name; a flattened list or map is one
// element for each entry.
func appendElement(b []byte, name string, s *schema.Shape, v reflect.Value) []byte {
	switch s.Kind {
	case schema.List:
		inner := s.XML.Elem
		if s.XML.Flat {
			inner = name
		} else {
			b = open(b, name)
		}
		for i := range v.Len() {
			b = appendElement(b, inner, s.Elem, v.Index(i))
		}
		if !s.XML.Flat {
			b = closeTag(b, name)
		}
		return b
	case schema.Map:
		inner := "entry"
		if s.XML.Flat {
			inner = name
		} else {
			b = open(b, name)
		}
		for _, k := range sortedKeys(v) {
			b = open(b, inner)
			b = element(b, s.XML.Key, k.String())
			b = appendElement(b, s.XML.Value, s.Elem, v.MapIndex(k))
			b = closeTag(b, inner)
		}
		if !s.XML.Flat {
			b = closeTag(b, name)
		}
		return b
	case schema.Structure:
		b = append(append(b, '<'), name...)
		b = appendAttributes(b, s.Object, v)
		b = append(b, '>')
		b = appendMembers(b, s.Object, v)
		return closeTag(b, name)
	}
	b = open(b, name)
	b = appendText(b, scalarText(s, v, "iso8601"))
	return closeTag(b, name)
}

// appendAttributes writes the members that are attributes of their element.
func appendAttributes(b []byte, o *schema.Object, v reflect.Value) []byte {
	for i := range o.Fields {
		f := &o.Fields[i]
		val := v.Field(f.Index)
		if !f.Attr || schema.Absent(val) {
			continue
		}
		if f.Pointer {
			val = val.Elem()
		}
		b = append(append(append(b, ' '), f.Query...), `="`...)
		b = appendText(b, scalarText(f.Shape, val, "iso8601"))
		b = append(b, '"')
	}
	return b
}

// scalarText prints a scalar; timestamps in their own format or in standard.
func scalarText(s *schema.Shape, v reflect.Value, standard string) string {
	switch s.Kind {
	case schema.String:
		return v.String()
	case schema.Bool:
		return strconv.FormatBool(v.Bool())
	case schema.Int:
		return strconv.FormatInt(v.Int(), 10)
	case schema.Float:
		b := appendFloat(nil, v.Float())
		if b[0] == '"' {
			b = b[1 : len(b)-1]
		}
		return string(b)
	case schema.Time:
		return v.Interface().(Time).format(s.Time, standard)
	case schema.Blob:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
	return ""
}

func open(b []byte, name string) []byte {
	return append(append(append(b, '<'), name...), '>')
}

func closeTag(b []byte, name string) []byte {
	return append(append(append(b, '<', '/'), name...), '>')
}

func element(b []byte, name, text string) []byte {
	return closeTag(appendText(open(b, name), text), name)
}

// appendText escapes text for an element or an attribute. Characters that XML
// cannot carry become U+FFFD.
func appendText(b []byte, s string) []byte {
	for _, r := range s {
		switch r {
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '&':
			b = append(b, "&amp;"...)
		case '"':
			b = append(b, "&quot;"...)
		case '\r':
			b = append(b, "&#xD;"...)
		case '\n', '\t':
			b = append(b, byte(r))
		default:
			if r < 0x20 || r == 0xFFFE || r == 0xFFFF {
				r = utf8.RuneError
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
