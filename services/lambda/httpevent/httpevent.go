// Package httpevent turns HTTP requests into the events that functions get from
// function URLs (payload format 2.0, developer guide, page urls-invocation), and
// what functions answer into HTTP responses.
//
//	request ── Event ──► JSON ──► function ──► JSON ── Read ──► Response ── Write ──► client
//
// It promises: a body that is no text reaches the function as the same bytes, in
// base64; an answer that is no response in the format is a response with that
// answer as its body.
package httpevent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Event is a request as functions get it.
type Event struct {
	Version        string            `json:"version"`
	RouteKey       string            `json:"routeKey"`
	RawPath        string            `json:"rawPath"`
	RawQuery       string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies,omitempty"`
	Headers        map[string]string `json:"headers"`
	Query          map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext Context           `json:"requestContext"`
	Body           *string           `json:"body,omitempty"`
	Base64         bool              `json:"isBase64Encoded"`
}

// Context says where and by whom.
type Context struct {
	AccountID    string      `json:"accountId"` // of the caller; "anonymous"
	APIID        string      `json:"apiId"`
	Authorizer   *Authorizer `json:"authorizer,omitempty"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         HTTP        `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"` // milliseconds
}

// HTTP is the request line and who sent it.
type HTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// Authorizer is a caller who signed.
type Authorizer struct {
	IAM IAM `json:"iam"`
}

// IAM is a caller's identity.
type IAM struct {
	AccessKey       string  `json:"accessKey"`
	AccountID       string  `json:"accountId"`
	CallerID        string  `json:"callerId"`
	CognitoIdentity *string `json:"cognitoIdentity"`
	PrincipalOrgID  *string `json:"principalOrgId"`
	UserARN         string  `json:"userArn"`
	UserID          string  `json:"userId"`
}

// Params are what an event holds beside the request.
type Params struct {
	APIID     string
	Path      string // as the function sees it
	RequestID string
	Caller    *IAM // nil: anonymous
	Now       time.Time
}

// New makes the event of a request with that body.
func New(r *http.Request, body []byte, p Params) *Event {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	prefix, _, _ := strings.Cut(host, ".")
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	e := &Event{
		Version: "2.0", RouteKey: "$default", RawPath: p.Path, RawQuery: r.URL.RawQuery, Headers: map[string]string{},
		Query: query(r.URL.RawQuery),
		RequestContext: Context{
			AccountID: "anonymous", APIID: p.APIID, DomainName: host, DomainPrefix: prefix, RequestID: p.RequestID,
			RouteKey: "$default", Stage: "$default", Time: p.Now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: p.Now.UnixMilli(),
			HTTP: HTTP{Method: r.Method, Path: p.Path, Protocol: r.Proto, SourceIP: ip, UserAgent: r.UserAgent()},
		},
	}
	if p.Caller != nil {
		e.RequestContext.AccountID = p.Caller.AccountID
		e.RequestContext.Authorizer = &Authorizer{IAM: *p.Caller}
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			for _, v := range values {
				for c := range strings.SplitSeq(v, ";") {
					e.Cookies = append(e.Cookies, strings.TrimSpace(c))
				}
			}
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e.Headers["host"] = r.Host
	if len(body) > 0 {
		text := string(body)
		if !isText(r.Header.Get("Content-Type"), body) {
			text, e.Base64 = base64.StdEncoding.EncodeToString(body), true
		}
		e.Body = &text
	}
	return e
}

// query is the parameters of a query, values of one name joined by commas.
func query(raw string) map[string]string {
	values, err := url.ParseQuery(raw)
	if err != nil || len(values) == 0 {
		return nil // the raw query is there all the same
	}
	out := make(map[string]string, len(values))
	for name, v := range values {
		out[name] = strings.Join(v, ",")
	}
	return out
}

// isText tells whether a body goes as it is. Types that AWS takes for text;
// without a type, what is text.
func isText(contentType string, body []byte) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	text := kind == "" || strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml") ||
		slices.Contains([]string{"application/json", "application/javascript", "application/xml", "application/graphql"}, kind)
	return text && utf8.Valid(body)
}

// Response is an HTTP response.
type Response struct {
	Status  int
	Headers http.Header
	Body    []byte
}

// prelude ends what a streaming handler says of its response before the body.
var prelude = make([]byte, 8)

// answer is a response in the format.
type answer struct {
	Status  *json.Number               `json:"statusCode"`
	Headers map[string]json.RawMessage `json:"headers"`
	Multi   map[string][]string        `json:"multiValueHeaders"`
	Cookies []string                   `json:"cookies"`
	Body    json.RawMessage            `json:"body"`
	Base64  bool                       `json:"isBase64Encoded"`
}

// Read reads a function's answer. The error says what of a response in the
// format is wrong.
func Read(payload []byte) (*Response, error) {
	if head, body, ok := bytes.Cut(payload, prelude); ok && len(head) > 0 && head[0] == '{' {
		var a answer
		if err := json.Unmarshal(head, &a); err != nil {
			return nil, fmt.Errorf("reading the response's prelude: %w", err)
		}
		a.Body = nil
		r, err := a.response("application/octet-stream")
		if err == nil {
			r.Body = body
		}
		return r, err
	}
	if !json.Valid(payload) { // of a streaming handler
		return &Response{Status: http.StatusOK, Headers: http.Header{"Content-Type": {"application/octet-stream"}}, Body: payload}, nil
	}
	var a answer
	err := json.Unmarshal(payload, &a)
	if a.Status == nil {
		r := &Response{Status: http.StatusOK, Headers: http.Header{"Content-Type": {"application/json"}}, Body: payload}
		if bytes.Equal(bytes.TrimSpace(payload), []byte("null")) {
			r.Body = nil
		}
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	return a.response("application/json")
}

func (a *answer) response(contentType string) (*Response, error) {
	r := &Response{Status: http.StatusOK, Headers: http.Header{}}
	if a.Status != nil {
		status, err := strconv.Atoi(a.Status.String())
		if err != nil || status < 100 || status > 599 {
			return nil, fmt.Errorf("the response's statusCode %s is none", a.Status)
		}
		r.Status = status
	}
	for name, raw := range a.Headers {
		r.Headers.Set(name, text(raw))
	}
	for name, values := range a.Multi {
		r.Headers[http.CanonicalHeaderKey(name)] = values
	}
	for _, c := range a.Cookies {
		r.Headers.Add("Set-Cookie", c)
	}
	if r.Headers.Get("Content-Type") == "" {
		r.Headers.Set("Content-Type", contentType)
	}
	if len(a.Body) == 0 || string(a.Body) == "null" {
		return r, nil
	}
	body := text(a.Body)
	if !a.Base64 {
		r.Body = []byte(body)
		return r, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("the response's body is not in base64: %w", err)
	}
	r.Body = decoded
	return r, nil
}

// text is a JSON text's content, or any other value as it is written.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// Write sends the response.
func (r *Response) Write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range r.Headers {
		switch name {
		case "Content-Length", "Transfer-Encoding", "Connection":
		default:
			h[name] = append(h[name], values...)
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	if r.Status < 200 || r.Status == http.StatusNoContent || r.Status == http.StatusNotModified {
		h.Del("Content-Length")
		r.Body = nil
	}
	w.WriteHeader(r.Status)
	// A client that has gone needs no answer.
	_, _ = w.Write(r.Body)
}
