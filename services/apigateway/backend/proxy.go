package backend

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Event is the input of a proxy function, payload format 1.0.
type Event struct {
	Version                         string              `json:"version,omitempty"` // of HTTP APIs
	Resource                        string              `json:"resource"`
	Path                            string              `json:"path"`
	HTTPMethod                      string              `json:"httpMethod"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters                  map[string]string   `json:"pathParameters"`
	StageVariables                  map[string]string   `json:"stageVariables"`
	RequestContext                  any                 `json:"requestContext"`
	Body                            *string             `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

// Last takes the last of each name's values: nil for none.
func Last(all map[string][]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	out := make(map[string]string, len(all))
	for name, values := range all {
		if len(values) > 0 {
			out[name] = values[len(values)-1]
		}
	}
	return out
}

// NilIfEmpty writes an empty map as null, as API Gateway does.
func NilIfEmpty[M ~map[string]V, V any](m M) M {
	if len(m) == 0 {
		return nil
	}
	return m
}

// EncodeBody is a body in an event: as text, or in base64 where it is binary or
// no text.
func EncodeBody(body []byte, binary bool) (text *string, encoded bool) {
	switch {
	case len(body) == 0:
		return nil, false
	case binary || !utf8.Valid(body):
		return new(base64.StdEncoding.EncodeToString(body)), true
	}
	return new(string(body)), false
}

// Proxied is what a proxy function answered.
type Proxied struct {
	Status  int
	Header  http.Header
	Cookies []string
	Body    []byte
	Encoded bool // the body is in base64
}

// ErrMalformed is wrapped by the errors of answers that are no responses.
var ErrMalformed = errors.New("malformed Lambda proxy response")

// DecodeProxied reads a proxy function's answer in the form of REST APIs.
func DecodeProxied(payload []byte) (*Proxied, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil || fields == nil {
		return nil, fmt.Errorf("%w: it is no JSON object", ErrMalformed)
	}
	for name := range fields {
		switch name {
		case "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies":
		default:
			return nil, fmt.Errorf("%w: it has a member %q", ErrMalformed, name)
		}
	}
	return decodeFields(fields)
}

// decodeFields reads the members that there are.
func decodeFields(fields map[string]json.RawMessage) (*Proxied, error) {
	out := &Proxied{Status: http.StatusOK, Header: http.Header{}}
	if raw := fields["statusCode"]; raw != nil {
		n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
		if err != nil || n < 100 || n > 599 {
			return nil, fmt.Errorf("%w: its statusCode is %s", ErrMalformed, raw)
		}
		out.Status = n
	}
	var many map[string][]any
	if err := member(fields, "multiValueHeaders", &many); err != nil {
		return nil, err
	}
	for name, values := range many {
		for _, v := range values {
			out.Header.Add(name, scalar(v))
		}
	}
	var single map[string]any
	if err := member(fields, "headers", &single); err != nil {
		return nil, err
	}
	for name, v := range single {
		if _, both := many[name]; !both && v != nil {
			out.Header.Set(name, scalar(v))
		}
	}
	if err := member(fields, "cookies", &out.Cookies); err != nil {
		return nil, err
	}
	var body *string
	if err := member(fields, "body", &body); err != nil {
		return nil, err
	}
	if body != nil {
		out.Body = []byte(*body)
	}
	return out, member(fields, "isBase64Encoded", &out.Encoded)
}

func member(fields map[string]json.RawMessage, name string, out any) error {
	raw := fields[name]
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%w: its %s is of the wrong type", ErrMalformed, name)
	}
	return nil
}

// scalar is a header's value as text.
func scalar(v any) string {
	if s, is := v.(string); is {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// Plain is the body as it is to be sent, decoded where binary says that it may
// be.
func (p *Proxied) Plain(binary bool) ([]byte, error) {
	if !p.Encoded || !binary {
		return p.Body, nil
	}
	b, err := base64.StdEncoding.DecodeString(string(p.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: its body is not in base64", ErrMalformed)
	}
	return b, nil
}

// DecodeProxied2 reads a proxy function's answer in the form of HTTP APIs,
// payload format 2.0: what has no statusCode is the body of a response with 200,
// as JSON.
func DecodeProxied2(payload []byte) (*Proxied, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) == nil && fields["statusCode"] != nil {
		return decodeFields(fields)
	}
	body := payload
	var text string
	if json.Unmarshal(payload, &text) == nil && string(payload) != "null" {
		body = []byte(text)
	}
	return &Proxied{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
}

// ContentType is that of an answer which names none.
func (p *Proxied) ContentType() string {
	if p.Encoded {
		return "application/octet-stream"
	}
	return "text/plain; charset=utf-8"
}
