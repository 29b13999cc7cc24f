package dynamodb_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/streams"
	"github.com/signalbox/signalbox/signalboxtest/sdkclient"
	"github.com/signalbox/signalbox/wire"
)

// streams is a client of the streams of the bench's tables.
func (b *bench) streams() *dynamodbstreams.Client {
	b.t.Helper()
	server := httptest.NewServer(handler(streams.NewService(streams.New(b.service.Changes(), b.clock))))
	b.t.Cleanup(server.Close)
	return dynamodbstreams.New(dynamodbstreams.Options{
		Region: region, BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1, HTTPClient: sdkclient.New(),
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	})
}

// iterator finds the iterator of a table's only shard.
func (b *bench) iterator(c *dynamodbstreams.Client, table string, kind streamtypes.ShardIteratorType, sequence *string) (*string, error) {
	b.t.Helper()
	arn := b.describe(table).LatestStreamArn
	d, err := c.DescribeStream(b.t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		b.t.Fatal(err)
	}
	it, err := c.GetShardIterator(b.t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: d.StreamDescription.Shards[0].ShardId, ShardIteratorType: kind, SequenceNumber: sequence,
	})
	if err != nil {
		return nil, err
	}
	return it.ShardIterator, nil
}

// records reads a table's stream from its beginning.
func (b *bench) records(table string) []streamtypes.Record {
	b.t.Helper()
	c := b.streams()
	at, err := b.iterator(c, table, streamtypes.ShardIteratorTypeTrimHorizon, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var all []streamtypes.Record
	for at != nil {
		out, err := c.GetRecords(b.t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at, Limit: new(int32(3))})
		if err != nil {
			b.t.Fatal(err)
		}
		if len(out.Records) == 0 {
			break
		}
		all, at = append(all, out.Records...), out.NextShardIterator
	}
	return all
}

func streamed(name string, view types.StreamViewType) *sdk.CreateTableInput {
	in := ordersTable(name)
	in.StreamSpecification = &types.StreamSpecification{StreamEnabled: new(true), StreamViewType: view}
	return in
}

func TestTheFourViewsOfAStream(t *testing.T) {
	for _, c := range []struct {
		view types.StreamViewType
		want string
	}{
		{types.StreamViewTypeKeysOnly, "INSERT - -, MODIFY - -, REMOVE - -, "},
		{types.StreamViewTypeNewImage, "INSERT new -, MODIFY paid -, REMOVE - -, "},
		{types.StreamViewTypeOldImage, "INSERT - -, MODIFY - new, REMOVE - paid, "},
		{types.StreamViewTypeNewAndOldImages, "INSERT new -, MODIFY paid new, REMOVE - paid, "},
	} {
		t.Run(string(c.view), func(t *testing.T) {
			b := start(t)
			b.create(streamed("orders", c.view))
			b.put("orders", order{PK: "c", SK: 1, Status: "new"})
			b.put("orders", order{PK: "c", SK: 1, Status: "new"}) // nothing changes: no record
			b.put("orders", order{PK: "c", SK: 1, Status: "paid"})
			for range 2 { // the second deletes nothing
				if _, err := b.DeleteItem(t.Context(), &sdk.DeleteItemInput{TableName: new("orders"), Key: key("c", 1)}); err != nil {
					t.Fatal(err)
				}
			}
			b.restart()
			got, before := "", ""
			status := func(image map[string]streamtypes.AttributeValue) string {
				if image == nil {
					return "-"
				}
				return image["Status"].(*streamtypes.AttributeValueMemberS).Value
			}
			for _, r := range b.records("orders") {
				got += fmt.Sprintf("%s %s %s, ", r.EventName, status(r.Dynamodb.NewImage), status(r.Dynamodb.OldImage))
				if r.Dynamodb.Keys["SK"].(*streamtypes.AttributeValueMemberN).Value != "1" || *r.Dynamodb.SequenceNumber <= before {
					t.Errorf("record %+v after %s", r.Dynamodb, before)
				}
				before = *r.Dynamodb.SequenceNumber
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestIteratorsBeginWhereTheyAreTold(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeKeysOnly))
	for i := range 5 {
		b.put("orders", order{PK: "c", SK: i})
	}
	c := b.streams()
	third := b.records("orders")[2].Dynamodb.SequenceNumber
	count := func(at *string) int {
		out, err := c.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Records)
	}
	for _, x := range []struct {
		kind     streamtypes.ShardIteratorType
		sequence *string
		want     int
	}{
		{streamtypes.ShardIteratorTypeTrimHorizon, nil, 5}, {streamtypes.ShardIteratorTypeLatest, nil, 0},
		{streamtypes.ShardIteratorTypeAtSequenceNumber, third, 3}, {streamtypes.ShardIteratorTypeAfterSequenceNumber, third, 2},
	} {
		at, err := b.iterator(c, "orders", x.kind, x.sequence)
		if err != nil {
			t.Fatal(err)
		}
		if got := count(at); got != x.want {
			t.Errorf("%s: %d records, want %d", x.kind, got, x.want)
		}
	}
	_, err := b.iterator(c, "orders", streamtypes.ShardIteratorTypeAtSequenceNumber, new("100000000000000000099"))
	wantError(t, err, "ValidationException", "Invalid SequenceNumber")
	_, err = b.iterator(c, "orders", streamtypes.ShardIteratorTypeLatest, third)
	wantError(t, err, "ValidationException", "SequenceNumber should not be passed for this iterator type")

	old, err := b.iterator(c, "orders", streamtypes.ShardIteratorTypeTrimHorizon, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(16 * time.Minute)
	_, err = c.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: old})
	wantError(t, err, "ExpiredIteratorException", "")
	_, err = c.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: new("nonsense")})
	wantError(t, err, "ValidationException", "Invalid ShardIterator")
}

