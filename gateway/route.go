package gateway

import (
	"net/http"
	"strings"
)

// Route is a part of the address space that a service has claimed for itself:
// the hosts and paths of APIs, function URLs, sites, token endpoints. Its
// requests are handed over before anything else looks at them: body unread,
// signature unverified ([Gateway.Authenticate] does that), CORS its own. The
// context carries a wire.Request with all but the caller.
type Route struct {
	Name    string // in the access log and the counters, "execute-api"
	Match   func(*http.Request) bool
	Handler http.Handler
	Traced  bool // its requests begin traces, or go on with those that they bring
}

// MatchHost matches the hosts of an endpoint prefix that name a resource, as
// {api}.execute-api.{region}.localhost does for "execute-api".
func MatchHost(service string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if !strings.Contains(r.Host, service) {
			return false
		}
		h := ParseHost(r.Host)
		return h.Service == service && h.Resource != ""
	}
}

// MatchPath matches the paths under prefix, which ends in a slash.
func MatchPath(prefix string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, prefix) }
}
