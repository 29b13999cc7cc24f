package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/apigateway/accesslog"
	"github.com/signalbox/signalbox/services/apigateway/address"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/throttle"
	"github.com/signalbox/signalbox/services/apigateway/token"
	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
	"github.com/signalbox/signalbox/services/apigateway/verdict"
	"github.com/signalbox/signalbox/wire"
)

// maxBody is the most that a request's body may have, in bytes.
const maxBody = 10 << 20

// Caller is who signed a request.
type Caller struct{ Account, Principal, AccessKeyID string }

// Config is what a Handler needs. All of it is needed.
type Config struct {
	APIs         *apigatewayv2.Service
	Functions    backend.Functions
	Services     backend.Services
	HTTP         *http.Client // calls HTTP integrations; it follows no redirects
	Authenticate func(r *http.Request, body []byte) (Caller, []byte, error)
	Logs         accesslog.Sink
	Clock        clock.Clock
	Logger       *slog.Logger
}

// Handler answers the requests to HTTP APIs. It is safe for concurrent use.
type Handler struct {
	Config
	tables   tables
	verdicts verdict.Cache[verdictOf]
	limits   throttle.Buckets
	tokens   *token.Verifier
}

// NewHandler makes a Handler.
func NewHandler(c Config) *Handler {
	return &Handler{Config: c, tokens: token.NewVerifier(c.HTTP, c.Clock)}
}

// call is one request.
type call struct {
	*Handler
	ctx        context.Context
	w          http.ResponseWriter
	r          *http.Request
	req        *wire.Request
	d          apigatewayv2.Deployed
	api        string
	path       string // behind the stage; escaped
	base       string // before it, of a custom domain
	domain     bool   // it came to a custom domain
	route      *apigatewayv2.Route
	params     map[string]string
	body       []byte
	caller     Caller
	authorizer map[string]any    // of a Lambda authorizer
	claims     map[string]string // of a token
	scopes     []string          // of a token, where the route asks for some
	began      time.Time
	latency    time.Duration // of the integration
	answered   int           // status of the integration
	sent       sent
	failed     *refusal
}

// refusal is an answer of the API's own.
type refusal struct {
	status  int
	message string
	cause   error // for the log
}

func (r *refusal) Error() string { return strconv.Itoa(r.status) + ": " + r.message }

func broken(cause error) error {
	return &refusal{http.StatusInternalServerError, "Internal Server Error", cause}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Handler: h, ctx: r.Context(), w: w, r: r, req: wire.FromContext(r.Context())}
	if c.req.RequestID == "" {
		c.req.RequestID = uuid.NewString()
	}
	w.Header().Set("Apigw-Requestid", c.req.RequestID)
	c.began = h.Clock.Now()
	defer c.logAccess()
	err := c.serve()
	if err == nil || r.Context().Err() != nil {
		return
	}
	why, is := errors.AsType[*refusal](err)
	if !is {
		why = &refusal{http.StatusInternalServerError, "Internal Server Error", err}
	}
	c.failed = why
	if why.cause != nil {
		c.log(why.cause)
	}
	w.Header().Set("Content-Type", "application/json")
	c.write(why.status, []byte(`{"message":`+strconv.Quote(why.message)+`}`))
}

// log tells the operator why a request failed.
func (c *call) log(err error) {
	c.Logger.LogAttrs(c.ctx, slog.LevelWarn, "API request failed", slog.String("api", c.api), slog.String("method", c.r.Method),
		slog.String("path", c.path), slog.String("request", c.req.RequestID), slog.Any("error", err))
}

func (c *call) write(status int, body []byte) {
	c.sent = sent{status, len(body)}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		// An error here means that the client has gone; there is nobody to tell.
		_, _ = c.w.Write(body)
	}
}

func (c *call) serve() error {
	if !c.find() || c.d.API.DisableExecuteApiEndpoint && !c.domain {
		return &refusal{status: http.StatusNotFound, message: "Not Found"}
	}
	c.req.Account, c.req.Region = c.d.Account, c.d.Region
	if c.cors() {
		return nil
	}
	if c.route, c.params = c.tables.table(c.d).find(c.r.Method, c.path); c.route == nil {
		return &refusal{status: http.StatusNotFound, message: "Not Found"}
	}
	if err := c.admit(); err != nil {
		return err
	}
	if err := c.read(); err != nil {
		return err
	}
	if err := c.authorize(); err != nil {
		return err
	}
	for name, p := range c.route.RequestParameters {
		if values, ok := c.value("$" + strings.TrimPrefix(name, "route.")); wire.Value(p.Required) && (!ok || values[0] == "") {
			return &refusal{status: http.StatusBadRequest, message: "Missing required request parameters: [" + name + "]"}
		}
	}
	return c.integrate()
}

