package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/gateway/sigv4"
	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// DefaultMaxBody is the most that a body may have, in bytes, where nothing else
// is said: 16 MiB, the largest that DynamoDB takes.
const DefaultMaxBody = 16 << 20

// strangersBody is the most that is read of the body of a request which will
// likely be refused, in bytes.
const strangersBody = 64 << 10

// Config says how the front door is kept. Services is needed; the rest has
// defaults.
type Config struct {
	Services []*wire.Service
	Routes   []Route      // asked in this order, before the services
	Extra    http.Handler // everything under /_signalbox but /_signalbox/health; it looks after its own authentication

	Clock   clock.Clock  // default clock.Real
	Logger  *slog.Logger // access log at debug, faults at error; default slog.Default
	Version string       // told by /_signalbox/health

	Auth     Mode
	Keys     Keys                // default: no key is known
	Trusted  []netip.Prefix      // peers whom development mode lets in like this machine (a container's bridge)
	Region   string              // of requests that name none; default DefaultRegion
	Unsigned map[string][]string // operations that need no signature, by service, beside those of sts
	Origins  []string            // web origins whose pages may call, "*" for any; default "*" in development mode, none else

	// Authorize is asked before each operation, with its input; its error is the
	// answer. nil: everyone may do everything.
	Authorize func(ctx context.Context, in any) error

	Traces *trace.Journal // keeps what requests of traces did; nil: nobody

	MaxBody   int64            // bytes; default DefaultMaxBody
	MaxBodyOf map[string]int64 // bytes, by service
}

// Gateway is the front door: an http.Handler, immutable and safe for concurrent
// use.
type Gateway struct {
	config   Config
	services *directory
	verifier *sigv4.Verifier
	counters *counters
}

// New opens the front door. Where a service has no OnFault, it gets one that
// logs.
func New(c Config) (*Gateway, error) {
	if c.Clock == nil {
		c.Clock = clock.Real()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Region == "" {
		c.Region = DefaultRegion
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Origins == nil && c.Auth == Development {
		c.Origins = []string{"*"}
	}
	if c.Auth == Required && c.Keys == nil {
		return nil, errors.New("gateway: signatures are required, and no keys are known")
	}
	for i, r := range c.Routes {
		if r.Match == nil || r.Handler == nil {
			return nil, fmt.Errorf("gateway: route %d (%s) lacks Match or Handler", i, r.Name)
		}
	}
	names := map[string]bool{}
	for _, s := range c.Services {
		if names[s.Name] {
			return nil, fmt.Errorf("gateway: two services are named %s", s.Name)
		}
		names[s.Name] = true
		if s.Authorize == nil {
			s.Authorize = c.Authorize
		}
		if s.OnFault == nil {
			s.OnFault = func(ctx context.Context, err error) { logFault(ctx, c.Logger, err) }
		}
	}
	return &Gateway{
		config: c, services: newDirectory(c.Services), verifier: sigv4.NewVerifier(c.Clock), counters: newCounters(c.Services, c.Routes),
	}, nil
}

func logFault(ctx context.Context, l *slog.Logger, err error) {
	req := wire.FromContext(ctx)
	l.LogAttrs(ctx, slog.LevelError, "operation failed", slog.String("operation", req.Service+"."+req.Operation),
		slog.String("account", req.Account), slog.String("request", req.RequestID), slog.Any("error", err))
}

// ServeHTTP implements [http.Handler].
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w}
	x.req = wire.Request{RequestID: uuid.NewString(), Region: g.config.Region, Scheme: "http", Host: r.Host, UserAgent: r.UserAgent(), Trace: r.Header.Get("X-Amzn-Trace-Id"), Time: g.config.Clock.Now()}
	from := peer(r)
	if from.IsValid() {
		x.req.SourceIP = from.AsSlice()
	}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" && g.isTrusted(from) {
		x.req.Scheme = "https"
	}
	w.Header()["X-Amzn-Requestid"] = []string{x.req.RequestID}
	g.counters.requests.Add(1)
	g.counters.inFlight.Add(1)
	defer g.finish(x, r)
	g.dispatch(x, r)
}

// dispatch hands a request to whom it is addressed.
func (g *Gateway) dispatch(x *exchange, r *http.Request) {
	for i := range g.config.Routes {
		if route := &g.config.Routes[i]; route.Match(r) {
			x.req.Service = route.Name
			if region := ParseHost(r.Host).Region; region != "" {
				x.req.Region = region
			}
			if route.Traced {
				g.enter(x, r)
			}
			route.Handler.ServeHTTP(x, r.WithContext(wire.NewContext(r.Context(), &x.req)))
			return
		}
	}
	if isOwn(r.URL.Path) {
		g.own(x, r)
		return
	}
	allowed := g.allowOrigin(x.Header(), r)
	if isPreflight(r) {
		preflight(x, r, allowed)
		return
	}
	g.serve(x, r)
}

