package wire

import (
	"context"
	"net"
	"time"
)

// Request is what is known of a request beside its input: who asks, where and
// when. The gateway fills it; operations read it with FromContext.
type Request struct {
	Account     string    // 12 digits
	Region      string    // of the signature's scope, "us-east-1"
	Principal   string    // ARN of the caller
	Session     *Session  // of temporary credentials that say more than whose they are, else nil
	AccessKeyID string    // the key that signed, "" when nothing was signed
	RequestID   string    // answered in x-amzn-RequestId
	Service     string    // model name, "events"; Serve sets it when empty
	Operation   string    // "PutEvents"; Serve sets it when empty
	Scheme      string    // "http" or "https", as the client sees it
	Host        string    // host and port that the client called; handed-out URLs are built from it
	SourceIP    net.IP    // of the client
	UserAgent   string    // of the client
	Trace       string    // X-Ray's, of the header X-Amzn-Trace-Id; what the request calls belongs under it
	Resource    string    // ARN of what it is about, where somebody has found out
	Time        time.Time // when the request came
}

type requestKey struct{}

// NewContext returns a context that carries r.
func NewContext(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// FromContext returns the request that ctx carries, or an empty one; never nil.
func FromContext(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok && r != nil {
		return r
	}
	return new(Request)
}
