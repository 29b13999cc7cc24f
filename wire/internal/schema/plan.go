// Package schema works out from the generated types, once, how their values are
// named, bounded and laid out on the wire, and validates inputs by that. The
// codecs of package wire walk a value beside its Shape; nothing is parsed or
// looked up by name while a request is served, but for the names in the request.
//
// Plans are immutable after Settle and safe for concurrent use.
package schema

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// Kind is what a value is on the wire.
type Kind uint8

// The kinds; those before Structure are scalars.
const (
	String Kind = iota
	Bool
	Int
	Float
	Time
	Blob
	Document
	Stream
	Structure
	List
	Map
)

// String names the kind as messages do.
func (k Kind) String() string {
	return [...]string{"String", "Boolean", "Integer", "Float", "Timestamp", "Blob", "Document", "Stream", "Structure", "List", "Map"}[k]
}

// Shape is how values of one type, in one place, are read, checked and written.
// All that tags say is worked out when a service is built; nothing is parsed
// while serving.
type Shape struct {
	Kind   Kind
	Bits   int           // of an integer
	Elem   *Shape        // of a list or a map
	key    *constraint   // of a map's keys
	Object *Object       // of a structure
	check  constraint    // the value's own
	Time   string        // timestamp format, "" for the protocol's
	needs  bool          // anything to validate here or below
	XML    XMLNames      // names of elements and entries
	Type   reflect.Type  // without the pointer
	Empty  reflect.Value // a slice of no elements, for lists
}

// XMLNames are the names inside a list or a map in the query and XML protocols.
type XMLNames struct {
	Flat             bool // entries stand under the member's own name
	Elem, Key, Value string
}

// Object is the plan of a structure type.
type Object struct {
	Name    string // of the Go type
	union   bool
	Fields  []Field           // in the model's order
	ByName  map[string]*Field // by the name in JSON and CBOR
	ByQuery map[string]*Field // by the name in the query and XML protocols
	Payload *Field            // the member that is the whole REST body, or nil
	needs   bool
}

// Field is the plan of a structure's member.
type Field struct {
	*Shape
	Index     int    // in the Go structure
	Name      string // in JSON and CBOR
	Query     string // in the query and XML protocols
	Label     string // in validation messages: lowerCamel
	required  bool
	sensitive bool
	Refused   string // why the member is not implemented, "" when it is
	Pointer   bool   // the Go field is a pointer
	Attr      bool   // an XML attribute
	In        Location
	InName    string // of the header, label or parameter; the prefix of headers
	Quoted    []byte // "name": with its colon, for JSON
}

// Location is where a member travels in the REST protocols.
type Location uint8

// The locations, by their names in the models: none, header, headers, uri,
// querystring, statusCode.
const (
	InBody Location = iota
	InHeader
	InHeaders
	InPath
	InQuery
	InStatus
)

// Planner builds the plans of a service's types, each once.
type Planner struct {
	Time, Document reflect.Type // wire's own scalars
	Objects        map[reflect.Type]*Object
}

// Plan plans a structure type. Recursive types find themselves.
func (p Planner) Plan(t reflect.Type) (*Object, error) {
	if o := p.Objects[t]; o != nil {
		return o, nil
	}
	o := &Object{Name: t.Name(), ByName: map[string]*Field{}, ByQuery: map[string]*Field{}}
	p.Objects[t] = o
	for i := range t.NumField() {
		sf := t.Field(i)
		name, flags, _ := strings.Cut(sf.Tag.Get("wire"), ",")
		if sf.Name == "_" {
			o.union = flags == "union"
			continue
		}
		f, err := p.field(sf, i, name, strings.Split(flags, ","))
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), sf.Name, err)
		}
		o.Fields = append(o.Fields, *f)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		o.ByName[f.Name] = f
		o.ByQuery[f.Query] = f
		if hasFlag(t.Field(f.Index), "payload") {
			o.Payload = f
		}
	}
	return o, nil
}

func hasFlag(sf reflect.StructField, flag string) bool {
	return strings.Contains(sf.Tag.Get("wire")+",", ","+flag+",")
}

