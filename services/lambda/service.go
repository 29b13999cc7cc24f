package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/services/lambda/sandbox"
)

// Config is what the service works with. Engine, Clock, Box, Data, Logs, Issuer
// and Endpoint are required; what is nil of the rest answers an error that
// names it where it is asked for.
type Config struct {
	Engine   engine.Engine
	Clock    clock.Clock
	Logger   *slog.Logger // nil: silence
	Box      *seal.Box    // seals environment variables
	Data     string       // directory of unpacked code and temporary files
	Cache    string       // directory of SDKs that functions need; empty: one of the user's
	Logs     sandbox.Logs
	Issuer   Issuer
	Endpoint func() string // AWS_ENDPOINT_URL of functions
	// Home, unless nil, gives an environment variable's value to a process:
	// addresses of AWS's that mean what lives here become those that lead here.
	Home    func(value string) string
	Outlets Outlets // destinations and dead-letter queues
	Objects Objects // code in S3
	// Development has the bucket hot-reload stand for folders of this machine.
	Development bool
	Queues      Queues        // event source mappings of queues
	Streams     Streams       // event source mappings of tables and streams
	Idle        time.Duration // an idle process is stopped then; 0: sandbox.DefaultIdle
	// Authenticate says who sends a request to a function URL with
	// AuthType AWS_IAM, and returns the body as it was meant. Nil: refused.
	Authenticate Authenticate
}

// Issuer makes temporary credentials.
type Issuer interface {
	Issue(account, principalARN string, expires time.Time) (accessKeyID, secret, sessionToken string, err error)
}

// Service implements [API].
type Service struct {
	Config
	host *runtimes.Host

	mu        sync.Mutex // serializes changes of the configuration
	functions *engine.Documents[function]
	versions  *engine.Documents[version]
	aliases   *engine.Documents[alias]
	layers    *engine.Documents[layer]
	policies  *engine.Documents[policy]
	configs   *engine.Documents[invokeConfig]
	urls      *engine.Documents[url]
	mappings  *engine.Documents[mapping]
	storing   sync.RWMutex // read-held from storing code until a record names it

	index    urlIndex
	workshop *workshop
	slots    *slots
	async    *async
	pollers  *pollers

	life context.Context // ends when Close waits no longer
	cut  context.CancelFunc
}

var _ API = (*Service)(nil)

// New loads the configuration, and takes up asynchronous invocations and event
// source mappings where they stood.
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Cache == "" {
		c.Cache = runtimes.DefaultCache(c.Data)
	}
	s := &Service{Config: c, slots: newSlots()}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	var err error
	if s.host, err = runtimes.New(filepath.Join(c.Data, "runtime"), c.Cache, c.Logger); err != nil {
		return nil, err
	}
	if s.workshop, err = newWorkshop(s); err != nil {
		return nil, err
	}
	if s.async, err = newAsync(ctx, s); err != nil {
		return nil, err
	}
	s.pollers = newPollers(s)
	s.life, s.cut = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.async.resume(ctx); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	s.pollers.resume()
	return s, nil
}

func (s *Service) load(ctx context.Context) error {
	records := s.Engine.Records()
	var err error
	load := func(open func() error) {
		if err == nil {
			err = open()
		}
	}
	load(func() (e error) {
		s.functions, e = engine.OpenDocuments[function](ctx, records, "lambda.function")
		return
	})
	load(func() (e error) {
		s.versions, e = engine.OpenDocuments[version](ctx, records, "lambda.version")
		return
	})
	load(func() (e error) { s.aliases, e = engine.OpenDocuments[alias](ctx, records, "lambda.alias"); return })
	load(func() (e error) { s.layers, e = engine.OpenDocuments[layer](ctx, records, "lambda.layer"); return })
	load(func() (e error) { s.policies, e = engine.OpenDocuments[policy](ctx, records, "lambda.policy"); return })
	load(func() (e error) {
		s.configs, e = engine.OpenDocuments[invokeConfig](ctx, records, "lambda.invokeconfig")
		return
	})
	load(func() (e error) { s.urls, e = engine.OpenDocuments[url](ctx, records, "lambda.url"); return })
	load(func() (e error) {
		s.mappings, e = engine.OpenDocuments[mapping](ctx, records, "lambda.mapping")
		return
	})
	if err != nil {
		return fmt.Errorf("loading functions: %w", err)
	}
	if err := s.forgetOrphans(ctx); err != nil {
		return err
	}
	s.indexURLs()
	return nil
}

// Close takes no more invocations, waits for those under way, and stops all
// processes; when ctx ends it waits no longer. It may be called twice.
func (s *Service) Close(ctx context.Context) error {
	err := s.pollers.close(ctx)
	err = errors.Join(err, s.async.close(ctx))
	err = errors.Join(err, s.workshop.close(ctx))
	s.pollers.ends.Wait() // nothing that they wait for is left
	s.cut()
	return err
}

// Runtimes are the programs and libraries that functions run with.
func (s *Service) Runtimes() *runtimes.Host { return s.host }
