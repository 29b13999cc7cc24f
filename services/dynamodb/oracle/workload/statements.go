package workload

import (
	"fmt"
	"strings"
)

// sentence is a statement of PartiQL with its parameters.
type sentence struct {
	m          *Maker
	parameters []any
}

func (s *sentence) value(v any) string {
	s.parameters = append(s.parameters, v)
	return "?"
}

func (s *sentence) path() string {
	m := s.m
	path := `"` + pick(m, attributes...) + `"`
	for m.chance(15) {
		if m.chance(50) {
			path += fmt.Sprintf("[%d]", m.r.IntN(3))
		} else {
			path += `."` + pick(m, attributes...) + `"`
		}
	}
	return path
}

func (s *sentence) condition(depth int) string {
	m := s.m
	if depth > 0 && m.chance(30) {
		a, b := s.condition(depth-1), ""
		switch m.r.IntN(3) {
		case 0:
			return "NOT (" + a + ")"
		case 1:
			b = " AND "
		default:
			b = " OR "
		}
		return "(" + a + b + s.condition(depth-1) + ")"
	}
	switch m.r.IntN(8) {
	case 0:
		return s.path() + pick(m, " IS MISSING", " IS NOT MISSING")
	case 1:
		return "begins_with(" + s.path() + ", " + s.value(object{"S": pick(m, "a", "h", "")}) + ")"
	case 2:
		return "contains(" + s.path() + ", " + s.value(object{"S": pick(m, "a", "b")}) + ")"
	case 3:
		return "size(" + s.path() + ") " + pick(m, "<", ">", "=") + " " + s.value(object{"N": "2"})
	case 4:
		return s.path() + " BETWEEN " + s.value(object{"N": "1"}) + " AND " + s.value(object{"N": "5"})
	case 5:
		return s.path() + " IN [" + s.value(object{"N": m.number()}) + ", " + s.value(object{"S": "a"}) + "]"
	}
	return s.path() + " " + pick(m, "=", "<>", "<", "<=", ">", ">=") + " " + s.value(pick[any](m, object{"N": m.number()}, object{"S": m.text()}))
}

// key is a condition on the whole key; now and then not on all of it.
func (s *sentence) key(of schema) string {
	m := s.m
	text := of.hash + " = " + s.value(m.goodKey(of.kinds[of.hash]))
	if of.rng != "" && m.chance(95) {
		text += " AND " + of.rng + " = " + s.value(m.goodKey(of.kinds[of.rng]))
	}
	return text
}

func (m *Maker) goodKey(kind string) any {
	for {
		if v := m.keyValue(kind).(object); v[kind] != nil && v[kind] != "" {
			return v
		}
	}
}

// statement is a random statement.
func (m *Maker) statement() Request {
	of := pick(m, m.tables...)
	s := &sentence{m: m}
	var text string
	switch m.r.IntN(8) {
	case 0:
		it := m.item(of)
		it[of.hash] = m.goodKey(of.kinds[of.hash])
		if of.rng != "" {
			it[of.rng] = m.goodKey(of.kinds[of.rng])
		}
		var members []string
		for _, name := range sorted(it) {
			members = append(members, "'"+name+"': "+s.value(it[name]))
		}
		text = `INSERT INTO "` + of.name + `" VALUE {` + strings.Join(members, ", ") + "}"
	case 1, 2, 3:
		text = `UPDATE "` + of.name + `" `
		for range 1 + m.r.IntN(2) {
			if m.chance(20) {
				text += "REMOVE " + s.path() + " "
			} else {
				text += "SET " + s.path() + " = " + s.assigned() + " "
			}
		}
		text += "WHERE " + s.key(of)
		if m.chance(40) {
			text += " AND " + s.condition(1)
		}
		if m.chance(50) {
			text += " RETURNING " + pick(m, "ALL", "MODIFIED") + " " + pick(m, "OLD", "NEW") + " *"
		}
	case 4:
		text = `DELETE FROM "` + of.name + `" WHERE ` + s.key(of)
		if m.chance(40) {
			text += " AND " + s.condition(1)
		}
		if m.chance(50) {
			text += " RETURNING ALL OLD *"
		}
	default:
		text = "SELECT " + pick(m, "*", `"a"`, `h, "b", "c"`) + ` FROM "` + of.name + `"`
		switch m.r.IntN(4) {
		case 0:
		case 1:
			text += " WHERE " + s.condition(2)
		default:
			text += " WHERE " + of.hash + " = " + s.value(m.goodKey(of.kinds[of.hash]))
			if of.rng != "" && m.chance(50) {
				text += " AND " + of.rng + " " + pick(m, "=", "<", ">=") + " " + s.value(m.goodKey(of.kinds[of.rng]))
			}
			if m.chance(40) {
				text += " AND " + s.condition(1)
			}
			if of.rng != "" && m.chance(30) {
				text += " ORDER BY " + of.rng + pick(m, "", " DESC", " ASC")
			}
		}
	}
	in := object{"Statement": text}
	if len(s.parameters) > 0 {
		in["Parameters"] = s.parameters
	}
	return Request{"ExecuteStatement", in}
}

func (s *sentence) assigned() string {
	m := s.m
	switch m.r.IntN(6) {
	case 0:
		return s.path() + pick(m, " + ", " - ") + s.value(object{"N": m.number()})
	case 1:
		return "list_append(" + s.path() + ", " + s.value(object{"L": []any{object{"N": "1"}}}) + ")"
	case 2:
		return s.path()
	}
	return s.value(m.value(1))
}
