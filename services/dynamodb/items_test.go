package dynamodb_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestItemsOutliveARestart(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	want := order{PK: "c1", SK: 7, Status: "new", Cents: 12}
	b.put("orders", want)
	b.restart()
	out, err := b.GetItem(t.Context(), &sdk.GetItemInput{TableName: new("orders"), Key: key("c1", 7)})
	if err != nil {
		t.Fatal(err)
	}
	var got order
	if err := attributevalue.UnmarshalMap(out.Item, &got); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestAnUpdateBuiltWithTheExpressionPackage(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	b.put("orders", order{PK: "c1", SK: 7, Status: "new", Cents: 12})
	e, err := expression.NewBuilder().
		WithUpdate(expression.Add(expression.Name("Cents"), expression.Value(3)).Set(expression.Name("Status"), expression.Value("paid"))).
		WithCondition(expression.Name("Status").Equal(expression.Value("new"))).Build()
	if err != nil {
		t.Fatal(err)
	}
	in := &sdk.UpdateItemInput{
		TableName: new("orders"), Key: key("c1", 7), ReturnValues: types.ReturnValueAllNew,
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	}
	out, err := b.UpdateItem(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var got order
	if err := attributevalue.UnmarshalMap(out.Attributes, &got); err != nil || got != (order{"c1", 7, "paid", 15}) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = b.UpdateItem(t.Context(), in)
	wantError(t, err, "ConditionalCheckFailedException", "The conditional request failed")
}

func TestAQueryReadsAPartitionInOrderPageByPage(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	for _, n := range []int{30, -4, 7, 100, 0, 12} {
		b.put("orders", order{PK: "c1", SK: n, Status: "s", Cents: -n})
		b.put("orders", order{PK: "c2", SK: n})
	}
	for _, c := range []struct {
		name, index, condition string
		backward               bool
		want                   string
	}{
		{"the whole partition", "", "PK = :p", false, "-4 0 7 12 30 100 "},
		{"backwards", "", "PK = :p", true, "100 30 12 7 0 -4 "},
		{"a range", "", "PK = :p AND SK BETWEEN :a AND :b", false, "0 7 12 "},
		{"a local index", "ByCents", "PK = :p", false, "100 30 12 7 -4 "},
		{"a global index", "ByStatus", "#s = :s AND Cents > :t", false, "7 -4 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &sdk.QueryInput{
				TableName: new("orders"), KeyConditionExpression: &c.condition, Limit: aws.Int32(2), ScanIndexForward: new(!c.backward),
				ExpressionAttributeValues: map[string]types.AttributeValue{},
			}
			if c.index != "" {
				in.IndexName = &c.index
			}
			for name, v := range map[string]types.AttributeValue{
				":p": &types.AttributeValueMemberS{Value: "c1"}, ":s": &types.AttributeValueMemberS{Value: "s"},
				":a": &types.AttributeValueMemberN{Value: "0"}, ":b": &types.AttributeValueMemberN{Value: "12"}, ":t": &types.AttributeValueMemberN{Value: "-12"},
			} {
				if containsWord(c.condition, name) {
					in.ExpressionAttributeValues[name] = v
				}
			}
			if containsWord(c.condition, "#s") {
				in.ExpressionAttributeNames = map[string]string{"#s": "Status"}
			}
			got, pages := "", 0
			for p := sdk.NewQueryPaginator(b.Client, in); p.HasMorePages(); pages++ {
				out, err := p.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range out.Items {
					got += it["SK"].(*types.AttributeValueMemberN).Value + " "
				}
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if pages < 2 {
				t.Errorf("%d pages, want several", pages)
			}
		})
	}
}

func containsWord(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i:i+len(word)] == word {
			return true
		}
	}
	return false
}
