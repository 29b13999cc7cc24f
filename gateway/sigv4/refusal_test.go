package sigv4

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
)

func TestMalformedSignaturesAreRefusedInAWSsWords(t *testing.T) {
	const scope = "AKID/20261121/us-east-1/events/aws4_request"
	full := "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host;x-amz-date, Signature=00"
	cases := []struct {
		name, auth, date, query string
		kind                    Kind
		want                    string
	}{
		{"a header without anything names all that is missing", "AWS4-HMAC-SHA256 ", "", "", Malformed,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
		{"a header without a date", full, "", "", Malformed, "requires existence of either a 'X-Amz-Date' or a 'Date' header"},
		{"a part without an equal sign", "AWS4-HMAC-SHA256 Credential= secretkey, Signature", "20261121T163000Z", "", Malformed, "missing equal-sign"},
		{"a credential of three parts", strings.Replace(full, scope, "AKID/20261121/us-east-1", 1), "20261121T163000Z", "", Malformed, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKID/20261121/us-east-1'"},
		{"another terminator", strings.Replace(full, "aws4_request", "aws5", 1), "20261121T163000Z", "", Malformed, "valid terminator: 'aws4_request', not 'aws5'"},
		{"a region that is none", strings.Replace(full, "us-east-1", "US EAST", 1), "20261121T163000Z", "", Malformed, "missing equal-sign"},
		{"a region in capitals", strings.Replace(full, "us-east-1", "US", 1), "20261121T163000Z", "", Malformed, "Credential should be scoped to a valid region, not 'US'."},
		{"a scope of another day", full, "20261120T163000Z", "", Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261121' != '20261120', from '20261120T163000Z'."},
		{"a date of another form", full, "2026-11-21T16:30:00Z", "", Malformed, "ISO-8601 'basic format'"},
		{"a host that is not signed", strings.Replace(full, "host;", "", 1), "20261121T163000Z", "", Malformed, "'Host' or ':authority' must be a 'SignedHeader'"},
		{"headers signed twice", strings.Replace(full, "host;", "host;host;", 1), "20261121T163000Z", "", Malformed, "each once"},
		{"headers out of order", strings.Replace(full, "host;x-amz-date", "x-amz-date;host", 1), "20261121T163000Z", "", Malformed, "sorted"},
		{"headers in capitals", strings.Replace(full, "host;", "HOST;host;", 1), "20261121T163000Z", "", Malformed, "lower case"},
		{"another algorithm", strings.Replace(full, "HMAC-SHA256", "ECDSA-P256-SHA256", 1), "20261121T163000Z", "", Unsupported, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"signature version 2", "AWS AKID:c2ln", "20261121T163000Z", "", Unsupported, "not supported"},
		{"a query with a credential alone", "", "", "X-Amz-Credential=" + scope, Malformed, "must include 'X-Amz-Signature'"},
		{"a query that is good for too long", "", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + scope + "&X-Amz-Date=20261121T163000Z&X-Amz-Expires=604801&X-Amz-SignedHeaders=host&X-Amz-Signature=00", Malformed, "604800"},
		{"a query whose time is no number", "", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + scope + "&X-Amz-Date=20261121T163000Z&X-Amz-Expires=x&X-Amz-SignedHeaders=host&X-Amz-Signature=00", Malformed, "should be a number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := rawRequest("POST", "/?"+c.query, "localhost:4566", nil)
			if c.auth != "" {
				r.Header.Set("Authorization", c.auth)
			}
			if c.date != "" {
				r.Header.Set("X-Amz-Date", c.date)
			}
			_, signed, err := Parse(r)
			var e *Error
			if !signed || !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Message, c.want) {
				t.Errorf("signed %v, error %v; want kind %d, …%s…", signed, err, c.kind, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secretkey") {
				t.Errorf("the error repeats what may be a secret: %v", err)
			}
		})
	}
}

func TestUnsignedRequestsAreSeenAsSuch(t *testing.T) {
	for _, auth := range []string{"", "Bearer token", "Basic dTpw"} {
		r := rawRequest("GET", "/?a=b", "localhost", nil)
		if auth != "" {
			r.Header.Set("Authorization", auth)
		}
		if _, signed, err := Parse(r); signed || err != nil {
			t.Errorf("%q: signed %v, error %v", auth, signed, err)
		}
	}
}

func TestSignaturesAreGoodForFiveMinutesEitherWay(t *testing.T) {
	for _, c := range []struct {
		name string
		late time.Duration
		kind *Kind
		want string
	}{
		{"at once", 0, nil, ""},
		{"five minutes later", 5 * time.Minute, nil, ""},
		{"a second more", 5*time.Minute + time.Second, new(Skewed), "Signature expired: 20261121T163000Z is now earlier than 20261121T163001Z (20261121T163501Z - 5 min.)"},
		{"five minutes early", -5 * time.Minute, nil, ""},
		{"a second more, early", -5*time.Minute - time.Second, new(Skewed), "Signature not yet current: 20261121T163000Z is still later than 20261121T162959Z (20261121T162459Z + 5 min.)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, sig := putEvents(t, nil)
			v := NewVerifier(clock.NewFake(now.Add(c.late)))
			verify(t, v, r, "", exampleSecret, c.kind)
			if err := v.Verify(&sig, r, nil, exampleSecret); c.kind != nil && err.Error() != c.want {
				t.Errorf("error = %q, want %q", err, c.want)
			}
		})
	}
}

func TestAPresignedRequestIsGoodForAsLongAsItSays(t *testing.T) {
	rnd := &signedRequest{service: "s3"}
	rnd.Request, _ = http.NewRequest("GET", "http://bucket.s3.localhost:4566/key", nil)
	rnd.sign(t, true)
	rnd.RequestURI = rnd.URL.RequestURI()
	for _, c := range []struct {
		late time.Duration
		kind *Kind
	}{{0, nil}, {599 * time.Second, nil}, {601 * time.Second, new(Expired)}, {-6 * time.Minute, new(Skewed)}} {
		verify(t, NewVerifier(clock.NewFake(now.Add(c.late))), rnd.Request, "", exampleSecret, c.kind)
	}
}

func TestWhatDecidesTheRequestMustBeSigned(t *testing.T) {
	r, _ := putEvents(t, nil)
	auth := r.Header.Get("Authorization")
	r.Header.Set("Authorization", strings.Replace(auth, ";x-amz-target", "", 1))
	verify(t, NewVerifier(clock.NewFake(now)), r, "", exampleSecret, new(Malformed))

	r, _ = putEvents(t, nil)
	r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64))
	verify(t, NewVerifier(clock.NewFake(now)), r, "", exampleSecret, new(PayloadMismatch))
}

