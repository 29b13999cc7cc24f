package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/token"
	"github.com/signalbox/signalbox/services/apigateway/verdict"
	"github.com/signalbox/signalbox/wire"
)

// authorize lets in whom the method's authorization lets in.
func (c *call) authorize() error {
	switch kind := value(c.method.AuthorizationType); kind {
	case "", "NONE":
		return nil
	case "AWS_IAM":
		return c.authorizeIAM()
	case "CUSTOM":
		return c.authorizeCustom()
	case "COGNITO_USER_POOLS":
		return c.authorizeCognito()
	default:
		return &refused{kind: "AUTHORIZER_CONFIGURATION_ERROR", message: kind + " authorization is not implemented by Signalbox",
			cause: fmt.Errorf("%s authorization is not implemented", kind)}
	}
}

func (c *call) authorizeIAM() error {
	if c.r.Header.Get("Authorization") == "" && !c.r.URL.Query().Has("X-Amz-Signature") {
		return refuse("MISSING_AUTHENTICATION_TOKEN")
	}
	caller, body, err := c.Authenticate(c.r, c.x.Body)
	if err != nil {
		if e, is := errors.AsType[*wire.Error](err); is {
			return &refused{kind: "INVALID_SIGNATURE", message: e.Message}
		}
		return err
	}
	c.caller, c.x.Body = caller, body
	c.x.Context = nil // it is made anew
	return nil
}

// verdict is what a Lambda authorizer said.
type verdictOf struct {
	Principal string
	UsageKey  string
	Context   map[string]any // texts
	Policy    verdict.Policy
	latency   time.Duration
}

// variables are $context.authorizer's.
func (v *verdictOf) variables() map[string]any {
	all := map[string]any{"principalId": v.Principal, "integrationLatency": v.latency.Milliseconds()}
	maps.Copy(all, v.Context)
	return all
}

// contextOf is an authorizer's context as it is handed on: all of it as text.
// Lists and objects may not be in it.
func contextOf(in map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(in))
	for name, v := range in {
		switch v := v.(type) {
		case string:
			out[name] = v
		case json.Number:
			out[name] = v.String()
		case bool:
			out[name] = strconv.FormatBool(v)
		case nil:
		default:
			return nil, fmt.Errorf("the authorizer's context has a list or object: %s", name)
		}
	}
	return out, nil
}

// authorizeCustom asks a Lambda authorizer (user guide, page
// apigateway-use-lambda-authorizer). Its answer is kept as long as it says.
func (c *call) authorizeCustom() error {
	a := c.d.Definition.Authorizers[value(c.method.AuthorizerId)]
	if a == nil {
		return refuse("AUTHORIZER_CONFIGURATION_ERROR")
	}
	arn := c.arn(c.a.Path)
	event, identity, err := c.authorizerEvent(a, arn)
	if err != nil {
		return err
	}
	now := c.Clock.Now()
	ttl := time.Duration(wire.Value(a.AuthorizerResultTtlInSeconds)) * time.Second
	name := verdict.Key(c.a.API, c.a.Stage, c.d.DeploymentID, *a.Id, identity)
	v, kept := c.verdicts.Get(name, now)
	if !kept || ttl == 0 || identity == "" {
		if v, err = c.ask(a, event); err != nil {
			return err
		}
		v.latency = c.Clock.Now().Sub(now)
		c.verdicts.Put(name, v, now.Add(ttl))
	}
	c.authorizer = v.variables()
	c.usageKey = v.UsageKey
	c.x.Context = nil // it is made anew // also for the gateway response's template
	if allowed, denied := v.Policy.Decide(arn, c.r, c.sourceIP()); !allowed {
		message := "User is not authorized to access this resource"
		if denied {
			message += " with an explicit deny in an identity-based policy"
		}
		return &refused{kind: "ACCESS_DENIED", message: message}
	}
	return nil
}

// authorizeCognito verifies the token of a Cognito user pool (user guide, page
// apigateway-integrate-with-cognito): one for identification, or where the
// method asks for scopes one for access with one of these.
func (c *call) authorizeCognito() error {
	a := c.d.Definition.Authorizers[value(c.method.AuthorizerId)]
	if a == nil {
		return refuse("AUTHORIZER_CONFIGURATION_ERROR")
	}
	var want token.Expected
	for _, pool := range a.ProviderARNs {
		if issuer, ok := poolIssuer(pool); ok {
			want.Issuers = append(want.Issuers, issuer)
		}
	}
	source := value(a.IdentitySource)
	if source == "" {
		source = "method.request.header.Authorization"
	}
	found, ok := c.x.Value(source)
	if !ok || found[0] == "" {
		return refuse("UNAUTHORIZED")
	}
	if expression := value(a.IdentityValidationExpression); !matchesWhole(expression, found[0]) {
		return refuse("UNAUTHORIZED")
	}
	claims, err := c.tokens.Verify(c.ctx, token.Bearer(found[0]), want)
	if why, is := errors.AsType[*token.Invalid](err); is {
		if why.Expired {
			return &refused{kind: "UNAUTHORIZED", message: "The incoming token has expired"}
		}
		return refuse("UNAUTHORIZED")
	}
	if err != nil {
		return &refused{kind: "AUTHORIZER_FAILURE", cause: fmt.Errorf("user pool %s: %w", strings.Join(a.ProviderARNs, ", "), err)}
	}
	use, _ := claims["token_use"].(string)
	scopes := c.method.AuthorizationScopes
	if len(scopes) == 0 && use == "access" || len(scopes) > 0 && (use == "id" || !claims.Opens(scopes)) {
		return refuse("UNAUTHORIZED")
	}
	c.authorizer = map[string]any{"claims": claims.Texts()}
	c.x.Context = nil // it is made anew
	return nil
}

