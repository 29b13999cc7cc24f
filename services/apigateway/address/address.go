// Package address finds out which API a request is for, from its host and path:
//
//	{api}.execute-api.{region}.localhost:4566/{stage}/path   and under localhost.localstack.cloud and amazonaws.com
//	/_aws/execute-api/{api}/{stage}/path
//	/restapis/{api}/{stage}/_user_request_/path
//
// or from what package domains found for a custom domain, and writes the addresses that are handed out.
package address

import (
	"net"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/wire"
)

// Address is what a request is for.
type Address struct {
	API   string
	Stage string // of the form that marks it; "" where the path begins with it, or not
	Path  string // behind the API, or behind the stage where that is known; escaped, "/…"

	Domain bool   // it came to a custom domain
	Base   string // under which the API is mapped there, "/shop"; "" for none
}

// Requests to custom domains carry what they are for as values of their paths.
const (
	valueAPI   = "apigateway.api"
	valueStage = "apigateway.stage"
	valuePath  = "apigateway.path"
	valueBase  = "apigateway.base"
)

// Put tells a request what it is for, where its host and path do not.
func (a Address) Put(r *http.Request) {
	r.SetPathValue(valueAPI, a.API)
	r.SetPathValue(valueStage, a.Stage)
	r.SetPathValue(valuePath, a.Path)
	r.SetPathValue(valueBase, a.Base)
}

const marked, plain, userRequest = "/restapis/", "/_aws/execute-api/", "_user_request_"

// Parse reads the address of a request; ok is false where it is for no API.
func Parse(r *http.Request) (a Address, ok bool) {
	if id := r.PathValue(valueAPI); id != "" {
		return Address{API: id, Stage: r.PathValue(valueStage), Path: r.PathValue(valuePath), Base: r.PathValue(valueBase), Domain: true}, true
	}
	path := r.URL.EscapedPath()
	if rest, is := strings.CutPrefix(path, plain); is {
		a.API, a.Path, _ = strings.Cut(rest, "/")
		a.Path = "/" + a.Path
		return a, a.API != ""
	}
	if rest, is := strings.CutPrefix(path, marked); is {
		p := strings.SplitN(rest, "/", 4)
		if len(p) < 3 || p[2] != userRequest {
			return a, false
		}
		a.API, a.Stage, a.Path = p[0], p[1], "/"
		if len(p) == 4 {
			a.Path += p[3]
		}
		return a, true
	}
	if !strings.Contains(r.Host, "execute-api") {
		return a, false
	}
	h := gateway.ParseHost(r.Host)
	if h.Service != "execute-api" || h.Resource == "" {
		return a, false
	}
	return Address{API: h.Resource, Path: path}, true
}

// Match tells the requests that Parse can read.
func Match(r *http.Request) bool {
	_, ok := Parse(r)
	return ok
}

// CutStage takes the stage from the beginning of the path, where it is not known
// yet.
func (a Address) CutStage() Address {
	if a.Stage == "" {
		var rest string
		a.Stage, rest, _ = strings.Cut(strings.TrimPrefix(a.Path, "/"), "/")
		a.Path = "/" + rest
	}
	return a
}

// Path is the address of an API by path, without a slash at its end: no name
// needs to resolve but base's.
func Path(base, api string) string { return base + plain + api }

// URL is the address of an API, without a slash at its end, as the client of a
// request can reach it: by a host name where it called one that has others below it
// (below localhost alone, many programs resolve none), else by path.
func URL(r *wire.Request, api, region string) string {
	scheme := r.Scheme
	if scheme == "" {
		scheme = "http"
	}
	name, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		name, port = r.Host, ""
	}
	base := ""
	switch {
	case strings.HasSuffix(name, ".localhost"):
		base = "localhost"
	case strings.HasSuffix(name, "localhost.localstack.cloud"):
		base = "localhost.localstack.cloud"
	default:
		return Path(scheme+"://"+r.Host, api)
	}
	if port != "" {
		base += ":" + port
	}
	return scheme + "://" + api + ".execute-api." + region + "." + base
}
