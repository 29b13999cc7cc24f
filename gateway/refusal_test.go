package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// callTo is a good call to each of the kinds of services, unsigned.
var callTo = map[string]func() *http.Request{
	"events": func() *http.Request {
		r := httptest.NewRequest("POST", "http://localhost:4566/", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
		return r
	},
	"sts": func() *http.Request {
		return form("http://localhost:4566/", "Action=GetCallerIdentity&Version=2011-06-15")
	},
	"lambda": func() *http.Request {
		return httptest.NewRequest("GET", "http://lambda.us-east-1.localhost:4566/2015-03-31/functions/", nil)
	},
	"s3": func() *http.Request {
		return httptest.NewRequest("GET", "http://s3.localhost:4566/", nil)
	},
}

var bodyOf = map[string]string{"events": "{}", "sts": "Action=GetCallerIdentity&Version=2011-06-15"}

// TestRefusalsAreInTheWordsOfTheService: for each way of being refused, code
// and status in JSON, query, REST and S3.
func TestRefusalsAreInTheWordsOfTheService(t *testing.T) {
	type want struct {
		code   string
		status int
	}
	cases := []struct {
		name    string
		key     RootKey
		late    time.Duration
		change  func(*http.Request)
		message string
		want    map[string]want
	}{
		{"nothing is signed", testRoot, 0, func(r *http.Request) { r.Header.Del("Authorization") }, "", map[string]want{
			"events": {"MissingAuthenticationTokenException", 400}, "sts": {"MissingAuthenticationToken", 403}, "lambda": {"MissingAuthenticationTokenException", 403}, "s3": {"AccessDenied", 403}}},
		{"the key is unknown", RootKey{AccessKeyID: "AKIANOBODY", Secret: "x"}, 0, nil, "", map[string]want{
			"events": {"UnrecognizedClientException", 400}, "sts": {"InvalidClientTokenId", 403}, "lambda": {"UnrecognizedClientException", 403}, "s3": {"InvalidAccessKeyId", 403}}},
		{"the secret is wrong", RootKey{AccessKeyID: testRoot.AccessKeyID, Secret: "x"}, 0, nil, "The Canonical String for this request should have been", map[string]want{
			"events": {"InvalidSignatureException", 400}, "sts": {"SignatureDoesNotMatch", 403}, "lambda": {"InvalidSignatureException", 403}, "s3": {"SignatureDoesNotMatch", 403}}},
		{"a part is missing", testRoot, 0, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders", "Signed", 1))
		}, "requires 'SignedHeaders' parameter", map[string]want{
			"events": {"IncompleteSignatureException", 400}, "sts": {"IncompleteSignature", 400}, "lambda": {"IncompleteSignatureException", 403}, "s3": {"AuthorizationHeaderMalformed", 400}}},
		{"the time is past", testRoot, 10 * time.Minute, nil, "", map[string]want{
			"events": {"InvalidSignatureException", 400}, "sts": {"SignatureDoesNotMatch", 403}, "lambda": {"InvalidSignatureException", 403}, "s3": {"RequestTimeTooSkewed", 403}}},
		{"the payload's hash is another's", testRoot, 0, func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64)) }, "", map[string]want{
			"events": {"InvalidSignatureException", 400}, "sts": {"SignatureDoesNotMatch", 403}, "lambda": {"InvalidSignatureException", 403}, "s3": {"XAmzContentSHA256Mismatch", 400}}},
	}
	for _, c := range cases {
		for service, want := range c.want {
			t.Run(c.name+" at "+service, func(t *testing.T) {
				d := open(t, required)
				r := callTo[service]()
				sign(t, r, service, bodyOf[service], c.key, d.clock.Now())
				d.clock.Advance(c.late)
				if c.change != nil {
					c.change(r)
				}
				w := d.ask(r)
				code, message := readError(t, w)
				if code != want.code || w.Code != want.status || !strings.Contains(message, c.message) || message == "" {
					t.Errorf("%d %s %q; want %d %s …%s…", w.Code, code, message, want.status, want.code, c.message)
				}
				if _, _, called := d.last(); called {
					t.Error("refused, and yet the operation was called")
				}
				if n := d.Stats().Refused; n != 1 {
					t.Errorf("%d counted as refused", n)
				}
			})
		}
	}
}

func TestWhatIsSignedRightIsServed(t *testing.T) {
	for service, call := range callTo {
		d := open(t, required)
		r := call()
		sign(t, r, service, bodyOf[service], testRoot, d.clock.Now())
		if w := d.ask(r); w.Code != 200 {
			t.Errorf("%s: %d %s", service, w.Code, w.Body)
		}
		if c, _, _ := d.last(); c.Service != service || c.Account != testRoot.Account || c.AccessKeyID != testRoot.AccessKeyID {
			t.Errorf("%s: told %+v", service, c)
		}
	}
}

// sign signs as the SDK does.
func sign(t *testing.T, r *http.Request, service, body string, key RootKey, at time.Time) {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	if err := signer.SignHTTP(context.Background(), aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.Secret}, r, hash, service, "us-east-1", at); err != nil {
		t.Fatal(err)
	}
}

// readError reads code and message of an error in JSON or XML.
func readError(t *testing.T, w *httptest.ResponseRecorder) (code, message string) {
	t.Helper()
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		var e struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, w.Body)
		}
		return e.Type[strings.IndexByte(e.Type, '#')+1:], e.Message
	}
	var e struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return e.Code, e.Message
}

func TestAChunkedBodyReachesTheOperationDecoded(t *testing.T) {
	d := open(t, nil)
	r := httptest.NewRequest("POST", "http://localhost:4566/", strings.NewReader("1\r\n{\r\n1\r\n}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"))
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	sign(t, r, "events", "", RootKey{AccessKeyID: "test", Secret: "test"}, d.clock.Now())
	if w := d.ask(r); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	r = httptest.NewRequest("POST", "http://localhost:4566/", strings.NewReader("nonsense"))
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	sign(t, r, "events", "", RootKey{AccessKeyID: "test", Secret: "test"}, d.clock.Now())
	if w := d.ask(r); w.Code != 400 || !strings.Contains(w.Body.String(), "aws-chunked") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// brokenKeys cannot look anything up.
type brokenKeys struct{}

func (brokenKeys) Lookup(context.Context, string, string) (Credential, error) {
	return Credential{}, errors.New("the store is closed")
}

func TestKeysThatCannotBeLookedUpAreNoRefusal(t *testing.T) {
	d := open(t, func(c *Config) { c.Keys = brokenKeys{} })
	r := callTo["events"]()
	sign(t, r, "events", "{}", testRoot, d.clock.Now())
	w := d.ask(r)
	if code, message := readError(t, w); w.Code != 500 || code != "InternalFailure" || strings.Contains(message, "store") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(d.log.String(), "the store is closed") {
		t.Error("the cause is not in the log")
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	s := services(&seen{})
	for name, c := range map[string]Config{
		"signatures required without keys": {Auth: Required, Services: s},
		"two services of one name":         {Services: append(s, s[0])},
		"a route without a handler":        {Routes: []Route{{Name: "x", Match: MatchPath("/x/")}}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
