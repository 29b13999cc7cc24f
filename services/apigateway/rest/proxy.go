package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/backend"
)

// proxyFunction hands the whole request to a function and sends what it answers
// (user guide, page set-up-lambda-proxy-integrations).
func (c *call) proxyFunction(i *apigateway.Integration) error {
	function, ok := backend.Function(c.x.StageVariable(value(i.Uri)))
	if !ok {
		return internal(http.StatusInternalServerError, fmt.Errorf("%s names no function: AWS_PROXY integrations with other services are not implemented", value(i.Uri)))
	}
	event, err := json.Marshal(c.event())
	if err != nil {
		return err
	}
	if len(event) > backend.MaxPayload {
		return refuse("REQUEST_TOO_LARGE")
	}
	answer, err := c.Functions.Invoke(c.ctx, backend.Invocation{Function: function, Payload: event, Role: value(i.Credentials), Source: c.arn(*c.resource.Path)})
	if err != nil {
		return internal(http.StatusInternalServerError, fmt.Errorf("invoking %s: %w", function, err))
	}
	if answer.Failed {
		return internal(http.StatusBadGateway, fmt.Errorf("%s failed: %s", function, clip(answer.Payload)))
	}
	p, err := backend.DecodeProxied(answer.Payload)
	if err != nil {
		return internal(http.StatusBadGateway, fmt.Errorf("%s: %w: %s", function, err, clip(answer.Payload)))
	}
	body, err := p.Plain(backend.AcceptsBinary(c.api.BinaryMediaTypes, c.r.Header.Get("Accept")))
	if err != nil {
		return internal(http.StatusBadGateway, err)
	}
	c.copyHeader(p.Header)
	h := c.w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", c.x.Header.Get("X-Amzn-Trace-Id"))
	}
	c.write(p.Status, body)
	return nil
}

func clip(b []byte) string {
	if len(b) > 300 {
		return string(b[:300]) + "…"
	}
	return string(b)
}

// event is the function's input.
func (c *call) event() backend.Event {
	body, encoded := backend.EncodeBody(c.x.Body, backend.IsBinary(c.api.BinaryMediaTypes, c.r.Header.Get("Content-Type")))
	return backend.Event{
		Resource: *c.resource.Path, Path: c.a.Base + c.a.Path, HTTPMethod: c.r.Method,
		Headers: backend.Last(c.x.Header), MultiValueHeaders: c.x.Header,
		QueryStringParameters: backend.Last(c.x.Query), MultiValueQueryStringParameters: backend.NilIfEmpty(c.x.Query),
		PathParameters: backend.NilIfEmpty(c.x.Path), StageVariables: backend.NilIfEmpty(c.x.StageVariables),
		RequestContext: c.requestContext(), Body: body, IsBase64Encoded: encoded,
	}
}

// proxyHTTP hands the whole request to an HTTP server and sends what it answers.
func (c *call) proxyHTTP(i *apigateway.Integration) error {
	out := &outgoing{header: c.x.Header.Clone(), query: url.Values{}, path: map[string]string{}}
	for name, values := range c.x.Query {
		out.query[name] = values
	}
	if err := c.mapParameters(i, out); err != nil {
		return err
	}
	out.header.Del("Host")
	backend.DropHops(out.header)
	response, err := c.sendHTTP(i, out, c.x.Body)
	if err != nil {
		return err
	}
	c.copyHeader(response.Header)
	c.write(response.Status, response.Body)
	return nil
}

// sendHTTP calls an HTTP server.
func (c *call) sendHTTP(i *apigateway.Integration, out *outgoing, body []byte) (backend.Response, error) {
	text := out.fill(c.x.StageVariable(value(i.Uri)))
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return backend.Response{}, &refused{kind: "API_CONFIGURATION_ERROR", cause: fmt.Errorf("%q is no URL", text)}
	}
	query := u.Query()
	for name, values := range out.query {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	method := strings.ToUpper(value(i.HttpMethod))
	if method == "ANY" || method == "" {
		method = c.r.Method
	}
	response, err := backend.Do(c.ctx, c.HTTP, method, u.String(), out.header, body)
	if err != nil {
		if errors.Is(err, c.ctx.Err()) || c.ctx.Err() != nil {
			return response, err
		}
		return response, &refused{kind: "INTEGRATION_FAILURE", message: "Network error communicating with endpoint", cause: err}
	}
	return response, nil
}
