package vtl

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/vtl/java"
)

// reference reads $name… It returns nil where there is none, having moved
// perhaps. In text, what cannot belong to the reference is text again.
func (p *parser) reference(inText bool) (*reference, error) {
	ref := &reference{source: p.src, pos: p.pos}
	if !p.take("$") {
		return nil, nil
	}
	ref.quiet = p.take("!")
	formal := p.take("{")
	if ref.name = p.identifier(); ref.name == "" {
		return nil, nil
	}
	if err := p.path(ref); err != nil {
		return nil, err
	}
	if formal {
		p.skipSpace()
		if p.take("|") {
			var err error
			if ref.orElse, err = p.expression(); err != nil {
				return nil, err
			}
			p.skipSpace()
		}
		if !p.take("}") {
			if inText {
				return nil, nil
			}
			return nil, fmt.Errorf("the reference to %s is not closed: } is missing", ref.name)
		}
	}
	ref.literal = p.src[ref.pos:p.pos]
	return ref, nil
}

func (p *parser) path(ref *reference) error {
	for {
		start := p.pos
		switch {
		case p.take("."):
			a := access{name: p.identifier()}
			if a.name == "" {
				p.pos = start
				return nil
			}
			if p.peek() == '(' {
				p.pos++
				var err error
				a.call = true
				if a.args, err = p.list(")"); err != nil {
					return fmt.Errorf("method %s: %w", a.name, err)
				}
			}
			ref.path = append(ref.path, a)
		case p.take("["):
			index, err := p.expression()
			if err != nil {
				return fmt.Errorf("the index of $%s: %w", ref.name, err)
			}
			if p.skipSpace(); !p.take("]") {
				return fmt.Errorf("the index of $%s is not closed: ] is missing", ref.name)
			}
			ref.path = append(ref.path, access{index: index})
		default:
			return nil
		}
	}
}

