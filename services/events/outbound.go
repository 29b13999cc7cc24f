package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/transform"
	"github.com/signalbox/signalbox/wire"
)

// callTimeout bounds a call of an API destination (user guide, page
// eb-api-destinations).
const callTimeout = 5 * time.Second

// outbound calls API destinations. What is shared by the targets that use one
// destination or connection lives here: its pace and its token.
type outbound struct {
	s      *Service
	client *http.Client
	tokens tokens

	mu     sync.Mutex // guards pacers
	pacers map[string]*delivery.Pacer
}

func newOutbound(s *Service) *outbound {
	o := &outbound{s: s, client: s.HTTP, pacers: map[string]*delivery.Pacer{}}
	if o.client == nil {
		o.client = NewClient(nil)
	}
	o.tokens = tokens{client: o.client, clock: s.Clock, held: map[string]*token{}}
	return o
}

// NewClient makes the client that calls API destinations: it follows no
// redirects and, where refuse is not nil, connects to no address that it
// refuses, whatever name led there.
func NewClient(refuse func(netip.Addr) bool) *http.Client {
	dialer := &net.Dialer{Timeout: callTimeout}
	if refuse != nil {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil || refuse(a.Addr().Unmap()) {
				return fmt.Errorf("%w: %s", errRefusedAddress, address)
			}
			return nil
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var errRefusedAddress = errors.New("API destinations may not be at this address")

// PrivateAddress tells whether an address is the machine's own, link-local (the
// cloud's metadata service is) or none at all: where API destinations are not
// let in production.
func PrivateAddress(a netip.Addr) bool {
	return a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsMulticast() || a.IsUnspecified() ||
		a == netip.MustParseAddr("fd00:ec2::254")
}

// pacer is the pace of a destination; nil where it is gone.
func (o *outbound) pacer(d *destination) *delivery.Pacer {
	if d == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.pacers[d.arn()]
	if p == nil {
		p = delivery.NewPacer(o.s.Clock, d.rate())
		o.pacers[d.arn()] = p
	}
	return p
}

func (o *outbound) setRate(d *destination) { o.pacer(d).Set(d.rate()) }

func (o *outbound) target(t Target) delivery.Target { return &apiTarget{o: o, spec: t} }

// apiTarget is an API destination as a rule's target.
type apiTarget struct {
	o    *outbound
	spec Target
}

// MaxBatch implements [delivery.Target].
func (*apiTarget) MaxBatch() int { return 1 }

// Pacer implements [delivery.Paced].
func (t *apiTarget) Pacer() *delivery.Pacer {
	return t.o.pacer(t.o.s.destinationByARN(*t.spec.Arn))
}

// Deliver implements [delivery.Target].
func (t *apiTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	for i := range requests {
		results[i] = t.call(ctx, &requests[i])
	}
	return results
}

// call makes one call; where the endpoint refuses an OAuth token that was
// fetched earlier, it fetches a new one and calls once more.
func (t *apiTarget) call(ctx context.Context, r *delivery.Request) delivery.Result {
	s := t.o.s
	d := s.destinationByARN(*t.spec.Arn)
	if d == nil {
		return permanent("NO_RESOURCE", "API destination %s does not exist", *t.spec.Arn)
	}
	c, err := s.connectionByARN(d.Connection)
	if err != nil {
		return permanent("NO_RESOURCE", "connection %s of the API destination does not exist", d.Connection)
	}
	if c.State != ConnectionStateAuthorized {
		return permanent("NO_PERMISSIONS", "connection %s is not authorized (%s)", c.arn(), c.State)
	}
	auth, err := s.unseal(c)
	if err != nil {
		s.Logger.Error("calling an API destination", "destination", d.arn(), "error", err)
		return permanent("NO_PERMISSIONS", "the credentials of connection %s cannot be opened", c.arn())
	}
	ctx, cancel := clock.WithTimeout(ctx, s.Clock, callTimeout)
	defer cancel()
	result, refused := t.try(ctx, d, c, auth, r)
	if refused {
		t.o.tokens.forget(c)
		result, _ = t.try(ctx, d, c, auth, r)
	}
	return result
}

// try makes one request. refused tells that the endpoint answered 401 to a
// token that may have grown old.
func (t *apiTarget) try(ctx context.Context, d *destination, c *connection, auth *credentials, r *delivery.Request) (result delivery.Result, refused bool) {
	request, err := t.request(ctx, d, auth, r)
	if err != nil {
		return permanent("INVALID_PARAMETER", "%s", err), false
	}
	cached, err := t.o.authorize(ctx, request, c, auth)
	if err != nil {
		return failed(ctx, fmt.Errorf("fetching a token for connection %s: %w", c.Name, err)), false
	}
	response, err := t.o.client.Do(request)
	if err != nil {
		return failed(ctx, err), false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection can be used again
	return judge(response, t.o.s.Clock.Now()), cached && response.StatusCode == http.StatusUnauthorized
}

// request puts the call together; of a parameter that both the rule's target
// and the connection give, the connection's counts.
func (t *apiTarget) request(ctx context.Context, d *destination, auth *credentials, r *delivery.Request) (*http.Request, error) {
	parameters := wire.Value(t.spec.HttpParameters)
	invocation := wire.Value(auth.InvocationHttpParameters)
	endpoint, err := fillPath(d.Endpoint, parameters.PathParameterValues, r.Event.Data)
	if err != nil {
		return nil, err
	}
	body, err := withBody(r.Input, invocation.BodyParameters)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, d.Method, endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the endpoint %s is no URL", d.Endpoint)
	}
	request.Header.Set("User-Agent", "Amazon/EventBridge/ApiDestinations")
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Range", "bytes=0-1048575")
	if r.Event.Trace != "" {
		request.Header.Set("X-Amzn-Trace-Id", r.Event.Trace)
	}
	query := request.URL.Query()
	for name, text := range parameters.QueryStringParameters {
		query.Set(name, dynamic(text, r.Event.Data))
	}
	for name, text := range parameters.HeaderParameters {
		request.Header.Set(name, dynamic(text, r.Event.Data))
	}
	for _, p := range invocation.QueryStringParameters {
		query.Set(wire.Value(p.Key), wire.Value(p.Value))
	}
	for _, p := range invocation.HeaderParameters {
		request.Header.Set(wire.Value(p.Key), wire.Value(p.Value))
	}
	request.URL.RawQuery = query.Encode()
	return request, nil
}

// fillPath puts the values in the places of the endpoint's asterisks.
func fillPath(endpoint string, values []string, event []byte) (string, error) {
	parts := strings.Split(endpoint, "*")
	if len(parts)-1 != len(values) {
		return "", fmt.Errorf("the endpoint has %d path wildcards and the target %d PathParameterValues", len(parts)-1, len(values))
	}
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		if i < len(values) {
			b.WriteString(url.PathEscape(dynamic(values[i], event)))
		}
	}
	return b.String(), nil
}

// dynamic is a parameter's value: what a path ($.detail.id) finds in the event,
// or the text itself.
func dynamic(text string, event []byte) string {
	if !strings.HasPrefix(text, "$.") {
		return text
	}
	path, err := transform.ParsePath(text)
	if err != nil {
		return text
	}
	found, ok := path.Find(event)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(found, &s) == nil {
		return s
	}
	return string(found)
}

// withBody adds the connection's body parameters to a body that is an object.
func withBody(body []byte, parameters []ConnectionBodyParameter) ([]byte, error) {
	if len(parameters) == 0 {
		return body, nil
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, errors.New("the connection has body parameters, but the target's input is no JSON object")
	}
	for _, p := range parameters {
		members[wire.Value(p.Key)] = json.RawMessage(quote(wire.Value(p.Value)))
	}
	return []byte(quote(members)), nil
}

// judge tells what an answer means: 409, 429 and 5xx may pass (user guide, page
// eb-api-destinations).
func judge(response *http.Response, now time.Time) delivery.Result {
	result := delivery.Result{Status: response.StatusCode}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return result
	case code == http.StatusTooManyRequests:
		result.Kind, result.Code = delivery.Throttled, "THROTTLING"
	case code == http.StatusConflict || code >= 500:
		result.Kind, result.Code = delivery.Retryable, "REMOTE_SERVER_ERROR"
	default:
		result.Kind, result.Code = delivery.Permanent, "SDK_CLIENT_ERROR"
	}
	result.Message = fmt.Sprintf("the endpoint answered %s", response.Status)
	result.RetryAfter = retryAfter(response.Header.Get("Retry-After"), now)
	return result
}

// retryAfter reads the header, seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return time.Duration(max(n, 0)) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// failed is a call that got no answer.
func failed(ctx context.Context, err error) delivery.Result {
	switch {
	case errors.Is(err, errRefusedAddress):
		return permanent("NO_PERMISSIONS", "%s; loopback, link-local and metadata addresses are refused", errRefusedAddress)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return delivery.Result{Kind: delivery.Retryable, Code: "TIMEOUT", Message: fmt.Sprintf("no answer within %v", callTimeout)}
	}
	var refusal *tokenError
	if errors.As(err, &refusal) {
		return delivery.Result{Kind: delivery.Retryable, Code: "AUTHORIZATION_FAILURE", Message: err.Error(), Status: refusal.status}
	}
	var opErr *url.Error
	if errors.As(err, &opErr) {
		err = opErr.Err // the URL may hold secrets of the connection
	}
	return delivery.Result{Kind: delivery.Retryable, Code: "CONNECTION_FAILURE", Message: err.Error()}
}

func permanent(code, format string, args ...any) delivery.Result {
	return delivery.Result{Kind: delivery.Permanent, Code: code, Message: fmt.Sprintf(format, args...)}
}
