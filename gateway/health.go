package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
)

// own answers what is addressed to Signalbox itself.
func (g *Gateway) own(x *exchange, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/_signalbox/health", path == "/_localstack/health":
		g.health(x, r)
	case g.config.Extra != nil && strings.HasPrefix(path, "/_signalbox"):
		g.config.Extra.ServeHTTP(x, r)
	default:
		http.Error(x, "Signalbox has nothing at "+clip(path), http.StatusNotFound)
	}
}

func isOwn(path string) bool {
	if !strings.HasPrefix(path, "/_") {
		return false
	}
	return path == "/_signalbox" || strings.HasPrefix(path, "/_signalbox/") || strings.HasPrefix(path, "/_localstack/")
}

// health tells which services run, in the form that existing tooling polls.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	services := map[string]string{}
	for _, name := range g.services.names {
		services[name] = "running"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// The client may have gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(struct {
		Services map[string]string `json:"services"`
		Edition  string            `json:"edition"`
		Version  string            `json:"version"`
	}{services, "signalbox", g.config.Version})
}
