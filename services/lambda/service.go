package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/async"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/mapping"
	"github.com/signalbox/signalbox/services/lambda/need"
	"github.com/signalbox/signalbox/services/lambda/provisioned"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
	"github.com/signalbox/signalbox/services/lambda/sandbox"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/services/lambda/urls"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
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
	Outlets Outlets        // destinations and dead-letter queues
	Traces  *trace.Journal // keeps what invocations did; nil: nobody
	// TraceOf is the trace header that a record of a stream or a queue came
	// with, "" where it has none; nil: none has.
	TraceOf func(record []byte) string
	Objects Objects // code in S3
	// Development has the bucket hot-reload stand for folders of this machine.
	Development bool
	Queues      Queues        // event source mappings of queues
	Streams     Streams       // event source mappings of tables and streams
	Idle        time.Duration // an idle process is stopped then; 0: sandbox.DefaultIdle
	// Authenticate says who sends a request to a function URL with
	// AuthType AWS_IAM, and returns the body as it was meant. Nil: refused.
	Authenticate func(r *http.Request, body []byte) (Caller, []byte, error)
}

// What Config is made of, and what callers see, of the parts in folders.
type (
	Outlets = async.Outlets
	Message = async.Message
	Queues  = sources.Queues
	Streams = sources.Streams
	Caller  = urls.Caller

	InvokeInput = api.InvokeInput
)

// What others in the server look at of the API.
const (
	InvocationTypeEvent           = api.InvocationTypeEvent
	CodeResourceNotFoundException = api.CodeResourceNotFoundException
	CodeTooManyRequestsException  = api.CodeTooManyRequestsException
)

// URLPath is where function URLs are reached by path.
const URLPath = urls.Path

// Needs says what a caller must be allowed for a request.
func Needs(in any, r *wire.Request) []wire.Permission { return need.Of(in, r) }

// Issuer makes temporary credentials.
type Issuer interface {
	Issue(account, principalARN string, expires time.Time) (accessKeyID, secret, sessionToken string, err error)
}

// Service implements [api.API]: functions, versions, aliases, layers and
// permissions itself, the rest by the parts that it embeds.
type Service struct {
	Config
	*catalog.Catalog
	*async.Invocations
	*mapping.Mappings
	*urls.URLs
	*provisioned.Provisions

	host     *runtimes.Host
	layers   *engine.Documents[layer]
	policies *engine.Documents[policy]
	storing  sync.RWMutex // read-held from storing code until a record names it
	workshop *workshop
	slots    *slots

	life context.Context // ends when Close waits no longer
	cut  context.CancelFunc
}

var _ api.API = (*Service)(nil)

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
	s.life, s.cut = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.Invocations.Resume(ctx); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	s.Mappings.Resume()
	s.Provisions.Resume()
	return s, nil
}

// load opens what is kept.
func (s *Service) load(ctx context.Context) error {
	c, records := &s.Config, s.Engine.Records()
	var err error
	load := func(open func() error) {
		if err == nil {
			err = open()
		}
	}
	load(func() (e error) { s.Catalog, e = catalog.Open(ctx, records); return })
	load(func() (e error) { s.layers, e = engine.OpenDocuments[layer](ctx, records, "lambda.layer"); return })
	load(func() (e error) { s.policies, e = engine.OpenDocuments[policy](ctx, records, "lambda.policy"); return })
	load(func() (e error) {
		s.Invocations, e = async.New(ctx, async.Config{
			Engine: c.Engine, Clock: c.Clock, Logger: c.Logger, Catalog: s.Catalog, Outlets: c.Outlets, Invoke: s.run,
		})
		return
	})
	load(func() (e error) {
		s.URLs, e = urls.New(ctx, urls.Config{
			Engine: c.Engine, Clock: c.Clock, Logger: c.Logger, Catalog: s.Catalog, Endpoint: c.Endpoint, Call: s.Call, Authenticate: c.Authenticate,
		})
		return
	})
	load(func() (e error) {
		s.Mappings, e = mapping.New(ctx, mapping.Config{
			Engine: c.Engine, Clock: c.Clock, Logger: c.Logger, Catalog: s.Catalog, Queues: c.Queues, Streams: c.Streams, Call: s.Call, Send: s.Send, TraceOf: c.TraceOf,
		})
		return
	})
	load(func() (e error) {
		s.Provisions, e = provisioned.New(ctx, provisioned.Config{
			Engine: c.Engine, Clock: c.Clock, Catalog: s.Catalog, Unreserved: s.unreserved,
			Keep: func(v *catalog.Version, n int) { s.workshop.keep(v, n) },
			Kept: func(v *catalog.Version) (int, error) { return s.workshop.ready(v) },
		})
		return
	})
	if err != nil {
		return fmt.Errorf("loading functions: %w", err)
	}
	return s.forgetOrphans(ctx)
}

// NewService is the service as the gateway serves it.
func NewService(s *Service) *wire.Service { return api.NewService(s) }

// Close takes no more invocations, waits for those under way, and stops all
// processes; when ctx ends it waits no longer. It may be called twice.
func (s *Service) Close(ctx context.Context) error {
	err := s.Mappings.Close(ctx)
	err = errors.Join(err, s.Invocations.Close(ctx))
	err = errors.Join(err, s.workshop.close(ctx))
	s.Mappings.Wait() // nothing that they wait for is left
	s.cut()
	return err
}

// Runtimes are the programs and libraries that functions run with.
func (s *Service) Runtimes() *runtimes.Host { return s.host }
