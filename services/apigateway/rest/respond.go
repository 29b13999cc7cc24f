package rest

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/refusal"
	"github.com/signalbox/signalbox/vtl"
)

// refuse answers with the gateway response for an error.
func (c *call) refuse(err error) {
	if c.r.Context().Err() != nil {
		return // nobody is there
	}
	why, is := errors.AsType[*refused](err)
	if !is {
		why = internal(http.StatusInternalServerError, err)
	}
	standard := refusal.Kinds[why.kind]
	if why.message == "" {
		why.message = standard.Message
	}
	if why.cause != nil {
		c.Logger.LogAttrs(c.r.Context(), slog.LevelWarn, "API request failed", slog.String("api", c.a.API), slog.String("stage", c.a.Stage),
			slog.String("method", c.r.Method), slog.String("path", c.a.Path), slog.String("request", c.req.RequestID),
			slog.String("type", why.kind), slog.Any("error", why.cause))
	}
	c.failed = why
	definition := c.d.Definition
	if definition == nil {
		definition = &apigateway.Definition{}
	}
	response := definition.Response(why.kind)
	status := standard.Status
	if why.status != 0 {
		status = why.status
	}
	if response.StatusCode != nil && (!response.DefaultResponse || why.status == 0) {
		if n, err := strconv.Atoi(*response.StatusCode); err == nil && (why.status == 0 || n != standard.Status) {
			status = n
		}
	}
	h := c.w.Header()
	h.Set("X-Amzn-Errortype", standard.Type)
	contentType, body := c.gatewayBody(&response, why)
	if c.x != nil {
		for name, expression := range response.ResponseParameters {
			if name, is := strings.CutPrefix(name, "gatewayresponse.header."); is {
				if values, ok := c.x.Value(expression); ok {
					h.Set(name, values[0])
				}
			}
		}
	}
	h.Set("Content-Type", contentType)
	c.write(status, body)
}

// gatewayBody renders a gateway response's template, by what the client accepts.
func (c *call) gatewayBody(r *apigateway.GatewayResponse, why *refused) (contentType string, body []byte) {
	contentType = chooseTemplate(r.ResponseTemplates, c.r.Header.Get("Accept"))
	message, _ := vtl.EncodeJSON(why.message)
	plain := []byte(`{"message":` + message + `}`)
	text, ok := r.ResponseTemplates[contentType]
	if !ok || c.x == nil {
		return "application/json", plain
	}
	c.x.Variables().Put("error", vtl.NewMap("message", why.message, "messageString", message, "responseType", why.kind, "validationErrorString", why.detail))
	t, err := c.template(text)
	if err != nil {
		return "application/json", plain
	}
	c.x.Response = nil
	out, err := c.x.Render(t)
	if err != nil {
		return "application/json", plain
	}
	return contentType, []byte(out)
}

// chooseTemplate picks a response's template: the first that the client accepts,
// that for JSON, or the first by name.
func chooseTemplate(templates map[string]string, accept string) string {
	for t := range strings.SplitSeq(accept, ",") {
		if t = backend.MediaType(t); templates[t] != "" {
			return t
		}
	}
	if _, ok := templates["application/json"]; ok || len(templates) == 0 {
		return "application/json"
	}
	var names []string
	for name := range templates {
		names = append(names, name)
	}
	return slices.Min(names)
}

// copyHeader takes over an integration's headers; those that would clash with
// the server's own get API Gateway's other name for them.
func (c *call) copyHeader(from http.Header) {
	h := c.w.Header()
	for name, values := range from {
		name = http.CanonicalHeaderKey(name)
		if slices.Contains(backend.Remapped, name) {
			name = "X-Amzn-Remapped-" + name
		}
		switch name {
		case "X-Amzn-Requestid", "X-Amz-Apigw-Id":
			name = "X-Amzn-Remapped-" + name
		}
		h[name] = append([]string(nil), values...)
	}
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
