package dynamodb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func add(table, pk string, condition string) types.TransactWriteItem {
	u := &types.Update{
		TableName: &table, Key: key(pk, 1), UpdateExpression: new("ADD Cents :one"), ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	}
	if condition != "" {
		u.ConditionExpression = &condition
	}
	return types.TransactWriteItem{Update: u}
}

// cents reads a counter; -1 where there is no item.
func (b *bench) cents(pk string) int {
	b.t.Helper()
	out, err := b.GetItem(b.t.Context(), &sdk.GetItemInput{TableName: new("orders"), Key: key(pk, 1)})
	if err != nil {
		b.t.Fatal(err)
	}
	n := -1
	if v, ok := out.Item["Cents"].(*types.AttributeValueMemberN); ok {
		_, _ = fmt.Sscan(v.Value, &n)
	}
	return n
}

func TestATransactionIsDoneWholeOrNotAtAllAndSaysWhy(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	b.put("orders", order{PK: "a", SK: 1, Cents: 5})
	b.put("orders", order{PK: "b", SK: 1, Status: "text"})
	broken := add("orders", "b", "")
	broken.Update.UpdateExpression = new("SET Cents = #s + :one")
	broken.Update.ExpressionAttributeNames = map[string]string{"#s": "Status"}
	_, err := b.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		add("orders", "c", ""), add("orders", "a", "Cents < :one"), broken,
	}})
	wantError(t, err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError]")
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		t.Fatal(err)
	}
	if old := canceled.CancellationReasons[1].Item["Cents"].(*types.AttributeValueMemberN).Value; old != "5" {
		t.Errorf("the item of the failed condition has %s", old)
	}
	if m := *canceled.CancellationReasons[2].Message; !strings.Contains(m, "incorrect data type") {
		t.Errorf("the third reason says %s", m)
	}
	if b.cents("c") != -1 || b.cents("a") != 5 {
		t.Errorf("a is %d, c is %d", b.cents("a"), b.cents("c"))
	}
	if _, err := b.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		add("orders", "c", ""), add("orders", "a", "Cents > :one"),
		{ConditionCheck: &types.ConditionCheck{TableName: new("orders"), Key: key("nobody", 1), ConditionExpression: new("attribute_not_exists(PK)")}},
		{Delete: &types.Delete{TableName: new("orders"), Key: key("b", 1)}},
	}}); err != nil {
		t.Fatal(err)
	}
	if b.cents("c") != 1 || b.cents("a") != 6 {
		t.Errorf("a is %d, c is %d", b.cents("a"), b.cents("c"))
	}
	_, err = b.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{add("orders", "a", ""), add("orders", "a", "")}})
	wantError(t, err, "ValidationException", "Transaction request cannot include multiple operations on one item")
}

func TestATransactionWithATokenIsDoneOnce(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	in := &sdk.TransactWriteItemsInput{
		ClientRequestToken: new("again"), TransactItems: []types.TransactWriteItem{add("orders", "a", "")}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	other := &sdk.TransactWriteItemsInput{ClientRequestToken: new("again"), TransactItems: []types.TransactWriteItem{add("orders", "b", "")}}
	for i := range 3 {
		out, err := b.TransactWriteItems(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if first := i == 0; (out.ConsumedCapacity[0].WriteCapacityUnits != nil) != first || (out.ConsumedCapacity[0].ReadCapacityUnits != nil) == first {
			t.Errorf("time %d consumed %+v", i, out.ConsumedCapacity[0])
		}
		b.restart()
	}
	if n := b.cents("a"); n != 1 {
		t.Errorf("done %d times", n)
	}
	_, err := b.TransactWriteItems(t.Context(), other)
	wantError(t, err, "IdempotentParameterMismatchException", "")
	b.clock.Advance(10 * time.Minute)
	if err := b.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.TransactWriteItems(t.Context(), in); err != nil || b.cents("a") != 2 {
		t.Errorf("ten minutes later: %v, %d", err, b.cents("a"))
	}
}

func TestTransactGetItems(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	b.put("orders", order{PK: "a", SK: 1, Status: "new", Cents: 5})
	get := func(pk, projection string) types.TransactGetItem {
		g := &types.Get{TableName: new("orders"), Key: key(pk, 1)}
		if projection != "" {
			g.ProjectionExpression = &projection
		}
		return types.TransactGetItem{Get: g}
	}
	out, err := b.TransactGetItems(t.Context(), &sdk.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("a", "Cents"), get("nobody", "")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Responses) != 2 || len(out.Responses[0].Item) != 1 || out.Responses[1].Item != nil {
		t.Errorf("responses %+v", out.Responses)
	}
}

func TestBatches(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	b.create(ordersTable("archive"))
	requests := map[string][]types.WriteRequest{}
	for i := range 10 {
		requests["orders"] = append(requests["orders"], types.WriteRequest{PutRequest: &types.PutRequest{Item: marshal(t, order{PK: "p", SK: i})}})
		requests["archive"] = append(requests["archive"], types.WriteRequest{PutRequest: &types.PutRequest{Item: marshal(t, order{PK: "p", SK: i})}})
	}
	out, err := b.BatchWriteItem(t.Context(), &sdk.BatchWriteItemInput{RequestItems: requests})
	if err != nil || len(out.UnprocessedItems) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	got, err := b.BatchGetItem(t.Context(), &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		"orders":  {Keys: []map[string]types.AttributeValue{key("p", 3), key("p", 77)}},
		"archive": {Keys: []map[string]types.AttributeValue{key("p", 9), key("p", 0)}, ProjectionExpression: new("SK")},
	}})
	if err != nil || len(got.Responses["orders"]) != 1 || len(got.Responses["archive"]) != 2 || len(got.Responses["archive"][0]) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	twice := types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key("p", 1)}}
	_, err = b.BatchWriteItem(t.Context(), &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {twice, twice}}})
	wantError(t, err, "ValidationException", "Provided list of item keys contains duplicates")
}

