package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire/internal/schema"
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
func decodeXML(body []byte, o *schema.Object, v reflect.Value) error {
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
			return nil, malformed("%s", schema.Clip(err.Error()))
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

func (n *xmlNode) object(o *schema.Object, v reflect.Value) error {
	seen := map[*schema.Field]bool{}
	for _, child := range n.children {
		f := o.ByQuery[child.name]
		if f == nil || f.In != schema.InBody || f.Attr {
			return unknownMember(child.name)
		}
		flat := f.XML.Flat && (f.Kind == schema.List || f.Kind == schema.Map)
		if seen[f] && !flat {
			return within(malformed("the element is given twice"), f.Label)
		}
		seen[f] = true
		if err := child.member(f, v.Field(f.Index), flat); err != nil {
			return within(err, f.Label)
		}
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if text, ok := n.attrs[localName(f.Query)]; ok && f.Attr {
			if err := setMember(f, v.Field(f.Index), []string{text}); err != nil {
				return within(err, f.Label)
			}
		}
	}
	return nil
}

// localName is a name without its XML prefix.
func localName(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

func (n *xmlNode) member(f *schema.Field, v reflect.Value, flat bool) error {
	switch {
	case flat && f.Kind == schema.List:
		elem := reflect.New(f.Elem.Type).Elem()
		if err := n.read(f.Elem, elem); err != nil {
			return err
		}
		v.Set(reflect.Append(v, elem))
		return nil
	case flat:
		if v.IsNil() {
			v.Set(reflect.MakeMap(f.Type))
		}
		return n.entry(f.Shape, v)
	case !f.Pointer:
		return n.read(f.Shape, v)
	}
	p := reflect.New(f.Type)
	if err := n.read(f.Shape, p.Elem()); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (n *xmlNode) read(s *schema.Shape, v reflect.Value) error {
	switch s.Kind {
	case schema.Structure:
		return n.object(s.Object, v)
	case schema.List:
		list := s.Empty
		for i, child := range n.children {
			if child.name != s.XML.Elem {
				return unknownMember(child.name)
			}
			elem := reflect.New(s.Elem.Type).Elem()
			if err := child.read(s.Elem, elem); err != nil {
				return within(err, "member", strconv.Itoa(i+1))
			}
			list = reflect.Append(list, elem)
		}
		v.Set(list)
		return nil
	case schema.Map:
		v.Set(reflect.MakeMap(s.Type))
		for _, child := range n.children {
			if err := child.entry(s, v); err != nil {
				return err
			}
		}
		return nil
	}
	if len(n.children) > 0 {
		return malformed("elements cannot be converted to %s", s.Kind)
	}
	return setText(s, v, n.text.String())
}

// entry reads <key/><value/> into the map v.
func (n *xmlNode) entry(s *schema.Shape, v reflect.Value) error {
	var key string
	elem := reflect.New(s.Elem.Type).Elem()
	for _, child := range n.children {
		switch child.name {
		case s.XML.Key:
			key = child.text.String()
		case s.XML.Value:
			if err := child.read(s.Elem, elem); err != nil {
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
