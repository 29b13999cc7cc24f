package items

import (
	"context"
	"errors"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/partiql"
	"github.com/signalbox/signalbox/wire"
)

const duplicate = "Duplicate primary key exists in table"

// ExecuteStatement implements API.
func (s *Service) ExecuteStatement(ctx context.Context, in *dynamodb.ExecuteStatementInput) (*dynamodb.ExecuteStatementOutput, error) {
	st, err := s.statement(ctx, in.Statement, in.Parameters)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ExecuteStatementOutput{Items: []wire.Document{}}
	switch st.Verb {
	case partiql.Exists:
		return nil, invalid("EXISTS can only be used in ExecuteTransaction write requests.")
	case partiql.Select:
		start, err := startOf(in.NextToken, *in.Statement)
		if err != nil {
			return nil, err
		}
		docs, last, used, err := st.query(ctx, s, in, start)
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			if doc, err = st.columns(doc); err != nil {
				return nil, err
			}
			out.Items = append(out.Items, doc)
		}
		out.LastEvaluatedKey, out.ConsumedCapacity = last, used
		out.NextToken, err = tokenAt(*in.Statement, last)
		return out, err
	}
	doc, used, err := s.change(ctx, st, in.ReturnValuesOnConditionCheckFailure, in.ReturnConsumedCapacity)
	if err != nil {
		return nil, err
	}
	if doc != nil {
		out.Items = append(out.Items, doc)
	}
	out.ConsumedCapacity = used
	return out, nil
}

// change carries out a statement that writes one item.
func (s *Service) change(ctx context.Context, st *statement, onFailure, capacity *string) (wire.Document, *dynamodb.ConsumedCapacity, error) {
	t, err := st.write(onFailure)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case t.Put != nil:
		out, err := s.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: t.Put.TableName, Item: t.Put.Item, ConditionExpression: t.Put.ConditionExpression, ExpressionAttributeNames: t.Put.ExpressionAttributeNames,
			ReturnValuesOnConditionCheckFailure: onFailure, ReturnConsumedCapacity: capacity,
		})
		if wire.IsCode(err, dynamodb.CodeConditionalCheckFailedException) {
			err = wire.Errorf(dynamodb.CodeDuplicateItemException, duplicate)
		}
		if err != nil {
			return nil, nil, err
		}
		return nil, out.ConsumedCapacity, nil
	case t.Update != nil:
		out, err := s.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: t.Update.TableName, Key: t.Update.Key, UpdateExpression: t.Update.UpdateExpression, ConditionExpression: t.Update.ConditionExpression,
			ExpressionAttributeNames: t.Update.ExpressionAttributeNames, ExpressionAttributeValues: t.Update.ExpressionAttributeValues,
			ReturnValues: st.returned(), ReturnValuesOnConditionCheckFailure: onFailure, ReturnConsumedCapacity: capacity,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.Attributes, out.ConsumedCapacity, nil
	}
	out, err := s.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: t.Delete.TableName, Key: t.Delete.Key, ConditionExpression: t.Delete.ConditionExpression,
		ExpressionAttributeNames: t.Delete.ExpressionAttributeNames, ExpressionAttributeValues: t.Delete.ExpressionAttributeValues,
		ReturnValues: st.returned(), ReturnValuesOnConditionCheckFailure: onFailure, ReturnConsumedCapacity: capacity,
	})
	if err != nil {
		return nil, nil, err
	}
	return out.Attributes, out.ConsumedCapacity, nil
}

// get is a select of one item by its whole key.
func (st *statement) get() (*dynamodb.Get, error) {
	key, rest, ok := st.Where.Split(st.keys)
	if !ok || len(rest) > 0 || st.Index != "" {
		return nil, invalid("Only single item select is supported")
	}
	return &dynamodb.Get{TableName: &st.Table, Key: document(key)}, nil
}

// maxStatements bounds the statements of a batch.
const maxStatements = 25

// BatchExecuteStatement implements API. A statement that fails says so in its
// place, and the others are carried out all the same.
func (s *Service) BatchExecuteStatement(ctx context.Context, in *dynamodb.BatchExecuteStatementInput) (*dynamodb.BatchExecuteStatementOutput, error) {
	if len(in.Statements) > maxStatements {
		return nil, invalid("1 validation error detected: Value at 'statements' failed to satisfy constraint: Member must have length less than or equal to %d", maxStatements)
	}
	list := make([]*statement, len(in.Statements))
	faults := make([]error, len(list))
	reads, writes := 0, 0
	for i, b := range in.Statements {
		list[i], faults[i] = s.statement(ctx, b.Statement, b.Parameters)
		switch {
		case list[i] == nil:
		case list[i].Verb == partiql.Exists:
			return nil, invalid("EXISTS can only be used in ExecuteTransaction write requests.")
		case list[i].Verb == partiql.Select:
			reads++
		default:
			writes++
		}
	}
	if reads > 0 && writes > 0 {
		return nil, invalid("Read and write requests together in the same batch is not supported.")
	}
	out := &dynamodb.BatchExecuteStatementOutput{Responses: make([]dynamodb.BatchStatementResponse, len(list))}
	for i, b := range in.Statements {
		r := &out.Responses[i]
		if list[i] != nil {
			r.TableName = new(list[i].table.Name())
		}
		err := faults[i]
		var used *dynamodb.ConsumedCapacity
		if err == nil {
			r.Item, used, err = s.one(ctx, list[i], &b, in.ReturnConsumedCapacity)
		}
		if err != nil {
			if r.Error, err = batchError(err); err != nil {
				return nil, err
			}
		}
		if used != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *used)
		}
	}
	return out, nil
}

