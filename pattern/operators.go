package pattern

import (
	"fmt"
	"math"

	"github.com/signalbox/signalbox/pattern/internal/address"
	"github.com/signalbox/signalbox/pattern/internal/number"
	"github.com/signalbox/signalbox/pattern/internal/rule"
)

// expression reads a match expression such as {"prefix": "a"}, its opening
// brace read already. The errors are event-ruler's, word for word.
func (p *parser) expression() rule.Test {
	name := p.next()
	if name.kind != ':' {
		p.refuse("Match expression name not found")
	}
	switch name.text {
	case "exactly":
		return p.only(rule.Test{Kind: rule.String, Text: p.text("exact match pattern must be a string")})
	case "prefix":
		return p.prefixOrSuffix("prefix", "Prefix", rule.Prefix, rule.PrefixFold)
	case "suffix":
		return p.prefixOrSuffix("suffix", "Suffix", rule.Suffix, rule.SuffixFold)
	case "equals-ignore-case":
		return p.only(rule.Test{Kind: rule.Fold, Text: p.text("equals-ignore-case match pattern must be a string")})
	case "wildcard":
		text := p.text("wildcard match pattern must be a string")
		p.checkWildcard(text)
		return p.only(rule.Test{Kind: rule.Wildcard, Text: text, Pieces: rule.Pieces(text)})
	case "cidr":
		block, err := address.ParseBlock(p.text("prefix match pattern must be a string"))
		if err != nil {
			panic(fault{reason: err.Error(), at: p.seen, complete: true})
		}
		return p.only(rule.Test{Kind: rule.Block, Block: &block})
	case "exists":
		t := p.next()
		if t.text != "true" && t.text != "false" || t.kind != 'a' {
			p.refuse("exists match pattern must be either true or false.")
		}
		if t.text == "false" {
			return p.only(rule.Test{Kind: rule.Absent})
		}
		return p.only(rule.Test{Kind: rule.Exists})
	case "numeric":
		if t := p.next(); t.kind != '[' {
			p.refuse("Value of numeric must be an array.")
		}
		made := p.numeric()
		if t := p.next(); t.kind != '}' {
			p.refuse("Too many elements in numeric expression")
		}
		return made
	case "anything-but":
		return p.anythingBut()
	}
	p.refuse("Unrecognized match type %s", name.text)
	return rule.Test{}
}

// text reads a string and refuses anything else with the given reason.
func (p *parser) text(reason string) string {
	t := p.next()
	if t.kind != '"' {
		p.refuse("%s", reason)
	}
	p.finish(t)
	return t.text
}

// only ends an expression that has one member.
func (p *parser) only(made rule.Test) rule.Test {
	if t := p.next(); t.kind != '}' {
		p.refuse("Only one key allowed in match expression")
	}
	return made
}

func (p *parser) prefixOrSuffix(name, title string, plain, fold rule.Kind) rule.Test {
	t := p.next()
	if t.kind == '"' {
		p.finish(t)
		return p.only(rule.Test{Kind: plain, Text: t.text})
	}
	if t.kind != '{' {
		p.refuse("%s match pattern must be a string", name)
	}
	op := p.next()
	if op.kind != ':' {
		p.refuse("%s expression name not found", title)
	}
	if op.text != "equals-ignore-case" {
		p.refuse("Unsupported %s pattern: %s", name, op.text)
	}
	text := p.text("equals-ignore-case match pattern must be a string")
	return p.only(p.only(rule.Test{Kind: fold, Text: text}))
}

// numeric reads the list of a numeric expression up to its end.
func (p *parser) numeric() rule.Test {
	t := p.next()
	p.finish(t)
	if t.kind != '"' {
		p.refuse("Invalid member in numeric match: %s", tokenText(t))
	}
	made := rule.Test{Kind: rule.Range, Lo: math.Inf(-1), Hi: math.Inf(1)}
	switch op := t.text; op {
	case "=":
		made.Lo = p.comparable("equals")
		made.Hi = made.Lo
	case "<", "<=":
		made.Hi, made.HiOpen = p.comparable(op), op == "<"
	case ">", ">=":
		made.Lo, made.LoOpen = p.comparable(op), op == ">"
		if t = p.next(); t.kind == ']' {
			return made
		}
		p.upper(t, &made)
		return made
	default:
		p.refuse("Unrecognized numeric range operator: %s", op)
	}
	if t = p.next(); t.kind != ']' {
		p.refuse("Too many elements in numeric expression")
	}
	return made
}

// upper reads the second half of a range, t being its operator.
func (p *parser) upper(t token, made *rule.Test) {
	p.finish(t)
	if t.kind != '"' {
		p.refuse("Bad value in numeric range: %s", tokenText(t))
	}
	if t.text != "<" && t.text != "<=" {
		p.refuse("Bad numeric range operator: %s", t.text)
	}
	made.Hi, made.HiOpen = p.comparable(t.text), t.text == "<"
	if end := p.next(); end.kind != ']' {
		p.refuse("Too many terms in numeric range expression")
	}
	if made.Lo >= made.Hi {
		p.refuse("Bottom must be less than top")
	}
}

