package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// BenchmarkServe is a signed call from the front door to the operation and
// back, without the network: what the gateway and wire cost together.
func BenchmarkServe(b *testing.B) {
	d := open(b, func(c *Config) { c.Logger = slog.New(slog.DiscardHandler) })
	body := `{"Entries":["` + strings.Repeat("x", 400) + `"]}`
	r := httptest.NewRequest("POST", "http://localhost:4566/", nil)
	r.RemoteAddr = "127.0.0.1:50000"
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	r.Header.Set("Amz-Sdk-Invocation-Id", "b1f7e2c8-5b0c-4e0b-9c0b-1f3c8f4e9a51")
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	sum := sha256.Sum256([]byte(body))
	r.ContentLength = int64(len(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: testRoot.AccessKeyID, SecretAccessKey: testRoot.Secret}, r, hex.EncodeToString(sum[:]), "events", "us-east-1", d.clock.Now()); err != nil {
		b.Fatal(err)
	}
	reader := strings.NewReader("")
	r.Body = http.NoBody
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		r.Body = readCloser{reader}
		w := &discard{h: make(http.Header, 4)}
		d.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
		d.calls = nil
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// discard is an answer that nobody reads.
type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
