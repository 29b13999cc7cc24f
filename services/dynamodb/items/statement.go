package items

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/partiql"
	"github.com/signalbox/signalbox/wire"
)

// statement is a statement of PartiQL with the table that it means. It is
// carried out by the operations on items.
type statement struct {
	*partiql.Statement
	expression partiql.Expression
	keys       []string // of the table, or of the index of a select
	table      *dynamodb.OpenTable
}

func (s *Service) statement(ctx context.Context, text *string, parameters []wire.Document) (*statement, error) {
	values := make([]item.Value, len(parameters))
	for i, p := range parameters {
		var err error
		if values[i], err = item.ParseValue(p); err != nil {
			return nil, err
		}
	}
	parsed, err := partiql.Parse(*text, values)
	if err != nil {
		return nil, err
	}
	st := &statement{Statement: parsed}
	if st.table, err = s.Find(ctx, &st.Table); err != nil {
		return nil, err
	}
	d := st.table.Definition()
	if d == nil {
		return nil, dynamodb.ErrNoTable
	}
	st.keys = d.Schema.Names()
	if st.Index != "" {
		ix := d.Find(st.Index)
		if ix == nil {
			return st, invalid("The table does not have the specified index: %s", st.Index)
		}
		st.keys = ix.Schema.Names()
	}
	if st.Returning != "" && st.Verb == partiql.Delete && st.Returning != "ALL_OLD" {
		return st, invalid("Invalid returning clause: RETURNING %s *. Only RETURNING ALL OLD * is allowed in DELETE statements.", strings.Replace(st.Returning, "_", " ", 1))
	}
	return st, nil
}

// document is an item's JSON; nil where it is empty.
func document(it item.Item) wire.Document {
	if len(it) == 0 {
		return nil
	}
	return it.AppendJSON(nil)
}

func (st *statement) names() map[string]string { return st.expression.Names }

func (st *statement) values() wire.Document { return document(st.expression.Values) }

// key takes the whole key out of the condition of a write, and leaves the rest.
func (st *statement) key() (key wire.Document, rest []*partiql.Node, err error) {
	values, rest, ok := st.Where.Split(st.keys)
	if !ok {
		return nil, nil, invalid("Where clause does not contain a mandatory equality on all key attributes")
	}
	return document(values), rest, nil
}

// exists is the condition that the statement's item is there, or is not.
func (st *statement) exists(is bool) *partiql.Node {
	n := &partiql.Node{Op: "MISSING", Args: []*partiql.Node{{Path: partiql.Path{{Name: st.keys[0]}}}}}
	if is {
		return &partiql.Node{Op: "NOT", Args: []*partiql.Node{n}}
	}
	return n
}

// write is a statement that writes, as one action of a transaction.
func (st *statement) write(onFailure *string) (t dynamodb.TransactWriteItem, err error) {
	name := &st.Table
	if st.Verb == partiql.Insert {
		for _, k := range st.keys {
			if _, ok := st.Item[k]; !ok {
				return t, invalid("Key attribute should be present in the item: Key %s", k)
			}
		}
		t.Put = &dynamodb.Put{
			TableName: name, Item: document(st.Item), ConditionExpression: st.expression.All([]*partiql.Node{st.exists(false)}),
			ExpressionAttributeNames: st.names(), ReturnValuesOnConditionCheckFailure: onFailure,
		}
		return t, nil
	}
	key, rest, err := st.key()
	if err != nil {
		return t, err
	}
	switch st.Verb {
	case partiql.Update:
		cond := st.expression.All(append(rest, st.exists(true)))
		update, err := st.update()
		if err != nil {
			return t, err
		}
		t.Update = &dynamodb.Update{
			TableName: name, Key: key, UpdateExpression: &update, ConditionExpression: cond,
			ExpressionAttributeNames: st.names(), ExpressionAttributeValues: st.values(), ReturnValuesOnConditionCheckFailure: onFailure,
		}
	case partiql.Delete:
		var cond *string
		if len(rest) > 0 { // what is not there is deleted, whatever else it should be
			cond = st.expression.All([]*partiql.Node{{Op: "OR", Args: []*partiql.Node{st.exists(false), partiql.And(rest)}}})
		}
		t.Delete = &dynamodb.Delete{
			TableName: name, Key: key, ConditionExpression: cond,
			ExpressionAttributeNames: st.names(), ExpressionAttributeValues: st.values(), ReturnValuesOnConditionCheckFailure: onFailure,
		}
	case partiql.Exists:
		t.ConditionCheck = &dynamodb.ConditionCheck{
			TableName: name, Key: key, ConditionExpression: st.expression.All(append(rest, st.exists(true))),
			ExpressionAttributeNames: st.names(), ExpressionAttributeValues: st.values(), ReturnValuesOnConditionCheckFailure: onFailure,
		}
	}
	return t, nil
}

