package items

import (
	"context"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// Query implements API.
func (s *Service) Query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	m := &members{
		expressions: []member{
			{expr.ProjectionExpression, in.ProjectionExpression}, {expr.FilterExpression, in.FilterExpression},
			{expr.KeyConditionExpression, in.KeyConditionExpression},
		},
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	m.had(in.AttributesToGet != nil, "AttributesToGet").had(in.QueryFilter != nil, "QueryFilter").
		had(in.ConditionalOperator != nil, "ConditionalOperator").had(in.KeyConditions != nil, "KeyConditions")
	p, err := m.params()
	if err != nil {
		return nil, err
	}
	pg := &paging{
		index: in.IndexName, sel: in.Select, attributes: in.AttributesToGet, start: in.ExclusiveStartKey, consistent: in.ConsistentRead,
		filters: in.QueryFilter, operator: in.ConditionalOperator, filter: in.FilterExpression, projection: in.ProjectionExpression,
	}
	q := &page{Read: table.Read{Limit: int(wire.Value(in.Limit)), Backward: in.ScanIndexForward != nil && !*in.ScanIndexForward}}
	if err := pg.parse(p, q); err != nil {
		return nil, err
	}
	parts, err := s.keyConditions(ctx, p, in)
	if err != nil {
		return nil, err
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	if err := s.aimPage(ctx, pg, q, in.TableName); err != nil {
		return nil, err
	}
	if err := q.partition(parts, in.KeyConditionExpression == nil); err != nil {
		return nil, err
	}
	if err := pg.projected(q); err != nil {
		return nil, err
	}
	if err := q.begin(); err != nil {
		return nil, err
	}
	if q.Start != nil && !q.d.Within(&q.Read, q.Start) {
		return nil, invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if err := pg.choose(q); err != nil {
		return nil, err
	}
	r, err := s.read(q)
	if err != nil {
		return nil, err
	}
	if q.atMostOne() {
		r.Last = nil
	}
	return &dynamodb.QueryOutput{
		Items: r.Items, Count: int32(r.Count), ScannedCount: int32(r.Scanned), LastEvaluatedKey: lastKey(r),
		ConsumedCapacity: q.consumed(r, wire.Value(in.ConsistentRead), in.ReturnConsumedCapacity),
	}, nil
}

// keyConditions reads the key condition, in the one form or the other.
func (s *Service) keyConditions(ctx context.Context, p *expr.Params, in *dynamodb.QueryInput) ([]expr.KeyPart, error) {
	if in.KeyConditionExpression != nil {
		var keys []string
		if o, err := s.Find(ctx, in.TableName); err == nil {
			if d := o.Definition(); d != nil {
				keys = d.Schema.Names()
			}
		}
		return p.KeyCondition(*in.KeyConditionExpression, keys)
	}
	if in.KeyConditions == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	list, err := tests(in.KeyConditions)
	if err != nil {
		return nil, err
	}
	if len(list) < 1 || len(list) > 2 {
		return nil, invalid("Conditions can be of length 1 or 2 only")
	}
	var parts []expr.KeyPart
	for _, t := range list {
		part, ok := t.KeyPart()
		if !ok {
			return nil, invalid("Attempted conditional constraint is not an indexable operation")
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// partition takes from the key condition the partition and the range.
func (q *page) partition(parts []expr.KeyPart, older bool) error {
	s := q.d.Schema
	if q.Index != nil {
		s = q.Index.Schema
	}
	var hash *expr.KeyPart
	for i := range parts {
		switch part := &parts[i]; part.Name {
		case s.Hash:
			hash = part
		case s.Range:
			q.Range = part
		}
	}
	switch {
	case hash == nil:
		return invalid("Query condition missed key schema element: %s", s.Hash)
	case len(parts) == 2 && q.Range == nil && s.Range == "":
		return invalid("Query key condition not supported")
	case len(parts) == 2 && q.Range == nil:
		return invalid("Query condition missed key schema element: %s", s.Range)
	case hash.Compare != expr.Equals:
		return invalid("Query key condition not supported")
	}
	for _, part := range parts {
		for _, v := range part.Operands {
			if v.Kind.String() != q.d.Kinds[part.Name] || part.Compare == expr.BeginsWith && v.Kind == item.N {
				return invalid(badParameter + "Condition parameter type does not match schema type")
			}
			if v.Kind != item.N && v.Text == "" {
				return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", part.Name)
			}
		}
	}
	q.Hash = hash.Operands[0]
	if len(q.Hash.Text) > table.MaxHash {
		return invalid(badParameter + "Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	if q.Range != nil {
		for _, v := range q.Range.Operands {
			if len(v.Text) > table.MaxRange {
				return invalid(badParameter + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
			}
		}
	}
	return q.noKeys(s)
}

// noKeys refuses filters on the keys that the query itself is about.
func (q *page) noKeys(s table.Schema) error {
	if q.Filter == nil {
		return nil
	}
	for _, p := range q.Filter.Paths() {
		for _, name := range s.Names() {
			if p[0].Name != name {
				continue
			}
			if q.tests != nil {
				return invalid("QueryFilter can only contain non-primary key attributes: Primary key attribute: %s", name)
			}
			return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
		}
	}
	return nil
}

// Scan implements API.
func (s *Service) Scan(ctx context.Context, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	m := &members{
		expressions: []member{{expr.ProjectionExpression, in.ProjectionExpression}, {expr.FilterExpression, in.FilterExpression}},
		names:       in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	m.had(in.AttributesToGet != nil, "AttributesToGet").had(in.ScanFilter != nil, "ScanFilter").had(in.ConditionalOperator != nil, "ConditionalOperator")
	p, err := m.params()
	if err != nil {
		return nil, err
	}
	pg := &paging{
		index: in.IndexName, sel: in.Select, attributes: in.AttributesToGet, start: in.ExclusiveStartKey, consistent: in.ConsistentRead,
		filters: in.ScanFilter, operator: in.ConditionalOperator, filter: in.FilterExpression, projection: in.ProjectionExpression,
	}
	q := &page{Read: table.Read{Limit: int(wire.Value(in.Limit))}}
	if err := q.segments(in.Segment, in.TotalSegments); err != nil {
		return nil, err
	}
	if err := pg.parse(p, q); err != nil {
		return nil, err
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	if err := s.aimPage(ctx, pg, q, in.TableName); err != nil {
		return nil, err
	}
	if err := pg.projected(q); err != nil {
		return nil, err
	}
	if err := q.begin(); err != nil {
		return nil, err
	}
	if q.Start != nil && !q.d.Within(&q.Read, q.Start) {
		return nil, invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", max(q.Segments, 1), q.Segment)
	}
	if err := pg.choose(q); err != nil {
		return nil, err
	}
	r, err := s.read(q)
	if err != nil {
		return nil, err
	}
	return &dynamodb.ScanOutput{
		Items: r.Items, Count: int32(r.Count), ScannedCount: int32(r.Scanned), LastEvaluatedKey: lastKey(r),
		ConsumedCapacity: q.consumed(r, wire.Value(in.ConsistentRead), in.ReturnConsumedCapacity),
	}, nil
}

// segments checks which part of the table is scanned.
func (q *page) segments(segment, total *int32) error {
	switch {
	case segment == nil && total == nil:
		return nil
	case total == nil:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case segment == nil:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case *segment >= *total:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", *segment, *total)
	}
	q.Segment, q.Segments = int(*segment), int(*total)
	return nil
}
