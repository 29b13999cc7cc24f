package gateway

import (
	"cmp"
	"net/http"

	"github.com/signalbox/signalbox/trace"
)

// enter gives a request to an API or a function's URL its span: there traces
// begin, where the request does not bring one.
func (g *Gateway) enter(x *exchange, r *http.Request) {
	if g.config.Traces == nil {
		return
	}
	g.within(x, trace.Continue(x.req.Trace, x.req.Time))
	r.Header.Set(trace.Name, x.req.Trace)
	x.span.Kind, x.span.Name = trace.Request, r.Method+" "+clip(r.URL.Path)
	x.span.Resource = r.Host
}

// follow gives a call of a service its span, where it belongs to a trace: what
// functions call does.
func (g *Gateway) follow(x *exchange) {
	if x.req.Trace == "" || g.config.Traces == nil {
		return
	}
	if h, ok := trace.Parse(x.req.Trace); ok {
		g.within(x, h)
		x.span.Kind = trace.Call
	}
}

func (g *Gateway) within(x *exchange, h trace.Header) {
	x.span = &trace.Span{Root: h.Root, ID: trace.NewSpan(), Parent: h.Parent, Start: x.req.Time, Request: x.req.RequestID}
	x.req.Trace = h.Under(x.span.ID).String()
}

// leave notes the span of a request that was answered.
func (g *Gateway) leave(x *exchange) {
	if x.span == nil {
		return
	}
	s := *x.span
	s.Duration, s.Status = g.config.Clock.Now().Sub(x.req.Time), cmp.Or(x.status, http.StatusOK)
	if s.Kind == trace.Call {
		s.Name, s.Resource = x.req.Service+":"+x.req.Operation, x.req.Resource
		if x.status >= http.StatusBadRequest {
			s.Error = x.Header().Get("X-Amzn-Errortype")
		}
	}
	g.config.Traces.Add(s)
}
