package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/signalbox/signalbox/clock"
)

var now = time.Date(2026, 11, 21, 16, 30, 0, 0, time.UTC)

// outcome is what the server made of a request.
type outcome struct {
	err    error
	signed bool
}

// verifyingServer verifies what it gets with one secret; the outcomes come out
// of the channel.
func verifyingServer(t *testing.T, v *Verifier, secret string) (*httptest.Server, chan outcome) {
	outcomes := make(chan outcome, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sig, signed, err := Parse(r)
		if err == nil && signed {
			err = v.Verify(&sig, r, body, secret)
		}
		outcomes <- outcome{err, signed}
	}))
	t.Cleanup(s.Close)
	return s, outcomes
}

// TestWhateverTheSDKSignsVerifies sends random requests, signed by the SDK's
// own signer, over a real connection, and the same again with something changed.
func TestWhateverTheSDKSignsVerifies(t *testing.T) {
	v := NewVerifier(clock.NewFake(now))
	server, outcomes := verifyingServer(t, v, exampleSecret)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 600 {
		s := randomRequest(rnd, server.URL)
		s.sign(t, i%3 == 0)
		got := s.send(t, outcomes)
		if !got.signed || got.err != nil {
			t.Fatalf("request %d %s: signed %v, error %v", i, s, got.signed, got.err)
		}
		if what := s.tamper(rnd); what != "" {
			if got = s.send(t, outcomes); got.err == nil {
				t.Fatalf("request %d %s: accepted with %s changed", i, s, what)
			}
		}
	}
}

type signedRequest struct {
	*http.Request
	body    []byte
	service string
}

func (s *signedRequest) String() string {
	return fmt.Sprintf("%s %s for %s, header %v", s.Method, s.URL, s.service, s.Header)
}

const alphabet = "abcXYZ019-._~ /+%:@!$&'()*,;=?#[]{}|\\^`\"<>é漢😀"

func randomText(rnd *rand.Rand, most int) string {
	letters := []rune(alphabet)
	var b strings.Builder
	for range rnd.IntN(most + 1) {
		b.WriteRune(letters[rnd.IntN(len(letters))])
	}
	return b.String()
}

func randomRequest(rnd *rand.Rand, base string) *signedRequest {
	s := &signedRequest{service: []string{"events", "sqs", "s3", "lambda", "execute-api"}[rnd.IntN(5)]}
	var path strings.Builder
	for range rnd.IntN(4) {
		// The SDKs escape each segment before they sign.
		path.WriteString("/" + url.PathEscape("x"+randomText(rnd, 6)))
	}
	q := url.Values{}
	for range rnd.IntN(5) {
		q.Add("k"+randomText(rnd, 3), randomText(rnd, 6))
	}
	s.body = []byte(randomText(rnd, 40))
	s.Request, _ = http.NewRequest([]string{"GET", "POST", "PUT", "DELETE"}[rnd.IntN(4)], base+strictlyEscaped(path.String())+"?"+q.Encode(), nil)
	for range rnd.IntN(4) {
		s.Header.Add([]string{"X-Amz-Meta-A", "X-Custom", "Content-Type", "Accept"}[rnd.IntN(4)], strings.Map(printable, randomText(rnd, 12)))
	}
	if rnd.IntN(2) == 0 {
		s.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	}
	return s
}

// strictlyEscaped escapes also what Go leaves in a path and SDKs do not.
func strictlyEscaped(path string) string {
	for _, c := range ":@!$&'()*,;=+" {
		path = strings.ReplaceAll(path, string(c), fmt.Sprintf("%%%02X", c))
	}
	return path
}

func printable(c rune) rune {
	if c < ' ' || c > '~' {
		return 'x'
	}
	return c
}

func (s *signedRequest) sign(t *testing.T, presign bool) {
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s.service == "s3" })
	creds := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: exampleSecret}
	sum := sha256.Sum256(s.body)
	hash := hex.EncodeToString(sum[:])
	if s.service == "s3" {
		s.Header.Set("X-Amz-Content-Sha256", hash)
	}
	s.ContentLength = int64(len(s.body))
	if !presign {
		if err := signer.SignHTTP(context.Background(), creds, s.Request, hash, s.service, "eu-west-1", now); err != nil {
			t.Fatal(err)
		}
		return
	}
	q := s.URL.Query()
	q.Set("X-Amz-Expires", "600")
	s.URL.RawQuery = q.Encode()
	target, header, err := signer.PresignHTTP(context.Background(), creds, s.Request, hash, s.service, "eu-west-1", now)
	if err != nil {
		t.Fatal(err)
	}
	s.Request, err = http.NewRequest(s.Method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		if k != "Host" && k != "Content-Length" {
			s.Header[k] = v
		}
	}
}

func (s *signedRequest) send(t *testing.T, outcomes chan outcome) outcome {
	r := s.Clone(t.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(s.body)), int64(len(s.body))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return <-outcomes
}

// tamper changes one thing that the signature covers.
func (s *signedRequest) tamper(rnd *rand.Rand) string {
	switch rnd.IntN(5) {
	case 0:
		s.URL.RawQuery += "&more=1"
		return "the query"
	case 1:
		s.URL.Path, s.URL.RawPath = s.URL.Path+"/more", ""
		return "the path"
	case 2:
		s.body = append(s.body, 'x')
		return "the body"
	case 3:
		s.Method = "PATCH"
		return "the method"
	}
	s.Host = "elsewhere.example"
	return "the host"
}

func BenchmarkVerify(b *testing.B) {
	body := bytes.Repeat([]byte(`{"Entries":[{"Source":"shop"}]}`), 13)
	r, sig := putEvents(b, body)
	v := NewVerifier(clock.NewFake(now))
	b.ReportAllocs()
	for b.Loop() {
		sig, _, err := Parse(r)
		if err == nil {
			err = v.Verify(&sig, r, body, exampleSecret)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	_ = sig
}

func TestVerificationOfACommonRequestAllocatesNothing(t *testing.T) {
	body := []byte(`{"Entries":[]}`)
	r, _ := putEvents(t, body)
	v := NewVerifier(clock.NewFake(now))
	n := testing.AllocsPerRun(100, func() {
		sig, _, err := Parse(r)
		if err == nil {
			err = v.Verify(&sig, r, body, exampleSecret)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// putEvents is a request as the SDK sends it for PutEvents.
func putEvents(t testing.TB, body []byte) (*http.Request, Signature) {
	r := rawRequest("POST", "/", "localhost:4566", http.Header{
		"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSEvents.PutEvents"}, "Accept-Encoding": {"identity"},
		"Amz-Sdk-Invocation-Id": {"b1f7e2c8-5b0c-4e0b-9c0b-1f3c8f4e9a51"}, "Amz-Sdk-Request": {"attempt=1; max=3"}, "User-Agent": {"aws-sdk-go-v2/1.41 os/linux"},
		"Content-Length": {fmt.Sprint(len(body))},
	})
	r.ContentLength = int64(len(body))
	sum := sha256.Sum256(body)
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: exampleSecret}, r, hex.EncodeToString(sum[:]), "events", "us-east-1", now)
	if err != nil {
		t.Fatal(err)
	}
	sig, _, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	return r, sig
}
