package expr

import (
	"strconv"
	"strings"
)

// parser reads the grammar by descent. Where two readings are possible (a
// parenthesis may hold a condition or an operand), it tries one and then the
// other; an error is told of the token that no reading got beyond.
type parser struct {
	text   string
	tokens []token
	i      int
	far    int // the furthest token that did not fit
}

func (p *parser) peek() token { return p.tokens[p.i] }

// fail notes that the next token does not fit.
func (p *parser) fail() bool {
	p.far = max(p.far, p.i)
	return false
}

func (p *parser) sign(text string) bool {
	if !p.peek().sign(text) {
		return p.fail()
	}
	p.i++
	return true
}

func (p *parser) keyword(word string) bool {
	if !p.peek().keyword(word) {
		return p.fail()
	}
	p.i++
	return true
}

func (p *parser) end() bool {
	if p.peek().kind != tokEnd {
		return p.fail()
	}
	return true
}

// syntaxError tells of the token that did not fit, and its neighbours.
func (p *parser) syntaxError(kind string) error {
	t := p.tokens[p.far]
	start, end := t.start, t.end
	if p.far > 0 {
		start = p.tokens[p.far-1].start
	}
	if p.far+1 < len(p.tokens) {
		end = p.tokens[p.far+1].end
	}
	if len(p.tokens) == 1 {
		start = 0
	}
	return invalid("Invalid %s: Syntax error; token: \"%s\", near: \"%s\"", kind, t.text, p.text[start:end])
}

// newParser cuts an expression into tokens, unless it is empty or too long.
func newParser(kind, text string) (*parser, error) {
	switch {
	case text == "":
		return nil, invalid("Invalid %s: The expression can not be empty;", kind)
	case len(text) > maxText:
		return nil, invalid("Invalid %s: Expression size has exceeded the maximum allowed size; expression size: %d", kind, len(text))
	}
	return &parser{text: text, tokens: scan(text)}, nil
}

// or reads a condition: or = and {OR and}; and = not {AND not}.
func (p *parser) or() *node { return p.chain(opOr, "OR", p.and) }

func (p *parser) and() *node { return p.chain(opAnd, "AND", p.not) }

func (p *parser) chain(o op, word string, part func() *node) *node {
	n := part()
	for n != nil && p.keyword(word) {
		next := part()
		if next == nil {
			return nil
		}
		n = &node{op: o, args: []*node{n, next}}
	}
	return n
}

func (p *parser) not() *node {
	if p.keyword("NOT") {
		if n := p.not(); n != nil {
			return &node{op: opNot, args: []*node{n}}
		}
		return nil
	}
	start := p.i
	if n := p.comparison(); n != nil {
		return n
	}
	p.i = start
	if p.sign("(") {
		if n := p.or(); n != nil && p.sign(")") {
			return wrap(n)
		}
	}
	return nil
}

func wrap(n *node) *node {
	n.doubled = n.doubled || n.wrapped
	n.wrapped = true
	return n
}

// comparison reads a condition that begins with an operand, or is a function.
func (p *parser) comparison() *node {
	first := p.operand()
	if first == nil {
		return nil
	}
	t := p.peek()
	if o, ok := comparators[t.text]; ok && t.kind == tokSign {
		p.i++
		second := p.operand()
		if second == nil {
			return nil
		}
		return &node{op: o, args: []*node{first, second}}
	}
	if p.keyword("BETWEEN") {
		low := p.operand()
		if low == nil || !p.keyword("AND") {
			return nil
		}
		high := p.operand()
		if high == nil {
			return nil
		}
		return &node{op: opBetween, args: []*node{first, low, high}}
	}
	if p.keyword("IN") {
		if !p.sign("(") {
			return nil
		}
		list := p.operands()
		if list == nil {
			return nil
		}
		return &node{op: opIn, args: append([]*node{first}, list...)}
	}
	if first.op.function() && !first.wrapped {
		return first
	}
	p.fail()
	return nil
}

// operands reads operands up to the closing parenthesis; there must be one.
func (p *parser) operands() []*node {
	var list []*node
	for {
		n := p.operand()
		if n == nil {
			return nil
		}
		list = append(list, n)
		if p.sign(")") {
			return list
		}
		if !p.sign(",") {
			return nil
		}
	}
}

// operand reads a path, a value, a function, or one of them in parentheses.
func (p *parser) operand() *node {
	t := p.peek()
	switch {
	case t.kind == tokColon:
		p.i++
		return &node{op: opValue, name: t.text}
	case t.sign("("):
		p.i++
		if n := p.operand(); n != nil && p.sign(")") {
			return wrap(n)
		}
		return nil
	case t.kind == tokName && p.tokens[p.i+1].sign("(") && !operatorWord(t):
		p.i += 2
		o, known := functions[t.text]
		n := &node{op: o, name: t.text, args: p.operands()}
		if !known {
			n.op, n.unknown = opExists, true
		}
		if n.args == nil {
			return nil
		}
		return n
	}
	return p.path()
}

// operatorWord tells the grammar's own words, which cannot be names.
func operatorWord(t token) bool {
	switch strings.ToUpper(t.text) {
	case "AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE":
		return true
	}
	return false
}

// path reads name{.name|[index]}.
func (p *parser) path() *node {
	n := &node{op: opPath}
	if !p.pathName(n) {
		return nil
	}
	for {
		switch t := p.peek(); {
		case t.sign("."):
			p.i++
			if !p.pathName(n) {
				return nil
			}
		case t.sign("["):
			p.i++
			if p.peek().kind != tokNumber {
				p.fail()
				return nil
			}
			text := p.peek().text
			p.i++
			if !p.sign("]") {
				return nil
			}
			index, err := strconv.Atoi(text)
			if err != nil || index > 1<<31-1 {
				n.wideText, index = text, 0
			}
			n.path = append(n.path, Step{Index: index})
		default:
			p.fail()
			return n
		}
	}
}

func (p *parser) pathName(n *node) bool {
	t := p.peek()
	if t.kind != tokHash && (t.kind != tokName || operatorWord(t)) {
		return p.fail()
	}
	p.i++
	n.raw = append(n.raw, t)
	n.path = append(n.path, Step{Name: t.text, Index: -1})
	return true
}
