package items

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/expr"
	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// maxTransaction bounds the items of a transaction, in bytes.
const maxTransaction = 4 << 20

// TransactGetItems implements API: all items as they were at one moment.
func (s *Service) TransactGetItems(ctx context.Context, in *dynamodb.TransactGetItemsInput) (*dynamodb.TransactGetItemsOutput, error) {
	var list []*get
	for _, t := range in.TransactItems {
		m := &members{expressions: []member{{expr.ProjectionExpression, t.Get.ProjectionExpression}}, names: t.Get.ExpressionAttributeNames}
		g, err := m.getting(t.Get.Key, t.Get.ProjectionExpression, nil)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	all := make([]table.One, len(list))
	seen := map[string]bool{}
	for i, g := range list {
		name := in.TransactItems[i].Get.TableName
		if err := s.aimGet(ctx, g, name); err != nil {
			return nil, cancelled(err, i, len(list))
		}
		key := fmt.Sprintf("%p", g.o) + string(g.key.AppendJSON(nil))
		if seen[key] {
			return nil, errTwice
		}
		seen[key] = true
		all[i] = table.One{Table: g.o.Table, Key: g.key}
	}
	if err := table.GetAll(all); err != nil {
		if errors.Is(err, table.ErrGone) {
			err = dynamodb.ErrNoTable
		}
		return nil, err
	}
	out := &dynamodb.TransactGetItemsOutput{Responses: make([]dynamodb.ItemResponse, len(list))}
	units := map[string]float64{}
	var names []string
	size := 0
	for i, g := range list {
		if size += all[i].Size; size > maxTransaction {
			return nil, invalid("Aggregated size of transaction items has exceeded the limit of 4 MB")
		}
		var err error
		if out.Responses[i].Item, err = g.project(all[i].JSON); err != nil {
			return nil, err
		}
		name := g.o.Name()
		if _, ok := units[name]; !ok {
			names = append(names, name)
		}
		units[name] += 2 * readUnits(all[i].Size, true)
	}
	for _, name := range names {
		u := usage{name: name, table: units[name]}
		if c := u.tell(in.ReturnConsumedCapacity, true, false); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

var errTwice = invalid("Transaction request cannot include multiple operations on one item")

// TransactWriteItems implements API.
func (s *Service) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
	list := make([]*write, len(in.TransactItems))
	onFailure := make([]*string, len(list))
	tables := make([]*string, len(list))
	size := 0
	for i, t := range in.TransactItems {
		var err error
		if list[i], tables[i], onFailure[i], err = transactWrite(t); err != nil {
			return nil, err
		}
		size += list[i].Item.Size()
	}
	if size > maxTransaction {
		return nil, invalid("Member must have length less than or equal to %d", maxTransaction)
	}
	seen := map[string]bool{}
	for i, w := range list {
		if err := s.aim(ctx, w, tables[i]); err != nil {
			return nil, cancelled(err, i, len(list))
		}
		key := fmt.Sprintf("%p", w.o) + string(w.o.Definition().KeysOf(nil, w.Item).AppendJSON(nil))
		if seen[key] {
			return nil, errTwice
		}
		seen[key] = true
	}
	token, err := s.token(ctx, in)
	if err != nil {
		return nil, err
	}
	switch err := s.writeAll(ctx, token, true, list); {
	case errors.Is(err, table.ErrMismatch):
		return nil, wire.Errorf(dynamodb.CodeIdempotentParameterMismatchException, "Specified idempotent token was used with different request parameters within the idempotency window")
	case err != nil && ctx.Err() != nil: // the writes may still be looked at
		return nil, err
	case err != nil:
		return nil, cancellation(list, onFailure, err)
	}
	out := &dynamodb.TransactWriteItemsOutput{ItemCollectionMetrics: metricsByTable(list, in.ReturnItemCollectionMetrics)}
	if token != nil && token.Done {
		out.ConsumedCapacity = readAgain(list, in.ReturnConsumedCapacity)
	} else {
		out.ConsumedCapacity = consumedByTable(list, in.ReturnConsumedCapacity, 2, true)
	}
	return out, nil
}

// readAgain is what a transaction that was done before consumes: its items are read.
func readAgain(list []*write, how *string) (out []dynamodb.ConsumedCapacity) {
	byTable(list, func(name string, writes []*write) {
		u := usage{name: name}
		for _, w := range writes {
			u.table += 2 * readUnits(w.Item.Size(), true)
		}
		if c := u.tell(how, true, false); c != nil {
			out = append(out, *c)
		}
	})
	return out
}

// token is a request's idempotency token; nil where it has none.
func (s *Service) token(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*table.Token, error) {
	if in.ClientRequestToken == nil {
		return nil, nil
	}
	same := make([]dynamodb.TransactWriteItem, len(in.TransactItems))
	for i, t := range in.TransactItems {
		same[i] = canonical(t)
	}
	text, err := json.Marshal(same)
	if err != nil {
		return nil, fmt.Errorf("comparing a transaction with earlier ones: %w", err)
	}
	digest := sha256.Sum256(text)
	return &table.Token{Scope: wire.ScopeOf(ctx).Key(), Text: *in.ClientRequestToken, Digest: digest[:16]}, nil
}

// canonical is an action with its items in canonical form: clients write the
// members of one item in any order.
func canonical(t dynamodb.TransactWriteItem) dynamodb.TransactWriteItem {
	tidy := func(docs ...*wire.Document) {
		for _, d := range docs {
			if it, err := item.Parse(*d); *d != nil && err == nil {
				*d = it.AppendJSON(nil)
			}
		}
	}
	switch {
	case t.Put != nil:
		c := *t.Put
		tidy(&c.Item, &c.ExpressionAttributeValues)
		t.Put = &c
	case t.Update != nil:
		c := *t.Update
		tidy(&c.Key, &c.ExpressionAttributeValues)
		t.Update = &c
	case t.Delete != nil:
		c := *t.Delete
		tidy(&c.Key, &c.ExpressionAttributeValues)
		t.Delete = &c
	case t.ConditionCheck != nil:
		c := *t.ConditionCheck
		tidy(&c.Key, &c.ExpressionAttributeValues)
		t.ConditionCheck = &c
	}
	return t
}

// transactWrite reads one action of a transaction.
func transactWrite(t dynamodb.TransactWriteItem) (w *write, name, onFailure *string, err error) {
	set := 0
	for _, has := range []bool{t.ConditionCheck != nil, t.Put != nil, t.Delete != nil, t.Update != nil} {
		if has {
			set++
		}
	}
	if set == 0 {
		return nil, nil, nil, invalid("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
	}
	if set > 1 {
		return nil, nil, nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	w = &write{}
	var doc, values wire.Document
	var cond, update *string
	var names map[string]string
	switch {
	case t.ConditionCheck != nil:
		c := t.ConditionCheck
		w.Action, name, onFailure, doc, cond, names, values = table.Check, c.TableName, c.ReturnValuesOnConditionCheckFailure, c.Key, c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	case t.Put != nil:
		c := t.Put
		w.Action, name, onFailure, doc, cond, names, values = table.Put, c.TableName, c.ReturnValuesOnConditionCheckFailure, c.Item, c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	case t.Delete != nil:
		c := t.Delete
		w.Action, name, onFailure, doc, cond, names, values = table.Delete, c.TableName, c.ReturnValuesOnConditionCheckFailure, c.Key, c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues
	default:
		c := t.Update
		w.Action, name, onFailure, doc, cond, names, values = table.Update, c.TableName, c.ReturnValuesOnConditionCheckFailure, c.Key, c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues
		update = c.UpdateExpression
	}
	m := &members{expressions: []member{{expr.ConditionExpression, cond}}, names: names, values: values}
	if update != nil {
		m.expressions = []member{{expr.UpdateExpression, update}, {expr.ConditionExpression, cond}}
	}
	p, err := m.params()
	if err != nil {
		return nil, nil, nil, err
	}
	if w.Item, err = item.Parse(doc); err != nil {
		return nil, nil, nil, err
	}
	if update != nil {
		if w.Update, err = p.Update(*update); err != nil {
			return nil, nil, nil, err
		}
	}
	if err := w.guard(p, cond, nil, nil); err != nil {
		return nil, nil, nil, err
	}
	return w, name, onFailure, p.Unused()
}

// cancelled is the answer to a transaction one of whose actions does not fit
// its table.
func cancelled(err error, at, of int) error {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || e.Code != wire.CodeValidation {
		return err
	}
	reasons := make([]dynamodb.CancellationReason, of)
	for i := range reasons {
		reasons[i].Code = new("None")
	}
	reasons[at] = dynamodb.CancellationReason{Code: new("ValidationError"), Message: new(e.Message)}
	return canceled(reasons)
}

// cancellation tells why each action of a transaction was not done.
func cancellation(list []*write, onFailure []*string, err error) error {
	reasons := make([]dynamodb.CancellationReason, len(list))
	found := false
	for i, w := range list {
		r := &reasons[i]
		r.Code = new("None")
		e, known := errors.AsType[*wire.Error](w.Err)
		switch {
		case w.Err == nil:
			continue
		case errors.Is(w.Err, table.ErrCondition):
			r.Code, r.Message = new("ConditionalCheckFailed"), new("The conditional request failed")
			if wire.Value(onFailure[i]) == dynamodb.ReturnValuesOnConditionCheckFailureAllOld && w.Old != nil {
				r.Item = w.Old.AppendJSON(nil)
			}
		case known && e.Code == wire.CodeValidation:
			r.Code, r.Message = new("ValidationError"), new(e.Message)
		default:
			return err
		}
		found = true
	}
	if !found {
		return err
	}
	return canceled(reasons)
}

func canceled(reasons []dynamodb.CancellationReason) error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = *r.Code
	}
	e := wire.Errorf(dynamodb.CodeTransactionCanceledException, "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.Detail = &dynamodb.TransactionCanceledException{CancellationReasons: reasons}
	return e
}
