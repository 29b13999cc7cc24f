package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/engine/local"
)

// bare is the rate of the engine's group commit alone: appends each second, of
// one entry of an event's size, by 64 writers.
func (r *run) bare(entries int) (float64, error) {
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	e, err := local.Open(dir, local.Options{})
	if err != nil {
		return 0, err
	}
	defer e.Close()
	data := make([][]byte, entries)
	for i := range data {
		data[i] = make([]byte, 420)
	}
	var appends atomic.Int64
	var group sync.WaitGroup
	begin := time.Now()
	for range 64 {
		group.Go(func() {
			for time.Since(begin) < r.seconds && r.ctx.Err() == nil {
				if _, err := e.Logs().Append(r.ctx, "bench", data...); err != nil {
					return
				}
				appends.Add(1)
			}
		})
	}
	group.Wait()
	return float64(appends.Load()) / time.Since(begin).Seconds(), nil
}

func (r *run) put() error {
	for _, entries := range []int{1, 10} {
		bare, err := r.bare(entries)
		if err != nil {
			return err
		}
		b, err := newBox(r.ctx, r.binary)
		if err != nil {
			return err
		}
		defer b.stop()
		request, err := putRequest(b.address, "bench", entries)
		if err != nil {
			return err
		}
		rate, times, err := load(r.ctx, b.address, again(request), noFailures, 64, r.seconds)
		if err != nil {
			return err
		}
		row(fmt.Sprintf("bare engine, appends of %d", entries), "%8.0f /s", bare)
		row(fmt.Sprintf("PutEvents of %d", entries), "%8.0f calls/s  %8.0f events/s  p50 %v  p99 %v  %.2f of the bare engine",
			rate, rate*float64(entries), quantile(times, 0.5), quantile(times, 0.99), rate/bare)
	}
	return nil
}

// sustain measures events put and delivered to a queue, against the same
// events put with no rule.
func (r *run) sustain() error {
	for _, rules := range []int{0, 1, 1000} {
		if err := r.sustainWith(rules); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) sustainWith(rules int) error {
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	events, queues := b.events(), b.queues()
	queue, err := queues.CreateQueue(r.ctx, &sqs.CreateQueueInput{QueueName: aws.String("bench"), Attributes: map[string]string{
		"Policy": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`,
	}})
	if err != nil {
		return err
	}
	for i := range rules {
		pattern, targets := fmt.Sprintf(`{"source":["other-%d"],"detail":{"order":{"state":["pending"]}}}`, i), []types.Target(nil)
		if i == 0 {
			pattern = `{"source":["bench"],"detail":{"order":{"state":["pending"]}}}`
		}
		targets = []types.Target{{Id: aws.String("q"), Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:bench")}}
		if err := putRule(r.ctx, events, "rule-"+strconv.Itoa(i), pattern, targets); err != nil {
			return err
		}
	}
	const entries = 10
	request, err := putRequest(b.address, "bench", entries)
	if err != nil {
		return err
	}
	begin := time.Now()
	rate, times, err := load(r.ctx, b.address, again(request), noFailures, 64, r.seconds)
	if err != nil {
		return err
	}
	sent := len(times) * entries
	if rules == 0 {
		row("put, no rule", "%8.0f events/s", rate*entries)
		return nil
	}
	for {
		n, err := depth(r.ctx, queues, *queue.QueueUrl)
		if err != nil {
			return err
		}
		if n >= sent {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	all := time.Since(begin)
	row(fmt.Sprintf("put, matched against %d rules, delivered to a queue", rules), "%8.0f events/s put, %8.0f events/s to the last delivery",
		rate*entries, float64(sent)/all.Seconds())
	return nil
}

func putRule(ctx context.Context, events *eventbridge.Client, name, pattern string, targets []types.Target) error {
	if _, err := events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern}); err != nil {
		return err
	}
	_, err := events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, Targets: targets})
	return err
}

func depth(ctx context.Context, queues *sqs.Client, url string) (int, error) {
	out, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
}

// target is an HTTP endpoint that notes when each event came after it was put.
type target struct {
	*httptest.Server
	mu    sync.Mutex // guards times
	times []time.Duration
	came  atomic.Int64
}

func newTarget() *target {
	t := new(target)
	t.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		t.came.Add(1)
		var event struct {
			Detail struct{ At int64 }
		}
		if json.NewDecoder(r.Body).Decode(&event) == nil && event.Detail.At != 0 {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.times = append(t.times, now.Sub(time.Unix(0, event.Detail.At)))
		}
	}))
	return t
}

// take returns the times noted since the last take.
func (t *target) take() []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	times := t.times
	t.times = nil
	return times
}

// destination makes the endpoint an API destination and returns its ARN.
func destination(ctx context.Context, events *eventbridge.Client, name, url string) (*string, error) {
	connection, err := events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: &name, AuthorizationType: types.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &types.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("x"), ApiKeyValue: aws.String("y")},
		},
	})
	if err != nil {
		return nil, err
	}
	d, err := events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: &name, ConnectionArn: connection.ConnectionArn, InvocationEndpoint: &url, HttpMethod: types.ApiDestinationHttpMethodPost,
	})
	if err != nil {
		return nil, err
	}
	return d.ApiDestinationArn, nil
}

func apiTarget(arn *string) []types.Target {
	return []types.Target{{Id: aws.String("t"), Arn: arn, RoleArn: aws.String("arn:aws:iam::000000000000:role/bench")}}
}

// pace puts n events, one a call, at the given rate, each with its time.
func pace(ctx context.Context, events *eventbridge.Client, source string, n, perSecond int) error {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	var group sync.WaitGroup
	var failed atomic.Pointer[error]
	slots := make(chan struct{}, 128)
	for range n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			_, err := events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
				Source: &source, DetailType: aws.String("t"), Detail: aws.String(fmt.Sprintf(`{"At":%d}`, time.Now().UnixNano())),
			}}})
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// latency measures against three destinations, for the quota of one is 300
// calls a second.
func (r *run) latency() error {
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	events := b.events()
	if err := b.grant(r.ctx); err != nil {
		return err
	}
	t := newTarget()
	defer t.Close()
	const destinations, perSecond = 4, 1000
	for i := range destinations {
		name := "d" + strconv.Itoa(i)
		arn, err := destination(r.ctx, events, name, t.URL)
		if err != nil {
			return err
		}
		if err := putRule(r.ctx, events, name, `{"source":["`+name+`"]}`, apiTarget(arn)); err != nil {
			return err
		}
	}
	var group sync.WaitGroup
	errs := make([]error, destinations)
	n := perSecond / destinations * int(r.seconds.Seconds())
	for i := range destinations {
		group.Go(func() { errs[i] = pace(r.ctx, events, "d"+strconv.Itoa(i), n, perSecond/destinations) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for t.came.Load() < int64(n*destinations) && r.ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	times := t.take()
	row("put to called", "p50 %v  p99 %v  of %d events", quantile(times, 0.5), quantile(times, 0.99), len(times))
	return nil
}

func (r *run) start() error {
	var took []time.Duration
	var memory float64
	for range 10 {
		b, err := newBox(r.ctx, r.binary)
		if err != nil {
			return err
		}
		took, memory = append(took, b.took), b.resident()
		b.stop()
	}
	row("process started to ready, median of 10", "%v", quantile(took, 0.5))
	row("resident memory when ready", "%.0f MB", memory)
	return nil
}
