package items

import (
	"context"
	"errors"
	"slices"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// PutItem implements API.
func (s *Service) PutItem(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	w, err := s.putting(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.write(ctx, w, in.ReturnValuesOnConditionCheckFailure); err != nil {
		return nil, err
	}
	return &dynamodb.PutItemOutput{
		Attributes:            w.returned(in.ReturnValues),
		ConsumedCapacity:      w.consumed(in.ReturnConsumedCapacity),
		ItemCollectionMetrics: w.metrics(in.ReturnItemCollectionMetrics),
	}, nil
}

func (s *Service) putting(ctx context.Context, in *dynamodb.PutItemInput) (*write, error) {
	m := &members{
		expressions: []member{{expr.ConditionExpression, in.ConditionExpression}},
		names:       in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	m.had(in.Expected != nil, "Expected").had(in.ConditionalOperator != nil, "ConditionalOperator")
	p, err := m.params()
	if err != nil {
		return nil, err
	}
	w := &write{}
	w.Action = table.Put
	if err := onlyOld(in.ReturnValues); err != nil {
		return nil, err
	}
	if w.Item, err = item.Parse(in.Item); err != nil {
		return nil, err
	}
	if err := w.guard(p, in.ConditionExpression, in.Expected, in.ConditionalOperator); err != nil {
		return nil, err
	}
	if w.Item.Size() > item.MaxSize {
		return nil, invalid("Item size has exceeded the maximum allowed size")
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	w.WantOld = wire.Value(in.ReturnValues) == dynamodb.ReturnValueAllOld
	return w, s.aim(ctx, w, in.TableName)
}

// DeleteItem implements API.
func (s *Service) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	m := &members{
		expressions: []member{{expr.ConditionExpression, in.ConditionExpression}},
		names:       in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	m.had(in.Expected != nil, "Expected").had(in.ConditionalOperator != nil, "ConditionalOperator")
	p, err := m.params()
	if err != nil {
		return nil, err
	}
	w := &write{}
	w.Action = table.Delete
	if err := onlyOld(in.ReturnValues); err != nil {
		return nil, err
	}
	if w.Item, err = item.Parse(in.Key); err != nil {
		return nil, err
	}
	if err := w.guard(p, in.ConditionExpression, in.Expected, in.ConditionalOperator); err != nil {
		return nil, err
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	if err := s.aim(ctx, w, in.TableName); err != nil {
		return nil, err
	}
	if err := s.write(ctx, w, in.ReturnValuesOnConditionCheckFailure); err != nil {
		return nil, err
	}
	return &dynamodb.DeleteItemOutput{
		Attributes:            w.returned(in.ReturnValues),
		ConsumedCapacity:      w.consumed(in.ReturnConsumedCapacity),
		ItemCollectionMetrics: w.metrics(in.ReturnItemCollectionMetrics),
	}, nil
}

// UpdateItem implements API.
func (s *Service) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	w, err := s.updating(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.write(ctx, w, in.ReturnValuesOnConditionCheckFailure); err != nil {
		return nil, err
	}
	return &dynamodb.UpdateItemOutput{
		Attributes:            w.returned(in.ReturnValues),
		ConsumedCapacity:      w.consumed(in.ReturnConsumedCapacity),
		ItemCollectionMetrics: w.metrics(in.ReturnItemCollectionMetrics),
	}, nil
}

func (s *Service) updating(ctx context.Context, in *dynamodb.UpdateItemInput) (*write, error) {
	m := &members{
		expressions: []member{{expr.UpdateExpression, in.UpdateExpression}, {expr.ConditionExpression, in.ConditionExpression}},
		names:       in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}
	m.had(in.AttributeUpdates != nil, "AttributeUpdates").had(in.Expected != nil, "Expected").had(in.ConditionalOperator != nil, "ConditionalOperator")
	p, err := m.params()
	if err != nil {
		return nil, err
	}
	w := &write{}
	w.Action = table.Update
	if w.Item, err = item.Parse(in.Key); err != nil {
		return nil, err
	}
	if in.UpdateExpression != nil {
		if w.Update, err = p.Update(*in.UpdateExpression); err != nil {
			return nil, err
		}
	}
	if err := w.guard(p, in.ConditionExpression, in.Expected, in.ConditionalOperator); err != nil {
		return nil, err
	}
	if in.AttributeUpdates != nil {
		if w.Update, err = edits(in.AttributeUpdates); err != nil {
			return nil, err
		}
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	return w, s.aim(ctx, w, in.TableName)
}

func (m *members) had(is bool, name string) *members {
	if is {
		m.older = append(m.older, name)
	}
	return m
}

func onlyOld(returnValues *string) error {
	switch wire.Value(returnValues) {
	case "", dynamodb.ReturnValueNone, dynamodb.ReturnValueAllOld:
		return nil
	}
	return invalid("Return values set to invalid value")
}

// write is one write of an item that was asked for.
type write struct {
	table.Write
	o *dynamodb.OpenTable
}

// guard takes the condition of a write.
func (w *write) guard(p *expr.Params, text *string, list map[string]dynamodb.ExpectedAttributeValue, operator *string) (err error) {
	if text != nil {
		w.Condition, err = p.Condition(expr.ConditionExpression, *text)
		return err
	}
	w.Condition, err = expected(list, operator)
	return err
}

// aim finds the write's table, and checks its keys.
func (s *Service) aim(ctx context.Context, w *write, name *string) error {
	var err error
	if w.o, err = s.Find(ctx, name); err != nil {
		return err
	}
	w.Table = w.o.Table
	d := w.o.Definition()
	if d == nil {
		return dynamodb.ErrNoTable
	}
	if w.Action == table.Put {
		err = d.CheckItem(w.Item)
	} else {
		err = d.CheckKey(w.Item)
	}
	if err != nil {
		return err
	}
	keys := d.Schema.Names()
	if w.Update != nil {
		for _, p := range w.Update.Paths() {
			if slices.Contains(keys, p[0].Name) {
				return invalid(badParameter+"Cannot update attribute %s. This attribute is part of the key", p[0].Name)
			}
		}
	}
	if w.Update != nil {
		if err := scalarKeys(d, w.Update.Reads()); err != nil {
			return err
		}
		if err := w.Update.Fault(); err != nil {
			return err
		}
	}
	if w.Condition != nil {
		return scalarKeys(d, w.Condition.Paths())
	}
	return nil
}

// scalarKeys refuses paths that lead into keys.
func scalarKeys(d *table.Definition, paths []expr.Path) error {
	if err := expr.KeyPath("Key", paths, d.Schema.Names()); err != nil {
		return err
	}
	return expr.KeyPath("IndexKey", paths, d.KeyAttributes())
}

// write does one write.
func (s *Service) write(ctx context.Context, w *write, onFailure *string) error {
	w.Trace = wire.FromContext(ctx).Trace
	err := w.Table.Write(ctx, nil, false, &w.Write)
	switch {
	case errors.Is(err, table.ErrCondition):
		e := wire.Errorf(dynamodb.CodeConditionalCheckFailedException, "The conditional request failed")
		if wire.Value(onFailure) == dynamodb.ReturnValuesOnConditionCheckFailureAllOld && w.Old != nil {
			e.Detail = &dynamodb.ConditionalCheckFailedException{Item: w.Old.AppendJSON(nil)}
		}
		return e
	case errors.Is(err, table.ErrGone):
		return dynamodb.ErrNoTable
	}
	return err
}

// returned is what ReturnValues asks for; nil where there is nothing.
func (w *write) returned(which *string) wire.Document {
	var it item.Item
	switch wire.Value(which) {
	case dynamodb.ReturnValueAllOld:
		it = w.Old
	case dynamodb.ReturnValueAllNew:
		it = w.New
	case dynamodb.ReturnValueUpdatedOld, dynamodb.ReturnValueUpdatedNew:
		from := w.Old
		if *which == dynamodb.ReturnValueUpdatedNew {
			from = w.New
		}
		if w.Update != nil {
			it = w.Update.Touched(from)
		}
		if len(it) == 0 {
			return nil
		}
	}
	if it == nil {
		return nil
	}
	return it.AppendJSON(nil)
}
