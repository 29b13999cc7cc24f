package gateway

import (
	"net/http"
	"time"

	"github.com/signalbox/signalbox/trace"
	"github.com/signalbox/signalbox/wire"
)

// exchange is one request and its answer, as the access log and the counters
// see it. It is the ResponseWriter that handlers get.
type exchange struct {
	http.ResponseWriter
	req     wire.Request // what operations get to know of it
	status  int          // 0 until the header is written
	written int64        // bytes of the answer's body
	span    *trace.Span  // of a request that belongs to a trace, else nil
}

// WriteHeader implements [http.ResponseWriter].
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(b)
	x.written += int64(n)
	return n, err
}

// Flush implements [http.Flusher], for answers that are streamed.
func (x *exchange) Flush() {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	if f, ok := x.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap lets http.ResponseController reach what is beneath.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// waitLong takes the server's read time-out off the connection: the body has
// been read, and an operation may take its time without its context ending.
func (x *exchange) waitLong() {
	if d, ok := x.ResponseWriter.(interface{ SetReadDeadline(time.Time) error }); ok {
		// A connection that cannot be told keeps its time-out.
		_ = d.SetReadDeadline(time.Time{})
	}
}
