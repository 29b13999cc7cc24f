package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// xmlNode is an element of a restXml body.
type xmlNode struct {
	name     string
	text     strings.Builder
	attrs    map[string]string
	children []*xmlNode
}

// decodeXML reads a body into the structure v; its root element may have any
// name. An empty body is an empty structure.
func decodeXML(body []byte, o *object, v reflect.Value) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	root, err := parseXML(body)
	if err != nil {
		return err
	}
	return root.object(o, v)
}

func parseXML(body []byte) (*xmlNode, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	top := new(xmlNode)
	stack := []*xmlNode{top}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformed("%s", clip(err.Error()))
		}
		here := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &xmlNode{name: t.Name.Local}
			for _, a := range t.Attr {
				if n.attrs == nil {
					n.attrs = map[string]string{}
				}
				n.attrs[a.Name.Local] = a.Value
			}
			here.children = append(here.children, n)
			if stack = append(stack, n); len(stack) > maxDepth {
				return nil, malformed("the input nests deeper than %d", maxDepth)
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			here.text.Write(t)
		case xml.Directive:
			return nil, malformed("document type declarations are not accepted")
		}
	}
	if len(top.children) != 1 {
		return nil, malformed("the body has %d root elements", len(top.children))
	}
	return top.children[0], nil
}

func (n *xmlNode) object(o *object, v reflect.Value) error {
	seen := map[*field]bool{}
	for _, child := range n.children {
		f := o.byQuery[child.name]
		if f == nil || f.in != inBody || f.attr {
			return unknownMember(child.name)
		}
		flat := f.xml.flat && (f.kind == listKind || f.kind == mapKind)
		if seen[f] && !flat {
			return within(malformed("the element is given twice"), f.label)
		}
		seen[f] = true
		if err := child.member(f, v.Field(f.index), flat); err != nil {
			return within(err, f.label)
		}
	}
	for i := range o.fields {
		f := &o.fields[i]
		if text, ok := n.attrs[localName(f.query)]; ok && f.attr {
			if err := setMember(f, v.Field(f.index), []string{text}); err != nil {
				return within(err, f.label)
			}
		}
	}
	return nil
}

// localName is a name without its XML prefix.
func localName(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

func (n *xmlNode) member(f *field, v reflect.Value, flat bool) error {
	switch {
	case flat && f.kind == listKind:
		elem := reflect.New(f.elem.typ).Elem()
		if err := n.read(f.elem, elem); err != nil {
			return err
		}
		v.Set(reflect.Append(v, elem))
		return nil
	case flat:
		if v.IsNil() {
			v.Set(reflect.MakeMap(f.typ))
		}
		return n.entry(f.shape, v)
	case !f.pointer:
		return n.read(f.shape, v)
	}
	p := reflect.New(f.typ)
	if err := n.read(f.shape, p.Elem()); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (n *xmlNode) read(s *shape, v reflect.Value) error {
	switch s.kind {
	case structKind:
		return n.object(s.object, v)
	case listKind:
		list := s.empty
		for i, child := range n.children {
			if child.name != s.xml.elem {
				return unknownMember(child.name)
			}
			elem := reflect.New(s.elem.typ).Elem()
			if err := child.read(s.elem, elem); err != nil {
				return within(err, "member", strconv.Itoa(i+1))
			}
			list = reflect.Append(list, elem)
		}
		v.Set(list)
		return nil
	case mapKind:
		v.Set(reflect.MakeMap(s.typ))
		for _, child := range n.children {
			if err := child.entry(s, v); err != nil {
				return err
			}
		}
		return nil
	}
	if len(n.children) > 0 {
		return malformed("elements cannot be converted to %s", s.kind)
	}
	return setText(s, v, n.text.String())
}

// entry reads <key/><value/> into the map v.
func (n *xmlNode) entry(s *shape, v reflect.Value) error {
	var key string
	elem := reflect.New(s.elem.typ).Elem()
	for _, child := range n.children {
		switch child.name {
		case s.xml.key:
			key = child.text.String()
		case s.xml.value:
			if err := child.read(s.elem, elem); err != nil {
				return err
			}
		default:
			return unknownMember(child.name)
		}
	}
	v.SetMapIndex(reflect.ValueOf(key), elem)
	return nil
}

// restXMLError writes an error as restXml services do.
func (c *call) restXMLError(e *Error, code string, receiver bool) []byte {
	return c.queryError(e, code, receiver)
}
