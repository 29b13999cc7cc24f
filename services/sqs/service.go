package sqs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/moves"
)

// Options are what may be chosen. The zero value is what most want.
type Options struct {
	// NameReuse is how long a deleted queue's name cannot be used again
	// (QueueDeletedRecently); 60 s on AWS. It is forgotten on restart.
	NameReuse time.Duration
	// PurgeInterval is the time between two PurgeQueue calls on one queue
	// (PurgeQueueInProgress); 60 s on AWS. It is forgotten on restart.
	PurgeInterval time.Duration
	// Sweep is how often messages beyond their retention period are removed
	// from queues that nobody reads; 0: every 10 minutes.
	Sweep time.Duration
	// Log gets what goes wrong in the background; nil: slog.Default().
	Log *slog.Logger
}

// Service implements [API].
type Service struct {
	engine engine.Engine
	queues engine.Queues
	clock  clock.Clock
	opts   Options
	store  *store
	moves  *moves.Tasks

	life context.Context // ends with Close
	end  context.CancelFunc
	wg   sync.WaitGroup // all goroutines of the service

	mu      sync.Mutex // guards what follows
	deleted map[address.Queue]time.Time
	purged  map[string]time.Time // by engine queue
}

var _ API = (*Service)(nil)

// New opens the service on what the engine holds: queues as they were, queues
// half deleted are deleted, move tasks go on.
func New(eng engine.Engine, clk clock.Clock, opts Options) (*Service, error) {
	if opts.Sweep <= 0 {
		opts.Sweep = 10 * time.Minute
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Service{
		engine: eng, queues: eng.Queues(), clock: clk, opts: opts,
		deleted: map[address.Queue]time.Time{}, purged: map[string]time.Time{},
	}
	s.moves = moves.New(eng, clk, s.moveBatch, s.report)
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		_ = s.Close(context.Background())
		return nil, fmt.Errorf("opening sqs: %w", err)
	}
	return s, nil
}

func (s *Service) open() error {
	var err error
	if s.store, err = openStore(s.life, s.life, s.engine.Records()); err != nil {
		return err
	}
	dropped, err := s.engine.Records().List(s.life, droppedRecords, "", "", 0)
	if err != nil {
		return fmt.Errorf("finding queues half deleted: %w", err)
	}
	for _, r := range dropped {
		if err := s.drop(s.life, r.Key); err != nil {
			return err
		}
	}
	s.wg.Go(func() { s.store.follow(s.life, s.clock, s.report) })
	s.wg.Go(s.sweepAll)
	return s.moves.Resume(s.life)
}

// Close ends long polls (they answer with no messages) and move tasks (they go
// on at the next start), and waits for them. The engine stays open.
func (s *Service) Close(ctx context.Context) error {
	s.end()
	done := make(chan struct{})
	go func() {
		s.moves.Close()
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("closing sqs: %w", ctx.Err())
	}
}

// report tells of what went wrong where nobody waits for an answer.
func (s *Service) report(err error) {
	s.opts.Log.Error("sqs", "error", err)
}

// drop forgets the messages of a queue that is deleted.
func (s *Service) drop(ctx context.Context, messages string) error {
	if err := s.queues.Drop(ctx, messages); err != nil {
		return fmt.Errorf("dropping %s: %w", messages, err)
	}
	if _, err := s.engine.Records().Apply(ctx, engine.Write{Collection: droppedRecords, Key: messages}); err != nil {
		return fmt.Errorf("dropping %s: %w", messages, err)
	}
	return nil
}