// list reads expressions with commas between them, up to the closing mark.
func (p *parser) list(end string) ([]expr, error) {
	var all []expr
	for {
		p.skipSpace()
		if p.take(end) {
			return all, nil
		}
		if len(all) > 0 {
			if !p.take(",") {
				return nil, fmt.Errorf("a comma or %s is missing", end)
			}
		}
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}

// operators by their strength, the weakest first.
var operators = [][]struct{ sign, op string }{
	{{"||", "||"}, {"or", "||"}},
	{{"&&", "&&"}, {"and", "&&"}},
	{{"==", "=="}, {"!=", "!="}, {"eq", "=="}, {"ne", "!="}},
	{{"<=", "<="}, {">=", ">="}, {"<", "<"}, {">", ">"}, {"le", "<="}, {"ge", ">="}, {"lt", "<"}, {"gt", ">"}},
	{{"+", "+"}, {"-", "-"}},
	{{"*", "*"}, {"/", "/"}, {"%", "%"}},
}

func (p *parser) expression() (expr, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	return p.operation(0)
}

func (p *parser) operation(level int) (expr, error) {
	if level == len(operators) {
		return p.operand()
	}
	left, err := p.operation(level + 1)
	if err != nil {
		return nil, err
	}
	chain := 0
	for {
		p.skipSpace()
		start, op := p.pos, p.operator(level)
		if op == "" {
			return left, nil
		}
		if chain++; chain > maxNesting {
			return nil, fmt.Errorf("%w: more than %d operations in a row", ErrLimit, maxNesting)
		}
		right, err := p.operation(level + 1)
		if err != nil {
			return nil, err
		}
		left = &binary{source: p.src, pos: start, op: op, left: left, right: right}
	}
}

func (p *parser) operator(level int) string {
	for _, o := range operators[level] {
		if !strings.HasPrefix(p.rest(), o.sign) {
			continue
		}
		after := p.pos + len(o.sign)
		if isLetter(o.sign[0]) && after < len(p.src) && (isLetter(p.src[after]) || isDigit(p.src[after])) {
			continue
		}
		p.pos = after
		return o.op
	}
	return ""
}

func (p *parser) operand() (expr, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.skipSpace()
	c := p.peek()
	switch {
	case c == '$':
		ref, err := p.reference(false)
		if err == nil && ref == nil {
			err = errors.New("$ without a name")
		}
		return ref, err
	case c == '"', c == '\'':
		return p.quoted(c)
	case c == '(':
		p.pos++
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		return e, p.close("(")
	case c == '[':
		p.pos++
		return p.listOrRange()
	case c == '{':
		p.pos++
		return p.mapLiteral()
	case c == '!':
		p.pos++
		e, err := p.operand()
		return unary{'!', e}, err
	case isDigit(c), c == '.':
		return p.number()
	case c == '-':
		p.pos++
		e, err := p.operand()
		if l, is := e.(literal); is && java.IsNumber(l.value) {
			return literal{java.Negative(l.value)}, err
		}
		return unary{'-', e}, err
	case isLetter(c):
		start := p.pos
		switch word := p.identifier(); word {
		case "true", "false":
			return literal{word == "true"}, nil
		case "not":
			e, err := p.operand()
			return unary{'!', e}, err
		default:
			p.pos = start
			return nil, fmt.Errorf("%q is not expected here", word)
		}
	case p.pos >= len(p.src):
		return nil, errors.New("the template ends within an expression")
	}
	return nil, fmt.Errorf("%q is not expected here", c)
}

// quoted reads a string; its quotation mark within it is written twice. One
// in double quotes is a template of its own.
func (p *parser) quoted(mark byte) (expr, error) {
	start := p.pos
	p.pos++
	var b strings.Builder
	for {
		n := strings.IndexByte(p.rest(), mark)
		if n < 0 {
			p.pos = start
			return nil, errors.New("a string is not closed")
		}
		b.WriteString(p.src[p.pos : p.pos+n])
		p.pos += n + 1
		if p.peek() != mark {
			break
		}
		b.WriteByte(mark)
		p.pos++
	}
	s := b.String()
	if mark == '\'' || !strings.ContainsAny(s, `$#`) {
		return literal{s}, nil
	}
	inner := &parser{src: s, depth: p.depth, macros: p.macros, known: p.known}
	block, ends, err := inner.block(false)
	if err == nil && ends != "" {
		err = fmt.Errorf("#%s in a string without its directive", ends)
	}
	if err != nil {
		p.pos = start
		return nil, err
	}
	return interpolated{block}, nil
}

func (p *parser) listOrRange() (expr, error) {
	p.skipSpace()
	if p.take("]") {
		return listLiteral{}, nil
	}
	first, err := p.expression()
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if p.take("..") {
		last, err := p.expression()
		if err != nil {
			return nil, err
		}
		p.skipSpace()
		if !p.take("]") {
			return nil, errors.New("a range is not closed: ] is missing")
		}
		return rangeLiteral{first, last}, nil
	}
	if p.take("]") {
		return listLiteral{first}, nil
	}
	if !p.take(",") {
		return nil, errors.New("a list is not closed: ] is missing")
	}
	rest, err := p.list("]")
	return listLiteral(append([]expr{first}, rest...)), err
}

func (p *parser) mapLiteral() (expr, error) {
	var m mapLiteral
	for {
		p.skipSpace()
		if p.take("}") {
			return m, nil
		}
		if len(m.keys) > 0 && !p.take(",") {
			return nil, errors.New("a map is not closed: } is missing")
		}
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		p.skipSpace()
		if !p.take(":") {
			return nil, errors.New("a map's key wants a colon behind it")
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		m.keys, m.values = append(m.keys, key), append(m.values, value)
	}
}

func (p *parser) number() (expr, error) {
	start := p.pos
	digits := func() {
		for isDigit(p.peek()) {
			p.pos++
		}
	}
	digits()
	whole := true
	if p.peek() == '.' && !strings.HasPrefix(p.rest(), "..") {
		whole = false
		p.pos++
		digits()
	}
	if p.peek()|0x20 == 'e' {
		mark := p.pos
		p.pos++
		if p.peek() == '-' || p.peek() == '+' {
			p.pos++
		}
		if isDigit(p.peek()) {
			whole = false
			digits()
		} else {
			p.pos = mark
		}
	}
	s := p.src[start:p.pos]
	if whole {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return literal{n}, nil
		}
		if n, ok := new(big.Int).SetString(s, 10); ok && len(s) <= java.MaxDigits {
			return literal{n}, nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no number", clip(s))
	}
	return literal{f}, nil
}

func clip(s string) string {
	if len(s) > 50 {
		return s[:50] + "…"
	}
	return s
}
