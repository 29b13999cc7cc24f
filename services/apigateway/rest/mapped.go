package rest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/vtl"
	"github.com/signalbox/signalbox/wire"
)

// outgoing is the integration's request, beside its body.
type outgoing struct {
	header http.Header
	query  url.Values
	path   map[string]string
}

// fill puts path parameters into a URI: {name} and {name+}.
func (o *outgoing) fill(uri string) string {
	for name, v := range o.path {
		v = (&url.URL{Path: unescape(v), RawPath: v}).EscapedPath()
		uri = strings.ReplaceAll(uri, "{"+name+"}", v)
		uri = strings.ReplaceAll(uri, "{"+name+"+}", v)
	}
	return uri
}

// mapParameters fills in the integration's request by requestParameters.
func (c *call) mapParameters(i *apigateway.Integration, out *outgoing) error {
	for target, expression := range i.RequestParameters {
		values, ok := c.x.Value(expression)
		if !ok {
			continue
		}
		place, name, _ := strings.Cut(strings.TrimPrefix(target, "integration.request."), ".")
		switch place {
		case "header":
			out.header[http.CanonicalHeaderKey(name)] = values
		case "querystring":
			out.query[name] = values
		case "path":
			out.path[name] = values[0]
		default:
			return &refused{kind: "API_CONFIGURATION_ERROR", cause: fmt.Errorf("requestParameters: %s is nothing that can be set", target)}
		}
	}
	return nil
}

// override takes what a template set in $context.requestOverride.
func (c *call) override(out *outgoing) {
	if c.x.Context == nil {
		return // no template has asked for it
	}
	o, is := c.x.Context.Get("requestOverride").(*vtl.Map)
	if !is {
		return
	}
	each := func(place string, set func(name, v string)) {
		if m, is := o.Get(place).(*vtl.Map); is {
			for _, e := range m.Entries() {
				name, _ := vtl.Text(e.Key)
				v, err := vtl.Text(e.Value)
				if err == nil {
					set(name, v)
				}
			}
		}
	}
	each("header", func(name, v string) { out.header.Set(name, v) })
	each("querystring", func(name, v string) { out.query.Set(name, v) })
	each("path", func(name, v string) { out.path[name] = v })
}

// mapped answers by an integration that maps the request and the response.
func (c *call) mapped(i *apigateway.Integration) error {
	out := &outgoing{header: http.Header{}, query: url.Values{}, path: map[string]string{}}
	body, err := c.requestBody(i)
	if err != nil {
		return err
	}
	if t := c.r.Header.Get("Content-Type"); t != "" {
		out.header.Set("Content-Type", t)
	}
	if err := c.mapParameters(i, out); err != nil {
		return err
	}
	c.override(out)
	var response backend.Response
	var selector string
	switch *i.Type {
	case apigateway.IntegrationTypeMock:
		response, err = mock(body)
	case apigateway.IntegrationTypeHttp:
		response, err = c.sendHTTP(i, out, body)
	default:
		response, selector, err = c.sendAWS(i, out, body)
	}
	if err != nil {
		return err
	}
	if selector == "" {
		selector = strconv.Itoa(response.Status)
	}
	return c.respond(i, selector, response)
}

// requestBody maps the body by the template for its content type.
func (c *call) requestBody(i *apigateway.Integration) ([]byte, error) {
	contentType := backend.MediaType(c.r.Header.Get("Content-Type"))
	if contentType == "" {
		contentType = "application/json"
	}
	body := c.x.Body
	if value(i.ContentHandling) == apigateway.ContentHandlingStrategyConvertToText && backend.IsBinary(c.api.BinaryMediaTypes, contentType) {
		body = []byte(base64.StdEncoding.EncodeToString(body))
	}
	text, ok := i.RequestTemplates[contentType]
	if !ok {
		switch never := value(i.PassthroughBehavior); {
		case never == "NEVER", never == "WHEN_NO_TEMPLATES" && len(i.RequestTemplates) > 0:
			return nil, refuse("UNSUPPORTED_MEDIA_TYPE")
		}
		return decodeContent(i.ContentHandling, body)
	}
	whole := c.x.Body
	c.x.Body = body
	out, err := c.render(c.x, text)
	c.x.Body = whole
	if err != nil {
		return nil, err
	}
	return decodeContent(i.ContentHandling, []byte(out))
}

