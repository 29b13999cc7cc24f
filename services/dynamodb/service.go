package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// Engine is what tables are kept in: the local engine.
type Engine interface {
	engine.Engine
	table.Store
}

// Options are what may be chosen. The zero value is what most want.
type Options struct {
	// Shards is how many shards a new stream has; 0: one, which keeps the
	// order of all changes of the table. It is at most 64.
	Shards int
	// Sweep is how often items that have expired are looked for, and streams
	// are trimmed; 0: every 5 seconds.
	Sweep time.Duration
	// Log gets what goes wrong in the background; nil: slog.Default().
	Log *slog.Logger
}

// Service serves tables: all of [API] but the items, which package items adds.
type Service struct {
	clock  clock.Clock
	logs   engine.Logs
	tables *table.Tables
	opts   Options

	mu   sync.Mutex // one change of a table's document at a time
	docs *engine.Documents[document]
	open sync.Map // document key → *OpenTable

	life context.Context // ends with Close
	end  context.CancelFunc
	wg   sync.WaitGroup // all goroutines of the service
}

// OpenTable is a table with its document as it is now.
type OpenTable struct {
	*table.Table
	doc atomic.Pointer[document]
}

// Name is the table's name.
func (t *OpenTable) Name() string { return t.doc.Load().Name }

const documents = "dynamodb.table" // key: scope and name

// New opens the tables that the engine holds. Those that were being deleted are,
// and indexes that were being built are built.
func New(ctx context.Context, eng Engine, clk clock.Clock, opts Options) (*Service, error) {
	if opts.Sweep <= 0 {
		opts.Sweep = 5 * time.Second
	}
	opts.Shards = min(max(opts.Shards, 1), 64)
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Service{clock: clk, logs: eng.Logs(), tables: table.New(eng, clk), opts: opts}
	s.life, s.end = context.WithCancel(context.Background())
	var err error
	if s.docs, err = engine.OpenDocuments[document](ctx, eng.Records(), documents); err != nil {
		return nil, err
	}
	for _, key := range s.docs.Keys("") {
		if err := s.resume(ctx, key, s.docs.Get(key)); err != nil {
			s.end()
			s.wg.Wait()
			return nil, fmt.Errorf("opening table %s: %w", key, err)
		}
	}
	s.wg.Go(s.sweepAll)
	return s, nil
}

// resume opens a table, and goes on with what was under way.
func (s *Service) resume(ctx context.Context, key string, d *document) error {
	o, err := s.openTable(key, d)
	if err != nil {
		return err
	}
	if d.Deleted {
		return s.drop(ctx, key, o)
	}
	for _, ix := range d.Index {
		if ix.Building {
			s.wg.Go(func() { s.build(key, ix.Name) })
		}
	}
	return nil
}

func (s *Service) openTable(key string, d *document) (*OpenTable, error) {
	def := d.Definition
	t, err := s.tables.Open(&def)
	if err != nil {
		return nil, err
	}
	o := &OpenTable{Table: t}
	o.doc.Store(d)
	if !d.Deleted {
		s.open.Store(key, o)
	}
	return o, nil
}

// Close stops what runs in the background and waits for it; it goes on at the
// next start. The engine stays open.
func (s *Service) Close(ctx context.Context) error {
	s.end()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("closing dynamodb: %w", ctx.Err())
	}
}

// report tells of what went wrong where nobody waits for an answer.
func (s *Service) report(err error) {
	if s.life.Err() == nil {
		s.opts.Log.Error("dynamodb", "error", err)
	}
}

// Find finds the table that a request means, by its name in the caller's
// account and region or by its ARN; ErrNoTable where there is none.
func (s *Service) Find(ctx context.Context, name *string) (*OpenTable, error) {
	o, err := s.look(wire.ScopeOf(ctx), wire.Value(name))
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, ErrNoTable
	}
	return o, nil
}

// ErrNoTable is the answer to a request of a table that is not there.
var ErrNoTable = wire.Errorf(CodeResourceNotFoundException, "Requested resource not found")

func (s *Service) look(scope wire.Scope, name string) (*OpenTable, error) {
	scope, name, err := address(scope, name)
	if err != nil {
		return nil, err
	}
	if o, ok := s.open.Load(scope.Key(name)); ok {
		return o.(*OpenTable), nil
	}
	return nil, nil
}

// change writes a table's document anew and makes it the one that writes of
// items go by. It is called with mu held.
func (s *Service) change(ctx context.Context, o *OpenTable, d *document) error {
	if err := s.docs.Put(ctx, d.Key(d.Name), d); err != nil {
		return err
	}
	def := d.Definition
	if err := o.Define(ctx, &def); err != nil {
		return err
	}
	o.doc.Store(d)
	return nil
}

// sweepAll deletes what has expired and trims streams, now and then.
func (s *Service) sweepAll() {
	for clock.Sleep(s.life, s.clock, s.opts.Sweep) == nil {
		if err := s.Sweep(s.life); err != nil && !errors.Is(err, context.Canceled) {
			s.report(fmt.Errorf("sweeping: %w", err))
		}
	}
}

// Sweep deletes the items whose time to live is over and the records of streams
// that are a day old. It runs by itself every [Options.Sweep].
func (s *Service) Sweep(ctx context.Context) error {
	errs := []error{s.tables.ForgetTokens(ctx)}
	for _, o := range s.open.Range {
		o := o.(*OpenTable)
		for {
			n, err := o.Expire(ctx, s.clock.Now(), 100)
			if err != nil {
				errs = append(errs, err)
			}
			if n < 100 || err != nil {
				break
			}
		}
		errs = append(errs, s.trim(ctx, o))
	}
	return errors.Join(errs...)
}
