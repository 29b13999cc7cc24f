package workload

import (
	"fmt"
	"strings"
)

// placeholders collects what expressions of one request use.
type placeholders struct {
	m      *Maker
	names  object
	values object
	flat   bool // no paths into keys: in transactions, DynamoDB Local lets some pass
}

func (m *Maker) placeholders() *placeholders {
	return &placeholders{m: m, names: object{}, values: object{}}
}

// into puts the placeholders into a request; now and then one too many.
func (p *placeholders) into(in object) {
	if p.m.chance(1) {
		p.values[":spare"] = object{"N": "1"}
	}
	if p.m.chance(1) {
		p.names["#spare"] = "a"
	}
	if len(p.names) > 0 {
		in["ExpressionAttributeNames"] = p.names
	}
	if len(p.values) > 0 {
		in["ExpressionAttributeValues"] = p.values
	}
}

func (p *placeholders) value(v any) string {
	name := fmt.Sprintf(":v%d", len(p.values))
	if !p.m.chance(1) {
		p.values[name] = v
	}
	return name
}

func (p *placeholders) name(attribute string) string {
	plain := strings.Trim(attribute, "abcdefghijklmnopqrstuvwxyz_0123456789") == ""
	if plain && p.m.chance(70) {
		return attribute
	}
	name := fmt.Sprintf("#n%d", len(p.names))
	if !p.m.chance(1) {
		p.names[name] = attribute
	}
	return name
}

func (p *placeholders) path() string {
	attribute := p.m.attribute()
	path := p.name(attribute)
	for p.m.chance(20) && !(p.flat && (attribute == "h" || attribute == "r")) {
		if p.m.chance(50) {
			path += fmt.Sprintf("[%d]", p.m.r.IntN(4))
		} else {
			path += "." + p.name(p.m.attribute())
		}
	}
	return path
}

func (p *placeholders) operand() string {
	switch p.m.r.IntN(10) {
	case 0, 1, 2, 3, 4:
		return p.path()
	case 5:
		return "size(" + p.path() + ")"
	}
	return p.value(p.m.value(1))
}

func (p *placeholders) condition(depth int) string {
	m := p.m
	if depth > 0 && m.chance(35) {
		a, b := p.condition(depth-1), p.condition(depth-1)
		switch m.r.IntN(4) {
		case 0:
			return a + " AND " + b
		case 1:
			return a + " or " + b
		case 2:
			return "NOT " + a
		}
		return "(" + a + ")"
	}
	if m.chance(4) {
		return p.odd()
	}
	switch m.r.IntN(12) {
	case 0:
		return "attribute_exists(" + p.path() + ")"
	case 1:
		return "attribute_not_exists(" + p.path() + ")"
	case 2:
		return "attribute_type(" + p.path() + ", " + p.value(object{"S": pick(m, "S", "N", "B", "SS", "L", "M", "NULL", "BOOL", "x")}) + ")"
	case 3:
		return "begins_with(" + p.path() + ", " + p.value(pick[any](m, object{"S": m.text()}, object{"B": m.bytes()}, object{"S": "a"})) + ")"
	case 4:
		return "contains(" + p.path() + ", " + p.operand() + ")"
	case 5:
		low, high := m.number(), m.number()
		return p.path() + " BETWEEN " + p.value(object{"N": low}) + " AND " + p.value(object{"N": high})
	case 6:
		list := []string{p.operand()}
		for range m.r.IntN(3) {
			list = append(list, p.operand())
		}
		return p.operand() + " IN (" + strings.Join(list, ", ") + ")"
	}
	return p.operand() + " " + pick(m, "=", "<>", "<", "<=", ">", ">=") + " " + p.operand()
}

func (p *placeholders) update() string {
	m := p.m
	var sections []string
	if m.chance(70) {
		var list []string
		for range 1 + m.r.IntN(2) {
			list = append(list, p.path()+" = "+p.assigned())
		}
		sections = append(sections, pick(m, "SET ", "set ")+strings.Join(list, ", "))
	}
	if m.chance(25) {
		list := []string{p.path()}
		if m.chance(30) {
			list = append(list, p.path())
		}
		sections = append(sections, "REMOVE "+strings.Join(list, ","))
	}
	if m.chance(25) {
		sections = append(sections, "ADD "+p.path()+" "+p.value(pick(m, any(object{"N": m.number()}), m.set(), m.value(1))))
	}
	if m.chance(15) {
		sections = append(sections, "DELETE "+p.path()+" "+p.value(pick(m, m.set(), m.set(), m.value(0))))
	}
	return strings.Join(sections, " ")
}

