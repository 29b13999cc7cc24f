package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/policy"
	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/accesslog"
	"github.com/signalbox/signalbox/services/apigateway/address"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/services/apigateway/token"
	"github.com/signalbox/signalbox/services/apigateway/verdict"
	"github.com/signalbox/signalbox/vtl"
	"github.com/signalbox/signalbox/wire"
)

// maxBody is the most that a request's body may have, in bytes (API Gateway
// quotas).
const maxBody = 10 << 20

// Caller is who signed a request.
type Caller struct{ Account, Principal, AccessKeyID string }

// Config is what a Handler needs. All of it is needed.
type Config struct {
	APIs         *apigateway.Service
	Functions    backend.Functions
	Services     backend.Services
	HTTP         *http.Client // calls HTTP integrations; it follows no redirects
	Authenticate func(r *http.Request, body []byte) (Caller, []byte, error)
	Logs         accesslog.Sink
	Clock        clock.Clock
	Logger       *slog.Logger
}

// Handler answers the requests to REST APIs. It is safe for concurrent use.
type Handler struct {
	Config
	compiled  cache
	templates templates
	schemas   schemas
	policies  policy.Cache
	verdicts  verdict.Cache[verdictOf]
	tokens    *token.Verifier
	usage     usage
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
	a          address.Address
	d          apigateway.Deployed
	api        *apigateway.RestApi
	resource   *apigateway.Resource
	method     *apigateway.Method
	x          *mapping.Exchange
	caller     Caller
	key        string         // API key that came with the request
	usage      *usageOf       // of the key, where the method asks for one
	usageKey   string         // of a Lambda authorizer
	authorizer map[string]any // $context.authorizer
	extended   string         // $context.extendedRequestId
	began      time.Time
	sent       sent
	latency    time.Duration // of the integration
	failed     *refused      // nil where the integration answered
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Handler: h, ctx: r.Context(), w: w, r: r, req: wire.FromContext(r.Context())}
	if c.req.RequestID == "" {
		c.req.RequestID = uuid.NewString()
	}
	c.extended = extendedID(c.req.RequestID)
	w.Header().Set("X-Amzn-Requestid", c.req.RequestID)
	w.Header().Set("X-Amz-Apigw-Id", c.extended)
	c.began = h.Clock.Now()
	if err := c.serve(); err != nil {
		c.refuse(err)
	}
	c.logAccess()
}

func extendedID(id string) string {
	return strings.ReplaceAll(id, "-", "")[:15] + "="
}

// refused is why a request gets a gateway response.
type refused struct {
	kind    string // type of the gateway response
	status  int    // where it differs from the type's
	message string // where it differs from the type's
	detail  string // $context.error.validationErrorString
	cause   error  // for the log
}

func (r *refused) Error() string { return r.kind + ": " + r.message }

func refuse(kind string) *refused { return &refused{kind: kind} }

// internal is the answer to an integration that did wrong.
func internal(status int, cause error) *refused {
	return &refused{kind: "INTEGRATION_FAILURE", status: status, message: "Internal server error", cause: cause}
}

func (c *call) serve() error {
	a, ok := address.Parse(c.r)
	if !ok {
		return &refused{kind: "ACCESS_DENIED", message: "Forbidden"}
	}
	c.a = a.CutStage()
	if c.d, ok = c.APIs.Deployed(c.a.API, c.a.Stage); !ok || c.d.Definition.RestApi.DisableExecuteApiEndpoint && !a.Domain {
		return &refused{kind: "ACCESS_DENIED", message: "Forbidden"}
	}
	c.api = &c.d.Definition.RestApi
	c.req.Account, c.req.Region = c.d.Account, c.d.Region
	c.x = &mapping.Exchange{Query: c.r.URL.Query(), Header: c.header(), StageVariables: c.d.Stage.Variables, NewContext: c.context}
	tree := c.compiled.tree(c.d)
	found, params := tree.find(c.r.Method, c.a.Path)
	if found == nil {
		return refuse("MISSING_AUTHENTICATION_TOKEN")
	}
	c.resource, c.method, c.x.Path = found.resource, found.method, params
	body, err := c.body()
	if err != nil {
		return err
	}
	c.x.Body = body
	steps := []func() error{c.authorize, c.admitted}
	if value(c.method.AuthorizationType) == "CUSTOM" {
		steps = []func() error{c.admitted, c.authorize} // whom the policy denies the authorizer is not asked about
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if err := c.admit(); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	return c.integrate()
}

// header is the request's as integrations see it: with the host and with what
// API Gateway adds.
func (c *call) header() http.Header {
	h := c.r.Header.Clone()
	h.Set("Host", c.r.Host)
	if ip := c.req.SourceIP; ip != nil {
		h.Add("X-Forwarded-For", ip.String())
	}
	scheme, port := "http", "80"
	if c.req.Scheme == "https" {
		scheme, port = "https", "443"
	}
	if i := strings.LastIndexByte(c.r.Host, ':'); i >= 0 && !strings.HasSuffix(c.r.Host, "]") {
		port = c.r.Host[i+1:]
	}
	h.Set("X-Forwarded-Proto", scheme)
	h.Set("X-Forwarded-Port", port)
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", newTrace(c.req.RequestID, c.Clock.Now()))
	}
	return h
}

func (c *call) body() ([]byte, error) {
	if c.r.ContentLength > maxBody {
		return nil, refuse("REQUEST_TOO_LARGE")
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return nil, refuse("REQUEST_TOO_LARGE")
	}
	if err != nil {
		return nil, &refused{kind: "BAD_REQUEST_BODY", cause: err}
	}
	readDeadline(c.w)
	return data, nil
}

func (c *call) integrate() error {
	i := c.method.MethodIntegration
	timeout := time.Duration(i.TimeoutInMillis) * time.Millisecond
	ctx, cancel := clock.WithTimeout(c.ctx, c.Clock, timeout)
	defer cancel()
	c.ctx = ctx
	begin := c.Clock.Now()
	defer func() { c.latency = c.Clock.Now().Sub(begin) }()
	var err error
	switch *i.Type {
	case apigateway.IntegrationTypeAwsProxy:
		err = c.proxyFunction(i)
	case apigateway.IntegrationTypeHttpProxy:
		err = c.proxyHTTP(i)
	default:
		err = c.mapped(i)
	}
	if err != nil && ctx.Err() != nil && c.r.Context().Err() == nil {
		return &refused{kind: "INTEGRATION_TIMEOUT", cause: err}
	}
	return err
}

// template parses a mapping template once.
func (c *call) template(text string) (*vtl.Template, error) { return c.templates.parse(text) }
