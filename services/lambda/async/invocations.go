package async

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// Defaults of asynchronous invocation (developer guide, page invocation-async).
const (
	defaultRetries = 2
	defaultMaxAge  = 6 * time.Hour
)

// event is an asynchronous invocation as its queue keeps it.
type event struct {
	Payload json.RawMessage
	Params  api.CallParams
}

// queue names a runner, so that it is found again after a restart.
type queue struct {
	wire.Scope
	Function  string
	ID        string // of the function
	Qualifier string // "$LATEST", a version, an alias
	ARN       string // of a destination; empty: the invocations themselves
}

func (q *queue) key() string { return q.Scope.Key(q.Function, q.Qualifier, q.ARN) }

func (q *queue) runner() string {
	if q.ARN != "" {
		return "lambda/destination/" + q.ID + "/" + q.Qualifier + "/" + q.ARN
	}
	return "lambda/async/" + q.ID + "/" + q.Qualifier
}

// Config is what invocations work with. All but Outlets are required.
type Config struct {
	Engine  engine.Engine
	Clock   clock.Clock
	Logger  *slog.Logger
	Catalog *catalog.Catalog
	Outlets Outlets // queues, topics and event buses; nil: an error that says so
	// Invoke runs a function. An error is what kept it from running.
	Invoke func(ctx context.Context, n catalog.Name, f *catalog.Function, payload []byte, p api.CallParams) (api.Result, error)
}

// Invocations are the asynchronous invocations of all functions: a runner for
// each function and qualifier, and one for each of their destinations.
type Invocations struct {
	Config
	Configs *engine.Documents[InvokeConfig] // how they are tried
	queues  *engine.Documents[queue]

	mu      sync.Mutex // guards what follows
	runners map[string]*delivery.Runner
	closing bool
	running sync.WaitGroup // handlers under way; added to only while not closing
	ends    sync.WaitGroup // runners that are being dropped
}

// New loads the configuration. Resume is called once functions can be invoked.
func New(ctx context.Context, c Config) (*Invocations, error) {
	a := &Invocations{Config: c, runners: map[string]*delivery.Runner{}}
	var err error
	if a.Configs, err = engine.OpenDocuments[InvokeConfig](ctx, c.Engine.Records(), "lambda.invokeconfig"); err == nil {
		a.queues, err = engine.OpenDocuments[queue](ctx, c.Engine.Records(), "lambda.async")
	}
	if err != nil {
		return nil, fmt.Errorf("loading asynchronous invocations: %w", err)
	}
	return a, nil
}

