package workload

import "maps"

// metrics asks for what a write tells besides.
func (m *Maker) metrics(in object) {
	if m.chance(10) {
		in["ReturnItemCollectionMetrics"] = pick(m, "SIZE", "SIZE", "NONE")
	}
}

// start is a key to begin behind: it need not be there. Its sort key lies
// between those that items have, so that none is equal to it.
func (m *Maker) start(s schema, hash, rng string) object {
	key := m.key(s)
	if hash != s.hash {
		key[hash] = m.keyValue(s.kinds[hash])
	}
	if rng != "" {
		between := map[string]object{"S": {"S": "k1b"}, "N": {"N": "1.75"}, "B": {"B": "AP4="}}
		key[rng] = between[s.kinds[rng]]
	}
	if m.chance(5) {
		delete(key, pick(m, s.hash, hash))
	}
	return key
}

// segment is a segment of a scan and how many there are.
func (m *Maker) segment() (segment, total any) {
	switch {
	case m.chance(85):
		n := 1 + m.r.IntN(6)
		return m.r.IntN(n), n
	case m.chance(50):
		return pick(m, 2, 3), 2
	}
	return pick[any](m, nil, 0), pick[any](m, nil, 0, 4)
}

// badBatch is a batch that is refused as a whole, for the most part.
func (m *Maker) badBatch() Request {
	s := pick(m, m.tables...)
	if m.chance(50) {
		it := m.item(s)
		key := object{s.hash: it[s.hash]}
		if s.rng != "" {
			key[s.rng] = it[s.rng]
		}
		put, remove := object{"PutRequest": object{"Item": it}}, object{"DeleteRequest": object{"Key": key}}
		var list []any
		switch m.r.IntN(6) {
		case 0:
			list = []any{put, put}
		case 1:
			list = []any{put, remove}
		case 2:
			list = []any{maps.Clone(put)}
			list[0].(object)["DeleteRequest"] = remove["DeleteRequest"]
		case 3:
			list = []any{}
		case 4:
			list = []any{object{}}
		default:
			for range 26 {
				list = append(list, put)
			}
		}
		name := s.name
		if m.chance(10) {
			name = "missing"
		}
		return Request{"BatchWriteItem", object{"RequestItems": object{name: list}}}
	}
	key := m.key(s)
	g := object{"Keys": []any{key, key}}
	switch m.r.IntN(5) {
	case 0:
		g["Keys"] = []any{}
	case 1:
		var list []any
		for range 101 {
			list = append(list, m.key(s))
		}
		g["Keys"] = list
	case 2:
		g = object{"Keys": []any{key}, "AttributesToGet": []any{"a"}, "ProjectionExpression": "a"}
	case 3:
		g = object{"Keys": []any{key}, "AttributesToGet": []any{m.attribute(), "b", "c"}}
	}
	name := s.name
	if m.chance(10) {
		name = "missing"
	}
	return Request{"BatchGetItem", object{"RequestItems": object{name: g}}}
}

// updateTable adds an index to a table that has data, or takes it away.
func (m *Maker) updateTable() Request {
	s := &m.tables[0]
	in := object{"TableName": s.name}
	if m.added = !m.added; m.added {
		// Every item that has the attribute has it as a string: DynamoDB Local
		// never ends building an index where one has not.
		s.global = []index{{"late", "late", "", pick(m, "ALL", "KEYS_ONLY"), nil}}
		in["AttributeDefinitions"] = []any{object{"AttributeName": "h", "AttributeType": "S"}, object{"AttributeName": "late", "AttributeType": "S"}}
		in["GlobalSecondaryIndexUpdates"] = []any{object{"Create": object{
			"IndexName": "late", "KeySchema": keySchema("late", ""), "Projection": object{"ProjectionType": s.global[0].projection},
		}}}
		return Request{"UpdateTable", in}
	}
	s.global = nil
	in["GlobalSecondaryIndexUpdates"] = []any{object{"Delete": object{"IndexName": "late"}}}
	return Request{"UpdateTable", in}
}
