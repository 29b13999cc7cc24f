package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/backend"
	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
	"github.com/signalbox/signalbox/wire"
)

// proxyFunction hands the request to a function and sends what it answers.
func (c *call) proxyFunction(i *apigatewayv2.Integration) error {
	function, ok := backend.Function(c.exchange(nil).StageVariable(wire.Value(i.IntegrationUri)))
	if !ok {
		return broken(fmt.Errorf("%s names no function", wire.Value(i.IntegrationUri)))
	}
	var event any = c.event2()
	if *i.PayloadFormatVersion == "1.0" {
		event = c.event1()
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return err
	}
	if len(payload) > backend.MaxPayload {
		return &refusal{status: http.StatusRequestEntityTooLarge, message: "Request Entity Too Large"}
	}
	answer, err := c.Functions.Invoke(c.ctx, backend.Invocation{Function: function, Payload: payload, Role: wire.Value(i.CredentialsArn), Source: c.source()})
	if err != nil {
		return broken(fmt.Errorf("invoking %s: %w", function, err))
	}
	if answer.Failed {
		return broken(fmt.Errorf("%s failed: %s", function, clip(answer.Payload)))
	}
	decode := backend.DecodeProxied2
	if *i.PayloadFormatVersion == "1.0" {
		decode = backend.DecodeProxied
	}
	p, err := decode(answer.Payload)
	if err != nil {
		return broken(fmt.Errorf("%s: %w: %s", function, err, clip(answer.Payload)))
	}
	body, err := p.Plain(true)
	if err != nil {
		return broken(err)
	}
	header := functionHeader(p)
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", p.ContentType())
	}
	c.respond(i, backend.Response{Status: p.Status, Header: header, Body: body})
	return nil
}

func clip(b []byte) string {
	if len(b) > 300 {
		return string(b[:300]) + "…"
	}
	return string(b)
}

// proxyHTTP hands the request to an HTTP server and sends what it answers.
func (c *call) proxyHTTP(i *apigatewayv2.Integration) error {
	text := c.exchange(nil).StageVariable(wire.Value(i.IntegrationUri))
	for name, v := range c.params {
		escaped := (&url.URL{Path: v}).EscapedPath()
		text = strings.NewReplacer("{"+name+"}", escaped, "{"+name+"+}", escaped).Replace(text)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return broken(fmt.Errorf("%q is no URL", text))
	}
	header := c.header()
	header.Del("Host")
	header.Del("Content-Length")
	backend.DropHops(header)
	query := c.r.URL.Query()
	if path := c.mapRequest(i.RequestParameters, header, query); path != "" {
		if replaced, err := url.Parse(path); err == nil {
			u.Path, u.RawPath = replaced.Path, replaced.RawPath
		}
	}
	own := u.Query()
	for name, values := range query {
		own[name] = values
	}
	u.RawQuery = own.Encode()
	method := strings.ToUpper(wire.Value(i.IntegrationMethod))
	if method == "ANY" || method == "" {
		method = c.r.Method
	}
	response, err := backend.Do(c.ctx, c.HTTP, method, u.String(), header, c.body)
	if err != nil {
		if c.ctx.Err() != nil {
			return err
		}
		return &refusal{http.StatusServiceUnavailable, "Service Unavailable", err}
	}
	for _, name := range backend.Remapped {
		response.Header.Del(name)
	}
	c.respond(i, response)
	return nil
}

// numbers are the parameters of operations that are numbers, objects those that
// are JSON.
var (
	numbers = map[string]bool{"DelaySeconds": true, "MaxNumberOfMessages": true, "VisibilityTimeout": true, "WaitTimeSeconds": true}
	objects = map[string]bool{"MessageAttributes": true, "MessageSystemAttributes": true, "Resources": true, "AttributeNames": true, "MessageAttributeNames": true}
	spelled = map[string]string{"StateMachineArn": "stateMachineArn", "Name": "name", "Input": "input", "ExecutionArn": "executionArn", "Cause": "cause", "Error": "error", "TraceHeader": "traceHeader"}
)

// operation calls an operation of an AWS service.
func (c *call) operation(i *apigatewayv2.Integration) error {
	t := apigatewayv2.Subtypes[*i.IntegrationSubtype]
	in := map[string]any{}
	for name, expression := range i.RequestParameters {
		text := c.expand(expression, nil)
		if text == "" {
			continue
		}
		switch {
		case numbers[name]:
			in[name] = number(text)
		case objects[name] && json.Valid([]byte(text)):
			in[name] = json.RawMessage(text)
		case objects[name]:
			in[name] = strings.Split(text, ",")
		case t.Service == "states" && spelled[name] != "":
			in[spelled[name]] = text
		default:
			in[name] = text
		}
	}
	scope := c.d.Scope
	if region, is := in["Region"].(string); is {
		scope.Region = region
		delete(in, "Region")
	}
	var body any = in
	if t.Action == "PutEvents" {
		body = map[string]any{"Entries": []any{in}}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	response, err := c.Services.Call(c.ctx, backend.Call{
		Scope: scope, Role: wire.Value(i.CredentialsArn), Service: t.Service, Action: t.Action, Path: "/", Method: http.MethodPost,
		Query: url.Values{}, Header: http.Header{"Content-Type": {"application/json"}}, Body: data,
	})
	if err != nil {
		return broken(err)
	}
	c.respond(i, backend.Response{Status: response.Status, Header: http.Header{"Content-Type": {"application/json"}}, Body: response.Body})
	return nil
}