// serve finds the service and the caller, and lets the service answer.
func (g *Gateway) serve(x *exchange, r *http.Request) {
	sig, signed, parseErr := sigv4.Parse(r)
	a := g.services.find(r, &sig)
	if a.name != "" && a.service == nil && len(a.several) == 0 {
		g.unknownService(x, r, a.name)
		return
	}
	caller, secret, err := g.identify(r, &sig, signed, parseErr)
	limit := g.limit(&a)
	if err != nil {
		limit = min(limit, strangersBody)
	}
	body, readErr := readBody(x, r, limit)
	if readErr != nil {
		g.refuse(x, r, a.service, cmp.Or(err, readErr))
		return
	}
	x.waitLong()
	g.counters.in.Add(uint64(len(body)))
	plain := body
	if err == nil {
		plain, err = g.prove(r, body, &sig, secret)
	}
	if err == nil {
		plain, err = decompress(r, plain, limit)
	}
	if err != nil {
		plain = body
	}
	g.services.decide(&a, r, plain)
	if a.service == nil {
		g.homeless(x, r)
		return
	}
	if err != nil && !signed && slices.Contains(g.unsignedOperations(a.service.Name), a.service.Operation(r, plain)) {
		caller.Principal, err = "", nil
	}
	if err != nil {
		g.refuse(x, r, a.service, err)
		return
	}
	if !signed && a.region != "" {
		caller.Region = a.region
	}
	x.req.Account, x.req.Region, x.req.Principal, x.req.AccessKeyID = caller.Account, caller.Region, caller.Principal, caller.AccessKeyID
	x.req.Session = caller.Session
	switch a.service.Name {
	case "sqs":
		r, plain = withQueueURL(r, plain, x.req.Scheme+"://"+r.Host)
	case "s3":
		x.Header()["X-Amz-Request-Id"] = []string{x.req.RequestID}
	}
	g.follow(x)
	a.service.Serve(x, r, plain, &x.req)
}

// homeless answers a request that is for no service: a person who opens the
// address in a browser is shown the console.
func (g *Gateway) homeless(x *exchange, r *http.Request) {
	if r.URL.Path == "/" && g.config.Extra != nil && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(x, r, "/_signalbox/", http.StatusFound)
		return
	}
	g.unknownService(x, r, "")
}

func (g *Gateway) limit(a *address) int64 {
	if a.service != nil {
		if n := g.config.MaxBodyOf[a.service.Name]; n > 0 {
			return n
		}
	}
	limit := g.config.MaxBody
	for _, s := range a.several {
		limit = max(limit, g.config.MaxBodyOf[s.Name])
	}
	return limit
}

// unsignedOperations are those that their models mark as needing no signature.
func (g *Gateway) unsignedOperations(service string) []string {
	if service == "sts" {
		return []string{"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
	}
	return g.config.Unsigned[service]
}

// refuse answers a request that no service gets to see.
func (g *Gateway) refuse(x *exchange, r *http.Request, s *wire.Service, err error) {
	if s == nil {
		s = genericService
	}
	x.req.Service = s.Name
	if r.Context().Err() != nil {
		return // nobody is there
	}
	var e *wire.Error
	if why, ok := errors.AsType[*refusal](err); ok {
		e = why.as(s, r)
		if why.why == tooLarge {
			g.counters.tooLarge.Add(1)
			x.Header().Set("Connection", "close") // the rest of it is not read
		} else {
			g.counters.refused.Add(1)
		}
	} else if e, ok = errors.AsType[*wire.Error](err); !ok {
		logFault(wire.NewContext(r.Context(), &x.req), g.config.Logger, err)
		e = internalFailure(x)
	}
	s.ServeError(x, r, &x.req, e)
}

func internalFailure(x *exchange) *wire.Error {
	return &wire.Error{Code: wire.CodeInternalFailure, Status: http.StatusInternalServerError, Fault: wire.Receiver,
		Message: "An internal error occurred. Request id: " + x.req.RequestID}
}

var genericService = &wire.Service{Model: wire.Model{Protocols: []wire.Protocol{wire.RestJSON}}}

// finish counts and logs a request, and answers for a panic.
func (g *Gateway) finish(x *exchange, r *http.Request) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			g.counters.inFlight.Add(-1)
			panic(p)
		}
		g.counters.panics.Add(1)
		g.config.Logger.Error("panic in an operation", "operation", x.req.Service+"."+x.req.Operation, "request", x.req.RequestID, "panic", p, "stack", string(debug.Stack()))
		if x.status == 0 {
			s := g.services.byName[x.req.Service]
			if s == nil {
				s = genericService
			}
			s.ServeError(x, r, &x.req, internalFailure(x))
		}
	}
	g.leave(x)
	took := g.config.Clock.Now().Sub(x.req.Time)
	g.counters.inFlight.Add(-1)
	g.counters.out.Add(uint64(x.written))
	g.counters.count(x.req.Service, x.req.Operation, x.status, took)
	g.log(x, r, took)
}

// log writes the line of the access log: nothing of headers, query or body,
// where secrets may be.
func (g *Gateway) log(x *exchange, r *http.Request, took time.Duration) {
	ctx := r.Context()
	if !g.config.Logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	name := x.req.Service
	if x.req.Operation != "" {
		name += "." + x.req.Operation
	}
	if name == "" {
		name = clip(r.URL.Path)
	}
	g.config.Logger.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("operation", name), slog.Int("status", x.status),
		slog.Duration("took", took), slog.String("account", x.req.Account), slog.String("region", x.req.Region), slog.String("request", x.req.RequestID),
		slog.String("from", r.RemoteAddr), slog.Int64("bytes", x.written))
}
