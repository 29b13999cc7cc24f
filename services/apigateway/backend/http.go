package backend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// MaxResponse is the most that a response's body may have, in bytes.
const MaxResponse = 10 << 20

// MaxPayload is the most that the input of a function may have, in bytes (Lambda
// quotas).
const MaxPayload = 6 << 20

// hopHeaders go from one hop to the next only.
var hopHeaders = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// Remapped are the response headers that API Gateway hands on under another
// name, x-amzn-Remapped-….
var Remapped = []string{"Connection", "Content-Length", "Date", "Host", "Server", "Transfer-Encoding", "Upgrade", "Www-Authenticate"}

// DropHops takes out the headers of one hop.
func DropHops(h http.Header) {
	for _, name := range hopHeaders {
		h.Del(name)
	}
}

// Do sends a request to an HTTP server and reads the whole response.
func Do(ctx context.Context, client *http.Client, method, url string, header http.Header, body []byte) (Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return Response{}, fmt.Errorf("making the request: %w", err)
	}
	r.Header = header
	out, err := client.Do(r)
	if err != nil {
		return Response{}, err
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, MaxResponse+1))
	if err != nil {
		return Response{}, fmt.Errorf("reading the response: %w", err)
	}
	if len(data) > MaxResponse {
		return Response{}, fmt.Errorf("the response has more than %d bytes", MaxResponse)
	}
	DropHops(out.Header)
	out.Header.Del("Content-Length")
	return Response{Status: out.StatusCode, Header: out.Header, Body: data}, nil
}
