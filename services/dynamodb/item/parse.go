package item

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/signalbox/signalbox/wire"
)

// MaxLevels bounds how deep lists and maps nest, the attribute's own value counted.
const MaxLevels = 32

// Parse reads an item from well-formed JSON in which no name is doubled (as
// package wire has seen to), and checks every value. The item shares no memory
// with the text.
func Parse(text []byte) (Item, error) {
	p := parser{b: text, check: true}
	return p.item(1)
}

// ParseValue reads one value likewise.
func ParseValue(text []byte) (Value, error) {
	p := parser{b: text, check: true}
	return p.value(1)
}

// Decode reads an item from what AppendJSON has written.
func Decode(text []byte) (Item, error) {
	p := parser{b: text}
	return p.item(1)
}

type parser struct {
	b     []byte
	i     int
	check bool // numbers and sets may be bad, or not in canonical form
}

func (p *parser) space() byte {
	for p.i < len(p.b) {
		switch c := p.b[p.i]; c {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return c
		}
	}
	return 0
}

func unexpected(c byte, want string) error {
	name := "NUMBER_VALUE"
	switch c {
	case '{':
		name = "START_OBJECT"
	case '[':
		name = "START_ARRAY"
	case '"':
		name = "STRING_VALUE"
	case 't':
		name = "TRUE_VALUE"
	case 'f':
		name = "FALSE_VALUE"
	case 'n':
		name = "NULL_VALUE"
	}
	return wire.Errorf(wire.CodeSerialization, "%s cannot be converted to %s", name, want)
}

// next passes a separator inside an object or a list, or its end.
func (p *parser) next(end byte) (more bool) {
	switch p.space() {
	case ',':
		p.i++
		return true
	case end:
		p.i++
	default: // cannot be: the text is well-formed
		p.i = len(p.b)
	}
	return false
}

// open passes the bracket that begins an object or a list; more is false where
// it ends at once.
func (p *parser) open(begin, end byte, want string) (more bool, err error) {
	if c := p.space(); c != begin {
		return false, unexpected(c, want)
	}
	p.i++
	if p.space() == end {
		p.i++
		return false, nil
	}
	return true, nil
}

func (p *parser) text(want string) (string, error) {
	if c := p.space(); c != '"' {
		return "", unexpected(c, want)
	}
	start := p.i
	for p.i++; p.i < len(p.b); p.i++ {
		switch p.b[p.i] {
		case '\\':
			return p.escaped(start)
		case '"':
			p.i++
			return string(p.b[start+1 : p.i-1]), nil
		}
	}
	return "", wire.Errorf(wire.CodeSerialization, "the JSON ends too early")
}

func (p *parser) escaped(start int) (string, error) {
	for ; p.i < len(p.b); p.i++ {
		switch p.b[p.i] {
		case '\\':
			p.i++
		case '"':
			p.i++
			text, err := jsontext.AppendUnquote(nil, p.b[start:p.i])
			if err != nil {
				return "", wire.Errorf(wire.CodeSerialization, "%v", err)
			}
			return string(text), nil
		}
	}
	return "", wire.Errorf(wire.CodeSerialization, "the JSON ends too early")
}

func (p *parser) name(want string) (string, error) {
	name, err := p.text(want)
	if err != nil {
		return "", err
	}
	p.space()
	p.i++ // the colon
	return name, nil
}

func (p *parser) item(level int) (Item, error) {
	it := Item{}
	more, err := p.open('{', '}', "Map")
	for ; more && err == nil; more = err == nil && p.next('}') {
		var name string
		if name, err = p.name("String"); err != nil {
			break
		}
		if p.check && name == "" {
			return nil, invalid("Empty attribute name")
		}
		var v Value
		if v, err = p.value(level); err == nil {
			it[name] = v
		}
	}
	return it, err
}

