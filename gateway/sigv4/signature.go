package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Algorithm is the one method of signing that is verified.
const Algorithm = "AWS4-HMAC-SHA256"

// MaxExpires is the longest time for which a presigned request can be good.
const MaxExpires = 7 * 24 * time.Hour

// Values of x-amz-content-sha256 that are no hash.
const (
	UnsignedPayload        = "UNSIGNED-PAYLOAD"
	StreamingSigned        = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsigned      = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// Signature is what a request says of its signer. Nothing of it is proven
// before [Verifier.Verify] has said so.
type Signature struct {
	AccessKeyID   string
	Scope         string // "20261121/us-east-1/events/aws4_request"
	Date          string // "20261121"; with Region and Service the parts of Scope
	Region        string
	Service       string
	SignedHeaders string // "host;x-amz-date", lower case, by semicolons
	Hex           string // the signature, 64 lower-case hexadecimal digits
	SessionToken  string
	TimeText      string // "20261121T163000Z", as signed
	Time          time.Time
	Presigned     bool
	Expires       time.Duration // of a presigned request; 0 where it does not say
	PayloadHash   string        // x-amz-content-sha256 as sent, "" for none
}

// Streaming tells whether the body is in the aws-chunked encoding, to be read
// through [Verifier.Chunks].
func (s *Signature) Streaming() bool { return strings.HasPrefix(s.PayloadHash, "STREAMING-") }

// Parse reads the signature of a request. signed is false where it bears none
// (an Authorization header of another scheme, as Bearer, is none). An error is
// an [*Error]; the signature then holds what could be read.
func Parse(r *http.Request) (sig Signature, signed bool, err error) {
	if auth := r.Header["Authorization"]; len(auth) == 1 && strings.HasPrefix(auth[0], "AWS4-") {
		err = parseHeader(&sig, r, auth[0])
		return sig, true, err
	} else if len(auth) > 0 && strings.HasPrefix(auth[0], "AWS ") {
		sig.AccessKeyID, _, _ = strings.Cut(strings.TrimSpace(auth[0][4:]), ":")
		return sig, true, &Error{Unsupported, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}
	} else if len(auth) > 1 {
		return sig, true, &Error{Malformed, "The request has more than one Authorization header."}
	}
	if q := r.URL.RawQuery; strings.Contains(q, "X-Amz-Credential=") || strings.Contains(q, "X-Amz-Algorithm=") || strings.Contains(q, "X-Amz-Signature=") {
		err = parseQuery(&sig, r)
		return sig, true, err
	}
	return sig, false, nil
}

func parseHeader(sig *Signature, r *http.Request, auth string) error {
	algorithm, rest, _ := strings.Cut(auth, " ")
	var credential string
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		switch {
		case !ok || strings.IndexByte(value, ' ') >= 0:
			// What stands there is not repeated: it may be a mangled secret.
			sig.readCredential(credential)
			return &Error{Malformed, "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hashed(auth) + "'."}
		case name == "Credential":
			credential = value
		case name == "SignedHeaders":
			sig.SignedHeaders = value
		case name == "Signature":
			sig.Hex = value
		}
	}
	credentialErr := sig.readCredential(credential)
	if v := r.Header["X-Amz-Security-Token"]; len(v) > 0 {
		sig.SessionToken = v[0]
	}
	if v := r.Header["X-Amz-Content-Sha256"]; len(v) > 0 {
		sig.PayloadHash = v[0]
	}
	if algorithm != Algorithm {
		return &Error{Unsupported, "Unsupported AWS 'algorithm': '" + algorithm + "'."}
	}
	timeErr := sig.readTimeHeader(r)
	if credential == "" || sig.SignedHeaders == "" || sig.Hex == "" || timeErr == errNoTime {
		return incomplete(sig, credential, timeErr, auth)
	}
	if credentialErr != nil {
		return credentialErr
	}
	if timeErr != nil {
		return timeErr
	}
	return sig.check()
}

// incomplete names all that an Authorization header lacks, in AWS's words.
func incomplete(sig *Signature, credential string, timeErr error, auth string) error {
	var b strings.Builder
	for _, p := range [...]struct{ name, value string }{{"Credential", credential}, {"Signature", sig.Hex}, {"SignedHeaders", sig.SignedHeaders}} {
		if p.value == "" {
			b.WriteString("Authorization header requires '" + p.name + "' parameter. ")
		}
	}
	if timeErr == errNoTime {
		b.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	b.WriteString("(Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed(auth))
	return &Error{Malformed, b.String()}
}

func parseQuery(sig *Signature, r *http.Request) error {
	q, _ := url.ParseQuery(r.URL.RawQuery) // what cannot be read is missing below
	sig.Presigned = true
	sig.SignedHeaders, sig.Hex = q.Get("X-Amz-SignedHeaders"), q.Get("X-Amz-Signature")
	sig.SessionToken = q.Get("X-Amz-Security-Token")
	sig.PayloadHash = q.Get("X-Amz-Content-Sha256")
	if v := r.Header["X-Amz-Content-Sha256"]; len(v) > 0 {
		sig.PayloadHash = v[0]
	}
	credentialErr := sig.readCredential(q.Get("X-Amz-Credential"))
	var missing strings.Builder
	for _, name := range [...]string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if q.Get(name) == "" {
			missing.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return &Error{Malformed, strings.TrimSpace(missing.String())}
	}
	if a := q.Get("X-Amz-Algorithm"); a != Algorithm {
		return &Error{Unsupported, "Unsupported AWS 'algorithm': '" + a + "'."}
	}
	if credentialErr != nil {
		return credentialErr
	}
	if err := sig.readTime(q.Get("X-Amz-Date")); err != nil {
		return err
	}
	if text := q.Get("X-Amz-Expires"); text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil:
			return &Error{Malformed, "X-Amz-Expires should be a number"}
		case n < 0:
			return &Error{Malformed, "X-Amz-Expires must be non-negative"}
		case n > int(MaxExpires/time.Second):
			return &Error{Malformed, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"}
		}
		sig.Expires = time.Duration(n) * time.Second
		if n == 0 {
			sig.Expires = -1 // said, and over at once
		}
	}
	return sig.check()
}

// readCredential splits keyid/date/region/service/aws4_request. The key id may
// itself hold slashes.
func (s *Signature) readCredential(text string) error {
	at := len(text)
	for range 4 {
		if at = strings.LastIndexByte(text[:max(at, 0)], '/'); at < 0 {
			s.AccessKeyID, _, _ = strings.Cut(text, "/")
			return &Error{Malformed, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + text + "'"}
		}
	}
	s.AccessKeyID, s.Scope = text[:at], text[at+1:]
	var term string
	s.Date, term, _ = strings.Cut(s.Scope, "/")
	s.Region, term, _ = strings.Cut(term, "/")
	s.Service, term, _ = strings.Cut(term, "/")
	switch {
	case s.AccessKeyID == "":
		return &Error{Malformed, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + text + "'"}
	case term != "aws4_request":
		return &Error{Malformed, "Credential should be scoped with a valid terminator: 'aws4_request', not '" + term + "'."}
	case !isRegion(s.Region):
		return &Error{Malformed, "Credential should be scoped to a valid region, not '" + s.Region + "'."}
	case s.Service == "":
		return &Error{Malformed, "Credential should be scoped to a service."}
	}
	return nil
}

func isRegion(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// errNoTime stands for an absent time until the message is put together.
var errNoTime = &Error{Kind: Malformed}

func (s *Signature) readTimeHeader(r *http.Request) error {
	if v := r.Header["X-Amz-Date"]; len(v) > 0 {
		return s.readTime(v[0])
	}
	v := r.Header["Date"]
	if len(v) == 0 {
		return errNoTime
	}
	if t, err := http.ParseTime(v[0]); err == nil {
		s.Time = t.UTC()
		s.TimeText = s.Time.Format(timeFormat)
		return nil
	}
	return s.readTime(v[0])
}

const timeFormat = "20060102T150405Z"

func (s *Signature) readTime(text string) error {
	var n [6]int
	if len(text) == len(timeFormat) && text[8] == 'T' && text[15] == 'Z' {
		at, ok := 0, true
		for i, width := range [...]int{4, 2, 2, 2, 2, 2} {
			if i == 3 {
				at++ // the T
			}
			for range width {
				d := text[at] - '0'
				ok = ok && d <= 9
				n[i] = n[i]*10 + int(d)
				at++
			}
		}
		if ok && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= 31 && n[3] < 24 && n[4] < 60 && n[5] < 60 {
			s.TimeText, s.Time = text, time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
			return nil
		}
	}
	return &Error{Malformed, "Date must be in ISO-8601 'basic format'. Got '" + text + "'. See http://en.wikipedia.org/wiki/ISO_8601"}
}

// check holds the parts against each other.
func (s *Signature) check() error {
	if s.Date != s.TimeText[:8] {
		return &Error{Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			s.Date + "' != '" + s.TimeText[:8] + "', from '" + s.TimeText + "'."}
	}
	// Without order, a header could be named, and so written, any number of times.
	if !inOrder(s.SignedHeaders) {
		return &Error{Malformed, "'SignedHeaders' must be header names in lower case, sorted, each once, separated by semicolons."}
	}
	if !signs(s.SignedHeaders, "host") && !signs(s.SignedHeaders, ":authority") {
		return &Error{Malformed, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	return nil
}

func inOrder(list string) bool {
	before := ""
	for h := range strings.SplitSeq(list, ";") {
		if h <= before {
			return false
		}
		before = h
	}
	for i := range len(list) {
		if c := list[i]; c <= ' ' || c >= 'A' && c <= 'Z' || c > '~' {
			return false
		}
	}
	return true
}

// signs tells whether the list of signed headers has name.
func signs(list, name string) bool {
	for h := range strings.SplitSeq(list, ";") {
		if h == name {
			return true
		}
	}
	return false
}