func TestRecordsAreKeptForADay(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeKeysOnly))
	b.put("orders", order{PK: "c", SK: 1})
	first := b.records("orders")[0].Dynamodb.SequenceNumber
	b.clock.Advance(23 * time.Hour)
	b.put("orders", order{PK: "c", SK: 2})
	if n := len(b.records("orders")); n != 2 {
		t.Errorf("%d records after 23 hours", n)
	}
	b.clock.Advance(2 * time.Hour)
	for _, swept := range []bool{false, true} {
		if swept {
			if err := b.service.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(b.records("orders")); n != 1 {
			t.Errorf("%d records after 25 hours, swept %v", n, swept)
		}
		_, err := b.iterator(b.streams(), "orders", streamtypes.ShardIteratorTypeAtSequenceNumber, first)
		wantError(t, err, "TrimmedDataAccessException", "")
	}
}

func TestAStreamThatIsDisabledCanBeReadToItsEnd(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeKeysOnly))
	b.put("orders", order{PK: "c", SK: 1})
	enable := func(on bool) {
		spec := &types.StreamSpecification{StreamEnabled: &on}
		if on {
			spec.StreamViewType = types.StreamViewTypeNewImage
		}
		if _, err := b.UpdateTable(t.Context(), &sdk.UpdateTableInput{TableName: new("orders"), StreamSpecification: spec}); err != nil {
			t.Fatal(err)
		}
	}
	enable(false)
	b.put("orders", order{PK: "c", SK: 2})
	if n := len(b.records("orders")); n != 1 {
		t.Errorf("%d records, want the one of before", n)
	}
	c := b.streams()
	at, err := b.iterator(c, "orders", streamtypes.ShardIteratorTypeLatest, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at})
	if err != nil || out.NextShardIterator != nil {
		t.Errorf("behind the end of a closed shard: %+v, %v", out, err)
	}
	enable(true)
	b.put("orders", order{PK: "c", SK: 3})
	if list := b.records("orders"); len(list) != 1 || list[0].Dynamodb.NewImage == nil {
		t.Errorf("the new stream has %d records", len(list))
	}
	all, err := c.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: new("orders")})
	if err != nil || len(all.Streams) != 2 {
		t.Errorf("streams %+v, %v", all, err)
	}
	b.clock.Advance(25 * time.Hour)
	if err := b.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err = c.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{})
	if err != nil || len(all.Streams) != 1 {
		t.Errorf("streams a day later: %+v, %v", all, err)
	}
}

