package apidestination

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/transform"
	"github.com/signalbox/signalbox/wire"
)

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
		if err := setHeader(request.Header, name, dynamic(text, r.Event.Data)); err != nil {
			return nil, err
		}
	}
	for _, p := range invocation.QueryStringParameters {
		query.Set(wire.Value(p.Key), wire.Value(p.Value))
	}
	for _, p := range invocation.HeaderParameters {
		if err := setHeader(request.Header, wire.Value(p.Key), wire.Value(p.Value)); err != nil {
			return nil, err
		}
	}
	request.URL.RawQuery = query.Encode()
	return request, nil
}

// ownHeaders are those that EventBridge sets itself, whatever the parameters say.
var ownHeaders = []string{
	"Connection", "Content-Encoding", "Content-Length", "Expect", "Host", "Proxy-Authorization", "Range", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "User-Agent", "Via",
}

// setHeader sets a header that parameters give. The error does not tell the
// value, which may be a secret.
func setHeader(h http.Header, name, value string) error {
	name = textproto.CanonicalMIMEHeaderKey(name)
	if slices.Contains(ownHeaders, name) {
		return nil
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("the value for the header %s holds a control character", name)
	}
	h.Set(name, value)
	return nil
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
func withBody(body []byte, parameters []api.ConnectionBodyParameter) ([]byte, error) {
	if len(parameters) == 0 {
		return body, nil
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, errors.New("the connection has body parameters, but the target's input is no JSON object")
	}
	for _, p := range parameters {
		members[wire.Value(p.Key)] = json.RawMessage(api.JSON(wire.Value(p.Value)))
	}
	return []byte(api.JSON(members)), nil
}