func TestS3sHeadersMustAllBeSigned(t *testing.T) {
	s := &signedRequest{service: "s3"}
	s.Request, _ = http.NewRequest("PUT", "http://bucket.s3.localhost:4566/a%20key//with/../dots", nil)
	s.Header.Set("X-Amz-Meta-Colour", "blue")
	s.sign(t, false)
	s.RequestURI = s.URL.RequestURI()
	v := NewVerifier(clock.NewFake(now))
	verify(t, v, s.Request, "", exampleSecret, nil)
	s.Header.Set("X-Amz-Acl", "public-read")
	verify(t, v, s.Request, "", exampleSecret, new(Malformed))
}

func TestPathsThatSDKsLeaveAsTheyAreVerifyToo(t *testing.T) {
	s := &signedRequest{service: "lambda"}
	s.Request, _ = http.NewRequest("GET", "http://localhost:4566/a//b/../c", nil)
	s.sign(t, false) // the Go SDK does not clean paths; AWS's algorithm does
	s.RequestURI = s.URL.RequestURI()
	verify(t, NewVerifier(clock.NewFake(now)), s.Request, "", exampleSecret, nil)
}

func TestAPlusInTheQueryIsABlank(t *testing.T) {
	s := &signedRequest{service: "sqs"}
	s.Request, _ = http.NewRequest("GET", "http://localhost:4566/?MessageBody=a%20b%2Bc", nil)
	s.sign(t, false)
	s.URL.RawQuery = strings.ReplaceAll(s.URL.RawQuery, "%20", "+")
	s.RequestURI = s.URL.RequestURI()
	if !strings.Contains(s.RequestURI, "a+b%2Bc") {
		t.Fatal(s.RequestURI)
	}
	verify(t, NewVerifier(clock.NewFake(now)), s.Request, "", exampleSecret, nil)
}

func TestUnsignedChunksAreDecoded(t *testing.T) {
	body := "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	chunks := NewVerifier(clock.NewFake(now)).Chunks(&Signature{PayloadHash: StreamingUnsigned}, "secret", strings.NewReader(body))
	if got, err := io.ReadAll(chunks); err != nil || string(got) != "hello world" || chunks.Trailer.Get("X-Amz-Checksum-Crc32") != "DUoRhQ==" {
		t.Errorf("%q, %v, trailer %v", got, err, chunks.Trailer)
	}
}

func TestAChangedSecretIsNotServedFromTheCache(t *testing.T) {
	r, _ := putEvents(t, nil)
	v := NewVerifier(clock.NewFake(now))
	verify(t, v, r, "", exampleSecret, nil)
	verify(t, v, r, "", "changed", new(Mismatch))
	verify(t, v, r, "", exampleSecret, nil)
}

// FuzzParse: no request makes parsing or verifying panic, and none is accepted
// without the secret.
func FuzzParse(f *testing.F) {
	f.Add("/", "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/events/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "20261121T163000Z", "")
	f.Add("/a//../%2f?x=%zz&&y=+&X-Amz-Signature=1", "AWS4-HMAC-SHA256 Credential=/////, =", "20261321T163000Z", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	f.Add("http://h?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A/20261121/r/s3/aws4_request&X-Amz-Date=20261121T163000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0&X-Amz-Expires=9", "", "", "UNSIGNED-PAYLOAD")
	f.Add("/../..", "AWS :", "Sat, 21 Nov 2026 16:30:00 GMT", "x")
	v := NewVerifier(clock.NewFake(now))
	f.Fuzz(func(t *testing.T, target, auth, date, payload string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "POST", RequestURI: target, URL: u, Host: "localhost", Header: http.Header{}}
		for k, s := range map[string]string{"Authorization": auth, "X-Amz-Date": date, "X-Amz-Content-Sha256": payload} {
			if s != "" {
				r.Header.Set(k, s)
			}
		}
		sig, signed, err := Parse(r)
		if !signed || err != nil {
			return
		}
		if v.Verify(&sig, r, []byte("body"), "no one's secret") == nil {
			t.Errorf("accepted %q %q", target, auth)
		}
	})
}

// FuzzChunks: whatever the bytes, reading ends, and signed chunks that were not
// made with the secret yield an error.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n"), true)
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), false)
	f.Add([]byte("ffffffffffffffff\r\n"), false)
	v := NewVerifier(clock.NewFake(now))
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		sig := &Signature{PayloadHash: StreamingUnsigned}
		if signed {
			sig.PayloadHash = StreamingSigned
		}
		got, err := io.ReadAll(v.Chunks(sig, "secret", bytes.NewReader(body)))
		if signed && err == nil {
			t.Errorf("accepted %q", body)
		}
		if len(got) > len(body) {
			t.Errorf("%d bytes out of %d", len(got), len(body))
		}
	})
}
