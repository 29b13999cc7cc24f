package partiql

import (
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/wire"
)

// maxLevels bounds how deep conditions and literals nest.
const maxLevels = 64

// Parse reads a statement. There must be as many parameters as it has question
// marks.
func Parse(statement string, parameters []item.Value) (*Statement, error) {
	tokens, err := scan(statement)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, parameters: parameters}
	s := &Statement{}
	p.statement(s)
	p.accept(";")
	if p.err == nil && p.tokens[0].kind != end {
		p.fail("unexpected %s", p.tokens[0])
	}
	if p.err == nil && len(p.parameters) > 0 {
		p.err = errParameters
	}
	return s, p.err
}

var errParameters = wire.Errorf(wire.CodeValidation, "Number of parameters in request and statement don't match.")

// parser reads tokens until the first error, from which on it reads the end.
type parser struct {
	tokens     []token
	parameters []item.Value // those yet to be used
	level      int
	err        error
}

func (p *parser) fail(format string, args ...any) { p.stop(malformed(format, args...)) }

func (p *parser) stop(err error) {
	if p.err == nil {
		p.err = err
	}
	p.tokens = p.tokens[len(p.tokens)-1:]
}

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) accept(s string) bool {
	if p.tokens[0].sign(s) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.fail("expected '%s' instead of %s", s, p.tokens[0])
	}
}

func (p *parser) keyword(k string) bool {
	if p.tokens[0].is(k) {
		p.next()
		return true
	}
	return false
}

func (p *parser) need(keywords ...string) {
	for _, k := range keywords {
		if !p.keyword(k) {
			p.fail("expected %s instead of %s", k, p.tokens[0])
		}
	}
}

// deeper bounds the recursion; it is called as defer p.deeper()().
func (p *parser) deeper() func() {
	if p.level++; p.level > maxLevels {
		p.fail("it nests deeper than %d levels", maxLevels)
	}
	return func() { p.level-- }
}

func (p *parser) statement(s *Statement) {
	switch {
	case p.keyword("SELECT"):
		p.selects(s)
	case p.keyword("INSERT"):
		s.Verb = Insert
		p.need("INTO")
		p.table(s)
		p.need("VALUE")
		at := p.tokens[0]
		v := p.operand()
		if p.err == nil && (v.Op != "" || v.Path != nil || v.Value.Kind != item.M) {
			p.fail("expected an item instead of %s", at)
		}
		if p.err == nil {
			s.Item = v.Value.Map
		}
	case p.keyword("UPDATE"):
		s.Verb = Update
		p.table(s)
		p.changes(s)
		p.where(s)
		p.returning(s)
	case p.keyword("DELETE"):
		s.Verb = Delete
		p.need("FROM")
		p.table(s)
		p.where(s)
		p.returning(s)
	case p.keyword("EXISTS"):
		p.expect("(")
		p.need("SELECT")
		p.selects(s)
		p.expect(")")
		s.Verb = Exists
	default:
		p.fail("expected a statement instead of %s", p.tokens[0])
	}
}

func (p *parser) selects(s *Statement) {
	if !p.accept("*") {
		s.Columns = append(s.Columns, p.path())
		for p.accept(",") {
			s.Columns = append(s.Columns, p.path())
		}
	}
	p.need("FROM")
	p.table(s)
	if p.accept(".") {
		s.Index = p.name()
	}
	p.where(s)
	if !p.keyword("ORDER") {
		return
	}
	p.need("BY")
	for {
		o := Order{Name: p.name()}
		if o.Desc = p.keyword("DESC"); !o.Desc {
			p.keyword("ASC")
		}
		if s.Order = append(s.Order, o); !p.accept(",") {
			return
		}
	}
}

func (p *parser) table(s *Statement) { s.Table = p.name() }

// name is a name, in quotes or not.
func (p *parser) name() string {
	t := p.next()
	if t.kind != word && t.kind != quoted || t.text == "" {
		p.fail("expected a name instead of %s", t)
	}
	return t.text
}

func (p *parser) path() Path {
	path := Path{{Name: p.name()}}
	for {
		switch {
		case p.accept("."):
			path = append(path, Step{Name: p.name()})
		case p.accept("["):
			t := p.next()
			n, err := strconv.Atoi(t.text)
			if t.kind != number || err != nil {
				p.fail("expected an index instead of %s", t)
			}
			path = append(path, Step{Index: n})
			p.expect("]")
		default:
			return path
		}
	}
}