func TestABatchAnswersWhatFitsAndLeavesTheRestUnprocessed(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	big := strings.Repeat("x", 390_000)
	var keys []map[string]types.AttributeValue
	for i := range 50 {
		b.put("orders", order{PK: "p", SK: i, Status: big[:2000]})
		it := marshal(t, order{PK: "p", SK: i})
		it["big"] = &types.AttributeValueMemberS{Value: big}
		if _, err := b.PutItem(t.Context(), &sdk.PutItemInput{TableName: new("orders"), Item: it}); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key("p", i))
	}
	found := 0
	request := map[string]types.KeysAndAttributes{"orders": {Keys: keys}}
	rounds := 0
	for ; len(request) > 0; rounds++ {
		out, err := b.BatchGetItem(t.Context(), &sdk.BatchGetItemInput{RequestItems: request})
		if err != nil {
			t.Fatal(err)
		}
		found += len(out.Responses["orders"])
		request = out.UnprocessedKeys
	}
	if found != 50 || rounds != 2 {
		t.Errorf("%d items in %d rounds", found, rounds)
	}
}

func TestPagesOfAMegabyteAndSegments(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	for i := range 25 {
		it := marshal(t, order{PK: fmt.Sprint("p", i%7), SK: i})
		it["big"] = &types.AttributeValueMemberB{Value: make([]byte, 200_000)}
		if _, err := b.PutItem(t.Context(), &sdk.PutItemInput{TableName: new("orders"), Item: it}); err != nil {
			t.Fatal(err)
		}
	}
	for _, segments := range []int32{1, 4} {
		seen := map[string]int{}
		pages := 0
		for segment := range segments {
			in := &sdk.ScanInput{TableName: new("orders"), Segment: &segment, TotalSegments: &segments, FilterExpression: new("SK > :zero"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":zero": &types.AttributeValueMemberN{Value: "0"}}}
			for p := sdk.NewScanPaginator(b.Client, in); p.HasMorePages(); pages++ {
				out, err := p.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if out.ScannedCount > 6 {
					t.Errorf("a page read %d items of 200 KB", out.ScannedCount)
				}
				for _, it := range out.Items {
					seen[it["SK"].(*types.AttributeValueMemberN).Value]++
				}
			}
		}
		if len(seen) != 24 || pages < 4 {
			t.Errorf("%d segments: %d items in %d pages", segments, len(seen), pages)
		}
		for sk, n := range seen {
			if n != 1 {
				t.Errorf("item %s was seen %d times", sk, n)
			}
		}
	}
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	b := start(t)
	b.create(ordersTable("orders"))
	it := marshal(t, order{PK: "p", SK: 1})
	it["x"] = &types.AttributeValueMemberS{Value: strings.Repeat("x", 409_600-8)}
	if _, err := b.PutItem(t.Context(), &sdk.PutItemInput{TableName: new("orders"), Item: it}); err != nil {
		t.Errorf("an item of 400 KB: %v", err)
	}
	it["y"] = &types.AttributeValueMemberBOOL{Value: true}
	_, err := b.PutItem(t.Context(), &sdk.PutItemInput{TableName: new("orders"), Item: it})
	wantError(t, err, "ValidationException", "Item size has exceeded the maximum allowed size")
	_, err = b.UpdateItem(t.Context(), &sdk.UpdateItemInput{
		TableName: new("orders"), Key: key("p", 1), UpdateExpression: new("SET y = :t"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":t": &types.AttributeValueMemberBOOL{Value: true}},
	})
	wantError(t, err, "ValidationException", "Item size to update has exceeded the maximum allowed size")
	_, err = b.PutItem(t.Context(), &sdk.PutItemInput{TableName: new("orders"), Item: marshal(t, order{PK: strings.Repeat("p", 2049), SK: 1})})
	wantError(t, err, "ValidationException", "Size of hashkey has exceeded the maximum size limit of2048 bytes")
}

func TestAccountsAndRegionsHaveTheirOwnTables(t *testing.T) {
	b := start(t)
	d := b.create(ordersTable("orders"))
	elsewhere := sdk.New(b.Options(), func(o *sdk.Options) { o.Region = "us-west-2" })
	_, err := elsewhere.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: aws.String("orders")})
	wantError(t, err, "ResourceNotFoundException", "")
	if _, err := elsewhere.DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: d.TableArn}); err != nil {
		t.Errorf("by its ARN: %v", err)
	}
}
