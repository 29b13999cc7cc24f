package dynamodb_test

import (
	"fmt"
	"slices"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// statement executes one statement and shows the items that it answers.
func (b *bench) statement(text string, parameters ...types.AttributeValue) string {
	b.t.Helper()
	out, err := b.ExecuteStatement(b.t.Context(), &sdk.ExecuteStatementInput{Statement: &text, Parameters: parameters})
	if err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
	var list []string
	for _, it := range out.Items {
		list = append(list, shown(it))
	}
	return fmt.Sprint(list)
}

func shown(it map[string]types.AttributeValue) string {
	var list []string
	for k, v := range it {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			list = append(list, k+"="+v.Value)
		case *types.AttributeValueMemberN:
			list = append(list, k+"="+v.Value)
		default:
			list = append(list, fmt.Sprintf("%s=%v", k, v))
		}
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

func TestStatementsReadAndWriteItems(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	for _, x := range []struct{ text, want string }{
		{`INSERT INTO orders VALUE {'PK': 'c', 'SK': 1, 'State': 'new', 'Lines': [{'sku': 'a-1'}]}`, "[]"},
		{`INSERT INTO "orders" VALUE {'PK': 'c', 'SK': 2, 'State': 'old'}`, "[]"},
		{`SELECT State FROM orders WHERE PK = 'c' AND SK > 1`, "[[State=old]]"},
		{`SELECT SK, Lines[0].sku FROM orders WHERE PK = 'c' AND State = 'new'`, "[[Lines[0]=&{map[sku:"},
		{`SELECT SK FROM orders WHERE PK = 'c' ORDER BY SK DESC`, "[[SK=2] [SK=1]]"},
		{`SELECT SK FROM orders WHERE PK IN ['b', 'c'] AND State <> 'new'`, "[[SK=2]]"},
		{`SELECT SK FROM orders WHERE Lines IS MISSING`, "[[SK=2]]"},
		{`UPDATE orders SET State = 'paid' SET N = 1 REMOVE Lines WHERE PK = 'c' AND SK = 1 RETURNING ALL NEW *`, "[[N=1 PK=c SK=1 State=paid]]"},
		{`UPDATE orders SET N = N + 41 WHERE PK = 'c' AND SK = 1 AND State = 'paid' RETURNING MODIFIED NEW *`, "[[N=42]]"},
		{`DELETE FROM orders WHERE PK = 'c' AND SK = 9 AND State = 'paid'`, "[]"},
		{`DELETE FROM orders WHERE PK = 'c' AND SK = 9 AND NOT (State = 'paid' OR N = 1) AND State IS NOT MISSING`, "[]"},
		{`DELETE FROM orders WHERE PK = 'c' AND SK = 2 RETURNING ALL OLD *`, "[[PK=c SK=2 State=old]]"},
		{`SELECT SK FROM orders`, "[[SK=1]]"},
	} {
		if got := b.statement(x.text); got != x.want && (len(x.want) > len(got) || got[:len(x.want)] != x.want) {
			t.Errorf("%s: %s, want %s", x.text, got, x.want)
		}
	}
	for text, want := range map[string][2]string{
		`INSERT INTO orders VALUE {'PK': 'c', 'SK': 1}`:                     {"DuplicateItemException", "Duplicate primary key"},
		`INSERT INTO orders VALUE {'PK': 'c'}`:                              {"ValidationException", "Key SK"},
		`UPDATE orders SET N = 1 WHERE PK = 'c'`:                            {"ValidationException", "mandatory equality on all key attributes"},
		`UPDATE orders SET N = 1 WHERE PK = 'x' AND SK = 1`:                 {"ConditionalCheckFailedException", ""},
		`DELETE FROM orders WHERE PK = 'c' AND SK = 1 AND State = 'new'`:    {"ConditionalCheckFailedException", ""},
		`SELECT * FROM orders WHERE PK = 'c' ORDER BY State`:                {"ValidationException", "must be part of the primary key"},
		`SELECT * FROM nowhere`:                                             {"ResourceNotFoundException", ""},
		`EXISTS(SELECT * FROM orders WHERE PK = 'c' AND SK = 1)`:            {"ValidationException", "ExecuteTransaction"},
		`DELETE FROM orders WHERE PK = 'c' AND SK = 1 RETURNING ALL NEW *`:  {"ValidationException", "RETURNING ALL NEW"},
		`UPDATE orders SET PK = 'z' WHERE PK = 'c' AND SK = 1`:              {"ValidationException", "part of the key"},
		`UPDATE orders SET N = set_add(M, <<1>>) WHERE PK = 'c' AND SK = 1`: {"ValidationException", "set_add"},
		`SELECT * FROM orders.nope WHERE PK = 'c'`:                          {"ValidationException", "does not have the specified index"},
	} {
		_, err := b.ExecuteStatement(t.Context(), &sdk.ExecuteStatementInput{Statement: &text})
		wantError(t, err, want[0], want[1])
	}
}

func TestAStatementGoesOnFromItsToken(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	for i := range 7 {
		b.put("orders", order{PK: "c", SK: i})
	}
	in := &sdk.ExecuteStatementInput{Statement: new("SELECT SK FROM orders WHERE PK = ?"), Parameters: []types.AttributeValue{&types.AttributeValueMemberS{Value: "c"}}, Limit: new(int32(3))}
	var got []string
	for {
		out, err := b.ExecuteStatement(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range out.Items {
			got = append(got, shown(it))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
		_, err = b.ExecuteStatement(t.Context(), &sdk.ExecuteStatementInput{Statement: new("SELECT PK FROM orders"), NextToken: out.NextToken})
		wantError(t, err, "ValidationException", "Invalid NextToken")
	}
	if want := "[[SK=0] [SK=1] [SK=2] [SK=3] [SK=4] [SK=5] [SK=6]]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestBatchesAndTransactionsOfStatements(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	b.statement(`INSERT INTO orders VALUE {'PK': 'c', 'SK': 1, 'State': 'new'}`)
	batch := func(texts ...string) (*sdk.BatchExecuteStatementOutput, error) {
		in := &sdk.BatchExecuteStatementInput{}
		for _, s := range texts {
			in.Statements = append(in.Statements, types.BatchStatementRequest{Statement: &s})
		}
		return b.BatchExecuteStatement(t.Context(), in)
	}
	read, err := batch(`SELECT State FROM orders WHERE PK = 'c' AND SK = 1`, `SELECT * FROM orders WHERE PK = 'c'`, `SELECT * FROM orders WHERE PK = 'x' AND SK = 1`)
	if err != nil {
		t.Fatal(err)
	}
	if r := read.Responses; shown(r[0].Item) != "[State=new]" || r[1].Error.Code != types.BatchStatementErrorCodeEnumValidationError || r[2].Error != nil || r[2].Item != nil {
		t.Errorf("%+v", r)
	}
	written, err := batch(`INSERT INTO orders VALUE {'PK': 'c', 'SK': 1}`, `INSERT INTO orders VALUE {'PK': 'c', 'SK': 2}`, `UPDATE orders SET a = 1 WHERE PK = 'x' AND SK = 1`)
	if err != nil {
		t.Fatal(err)
	}
	if r := written.Responses; r[0].Error.Code != types.BatchStatementErrorCodeEnumDuplicateItem || r[1].Error != nil || r[2].Error.Code != types.BatchStatementErrorCodeEnumConditionalCheckFailed {
		t.Errorf("%+v", r)
	}
	_, err = batch(`SELECT * FROM orders WHERE PK = 'c' AND SK = 1`, `INSERT INTO orders VALUE {'PK': 'c', 'SK': 3}`)
	wantError(t, err, "ValidationException", "Read and write requests together")

	transact := func(texts ...string) (*sdk.ExecuteTransactionOutput, error) {
		in := &sdk.ExecuteTransactionInput{}
		for _, s := range texts {
			in.TransactStatements = append(in.TransactStatements, types.ParameterizedStatement{Statement: &s})
		}
		return b.ExecuteTransaction(t.Context(), in)
	}
	guard := `EXISTS(SELECT * FROM orders WHERE PK = 'c' AND SK = 1 AND State = 'new')`
	if _, err := transact(guard, `INSERT INTO orders VALUE {'PK': 'c', 'SK': 4}`, `DELETE FROM orders WHERE PK = 'c' AND SK = 2`); err != nil {
		t.Error(err)
	}
	_, err = transact(`INSERT INTO orders VALUE {'PK': 'c', 'SK': 4}`, `UPDATE orders SET State = 'lost' WHERE PK = 'c' AND SK = 1`)
	wantError(t, err, "TransactionCanceledException", "[DuplicateItem, None]")
	got, err := transact(`SELECT SK FROM orders WHERE PK = 'c' AND SK = 4`, `SELECT State FROM orders WHERE PK = 'c' AND SK = 1`, `SELECT * FROM orders WHERE PK = 'c' AND SK = 2`)
	if err != nil {
		t.Fatal(err)
	}
	if r := got.Responses; shown(r[0].Item) != "[SK=4]" || shown(r[1].Item) != "[State=new]" || r[2].Item != nil {
		t.Errorf("%+v", r)
	}
	_, err = transact(guard, `SELECT * FROM orders WHERE PK = 'c' AND SK = 1`)
	wantError(t, err, "ValidationException", "both read and write operations")
}
