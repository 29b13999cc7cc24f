package backend

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// Functions invokes Lambda functions.
type Functions interface {
	// Invoke calls a function. The error is what kept it from running;
	// ErrNoFunction where there is none.
	Invoke(ctx context.Context, in Invocation) (Answer, error)
}

// Invocation is a call of a function.
type Invocation struct {
	Function string // ARN, with or without a qualifier
	Payload  []byte // JSON
	Event    bool   // it is accepted and called later
	Role     string // ARN of the credentials; "": by the function's policy
	Source   string // ARN of the API's method that it is called for
}

// Answer is what a function returned.
type Answer struct {
	Payload []byte // JSON; the error where it failed
	Failed  bool   // the function threw, exited or timed out
}

// Services calls operations of AWS services.
type Services interface {
	// Call calls one and returns its answer, also where that is an error.
	// ErrNoService, wrapped, says that there is no such service or operation.
	Call(ctx context.Context, c Call) (Response, error)
}

// Call is a request to an AWS service, as an integration's URI describes it:
//
//	arn:aws:apigateway:REGION:SERVICE:action/ACTION
//	arn:aws:apigateway:REGION:SERVICE:path/PATH
type Call struct {
	Scope   wire.Scope // the API's account, and the region of the URI
	Role    string     // ARN of the credentials; "" for none
	Service string     // "events", "sqs", "dynamodb"
	Action  string     // "PutEvents"; "" for the path form
	Path    string     // "/000000000000/queue"; "/" for the action form
	Method  string     // HTTP method
	Query   url.Values
	Header  http.Header
	Body    []byte
}

// Response is an HTTP response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// What callers tell apart.
var (
	ErrNoFunction = errors.New("there is no such function")
	ErrNoService  = errors.New("no such service or operation is implemented")
)

// Function is the ARN of the function that an integration's or authorizer's URI
// names: arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations,
// or the ARN itself.
func Function(uri string) (functionARN string, ok bool) {
	if a, err := arn.Parse(uri); err == nil && a.Service == "lambda" {
		return uri, true
	}
	_, rest, found := strings.Cut(uri, ":lambda:path/")
	if !found {
		return "", false
	}
	_, rest, found = strings.Cut(rest, "/functions/")
	if !found {
		return "", false
	}
	functionARN = strings.TrimSuffix(rest, "/invocations")
	return functionARN, functionARN != ""
}

// ParseURI reads the URI of an AWS integration.
func ParseURI(uri string) (c Call, ok bool) {
	a, err := arn.Parse(uri)
	if err != nil || a.Service != "apigateway" {
		return c, false
	}
	kind, rest, found := strings.Cut(a.Resource, "/")
	if !found {
		return c, false
	}
	c.Scope.Region, c.Service, c.Path = a.Region, a.Account, "/"
	if i := strings.LastIndexByte(c.Service, '.'); i >= 0 { // subdomain.service
		c.Service = c.Service[i+1:]
	}
	switch kind {
	case "action":
		c.Action, rest, _ = strings.Cut(rest, "&")
		c.Query, err = url.ParseQuery(rest)
		return c, err == nil && c.Action != ""
	case "path":
		path, query, _ := strings.Cut(rest, "?")
		c.Path += strings.TrimPrefix(path, "/")
		c.Query, err = url.ParseQuery(query)
		return c, err == nil
	}
	return c, false
}
