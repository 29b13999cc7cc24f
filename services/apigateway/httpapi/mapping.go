package httpapi

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/mapping"
	"github.com/signalbox/signalbox/vtl"
)

// exchange is the request in the form that mapping expressions of REST APIs are
// about, whose values those of HTTP APIs are as well.
func (c *call) exchange(r *backend.Response) *mapping.Exchange {
	header := c.r.Header.Clone()
	header.Set("Host", c.r.Host)
	x := &mapping.Exchange{Path: c.params, Query: c.r.URL.Query(), Header: header, Body: c.body, StageVariables: c.d.Stage.StageVariables, NewContext: c.context}
	if r != nil {
		x.Response = &mapping.Response{Status: r.Status, Header: r.Header, Body: r.Body}
	}
	return x
}

// value is what $request.…, $context.… or $stageVariables.… stands for
// (developer guide, page http-api-parameter-mapping).
func (c *call) value(expression string) ([]string, bool) {
	return c.valueOf(expression, nil)
}

func (c *call) valueOf(expression string, r *backend.Response) ([]string, bool) {
	name := strings.TrimPrefix(expression, "$")
	switch {
	case name == "request.path":
		return []string{c.path}, true
	case strings.HasPrefix(name, "request."):
		values, ok := c.exchange(nil).Value("method." + name)
		return []string{strings.Join(values, ",")}, ok
	case strings.HasPrefix(name, "response.") && r != nil:
		values, ok := c.exchange(r).Value("integration." + name)
		return []string{strings.Join(values, ",")}, ok
	case strings.HasPrefix(name, "context."), strings.HasPrefix(name, "stageVariables."):
		return c.exchange(nil).Value(name)
	}
	return nil, false
}

var (
	whole    = regexp.MustCompile(`^\$(request|response|context|stageVariables)\.[^\s${}]+$`)
	embedded = regexp.MustCompile(`\$\{(request|response|context|stageVariables)\.[^${}]+\}`)
)

// expand puts values into a mapping's text: one that is a variable whole, or
// ${variables} within others. What is not there is empty.
func (c *call) expand(text string, r *backend.Response) string {
	if whole.MatchString(text) {
		return c.first(text, r)
	}
	return embedded.ReplaceAllStringFunc(text, func(mark string) string { return c.first("$"+mark[2:len(mark)-1], r) })
}

func (c *call) first(expression string, r *backend.Response) string {
	if values, ok := c.valueOf(expression, r); ok && len(values) > 0 {
		return values[0]
	}
	return ""
}

// context is $context.
func (c *call) context() *vtl.Map {
	now := c.time()
	m := vtl.NewMap(
		"accountId", c.d.Account, "apiId", c.api, "stage", *c.d.Stage.StageName, "requestId", c.req.RequestID, "extendedRequestId", c.req.RequestID,
		"httpMethod", c.r.Method, "path", c.rawPath(), "protocol", c.r.Proto, "routeKey", c.routeKey(),
		"domainName", domain(c.r.Host), "requestTime", now.Format(clf), "requestTimeEpoch", now.UnixMilli(),
		"identity", vtl.NewMap("sourceIp", c.sourceIP(), "userAgent", c.r.UserAgent(), "userArn", c.caller.Principal),
	)
	authorizer := vtl.NewMap()
	for name, v := range c.authorizer {
		authorizer.Put(name, v)
	}
	if c.claims != nil {
		claims := vtl.NewMap()
		for name, v := range c.claims {
			claims.Put(name, v)
		}
		authorizer.Put("claims", claims)
	}
	m.Put("authorizer", authorizer)
	return m
}

// routeKey is that of the route, "" where none was found.
func (c *call) routeKey() string {
	if c.route == nil {
		return ""
	}
	return *c.route.RouteKey
}

// mapRequest changes what is sent to an HTTP server by the request parameters;
// it returns the path that is to replace the URI's, "" for none.
func (c *call) mapRequest(parameters map[string]string, header http.Header, query map[string][]string) (path string) {
	for _, operation := range []string{"remove", "overwrite", "append"} {
		for key, expression := range parameters {
			op, place, _ := strings.Cut(key, ":")
			if op != operation {
				continue
			}
			value := c.expand(expression, nil)
			kind, name, _ := strings.Cut(place, ".")
			switch {
			case kind == "path":
				path = value
			case kind == "header" && op == "remove":
				header.Del(name)
			case kind == "header" && op == "append":
				header.Add(name, value)
			case kind == "header":
				header.Set(name, value)
			case op == "remove":
				delete(query, name)
			case op == "append":
				query[name] = append(query[name], value)
			default:
				query[name] = []string{value}
			}
		}
	}
	return path
}

// number reads a parameter that an operation takes as a number.
func number(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return text
}
