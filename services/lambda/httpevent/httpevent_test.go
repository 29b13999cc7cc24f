package httpevent_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/services/lambda/httpevent"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		says, payload string
		status        int
		kind, body    string
	}{
		{"a response", `{"statusCode":404,"headers":{"Content-Type":"text/plain"},"body":"none"}`, 404, "text/plain", "none"},
		{"a status in quotes", `{"statusCode":"201","body":"x"}`, 201, "application/json", "x"},
		{"a body in base64", `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "application/json", "hi"},
		{"a number in a header", `{"statusCode":200,"headers":{"content-type":5}}`, 200, "5", ""},
		{"a body that is an object", `{"statusCode":200,"body":{"a":1}}`, 200, "application/json", `{"a":1}`},
		{"any other object", `{"hello":1}`, 200, "application/json", `{"hello":1}`},
		{"a text", `"hello"`, 200, "application/json", `"hello"`},
		{"nothing", `null`, 200, "application/json", ""},
		{"what a streaming handler wrote", "\x89PNG", 200, "application/octet-stream", "\x89PNG"},
		{"what a streaming handler wrote with a prelude", `{"statusCode":206,"headers":{"content-type":"text/html"}}` + strings.Repeat("\x00", 8) + "<p>", 206, "text/html", "<p>"},
	} {
		t.Run(c.says, func(t *testing.T) {
			r, err := httpevent.Read([]byte(c.payload))
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			r.Write(w)
			if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || w.Body.String() != c.body {
				t.Errorf("got %d %s %q", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
		})
	}
	for _, payload := range []string{`{"statusCode":"no"}`, `{"statusCode":99}`, `{"statusCode":200,"body":"%","isBase64Encoded":true}`, `{"statusCode":200,"cookies":1}`} {
		if _, err := httpevent.Read([]byte(payload)); err == nil {
			t.Errorf("%s is taken for a response", payload)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b"},"cookies":["c"],"body":"x","isBase64Encoded":false}`))
	f.Add([]byte(`{"statusCode":200}` + strings.Repeat("\x00", 8) + "x"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := httpevent.Read(payload)
		if err != nil {
			return
		}
		if r.Status < 100 || r.Status > 599 {
			t.Errorf("status %d", r.Status)
		}
		if r.Status >= 200 {
			r.Write(httptest.NewRecorder())
		}
		_ = http.StatusText(r.Status)
	})
}
