package dynamodb

import (
	"reflect"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/dynamodb/item"
	"github.com/signalbox/signalbox/services/dynamodb/partiql"
	"github.com/signalbox/signalbox/wire"
)

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_amazondynamodb). A transaction needs what its parts are,
// a query of an index that index. The key dynamodb:LeadingKeys is not told.
func Needs(in any, r *wire.Request) []wire.Permission {
	table := func(nameOrARN *string) string {
		name := wire.Value(nameOrARN)
		if strings.HasPrefix(name, "arn:") {
			return name
		}
		return wire.Scope{Account: r.Account, Region: r.Region}.ARN("dynamodb", "table/"+name)
	}
	on := func(name, index *string) []wire.Permission {
		resource := table(name)
		if index != nil {
			resource += "/index/" + *index
		}
		return []wire.Permission{{Resource: resource}}
	}
	switch in := in.(type) {
	case *GetItemInput:
		return on(in.TableName, nil)
	case *PutItemInput:
		return on(in.TableName, nil)
	case *UpdateItemInput:
		return on(in.TableName, nil)
	case *DeleteItemInput:
		return on(in.TableName, nil)
	case *QueryInput:
		return on(in.TableName, in.IndexName)
	case *ScanInput:
		return on(in.TableName, in.IndexName)
	case *BatchGetItemInput:
		return eachTable(in.RequestItems, table)
	case *BatchWriteItemInput:
		return eachTable(in.RequestItems, table)
	case *TransactGetItemsInput:
		var t parts
		for _, item := range in.TransactItems {
			if item.Get != nil {
				t.add("dynamodb:GetItem", table(item.Get.TableName))
			}
		}
		return t.needs
	case *TransactWriteItemsInput:
		return needsOfWrites(in, table)
	case *ExecuteStatementInput:
		var t parts
		t.statement(in.Statement, in.Parameters, table)
		return t.needs
	case *BatchExecuteStatementInput:
		var t parts
		for _, s := range in.Statements {
			t.statement(s.Statement, s.Parameters, table)
		}
		return t.needs
	case *ExecuteTransactionInput:
		var t parts
		for _, s := range in.TransactStatements {
			t.statement(s.Statement, s.Parameters, table)
		}
		return t.needs
	}
	v := reflect.ValueOf(in).Elem()
	for _, member := range []string{"TableName", "ResourceArn"} {
		if m := v.FieldByName(member); m.IsValid() {
			if name, ok := m.Interface().(*string); ok {
				return on(name, nil)
			}
		}
	}
	return nil
}

func eachTable[T any](items map[string]T, table func(*string) string) []wire.Permission {
	var t parts
	for name := range items {
		t.add("", table(&name))
	}
	return t.needs
}

func needsOfWrites(in *TransactWriteItemsInput, table func(*string) string) []wire.Permission {
	var t parts
	for _, item := range in.TransactItems {
		switch {
		case item.Put != nil:
			t.add("dynamodb:PutItem", table(item.Put.TableName))
		case item.Update != nil:
			t.add("dynamodb:UpdateItem", table(item.Update.TableName))
		case item.Delete != nil:
			t.add("dynamodb:DeleteItem", table(item.Delete.TableName))
		case item.ConditionCheck != nil:
			t.add("dynamodb:ConditionCheckItem", table(item.ConditionCheck.TableName))
		}
	}
	return t.needs
}

// statement adds what a statement of PartiQL needs; one that cannot be read
// needs nothing, for it does nothing.
func (p *parts) statement(text *string, parameters []wire.Document, table func(*string) string) {
	values := make([]item.Value, len(parameters))
	for i, doc := range parameters {
		var err error
		if values[i], err = item.ParseValue(doc); err != nil {
			return
		}
	}
	st, err := partiql.Parse(wire.Value(text), values)
	if err != nil {
		return
	}
	action := map[partiql.Verb]string{
		partiql.Select: "PartiQLSelect", partiql.Exists: "PartiQLSelect", partiql.Insert: "PartiQLInsert", partiql.Update: "PartiQLUpdate", partiql.Delete: "PartiQLDelete",
	}[st.Verb]
	resource := table(&st.Table)
	if st.Index != "" {
		resource += "/index/" + st.Index
	}
	p.add("dynamodb:"+action, resource)
}

// parts collects permissions, each once.
type parts struct{ needs []wire.Permission }

func (p *parts) add(action, resource string) {
	if !slices.ContainsFunc(p.needs, func(n wire.Permission) bool { return n.Action == action && n.Resource == resource }) {
		p.needs = append(p.needs, wire.Permission{Action: action, Resource: resource})
	}
}