// one carries out a statement of a batch.
func (s *Service) one(ctx context.Context, st *statement, b *dynamodb.BatchStatementRequest, capacity *string) (wire.Document, *dynamodb.ConsumedCapacity, error) {
	if st.Verb != partiql.Select {
		return s.change(ctx, st, b.ReturnValuesOnConditionCheckFailure, capacity)
	}
	g, err := st.get()
	if err != nil {
		return nil, nil, err
	}
	out, err := s.GetItem(ctx, &dynamodb.GetItemInput{TableName: g.TableName, Key: g.Key, ConsistentRead: b.ConsistentRead, ReturnConsumedCapacity: capacity})
	if err != nil {
		return nil, nil, err
	}
	doc, err := st.columns(out.Item)
	return doc, out.ConsumedCapacity, err
}

// batchError is an error as a batch tells it in a statement's place; what is
// nobody's fault but ours fails the batch.
func batchError(err error) (*dynamodb.BatchStatementError, error) {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return nil, err
	}
	code, ok := map[string]string{
		wire.CodeValidation:                          dynamodb.BatchStatementErrorCodeEnumValidationError,
		dynamodb.CodeResourceNotFoundException:       dynamodb.BatchStatementErrorCodeEnumResourceNotFound,
		dynamodb.CodeDuplicateItemException:          dynamodb.BatchStatementErrorCodeEnumDuplicateItem,
		dynamodb.CodeConditionalCheckFailedException: dynamodb.BatchStatementErrorCodeEnumConditionalCheckFailed,
	}[e.Code]
	if !ok {
		return nil, err
	}
	b := &dynamodb.BatchStatementError{Code: &code, Message: new(e.Message)}
	if d, ok := e.Detail.(*dynamodb.ConditionalCheckFailedException); ok {
		b.Item = d.Item
	}
	return b, nil
}

// ExecuteTransaction implements API.
func (s *Service) ExecuteTransaction(ctx context.Context, in *dynamodb.ExecuteTransactionInput) (*dynamodb.ExecuteTransactionOutput, error) {
	list := make([]*statement, len(in.TransactStatements))
	reads := 0
	for i, t := range in.TransactStatements {
		var err error
		if list[i], err = s.statement(ctx, t.Statement, t.Parameters); err != nil {
			return nil, err
		}
		if list[i].Verb == partiql.Select {
			reads++
		}
	}
	switch {
	case reads == len(list):
		return s.readAll(ctx, list, in)
	case reads > 0:
		return nil, invalid("ExecuteTransaction API does not support both read and write operations in the same request.")
	}
	writes := &dynamodb.TransactWriteItemsInput{ClientRequestToken: in.ClientRequestToken, ReturnConsumedCapacity: in.ReturnConsumedCapacity}
	for i, st := range list {
		if st.Returning != "" {
			return nil, invalid("RETURNING clause is not supported in ExecuteTransaction.")
		}
		t, err := st.write(in.TransactStatements[i].ReturnValuesOnConditionCheckFailure)
		if err != nil {
			return nil, err
		}
		writes.TransactItems = append(writes.TransactItems, t)
	}
	out, err := s.TransactWriteItems(ctx, writes)
	if err != nil {
		return nil, duplicates(err, list)
	}
	return &dynamodb.ExecuteTransactionOutput{Responses: []dynamodb.ItemResponse{}, ConsumedCapacity: out.ConsumedCapacity}, nil
}

func (s *Service) readAll(ctx context.Context, list []*statement, in *dynamodb.ExecuteTransactionInput) (*dynamodb.ExecuteTransactionOutput, error) {
	gets := &dynamodb.TransactGetItemsInput{ReturnConsumedCapacity: in.ReturnConsumedCapacity}
	for _, st := range list {
		g, err := st.get()
		if err != nil {
			return nil, err
		}
		gets.TransactItems = append(gets.TransactItems, dynamodb.TransactGetItem{Get: g})
	}
	got, err := s.TransactGetItems(ctx, gets)
	if err != nil {
		return nil, err
	}
	for i, st := range list {
		if got.Responses[i].Item, err = st.columns(got.Responses[i].Item); err != nil {
			return nil, err
		}
	}
	return &dynamodb.ExecuteTransactionOutput{Responses: got.Responses, ConsumedCapacity: got.ConsumedCapacity}, nil
}

// duplicates tells of inserts that found an item as what they are.
func duplicates(err error, list []*statement) error {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return err
	}
	d, ok := e.Detail.(*dynamodb.TransactionCanceledException)
	if !ok {
		return err
	}
	for i, r := range d.CancellationReasons {
		if list[i].Verb == partiql.Insert && *r.Code == dynamodb.BatchStatementErrorCodeEnumConditionalCheckFailed {
			d.CancellationReasons[i].Code, d.CancellationReasons[i].Message = new(dynamodb.BatchStatementErrorCodeEnumDuplicateItem), new(duplicate)
		}
	}
	return canceled(d.CancellationReasons)
}
