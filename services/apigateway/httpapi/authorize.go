package httpapi

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox/signalbox/services/apigateway/backend"
	apigatewayv2 "github.com/signalbox/signalbox/services/apigateway/v2"
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
		return &refusal{http.StatusInternalServerError, "JWT authorizers are not implemented by Signalbox", errors.New("JWT authorizers are not implemented")}
	}
	return nil
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
	key := sha256.Sum256([]byte(c.api + "\x00" + *a.AuthorizerId + "\x00" + strings.Join(identity, "\x00")))
	now := c.Clock.Now()
	v, kept := c.verdicts.get(key, now)
	if !kept || ttl == 0 || len(identity) == 0 {
		var err error
		if v, err = c.ask(a, arn, identity); err != nil {
			return err
		}
		c.verdicts.put(key, v, now.Add(ttl))
	}
	if !v.allows(arn) {
		return errForbidden
	}
	c.authorizer = v.Context
	if c.authorizer == nil {
		c.authorizer = map[string]any{}
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

func (c *call) ask(a *apigatewayv2.Authorizer, arn string, identity []string) (v verdict, err error) {
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
	if err := json.Unmarshal(answer.Payload, &v); err != nil {
		return v, broken(fmt.Errorf("the authorizer %s answered %s", function, clip(answer.Payload)))
	}
	v.simple = a.EnableSimpleResponses
	if v.Context != nil && v.PrincipalID != "" {
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
