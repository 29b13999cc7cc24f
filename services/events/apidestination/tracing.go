package apidestination

import (
	"net/http"
	"net/url"

	"github.com/signalbox/signalbox/trace"
)

// called begins the span of a request to an API destination's endpoint, and
// has the request tell it. The query may hold secrets: it is left out.
func (s *Destinations) called(d *destination, r *http.Request) func(status int, failure string) {
	h, ok := trace.Parse(r.Header.Get(trace.Name))
	if !ok || s.config.Traces == nil {
		return func(int, string) {}
	}
	to := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path}
	span := trace.Span{
		Root: h.Root, ID: trace.NewSpan(), Parent: h.Parent, Kind: trace.Destination, Name: r.Method + " " + to.String(), Resource: d.arn(), Start: s.config.Clock.Now(),
	}
	r.Header.Set(trace.Name, h.Under(span.ID).String())
	return func(status int, failure string) {
		span.Duration, span.Status, span.Error = s.config.Clock.Now().Sub(span.Start), status, failure
		s.config.Traces.Add(span)
	}
}