func (p Planner) field(sf reflect.StructField, index int, name string, flags []string) (*Field, error) {
	f := &Field{Index: index, Name: name, Query: name, Refused: sf.Tag.Get("refused")}
	f.Label = strings.ToLower(sf.Name[:1]) + sf.Name[1:]
	f.Quoted = append(strconv.AppendQuote(nil, name), ':')
	if q := sf.Tag.Get("query"); q != "" {
		f.Query = q
	}
	for _, flag := range flags {
		switch flag {
		case "required":
			f.required = true
		case "sensitive":
			f.sensitive = true
		}
	}
	f.Attr = sf.Tag.Get("attr") == "true"
	where, inName, _ := strings.Cut(sf.Tag.Get("in"), "=")
	in, ok := map[string]Location{"": InBody, "header": InHeader, "headers": InHeaders, "uri": InPath, "querystring": InQuery, "status": InStatus}[where]
	if !ok {
		return nil, fmt.Errorf("unknown location %q", where)
	}
	f.In, f.InName = in, inName
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		f.Pointer, t = true, t.Elem()
	}
	var err error
	f.Shape, err = p.shape(t, sf.Tag, "", f.sensitive)
	return f, err
}

// shape plans a value; prefix is where its tag keys begin.
func (p Planner) shape(t reflect.Type, tag reflect.StructTag, prefix string, sensitive bool) (*Shape, error) {
	s := &Shape{Type: t, Time: tag.Get(prefix + "time")}
	s.XML = XMLNames{Flat: tag.Get(prefix+"flat") == "true", Elem: "member", Key: "key", Value: "value"}
	for key, at := range map[string]*string{"elem.name": &s.XML.Elem, "key.name": &s.XML.Key, "value.name": &s.XML.Value} {
		if n := tag.Get(prefix + key); n != "" {
			*at = n
		}
	}
	sensitive = sensitive || tag.Get(prefix+"sensitive") == "true"
	check, err := newConstraint(tag, prefix, sensitive)
	if err != nil {
		return nil, err
	}
	s.check = *check
	if err := p.classify(s, t, tag, prefix, sensitive); err != nil {
		return nil, err
	}
	return s, nil
}

func (p Planner) classify(s *Shape, t reflect.Type, tag reflect.StructTag, prefix string, sensitive bool) (err error) {
	switch {
	case t == p.Time:
		s.Kind = Time
	case t == p.Document:
		s.Kind = Document
	case t == reflect.TypeFor[[]byte]():
		s.Kind = Blob
	case t == reflect.TypeFor[io.ReadCloser]():
		s.Kind = Stream
	case t.Kind() == reflect.String:
		s.Kind = String
	case t.Kind() == reflect.Bool:
		s.Kind = Bool
	case t.Kind() == reflect.Int32, t.Kind() == reflect.Int64:
		s.Kind, s.Bits = Int, t.Bits()
	case t.Kind() == reflect.Float64:
		s.Kind = Float
	case t.Kind() == reflect.Struct:
		s.Kind = Structure
		s.Object, err = p.Plan(t)
	case t.Kind() == reflect.Slice:
		s.Kind = List
		s.Empty = reflect.MakeSlice(t, 0, 0)
		s.Elem, err = p.shape(t.Elem(), tag, prefix+"elem.", sensitive)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		s.Kind = Map
		if s.key, err = newConstraint(tag, prefix+"key.", sensitive || tag.Get(prefix+"key.sensitive") == "true"); err != nil {
			return err
		}
		s.Elem, err = p.shape(t.Elem(), tag, prefix+"value.", sensitive)
	default:
		err = fmt.Errorf("type %s is none of the wire's", t)
	}
	return err
}

// Settle works out for all planned types whether there is anything to validate
// at or below them, so that validation skips what cannot fail.
func (p Planner) Settle() {
	for changed := true; changed; {
		changed = false
		for _, o := range p.Objects {
			for i := range o.Fields {
				f := &o.Fields[i]
				if (f.Shape.mark() || f.required || f.Refused != "") && !o.needs {
					o.needs, changed = true, true
				}
			}
			if o.union && !o.needs {
				o.needs, changed = true, true
			}
		}
	}
}

func (s *Shape) mark() bool {
	s.needs = s.Elem != nil && s.Elem.mark() ||
		s.check.any() ||
		s.key != nil && s.key.any() ||
		s.Object != nil && s.Object.needs
	return s.needs
}

// MustWrite says whether an answer carries the member even when it is nil.
func (f *Field) MustWrite() bool {
	return f.required && (f.Kind == List || f.Kind == Map)
}

// InTheBody says whether the member travels in the body.
func (f *Field) InTheBody() bool { return f.In == InBody }