func (p *parser) where(s *Statement) {
	if p.keyword("WHERE") {
		s.Where = p.condition()
	}
}

// changes are SET and REMOVE clauses, as often as one likes.
func (p *parser) changes(s *Statement) {
	for {
		switch {
		case p.keyword("SET"):
			for more := true; more; more = p.accept(",") {
				a := Assignment{Path: p.path()}
				p.expect("=")
				a.Value = p.sum()
				s.Sets = append(s.Sets, a)
			}
		case p.keyword("REMOVE"):
			for more := true; more; more = p.accept(",") {
				s.Removes = append(s.Removes, p.path())
			}
		case len(s.Sets)+len(s.Removes) == 0:
			p.fail("expected SET or REMOVE instead of %s", p.tokens[0])
			return
		default:
			return
		}
	}
}

func (p *parser) returning(s *Statement) {
	if !p.keyword("RETURNING") {
		return
	}
	which, when := p.next(), p.next()
	if !which.is("ALL") && !which.is("MODIFIED") || !when.is("OLD") && !when.is("NEW") {
		p.fail("expected ALL or MODIFIED, OLD or NEW instead of %s", which)
	}
	s.Returning = strings.ToUpper(which.text + "_" + when.text)
	p.expect("*")
}

func (p *parser) condition() *Node {
	defer p.deeper()()
	n := p.conjunction()
	for p.keyword("OR") {
		n = &Node{Op: "OR", Args: []*Node{n, p.conjunction()}}
	}
	return n
}

func (p *parser) conjunction() *Node {
	n := p.negation()
	for p.keyword("AND") {
		n = &Node{Op: "AND", Args: []*Node{n, p.negation()}}
	}
	return n
}

func (p *parser) negation() *Node {
	defer p.deeper()()
	if p.keyword("NOT") {
		return &Node{Op: "NOT", Args: []*Node{p.negation()}}
	}
	if p.accept("(") {
		n := p.condition()
		p.expect(")")
		return n
	}
	return p.comparison()
}

func (p *parser) comparison() *Node {
	left := p.operand()
	t := p.tokens[0]
	not := false
	if t.is("NOT") {
		p.next()
		not, t = true, p.tokens[0]
	}
	n := p.compared(left, t)
	if n == nil {
		if not || !conditions[left.Op] {
			p.fail("expected a comparison instead of %s", t)
		}
		return left
	}
	if not {
		return &Node{Op: "NOT", Args: []*Node{n}}
	}
	return n
}

// conditions are the functions that are conditions by themselves.
var conditions = map[string]bool{"begins_with": true, "contains": true, "attribute_type": true}

// compared is a comparison of left, nil where none follows.
func (p *parser) compared(left *Node, t token) *Node {
	switch {
	case t.kind == sign && strings.Contains(" = <> != < <= > >= ", " "+t.text+" "):
		p.next()
		op := t.text
		if op == "!=" {
			op = "<>"
		}
		return turned(op, left, p.operand())
	case p.keyword("BETWEEN"):
		low := p.operand()
		p.need("AND")
		return &Node{Op: "BETWEEN", Args: []*Node{left, low, p.operand()}}
	case p.keyword("IN"):
		closing := ")"
		if p.accept("[") {
			closing = "]"
		} else {
			p.expect("(")
		}
		n := &Node{Op: "IN", Args: []*Node{left, p.operand()}}
		for p.accept(",") {
			n.Args = append(n.Args, p.operand())
		}
		p.expect(closing)
		return n
	case p.keyword("IS"):
		not := p.keyword("NOT")
		n := &Node{Op: "MISSING", Args: []*Node{left}}
		if !p.keyword("MISSING") {
			p.need("NULL")
			n.Op = "NULL"
		}
		if not {
			return &Node{Op: "NOT", Args: []*Node{n}}
		}
		return n
	}
	return nil
}

// turned has the path on the left where the statement had it on the right.
func turned(op string, left, right *Node) *Node {
	if right.Path != nil && left.Op == "" && left.Path == nil {
		mirror := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}
		if m, ok := mirror[op]; ok {
			op = m
		}
		left, right = right, left
	}
	return &Node{Op: op, Args: []*Node{left, right}}
}

// sum is the value of an assignment.
func (p *parser) sum() *Node {
	n := p.operand()
	for p.tokens[0].sign("+") || p.tokens[0].sign("-") {
		op := p.next().text
		n = &Node{Op: op, Args: []*Node{n, p.operand()}}
	}
	return n
}
