// Package server puts a whole Signalbox together: the engine, the hub, the
// services, the gateway and the console, from a [Config] to a listener that
// answers. It is the only room that knows all the others: what one service
// needs of another it is given here, as the small interface that it asks for.
//
// [Start] returns once requests are answered. [Server.Close] drains: no new
// requests, those under way end, deliveries under way end, then everything is
// closed in the opposite order of its opening.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/cloudformation"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/dynamodb/items"
	"github.com/signalbox/signalbox/services/dynamodb/streams"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/events/apidestination"
	"github.com/signalbox/signalbox/services/iam"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/services/pipes"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/services/sts"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// Config is everything that can be said of a server. Its zero value, with a
// data directory, is a development server.
type Config struct {
	Listen    string        // host:port; empty: DefaultListen
	Data      string        // directory; made if it is not there
	Cache     string        // directory of SDKs that functions need; empty: one of the user's
	Watch     string        // folder of functions' source, whose changes replace their code; empty: none
	Auth      gateway.Mode  // who may call; see gateway
	IAM       *access.Mode  // what becomes of what policies do not allow; nil: enforce with authentication required, else audit
	AccessKey string        // of the root user; empty: what the data directory has, or a new one
	SecretKey string        // of the root user
	Key       string        // seals secrets (SIGNALBOX_KEY); empty: the data directory's key file
	Journeys  journey.Level // how much of the events' journeys is kept
	Retention time.Duration // of the buses' logs; 0: 24 hours
	Private   bool          // let API destinations be at loopback and link-local addresses also with authentication required
	Version   string        // told by the health endpoint
	Clock     clock.Clock   // nil: the machine's
	Logger    *slog.Logger  // nil: silence
}

// DefaultListen is where a server listens that is told nothing else: the port
// that existing tooling expects, on the loopback interface.
const DefaultListen = "127.0.0.1:4566"

// drainTime bounds how long Close waits for requests and deliveries under way.
const drainTime = 10 * time.Second

// Server is a running Signalbox.
type Server struct {
	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when http has ended
	closers  []func(context.Context) error
	services []*wire.Service
	stacks   *cloudformation.Service
	console  *console.Console
	guard    *access.Guard
	traces   *trace.Journal // nil: none are kept
	headers  headers        // of records of change streams
	home     home
}

