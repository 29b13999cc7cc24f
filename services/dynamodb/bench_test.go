package dynamodb_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
	"github.com/signalbox/signalbox/wire"
)

// shop is a table on disk, with what benchmarks write to it.
type shop struct {
	e   *local.Engine
	s   *items.Service
	ctx context.Context
	n   atomic.Int64
}

func openShop(b *testing.B, stream, index bool) *shop {
	b.Helper()
	e, err := local.Open(b.TempDir(), local.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := dynamodb.New(b.Context(), e, clock.Real(), dynamodb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = s.Close(context.Background()), e.Close() })
	h := &shop{e: e, s: items.New(s), ctx: wire.NewContext(context.Background(), &wire.Request{Account: account, Region: region})}
	in := &dynamodb.CreateTableInput{
		TableName: new("orders"), BillingMode: new("PAY_PER_REQUEST"),
		AttributeDefinitions: []dynamodb.AttributeDefinition{{AttributeName: new("PK"), AttributeType: new("S")}, {AttributeName: new("SK"), AttributeType: new("N")}},
		KeySchema:            []dynamodb.KeySchemaElement{{AttributeName: new("PK"), KeyType: new("HASH")}, {AttributeName: new("SK"), KeyType: new("RANGE")}},
	}
	if stream {
		in.StreamSpecification = &dynamodb.StreamSpecification{StreamEnabled: new(true), StreamViewType: new("NEW_AND_OLD_IMAGES")}
	}
	if index {
		in.AttributeDefinitions = append(in.AttributeDefinitions, dynamodb.AttributeDefinition{AttributeName: new("State"), AttributeType: new("S")})
		in.GlobalSecondaryIndexes = []dynamodb.GlobalSecondaryIndex{{
			IndexName: new("ByState"), Projection: &dynamodb.Projection{ProjectionType: new("ALL")},
			KeySchema: []dynamodb.KeySchemaElement{{AttributeName: new("State"), KeyType: new("HASH")}, {AttributeName: new("SK"), KeyType: new("RANGE")}},
		}}
	}
	if _, err := s.CreateTable(h.ctx, in); err != nil {
		b.Fatal(err)
	}
	return h
}

const padding = "0123456789012345678901234567890123456789012345678901234567890123456789"

func orderJSON(n int64) wire.Document {
	return wire.Document(fmt.Sprintf(`{"PK":{"S":"customer#%d"},"SK":{"N":"%d"},"State":{"S":"created"},"Total":{"N":"12.50"},"Lines":{"L":[{"M":{"sku":{"S":"a-1"},"n":{"N":"2"}}}]},"Note":{"S":"%s"}}`, n/100, n%100, padding))
}

func orderKeyJSON(n int64) wire.Document {
	return wire.Document(fmt.Sprintf(`{"PK":{"S":"customer#%d"},"SK":{"N":"%d"}}`, n/100, n%100))
}

func parallel(b *testing.B, f func() error) {
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := f(); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// fill puts n orders, a hundred of each customer.
func (h *shop) fill(b *testing.B, n int64) {
	b.Helper()
	for i := int64(0); i < n; i += 25 {
		var list []dynamodb.WriteRequest
		for j := range int64(25) {
			list = append(list, dynamodb.WriteRequest{PutRequest: &dynamodb.PutRequest{Item: orderJSON(i + j)}})
		}
		if _, err := h.s.BatchWriteItem(h.ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]dynamodb.WriteRequest{"orders": list}}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
}

// BenchmarkWrites writes durably with 64 writers, beside the bare engine.
func BenchmarkWrites(b *testing.B) {
	b.Run("engine", func(b *testing.B) {
		h := openShop(b, false, false)
		parallel(b, func() error {
			n := h.n.Add(1)
			return h.e.Commit(h.ctx, func(_ pebble.Reader, w *pebble.Batch) error {
				return w.Set(strconv.AppendInt([]byte("\xf0"), n, 10), orderJSON(n), nil)
			})
		})
	})
	put := func(h *shop) func() error {
		return func() error {
			_, err := h.s.PutItem(h.ctx, &dynamodb.PutItemInput{TableName: new("orders"), Item: orderJSON(h.n.Add(1))})
			return err
		}
	}
	b.Run("put", func(b *testing.B) { parallel(b, put(openShop(b, false, false))) })
	b.Run("put with stream and index", func(b *testing.B) { parallel(b, put(openShop(b, true, true))) })
	update := func(h *shop, of int64) func() error {
		return func() error {
			_, err := h.s.UpdateItem(h.ctx, &dynamodb.UpdateItemInput{
				TableName: new("orders"), Key: orderKeyJSON(h.n.Add(1) % of), UpdateExpression: new("SET Tries = if_not_exists(Tries, :none) + :one"),
				ConditionExpression: new("attribute_exists(PK)"), ExpressionAttributeValues: wire.Document(`{":none":{"N":"0"},":one":{"N":"1"}}`),
			})
			return err
		}
	}
	b.Run("update", func(b *testing.B) {
		h := openShop(b, false, false)
		h.fill(b, 10000)
		parallel(b, update(h, 10000))
	})
	b.Run("update of one item", func(b *testing.B) {
		h := openShop(b, false, false)
		h.fill(b, 25)
		parallel(b, update(h, 1))
	})
}

// BenchmarkReads reads one after the other, beside the bare engine.
func BenchmarkReads(b *testing.B) {
	const items = 10000
	b.Run("engine", func(b *testing.B) {
		h := openShop(b, false, false)
		for n := range int64(items) {
			if err := h.e.Commit(h.ctx, func(_ pebble.Reader, w *pebble.Batch) error {
				return w.Set(strconv.AppendInt([]byte("\xf0"), n, 10), orderJSON(n), nil)
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ResetTimer()
		parallel(b, func() error {
			return h.e.View(func(r pebble.Reader) error {
				_, c, err := r.Get(strconv.AppendInt([]byte("\xf0"), h.n.Add(1)%items, 10))
				if err == nil {
					err = c.Close()
				}
				return err
			})
		})
	})
	b.Run("get", func(b *testing.B) {
		h := openShop(b, false, false)
		h.fill(b, items)
		parallel(b, func() error {
			out, err := h.s.GetItem(h.ctx, &dynamodb.GetItemInput{TableName: new("orders"), Key: orderKeyJSON(h.n.Add(1) % items)})
			if err == nil && out.Item == nil {
				err = fmt.Errorf("no item")
			}
			return err
		})
	})
	query := func(index, condition, values string) func(b *testing.B) {
		return func(b *testing.B) {
			h := openShop(b, false, true)
			h.fill(b, items)
			in := dynamodb.QueryInput{TableName: new("orders"), Limit: new(int32(20)), KeyConditionExpression: &condition}
			if index != "" {
				in.IndexName = &index
				in.ExpressionAttributeNames = map[string]string{"#s": "State"}
			}
			parallel(b, func() error {
				q := in
				q.ExpressionAttributeValues = wire.Document(values)
				if index == "" {
					q.ExpressionAttributeValues = wire.Document(fmt.Sprintf(values, h.n.Add(1)%(items/100)))
				}
				out, err := h.s.Query(h.ctx, &q)
				if err == nil && out.Count != 20 {
					err = fmt.Errorf("%d items", out.Count)
				}
				return err
			})
		}
	}
	b.Run("query of 20", query("", "PK = :p AND SK > :n", `{":p":{"S":"customer#%d"},":n":{"N":"50"}}`))
	b.Run("query of 20 by an index", query("ByState", "#s = :s AND SK > :n", `{":s":{"S":"created"},":n":{"N":"50"}}`))
}