// update renders the changes. Sets grow and shrink by actions of their own.
func (st *statement) update() (string, error) {
	var set, add, remove, del string
	more := func(to *string, verb, text string) {
		if *to == "" {
			*to = verb + text
		} else {
			*to += ", " + text
		}
	}
	for _, a := range st.Sets {
		path := st.expression.Path(a.Path)
		if a.Value.Op != "set_add" && a.Value.Op != "set_delete" {
			more(&set, " SET ", path+" = "+st.expression.Render(a.Value))
			continue
		}
		if len(a.Value.Args) != 2 || st.expression.Render(a.Value.Args[0]) != path {
			return "", invalid("Function %s must be given the path that is set, and a set", a.Value.Op)
		}
		if a.Value.Op == "set_add" {
			more(&add, " ADD ", path+" "+st.expression.Render(a.Value.Args[1]))
		} else {
			more(&del, " DELETE ", path+" "+st.expression.Render(a.Value.Args[1]))
		}
	}
	for _, p := range st.Removes {
		more(&remove, " REMOVE ", st.expression.Path(p))
	}
	return (set + remove + add + del)[1:], nil
}

// query is a select: a query where the condition gives the partition, and
// nothing more about keys than a query can be told; else a scan.
func (st *statement) query(ctx context.Context, s *Service, in *dynamodb.ExecuteStatementInput, start wire.Document) (docs []wire.Document, last wire.Document, used *dynamodb.ConsumedCapacity, err error) {
	var hash, sort *partiql.Node
	var rest []*partiql.Node
	for _, c := range st.Where.Conjuncts() {
		switch {
		case hash == nil && c.Op == "=" && c.Names(st.keys[0]):
			hash = c
		case sort == nil && len(st.keys) > 1 && c.Names(st.keys[1]):
			sort = c
		default:
			rest = append(rest, c)
		}
	}
	if err := st.orderable(hash); err != nil {
		return nil, nil, nil, err
	}
	var index *string
	if st.Index != "" {
		index = &st.Index
	}
	if hash == nil || mention(rest, st.keys) {
		filter := st.expression.All(st.Where.Conjuncts())
		out, err := s.Scan(ctx, &dynamodb.ScanInput{
			TableName: &st.Table, IndexName: index, FilterExpression: filter, ExpressionAttributeNames: st.names(), ExpressionAttributeValues: st.values(),
			Limit: in.Limit, ExclusiveStartKey: start, ConsistentRead: in.ConsistentRead, ReturnConsumedCapacity: in.ReturnConsumedCapacity,
		})
		if err != nil {
			return nil, nil, nil, err
		}
		return out.Items, out.LastEvaluatedKey, out.ConsumedCapacity, nil
	}
	key := []*partiql.Node{hash}
	if sort != nil {
		key = append(key, sort)
	}
	q := &dynamodb.QueryInput{
		TableName: &st.Table, IndexName: index, KeyConditionExpression: st.expression.All(key), FilterExpression: st.expression.All(rest),
		Limit: in.Limit, ExclusiveStartKey: start, ConsistentRead: in.ConsistentRead, ReturnConsumedCapacity: in.ReturnConsumedCapacity,
	}
	q.ExpressionAttributeNames, q.ExpressionAttributeValues = st.names(), st.values()
	for _, o := range st.Order {
		if len(st.keys) > 1 && o.Name == st.keys[1] {
			q.ScanIndexForward = new(!o.Desc)
		}
	}
	out, err := s.Query(ctx, q)
	if err != nil {
		return nil, nil, nil, err
	}
	return out.Items, out.LastEvaluatedKey, out.ConsumedCapacity, nil
}

