package vtl

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxNesting bounds blocks, parentheses and literals within each other.
const maxNesting = 200

// parser goes once through the source; pos is where it is.
type parser struct {
	src    string
	pos    int
	depth  int
	macros map[string]*macro
	known  map[string]bool // names of the macros, also of those further down
	alone  bool            // whether the last directive stands at the beginning of its line
	branch int             // where the last block of an #if or #elseif that does began
}

var macroName = regexp.MustCompile(`#\{?macro\}?\s*\(\s*([A-Za-z_][A-Za-z0-9_-]*)`)

// Parse reads a template. Its error is an *Error.
func Parse(source string) (*Template, error) {
	p := &parser{src: source, macros: map[string]*macro{}, known: map[string]bool{}}
	for _, m := range macroName.FindAllStringSubmatch(source, -1) {
		p.known[m[1]] = true
	}
	block, ends, err := p.block(false)
	if err == nil && ends != "" {
		err = fmt.Errorf("#%s without a directive that it belongs to", ends)
	}
	if err != nil {
		return nil, at(source, p.pos, err)
	}
	return &Template{source: source, block: block, macros: p.macros}, nil
}

func (p *parser) nest() error {
	if p.depth++; p.depth > maxNesting {
		return fmt.Errorf("%w: more than %d levels of nesting", ErrLimit, maxNesting)
	}
	return nil
}

// writer gathers nodes, and between them text.
type writer struct {
	nodes []node
	text  strings.Builder
}

func (w *writer) flush() {
	if w.text.Len() > 0 {
		w.nodes = append(w.nodes, text(w.text.String()))
		w.text.Reset()
	}
}

func (w *writer) add(n node) {
	w.flush()
	w.nodes = append(w.nodes, n)
}

// dropIndent takes back the blanks at the end of the text.
func (w *writer) dropIndent() {
	s := w.text.String()
	w.text.Reset()
	w.text.WriteString(strings.TrimRight(s, " \t"))
}

