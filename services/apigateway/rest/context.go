package rest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/signalbox/signalbox/vtl"
)

// clf is the time format of $context.requestTime.
const clf = "02/Jan/2006:15:04:05 -0700"

func newTrace(id string, now time.Time) string {
	return fmt.Sprintf("Root=1-%08x-%s", now.Unix(), strings.ReplaceAll(id, "-", "")[:24])
}

// identityNames are the members of the identity that functions always get.
var identityNames = []string{
	"cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey",
	"cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user",
}

func (c *call) sourceIP() string {
	if c.req.SourceIP == nil {
		return ""
	}
	return c.req.SourceIP.String()
}

// identity is who calls.
func (c *call) identity() map[string]any {
	id := map[string]any{"userAgent": c.r.UserAgent(), "sourceIp": c.sourceIP()}
	if c.caller.Principal != "" {
		id["accountId"], id["userArn"], id["accessKey"] = c.caller.Account, c.caller.Principal, c.caller.AccessKeyID
		id["caller"], id["user"] = c.caller.Principal, c.caller.Principal
	}
	if c.key != "" {
		id["apiKey"] = c.key
		if c.usage != nil {
			id["apiKeyId"] = *c.usage.Key.Id
		}
	}
	return id
}

// variables are $context's, and most of a function's requestContext.
func (c *call) variables() map[string]any {
	now := c.req.Time
	if now.IsZero() {
		now = c.Clock.Now()
	}
	domain := c.r.Host
	if host, _, ok := strings.Cut(domain, ":"); ok {
		domain = host
	}
	prefix, _, _ := strings.Cut(domain, ".")
	v := map[string]any{
		"accountId": c.d.Account, "apiId": c.a.API, "stage": c.a.Stage, "deploymentId": c.d.DeploymentID,
		"domainName": domain, "domainPrefix": prefix, "requestId": c.req.RequestID, "extendedRequestId": c.extended,
		"httpMethod": c.r.Method, "path": "/" + c.a.Stage + strings.TrimSuffix(c.a.Path, "/"), "protocol": c.r.Proto,
		"requestTime": now.UTC().Format(clf), "requestTimeEpoch": now.UnixMilli(), "identity": c.identity(),
	}
	if c.a.Path == "/" {
		v["path"] = "/" + c.a.Stage + "/"
	}
	if c.a.Domain {
		v["path"] = c.a.Base + c.a.Path
	}
	if c.resource != nil {
		v["resourceId"], v["resourcePath"] = *c.resource.Id, *c.resource.Path
	}
	if c.authorizer != nil {
		v["authorizer"] = c.authorizer
	}
	return v
}

// context is $context for templates.
func (c *call) context() *vtl.Map {
	m := toMap(c.variables())
	m.Put("requestOverride", vtl.NewMap("header", vtl.NewMap(), "querystring", vtl.NewMap(), "path", vtl.NewMap()))
	m.Put("responseOverride", vtl.NewMap("header", vtl.NewMap()))
	return m
}

// requestContext is what a proxy function gets to know of the request.
func (c *call) requestContext() map[string]any {
	v := c.variables()
	id := v["identity"].(map[string]any)
	for _, name := range identityNames {
		if _, there := id[name]; !there {
			id[name] = nil
		}
	}
	return v
}

// toMap makes values for templates of a tree of Go's.
func toMap(tree map[string]any) *vtl.Map {
	m := vtl.NewMap()
	for name, v := range tree {
		m.Put(name, toValue(v))
	}
	return m
}

func toValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return toMap(v)
	case map[string]string:
		m := vtl.NewMap()
		for name, s := range v {
			m.Put(name, s)
		}
		return m
	case []byte:
		return hex.EncodeToString(v)
	}
	return v
}
