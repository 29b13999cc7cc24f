package items

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

const (
	maxBatchGet   = 100
	maxBatchWrite = 25
	maxResponse   = 16 << 20 // bytes of items in the answer of BatchGetItem
)

// BatchGetItem implements API. What the answer has no room for is unprocessed.
func (s *Service) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	if len(names) == 0 {
		return nil, invalid("1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	total := 0
	groups := map[string][]*get{}
	for _, name := range names {
		if total += len(in.RequestItems[name].Keys); total > maxBatchGet {
			return nil, invalid("Too many items requested for the BatchGetItem call")
		}
		list, err := batchKeys(in.RequestItems[name])
		if err != nil {
			return nil, err
		}
		groups[name] = list
	}
	var all []table.One
	for _, name := range names {
		seen := map[string]bool{}
		for _, g := range groups[name] {
			if err := s.aimGet(ctx, g, &name); err != nil {
				return nil, err
			}
			if key := string(g.key.AppendJSON(nil)); seen[key] {
				return nil, invalid("Provided list of item keys contains duplicates")
			} else {
				seen[key] = true
			}
			all = append(all, table.One{Table: g.o.Table, Key: g.key})
		}
	}
	if err := table.GetAll(all); err != nil {
		if errors.Is(err, table.ErrGone) {
			err = dynamodb.ErrNoTable
		}
		return nil, err
	}
	return batchAnswer(in, names, groups, all)
}

func batchKeys(k dynamodb.KeysAndAttributes) ([]*get, error) {
	m := &members{expressions: []member{{expr.ProjectionExpression, k.ProjectionExpression}}, names: k.ExpressionAttributeNames}
	m.had(k.AttributesToGet != nil, "AttributesToGet")
	var list []*get
	for _, key := range k.Keys {
		g, err := m.getting(key, k.ProjectionExpression, k.AttributesToGet)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

func batchAnswer(in *dynamodb.BatchGetItemInput, names []string, groups map[string][]*get, all []table.One) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]wire.Document{}, UnprocessedKeys: map[string]dynamodb.KeysAndAttributes{}}
	i, size := 0, 0
	for _, name := range names {
		out.Responses[name] = []wire.Document{}
		request := in.RequestItems[name]
		u := usage{name: name}
		for j, g := range groups[name] {
			one := all[i]
			i++
			if size += one.Size; size > maxResponse {
				rest, ok := out.UnprocessedKeys[name]
				if !ok {
					rest = request
					rest.Keys = nil
				}
				rest.Keys = append(rest.Keys, request.Keys[j])
				out.UnprocessedKeys[name] = rest
				continue
			}
			u.table += readUnits(one.Size, wire.Value(request.ConsistentRead))
			if one.JSON == nil {
				continue
			}
			doc, err := g.project(one.JSON)
			if err != nil {
				return nil, err
			}
			out.Responses[name] = append(out.Responses[name], doc)
		}
		if c := u.tell(in.ReturnConsumedCapacity, false, false); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

// BatchWriteItem implements API. All writes are done, and in one commit, though
// no one may rely on that.
func (s *Service) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	var list []*write
	total := 0
	for _, name := range names {
		total += len(in.RequestItems[name])
	}
	if total > maxBatchWrite {
		return nil, invalid("Too many items requested for the BatchWriteItem call")
	}
	for _, name := range names {
		for _, r := range in.RequestItems[name] {
			w, err := batchWrite(r)
			if err != nil {
				return nil, err
			}
			list = append(list, w)
		}
	}
	i := 0
	for _, name := range names {
		seen := map[string]bool{}
		for range in.RequestItems[name] {
			w := list[i]
			i++
			if err := s.aim(ctx, w, &name); err != nil {
				if w.o != nil && w.Action == table.Put && !w.hasKeys() {
					err = invalid("The provided key element does not match the schema")
				}
				return nil, err
			}
			key := string(w.o.Definition().KeysOf(nil, w.Item).AppendJSON(nil))
			if seen[key] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[key] = true
		}
	}
	if err := s.writeAll(ctx, nil, false, list); err != nil {
		return nil, err
	}
	out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]dynamodb.WriteRequest{}}
	out.ConsumedCapacity = consumedByTable(list, in.ReturnConsumedCapacity, 1, false)
	out.ItemCollectionMetrics = metricsByTable(list, in.ReturnItemCollectionMetrics)
	return out, nil
}

// hasKeys says whether an item has attributes of the names of the table's keys.
func (w *write) hasKeys() bool {
	d := w.o.Definition()
	if d == nil {
		return true
	}
	for _, name := range d.Schema.Names() {
		if _, ok := w.Item[name]; !ok {
			return false
		}
	}
	return true
}

func batchWrite(r dynamodb.WriteRequest) (w *write, err error) {
	w = &write{}
	switch {
	case r.PutRequest != nil && r.DeleteRequest != nil:
		return nil, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case r.PutRequest != nil:
		w.Action = table.Put
		if w.Item, err = item.Parse(r.PutRequest.Item); err == nil && w.Item.Size() > item.MaxSize {
			err = invalid("Item size has exceeded the maximum allowed size")
		}
	case r.DeleteRequest != nil:
		w.Action = table.Delete
		w.Item, err = item.Parse(r.DeleteRequest.Key)
	default:
		return nil, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	return w, err
}

func (s *Service) writeAll(ctx context.Context, token *table.Token, all bool, list []*write) error {
	if len(list) == 0 {
		return nil
	}
	writes := make([]*table.Write, len(list))
	for i, w := range list {
		writes[i] = &w.Write
	}
	for _, w := range writes {
		w.Trace = wire.FromContext(ctx).Trace
	}
	err := writes[0].Table.Write(ctx, token, all, writes...)
	if errors.Is(err, table.ErrGone) {
		return dynamodb.ErrNoTable
	}
	return err
}

// byTable calls f with the writes of each table, in the order of their names.
func byTable(list []*write, f func(name string, writes []*write)) {
	groups := map[string][]*write{}
	for _, w := range list {
		name := w.o.Name()
		groups[name] = append(groups[name], w)
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		f(name, groups[name])
	}
}

func consumedByTable(list []*write, how *string, factor float64, writeUnits bool) (out []dynamodb.ConsumedCapacity) {
	byTable(list, func(name string, writes []*write) {
		u := usage{name: name}
		for _, w := range writes {
			u.add(&w.Write, factor)
		}
		if c := u.tell(how, false, writeUnits); c != nil {
			out = append(out, *c)
		}
	})
	return out
}

func metricsByTable(list []*write, how *string) map[string][]dynamodb.ItemCollectionMetrics {
	var out map[string][]dynamodb.ItemCollectionMetrics
	byTable(list, func(name string, writes []*write) {
		seen := map[string]bool{}
		for _, w := range writes {
			m := w.metrics(how)
			if m == nil || seen[string(m.ItemCollectionKey)] {
				continue
			}
			seen[string(m.ItemCollectionKey)] = true
			if out == nil {
				out = map[string][]dynamodb.ItemCollectionMetrics{}
			}
			out[name] = append(out[name], *m)
		}
	})
	return out
}
