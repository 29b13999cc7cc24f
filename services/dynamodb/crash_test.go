package dynamodb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
	"github.com/signalbox/signalbox/wire"
)

// inside is a service called without a wire.
type inside struct {
	t   testing.TB
	ctx context.Context
	e   *local.Engine
	s   *items.Service
}

func openInside(t testing.TB, fs vfs.FS) *inside {
	t.Helper()
	c := clock.NewFake(noon)
	e, err := local.Open("data", local.Options{Clock: c, FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	s, err := dynamodb.New(t.Context(), e, c, dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &inside{t, wire.NewContext(t.Context(), &wire.Request{Account: account, Region: region}), e, items.New(s)}
}

func (b *inside) close() {
	if err := b.s.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
	if err := b.e.Close(); err != nil {
		b.t.Error(err)
	}
}

func (b *inside) create() {
	b.t.Helper()
	def := func(name, kind string) dynamodb.AttributeDefinition {
		return dynamodb.AttributeDefinition{AttributeName: &name, AttributeType: &kind}
	}
	schema := func(name string) []dynamodb.KeySchemaElement {
		return []dynamodb.KeySchemaElement{{AttributeName: &name, KeyType: new("HASH")}}
	}
	_, err := b.s.CreateTable(b.ctx, &dynamodb.CreateTableInput{
		TableName: new("counters"), BillingMode: new("PAY_PER_REQUEST"),
		AttributeDefinitions: []dynamodb.AttributeDefinition{def("h", "S"), def("n", "N")}, KeySchema: schema("h"),
		GlobalSecondaryIndexes: []dynamodb.GlobalSecondaryIndex{{
			IndexName: new("byN"), KeySchema: schema("n"), Projection: &dynamodb.Projection{ProjectionType: new("ALL")},
		}},
		StreamSpecification: &dynamodb.StreamSpecification{StreamEnabled: new(true), StreamViewType: new("NEW_AND_OLD_IMAGES")},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func counterKey(name string) wire.Document { return wire.Document(`{"h":{"S":"` + name + `"}}`) }

// add adds one to a counter, in one of several ways.
func (b *inside) add(name string, how int) error {
	one := wire.Document(`{":one":{"N":"1"}}`)
	in := &dynamodb.UpdateItemInput{TableName: new("counters"), Key: counterKey(name), UpdateExpression: new("ADD n :one"), ExpressionAttributeValues: one}
	switch how % 3 {
	case 1:
		in.UpdateExpression = new("SET n = if_not_exists(n, :zero) + :one")
		in.ConditionExpression = new("attribute_not_exists(n) OR n >= :zero")
		in.ExpressionAttributeValues = wire.Document(`{":one":{"N":"1"},":zero":{"N":"0"}}`)
	case 2:
		_, err := b.s.TransactWriteItems(b.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodb.TransactWriteItem{
			{Update: &dynamodb.Update{TableName: in.TableName, Key: in.Key, UpdateExpression: in.UpdateExpression, ExpressionAttributeValues: one}},
			{Update: &dynamodb.Update{TableName: in.TableName, Key: counterKey(name + "'"), UpdateExpression: in.UpdateExpression, ExpressionAttributeValues: one}},
		}})
		return err
	}
	_, err := b.s.UpdateItem(b.ctx, in)
	return err
}

// counters are all items' counters, as the table has them.
func (b *inside) counters() map[string]int {
	b.t.Helper()
	out, err := b.s.Scan(b.ctx, &dynamodb.ScanInput{TableName: new("counters")})
	if err != nil {
		b.t.Fatal(err)
	}
	return numbers(b.t, out.Items)
}

func numbers(t testing.TB, items []wire.Document) map[string]int {
	t.Helper()
	m := map[string]int{}
	for _, doc := range items {
		var it map[string]struct{ S, N string }
		if err := json.Unmarshal(doc, &it); err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(it["n"].N)
		if err != nil {
			t.Fatal(err)
		}
		m[it["h"].S] = n
	}
	return m
}

func TestNoUpdateOfOneItemIsLost(t *testing.T) {
	b := openInside(t, vfs.NewMem())
	defer b.close()
	b.create()
	const clients, times = 64, 20
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for n := range times {
				if err := b.add("one", i+n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := b.counters()["one"]; got != clients*times {
		t.Errorf("the counter is %d after %d additions", got, clients*times)
	}
}

// tally counts what was begun and what was acknowledged.
type tally struct{ begun, done [8][3]atomic.Int64 }

func (y *tally) sum(of *[8][3]atomic.Int64) (totals [8]int, pairs [8]int) {
	for i := range of {
		for how := range 3 {
			totals[i] += int(of[i][how].Load())
		}
		pairs[i] = int(of[i][2].Load())
	}
	return totals, pairs
}

// TestWhatWasAcknowledgedSurvivesACrash takes the disk as it would be after a
// power failure at random moments of a busy table.
func TestWhatWasAcknowledgedSurvivesACrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	b := openInside(t, fs)
	b.create()
	var y tally
	const rounds = 60
	var wg sync.WaitGroup
	var finished atomic.Int64
	for i := range 8 {
		wg.Go(func() {
			for n := range rounds {
				y.begun[i][n%3].Add(1)
				if err := b.add(fmt.Sprint("c", i), n); err != nil {
					t.Error(err)
				}
				y.done[i][n%3].Add(1)
				finished.Add(1)
			}
		})
	}
	const crashes = 12
	r := rand.New(rand.NewPCG(1, 2))
	for i := range crashes {
		for finished.Load() < int64(i*8*rounds/crashes) {
		}
		atLeast, pairsAtLeast := y.sum(&y.done)
		disk := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(uint64(i), 3))})
		atMost, pairsAtMost := y.sum(&y.begun)
		after := openInside(t, disk)
		got := after.counters()
		for k := range 8 {
			name := fmt.Sprint("c", k)
			if n := got[name]; n < atLeast[k] || n > atMost[k] {
				t.Errorf("crash %d: %s is %d, want %d to %d", i, name, n, atLeast[k], atMost[k])
			}
			if n := got[name+"'"]; n < pairsAtLeast[k] || n > pairsAtMost[k] {
				t.Errorf("crash %d: %s' is %d, want %d to %d", i, name, n, pairsAtLeast[k], pairsAtMost[k])
			}
		}
		after.sameInIndex(got)
		after.sameInStream(got)
		after.close()
	}
	wg.Wait()
	b.close()
}

// sameInIndex checks that the index has each item once, where it belongs.
func (b *inside) sameInIndex(want map[string]int) {
	b.t.Helper()
	out, err := b.s.Scan(b.ctx, &dynamodb.ScanInput{TableName: new("counters"), IndexName: new("byN")})
	if err != nil {
		b.t.Fatal(err)
	}
	got := numbers(b.t, out.Items)
	if len(out.Items) != len(want) || fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Errorf("the index has %v, the table %v", got, want)
	}
	for name, n := range want {
		q, err := b.s.Query(b.ctx, &dynamodb.QueryInput{
			TableName: new("counters"), IndexName: new("byN"), KeyConditionExpression: new("n = :n"),
			ExpressionAttributeValues: wire.Document(`{":n":{"N":"` + strconv.Itoa(n) + `"}}`),
		})
		if err != nil {
			b.t.Fatal(err)
		}
		if _, ok := numbers(b.t, q.Items)[name]; !ok {
			b.t.Errorf("the index does not find %s by %d", name, n)
		}
	}
}

// sameInStream checks that the stream, read from its beginning, leads to what
// the table has, each record beginning where the one before has ended.
func (b *inside) sameInStream(want map[string]int) {
	b.t.Helper()
	stream := b.s.Changes().List(wire.Scope{Account: account, Region: region}, "counters")[0]
	got := map[string]int{}
	shard := &stream.Shards[0]
	at, next, err := stream.Bounds(b.ctx, shard)
	if err != nil {
		b.t.Fatal(err)
	}
	for at < next {
		list, err := stream.Read(b.ctx, shard, at, 100)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, c := range list {
			for name, n := range numbers(b.t, []wire.Document{c.New}) {
				old := 0
				if c.Old != nil {
					old = numbers(b.t, []wire.Document{c.Old})[name]
				}
				if got[name] != old || n != old+1 {
					b.t.Errorf("a record takes %s from %d to %d, and it was %d", name, old, n, got[name])
				}
				got[name] = n
			}
			at = c.Position + 1
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Errorf("the stream ends at %v, the table has %v", got, want)
	}
}