// block reads up to the directive that ends the block, whose name it returns
// and which it has passed; "" at the end of the source.
func (p *parser) block(inner bool) (nodes []node, ends string, err error) {
	if err := p.nest(); err != nil {
		return nil, "", err
	}
	defer func() { p.depth-- }()
	w := &writer{}
	for p.pos < len(p.src) {
		n := strings.IndexAny(p.src[p.pos:], `$#\`)
		if n < 0 {
			n = len(p.src) - p.pos
		}
		w.text.WriteString(p.src[p.pos : p.pos+n])
		p.pos += n
		if p.pos == len(p.src) {
			break
		}
		slashes := 0
		for p.pos+slashes < len(p.src) && p.src[p.pos+slashes] == '\\' {
			slashes++
		}
		p.pos += slashes
		switch p.peek() {
		case '$':
			err = p.referenceInText(w, slashes)
		case '#':
			ends, err = p.hash(w, slashes)
		default:
			w.text.WriteString(strings.Repeat(`\`, slashes))
		}
		if err != nil {
			return nil, "", err
		}
		if ends != "" {
			w.flush()
			return w.nodes, ends, nil
		}
	}
	if inner {
		return nil, "", errors.New("a block is not closed: #end is missing")
	}
	w.flush()
	return w.nodes, "", nil
}

func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) rest() string { return p.src[p.pos:] }

// take passes s, if it comes next.
func (p *parser) take(s string) bool {
	if strings.HasPrefix(p.rest(), s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *parser) skipSpace() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *parser) identifier() string {
	start := p.pos
	if isLetter(p.peek()) {
		for isLetter(p.peek()) || isDigit(p.peek()) {
			p.pos++
		}
	}
	return p.src[start:p.pos]
}

func (p *parser) referenceInText(w *writer, slashes int) error {
	start := p.pos
	ref, err := p.reference(true)
	if err != nil {
		return err
	}
	if ref == nil {
		p.pos = start + 1
		w.text.WriteString(strings.Repeat(`\`, slashes) + "$")
		return nil
	}
	ref.slashes = slashes
	w.add(ref)
	return nil
}

var directives = []string{"set", "if", "elseif", "else", "end", "foreach", "break", "stop", "macro", "define", "include", "parse", "evaluate"}

// hash reads what begins with #: a comment, unparsed text, a directive, or text.
func (p *parser) hash(w *writer, slashes int) (ends string, err error) {
	start := p.pos
	if name := p.directiveName(); name != "" {
		w.text.WriteString(strings.Repeat(`\`, slashes/2))
		if slashes%2 == 1 {
			w.text.WriteString(p.src[start:p.pos])
			return "", nil
		}
		return p.directive(w, name, start)
	}
	p.pos = start
	w.text.WriteString(strings.Repeat(`\`, slashes))
	switch {
	case p.take("##"):
		w.flush() // blanks before it stay, whatever the next line holds
		if n := strings.IndexByte(p.rest(), '\n'); n >= 0 {
			p.pos += n + 1
		} else {
			p.pos = len(p.src)
		}
	case p.take("#*"):
		n := strings.Index(p.rest(), "*#")
		if n < 0 {
			n = len(p.rest()) - 2
		}
		p.pos += n + 2
	case p.take("#[["):
		n := strings.Index(p.rest(), "]]#")
		if n < 0 {
			return "", errors.New("unparsed content is not closed: ]]# is missing")
		}
		w.text.WriteString(p.src[p.pos : p.pos+n])
		p.pos += n + 3
	default:
		p.pos++
		w.text.WriteByte('#')
	}
	return "", nil
}

// directiveName reads #name or #{name}; "" where it is none.
func (p *parser) directiveName() string {
	p.pos++
	braced := p.take("{")
	name := p.identifier()
	if braced && !p.take("}") {
		return ""
	}
	if slices.Contains(directives, name) || p.known[name] {
		return name
	}
	return ""
}

// atLineStart tells whether only blanks stand before pos on its line, or in its
// block of #if.
func (p *parser) atLineStart(pos int) bool {
	before := strings.TrimRight(p.src[:pos], " \t")
	return before == "" || len(before) == p.branch || strings.HasSuffix(before, "\n")
}

// endLine passes the rest of the line, if it is blank.
func (p *parser) endLine() {
	for i := p.pos; i < len(p.src); i++ {
		switch p.src[i] {
		case ' ', '\t', '\r':
			continue
		case '\n':
			p.pos = i + 1
		}
		return
	}
}

// directive reads one whose name was passed. Directives that have a line of
// their own take it with them.
func (p *parser) directive(w *writer, name string, start int) (ends string, err error) {
	alone := p.atLineStart(start)
	p.alone = alone
	if alone {
		w.dropIndent()
	}
	var n node
	switch name {
	case "else":
		p.endLine()
		if alone {
			p.branch = p.pos
		}
		return name, nil
	case "end", "elseif":
		return name, nil
	case "set":
		n, err = p.set()
	case "if":
		n, err = p.conditional()
	case "foreach":
		n, err = p.foreach(start)
	case "break":
		n = breakLoop{}
	case "stop":
		n = stop{}
	case "define":
		n, err = p.define()
	case "macro":
		err = p.macro()
	case "include", "parse", "evaluate":
		err = fmt.Errorf("#%s is not available", name)
	default:
		n, err = p.macroCall(name, start)
	}
	if err != nil {
		return "", err
	}
	if n != nil {
		w.add(n)
	}
	if alone {
		p.endLine()
	}
	return "", nil
}

// open passes a parenthesis; close the other one.
func (p *parser) open(of string) error {
	p.skipSpace()
	if !p.take("(") {
		return fmt.Errorf("#%s wants a parenthesis", of)
	}
	p.skipSpace()
	return nil
}

func (p *parser) close(of string) error {
	p.skipSpace()
	if !p.take(")") {
		return fmt.Errorf("#%s: the parenthesis is not closed", of)
	}
	return nil
}

func (p *parser) set() (node, error) {
	if err := p.open("set"); err != nil {
		return nil, err
	}
	ref, err := p.reference(false)
	if err == nil && ref != nil {
		p.hyphens(ref)
	}
	if err != nil {
		return nil, err
	}
	if ref == nil {
		return nil, errors.New("#set wants a reference")
	}
	if n := len(ref.path); n > 0 && ref.path[n-1].call {
		return nil, errors.New("#set cannot set what a method returns")
	}
	p.skipSpace()
	if !p.take("=") {
		return nil, errors.New("#set wants =")
	}
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	return set{ref, value}, p.close("set")
}

// hyphens reads on in the name of the member that #set sets, which may have
// hyphens: $context.responseOverride.header.Access-Control-Allow-Origin. They
// can mean nothing else there.
func (p *parser) hyphens(ref *reference) {
	for len(ref.path) > 0 && p.peek() == '-' {
		last := &ref.path[len(ref.path)-1]
		if last.call || last.index != nil {
			return
		}
		start := p.pos
		for isLetter(p.peek()) || isDigit(p.peek()) || p.peek() == '-' {
			p.pos++
		}
		last.name += p.src[start:p.pos]
	}
}

func (p *parser) conditional() (node, error) {
	var all conditional
	name := "if"
	for {
		var b branch
		var err error
		alone := p.alone
		if name != "else" {
			if err = p.open(name); err == nil {
				if b.when, err = p.expression(); err == nil {
					err = p.close(name)
				}
			}
			p.endLine()
			if alone {
				p.branch = p.pos
			}
		}
		if err != nil {
			return nil, err
		}
		last := name
		if b.then, name, err = p.block(true); err != nil {
			return nil, err
		}
		all = append(all, b)
		if name == "end" {
			return all, nil
		}
		if last == "else" {
			return nil, fmt.Errorf("#%s after #else", name)
		}
	}
}

func (p *parser) foreach(start int) (node, error) {
	if err := p.open("foreach"); err != nil {
		return nil, err
	}
	ref, err := p.reference(false)
	if err != nil {
		return nil, err
	}
	if ref == nil || len(ref.path) > 0 {
		return nil, errors.New("#foreach wants a variable")
	}
	p.skipSpace()
	if p.identifier() != "in" {
		return nil, errors.New("#foreach wants the word in")
	}
	p.skipSpace()
	if c := p.peek(); c == '(' || c == '!' {
		return nil, fmt.Errorf("#foreach: %c is nothing to go through", c)
	}
	f := foreach{source: p.src, pos: start, name: ref.name}
	if f.in, err = p.expression(); err != nil {
		return nil, err
	}
	if err := p.close("foreach"); err != nil {
		return nil, err
	}
	p.endLine()
	var ends string
	if f.body, ends, err = p.block(true); err != nil {
		return nil, err
	}
	if ends == "else" {
		if f.orElse, ends, err = p.block(true); err != nil {
			return nil, err
		}
	}
	if ends != "end" {
		return nil, fmt.Errorf("#%s in #foreach", ends)
	}
	return f, nil
}

func (p *parser) body(of string) ([]node, error) {
	p.endLine()
	body, ends, err := p.block(true)
	if err == nil && ends != "end" {
		err = fmt.Errorf("#%s in #%s", ends, of)
	}
	return body, err
}

func (p *parser) define() (node, error) {
	if err := p.open("define"); err != nil {
		return nil, err
	}
	ref, err := p.reference(false)
	if err != nil {
		return nil, err
	}
	if ref == nil || len(ref.path) > 0 {
		return nil, errors.New("#define wants a variable")
	}
	if err := p.close("define"); err != nil {
		return nil, err
	}
	body, err := p.body("define")
	return define{ref.name, body}, err
}

func (p *parser) macro() error {
	if err := p.open("macro"); err != nil {
		return err
	}
	name := p.identifier()
	if name == "" {
		return errors.New("#macro wants a name")
	}
	m := &macro{}
	for {
		p.skipSpace()
		if p.take(",") {
			continue
		}
		if p.peek() != '$' {
			break
		}
		ref, err := p.reference(false)
		if err != nil {
			return err
		}
		if ref == nil || len(ref.path) > 0 {
			return errors.New("#macro wants variables")
		}
		var standard expr
		p.skipSpace()
		if p.take("=") {
			if standard, err = p.expression(); err != nil {
				return err
			}
		}
		m.params, m.defaults = append(m.params, ref.name), append(m.defaults, standard)
	}
	if err := p.close("macro"); err != nil {
		return err
	}
	var err error
	m.body, err = p.body("macro")
	if p.macros[name] == nil {
		p.macros[name] = m // the first one stays, as in Velocity
	}
	return err
}

func (p *parser) macroCall(name string, start int) (node, error) {
	c := macroCall{source: p.src, pos: start, name: name}
	if p.peek() == '(' {
		p.pos++
		for {
			p.skipSpace()
			if p.take(",") {
				continue
			}
			if p.take(")") {
				break
			}
			if c := p.peek(); c == '(' || c == '!' {
				return nil, fmt.Errorf("#%s: %c is no argument", name, c)
			}
			arg, err := p.operand()
			if err != nil {
				return nil, err
			}
			c.args = append(c.args, arg)
		}
	}
	c.literal = p.src[start:p.pos]
	return c, nil
}
