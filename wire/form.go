package wire

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// Bounds of a form, whatever its size in bytes.
const (
	maxFormDepth = 64
	maxFormPairs = 1 << 16
)

// formNode is a parameter of a query request: "Tag.1.Key=a" is the node Tag
// with the child 1 with the child Key with the value a.
type formNode struct {
	value    string
	set      bool
	children map[string]*formNode
}

// parseForm reads the parameters of body and URL into a tree. A parameter that
// is given twice is an error.
func parseForm(r *http.Request, body []byte) (*formNode, error) {
	root := new(formNode)
	pairs := 0
	for _, text := range []string{r.URL.RawQuery, string(body)} {
		for pair := range strings.SplitSeq(text, "&") {
			if pair == "" {
				continue
			}
			if pairs++; pairs > maxFormPairs {
				return nil, fmt.Errorf("the form has more than %d parameters", maxFormPairs)
			}
			k, v, _ := strings.Cut(pair, "=")
			key, err := url.QueryUnescape(k)
			if err != nil {
				return nil, fmt.Errorf("the parameter name %q is badly escaped", schema.Clip(k))
			}
			value, err := url.QueryUnescape(v)
			if err != nil {
				return nil, fmt.Errorf("the parameter %s is badly escaped", schema.Clip(key))
			}
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, fmt.Errorf("the parameter %s is not UTF-8", strconv.Quote(schema.Clip(key)))
			}
			if err := root.put(key, value); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}

func (n *formNode) put(key, value string) error {
	depth := 0
	for part := range strings.SplitSeq(key, ".") {
		if depth++; depth > maxFormDepth {
			return fmt.Errorf("the parameter %s nests deeper than %d", schema.Clip(key), maxFormDepth)
		}
		child := n.children[part]
		if child == nil {
			child = new(formNode)
			if n.children == nil {
				n.children = map[string]*formNode{}
			}
			n.children[part] = child
		}
		n = child
	}
	if n.set {
		return fmt.Errorf("the parameter %s is given twice", schema.Clip(key))
	}
	n.value, n.set = value, true
	return nil
}

// take removes a parameter and returns its value.
func (n *formNode) take(name string) string {
	c := n.children[name]
	if c == nil || len(c.children) > 0 {
		return ""
	}
	delete(n.children, name)
	return c.value
}

// Parameters that belong to the protocol and to older signatures.
var formProtocol = []string{"Version", "AWSAccessKeyId", "Signature", "SignatureVersion", "SignatureMethod", "Timestamp", "Expires", "SecurityToken"}

// decodeForm reads the request's form into the structure v.
func (c *call) decodeForm(o *schema.Object, v reflect.Value) error {
	for _, name := range formProtocol {
		if o.ByQuery[name] == nil {
			delete(c.form.children, name)
		}
	}
	for name := range c.form.children {
		if len(name) > 6 && strings.EqualFold(name[:6], "X-Amz-") {
			delete(c.form.children, name)
		}
	}
	if m := c.s.URLMember; m != "" && o.ByName[m] != nil && c.form.children[m] == nil && c.r.URL.Path != "/" {
		_ = c.form.put(m, c.req.Scheme+"://"+c.req.Host+c.r.URL.Path)
	}
	return c.form.object(o, v)
}

func (n *formNode) object(o *schema.Object, v reflect.Value) error {
	for _, name := range sortedNames(n.children) {
		child := n.children[name]
		f := o.ByQuery[name]
		if f == nil {
			if child.set && child.value == "" && len(child.children) == 0 {
				continue
			}
			return unknownMember(name)
		}
		if err := child.member(f, v.Field(f.Index)); err != nil {
			return within(err, f.Label)
		}
	}
	return nil
}

func (n *formNode) member(f *schema.Field, v reflect.Value) error {
	if !f.Pointer {
		return n.read(f.Shape, v)
	}
	p := reflect.New(f.Type)
	if err := n.read(f.Shape, p.Elem()); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (n *formNode) read(s *schema.Shape, v reflect.Value) error {
	switch s.Kind {
	case schema.Structure:
		if n.set && n.value != "" {
			return malformed("a value cannot be converted to Structure")
		}
		return n.object(s.Object, v)
	case schema.List:
		return n.list(s, v)
	case schema.Map:
		return n.entries(s, v)
	}
	if len(n.children) > 0 {
		return malformed("a structure cannot be converted to %s", s.Kind)
	}
	return setText(s, v, n.value)
}

// setText sets a scalar from the text that the query and XML protocols and REST
// headers, paths and queries carry.
func setText(s *schema.Shape, v reflect.Value, text string) error {
	switch s.Kind {
	case schema.String:
		v.SetString(text)
		return nil
	case schema.Bool:
		switch text {
		case "true", "True", "TRUE":
			v.SetBool(true)
		case "false", "False", "FALSE":
			v.SetBool(false)
		default:
			return malformed("the value cannot be converted to Boolean")
		}
		return nil
	case schema.Blob:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return malformed("the value is not base64")
		}
		v.SetBytes(b)
		return nil
	case schema.Int, schema.Float, schema.Time:
		if err := setScalar(s, v, text, s.Kind == schema.Float && (text == "NaN" || strings.HasSuffix(text, "Infinity"))); err != nil {
			return malformed("%v", err)
		}
		return nil
	}
	return malformed("%s cannot travel here", s.Kind)
}

// items are the children of a list or map in the order of their numbers. They
// sit directly below a flattened one, else below a node of that name; an empty
// value stands for an empty list.
func (n *formNode) items(flat bool, below string) ([]*formNode, error) {
	if n.set && n.value != "" {
		return nil, malformed("a value cannot be converted to List")
	}
	if !flat {
		inner := n.children[below]
		if inner == nil && len(n.children) == 0 {
			return nil, nil
		}
		if inner == nil || len(n.children) > 1 {
			for name := range n.children {
				if name != below {
					return nil, unknownMember(name)
				}
			}
		}
		n = inner
	}
	type numbered struct {
		n    int
		node *formNode
	}
	var all []numbered
	for name, child := range n.children {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i > maxFormPairs {
			return nil, malformed("'%s' is no position in a list", schema.Clip(name))
		}
		all = append(all, numbered{i, child})
	}
	slices.SortFunc(all, func(a, b numbered) int { return a.n - b.n })
	list := make([]*formNode, len(all))
	for i, x := range all {
		list[i] = x.node
	}
	return list, nil
}

func (n *formNode) list(s *schema.Shape, v reflect.Value) error {
	items, err := n.items(s.XML.Flat, s.XML.Elem)
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(s.Type, len(items), len(items))
	for i, item := range items {
		if err := item.read(s.Elem, list.Index(i)); err != nil {
			return within(err, "member", strconv.Itoa(i+1))
		}
	}
	v.Set(list)
	return nil
}

func (n *formNode) entries(s *schema.Shape, v reflect.Value) error {
	items, err := n.items(s.XML.Flat, "entry")
	if err != nil {
		return err
	}
	m := reflect.MakeMap(s.Type)
	for i, item := range items {
		key := item.children[s.XML.Key]
		if key == nil {
			return within(malformed("the entry has no %s", s.XML.Key), strconv.Itoa(i+1))
		}
		elem := reflect.New(s.Elem.Type).Elem()
		value := item.children[s.XML.Value]
		if value == nil {
			return within(malformed("the entry has no %s", s.XML.Value), strconv.Itoa(i+1))
		}
		if err := value.read(s.Elem, elem); err != nil {
			return within(err, schema.Clip(key.value))
		}
		for name := range item.children {
			if name != s.XML.Key && name != s.XML.Value {
				return within(unknownMember(name), strconv.Itoa(i+1))
			}
		}
		k := reflect.ValueOf(key.value).Convert(s.Type.Key())
		if m.MapIndex(k).IsValid() {
			return malformed("the key '%s' is given twice", schema.Clip(key.value))
		}
		m.SetMapIndex(k, elem)
	}
	v.Set(m)
	return nil
}