// Start opens the data directory, takes up whatever was under way, and listens.
func Start(ctx context.Context, c Config) (_ *Server, err error) {
	if c.Clock == nil {
		c.Clock = clock.Real()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	s := &Server{served: make(chan struct{})}
	s.home.base = s.URL
	defer func() {
		if err != nil {
			_ = s.unwind(context.WithoutCancel(ctx))
		}
	}()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	box, err := seal.Open(c.Data, c.Key)
	if err != nil {
		return nil, err
	}
	eng, err := local.Open(filepath.Join(c.Data, "db"), local.Options{Clock: c.Clock, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	s.onClose(func(context.Context) error { return eng.Close() })
	// Functions that go on at once call back: requests wait until they are served.
	s.listener, err = net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	handler, err := s.assemble(ctx, c, eng, box)
	if err != nil {
		_ = s.listener.Close()
		return nil, err
	}
	s.http = gateway.NewServer(handler)
	s.http.RegisterOnShutdown(s.console.Close)
	go func() {
		defer close(s.served)
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			c.Logger.Error("serving", "error", err)
		}
	}()
	s.stacks.Resume()
	return s, nil
}

// assemble opens everything above the engine.
func (s *Server) assemble(ctx context.Context, c Config, eng *local.Engine, box *seal.Box) (http.Handler, error) {
	keys, err := keyring(c, box)
	if err != nil {
		return nil, err
	}
	h := hub.New(eng, hub.Options{
		Clock: c.Clock, Logger: c.Logger, Journeys: c.Journeys, Retention: c.Retention, BusARN: events.BusARN,
	})
	s.onClose(h.Close)
	identities, err := iam.New(ctx, eng, c.Clock, box)
	if err != nil {
		return nil, err
	}
	queues, err := sqs.New(eng, c.Clock, sqs.Options{Log: c.Logger})
	if err != nil {
		return nil, err
	}
	s.onClose(queues.Close)
	groups, err := logs.New(ctx, eng, c.Clock)
	if err != nil {
		return nil, err
	}
	tables, err := dynamodb.New(ctx, eng, c.Clock, dynamodb.Options{Log: c.Logger})
	if err != nil {
		return nil, err
	}
	s.onClose(tables.Close)
	s.openTraces(c, eng)
	var who callers
	out := &outlets{queues: queues}
	packages, err := openUploads(ctx, eng, c.Clock)
	if err != nil {
		return nil, err
	}
	functions, err := s.functions(ctx, c, packages, box, keys, groups, tables, out, &who)
	if err != nil {
		return nil, err
	}
	s.guard = newGuard(c, identities, owners{queues: queues, groups: groups, functions: functions, tables: tables, out: out})
	client := apidestination.NewClient(nil)
	if c.Auth == gateway.Required && !c.Private {
		client = apidestination.NewClient(apidestination.PrivateAddress)
	}
	client = s.home.client(client)
	buses, err := events.New(ctx, events.Config{
		Engine: eng, Clock: c.Clock, Hub: h, Box: box, HTTP: client, Logger: c.Logger,
		Authorizer: s.guard, Traces: s.traces, Logs: groups, Targets: targets{queues: queues, groups: groups, functions: functions},
	})
	if err != nil {
		return nil, err
	}
	s.onClose(buses.Close)
	out.buses.Store(buses)
	piping, err := s.pipes(ctx, c, eng, changes{tables.Changes(), &s.headers}, pipeOutlets{queues: queues, groups: groups, functions: functions, buses: buses})
	if err != nil {
		return nil, err
	}
	apis, apiRoutes, err := s.apis(ctx, c, eng, functions, groups, client, &who)
	if err != nil {
		return nil, err
	}
	s.services = []*wire.Service{
		events.NewService(buses),
		sqs.NewService(queues),
		logs.NewService(groups),
		sts.NewService(tokens(c, keys, identities)),
		iam.NewService(identities),
		lambda.NewService(functions),
		pipes.NewService(piping),
		dynamodb.NewService(items.New(tables)),
		streams.NewService(streams.New(tables.Changes(), c.Clock)),
	}
	s.services = append(s.services, apis...)
	if err := s.openStacks(ctx, c, eng, box); err != nil {
		return nil, err
	}
	s.services = append(s.services, cloudformation.NewService(s.stacks))
	s.console = console.New(console.Config{
		Events: buses, Hub: h, Queues: queues, Packages: packages, Traces: s.traces, Authenticate: who.authenticate, Refusals: s.guard.Refusals, Clock: c.Clock, Logger: c.Logger,
	})
	who.front, err = gateway.New(gateway.Config{
		Clock: c.Clock, Logger: c.Logger, Services: s.services, Auth: c.Auth, Traces: s.traces, Keys: gateway.Chain(keys, userKeys{identities}), Version: c.Version, Extra: s.console,
		Authorize: authorize(s.guard, identities), Routes: append(routes(functions), apiRoutes...), MaxBodyOf: map[string]int64{"lambda": lambda.MaxRequest},
	})
	return who.front, err
}

// keyring knows the root user's key, as it was given or as the data directory
// has it, and the temporary ones.
func keyring(c Config, box *seal.Box) (*gateway.Keyring, error) {
	if c.AccessKey != "" || c.SecretKey != "" {
		return gateway.NewKeyring(gateway.RootKey{AccessKeyID: c.AccessKey, Secret: c.SecretKey}, box)
	}
	keys, created, err := gateway.OpenKeyring(c.Data, box)
	if created && c.Auth == gateway.Required {
		c.Logger.Info("made the root user's access key", "file", filepath.Join(c.Data, gateway.CredentialsFile))
	}
	return keys, err
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// URL is the server's address as clients on this machine write it.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "http://" + host + ":" + port
}

// Services are the services that the server offers.
func (s *Server) Services() []*wire.Service { return s.services }

func (s *Server) onClose(f func(context.Context) error) { s.closers = append(s.closers, f) }

// Close drains and closes. It may be called twice.
func (s *Server) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil { // requests that would not end, such as live tails
		err = s.http.Close()
	}
	<-s.served
	return errors.Join(err, s.unwind(ctx))
}

// unwind closes in the opposite order of opening.
func (s *Server) unwind(ctx context.Context) error {
	var errs []error
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		errs = append(errs, s.closers[last](ctx))
		s.closers = s.closers[:last]
	}
	return errors.Join(errs...)
}