// find finds the stage that the request is for.
func (c *call) find() (ok bool) {
	a, ok := address.Parse(c.r)
	if !ok {
		return false
	}
	c.api, c.path, c.base, c.domain = a.API, a.Path, a.Base, a.Domain
	if a.Stage != "" {
		c.d, ok = c.APIs.Deployed(a.API, a.Stage)
		return ok
	}
	if cut := a.CutStage(); cut.Stage != "$default" {
		if c.d, ok = c.APIs.Deployed(a.API, cut.Stage); ok {
			c.path = cut.Path
			return true
		}
	}
	c.d, ok = c.APIs.Deployed(a.API, "$default")
	return ok
}

// admit keeps to the limits that the stage's settings have for the route, or for
// each route (developer guide, page http-api-throttling).
func (c *call) admit() error {
	limits := c.d.Stage.DefaultRouteSettings
	if own, ok := c.d.Stage.RouteSettings[*c.route.RouteKey]; ok && own.ThrottlingRateLimit != nil {
		limits = &own
	}
	if limits == nil || limits.ThrottlingRateLimit == nil {
		return nil
	}
	rate := *limits.ThrottlingRateLimit
	burst := max(1, rate)
	if limits.ThrottlingBurstLimit != nil {
		burst = float64(*limits.ThrottlingBurstLimit)
	}
	if !c.limits.Take(c.api+"|"+*c.d.Stage.StageName+"|"+*c.route.RouteKey, rate, burst, c.Clock.Now()) {
		return &refusal{status: http.StatusTooManyRequests, message: "Too Many Requests"}
	}
	return nil
}

func (c *call) read() error {
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return &refusal{status: http.StatusRequestEntityTooLarge, message: "Request Entity Too Large"}
	}
	if err != nil {
		return &refusal{http.StatusBadRequest, "Bad Request", err}
	}
	c.body = data
	// An integration may take its time; a connection that cannot be told keeps
	// its deadline.
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{})
	return nil
}

func (c *call) integrate() error {
	id := strings.TrimPrefix(wire.Value(c.route.Target), "integrations/")
	i := c.d.Definition.Integrations[id]
	if i == nil {
		return broken(errors.New("the route has no integration"))
	}
	ctx, cancel := clock.WithTimeout(c.ctx, c.Clock, time.Duration(*i.TimeoutInMillis)*time.Millisecond)
	defer cancel()
	c.ctx = ctx
	begin := c.Clock.Now()
	defer func() { c.latency = c.Clock.Now().Sub(begin) }()
	var err error
	switch {
	case i.IntegrationSubtype != nil:
		err = c.operation(i)
	case *i.IntegrationType == apigatewayv2.IntegrationTypeHttpProxy:
		err = c.proxyHTTP(i)
	default:
		err = c.proxyFunction(i)
	}
	if err != nil && ctx.Err() != nil && c.r.Context().Err() == nil {
		return &refusal{http.StatusServiceUnavailable, "Service Unavailable", err}
	}
	return err
}

// respond sends an integration's response as the response parameters for its
// status change it.
func (c *call) respond(i *apigatewayv2.Integration, r backend.Response) {
	c.answered = r.Status
	h := c.w.Header()
	mine := h.Clone() // of CORS: they go before the integration's
	for name, values := range r.Header {
		name = http.CanonicalHeaderKey(name)
		if name == "Apigw-Requestid" || name == "Content-Length" || strings.HasPrefix(name, "Access-Control-") && c.d.API.CorsConfiguration != nil {
			continue
		}
		h[name] = values
	}
	status := r.Status
	for key, expression := range i.ResponseParameters[strconv.Itoa(r.Status)] {
		operation, place, _ := strings.Cut(key, ":")
		value := c.expand(expression, &r)
		name, isHeader := strings.CutPrefix(place, "header.")
		switch {
		case place == "statuscode":
			if n, err := strconv.Atoi(value); err == nil && n >= 100 && n <= 599 {
				status = n
			}
		case !isHeader:
		case operation == "append":
			h.Add(name, value)
		case operation == "remove":
			h.Del(name)
		default:
			h.Set(name, value)
		}
	}
	for _, name := range []string{"Apigw-Requestid", "X-Amzn-Requestid"} {
		if v := mine.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	c.write(status, r.Body)
}
