package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/dynamodb/oracle/dynamolocal"
)

// The orders of the benchmark: a hundred of each customer.
const (
	clients   = 64  // connections
	each      = 200 // different calls of each connection
	ofOne     = 100 // orders of a customer
	asked     = 20  // orders that a query answers
	orderText = `{"PK":{"S":"customer#%d"},"SK":{"N":"%d"},"State":{"S":"created"},"Total":{"N":"12.50"},"Lines":{"L":[{"M":{"sku":{"S":"a-1"},"n":{"N":"2"}}}]},"Note":{"S":"0123456789012345678901234567890123456789012345678901234567890123456789"}}`
)

func order(n int) string { return fmt.Sprintf(orderText, n/ofOne, n%ofOne) }

// work is a kind of call that is measured.
type work struct {
	name, op, holds string
	body            func(n int) string // of the n-th order
	bare            func(e *local.Engine, n int) error
}

var works = []work{
	{"put", "PutItem", "{}", func(n int) string { return `{"TableName":"orders","Item":` + order(n) + `}` }, bareSet},
	{"get", "GetItem", `"Item"`, func(n int) string { return `{"TableName":"orders","Key":` + orderKey(n) + `}` }, bareGet},
	{"query", "Query", `"Count":` + strconv.Itoa(asked), func(n int) string {
		return fmt.Sprintf(`{"TableName":"orders","KeyConditionExpression":"PK = :p AND SK >= :n","Limit":%d,"ExpressionAttributeValues":{":p":{"S":"customer#%d"},":n":{"N":"50"}}}`, asked, n/ofOne)
	}, bareScan},
	{"update", "UpdateItem", "{}", func(n int) string {
		return `{"TableName":"orders","Key":` + orderKey(n) + `,"UpdateExpression":"SET Tries = if_not_exists(Tries, :none) + :one","ConditionExpression":"attribute_exists(PK)","ExpressionAttributeValues":{":none":{"N":"0"},":one":{"N":"1"}}}`
	}, bareUpdate},
}

func orderKey(n int) string {
	return fmt.Sprintf(`{"PK":{"S":"customer#%d"},"SK":{"N":"%d"}}`, n/ofOne, n%ofOne)
}

// The same on the bare engine: a key and the same number of bytes.

func bareKey(n int) []byte { return fmt.Appendf([]byte{0xf0}, "customer#%06d/%06d", n/ofOne, n%ofOne) }

func bareSet(e *local.Engine, n int) error {
	return e.Commit(context.Background(), func(_ pebble.Reader, w *pebble.Batch) error { return w.Set(bareKey(n), []byte(order(n)), nil) })
}

