package gateway

import (
	"net/http"
	"time"
)

// Bounds of a connection.
const (
	headerTimeout = 10 * time.Second // to send the header
	readTimeout   = time.Minute      // to send header and body
	idleTimeout   = 2 * time.Minute  // between two requests
	maxHeader     = 64 << 10         // bytes
)

// NewServer is an HTTP server for h with time-outs for slow senders and a limit
// on headers; it speaks HTTP/1.1 and HTTP/2, the latter also without TLS to
// clients that know so beforehand. An answer may take as long as it likes.
func NewServer(h http.Handler) *http.Server {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: h, Protocols: p,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
}
