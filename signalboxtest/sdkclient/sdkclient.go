// Package sdkclient is the HTTP client for the AWS SDK in tests that answer it from
// the same process.
package sdkclient

import (
	"bytes"
	"io"
	"net/http"
)

// New is an HTTP client for SDK clients whose server is near.
//
// The SDK closes a request's body as soon as the answer's header is there. A
// box answers so soon that the transport may not have asked the body for its
// end yet, which then fails and takes the connection, with what is still to be
// read of the answer, down. So the transport is given a body of its own.
func New() *http.Client {
	return &http.Client{Transport: wholeBodies{http.DefaultTransport.(*http.Transport).Clone()}}
}

type wholeBodies struct{ *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (t wholeBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength < 0 {
		return t.Transport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if closing := r.Body.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return t.Transport.RoundTrip(r)
}