func bareGet(e *local.Engine, n int) error {
	return e.View(func(r pebble.Reader) error {
		_, c, err := r.Get(bareKey(n))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

func bareScan(e *local.Engine, n int) error {
	return e.View(func(r pebble.Reader) error {
		it, err := r.NewIter(&pebble.IterOptions{LowerBound: bareKey(n / ofOne * ofOne), UpperBound: bareKey(n/ofOne*ofOne + ofOne)})
		if err != nil {
			return err
		}
		seen := 0
		for ok := it.First(); ok && seen < asked; ok = it.Next() {
			seen++
		}
		return it.Close()
	})
}

func bareUpdate(e *local.Engine, n int) error {
	return e.Commit(context.Background(), func(r pebble.Reader, w *pebble.Batch) error {
		v, c, err := r.Get(bareKey(n))
		if err != nil {
			return err
		}
		defer c.Close()
		return w.Set(bareKey(n), v, nil)
	})
}

// tables measures the item operations, beside the bare engine and DynamoDB
// Local on disk; then the way from a table to a bus, and a large table.
func (r *run) tables() error {
	bare, err := r.bareTables()
	if err != nil {
		return err
	}
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	if err := createOrders(b.address, ""); err != nil {
		return err
	}
	ours, err := r.throughput(b.address)
	if err != nil {
		return err
	}
	row("resident after that", "%.0f MB", b.resident())
	theirs, err := r.dynamoLocal()
	if err != nil {
		return err
	}
	for i, w := range works {
		text := fmt.Sprintf("%8.0f /s  p50 %v  p99 %v  bare engine %.0f /s", ours[i].rate, ours[i].p50, ours[i].p99, bare[i])
		if theirs != nil {
			text += fmt.Sprintf("  DynamoDB Local on disk %.0f /s: %.1f times", theirs[i].rate, ours[i].rate/theirs[i].rate)
		}
		row(w.name, "%s", text)
	}
	b.stop()
	if err := r.lag(); err != nil {
		return err
	}
	return r.large()
}

// bareTables are the rates of the engine alone.
func (r *run) bareTables() ([]float64, error) {
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e, err := local.Open(dir, local.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	rates := make([]float64, len(works))
	for i, w := range works {
		var n atomic.Int64
		var failed atomic.Pointer[error]
		var group sync.WaitGroup
		begin := time.Now()
		for c := range clients {
			group.Go(func() {
				for k := 0; time.Since(begin) < r.seconds && r.ctx.Err() == nil; k++ {
					if err := w.bare(e, c*each+k%each); err != nil {
						failed.Store(&err)
						return
					}
					n.Add(1)
				}
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			return nil, fmt.Errorf("%s of the bare engine: %w", w.name, *err)
		}
		rates[i] = float64(n.Load()) / time.Since(begin).Seconds()
	}
	return rates, nil
}

type figure struct {
	rate     float64
	p50, p99 time.Duration
}

// throughput measures each kind of call at an endpoint that has the table.
func (r *run) throughput(address string) ([]figure, error) {
	if err := r.fillTable(address, 0, clients*each); err != nil {
		return nil, err
	}
	figures := make([]figure, len(works))
	for i, w := range works {
		raw := make([][]byte, clients*each)
		for n := range raw {
			var err error
			if raw[n], err = tableCall(address, w.op, w.body(n)); err != nil {
				return nil, err
			}
		}
		next := func(connection, n int) []byte { return raw[connection*each+n%each] }
		// Once before, so that Java has compiled itself.
		if _, _, err := load(r.ctx, address, next, w.holds, clients, max(2*time.Second, r.seconds/2)); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		rate, times, err := load(r.ctx, address, next, w.holds, clients, r.seconds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		figures[i] = figure{rate, quantile(times, 0.5), quantile(times, 0.99)}
	}
	return figures, nil
}

func tableCall(address, op, body string) ([]byte, error) {
	return signed(address, "dynamodb", "1.0", "DynamoDB_20120810."+op, body)
}

// call makes one call and returns its answer.
func call(address, service, version, target, body string) ([]byte, error) {
	request, err := signed(address, service, version, target, body)
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	return answer(bufio.NewReader(c), nil, nil)
}

// createOrders makes the table; more are members of the request.
func createOrders(address, more string) error {
	_, err := call(address, "dynamodb", "1.0", "DynamoDB_20120810.CreateTable", `{"TableName":"orders","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"PK","AttributeType":"S"},{"AttributeName":"SK","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"PK","KeyType":"HASH"},{"AttributeName":"SK","KeyType":"RANGE"}]`+more+`}`)
	return err
}

// dynamoLocal measures DynamoDB Local on disk, where there are Java and Maven.
func (r *run) dynamoLocal() ([]figure, error) {
	if _, err := exec.LookPath("java"); err != nil {
		row("DynamoDB Local", "not measured: no Java")
		return nil, nil
	}
	if err := dynamolocal.Fetch(r.ctx, r.jars); err != nil {
		row("DynamoDB Local", "not measured: %v", err)
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := dynamolocal.Start(r.ctx, dynamolocal.Options{Jars: r.jars, Data: dir, Heap: "2g"})
	if err != nil {
		return nil, err
	}
	defer s.Stop()
	if err := createOrders(s.Address, ""); err != nil {
		return nil, err
	}
	return r.throughput(s.Address)
}
