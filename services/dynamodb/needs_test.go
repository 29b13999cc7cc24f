package dynamodb_test

import (
	"fmt"
	"testing"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/wire"
)

func TestStatementsNeedWhatTheyDo(t *testing.T) {
	r := &wire.Request{Account: account, Region: region}
	one := func(text string, parameters ...string) any {
		in := &dynamodb.ExecuteStatementInput{Statement: &text}
		for _, p := range parameters {
			in.Parameters = append(in.Parameters, wire.Document(p))
		}
		return in
	}
	const orders = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
	for _, x := range []struct {
		in   any
		want string
	}{
		{one(`SELECT * FROM orders WHERE PK = ?`, `{"S":"c"}`), "[{dynamodb:PartiQLSelect " + orders + "}]"},
		{one(`SELECT * FROM "orders"."ByStatus"`), "[{dynamodb:PartiQLSelect " + orders + "/index/ByStatus}]"},
		{one(`INSERT INTO orders VALUE {'PK': 'c'}`), "[{dynamodb:PartiQLInsert " + orders + "}]"},
		{one(`UPDATE orders SET a = 1 WHERE PK = 'c'`), "[{dynamodb:PartiQLUpdate " + orders + "}]"},
		{&dynamodb.ExecuteTransactionInput{TransactStatements: []dynamodb.ParameterizedStatement{
			{Statement: new(`EXISTS(SELECT * FROM orders WHERE PK = 'c')`)}, {Statement: new(`DELETE FROM orders WHERE PK = 'c'`)},
		}}, "[{dynamodb:PartiQLSelect " + orders + "} {dynamodb:PartiQLDelete " + orders + "}]"},
		{&dynamodb.BatchExecuteStatementInput{Statements: []dynamodb.BatchStatementRequest{
			{Statement: new(`DELETE FROM orders WHERE PK = 'c'`)}, {Statement: new(`DELETE FROM orders WHERE PK = 'd'`)},
		}}, "[{dynamodb:PartiQLDelete " + orders + "}]"},
	} {
		var got []string
		for _, n := range dynamodb.Needs(x.in, r) {
			got = append(got, fmt.Sprintf("{%s %s}", n.Action, n.Resource))
		}
		if fmt.Sprint(got) != x.want {
			t.Errorf("%+v needs %v, want %s", x.in, got, x.want)
		}
	}
}
