package gateway

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzServe: whatever comes, nothing panics, everything is answered with a
// request id, and where keys are required no operation is reached without one.
func FuzzServe(f *testing.F) {
	f.Add("POST", "/", "localhost:4566", "AWSEvents.PutEvents", "", "", "{}")
	f.Add("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "sts.us-east-1.localhost", "", "", "", "")
	f.Add("POST", "/queue/x/000000000000/q?Action=SendMessage", "a..localhost", "", "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/sqs/aws4_request", "application/x-www-form-urlencoded", "Action=%zz&;")
	f.Add("PUT", "/service/AWSEvents/operation/PutEvents", "bucket.s3.localhost", "", "AWS4-HMAC-SHA256 Credential=AKIAROOTROOTROOTROOT/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00", "application/xml", "\xa0")
	d := open(f, func(c *Config) { c.Auth, c.Logger = Required, slog.New(slog.DiscardHandler) })
	f.Fuzz(func(t *testing.T, method, target, host, operation, auth, contentType, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" {
			return
		}
		r := &http.Request{Method: method, URL: u, RequestURI: target, Host: host, Header: http.Header{}, RemoteAddr: "127.0.0.1:1", Body: readCloser{strings.NewReader(body)}, ContentLength: int64(len(body))}
		for k, v := range map[string]string{"X-Amz-Target": operation, "Authorization": auth, "Content-Type": contentType} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Header().Get("X-Amzn-Requestid") == "" {
			t.Error("no request id")
		}
		if c, _, called := d.last(); called && c.Operation != "AssumeRoleWithWebIdentity" {
			t.Errorf("%s was reached", c.Operation)
		}
		if n := d.Stats().Panics; n > 0 {
			t.Fatal("panic")
		}
	})
}
