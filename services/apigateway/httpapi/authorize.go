package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/apigateway/backend"
	"github.com/signalbox/signalbox/services/apigateway/token"
	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
	"github.com/signalbox/signalbox/services/apigateway/verdict"
	"github.com/signalbox/signalbox/wire"
)

var (
	errUnauthorized = &refusal{status: http.StatusUnauthorized, message: "Unauthorized"}
	errForbidden    = &refusal{status: http.StatusForbidden, message: "Forbidden"}
)

// authorize lets in whom the route's authorization lets in.
func (c *call) authorize() error {
	switch wire.Value(c.route.AuthorizationType) {
	case apigatewayv2.AuthorizationTypeAwsIam:
		if c.r.Header.Get("Authorization") == "" && !c.r.URL.Query().Has("X-Amz-Signature") {
			return errForbidden
		}
		caller, body, err := c.Authenticate(c.r, c.body)
		if _, is := errors.AsType[*wire.Error](err); is {
			return errForbidden
		}
		c.caller, c.body = caller, body
		return err
	case apigatewayv2.AuthorizationTypeCustom:
		return c.authorizeFunction()
	case apigatewayv2.AuthorizationTypeJwt:
		return c.authorizeToken()
	}
	return nil
}

// authorizeToken verifies a JSON Web Token (developer guide, page
// http-api-jwt-authorizer).
func (c *call) authorizeToken() error {
	a := c.d.Definition.Authorizers[wire.Value(c.route.AuthorizerId)]
	if a == nil || a.JwtConfiguration == nil || len(a.IdentitySource) == 0 {
		return broken(errors.New("the route's authorizer is not there"))
	}
	values, ok := c.value(a.IdentitySource[0])
	if !ok || token.Bearer(values[0]) == "" {
		return c.challenge(errUnauthorized, "Bearer")
	}
	claims, err := c.tokens.Verify(c.ctx, token.Bearer(values[0]), token.Expected{
		Issuers: []string{wire.Value(a.JwtConfiguration.Issuer)}, Audience: a.JwtConfiguration.Audience,
	})
	scopes := c.route.AuthorizationScopes
	wanted := strings.Join(scopes, " ")
	if why, is := errors.AsType[*token.Invalid](err); is {
		return c.challenge(errUnauthorized, fmt.Sprintf(`Bearer scope=%q error="invalid_token" error_description=%q`, wanted, why.Description))
	}
	if errors.Is(err, token.ErrIssuer) {
		c.log(err)
		return c.challenge(errUnauthorized, fmt.Sprintf(`Bearer scope=%q error="invalid_token" error_description=%q`, wanted, token.ErrIssuer))
	}
	if err != nil {
		return err
	}
	if len(scopes) > 0 && !claims.Opens(scopes) {
		return c.challenge(errForbidden, fmt.Sprintf(`Bearer scope=%q error="insufficient_scope" error_description="the token does not have any of the required scopes"`, wanted))
	}
	c.claims = claims.Texts()
	if len(scopes) > 0 {
		c.scopes = claims.Scopes()
	}
	return nil
}

// challenge says beside a refusal what was wrong with the token.
func (c *call) challenge(why *refusal, text string) error {
	c.w.Header().Set("Www-Authenticate", text)
	return why
}

// authorizeFunction asks a Lambda authorizer (developer guide, page
// http-api-lambda-authorizer).
func (c *call) authorizeFunction() error {
	a := c.d.Definition.Authorizers[wire.Value(c.route.AuthorizerId)]
	if a == nil {
		return broken(errors.New("the route's authorizer is not there"))
	}
	var identity []string
	for _, source := range a.IdentitySource {
		values, ok := c.value(source)
		if !ok || values[0] == "" {
			return errUnauthorized
		}
		identity = append(identity, values[0])
	}
	arn := c.arn(c.r.Method + c.path)
	ttl := time.Duration(wire.Value(a.AuthorizerResultTtlInSeconds)) * time.Second
	name := verdict.Key(append([]string{c.api, *c.d.Stage.StageName, c.d.DeploymentID, *a.AuthorizerId}, identity...)...)
	now := c.Clock.Now()
	v, kept := c.verdicts.Get(name, now)
	if !kept || ttl == 0 || len(identity) == 0 {
		var err error
		if v, err = c.ask(a, arn, identity); err != nil {
			return err
		}
		c.verdicts.Put(name, v, now.Add(ttl))
	}
	c.authorizer = v.Context
	allowed := wire.Value(v.IsAuthorized)
	if !a.EnableSimpleResponses {
		allowed, _ = v.Policy.Decide(arn, c.r, c.sourceIP())
	}
	if !allowed {
		return errForbidden
	}
	return nil
}

// arn names what is below the stage.
func (c *call) arn(rest string) string {
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s", c.d.Region, c.d.Account, c.api, *c.d.Stage.StageName, rest)
}

// source is the ARN of the route, as functions' policies name it.
func (c *call) source() string {
	method, path, ok := strings.Cut(*c.route.RouteKey, " ")
	if !ok {
		return c.arn(*c.route.RouteKey)
	}
	return c.arn(strings.Replace(method, "ANY", "*", 1) + path)
}

func (c *call) ask(a *apigatewayv2.Authorizer, arn string, identity []string) (v verdictOf, err error) {
	function, ok := backend.Function(wire.Value(a.AuthorizerUri))
	if !ok {
		return v, broken(fmt.Errorf("%s names no function", wire.Value(a.AuthorizerUri)))
	}
	payload, err := c.authorizerEvent(a, arn, identity)
	if err != nil {
		return v, err
	}
	answer, err := c.Functions.Invoke(c.ctx, backend.Invocation{
		Function: function, Payload: payload, Role: wire.Value(a.AuthorizerCredentialsArn),
		Source: fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/authorizers/%s", c.d.Region, c.d.Account, c.api, *a.AuthorizerId),
	})
	if err != nil {
		return v, broken(fmt.Errorf("invoking the authorizer %s: %w", function, err))
	}
	if answer.Failed {
		var e struct{ ErrorMessage string }
		if json.Unmarshal(answer.Payload, &e) == nil && e.ErrorMessage == "Unauthorized" {
			return v, errUnauthorized
		}
		return v, broken(fmt.Errorf("the authorizer %s failed: %s", function, clip(answer.Payload)))
	}
	if v, err = readVerdict(answer.Payload, a.EnableSimpleResponses); err != nil {
		return v, broken(fmt.Errorf("the authorizer %s answered %w", function, err))
	}
	if v.PrincipalID != "" {
		v.Context["principalId"] = v.PrincipalID
	}
	return v, nil
}

func (c *call) authorizerEvent(a *apigatewayv2.Authorizer, arn string, identity []string) ([]byte, error) {
	if wire.Value(a.AuthorizerPayloadFormatVersion) == "2.0" {
		e := c.event2()
		e.Type, e.RouteArn, e.IdentitySource, e.Body = "REQUEST", arn, identity, nil
		return json.Marshal(e)
	}
	data, err := json.Marshal(c.event1())
	if err != nil {
		return nil, err
	}
	var e map[string]any
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	e["type"], e["methodArn"], e["identitySource"] = "REQUEST", arn, strings.Join(identity, ",")
	e["authorizationToken"] = strings.Join(identity, ",")
	delete(e, "body")
	return json.Marshal(e)
}
