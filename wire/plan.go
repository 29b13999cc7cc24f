package wire

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// kind is what a value is on the wire.
type kind uint8

const (
	stringKind kind = iota
	boolKind
	intKind
	floatKind
	timeKind
	blobKind
	documentKind
	streamKind
	structKind
	listKind
	mapKind
)

// String names the kind as messages do.
func (k kind) String() string {
	return [...]string{"String", "Boolean", "Integer", "Float", "Timestamp", "Blob", "Document", "Stream", "Structure", "List", "Map"}[k]
}

// shape is how values of one type, in one place, are read, checked and written.
// All that tags say is worked out when a service is built; nothing is parsed
// while serving.
type shape struct {
	kind   kind
	bits   int           // of an integer
	elem   *shape        // of a list or a map
	key    *constraint   // of a map's keys
	object *object       // of a structure
	check  constraint    // the value's own
	time   string        // timestamp format, "" for the protocol's
	needs  bool          // anything to validate here or below
	xml    xmlNames      // names of elements and entries
	typ    reflect.Type  // without the pointer
	empty  reflect.Value // a slice of no elements, for lists
}

type xmlNames struct {
	flat             bool
	elem, key, value string
}

// object is the plan of a structure type.
type object struct {
	name    string
	union   bool
	fields  []field
	byName  map[string]*field
	byQuery map[string]*field
	payload *field
	needs   bool
	bound   bool // some member travels outside the body
}

// field is the plan of a structure's member.
type field struct {
	*shape
	index     int
	name      string // in JSON and CBOR
	query     string // in the query and XML protocols
	label     string // in validation messages: lowerCamel
	required  bool
	sensitive bool
	refused   string
	pointer   bool
	attr      bool
	in        location
	inName    string
	quoted    []byte // "name": for JSON
}

// location is where a member travels in the REST protocols.
type location uint8

const (
	inBody location = iota
	inHeader
	inHeaders
	inPath
	inQuery
	inStatus
)

// planner builds the plans of a service's types, each once.
type planner map[reflect.Type]*object

// object plans a structure type. Recursive types find themselves.
func (p planner) object(t reflect.Type) (*object, error) {
	if o := p[t]; o != nil {
		return o, nil
	}
	o := &object{name: t.Name(), byName: map[string]*field{}, byQuery: map[string]*field{}}
	p[t] = o
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
		o.fields = append(o.fields, *f)
	}
	for i := range o.fields {
		f := &o.fields[i]
		o.byName[f.name] = f
		o.byQuery[f.query] = f
		o.bound = o.bound || f.in != inBody
		if hasFlag(t.Field(f.index), "payload") {
			o.payload = f
		}
	}
	return o, nil
}

func hasFlag(sf reflect.StructField, flag string) bool {
	return strings.Contains(sf.Tag.Get("wire")+",", ","+flag+",")
}

func (p planner) field(sf reflect.StructField, index int, name string, flags []string) (*field, error) {
	f := &field{index: index, name: name, query: name, refused: sf.Tag.Get("refused")}
	f.label = strings.ToLower(sf.Name[:1]) + sf.Name[1:]
	f.quoted = append(strconv.AppendQuote(nil, name), ':')
	if q := sf.Tag.Get("query"); q != "" {
		f.query = q
	}
	for _, flag := range flags {
		switch flag {
		case "required":
			f.required = true
		case "sensitive":
			f.sensitive = true
		}
	}
	f.attr = sf.Tag.Get("attr") == "true"
	where, inName, _ := strings.Cut(sf.Tag.Get("in"), "=")
	in, ok := map[string]location{"": inBody, "header": inHeader, "headers": inHeaders, "uri": inPath, "querystring": inQuery, "status": inStatus}[where]
	if !ok {
		return nil, fmt.Errorf("unknown location %q", where)
	}
	f.in, f.inName = in, inName
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		f.pointer, t = true, t.Elem()
	}
	var err error
	f.shape, err = p.shape(t, sf.Tag, "", f.sensitive)
	return f, err
}

// shape plans a value; prefix is where its tag keys begin.
func (p planner) shape(t reflect.Type, tag reflect.StructTag, prefix string, sensitive bool) (*shape, error) {
	s := &shape{typ: t, time: tag.Get(prefix + "time")}
	s.xml = xmlNames{flat: tag.Get(prefix+"flat") == "true", elem: "member", key: "key", value: "value"}
	for key, at := range map[string]*string{"elem.name": &s.xml.elem, "key.name": &s.xml.key, "value.name": &s.xml.value} {
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

func (p planner) classify(s *shape, t reflect.Type, tag reflect.StructTag, prefix string, sensitive bool) (err error) {
	switch {
	case t == reflect.TypeFor[Time]():
		s.kind = timeKind
	case t == reflect.TypeFor[Document]():
		s.kind = documentKind
	case t == reflect.TypeFor[[]byte]():
		s.kind = blobKind
	case t == reflect.TypeFor[io.ReadCloser]():
		s.kind = streamKind
	case t.Kind() == reflect.String:
		s.kind = stringKind
	case t.Kind() == reflect.Bool:
		s.kind = boolKind
	case t.Kind() == reflect.Int32, t.Kind() == reflect.Int64:
		s.kind, s.bits = intKind, t.Bits()
	case t.Kind() == reflect.Float64:
		s.kind = floatKind
	case t.Kind() == reflect.Struct:
		s.kind = structKind
		s.object, err = p.object(t)
	case t.Kind() == reflect.Slice:
		s.kind = listKind
		s.empty = reflect.MakeSlice(t, 0, 0)
		s.elem, err = p.shape(t.Elem(), tag, prefix+"elem.", sensitive)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		s.kind = mapKind
		if s.key, err = newConstraint(tag, prefix+"key.", sensitive || tag.Get(prefix+"key.sensitive") == "true"); err != nil {
			return err
		}
		s.elem, err = p.shape(t.Elem(), tag, prefix+"value.", sensitive)
	default:
		err = fmt.Errorf("type %s is none of the wire's", t)
	}
	return err
}

// settle works out for all planned types whether there is anything to validate
// at or below them, so that validation skips what cannot fail.
func (p planner) settle() {
	for changed := true; changed; {
		changed = false
		for _, o := range p {
			for i := range o.fields {
				f := &o.fields[i]
				if (f.shape.mark() || f.required || f.refused != "") && !o.needs {
					o.needs, changed = true, true
				}
			}
			if o.union && !o.needs {
				o.needs, changed = true, true
			}
		}
	}
}

func (s *shape) mark() bool {
	s.needs = s.elem != nil && s.elem.mark() ||
		s.check.any() ||
		s.key != nil && s.key.any() ||
		s.object != nil && s.object.needs
	return s.needs
}