func TestAChangeAsFunctionsGetIt(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeNewAndOldImages))
	stream := b.service.Changes().List(wire.Scope{Account: account, Region: region}, "orders")[0]
	shard := &stream.Shards[0]
	waited := make(chan error, 1)
	go func() { waited <- stream.Wait(t.Context(), shard, 1) }()
	b.put("orders", order{PK: "c", SK: 1, Status: "new"})
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	list, err := stream.Read(t.Context(), shard, 1, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d changes, %v", len(list), err)
	}
	var got map[string]any
	if err := json.Unmarshal(list[0].Event(), &got); err != nil {
		t.Fatal(err)
	}
	id, _ := got["eventID"].(string)
	delete(got, "eventID")
	text, _ := json.Marshal(got)
	want := `{"awsRegion":"eu-west-1","dynamodb":{"ApproximateCreationDateTime":1795262400,"Keys":{"PK":{"S":"c"},"SK":{"N":"1"}},` +
		`"NewImage":{"PK":{"S":"c"},"SK":{"N":"1"},"Status":{"S":"new"}},"SequenceNumber":"100000000000000000001","SizeBytes":23,"StreamViewType":"NEW_AND_OLD_IMAGES"},` +
		`"eventName":"INSERT","eventSource":"aws:dynamodb","eventSourceARN":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-11-21T12:00:00.000","eventVersion":"1.1"}`
	if string(text) != want || len(id) != 32 {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if _, err := b.service.Changes().Stream("arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/nope"); err == nil {
		t.Error("a stream that is not there was found")
	}
	if p, err := dynamodb.PositionOf("100000000000000000001"); err != nil || p != 1 {
		t.Errorf("position %d, %v", p, err)
	}
}

func TestAPageOfLargeRecordsIsAMegabyte(t *testing.T) {
	b := start(t)
	b.create(streamed("orders", types.StreamViewTypeNewAndOldImages))
	large := strings.Repeat("x", 300<<10)
	for i := range 16 {
		b.put("orders", order{PK: large[:1], SK: i % 4, Status: "s", Cents: i})
		if _, err := b.UpdateItem(t.Context(), &sdk.UpdateItemInput{
			TableName: new("orders"), Key: map[string]types.AttributeValue{
				"PK": &types.AttributeValueMemberS{Value: "x"}, "SK": &types.AttributeValueMemberN{Value: strconv.Itoa(i % 4)},
			},
			UpdateExpression: new("SET Note = :n"), ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberS{Value: large}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	stream := b.service.Changes().List(wire.Scope{Account: account, Region: region}, "orders")[0]
	first, next, err := stream.Bounds(t.Context(), &stream.Shards[0])
	if err != nil {
		t.Fatal(err)
	}
	read, bytes := 0, 0
	for at := first; at < next; {
		list, err := stream.Read(t.Context(), &stream.Shards[0], at, 1000)
		if err != nil || len(list) == 0 {
			t.Fatalf("at %d: %d records, %v", at, len(list), err)
		}
		size := 0
		for _, c := range list {
			size += c.Size
		}
		read, bytes, at = read+len(list), max(bytes, size), list[len(list)-1].Position+1
	}
	if read != 32 || bytes > 16<<20 {
		t.Errorf("%d records, %d bytes at once at most", read, bytes)
	}
	c := b.streams()
	it, err := b.iterator(c, "orders", streamtypes.ShardIteratorTypeTrimHorizon, nil)
	if err != nil {
		t.Fatal(err)
	}
	for paged := 0; paged < 32; {
		page, err := c.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: it})
		if err != nil || len(page.Records) == 0 {
			t.Fatalf("after %d records: %+v, %v", paged, page, err)
		}
		size := int64(0)
		for _, r := range page.Records {
			size += *r.Dynamodb.SizeBytes
		}
		if size > 1<<20 && len(page.Records) > 1 {
			t.Errorf("a page of %d records has %d bytes", len(page.Records), size)
		}
		paged, it = paged+len(page.Records), page.NextShardIterator
	}
}
