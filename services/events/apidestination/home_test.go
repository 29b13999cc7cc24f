package apidestination_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/signalbox/signalbox/services/events/apidestination"
)

func TestNamesBelowLocalhostAreThisMachine(t *testing.T) {
	var host string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	want := "abc.lambda-url.us-east-1.localhost:" + u.Port()
	response, err := apidestination.NewClient(nil).Get("http://" + want + "/orders")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if host != want {
		t.Errorf("the server was called as %q, want %q", host, want)
	}
}
