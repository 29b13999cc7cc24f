package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/signalbox/signalbox/wire"
)

func TestAddressesOfAWSLeadToTheAPIsThatLiveHere(t *testing.T) {
	h := homeOf("http://localhost:4566")
	ctx := wire.NewContext(t.Context(), &wire.Request{Scheme: "http", Host: "10.0.0.9:4566"})
	for _, c := range []struct{ name, in, text, answer string }{
		{"an API that lives here", "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders",
			"http://localhost:4566/_aws/execute-api/abc123/prod/orders", "http://10.0.0.9:4566/_aws/execute-api/abc123/prod/orders"},
		{"another's API", "https://zzz.execute-api.eu-west-1.amazonaws.com/prod", "https://zzz.execute-api.eu-west-1.amazonaws.com/prod", "https://zzz.execute-api.eu-west-1.amazonaws.com/prod"},
		{"amid other text", `{"url":"https://abc123.execute-api.us-east-1.amazonaws.com"}`,
			`{"url":"http://localhost:4566/_aws/execute-api/abc123"}`, `{"url":"http://10.0.0.9:4566/_aws/execute-api/abc123"}`},
		{"no address at all", "abc123", "abc123", "abc123"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := h.text(c.in); got != c.text {
				t.Errorf("text: %s; want %s", got, c.text)
			}
			if got := h.answer(ctx, c.in); got != c.answer {
				t.Errorf("answer: %s; want %s", got, c.answer)
			}
		})
	}
}

func TestACallOfAnAPIThatLivesHereComesHome(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.String() }))
	defer server.Close()
	h := homeOf(server.URL)
	refuse := &http.Client{Transport: refusing{}}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://abc123.execute-api.us-east-1.amazonaws.com/prod/orders?x=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := h.client(refuse).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if at := <-got; at != "/_aws/execute-api/abc123/prod/orders?x=1" {
		t.Errorf("it came at %s", at)
	}
}

// homeOf is a server at base where the API abc123 lives.
func homeOf(base string) *home {
	h := &home{base: func() string { return base }}
	h.exists.Store(new(func(id string) bool { return id == "abc123" }))
	return h
}

// refusing makes no request.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrNotSupported }
