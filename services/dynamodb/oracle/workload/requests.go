package workload

// Next is a random request.
func (m *Maker) Next() Request {
	s := pick(m, m.tables[1], m.tables[1], m.tables[0], m.tables[2], m.tables[3])
	in := object{"TableName": s.name}
	if m.chance(1) {
		in["TableName"] = pick(m, "missing", "x", "bad name")
	}
	if m.chance(15) {
		in["ReturnConsumedCapacity"] = pick(m, "TOTAL", "INDEXES", "NONE")
	}
	if m.r.IntN(400) == 0 {
		return m.updateTable()
	}
	switch m.r.IntN(21) {
	case 20:
		return m.statement()
	case 0, 1, 2, 3:
		return m.put(s, in)
	case 4, 5, 6, 7, 8, 9:
		return m.updateItem(s, in)
	case 10:
		return m.deleteItem(s, in)
	case 11, 12:
		return m.getItem(s, in)
	case 13, 14, 15:
		return m.query(s, in)
	case 16:
		return m.scan(s, in)
	case 17:
		if m.chance(25) {
			return m.badBatch()
		}
		return m.batch()
	default:
		return m.transact()
	}
}

func (m *Maker) guard(in object, p *placeholders) {
	if m.chance(40) {
		in["ConditionExpression"] = m.garble(p.condition(2))
		if m.chance(30) {
			in["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
		}
	} else if m.chance(15) {
		m.expected(in)
	}
}

func (m *Maker) put(s schema, in object) Request {
	p := m.placeholders()
	in["Item"] = m.item(s)
	if m.chance(40) {
		in["ReturnValues"] = pick(m, "ALL_OLD", "ALL_OLD", "ALL_OLD", "NONE", "ALL_NEW")
	}
	m.metrics(in)
	m.guard(in, p)
	p.into(in)
	return Request{"PutItem", in}
}

func (m *Maker) deleteItem(s schema, in object) Request {
	p := m.placeholders()
	in["Key"] = m.key(s)
	if m.chance(60) {
		in["ReturnValues"] = "ALL_OLD"
	}
	m.metrics(in)
	m.guard(in, p)
	p.into(in)
	return Request{"DeleteItem", in}
}

func (m *Maker) getItem(s schema, in object) Request {
	p := m.placeholders()
	in["Key"] = m.key(s)
	if m.chance(30) {
		in["ProjectionExpression"] = m.garble(p.projection())
	} else if m.chance(10) {
		in["AttributesToGet"] = []any{m.attribute(), m.attribute()}
	}
	if m.chance(40) {
		in["ConsistentRead"] = true
	}
	p.into(in)
	delete(in, "ExpressionAttributeValues")
	return Request{"GetItem", in}
}

func (m *Maker) updateItem(s schema, in object) Request {
	p := m.placeholders()
	in["Key"] = m.key(s)
	in["ReturnValues"] = pick(m, "ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD", "NONE")
	m.metrics(in)
	switch {
	case m.chance(12):
		updates := object{}
		for range 1 + m.r.IntN(2) {
			u := object{}
			if m.chance(80) {
				u["Action"] = pick(m, "PUT", "ADD", "DELETE")
			}
			if m.chance(80) {
				u["Value"] = pick(m, m.value(1), m.set(), any(object{"N": m.number()}))
			}
			updates[m.attribute()] = u
		}
		in["AttributeUpdates"] = updates
		if m.chance(30) {
			m.expected(in)
		}
		return Request{"UpdateItem", in}
	case m.chance(95):
		if text := p.update(); text != "" {
			in["UpdateExpression"] = m.garble(text)
		}
	}
	m.guard(in, p)
	p.into(in)
	return Request{"UpdateItem", in}
}

// page adds what Query and Scan have in common.
func (m *Maker) page(in object, p *placeholders) {
	switch {
	case m.chance(30):
		in["FilterExpression"] = m.garble(p.condition(1))
	}
	if m.chance(25) {
		in["ProjectionExpression"] = m.garble(p.projection())
	}
	if m.chance(15) {
		in["Select"] = pick(m, "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES")
	}
	if m.chance(15) {
		in["ConsistentRead"] = true
	}
}

func (m *Maker) query(s schema, in object) Request {
	p := m.placeholders()
	hash, rng := s.hash, s.rng
	if all := append(append([]index{}, s.global...), s.local...); len(all) > 0 && m.chance(60) {
		ix := pick(m, all...)
		in["IndexName"], hash, rng = ix.name, ix.hash, ix.rng
	}
	if m.chance(10) {
		m.olderQuery(s, in, hash, rng)
		return Request{"Query", in}
	}
	text := p.name(hash) + " = " + p.value(m.keyValue(s.kinds[hash]))
	if rng != "" && m.chance(60) {
		kind := s.kinds[rng]
		switch m.r.IntN(7) {
		case 0:
			text += " AND " + p.name(rng) + " BETWEEN " + p.value(m.keyValue(kind)) + " AND " + p.value(m.keyValue(kind))
		case 1:
			text += " AND begins_with(" + p.name(rng) + ", " + p.value(m.keyValue(kind)) + ")"
		default:
			text += " AND " + p.name(rng) + " " + pick(m, "=", "<", "<=", ">", ">=", "<=", "<>") + " " + p.value(m.keyValue(kind))
		}
	}
	in["KeyConditionExpression"] = m.garble(text)
	m.page(in, p)
	if m.chance(30) {
		in["ScanIndexForward"] = m.chance(50)
	}
	if m.chance(25) {
		in["Limit"] = 1 + m.r.IntN(3)
	}
	if rng != "" && m.chance(10) {
		in["ExclusiveStartKey"] = m.start(s, hash, rng)
	}
	p.into(in)
	return Request{"Query", in}
}

func (m *Maker) scan(s schema, in object) Request {
	p := m.placeholders()
	if all := append(append([]index{}, s.global...), s.local...); len(all) > 0 && m.chance(50) {
		in["IndexName"] = pick(m, all...).name
	}
	if m.chance(15) {
		in["Limit"] = 2 + m.r.IntN(9)
	}
	if m.chance(15) {
		in["Segment"], in["TotalSegments"] = m.segment()
	}
	if m.chance(20) {
		m.olderFilter(in, "ScanFilter")
		return Request{"Scan", in}
	}
	m.page(in, p)
	p.into(in)
	return Request{"Scan", in}
}

func (m *Maker) batch() Request {
	in := object{}
	if m.chance(15) {
		in["ReturnConsumedCapacity"] = "TOTAL"
	}
	requests := object{}
	if m.chance(50) {
		for range 1 + m.r.IntN(2) {
			s := pick(m, m.tables...)
			var list []any
			for range 1 + m.r.IntN(4) {
				if m.chance(70) {
					list = append(list, object{"PutRequest": object{"Item": m.item(s)}})
				} else {
					list = append(list, object{"DeleteRequest": object{"Key": m.key(s)}})
				}
			}
			requests[s.name] = list
		}
		in["RequestItems"] = requests
		return Request{"BatchWriteItem", in}
	}
	for range 1 + m.r.IntN(2) {
		s := pick(m, m.tables...)
		p := m.placeholders()
		g := object{}
		var list []any
		for range 1 + m.r.IntN(4) {
			list = append(list, m.key(s))
		}
		g["Keys"] = list
		if m.chance(30) {
			g["ProjectionExpression"] = p.projection()
			if len(p.names) > 0 {
				g["ExpressionAttributeNames"] = p.names
			}
		}
		requests[s.name] = g
	}
	in["RequestItems"] = requests
	return Request{"BatchGetItem", in}
}

func (m *Maker) transact() Request {
	in := object{}
	var list []any
	if m.chance(30) {
		for range 1 + m.r.IntN(3) {
			s := pick(m, m.tables...)
			list = append(list, object{"Get": object{"TableName": s.name, "Key": m.key(s)}})
		}
		in["TransactItems"] = list
		return Request{"TransactGetItems", in}
	}
	for range 1 + m.r.IntN(3) {
		s := pick(m, m.tables...)
		p := m.placeholders()
		p.flat = true
		t := object{"TableName": s.name}
		if m.chance(30) {
			t["ConditionExpression"] = p.condition(1)
		}
		var kind string
		switch m.r.IntN(4) {
		case 0:
			kind = "Put"
			t["Item"] = m.item(s)
		case 1:
			kind = "Delete"
			t["Key"] = m.key(s)
		case 2:
			kind = "ConditionCheck"
			t["Key"] = m.key(s)
			if t["ConditionExpression"] == nil {
				t["ConditionExpression"] = p.condition(1)
			}
		default:
			kind = "Update"
			t["Key"] = m.key(s)
			t["UpdateExpression"] = "SET " + p.path() + " = " + p.assigned()
		}
		if m.chance(30) {
			t["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
		}
		p.into(t)
		list = append(list, object{kind: t})
	}
	in["TransactItems"] = list
	return Request{"TransactWriteItems", in}
}
