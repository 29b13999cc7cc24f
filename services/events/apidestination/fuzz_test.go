package apidestination

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/events/api"
)

func FuzzRequestsHoldWhatTheEventGivesThem(f *testing.F) {
	f.Add("http://localhost/*/x?a=b", "$.detail.id", "X-A", "$.detail.text", `{"detail":{"id":"a/b","text":"line"}}`, `{"in":1}`)
	f.Add("http://localhost/", "", "Host", "a\r\nb: c", `{}`, `"text"`)
	f.Add("http://local host/%zz", "$.", "", "$..", `[`, ``)
	f.Fuzz(func(t *testing.T, endpoint, path, name, text, event, input string) {
		to := &apiTarget{spec: api.Target{HttpParameters: &api.HttpParameters{
			PathParameterValues: []string{path}, HeaderParameters: map[string]string{name: text}, QueryStringParameters: map[string]string{name: text},
		}}}
		if strings.Count(endpoint, "*") == 0 {
			to.spec.HttpParameters.PathParameterValues = nil
		}
		auth := &credentials{InvocationHttpParameters: &api.ConnectionHttpParameters{BodyParameters: []api.ConnectionBodyParameter{{Key: &name, Value: &text}}}}
		d := &destination{Endpoint: endpoint, Method: http.MethodPost}
		r, err := to.request(context.Background(), d, auth, &delivery.Request{Event: &delivery.Event{Data: []byte(event)}, Input: []byte(input)})
		if err != nil {
			return
		}
		var head bytes.Buffer
		for header, values := range r.Header {
			for _, v := range values {
				if strings.ContainsAny(v, "\r\n") {
					t.Fatalf("the header %q has the value %q", header, v)
				}
			}
		}
		if err := r.Header.Write(&head); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzTokensAreReadInBoundedLife(f *testing.F) {
	for _, s := range []string{`{"access_token":"a","expires_in":3600}`, `{"access_token":"a","expires_in":"1e300"}`, `{"access_token":"a","expires_in":-5}`, `{"access_token":""}`, `{`, `{"access_token":"a","expires_in":null}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bearer, life, err := readToken(strings.NewReader(text))
		if err == nil && (life < 0 || life > longestLife || !strings.HasPrefix(bearer, "Bearer ") || len(bearer) == len("Bearer ")) {
			t.Fatalf("%q gave %q for %v", text, bearer, life)
		}
	})
}

func FuzzRetryAfterIsNeverNegative(f *testing.F) {
	f.Add("10")
	f.Add("-10")
	f.Add("99999999999999999999")
	f.Add("9223372036854775807")
	f.Add("Fri, 31 Dec 1999 23:59:59 GMT")
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if d := retryAfter(text, now); d < 0 {
			t.Fatalf("%q is %v", text, d)
		}
	})
}