// orderable checks the order of a select: by keys, of one partition.
func (st *statement) orderable(hash *partiql.Node) error {
	for _, o := range st.Order {
		isKey := false
		for _, k := range st.keys {
			isKey = isKey || k == o.Name
		}
		switch {
		case st.Where == nil:
			return invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
		case !isKey:
			return invalid("Variable reference %s in ORDER BY clause must be part of the primary key", o.Name)
		case hash == nil:
			return invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
		}
	}
	return nil
}

// mention says whether conditions are about keys, too.
func mention(list []*partiql.Node, keys []string) bool {
	for _, n := range list {
		for _, k := range keys {
			if len(n.Path) > 0 && n.Path[0].Name == k {
				return true
			}
		}
		if mention(n.Args, keys) {
			return true
		}
	}
	return false
}

// columns makes of an item what a select has asked for. A column is named by
// the last name of its path that no index precedes, with the indexes behind it.
func (st *statement) columns(doc wire.Document) (wire.Document, error) {
	if st.Columns == nil || doc == nil {
		return doc, nil
	}
	it, err := item.Decode(doc)
	if err != nil {
		return nil, err
	}
	out := item.Item{}
	for _, p := range st.Columns {
		v, ok := reach(item.Value{Kind: item.M, Map: it}, p)
		if !ok {
			continue
		}
		at := 0
		for at+1 < len(p) && p[at+1].Name != "" {
			at++
		}
		name := p[at].Name
		for at++; at < len(p) && p[at].Name == ""; at++ {
			name += "[" + strconv.Itoa(p[at].Index) + "]"
		}
		for i := len(p) - 1; i >= at; i-- {
			if p[i].Name == "" {
				v = item.Value{Kind: item.L, List: []item.Value{v}}
			} else {
				v = item.Value{Kind: item.M, Map: item.Item{p[i].Name: v}}
			}
		}
		out[name] = v
	}
	return out.AppendJSON(nil), nil
}

func reach(v item.Value, p partiql.Path) (item.Value, bool) {
	for _, s := range p {
		switch {
		case s.Name != "":
			e, ok := v.Map[s.Name]
			if v.Kind != item.M || !ok {
				return v, false
			}
			v = e
		case v.Kind != item.L || s.Index >= len(v.List):
			return v, false
		default:
			v = v.List[s.Index]
		}
	}
	return v, true
}

// A token is where a statement goes on: the statement's sum, and the last key.

func sumOf(text string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64(), 36)
}

type nextToken struct {
	Sum  string
	Last json.RawMessage
}

func tokenAt(text string, last wire.Document) (*string, error) {
	if last == nil {
		return nil, nil
	}
	b, err := json.Marshal(nextToken{sumOf(text), json.RawMessage(last)})
	if err != nil {
		return nil, err
	}
	return new(base64.StdEncoding.EncodeToString(b)), nil
}

var errToken = invalid("Invalid NextToken")

func startOf(token *string, text string) (wire.Document, error) {
	if token == nil {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(*token)
	if err != nil {
		return nil, errToken
	}
	var t nextToken
	if err := json.Unmarshal(b, &t); err != nil || t.Sum != sumOf(text) {
		return nil, errToken
	}
	return wire.Document(t.Last), nil
}

// returned is what a statement's RETURNING asks for, as an update's ReturnValues.
func (st *statement) returned() *string {
	switch st.Returning {
	case "ALL_OLD", "ALL_NEW":
		return &st.Returning
	case "MODIFIED_OLD":
		return new(dynamodb.ReturnValueUpdatedOld)
	case "MODIFIED_NEW":
		return new(dynamodb.ReturnValueUpdatedNew)
	}
	return nil
}
