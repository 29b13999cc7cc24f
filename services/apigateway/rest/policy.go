package rest

import (
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/policy"
)

// admitted decides by the API's resource policy (user guide, page
// apigateway-authorization-flow): callers of whom an authorizer knows nothing
// need to be allowed, all others not to be denied.
func (c *call) admitted() error {
	text := value(c.api.Policy)
	if text == "" {
		return nil
	}
	arn := c.arn(c.a.Path)
	// The short form of resources is of this API.
	whole := fmt.Sprintf(`"arn:aws:execute-api:%s:%s:%s/`, c.d.Region, c.d.Account, c.a.API)
	document, err := c.policies.Parse(strings.ReplaceAll(text, `"execute-api:/`, whole), policy.Resource)
	if err != nil {
		return &refused{kind: "ACCESS_DENIED", message: "Forbidden", cause: fmt.Errorf("the API's policy: %w", err)}
	}
	q := policy.Request{Action: "execute-api:Invoke", Resource: arn, ResourceAccount: c.d.Account}
	who := "anonymous"
	if c.caller.Principal != "" {
		q.Principal, who = policy.User(c.caller.Principal), c.caller.Principal
	}
	for key, v := range map[string]string{"aws:SourceIp": c.sourceIP(), "aws:UserAgent": c.r.UserAgent(), "aws:Referer": c.r.Referer()} {
		if v != "" {
			q.Set(key, v)
		}
	}
	d := policy.Evaluate(&q, &policy.Set{Resource: []policy.Source{{Name: "the API's policy", Document: document}}})
	kind := value(c.method.AuthorizationType)
	if d.Allowed || !d.Explicit && (kind == "CUSTOM" || kind == "AWS_IAM") {
		return nil
	}
	hidden := strings.Replace(arn, ":"+c.d.Account+":", ":********"+c.d.Account[max(0, len(c.d.Account)-4):]+":", 1)
	message := fmt.Sprintf("User: %s is not authorized to perform: execute-api:Invoke on resource: %s", who, hidden)
	if d.Explicit {
		message += " with an explicit deny"
	}
	return &refused{kind: "ACCESS_DENIED", message: message}
}
