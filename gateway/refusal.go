package gateway

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/gateway/sigv4"
	"github.com/signalbox/signalbox/wire"
)

// reason is why the front door refuses a request.
type reason int

const (
	unsigned reason = iota
	unknownKey
	expiredToken
	malformed
	unsupported
	skewed
	expired
	mismatch
	payloadMismatch
	tooLarge
	reasons // how many there are
)

// dialect is a family of services that name these errors alike (the "Common
// Errors" page of each API reference).
type dialect int

const (
	jsonDialect  dialect = iota // awsJson and CBOR
	restDialect                 // restJson
	queryDialect                // awsQuery, and services that keep its codes
	s3Dialect
)

type answer struct {
	code    string
	status  int
	message string // "" keeps the reason's own
}

const (
	textUnsigned = "Missing Authentication Token"
	textUnknown  = "The security token included in the request is invalid."
	textExpired  = "The security token included in the request is expired"
)

var answers = [...][reasons]answer{
	jsonDialect: {
		unsigned:        {"MissingAuthenticationTokenException", 400, textUnsigned},
		unknownKey:      {"UnrecognizedClientException", 400, textUnknown},
		expiredToken:    {"ExpiredTokenException", 400, textExpired},
		malformed:       {"IncompleteSignatureException", 400, ""},
		unsupported:     {"IncompleteSignatureException", 400, ""},
		skewed:          {"InvalidSignatureException", 400, ""},
		expired:         {"RequestExpired", 400, ""},
		mismatch:        {"InvalidSignatureException", 400, ""},
		payloadMismatch: {"InvalidSignatureException", 400, ""},
		tooLarge:        {"RequestEntityTooLargeException", 413, ""},
	},
	restDialect: {
		unsigned:        {"MissingAuthenticationTokenException", 403, textUnsigned},
		unknownKey:      {"UnrecognizedClientException", 403, textUnknown},
		expiredToken:    {"ExpiredTokenException", 403, textExpired},
		malformed:       {"IncompleteSignatureException", 403, ""},
		unsupported:     {"IncompleteSignatureException", 403, ""},
		skewed:          {"InvalidSignatureException", 403, ""},
		expired:         {"RequestExpired", 400, ""},
		mismatch:        {"InvalidSignatureException", 403, ""},
		payloadMismatch: {"InvalidSignatureException", 403, ""},
		tooLarge:        {"RequestEntityTooLargeException", 413, ""},
	},
	queryDialect: {
		unsigned:        {"MissingAuthenticationToken", 403, textUnsigned},
		unknownKey:      {"InvalidClientTokenId", 403, textUnknown},
		expiredToken:    {"ExpiredToken", 403, textExpired},
		malformed:       {"IncompleteSignature", 400, ""},
		unsupported:     {"IncompleteSignature", 400, ""},
		skewed:          {"SignatureDoesNotMatch", 403, ""},
		expired:         {"RequestExpired", 400, ""},
		mismatch:        {"SignatureDoesNotMatch", 403, ""},
		payloadMismatch: {"SignatureDoesNotMatch", 403, ""},
		tooLarge:        {"RequestEntityTooLarge", 413, ""},
	},
	s3Dialect: {
		unsigned:        {"AccessDenied", 403, "Access Denied"},
		unknownKey:      {"InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."},
		expiredToken:    {"ExpiredToken", 400, "The provided token has expired."},
		malformed:       {"AuthorizationHeaderMalformed", 400, ""},
		unsupported:     {"InvalidRequest", 400, ""},
		skewed:          {"RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."},
		expired:         {"AccessDenied", 403, "Request has expired"},
		mismatch:        {"SignatureDoesNotMatch", 403, ""},
		payloadMismatch: {"XAmzContentSHA256Mismatch", 400, ""},
		tooLarge:        {"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"},
	},
}

// refusal is a reason with what is to be said of it.
type refusal struct {
	why  reason
	text string // what is wrong; where AWS has a text of its own, it follows that
}

func (r *refusal) Error() string { return r.text }

// as is the refusal in the words of the service.
func (r *refusal) as(s *wire.Service, req *http.Request) *wire.Error {
	return r.in(dialectOf(s, req))
}

func (r *refusal) in(d dialect) *wire.Error {
	a := answers[d][r.why]
	message := a.message
	if message == "" {
		message = r.text
	} else if r.text != "" {
		message += " (" + r.text + ")"
	}
	return &wire.Error{Code: a.code, Status: a.status, Message: message, Fault: wire.Sender}
}

func dialectOf(s *wire.Service, r *http.Request) dialect {
	switch {
	case s.Name == "s3":
		return s3Dialect
	case s.QueryCompatible:
		return queryDialect
	case r.Header.Get("X-Amz-Target") != "" || r.Header.Get("Smithy-Protocol") != "":
		return jsonDialect
	case slices.Contains(s.Protocols, wire.Query), slices.Contains(s.Protocols, wire.RestXML):
		return queryDialect
	case slices.Contains(s.Protocols, wire.RestJSON):
		return restDialect
	}
	return jsonDialect
}

// ofSignature is the refusal that an error of sigv4 amounts to.
func ofSignature(err error) *refusal {
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return &refusal{malformed, err.Error()}
	}
	why := map[sigv4.Kind]reason{
		sigv4.Malformed: malformed, sigv4.Unsupported: unsupported, sigv4.Skewed: skewed,
		sigv4.Expired: expired, sigv4.Mismatch: mismatch, sigv4.PayloadMismatch: payloadMismatch,
	}[e.Kind]
	return &refusal{why, e.Message}
}

// unknownService answers a request for a service that there is not.
func (g *Gateway) unknownService(x *exchange, r *http.Request, name string) {
	e := &wire.Error{Code: "UnknownService", Status: http.StatusNotFound, Fault: wire.Sender,
		Message: "The request names no service: sign it, send X-Amz-Target, or name the service in the host, as in sqs.us-east-1.localhost."}
	if name != "" {
		e.Status, e.Fault = http.StatusNotImplemented, wire.Receiver
		e.Message = "Signalbox has no service '" + clip(name) + "'; it has " + strings.Join(g.services.names, ", ") + "."
	}
	if speaksXML(name, r) {
		xmlSpeaker.ServeError(x, r, &x.req, e)
		return
	}
	wire.WriteError(x, r, &x.req, e)
}

// xmlSpeaker is no service; it answers errors in XML.
var xmlSpeaker = &wire.Service{Model: wire.Model{Protocols: []wire.Protocol{wire.RestXML}}}

func speaksXML(name string, r *http.Request) bool {
	switch name {
	case "s3", "route53", "cloudfront", "s3-control":
		return true
	}
	return strings.Contains(r.Header.Get("Content-Type"), "xml") || isForm(r)
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
