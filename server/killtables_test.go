package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/signalbox/signalbox/signalboxtest/sdkclient"
)

// adder adds ones to the item "sum", each once, whatever is answered: where an
// addition's outcome is not known, asking again finds out.
type adder struct {
	tables *dynamodb.Client
	up     *gate
	id     string // of the client
	seq    int    // of the addition that is being made
}

// gate lets those through who wait for the server to be up.
type gate struct {
	mu   sync.Mutex // guards open
	open chan struct{}
}

func (g *gate) wait() {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	<-open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) pass() { close(g.open) }

func number(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }

func itemKey(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
}

// add makes one addition, by one of four ways. It returns the error that is
// none of the server's death.
func (a *adder) add(ctx context.Context, way int) error {
	a.seq++
	for {
		done, err := []func(context.Context) (bool, error){a.byCondition, a.byToken, a.byMarker, a.bySwap}[way%4](ctx)
		if done || ctx.Err() != nil {
			return ctx.Err()
		}
		var answered interface{ ErrorCode() string }
		if errors.As(err, &answered) {
			return fmt.Errorf("client %s, addition %d: %w", a.id, a.seq, err)
		}
		a.up.wait()
	}
}

// byCondition remembers in the item itself the last addition of each client.
func (a *adder) byCondition(ctx context.Context) (bool, error) {
	_, err := a.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("sums"), Key: itemKey("sum"), UpdateExpression: aws.String("ADD n :one SET #c = :seq"),
		ConditionExpression:       aws.String("attribute_not_exists(#c) OR #c < :seq"),
		ExpressionAttributeNames:  map[string]string{"#c": "c" + a.id},
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1), ":seq": number(a.seq)},
	})
	var before *types.ConditionalCheckFailedException
	return err == nil || errors.As(err, &before), err
}

// byToken is a transaction of two items that its token makes idempotent.
func (a *adder) byToken(ctx context.Context) (bool, error) {
	one := map[string]types.AttributeValue{":one": number(1)}
	update := func(id string) types.TransactWriteItem {
		return types.TransactWriteItem{Update: &types.Update{
			TableName: aws.String("sums"), Key: itemKey(id), UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: one,
		}}
	}
	_, err := a.tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: aws.String(fmt.Sprintf("%s-%d", a.id, a.seq)),
		TransactItems:      []types.TransactWriteItem{update("sum"), update("of-" + a.id)},
	})
	return err == nil, err
}

// byMarker is a transaction that leaves an item for each addition.
func (a *adder) byMarker(ctx context.Context) (bool, error) {
	_, err := a.tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: aws.String("sums"), Item: itemKey(fmt.Sprintf("marker-%s-%d", a.id, a.seq)), ConditionExpression: aws.String("attribute_not_exists(id)"),
		}},
		{Update: &types.Update{
			TableName: aws.String("sums"), Key: itemKey("sum"), UpdateExpression: aws.String("SET n = if_not_exists(n, :zero) + :one"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1), ":zero": number(0)},
		}},
	}})
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) && aws.ToString(cancelled.CancellationReasons[0].Code) == "ConditionalCheckFailed" {
		return true, nil
	}
	return err == nil, err
}

// bySwap reads the sum and writes what follows if it is still the same; who was
// forestalled a few times does it by a condition.
func (a *adder) bySwap(ctx context.Context) (bool, error) {
	for range 4 {
		got, err := a.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("sums"), Key: itemKey("sum"), ConsistentRead: aws.Bool(true)})
		if err != nil {
			return false, err
		}
		if value(got.Item["c"+a.id]) == a.seq {
			return true, nil
		}
		n := value(got.Item["n"])
		_, err = a.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String("sums"), Key: itemKey("sum"), UpdateExpression: aws.String("SET n = :new, #c = :seq"),
			ConditionExpression:       aws.String("n = :old"),
			ExpressionAttributeNames:  map[string]string{"#c": "c" + a.id},
			ExpressionAttributeValues: map[string]types.AttributeValue{":old": number(n), ":new": number(n + 1), ":seq": number(a.seq)},
		})
		var other *types.ConditionalCheckFailedException
		if !errors.As(err, &other) {
			return err == nil, err
		}
	}
	return a.byCondition(ctx)
}

// value is a number of an item, 0 where it has none.
func value(v types.AttributeValue) int {
	text, _ := v.(*types.AttributeValueMemberN)
	if text == nil {
		return 0
	}
	n, _ := strconv.Atoi(text.Value)
	return n
}

// SIGNALBOX_ROUNDS is how often the server is killed.
func TestNoAdditionToAnItemIsLostOrDoubledWhateverIsKilled(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("SIGNALBOX_ROUNDS"))
	if rounds == 0 {
		rounds = 3
	}
	v := &victim{t: t, data: t.TempDir(), listen: "127.0.0.1:0"}
	v.start()
	defer func() { v.kill() }()
	c := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + v.listen), RetryMaxAttempts: 1, HTTPClient: sdkclient.New(),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	tables := dynamodb.NewFromConfig(c)
	created, err := tables.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("sums"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		t.Fatal(err)
	}
	item := itemKey("sum")
	item["n"] = number(0)
	if _, err := tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("sums"), Item: item}); err != nil {
		t.Fatal(err)
	}
	const clients = 64
	up := &gate{open: make(chan struct{})}
	up.pass()
	enough := make(chan struct{})
	adders := make([]*adder, clients)
	var group sync.WaitGroup
	for i := range adders {
		adders[i] = &adder{tables: tables, up: up, id: strconv.Itoa(i)}
		group.Go(func() {
			for {
				select {
				case <-enough:
					return
				default:
				}
				if err := adders[i].add(t.Context(), i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range rounds {
		time.Sleep(time.Duration(20+rand.IntN(250)) * time.Millisecond) // the random moment
		up.shut()
		v.kill()
		v.start()
		up.pass()
	}
	close(enough)
	group.Wait()
	want, byWay := 0, [4]int{}
	for i, a := range adders {
		want += a.seq
		byWay[i%4] += a.seq
	}
	got, err := tables.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("sums"), Key: itemKey("sum")})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rounds: %d additions (by condition, token, marker, swap: %v)", rounds, want, byWay)
	if n := value(got.Item["n"]); n != want || want == 0 {
		t.Errorf("the sum is %d after %d additions", n, want)
	}
	eachAdditionOnce(t, dynamodbstreams.NewFromConfig(c), created.TableDescription.LatestStreamArn, want)
}

// eachAdditionOnce reads the table's stream: each record of the sum must begin
// where the one before has ended, and add one.
func eachAdditionOnce(t *testing.T, streams *dynamodbstreams.Client, arn *string, want int) {
	t.Helper()
	described, err := streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	at := func(image map[string]streamtypes.AttributeValue) int {
		text, _ := image["n"].(*streamtypes.AttributeValueMemberN)
		if text == nil {
			return 0
		}
		n, _ := strconv.Atoi(text.Value)
		return n
	}
	it, err := streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: described.StreamDescription.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	for next := it.ShardIterator; ; {
		page, err := streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: next})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			key, _ := r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS)
			if key == nil || key.Value != "sum" || r.EventName == streamtypes.OperationTypeInsert {
				continue
			}
			if before, after := at(r.Dynamodb.OldImage), at(r.Dynamodb.NewImage); before != n || after != n+1 {
				t.Fatalf("after %d, a record of the stream takes the sum from %d to %d", n, before, after)
			}
			n++
		}
		if next = page.NextShardIterator; len(page.Records) == 0 {
			break
		}
	}
	if n != want {
		t.Errorf("the stream has %d additions of %d", n, want)
	}
}
