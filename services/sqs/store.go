package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/settings"
	"github.com/signalbox/signalbox/wire"
)

// Collections of the engine's records.
const (
	queueRecords   = "sqs.queues"  // key: region/account/name; value: document
	droppedRecords = "sqs.dropped" // key: an engine queue that is still to be dropped
)

// document is a queue's record.
type document struct {
	Instance   string              // tells queues apart that had the same name one after another
	Created    int64               // Unix milliseconds
	Modified   int64               // Unix milliseconds
	Attributes settings.Attributes `json:",omitempty"` // those that were set, normalized
	Tags       map[string]string   `json:",omitempty"`
}

func (d document) clone() document {
	d.Attributes, d.Tags = maps.Clone(d.Attributes), maps.Clone(d.Tags)
	if d.Attributes == nil {
		d.Attributes = settings.Attributes{}
	}
	return d
}

// queue is one life of a queue, from CreateQueue to DeleteQueue.
type queue struct {
	address.Queue
	instance string
	messages string          // name of the engine queue
	ctx      context.Context // ends with the queue, or the service
	end      context.CancelFunc
	now      atomic.Pointer[snapshot]
	attempts attempts
}

// snapshot is a queue's record as it is at one time. It never changes.
type snapshot struct {
	revision engine.Revision
	document
	settings.Parsed
}

// store keeps the snapshots of all queues.
type store struct {
	records engine.Records
	life    context.Context
	queues  sync.Map // key → *queue

	mu   sync.Mutex                 // guards seen, and writing to queues
	seen map[string]engine.Revision // of each record; of deleted ones until the watch has passed them
}

func openStore(ctx, life context.Context, records engine.Records) (*store, error) {
	s := &store{records: records, life: life, seen: map[string]engine.Revision{}}
	all, err := records.List(ctx, queueRecords, "", "", 0)
	if err != nil {
		return nil, fmt.Errorf("loading the queues: %w", err)
	}
	for _, r := range all {
		if err := s.apply(r); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// follow applies what other nodes change, until the context ends.
func (s *store) follow(ctx context.Context, c clock.Clock, report func(error)) {
	s.mu.Lock()
	var last engine.Revision
	for _, r := range s.seen {
		last = max(last, r)
	}
	s.mu.Unlock()
	for ctx.Err() == nil {
		for change, err := range s.records.Watch(ctx, queueRecords, last) {
			if err == nil {
				last = max(last, change.Revision)
				if change.Deleted {
					s.forget(change.Key, change.Revision, true)
				} else {
					err = s.apply(change.Record)
				}
			}
			if err != nil && ctx.Err() == nil {
				report(fmt.Errorf("following the queues: %w", err))
			}
		}
		_ = clock.Sleep(ctx, c, time.Second)
	}
}

// apply makes a record's state the current one, if it is newer.
func (s *store) apply(r engine.Record) error {
	a, ok := address.OfKey(r.Key)
	if !ok {
		return fmt.Errorf("queue record %q: not a queue's key", r.Key)
	}
	var d document
	if err := json.Unmarshal(r.Value, &d); err != nil {
		return fmt.Errorf("queue record %q: %w", r.Key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[r.Key] >= r.Revision {
		return nil
	}
	s.seen[r.Key] = r.Revision
	q := s.find(a)
	if q == nil || q.instance != d.Instance {
		if q != nil {
			q.end()
		}
		q = &queue{Queue: a, instance: d.Instance, messages: "sqs/" + r.Key + "/" + d.Instance}
		q.ctx, q.end = context.WithCancel(s.life)
	}
	q.now.Store(&snapshot{revision: r.Revision, document: d, Parsed: d.Attributes.Parse()})
	s.queues.Store(r.Key, q)
	return nil
}

// forget ends a queue. The revision stays known until the watch has passed it,
// so that a change seen late does not bring the queue back.
func (s *store) forget(key string, revision engine.Revision, watched bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[key] > revision {
		return
	}
	if watched {
		delete(s.seen, key)
	} else {
		s.seen[key] = revision
	}
	if q, ok := s.queues.LoadAndDelete(key); ok {
		q.(*queue).end()
	}
}

func (s *store) find(a address.Queue) *queue {
	if q, ok := s.queues.Load(a.Key()); ok {
		return q.(*queue)
	}
	return nil
}

// noQueue is the error of a queue that is not there.
func noQueue() error {
	return wire.Errorf(CodeQueueDoesNotExist, "The specified queue does not exist.")
}

// refresh reads a record anew after a conflict.
func (s *store) refresh(ctx context.Context, key string) error {
	r, err := s.records.Get(ctx, queueRecords, key)
	if errors.Is(err, engine.ErrNotFound) {
		if q, ok := s.queues.Load(key); ok {
			s.forget(key, q.(*queue).now.Load().revision, false)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading queue %s: %w", key, err)
	}
	return s.apply(r)
}

// create writes a new queue. It reports false where there is one already.
func (s *store) create(ctx context.Context, a address.Queue, d document) (bool, error) {
	value, err := json.Marshal(d)
	if err != nil {
		return false, fmt.Errorf("writing queue %s: %w", a.Key(), err)
	}
	revision, err := s.records.Apply(ctx, engine.Write{Collection: queueRecords, Key: a.Key(), Value: value, If: engine.Absent})
	if errors.Is(err, engine.ErrConflict) {
		return false, s.refresh(ctx, a.Key())
	}
	if err != nil {
		return false, fmt.Errorf("writing queue %s: %w", a.Key(), err)
	}
	return true, s.apply(engine.Record{Key: a.Key(), Value: value, Revision: revision})
}

// update changes a queue's document. change gets a copy that it can write to, may be called again
// after a conflict, and reports whether there is anything to write.
func (s *store) update(ctx context.Context, a address.Queue, change func(*document) (bool, error)) error {
	for {
		q := s.find(a)
		if q == nil {
			return noQueue()
		}
		was := q.now.Load()
		d := was.document.clone()
		if changed, err := change(&d); err != nil || !changed {
			return err
		}
		value, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("writing queue %s: %w", a.Key(), err)
		}
		revision, err := s.records.Apply(ctx, engine.Write{Collection: queueRecords, Key: a.Key(), Value: value, If: was.revision})
		if err == nil {
			return s.apply(engine.Record{Key: a.Key(), Value: value, Revision: revision})
		}
		if !errors.Is(err, engine.ErrConflict) {
			return fmt.Errorf("writing queue %s: %w", a.Key(), err)
		}
		if err := s.refresh(ctx, a.Key()); err != nil {
			return err
		}
	}
}

// remove deletes a queue's record, and notes that its messages are to be
// dropped: whoever dies before that is done does it at the next start.
func (s *store) remove(ctx context.Context, a address.Queue) (*queue, error) {
	for {
		q := s.find(a)
		if q == nil {
			return nil, noQueue()
		}
		revision, err := s.records.Apply(ctx,
			engine.Write{Collection: queueRecords, Key: a.Key(), If: q.now.Load().revision},
			engine.Write{Collection: droppedRecords, Key: q.messages, Value: []byte{}})
		if err == nil {
			s.forget(a.Key(), revision, false)
			return q, nil
		}
		if !errors.Is(err, engine.ErrConflict) {
			return nil, fmt.Errorf("deleting queue %s: %w", a.Key(), err)
		}
		if err := s.refresh(ctx, a.Key()); err != nil {
			return nil, err
		}
	}
}