var errEmpty = wire.Errorf(wire.CodeValidation, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")

func (p *parser) value(level int) (v Value, err error) {
	if p.space() == 'n' {
		return v, errEmpty
	}
	if level > MaxLevels {
		return v, invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	more, err := p.open('{', '}', "AttributeValue")
	for ; more && err == nil; more = err == nil && p.next('}') {
		var name string
		if name, err = p.name("String"); err != nil {
			break
		}
		if p.space() == 'n' {
			p.i += len("null")
			continue
		}
		k := KindOf(name)
		if k == None {
			return v, invalid("Unknown member '%.40s' at AttributeValue", name)
		}
		if v.Kind != None {
			return v, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
		}
		err = p.content(&v, k, level)
		v.Kind = k
	}
	if err == nil && v.Kind == None {
		err = errEmpty
	}
	return v, err
}

func (p *parser) content(v *Value, k Kind, level int) (err error) {
	switch k {
	case S, N, B:
		*v, err = p.scalar(k)
	case SS, NS, BS:
		err = p.set(v, k)
	case M:
		v.Map, err = p.item(level + 1)
	case L:
		v.List = []Value{}
		more, err := p.open('[', ']', "List")
		for ; more && err == nil; more = err == nil && p.next(']') {
			var e Value
			e, err = p.value(level + 1)
			v.List = append(v.List, e)
		}
		return err
	case Null, Bool:
		v.Bool, err = p.boolean()
		if err == nil && k == Null && !v.Bool {
			return invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
	}
	return err
}

func (p *parser) boolean() (bool, error) {
	switch c := p.space(); c {
	case 't':
		p.i += len("true")
		return true, nil
	case 'f':
		p.i += len("false")
		return false, nil
	default:
		return false, unexpected(c, "Boolean")
	}
}

func (p *parser) scalar(k Kind) (Value, error) {
	want := "String"
	if k == B {
		want = "Blob"
	}
	text, err := p.text(want)
	if err != nil {
		return Value{}, err
	}
	switch {
	case k == B:
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return Value{}, wire.Errorf(wire.CodeSerialization, "the value is not base64")
		}
		text = string(raw)
	case k == N && p.check:
		n, err := ParseNumber(text)
		if err != nil {
			return Value{}, err
		}
		text = n.String()
	}
	return Value{Kind: k, Text: text}, nil
}

func (p *parser) set(v *Value, k Kind) error {
	more, err := p.open('[', ']', "List")
	for ; more && err == nil; more = err == nil && p.next(']') {
		if p.space() == 'n' {
			return invalid("One or more parameter values were invalid: An %s set may not have a null as a member", setNouns[k-SS])
		}
		var e Value
		e, err = p.scalar(k.Element())
		v.List = append(v.List, e)
	}
	if err != nil || !p.check {
		return err
	}
	if len(v.List) == 0 {
		if k == BS {
			return invalid("One or more parameter values were invalid: Binary sets should not be empty")
		}
		return invalid("One or more parameter values were invalid: An %s set  may not be empty", setNouns[k-SS])
	}
	return distinct(v.List, k)
}

var setNouns = [...]string{"string", "number", "binary"}

func distinct(list []Value, k Kind) error {
	seen := make(map[string]struct{}, len(list))
	for _, e := range list {
		seen[e.Text] = struct{}{}
	}
	if len(seen) == len(list) {
		return nil
	}
	switch k {
	case NS:
		return invalid("Input collection contains duplicates")
	case BS:
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = base64.StdEncoding.EncodeToString([]byte(e.Text))
		}
		return invalid("One or more parameter values were invalid: Input collection [%s]of type BS contains duplicates.", strings.Join(texts, ", "))
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = e.Text
	}
	return invalid("One or more parameter values were invalid: Input collection [%s] contains duplicates.", strings.Join(texts, ", "))
}

// ParseValues reads values by their placeholders; each name is checked by check.
func ParseValues(text []byte, check func(name string) error) (Item, error) {
	p := parser{b: text, check: true}
	it := Item{}
	more, err := p.open('{', '}', "Map")
	for ; more && err == nil; more = err == nil && p.next('}') {
		var name string
		if name, err = p.name("String"); err != nil {
			break
		}
		if err = check(name); err != nil {
			break
		}
		var v Value
		if v, err = p.value(1); wire.IsCode(err, wire.CodeValidation) {
			e, _ := errors.AsType[*wire.Error](err)
			return nil, invalid("ExpressionAttributeValues contains invalid value: %s for key %s", e.Message, name)
		}
		it[name] = v
	}
	return it, err
}
