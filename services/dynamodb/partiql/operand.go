package partiql

import (
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
)

// functions are those that operands and conditions may use.
var functions = map[string]bool{
	"begins_with": true, "contains": true, "attribute_type": true, "size": true, "list_append": true, "if_not_exists": true, "set_add": true, "set_delete": true,
}

// operand is a literal, a parameter, a function of operands, or a path.
func (p *parser) operand() *Node {
	defer p.deeper()()
	t := p.tokens[0]
	name := strings.ToLower(t.text)
	switch {
	case t.kind == word && functions[name] && len(p.tokens) > 1 && p.tokens[1].sign("("):
		p.next()
		p.next()
		n := &Node{Op: name, Args: []*Node{p.operand()}}
		for p.accept(",") {
			n.Args = append(n.Args, p.operand())
		}
		p.expect(")")
		return n
	case t.is("TRUE"), t.is("FALSE"), t.is("NULL"):
	case t.kind == word, t.kind == quoted:
		return &Node{Path: p.path()}
	}
	return &Node{Value: p.literal()}
}

// literal is a value, parameters in it having theirs.
func (p *parser) literal() item.Value {
	defer p.deeper()()
	t := p.next()
	switch {
	case t.sign("?"):
		if len(p.parameters) == 0 {
			p.stop(errParameters)
			return item.Value{}
		}
		v := p.parameters[0]
		p.parameters = p.parameters[1:]
		return v
	case t.kind == text:
		return item.Value{Kind: item.S, Text: t.text}
	case t.kind == number:
		return p.number(t.text)
	case t.sign("-"), t.sign("+"):
		return p.number(strings.TrimPrefix(t.text, "+") + p.next().text)
	case t.is("TRUE"), t.is("FALSE"):
		return item.Value{Kind: item.Bool, Bool: t.is("TRUE")}
	case t.is("NULL"):
		return item.Value{Kind: item.Null, Bool: true}
	case t.sign("{"):
		return p.object()
	case t.sign("["):
		return item.Value{Kind: item.L, List: p.list("]")}
	case t.sign("<<"):
		return p.set(t)
	}
	p.fail("expected a value instead of %s", t)
	return item.Value{}
}

func (p *parser) number(text string) item.Value {
	n, err := item.ParseNumber(text)
	if err != nil {
		p.stop(err)
	}
	return item.Value{Kind: item.N, Text: n.String()}
}

func (p *parser) list(closing string) []item.Value {
	list := []item.Value{}
	if p.accept(closing) {
		return list
	}
	for more := true; more; more = p.accept(",") {
		list = append(list, p.literal())
	}
	p.expect(closing)
	return list
}

func (p *parser) object() item.Value {
	v := item.Value{Kind: item.M, Map: item.Item{}}
	if p.accept("}") {
		return v
	}
	for more := true; more; more = p.accept(",") {
		t := p.next()
		if t.kind == end || t.kind == sign || t.kind == number {
			p.fail("expected a name instead of %s", t)
		}
		p.expect(":")
		v.Map[t.text] = p.literal()
	}
	p.expect("}")
	return v
}

// set is a set of strings, numbers or binaries, all of one kind.
func (p *parser) set(at token) item.Value {
	list := p.list(">>")
	v := item.Value{List: list}
	for _, e := range list {
		kind, ok := map[item.Kind]item.Kind{item.S: item.SS, item.N: item.NS, item.B: item.BS}[e.Kind]
		if !ok || v.Kind != item.None && v.Kind != kind {
			p.fail("the set of %s has members that are not of one kind", at)
			return v
		}
		v.Kind = kind
	}
	if v.Kind == item.None {
		p.fail("the set of %s is empty", at)
	}
	return v
}