// Resume takes up what was not done.
func (a *Invocations) Resume(ctx context.Context) error {
	for _, q := range a.queues.List("") {
		if f := a.Catalog.Functions.Get(q.Scope.Key(q.Function)); f == nil || f.ID != q.ID {
			if err := errors.Join(delivery.Forget(ctx, a.Engine, q.runner()), a.queues.Delete(ctx, q.key())); err != nil {
				return fmt.Errorf("forgetting invocations of a deleted function: %w", err)
			}
			continue
		}
		if _, err := a.runner(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (a *Invocations) open(ctx context.Context, q *queue) (*delivery.Runner, error) {
	return delivery.Open(ctx, a.Engine, a.Clock, q.runner(), a.config(q))
}

// config is how a queue's events are delivered, as things stand.
func (a *Invocations) config(q *queue) delivery.Config {
	if q.ARN != "" {
		return delivery.Config{Target: destinationTarget{a, q.ARN}, Policy: delivery.DefaultPolicy}
	}
	t := &target{s: a, queue: q, maxAge: defaultMaxAge}
	retries := defaultRetries
	if c := a.Configs.Get(q.Scope.Key(q.Function, q.Qualifier)); c != nil {
		if c.Retries != nil {
			retries = int(*c.Retries)
		}
		if c.MaxAge != nil {
			t.maxAge = time.Duration(*c.MaxAge) * time.Second
		}
		t.onSuccess, t.onFailure = c.OnSuccess, c.OnFailure
	}
	return delivery.Config{
		Target: t, DeadLetters: t,
		Policy: delivery.Policy{MaxRetries: retries, MaxAge: t.maxAge, Base: time.Millisecond, Cap: time.Millisecond},
		// An attempt may wait for its turn as long as the event lives.
		Timeout: t.maxAge + (api.MaxTimeout+60)*time.Second,
	}
}

// runner is the queue's runner, made where there is none.
func (a *Invocations) runner(ctx context.Context, q *queue) (*delivery.Runner, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closing {
		return nil, delivery.ErrClosed
	}
	if r := a.runners[q.key()]; r != nil {
		return r, nil
	}
	if a.queues.Get(q.key()) == nil {
		if err := a.queues.Put(ctx, q.key(), q); err != nil {
			return nil, err
		}
	}
	r, err := a.open(context.WithoutCancel(ctx), q)
	if err == nil {
		a.runners[q.key()] = r
	}
	return r, err
}

// Submit makes an asynchronous invocation durable. The payload has been checked.
func (s *Invocations) Submit(ctx context.Context, n catalog.Name, f *catalog.Function, payload []byte, p api.CallParams) error {
	data, err := json.Marshal(event{Payload: payload, Params: p})
	if err != nil {
		return fmt.Errorf("keeping an invocation: %w", err)
	}
	return s.submitAll(ctx, n, f, delivery.Event{ID: p.RequestID, Ingested: s.Clock.Now(), Data: data, Trace: p.Trace})
}

// submitAll makes events durable. One that belongs to no trace begins one, which
// all its attempts belong to.
func (s *Invocations) submitAll(ctx context.Context, n catalog.Name, f *catalog.Function, events ...delivery.Event) error {
	qualifier := n.Qualifier
	if qualifier == "" {
		qualifier = catalog.Latest
	}
	r, err := s.runner(ctx, &queue{Scope: n.Scope, Function: n.Function, ID: f.ID, Qualifier: qualifier})
	if err != nil {
		return err
	}
	for i := range events {
		events[i].Trace = trace.Continue(events[i].Trace, s.Clock.Now()).String()
	}
	return r.Submit(ctx, events...)
}

// update lets a function's runners follow its configuration.
func (a *Invocations) update(f *catalog.Function) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, q := range a.queues.List(f.Key("")) {
		if r := a.runners[q.key()]; r != nil && q.ARN == "" {
			r.Update(a.config(q))
		}
	}
}

// Forget drops what a deleted function left. What fails is done at the next
// start.
func (a *Invocations) Forget(ctx context.Context, f *catalog.Function) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, q := range a.queues.List(f.Key("")) {
		r := a.runners[q.key()]
		delete(a.runners, q.key())
		a.ends.Go(func() {
			now, cancel := context.WithCancel(context.WithoutCancel(ctx))
			cancel() // what is under way is cut off
			var err error
			if r != nil {
				_ = r.Close(now) // it says that it was cut off
			}
			if err = delivery.Forget(context.WithoutCancel(ctx), a.Engine, q.runner()); err == nil {
				err = a.queues.Delete(context.WithoutCancel(ctx), q.key())
			}
			if err != nil {
				a.Logger.Warn("forgetting invocations of a deleted function", "function", q.Function, "error", err)
			}
		})
	}
}

// admit lets a handler begin; done is called when it has ended.
func (a *Invocations) admit() (done func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closing {
		return nil, false
	}
	a.running.Add(1)
	return a.running.Done, true
}

// Close waits for the handlers under way. What waits for its turn stays in the
// queues.
func (a *Invocations) Close(ctx context.Context) error {
	a.mu.Lock()
	a.closing = true
	runners := make([]*delivery.Runner, 0, len(a.runners))
	for _, r := range a.runners {
		runners = append(runners, r)
	}
	a.mu.Unlock()
	done := make(chan struct{})
	go func() {
		a.running.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for asynchronous invocations: %w", ctx.Err())
	}
	now, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel()
	for _, r := range runners {
		_ = r.Close(now) // it says that it was cut off
	}
	<-done
	a.ends.Wait()
	return err
}

// target invokes a function for its events, and sends what came of them on.
type target struct {
	s                    *Invocations
	queue                *queue
	maxAge               time.Duration
	onSuccess, onFailure string
}

// MaxBatch implements [delivery.Target].
func (*target) MaxBatch() int { return 1 }

// Deliver implements [delivery.Target].
func (t *target) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	for i, r := range requests {
		results[i] = t.attempt(ctx, r)
	}
	return results
}