// comparable reads a number that a double holds.
func (p *parser) comparable(op string) float64 {
	t := p.next()
	if t.kind != '0' {
		p.refuse("Value of %s must be numeric", op)
	}
	f, ok := number.Parse([]byte(t.text))
	if !ok {
		p.refuse("Cannot compare number : %s", t.text)
	}
	return f
}

// anythingBut reads what follows the name anything-but.
func (p *parser) anythingBut() rule.Test {
	made := rule.Test{Kind: rule.Not}
	inner, op := rule.String, ""
	t := p.next()
	if t.kind == '{' {
		name := p.next()
		if name.kind != ':' {
			p.refuse("Anything-But expression name not found")
		}
		op = name.text
		switch op {
		case "equals-ignore-case":
			inner = rule.Fold
		case "prefix":
			inner = rule.Prefix
		case "suffix":
			inner = rule.Suffix
		case "wildcard":
			inner = rule.Wildcard
		default:
			p.refuse("Unsupported anything-but pattern: %s", op)
		}
		t = p.next()
	}
	if !t.is('[', '"', '0') {
		p.refuse("Value of anything-but must be an array or single string/number value.")
	}
	if t.kind == '[' {
		for t = p.next(); t.kind != ']'; t = p.next() {
			made.Inner = append(made.Inner, p.excluded(t, inner, true))
		}
		p.checkExcluded(made.Inner, op)
	} else {
		made.Inner = append(made.Inner, p.excluded(t, inner, false))
	}
	for range min(len(op), 1) + 1 {
		if end := p.next(); end.kind != '}' {
			p.refuse("Too many elements in numeric expression")
		}
	}
	return made
}

// excluded makes the test of one value of anything-but. Faults inside a list
// carry their place twice, as the service words them.
func (p *parser) excluded(t token, k rule.Kind, list bool) rule.Test {
	refuse := func(reason string) {
		f := fault{reason: reason, at: p.seen, located: 1}
		if list {
			f.located = 2
		}
		panic(f)
	}
	switch {
	case k == rule.String && t.kind == '"':
		p.finish(t)
		return rule.Test{Kind: rule.String, Text: t.text}
	case k == rule.String && t.kind == '0':
		made := exactNumber(t.text)
		if made.Kind != rule.Number {
			refuse(fmt.Sprintf("Cannot compare number : %s", t.text))
		}
		return made
	case k == rule.String:
		refuse("Inside anything but list, start|null|boolean is not supported.")
	case t.kind != '"' && k == rule.Fold:
		refuse("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.")
	case t.kind != '"' && k == rule.Wildcard:
		refuse("wildcard match pattern must be a string")
	case t.kind != '"':
		refuse("prefix/suffix match pattern must be a string")
	}
	p.finish(t)
	switch {
	case t.text == "" && (k == rule.Prefix || k == rule.Suffix):
		refuse("Null prefix/suffix not allowed")
	case k == rule.Wildcard:
		p.checkWildcard(t.text)
		return rule.Test{Kind: k, Text: t.text, Pieces: rule.Pieces(t.text)}
	}
	return rule.Test{Kind: k, Text: t.text}
}

// checkExcluded refuses empty lists, and mixed ones of plain values. On some
// empty ones event-ruler fails inside.
func (p *parser) checkExcluded(inner []rule.Test, op string) {
	if op != "" {
		if len(inner) == 0 {
			p.refuse("Empty arrays are not allowed")
		}
		return
	}
	strings := 0
	for _, t := range inner {
		if t.Kind == rule.String {
			strings++
		}
	}
	if len(inner) == 0 || strings != 0 && strings != len(inner) {
		p.refuse("Inside anything but list, either all values are number or string, mixed type is not supported")
	}
}

// checkWildcard refuses two stars in a row and stray backslashes. The service
// counts positions with the quotation mark before the text.
func (p *parser) checkWildcard(text string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '*':
			if i+1 < len(text) && text[i+1] == '*' {
				p.refuse("Consecutive wildcard characters at pos %d", i+1)
			}
		case '\\':
			if i+1 >= len(text) || text[i+1] != '*' && text[i+1] != '\\' {
				p.refuse("Invalid escape character at pos %d", i+1)
			}
			i++
		}
	}
}

func exactString(s string) rule.Test {
	if ip, ok := address.Parse(s); ok {
		bits := 128
		if ip.V4 {
			bits = 32
		}
		return rule.Test{Kind: rule.Block, Text: s, Block: &address.Block{IP: ip, Bits: bits}}
	}
	return rule.Test{Kind: rule.String, Text: s}
}

func exactNumber(text string) rule.Test {
	if f, ok := number.Parse([]byte(text)); ok {
		return rule.Test{Kind: rule.Number, Lo: f, Hi: f}
	}
	return rule.Test{Kind: rule.NumberText, Text: text}
}

func tokenText(t token) string {
	if t.is('{', '}', '[', ']') {
		return string(t.kind)
	}
	return t.text
}