// poolIssuer is the issuer of a user pool's tokens.
func poolIssuer(poolARN string) (issuer string, ok bool) {
	a, err := arn.Parse(poolARN)
	if err != nil || a.Service != "cognito-idp" {
		return "", false
	}
	id, ok := strings.CutPrefix(a.Resource, "userpool/")
	return "https://cognito-idp." + a.Region + ".amazonaws.com/" + id, ok
}

// matchesWhole tells whether the whole text matches an authorizer's expression;
// an empty one matches all.
func matchesWhole(expression, text string) bool {
	if expression == "" {
		return true
	}
	re, err := regexp.Compile("^(?:" + expression + ")$")
	return err == nil && re.MatchString(text)
}

// arn names a method of the stage.
func (c *call) arn(path string) string {
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s%s", c.d.Region, c.d.Account, c.a.API, c.a.Stage, c.r.Method, path)
}

// authorizerEvent is the authorizer's input, and what its answer is kept by.
func (c *call) authorizerEvent(a *apigateway.Authorizer, arn string) (event map[string]any, identity string, err error) {
	var values []string
	for source := range strings.SplitSeq(value(a.IdentitySource), ",") {
		if source = strings.TrimSpace(source); source == "" {
			continue
		}
		found, ok := c.x.Value(source)
		if !ok || found[0] == "" {
			return nil, "", refuse("UNAUTHORIZED")
		}
		values = append(values, found[0])
	}
	event = map[string]any{"type": *a.Type, "methodArn": arn}
	if *a.Type == apigateway.AuthorizerTypeToken {
		token := strings.Join(values, "")
		if !matchesWhole(value(a.IdentityValidationExpression), token) {
			return nil, "", refuse("UNAUTHORIZED")
		}
		event["authorizationToken"] = token
		return event, token, nil
	}
	e := c.event()
	for name, v := range map[string]any{
		"resource": e.Resource, "path": e.Path, "httpMethod": e.HTTPMethod, "headers": e.Headers, "multiValueHeaders": e.MultiValueHeaders,
		"queryStringParameters": e.QueryStringParameters, "multiValueQueryStringParameters": e.MultiValueQueryStringParameters,
		"pathParameters": e.PathParameters, "stageVariables": e.StageVariables, "requestContext": e.RequestContext,
	} {
		event[name] = v
	}
	return event, strings.Join(values, "\x00"), nil
}

func (c *call) ask(a *apigateway.Authorizer, event map[string]any) (v verdictOf, err error) {
	function, ok := backend.Function(c.x.StageVariable(value(a.AuthorizerUri)))
	if !ok {
		return v, refuse("AUTHORIZER_CONFIGURATION_ERROR")
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return v, err
	}
	answer, err := c.Functions.Invoke(c.ctx, backend.Invocation{
		Function: function, Payload: payload, Role: value(a.AuthorizerCredentials),
		Source: fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/authorizers/%s", c.d.Region, c.d.Account, c.a.API, *a.Id),
	})
	if err != nil {
		return v, &refused{kind: "AUTHORIZER_CONFIGURATION_ERROR", cause: fmt.Errorf("invoking the authorizer %s: %w", function, err)}
	}
	if answer.Failed {
		var e struct{ ErrorMessage string }
		if json.Unmarshal(answer.Payload, &e) == nil && e.ErrorMessage == "Unauthorized" {
			return v, refuse("UNAUTHORIZED")
		}
		return v, &refused{kind: "AUTHORIZER_FAILURE", cause: fmt.Errorf("the authorizer %s failed: %s", function, clip(answer.Payload))}
	}
	var out struct {
		PrincipalID        string         `json:"principalId"`
		UsageIdentifierKey string         `json:"usageIdentifierKey"`
		Context            map[string]any `json:"context"`
		PolicyDocument     verdict.Policy `json:"policyDocument"`
	}
	d := json.NewDecoder(strings.NewReader(string(answer.Payload)))
	d.UseNumber()
	if err = d.Decode(&out); err != nil || !out.PolicyDocument.Given() || out.PrincipalID == "" {
		return v, &refused{kind: "AUTHORIZER_CONFIGURATION_ERROR", cause: fmt.Errorf("the authorizer %s gave no principal and policy: %s: %v", function, clip(answer.Payload), err)}
	}
	context, err := contextOf(out.Context)
	if err != nil {
		return v, &refused{kind: "AUTHORIZER_CONFIGURATION_ERROR", cause: err}
	}
	return verdictOf{Principal: out.PrincipalID, UsageKey: out.UsageIdentifierKey, Context: context, Policy: out.PolicyDocument}, nil
}

// readDeadline is taken off once the body was read: an integration may take its
// time.
func readDeadline(w http.ResponseWriter) {
	// A connection that cannot be told keeps its own.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

func escapePath(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "~1")
}