func (t *target) attempt(ctx context.Context, r delivery.Request) delivery.Result {
	var e event
	if err := json.Unmarshal(r.Event.Data, &e); err != nil {
		return permanent("INVALID_JSON", err.Error())
	}
	n := catalog.Name{Scope: t.queue.Scope, Function: t.queue.Function, Qualifier: t.queue.Qualifier}
	if n.Qualifier == catalog.Latest {
		n.Qualifier = ""
	}
	e.Params.Trace = r.Event.Trace
	result, err := t.turn(ctx, n, e, r.Event.Ingested.Add(t.maxAge))
	switch {
	case ctx.Err() != nil:
		return delivery.Result{Kind: delivery.Retryable, Code: "TIMEOUT", Message: "the invocation was cut off"}
	case errors.Is(err, errTooOld):
		return permanent("EventAgeExceeded", "there was no capacity for the invocation")
	case wire.IsCode(err, api.CodeResourceNotFoundException):
		return permanent(api.CodeResourceNotFoundException, err.Error())
	case wire.IsCode(err, api.CodeRecursiveInvocationException):
		return permanent(api.CodeRecursiveInvocationException, err.Error())
	case err != nil:
		return delivery.Result{Kind: delivery.Retryable, Code: "ServiceException", Message: err.Error(), RetryAfter: wait(r.Attempt)}
	case result.Error != "":
		return delivery.Result{Kind: delivery.Retryable, Code: result.Error, Message: string(result.Payload), Status: 200, RetryAfter: wait(r.Attempt)}
	}
	if t.onSuccess == "" {
		return delivery.Result{Status: 200}
	}
	record := t.record(e, r.Event, r.Attempt, conditionSuccess)
	record.Response = &responseContext{StatusCode: 200, Version: result.Version}
	record.ResponsePayload = document(result.Payload)
	return t.sendOn(ctx, t.onSuccess, "Lambda Function Invocation Result - Success", record, r.Event)
}

// wait is how long the next attempt is put off: a minute, then two.
func wait(attempt int) time.Duration { return time.Duration(min(attempt, 2)) * time.Minute }

func permanent(code, message string) delivery.Result {
	return delivery.Result{Kind: delivery.Permanent, Code: code, Message: message}
}

var errTooOld = errors.New("the event is too old")

// The waits of events for which the function has no capacity.
const (
	turnMin = 50 * time.Millisecond
	turnMax = 5 * time.Second
)

// turn invokes the function, as soon as it has capacity: throttles are no
// attempts. On AWS an event waits in the same way, for as long as it lives.
func (t *target) turn(ctx context.Context, n catalog.Name, e event, until time.Time) (api.Result, error) {
	for pause := turnMin; ; pause = min(2*pause, turnMax) {
		done, ok := t.s.admit()
		if !ok {
			<-ctx.Done()
			return api.Result{}, ctx.Err()
		}
		result, err := func() (api.Result, error) {
			defer done()
			f := t.s.Catalog.Functions.Get(n.Key())
			if f == nil || f.ID != t.queue.ID {
				return api.Result{}, api.NotFound("Function not found: %s", n.ARN())
			}
			return t.s.Invoke(ctx, n, f, e.Payload, e.Params)
		}()
		if !wire.IsCode(err, api.CodeTooManyRequestsException) {
			return result, err
		}
		if err := t.rest(ctx, pause, until); err != nil {
			return api.Result{}, err
		}
	}
}

// rest waits before another try, at most until the event is too old.
func (t *target) rest(ctx context.Context, pause time.Duration, until time.Time) error {
	left := until.Sub(t.s.Clock.Now())
	if left <= 0 {
		return errTooOld
	}
	timer := t.s.Clock.NewTimer(min(pause, left))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
