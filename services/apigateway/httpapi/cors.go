package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire"
)

// cors writes the CORS headers of the API's configuration, and answers
// preflights (developer guide, page http-api-cors). done says that it has
// answered.
func (c *call) cors() (done bool) {
	config := c.d.API.CorsConfiguration
	origin := c.r.Header.Get("Origin")
	if config == nil || origin == "" {
		return false
	}
	preflight := c.r.Method == http.MethodOptions && c.r.Header.Get("Access-Control-Request-Method") != ""
	if allowed := allowedOrigin(config.AllowOrigins, origin); allowed != "" {
		h := c.w.Header()
		h.Set("Access-Control-Allow-Origin", allowed)
		if allowed != "*" {
			h.Add("Vary", "Origin")
		}
		if wire.Value(config.AllowCredentials) {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		if len(config.ExposeHeaders) > 0 {
			h.Set("Access-Control-Expose-Headers", strings.Join(config.ExposeHeaders, ","))
		}
		if preflight {
			if len(config.AllowMethods) > 0 {
				h.Set("Access-Control-Allow-Methods", strings.Join(config.AllowMethods, ","))
			}
			if len(config.AllowHeaders) > 0 {
				h.Set("Access-Control-Allow-Headers", strings.Join(config.AllowHeaders, ","))
			}
			if config.MaxAge != nil {
				h.Set("Access-Control-Max-Age", strconv.Itoa(int(*config.MaxAge)))
			}
		}
	}
	if preflight {
		c.sent.status = http.StatusNoContent
		c.w.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

// allowedOrigin is what to answer for an origin: "" where it is not allowed.
// "https://*" allows every origin of that scheme.
func allowedOrigin(allowed []string, origin string) string {
	if slices.Contains(allowed, "*") {
		return "*"
	}
	for _, a := range allowed {
		if prefix, is := strings.CutSuffix(a, "*"); a == origin || is && strings.HasPrefix(origin, prefix) {
			return origin
		}
	}
	return ""
}
