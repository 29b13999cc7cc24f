package server

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/signalbox/signalbox/services/apigateway/address"
	"github.com/signalbox/signalbox/wire"
)

// awsAPI is the address of an API in AWS. Terraform's provider and templates
// put it together by themselves, so it comes to us however we answer.
var awsAPI = regexp.MustCompile(`https://([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::443)?`)

// home leads the addresses that APIs would have in AWS to those that live here.
// Addresses of other APIs stay what they are.
type home struct {
	base   func() string                        // the server's own address
	exists atomic.Pointer[func(id string) bool] // tells whether an API lives here; nil until they are open
}

// text is a text with each address of an API that lives here replaced by one
// that reaches it from this machine.
func (h *home) text(s string) string {
	return h.replace(s, func(id, _ string) string { return address.Path(h.base(), id) })
}

// answer is [home.text] for who asked: with addresses that reach from there.
func (h *home) answer(ctx context.Context, s string) string {
	r := wire.FromContext(ctx)
	return h.replace(s, func(id, region string) string { return address.URL(r, id, region) })
}

func (h *home) replace(s string, with func(id, region string) string) string {
	exists := h.exists.Load()
	if exists == nil {
		return s
	}
	return awsAPI.ReplaceAllStringFunc(s, func(found string) string {
		if m := awsAPI.FindStringSubmatch(found); (*exists)(m[1]) {
			return with(m[1], m[2])
		}
		return found
	})
}

// client is a client that finds home: it calls APIs that live here directly,
// and everything else as next does.
func (h *home) client(next *http.Client) *http.Client {
	c := *next
	c.Transport = homing{h, next.Transport}
	return &c
}

type homing struct {
	home *home
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t homing) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.Host, ".execute-api.") {
		return t.next.RoundTrip(r) // most are: they need not be written out
	}
	at := r.URL.String()
	here := t.home.text(at)
	if here == at {
		return t.next.RoundTrip(r)
	}
	u, err := url.Parse(here)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL, r.Host = u, u.Host
	return http.DefaultTransport.RoundTrip(r)
}