func decodeContent(handling *string, body []byte) ([]byte, error) {
	if value(handling) != apigateway.ContentHandlingStrategyConvertToBinary {
		return body, nil
	}
	plain, err := base64.StdEncoding.DecodeString(string(body))
	if err != nil {
		return nil, internal(http.StatusInternalServerError, fmt.Errorf("CONVERT_TO_BINARY: %w", err))
	}
	return plain, nil
}

func (c *call) render(x *mapping.Exchange, text string) (string, error) {
	t, err := c.template(text)
	if err != nil {
		return "", &refused{kind: "API_CONFIGURATION_ERROR", cause: err}
	}
	out, err := x.Render(t)
	if errors.Is(err, mapping.ErrBody) && x.Response == nil {
		return "", &refused{kind: "BAD_REQUEST_BODY", message: "Could not parse request body into json: " + rootOf(err), cause: err}
	}
	if err != nil {
		return "", internal(http.StatusInternalServerError, fmt.Errorf("mapping template: %w", err))
	}
	return out, nil
}

// rootOf is what the JSON reader said.
func rootOf(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, mapping.ErrBody.Error()+": "); ok {
		return after
	}
	return text
}

// statusCode is a mock's status in its mapped request. That need not be good
// JSON, as on AWS: what deploys CORS preflights writes { statusCode: 204 }.
var statusCode = regexp.MustCompile(`(?:^|[{,\s])["']?statusCode["']?\s*:\s*["']?(\d{3})\b`)

// mock answers with the status that the mapped request names.
func mock(body []byte) (backend.Response, error) {
	m := statusCode.FindSubmatch(body)
	if m == nil {
		return backend.Response{}, internal(http.StatusInternalServerError, fmt.Errorf("the mock's request has no statusCode: %s", clip(body)))
	}
	status, err := strconv.Atoi(string(m[1]))
	return backend.Response{Status: status, Header: http.Header{}}, err
}

// sendAWS calls a function or another service. selector is what integration
// responses are chosen by: of a function, its error's message.
func (c *call) sendAWS(i *apigateway.Integration, out *outgoing, body []byte) (r backend.Response, selector string, err error) {
	uri := out.fill(c.x.StageVariable(value(i.Uri)))
	if function, ok := backend.Function(uri); ok {
		return c.callFunction(backend.Invocation{Function: function, Payload: body, Role: value(i.Credentials), Source: c.arn(*c.resource.Path)}, out)
	}
	call, ok := backend.ParseURI(uri)
	if !ok {
		return r, "", &refused{kind: "API_CONFIGURATION_ERROR", cause: fmt.Errorf("%q is no URI of an integration", uri)}
	}
	call.Scope.Account, call.Role, call.Header, call.Body = c.d.Account, value(i.Credentials), out.header, body
	call.Method = strings.ToUpper(value(i.HttpMethod))
	if call.Method == "ANY" {
		call.Method = c.r.Method
	}
	for name, values := range out.query {
		call.Query[name] = values
	}
	r, err = c.Services.Call(c.ctx, call)
	if err != nil {
		return r, "", internal(http.StatusInternalServerError, fmt.Errorf("calling %s: %w", uri, err))
	}
	return r, "", nil
}

