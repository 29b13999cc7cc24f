package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/async"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// checkpointRecords is the collection of checkpoints: mapping's id and shard.
const checkpointRecords = "lambda.checkpoint"

// pollers read the event sources of all mappings that are enabled.
type pollers struct {
	s *Mappings

	mu      sync.Mutex // guards what follows
	running map[string]*poller
	closed  bool
	ends    sync.WaitGroup // of pollers
}

// poller reads one mapping's source.
type poller struct {
	mapping *sources.Mapping
	stop    context.CancelFunc
	done    chan struct{} // closed when it has ended
}

func newPollers(s *Mappings) *pollers { return &pollers{s: s, running: map[string]*poller{}} }

func (p *pollers) resume() {
	for _, m := range p.s.kept.List("") {
		p.follow(m)
	}
}

// follow lets the poller of a mapping follow a change of it. The one that there
// was ends its batches first.
func (p *pollers) follow(m *record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.running[m.key()]
	delete(p.running, m.key())
	if old != nil {
		old.stop()
	}
	if p.closed || !m.Enabled || m.isQueue() && p.s.Queues == nil || !m.isQueue() && p.s.Streams == nil {
		return
	}
	ctx, cancel := context.WithCancel(p.s.life)
	n := &poller{mapping: p.runner(m), stop: cancel, done: make(chan struct{})}
	p.running[m.key()] = n
	p.ends.Go(func() {
		defer close(n.done)
		defer cancel()
		if old != nil {
			<-old.done
		}
		n.mapping.Run(ctx)
	})
}

// forget ends the poller of a mapping that was deleted.
func (p *pollers) forget(m *record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.running[m.key()]
	delete(p.running, m.key())
	if old != nil {
		old.stop()
	}
	if p.closed {
		return
	}
	p.ends.Go(func() {
		if old != nil {
			<-old.done
		}
		p.dropCheckpoints(m)
	})
}

func (p *pollers) dropCheckpoints(m *record) {
	records := p.s.Engine.Records()
	all, err := records.List(p.s.life, checkpointRecords, m.ID+"/", "", 0)
	var writes []engine.Write
	for _, r := range all {
		writes = append(writes, engine.Write{Collection: checkpointRecords, Key: r.Key})
	}
	if err == nil && len(writes) > 0 {
		_, err = records.Apply(p.s.life, writes...)
	}
	if err != nil {
		p.s.Logger.Warn("forgetting checkpoints of a mapping", "mapping", m.ID, "error", err)
	}
}

// result is the last result of a mapping's poller.
func (p *pollers) result(m *record) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.running[m.key()]; r != nil {
		return r.mapping.LastResult()
	}
	return "No records processed"
}

// close stops reading, and waits for the invocations under way until ctx ends.
// wait waits for the rest.
func (p *pollers) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	for _, r := range p.running {
		r.stop()
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		p.ends.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for event source mappings: %w", ctx.Err())
	}
}

// runner is the mapping as package sources runs it.
func (p *pollers) runner(m *record) *sources.Mapping {
	filter, err := sources.NewFilter(m.Filters)
	if err != nil { // it was checked when it was put
		p.s.Logger.Error("reading a mapping's filter", "mapping", m.ID, "error", err)
	}
	r := &sources.Mapping{
		ID: m.ID, Source: m.Source, Function: m.Function, Batch: int(m.Batch), Window: time.Duration(m.Window) * time.Second,
		Filter: filter, Report: len(m.Responses) > 0, Concurrency: int(wire.Value(m.Scaling)),
		Clock: p.s.Clock, Logger: p.s.Logger,
		Invoke: func(ctx context.Context, payload []byte) (sources.Answer, error) {
			header := p.s.traceOf(payload)
			if !m.isQueue() {
				header = trace.Loopless(header)
			}
			result, err := p.s.Call(ctx, m.Function, payload, api.CallParams{Trace: header})
			if wire.IsCode(err, api.CodeTooManyRequestsException) {
				err = fmt.Errorf("%w: %w", sources.ErrThrottled, err)
			}
			return sources.Answer{Payload: result.Payload, Error: result.Error, RequestID: result.RequestID, Version: result.Version}, err
		},
	}
	if m.isQueue() {
		r.Queues = p.s.Queues
		return r
	}
	r.Streams, r.Checkpoints = p.s.Streams, p
	r.Parallel, r.Retries, r.Bisect = int(*m.Parallel), int(*m.Retries), *m.Bisect
	r.MaxAge = time.Duration(max(*m.MaxAge, 0)) * time.Second
	if m.Start == api.EventSourcePositionLatest {
		r.Start = sources.Newest
	}
	if m.OnFailure != "" {
		r.Bury = func(ctx context.Context, record []byte) error { return p.bury(ctx, m, record) }
	}
	return r
}

// bury makes the record of a batch that was given up durable on its way to the
// on-failure destination.
func (p *pollers) bury(ctx context.Context, m *record, record []byte) error {
	n, f, err := p.s.Catalog.Function(ctx, m.Function, nil)
	if err != nil {
		return err
	}
	return p.s.Send(ctx, n, f, async.Message{ARN: m.OnFailure, Source: m.Function, Body: record, DetailType: "Lambda Function Invocation Result - Failure"})
}

// Checkpoint implements [sources.Checkpoints].
func (p *pollers) Checkpoint(ctx context.Context, mapping, shard string) (c sources.Checkpoint, err error) {
	r, err := p.s.Engine.Records().Get(ctx, checkpointRecords, mapping+"/"+shard)
	if errors.Is(err, engine.ErrNotFound) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(r.Value, &c)
	}
	if err != nil {
		return c, fmt.Errorf("reading a checkpoint: %w", err)
	}
	return c, nil
}

// Advance implements [sources.Checkpoints].
func (p *pollers) Advance(ctx context.Context, mapping, shard string, c sources.Checkpoint) error {
	value, err := json.Marshal(c)
	if err == nil {
		_, err = p.s.Engine.Records().Apply(ctx, engine.Write{Collection: checkpointRecords, Key: mapping + "/" + shard, Value: value})
	}
	if err != nil {
		return fmt.Errorf("writing a checkpoint: %w", err)
	}
	return nil
}
