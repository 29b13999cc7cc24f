package workload

// schema is a table of the workload.
type schema struct {
	name      string
	hash, rng string // attributes; rng may be empty
	kinds     map[string]string
	global    []index
	local     []index
}

type index struct {
	name, hash, rng string
	projection      string
	include         []string
}

// schemas are the tables as they begin.
func schemas() []schema {
	return []schema{
		{name: "hashonly", hash: "h", kinds: map[string]string{"h": "S", "late": "S"}},
		{
			name: "indexed", hash: "h", rng: "r", kinds: map[string]string{"h": "S", "r": "N", "g": "S", "gr": "N", "lr": "S"},
			global: []index{
				{"gall", "g", "gr", "ALL", nil}, {"gkeys", "g", "", "KEYS_ONLY", nil}, {"gsome", "gr", "r", "INCLUDE", []string{"a", "b"}},
			},
			local: []index{{"lall", "h", "gr", "ALL", nil}, {"lkeys", "h", "lr", "KEYS_ONLY", nil}},
		},
		{name: "binary", hash: "h", rng: "r", kinds: map[string]string{"h": "N", "r": "B"}},
		{name: "text", hash: "h", rng: "r", kinds: map[string]string{"h": "B", "r": "S"}},
	}
}

// Request is an operation and its input.
type Request struct {
	Op    string
	Input map[string]any
}

// Tables are the requests that create the workload's tables.
func (m *Maker) Tables() []Request {
	var list []Request
	for _, s := range m.tables {
		in := object{"TableName": s.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": keySchema(s.hash, s.rng)}
		var definitions []any
		for _, name := range []string{"h", "r", "g", "gr", "lr"} {
			if k, ok := s.kinds[name]; ok {
				definitions = append(definitions, object{"AttributeName": name, "AttributeType": k})
			}
		}
		in["AttributeDefinitions"] = definitions
		for member, indexes := range map[string][]index{"GlobalSecondaryIndexes": s.global, "LocalSecondaryIndexes": s.local} {
			var all []any
			for _, ix := range indexes {
				p := object{"ProjectionType": ix.projection}
				if ix.include != nil {
					p["NonKeyAttributes"] = ix.include
				}
				all = append(all, object{"IndexName": ix.name, "KeySchema": keySchema(ix.hash, ix.rng), "Projection": p})
			}
			if all != nil {
				in[member] = all
			}
		}
		list = append(list, Request{"CreateTable", in})
	}
	return list
}

func keySchema(hash, rng string) []any {
	list := []any{object{"AttributeName": hash, "KeyType": "HASH"}}
	if rng != "" {
		list = append(list, object{"AttributeName": rng, "KeyType": "RANGE"})
	}
	return list
}

// keyValue is one of the few keys that items have.
func (m *Maker) keyValue(kind string) any {
	if m.chance(1) {
		return pick[any](m, object{"S": ""}, object{"N": "1"}, object{"S": "x"}, object{"B": ""}, object{"BOOL": true})
	}
	switch kind {
	case "S":
		return object{"S": pick(m, "k1", "k2", "k3", "k1a", "k\u0000", "ä")}
	case "N":
		return object{"N": pick(m, "1", "2", "-3", "10", "0.5", "1e10", "-3.5")}
	}
	return object{"B": pick(m, "AA==", "AP8=", "YQ==", "AAE=")}
}

func (m *Maker) key(s schema) object {
	key := object{s.hash: m.keyValue(s.kinds[s.hash])}
	if s.rng != "" {
		key[s.rng] = m.keyValue(s.kinds[s.rng])
	}
	if m.chance(1) {
		if m.chance(50) {
			delete(key, s.hash)
		} else {
			key["zz"] = object{"S": "x"}
		}
	}
	return key
}

func (m *Maker) item(s schema) object {
	it := m.key(s)
	delete(it, "zz")
	for range m.r.IntN(6) {
		it[m.attribute()] = m.value(2)
	}
	if s.name == "hashonly" && m.chance(60) {
		it["late"] = object{"S": pick(m, "k1", "k2", "k3")}
	}
	for name, kind := range s.kinds {
		if _, ok := it[name]; !ok && name != s.hash && name != s.rng && name != "late" && m.chance(60) {
			it[name] = m.keyValue(kind)
		}
	}
	return it
}