func (c *call) callFunction(in backend.Invocation, out *outgoing) (r backend.Response, selector string, err error) {
	in.Event = strings.EqualFold(out.header.Get("X-Amz-Invocation-Type"), "Event")
	if len(in.Payload) > 0 && !json.Valid(in.Payload) {
		_, err := vtl.DecodeJSON(in.Payload)
		return r, "", &refused{kind: "BAD_REQUEST_BODY", message: fmt.Sprintf("Could not parse request body into json: %v", err), cause: err}
	}
	answer, err := c.Functions.Invoke(c.ctx, in)
	if err != nil {
		return r, "", internal(http.StatusInternalServerError, fmt.Errorf("invoking %s: %w", in.Function, err))
	}
	r = backend.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: answer.Payload}
	if in.Event {
		r.Status = http.StatusAccepted
	}
	if answer.Failed {
		var e struct {
			ErrorMessage string `json:"errorMessage"`
		}
		_ = json.Unmarshal(answer.Payload, &e) // what is no error object has no message
		if selector = e.ErrorMessage; selector == "" {
			selector = "Unhandled"
		}
	}
	return r, selector, nil
}

// selected is the integration response whose pattern the whole selector matches,
// else the one without a pattern.
func selected(i *apigateway.Integration, selector string) *apigateway.IntegrationResponse {
	var standard *apigateway.IntegrationResponse
	statuses := make([]string, 0, len(i.IntegrationResponses))
	for status := range i.IntegrationResponses {
		statuses = append(statuses, status)
	}
	slices.Sort(statuses)
	for _, status := range statuses {
		r := i.IntegrationResponses[status]
		pattern := value(r.SelectionPattern)
		if pattern == "" {
			if standard == nil {
				standard = &r
			}
			continue
		}
		if re, err := regexp.Compile("(?s)^(?:" + pattern + ")$"); err == nil && re.MatchString(selector) {
			return &r
		}
	}
	return standard
}

// respond maps an integration's response and sends it.
func (c *call) respond(i *apigateway.Integration, selector string, from backend.Response) error {
	r := selected(i, selector)
	if r == nil {
		return &refused{kind: "API_CONFIGURATION_ERROR", cause: fmt.Errorf("no integration response is for %q, and none is the default: %s", selector, clip(from.Body))}
	}
	c.x.Response = &mapping.Response{Status: from.Status, Header: from.Header, Body: from.Body}
	if value(r.ContentHandling) == apigateway.ContentHandlingStrategyConvertToText {
		c.x.Response.Body = []byte(base64.StdEncoding.EncodeToString(from.Body))
	}
	contentType := chooseTemplate(r.ResponseTemplates, c.r.Header.Get("Accept"))
	body := c.x.Response.Body
	if text, ok := r.ResponseTemplates[contentType]; ok && text != "" {
		out, err := c.render(c.x, text)
		if err != nil {
			return err
		}
		body = []byte(out)
	}
	body, err := decodeContent(r.ContentHandling, body)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", contentType)
	mapped := http.Header{}
	for target, expression := range r.ResponseParameters {
		name := strings.TrimPrefix(target, "method.response.header.")
		if values, ok := c.x.Value(expression); ok {
			mapped[http.CanonicalHeaderKey(name)] = values
		}
	}
	status, _ := strconv.Atoi(wire.Value(r.StatusCode))
	status = c.overrideResponse(status, mapped)
	c.copyHeader(mapped)
	c.write(status, body)
	return nil
}

// overrideResponse takes what a template set in $context.responseOverride.
func (c *call) overrideResponse(status int, header http.Header) int {
	if c.x.Context == nil {
		return status
	}
	o, is := c.x.Context.Get("responseOverride").(*vtl.Map)
	if !is {
		return status
	}
	if v := o.Get("status"); v != nil {
		text, _ := vtl.Text(v)
		if n, err := strconv.Atoi(text); err == nil && n >= 100 && n <= 599 {
			status = n
		}
	}
	if m, is := o.Get("header").(*vtl.Map); is {
		for _, e := range m.Entries() {
			name, _ := vtl.Text(e.Key)
			if v, err := vtl.Text(e.Value); err == nil {
				header.Set(name, v)
			}
		}
	}
	return status
}