func (p *placeholders) assigned() string {
	m := p.m
	number := func() string {
		switch m.r.IntN(3) {
		case 0:
			return p.path()
		case 1:
			return "if_not_exists(" + p.path() + ", " + p.value(object{"N": m.number()}) + ")"
		}
		return p.value(object{"N": m.number()})
	}
	list := func() string {
		switch m.r.IntN(4) {
		case 0:
			return p.path()
		case 1:
			return "if_not_exists(" + p.path() + ", " + p.value(object{"L": []any{}}) + ")"
		}
		return p.value(object{"L": []any{m.value(0)}})
	}
	switch m.r.IntN(11) {
	case 7:
		return "list_append(" + list() + ", " + list() + ")"
	case 8:
		return "if_not_exists(" + p.path() + ", if_not_exists(" + p.path() + ", " + p.value(m.value(0)) + "))"
	case 9:
		return "(" + number() + pick(m, " + ", " - ", "-", "+") + number() + ")"
	case 10:
		return pick(m, "list_append("+list()+", list_append("+list()+", "+list()+"))", "size("+p.path()+")", number()+" + "+number()+" - "+number(),
			"attribute_exists("+p.path()+")", "list_append("+list()+")", "if_not_exists("+p.value(m.value(0))+", "+p.path()+")", "-"+p.path())
	case 0:
		return number() + " + " + number()
	case 1:
		return number() + " - " + number()
	case 2:
		return "if_not_exists(" + p.path() + ", " + p.value(m.value(1)) + ")"
	case 3:
		return "list_append(" + p.path() + ", " + p.value(object{"L": []any{m.value(0)}}) + ")"
	case 4:
		return p.path()
	}
	return p.value(m.value(2))
}

func (p *placeholders) projection() string {
	list := []string{p.path()}
	for p.m.chance(50) {
		list = append(list, p.path())
	}
	return strings.Join(list, ", ")
}

// odd is a condition as nobody should write it: functions where they do not
// belong, operands of the wrong kind.
func (p *placeholders) odd() string {
	m := p.m
	return pick(m,
		func() string { return "attribute_exists(" + p.value(m.value(0)) + ")" },
		func() string { return "contains(" + p.value(m.value(0)) + ", " + p.path() + ")" },
		func() string {
			return "contains(" + p.value(object{"S": "abc"}) + ", " + p.value(object{"S": "b"}) + ")"
		},
		func() string { return "begins_with(" + p.value(object{"S": "abc"}) + ", " + p.path() + ")" },
		func() string { return "begins_with(" + p.path() + ", " + p.value(m.value(0)) + ")" },
		func() string { return "begins_with(" + p.path() + ")" },
		func() string { return "attribute_type(" + p.path() + ", " + p.value(m.value(0)) + ")" },
		func() string { return "size(" + p.value(m.value(1)) + ") > " + p.value(object{"N": "1"}) },
		func() string { return "size(size(" + p.path() + ")) = " + p.value(object{"N": "1"}) },
		func() string { return "size(" + p.path() + ")" },
		func() string { return "if_not_exists(" + p.path() + ", " + p.path() + ") = " + p.path() },
		func() string { return p.path() },
		func() string { return p.value(m.value(0)) + " = " + p.value(m.value(0)) },
		func() string { return "(" + p.path() + ") = (" + p.value(m.value(0)) + ")" },
		func() string { return "NOT (NOT " + p.path() + " = " + p.value(m.value(0)) + ")" },
		func() string { return p.path() + " BETWEEN " + p.path() + " AND size(" + p.path() + ")" },
		func() string {
			return "size(" + p.path() + ") BETWEEN " + p.value(object{"N": "0"}) + " AND " + p.value(object{"N": "3"})
		},
		func() string { return p.path() + " IN ()" },
		func() string { return p.path() + " = " + p.path() + " = " + p.path() },
		func() string { return "ATTRIBUTE_EXISTS(" + p.path() + ")" },
	)()
}

// garble breaks an expression now and then.
func (m *Maker) garble(text string) string {
	if !m.chance(4) || text == "" {
		return text
	}
	words := strings.Fields(text)
	i := m.r.IntN(len(words))
	switch m.r.IntN(5) {
	case 0:
		words = append(words[:i], words[i+1:]...)
	case 1:
		words[i] = pick(m, "AND", "(", ")", "=", "foo(a)", "status", "SET", "12", "$", "[0]", ",")
	case 2:
		words = append(words, pick(m, "AND", ")", "b", ",", ":v0", "<"))
	case 3:
		return "((" + text + "))"
	default:
		words[i] = words[i] + " " + words[i]
	}
	return strings.Join(words, " ")
}
