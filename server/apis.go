package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/address"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/domains"
	"github.com/signalbox/signalbox/services/apigateway/httpapi"
	"github.com/signalbox/signalbox/services/apigateway/imports"
	"github.com/signalbox/signalbox/services/apigateway/rest"
	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/wire"
)

// apis opens API Gateway: the services of REST and of HTTP APIs, and the
// addresses of those that are deployed.
func (s *Server) apis(ctx context.Context, c Config, eng engine.Engine, functions *lambda.Service, groups *logs.Service, client *http.Client, who *callers) ([]*wire.Service, []gateway.Route, error) {
	names, err := domains.Open(ctx, eng)
	if err != nil {
		return nil, nil, err
	}
	old, err := apigateway.New(ctx, eng, c.Clock, names, imports.Read)
	if err != nil {
		return nil, nil, err
	}
	apis, err := apigatewayv2.New(ctx, eng, c.Clock, names)
	if err != nil {
		return nil, nil, err
	}
	restAPIs := rest.NewHandler(rest.Config{
		APIs: old, Functions: invoker{functions, s.guard}, Services: internalCalls{s}, HTTP: client, Logs: groups, Clock: c.Clock, Logger: c.Logger,
		Authenticate: func(r *http.Request, body []byte) (rest.Caller, []byte, error) {
			caller, body, err := who.front.Authenticate(r, body)
			return rest.Caller{Account: caller.Account, Principal: caller.Principal, AccessKeyID: caller.AccessKeyID}, body, err
		},
	})
	httpAPIs := httpapi.NewHandler(httpapi.Config{
		APIs: apis, Functions: invoker{functions, s.guard}, Services: internalCalls{s}, HTTP: client, Logs: groups, Clock: c.Clock, Logger: c.Logger,
		Authenticate: func(r *http.Request, body []byte) (httpapi.Caller, []byte, error) {
			caller, body, err := who.front.Authenticate(r, body)
			return httpapi.Caller{Account: caller.Account, Principal: caller.Principal, AccessKeyID: caller.AccessKeyID}, body, err
		},
	})
	s.home.exists.Store(new(func(id string) bool { return old.Exists(id) || apis.Exists(id) }))
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to, ok := names.Resolve(r); ok {
			to.Put(r)
		}
		if a, _ := address.Parse(r); apis.Exists(a.API) {
			httpAPIs.ServeHTTP(w, r)
			return
		}
		restAPIs.ServeHTTP(w, r)
	})
	return []*wire.Service{apigateway.NewService(old), apigatewayv2.NewService(apis)},
		[]gateway.Route{{Name: "execute-api", Match: func(r *http.Request) bool { return address.Match(r) || names.Match(r) }, Handler: front, Traced: true}}, nil
}

// integrationSession is the name of the sessions in which integrations act as
// their roles.
const integrationSession = "BackplaneAssumeRoleSession"

// invoker invokes functions for APIs, where their policies or the integration's
// role allow it.
type invoker struct {
	functions *lambda.Service
	guard     *access.Guard
}

// Invoke implements [backend.Functions].
func (i invoker) Invoke(ctx context.Context, in backend.Invocation) (backend.Answer, error) {
	err := i.guard.Authorize(ctx, access.Request{
		Service: "apigateway.amazonaws.com", Role: in.Role, Session: integrationSession, Source: in.Source,
		Action: "lambda:InvokeFunction", Resource: in.Function,
	})
	if err != nil {
		return backend.Answer{}, err
	}
	if in.Event {
		_, err := i.functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: &in.Function, InvocationType: new(lambda.InvocationTypeEvent), Payload: in.Payload})
		return backend.Answer{}, noFunction(err)
	}
	out, err := i.functions.Call(ctx, in.Function, in.Payload, lambda.CallParams{Trace: wire.FromContext(ctx).Trace})
	return backend.Answer{Payload: out.Payload, Failed: out.Error != ""}, noFunction(err)
}

func noFunction(err error) error {
	if wire.IsCode(err, lambda.CodeResourceNotFoundException) {
		return fmt.Errorf("%w: %w", backend.ErrNoFunction, err)
	}
	return err
}

// internalCalls calls operations of our own services, as the role of an
// integration.
type internalCalls struct{ s *Server }

// Call implements [backend.Services].
func (i internalCalls) Call(ctx context.Context, c backend.Call) (backend.Response, error) {
	at := slices.IndexFunc(i.s.services, func(s *wire.Service) bool { return s.Name == c.Service || slices.Contains(s.SigningNames, c.Service) })
	if at < 0 {
		return backend.Response{}, fmt.Errorf("%w: %s", backend.ErrNoService, c.Service)
	}
	service := i.s.services[at]
	from := wire.FromContext(ctx)
	req := &wire.Request{
		Account: c.Scope.Account, Region: c.Scope.Region, RequestID: uuid.NewString(), Scheme: from.Scheme, Host: from.Host,
		SourceIP: from.SourceIP, UserAgent: "apigateway.amazonaws.com", Trace: from.Trace, Time: from.Time,
		Principal: "arn:aws:iam::" + c.Scope.Account + ":root",
	}
	if c.Role == "" && i.s.guard.Mode() == access.Enforce {
		return backend.Response{}, errors.New("the integration has no credentials, and without these may do nothing")
	}
	if role, err := arn.Parse(c.Role); err == nil && role.Account != "" && role.Account != "*" {
		_, name := role.Split()
		req.Account = role.Account
		req.Principal = "arn:aws:sts::" + role.Account + ":assumed-role/" + name[strings.LastIndexByte(name, '/')+1:] + "/" + integrationSession
	}
	addressed(&c, service, from.Scheme+"://"+from.Host)
	target := url.URL{Path: c.Path, RawQuery: c.Query.Encode()}
	r, err := http.NewRequestWithContext(ctx, c.Method, target.RequestURI(), bytes.NewReader(c.Body))
	if err != nil {
		return backend.Response{}, fmt.Errorf("making the request: %w", err)
	}
	r.Header, r.Host = c.Header, from.Host
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	service.Serve(w, r, c.Body, req)
	return backend.Response{Status: w.status, Header: w.header, Body: w.body.Bytes()}, nil
}

// addressed names the operation in the way that the service's protocol has: the
// action form of a URI does not, and the path form names a queue.
func addressed(c *backend.Call, s *wire.Service, base string) {
	form := strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	speaksJSON, speaksQuery := slices.Contains(s.Protocols, wire.JSON), slices.Contains(s.Protocols, wire.Query)
	if c.Action != "" && c.Header.Get("X-Amz-Target") == "" && speaksJSON && !form {
		c.Header.Set("X-Amz-Target", s.TargetPrefix+"."+c.Action)
		c.Header.Set("Content-Type", "application/x-amz-json-"+s.JSONVersion)
		return
	}
	if !speaksQuery || c.Header.Get("X-Amz-Target") != "" {
		return
	}
	params, err := url.ParseQuery(string(c.Body))
	if err != nil || !form {
		params = url.Values{}
	}
	for name, values := range c.Query {
		params[name] = values
	}
	if c.Action != "" && !params.Has("Action") {
		params.Set("Action", c.Action)
	}
	if s.URLMember != "" && c.Path != "/" && !params.Has(s.URLMember) {
		params.Set(s.URLMember, base+c.Path)
	}
	if form || c.Action != "" || params.Has("Action") {
		c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c.Method, c.Path, c.Query, c.Body = http.MethodPost, "/", nil, []byte(params.Encode())
	}
}

// recorder keeps a response.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write implements [http.ResponseWriter].
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
