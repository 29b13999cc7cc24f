package pipes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/sources"
)

// checkpointRecords is the collection of checkpoints: pipe's id and shard.
const checkpointRecords = "pipes.checkpoint"

// readers read the sources of all pipes that run.
type readers struct {
	s *Service

	mu      sync.Mutex // guards what follows
	running map[string]*reader
	closed  bool
	ends    sync.WaitGroup // of readers
}

// reader reads one pipe's source.
type reader struct {
	stop context.CancelFunc
	done chan struct{} // closed when it has ended
}

func newReaders(s *Service) *readers { return &readers{s: s, running: map[string]*reader{}} }

// follow lets the reader of a pipe follow a change of it. The one that there was
// ends its batches first.
func (r *readers) follow(p *pipe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.halt(p)
	if r.closed || !p.runs() {
		if old != nil && !r.closed {
			r.running[p.key()] = old // whoever follows waits for it
		}
		return
	}
	ctx, cancel := context.WithCancel(r.s.life)
	n := &reader{stop: cancel, done: make(chan struct{})}
	r.running[p.key()] = n
	m := r.mapping(p)
	r.ends.Go(func() {
		defer close(n.done)
		defer cancel()
		if old != nil {
			<-old.done
		}
		m.Run(ctx)
	})
}

// halt tells a pipe's reader to end. Called with mu held.
func (r *readers) halt(p *pipe) *reader {
	old := r.running[p.key()]
	delete(r.running, p.key())
	if old != nil {
		old.stop()
	}
	return old
}

// forget ends the reader of a pipe that was deleted.
func (r *readers) forget(p *pipe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.halt(p)
	if r.closed {
		return
	}
	r.ends.Go(func() {
		if old != nil {
			<-old.done
		}
		r.dropCheckpoints(p)
	})
}

func (r *readers) dropCheckpoints(p *pipe) {
	records := r.s.Engine.Records()
	all, err := records.List(r.s.life, checkpointRecords, p.ID+"/", "", 0)
	var writes []engine.Write
	for _, c := range all {
		writes = append(writes, engine.Write{Collection: checkpointRecords, Key: c.Key})
	}
	if err == nil && len(writes) > 0 {
		_, err = records.Apply(r.s.life, writes...)
	}
	if err != nil {
		r.s.Logger.Warn("forgetting checkpoints of a pipe", "pipe", p.arn(), "error", err)
	}
}

// close stops reading, and waits for the batches under way until ctx ends.
func (r *readers) close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	for _, one := range r.running {
		one.stop()
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.ends.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for pipes: %w", ctx.Err())
	}
}

// mapping is the pipe as package sources reads for it.
func (r *readers) mapping(p *pipe) *sources.Mapping {
	filter, err := p.filter()
	if err != nil { // it was checked when it was put
		r.s.Logger.Error("reading a pipe's filter", "pipe", p.arn(), "error", err)
	}
	m := &sources.Mapping{
		ID: p.ID, Source: p.Source, Pipe: p.arn(), Function: p.arn(), Filter: filter, Report: true, Clock: r.s.Clock, Logger: r.s.Logger,
		Invoke: func(context.Context, []byte) (sources.Answer, error) {
			return sources.Answer{}, errors.New("the pipe's settings cannot be read")
		},
	}
	m.Batch, m.Window = p.batch()
	if f, err := newFlow(r.s, p); err != nil {
		r.s.Logger.Error("reading a pipe's settings", "pipe", p.arn(), "error", err)
	} else {
		m.Invoke = f.take
	}
	st := p.stream()
	if st == nil {
		m.Queues = r.s.Queues
		return m
	}
	m.Streams, m.Checkpoints = r.s.Streams, r
	m.Parallel, m.Retries, m.Bisect = int(*st.ParallelizationFactor), int(*st.MaximumRetryAttempts), st.OnPartialBatchItemFailure != nil
	m.MaxAge = time.Duration(max(*st.MaximumRecordAgeInSeconds, 0)) * time.Second
	if *st.StartingPosition == DynamoDBStreamStartPositionLatest {
		m.Start = sources.Newest
	}
	if d := st.DeadLetterConfig; d != nil && d.Arn != nil {
		m.Bury = func(ctx context.Context, record []byte) error { return r.bury(ctx, p, *d.Arn, record) }
	}
	return m
}

// bury makes what is told of a batch that was given up durable in the
// dead-letter queue. A queue that will never take it is reported; the pipe goes
// on without it.
func (r *readers) bury(ctx context.Context, p *pipe, queueARN string, record []byte) error {
	result := r.s.Outlets.SendMessages(ctx, queueARN, []Message{{Body: string(record)}})[0]
	switch result.Kind {
	case delivery.Success:
	case delivery.Permanent:
		r.s.Logger.Error("a pipe's dead-letter queue refuses its records", "pipe", p.arn(), "queue", queueARN, "error", result.Message, "record", string(record))
	default:
		return fmt.Errorf("sending to the dead-letter queue %s: %s", queueARN, result.Message)
	}
	return nil
}

// Checkpoint implements [sources.Checkpoints].
func (r *readers) Checkpoint(ctx context.Context, pipeID, shard string) (c sources.Checkpoint, err error) {
	record, err := r.s.Engine.Records().Get(ctx, checkpointRecords, pipeID+"/"+shard)
	if errors.Is(err, engine.ErrNotFound) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(record.Value, &c)
	}
	if err != nil {
		return c, fmt.Errorf("reading a checkpoint: %w", err)
	}
	return c, nil
}

// Advance implements [sources.Checkpoints].
func (r *readers) Advance(ctx context.Context, pipeID, shard string, c sources.Checkpoint) error {
	value, err := json.Marshal(c)
	if err == nil {
		_, err = r.s.Engine.Records().Apply(ctx, engine.Write{Collection: checkpointRecords, Key: pipeID + "/" + shard, Value: value})
	}
	if err != nil {
		return fmt.Errorf("writing a checkpoint: %w", err)
	}
	return nil
}
