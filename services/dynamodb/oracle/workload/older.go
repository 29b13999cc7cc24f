package workload

// The members that came before expressions.

func (m *Maker) expected(in object) {
	list := object{}
	for range 1 + m.r.IntN(2) {
		e := m.comparison()
		switch m.r.IntN(8) {
		case 0, 1:
			e = object{"Value": m.value(0)}
		case 2, 3:
			e = object{"Exists": false}
		case 4:
			e = object{"Value": m.value(1), "Exists": m.chance(70)}
		case 5:
			if m.chance(20) {
				e["Value"] = m.value(0) // both forms at once
			}
		}
		list[m.attribute()] = e
	}
	in["Expected"] = list
	if m.chance(30) {
		in["ConditionalOperator"] = pick(m, "AND", "OR")
	}
}

// comparison is a condition; now and then with too many or too few values, or
// of types that cannot be compared.
func (m *Maker) comparison() object {
	op := pick(m, "EQ", "NE", "IN", "LE", "LT", "GE", "GT", "BETWEEN", "NOT_NULL", "NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH")
	var list []any
	switch op {
	case "NULL", "NOT_NULL":
		if m.chance(5) {
			list = []any{m.value(0)}
		}
	case "BETWEEN":
		list = []any{object{"N": "1"}, object{"N": m.number()}}
		if m.chance(20) {
			list = []any{object{"S": "a"}, pick[any](m, object{"S": m.text()}, object{"N": "1"})}
		}
	case "BEGINS_WITH":
		list = []any{pick[any](m, object{"S": m.text()}, object{"S": "a"}, object{"B": m.bytes()})}
	case "IN":
		list = []any{m.value(0), m.value(0)}
	default:
		list = []any{m.value(0)}
	}
	if m.chance(4) {
		list = append(list, m.value(0))
	}
	if list == nil {
		return object{"ComparisonOperator": op}
	}
	return object{"ComparisonOperator": op, "AttributeValueList": list}
}

func (m *Maker) olderFilter(in object, member string) {
	filter := object{}
	for range 1 + m.r.IntN(3) {
		filter[m.attribute()] = m.comparison()
	}
	in[member] = filter
	if m.chance(40) {
		in["ConditionalOperator"] = pick(m, "AND", "OR")
	}
	if m.chance(20) {
		in["AttributesToGet"] = []any{m.attribute(), pick(m, attributes...)}
	}
}

func (m *Maker) olderQuery(s schema, in object, hash, rng string) {
	conditions := object{hash: object{"ComparisonOperator": "EQ", "AttributeValueList": []any{m.keyValue(s.kinds[hash])}}}
	if rng != "" && m.chance(60) {
		e := object{"ComparisonOperator": pick(m, "EQ", "LT", "LE", "GT", "GE", "NE", "BEGINS_WITH"), "AttributeValueList": []any{m.keyValue(s.kinds[rng])}}
		if m.chance(20) {
			e = object{"ComparisonOperator": "BETWEEN", "AttributeValueList": []any{m.keyValue(s.kinds[rng]), m.keyValue(s.kinds[rng])}}
		}
		conditions[rng] = e
	}
	if m.chance(5) {
		conditions[m.attribute()] = m.comparison()
	}
	in["KeyConditions"] = conditions
	if m.chance(40) {
		m.olderFilter(in, "QueryFilter")
	}
	if m.chance(30) {
		in["ScanIndexForward"] = m.chance(50)
	}
	if m.chance(15) {
		in["Limit"] = 1 + m.r.IntN(3)
	}
}
