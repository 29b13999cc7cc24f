package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/apigateway/backend"
)

// clf is the time format of request contexts.
const clf = "02/Jan/2006:15:04:05 -0700"

func (c *call) time() time.Time {
	if c.req.Time.IsZero() {
		return c.Clock.Now().UTC()
	}
	return c.req.Time.UTC()
}

func (c *call) sourceIP() string {
	if c.req.SourceIP == nil {
		return ""
	}
	return c.req.SourceIP.String()
}

func domain(host string) string {
	name, _, _ := strings.Cut(host, ":")
	return name
}

// rawPath is the path with the stage, but for the default one.
func (c *call) rawPath() string {
	if c.domain {
		return c.base + unescape(c.path)
	}
	if stage := *c.d.Stage.StageName; stage != "$default" {
		return "/" + stage + unescape(c.path)
	}
	return unescape(c.path)
}

// header is the request's as integrations see it, with what API Gateway adds.
func (c *call) header() http.Header {
	h := c.r.Header.Clone()
	h.Set("Host", c.r.Host)
	h.Set("Content-Length", strconv.Itoa(len(c.body)))
	if ip := c.sourceIP(); ip != "" {
		h.Add("X-Forwarded-For", ip)
	}
	scheme := c.req.Scheme
	if scheme == "" {
		scheme = "http"
	}
	port := map[string]string{"http": "80", "https": "443"}[scheme]
	if _, p, ok := strings.Cut(c.r.Host, ":"); ok {
		port = p
	}
	h.Set("X-Forwarded-Proto", scheme)
	h.Set("X-Forwarded-Port", port)
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", "Root=1-"+hex8(c.time().Unix())+"-"+strings.ReplaceAll(c.req.RequestID, "-", "")[:24])
	}
	return h
}

func hex8(n int64) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 8)
	for i := range b {
		b[7-i] = digits[n>>(4*i)&15]
	}
	return string(b)
}

// event2 is a function's input, payload format 2.0 (developer guide, page
// http-api-develop-integrations-lambda).
type event2 struct {
	Version               string            `json:"version"`
	Type                  string            `json:"type,omitempty"` // of authorizers
	RouteArn              string            `json:"routeArn,omitempty"`
	IdentitySource        []string          `json:"identitySource,omitempty"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        any               `json:"requestContext"`
	Body                  *string           `json:"body,omitempty"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
	StageVariables        map[string]string `json:"stageVariables,omitempty"`
}

func (c *call) event2() *event2 {
	header := c.header()
	var cookies []string
	for _, line := range header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				cookies = append(cookies, cookie)
			}
		}
	}
	header.Del("Cookie")
	body, encoded := backend.EncodeBody(c.body, !isText(header.Get("Content-Type")))
	return &event2{
		Version: "2.0", RouteKey: *c.route.RouteKey, RawPath: c.rawPath(), RawQueryString: c.r.URL.RawQuery, Cookies: cookies,
		Headers: joined(header, strings.ToLower), QueryStringParameters: joined(c.r.URL.Query(), func(s string) string { return s }),
		RequestContext: c.requestContext2(), Body: body, PathParameters: c.params, IsBase64Encoded: encoded, StageVariables: c.d.Stage.StageVariables,
	}
}

// isText tells the content types whose bodies functions get as text.
func isText(contentType string) bool {
	t := backend.MediaType(contentType)
	return t == "" || strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "json") || strings.HasSuffix(t, "xml") || strings.HasSuffix(t, "javascript") || strings.HasSuffix(t, "graphql")
}

// joined joins the values of each name by commas.
func joined(all map[string][]string, spell func(string) string) map[string]string {
	out := make(map[string]string, len(all))
	for name, values := range all {
		out[spell(name)] = strings.Join(values, ",")
	}
	return out
}

func (c *call) requestContext2() map[string]any {
	now := c.time()
	name := domain(c.r.Host)
	prefix, _, _ := strings.Cut(name, ".")
	m := map[string]any{
		"accountId": c.d.Account, "apiId": c.api, "domainName": name, "domainPrefix": prefix, "requestId": c.req.RequestID,
		"routeKey": *c.route.RouteKey, "stage": *c.d.Stage.StageName, "time": now.Format(clf), "timeEpoch": now.UnixMilli(),
		"http": map[string]any{"method": c.r.Method, "path": c.rawPath(), "protocol": c.r.Proto, "sourceIp": c.sourceIP(), "userAgent": c.r.UserAgent()},
	}
	switch {
	case c.claims != nil:
		m["authorizer"] = map[string]any{"jwt": map[string]any{"claims": c.claims, "scopes": c.scopes}}
	case c.authorizer != nil:
		m["authorizer"] = map[string]any{"lambda": c.authorizer}
	case c.caller.Principal != "":
		m["authorizer"] = map[string]any{"iam": map[string]any{
			"accessKey": c.caller.AccessKeyID, "accountId": c.caller.Account, "callerId": c.caller.Principal, "userArn": c.caller.Principal, "userId": c.caller.Principal,
			"cognitoIdentity": nil, "principalOrgId": nil,
		}}
	}
	return m
}

// event1 is a function's input, payload format 1.0.
func (c *call) event1() *backend.Event {
	header := c.header()
	now := c.time()
	resource := *c.route.RouteKey
	if _, path, ok := strings.Cut(resource, " "); ok {
		resource = path
	}
	name := domain(c.r.Host)
	prefix, _, _ := strings.Cut(name, ".")
	body, encoded := backend.EncodeBody(c.body, !isText(header.Get("Content-Type")))
	context := map[string]any{
		"accountId": c.d.Account, "apiId": c.api, "domainName": name, "domainPrefix": prefix, "extendedRequestId": c.req.RequestID,
		"httpMethod": c.r.Method, "path": c.rawPath(), "protocol": c.r.Proto, "requestId": c.req.RequestID, "requestTime": now.Format(clf),
		"requestTimeEpoch": now.UnixMilli(), "resourceId": *c.route.RouteKey, "resourcePath": resource, "stage": *c.d.Stage.StageName,
		"identity": map[string]any{
			"accessKey": nil, "accountId": nil, "caller": nil, "cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil, "cognitoIdentityId": nil,
			"cognitoIdentityPoolId": nil, "principalOrgId": nil, "sourceIp": c.sourceIP(), "user": nil, "userAgent": c.r.UserAgent(), "userArn": nil,
		},
	}
	switch {
	case c.claims != nil:
		context["authorizer"] = map[string]any{"claims": c.claims, "scopes": c.scopes}
	case c.authorizer != nil:
		context["authorizer"] = c.authorizer
	}
	query := c.r.URL.Query()
	return &backend.Event{
		Version: "1.0", Resource: resource, Path: c.rawPath(), HTTPMethod: c.r.Method, Headers: backend.Last(header), MultiValueHeaders: header,
		QueryStringParameters: backend.Last(query), MultiValueQueryStringParameters: backend.NilIfEmpty(query), PathParameters: backend.NilIfEmpty(c.params),
		StageVariables: backend.NilIfEmpty(c.d.Stage.StageVariables), RequestContext: context, Body: body, IsBase64Encoded: encoded,
	}
}

// functionHeader is what of an answer's headers goes to the client.
func functionHeader(p *backend.Proxied) http.Header {
	h := p.Header
	for _, cookie := range p.Cookies {
		h.Add("Set-Cookie", cookie)
	}
	for _, name := range slices.Clone(backend.Remapped) {
		if v := h.Values(name); len(v) > 0 {
			h.Del(name)
		}
	}
	return h
}
