package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
)

// lag measures from a write to a table until a target of the bus is called that
// a pipe carries the table's changes to. Two API destinations share the calls,
// for one takes 300 a second at most.
func (r *run) lag() error {
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	t := newChanges()
	defer t.Close()
	if err := pipeOrders(r.ctx, b, t.URL); err != nil {
		return err
	}
	const perSecond = 500
	n := perSecond * int(r.seconds.Seconds())
	requests := make(chan []byte)
	var group sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		group.Go(func() { errs[i] = callAll(b.address, requests) })
	}
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		body := fmt.Sprintf(`{"TableName":"orders","Item":{"PK":{"S":"%d"},"SK":{"N":"1"},"Way":{"S":"%d"},"At":{"N":"%d"}}}`, i, i%2, time.Now().UnixNano())
		request, err := tableCall(b.address, "PutItem", body)
		if err != nil {
			return err
		}
		requests <- request
	}
	close(requests)
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for end := time.Now().Add(30 * time.Second); t.count() < n && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	row("put, change stream, pipe, bus, target called, 500/s", "p50 %v  p99 %v  of %d items", quantile(t.times, 0.5), quantile(t.times, 0.99), t.count())
	if t.count() < n {
		return fmt.Errorf("%d of %d items came through the pipe", t.count(), n)
	}
	return nil
}

// callAll makes the calls on one connection.
func callAll(address string, requests <-chan []byte) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	var failed error
	for request := range requests {
		if failed != nil {
			continue // so that nobody waits
		}
		if _, failed = c.Write(request); failed == nil {
			_, failed = answer(in, nil, nil)
		}
	}
	return failed
}

// changes is an HTTP target that notes how long after their writes the changes
// came.
type changes struct {
	*httptest.Server
	mu    sync.Mutex // guards times
	times []time.Duration
}

func newChanges() *changes {
	t := new(changes)
	t.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		var event struct {
			Detail struct {
				Dynamodb struct {
					NewImage struct{ At struct{ N string } }
				}
			}
		}
		if json.NewDecoder(r.Body).Decode(&event) != nil {
			return
		}
		if at, err := strconv.ParseInt(event.Detail.Dynamodb.NewImage.At.N, 10, 64); err == nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.times = append(t.times, now.Sub(time.Unix(0, at)))
		}
	}))
	return t
}

func (t *changes) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.times)
}

// pipeOrders makes the table, the pipe to the bus, and the rules of the bus.
func pipeOrders(ctx context.Context, b *box, url string) error {
	if err := createOrders(b.address, `,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}`); err != nil {
		return err
	}
	answered, err := call(b.address, "dynamodb", "1.0", "DynamoDB_20120810.DescribeTable", `{"TableName":"orders"}`)
	if err != nil {
		return err
	}
	var described struct {
		Table struct{ LatestStreamArn string }
	}
	if err := json.Unmarshal(answered, &described); err != nil {
		return err
	}
	if err := b.grant(ctx); err != nil {
		return err
	}
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + b.address), Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	}
	roles := iam.NewFromConfig(config)
	if _, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("pipe"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pipes.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}); err != nil {
		return err
	}
	if _, err := roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("pipe"), PolicyName: aws.String("carry"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:*","events:PutEvents"],"Resource":"*"}]}`)}); err != nil {
		return err
	}
	events := b.events()
	for i := range 2 {
		name := "way-" + strconv.Itoa(i)
		arn, err := destination(ctx, events, name, url)
		if err != nil {
			return err
		}
		if err := putRule(ctx, events, name, fmt.Sprintf(`{"detail":{"dynamodb":{"NewImage":{"Way":{"S":["%d"]}}}}}`, i), apiTarget(arn)); err != nil {
			return err
		}
	}
	_, err = pipes.NewFromConfig(config).CreatePipe(ctx, &pipes.CreatePipeInput{
		Name: aws.String("orders"), RoleArn: aws.String("arn:aws:iam::000000000000:role/pipe"), Source: &described.Table.LatestStreamArn,
		Target: aws.String("arn:aws:events:us-east-1:000000000000:event-bus/default"),
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{
			StartingPosition: types.DynamoDBStreamStartPositionTrimHorizon, BatchSize: aws.Int32(10),
		}},
	})
	return err
}
