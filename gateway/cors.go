package gateway

import (
	"net/http"
	"slices"
)

// Headers of answers that a page's script may read.
const exposedHeaders = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-query-error,x-amz-request-id,x-amz-crc32,x-amz-version-id,ETag,Date"

// allowOrigin marks the answer as readable by the page that asks, where its
// origin is allowed.
func (g *Gateway) allowOrigin(h http.Header, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h.Add("Vary", "Origin")
	if !slices.Contains(g.config.Origins, "*") && !slices.Contains(g.config.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	return true
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" && r.Header.Get("Origin") != ""
}

// preflight answers a browser that asks whether a page may send a request.
func preflight(w http.ResponseWriter, r *http.Request, allowed bool) {
	if !allowed {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "DELETE,GET,HEAD,PATCH,POST,PUT")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}
