package apigateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// guardedBy is an API whose method asks an authorizer.
func guardedBy(authorizer object, integration object) object {
	integration["security"] = []object{{"mine": []string{}}}
	document := mockAPI(object{"/a": object{"get": integration}, "/b": object{"get": integration}})
	document["securityDefinitions"] = object{"mine": object{
		"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom", "x-amazon-apigateway-authorizer": authorizer,
	}}
	return document
}

func TestAnAuthorizersAnswerIsKeptAsLongAsItSays(t *testing.T) {
	turned := clock.NewFake(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	w := newWorld(t, signalboxtest.WithClock(turned))
	uri := w.function("auth")
	text := `{"n":"$context.authorizer.calls","team":"$context.authorizer.team","flag":"$context.authorizer.flag","latency":"$context.authorizer.integrationLatency"}`
	kept := w.imported(guardedBy(object{"type": "request", "authorizerUri": uri, "identitySource": "method.request.header.Authorization, method.request.querystring.q", "authorizerResultTtlInSeconds": 300}, mock(text)))
	never := w.imported(guardedBy(object{"type": "token", "authorizerUri": uri, "authorizerResultTtlInSeconds": 0}, mock(text)))
	ask := func(id, path string) string {
		got := w.call(id, "GET", path, "", "Authorization: yes")
		if got.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.Status, got.Body)
		}
		return got.Body
	}
	first := ask(kept, "/a?q=1")
	if !strings.Contains(first, `"team":"a"`) || !strings.Contains(first, `"flag":"true"`) || !strings.Contains(first, `"n":"`) {
		t.Errorf("context: %s", first)
	}
	if again := ask(kept, "/a?q=1"); again != first {
		t.Errorf("asked again: %s, before %s", again, first)
	}
	if other := ask(kept, "/a?q=2"); other == first {
		t.Error("another identity got the answer for the first")
	}
	w.call(kept, "GET", "/a", "", "Authorization: yes").want(t, 401, `{"message":"Unauthorized"}`) // a source is missing
	w.call(kept, "GET", "/b?q=1", "", "Authorization: yes").want(t, 403, `{"message":"User is not authorized to access this resource"}`)
	turned.Advance(301 * time.Second)
	if later := ask(kept, "/a?q=1"); later == first {
		t.Error("the answer was kept for too long")
	}
	if one, two := ask(never, "/a"), ask(never, "/a"); one == two {
		t.Errorf("an answer was kept that is not to be: %s", one)
	}
}

func TestWhatAnAuthorizerDoesWrongIsTold(t *testing.T) {
	w := newWorld(t)
	document := guardedBy(object{"type": "token", "authorizerUri": w.function("auth")}, mock(`{}`))
	document["x-amazon-apigateway-gateway-responses"] = object{
		"AUTHORIZER_CONFIGURATION_ERROR": object{"statusCode": 512}, "AUTHORIZER_FAILURE": object{"statusCode": 513},
		"ACCESS_DENIED": object{"responseTemplates": object{"application/json": `{"denied":"$context.authorizer.team $context.error.responseType"}`}},
	}
	id := w.imported(document)
	for token, want := range map[string]struct {
		status int
		body   string
	}{
		"unknown": {401, `{"message":"Unauthorized"}`},
		"no":      {403, `{"denied":"a ACCESS_DENIED"}`},
		"deep":    {512, `{"message":"Internal server error"}`}, // an object in the context
		"nothing": {512, `{"message":"Internal server error"}`}, // no policy
		"broken":  {513, `{"message":"Internal server error"}`}, // it fails
	} {
		w.call(id, "GET", "/a", "", "Authorization: "+token).want(t, want.status, want.body)
	}
}

func TestAnAPIsPolicySaysWhoMayCall(t *testing.T) {
	w := newWorld(t)
	document := mockAPI(object{"/open": object{"get": mock(`{}`)}, "/closed": object{"get": mock(`{}`)}, "/secret": object{"get": mock(`{}`)}})
	document["x-amazon-apigateway-policy"] = object{"Version": "2012-10-17", "Statement": []object{
		{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/GET/open"},
		{"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": []string{"execute-api:/*/*/secret"}, "Condition": object{"NotIpAddress": object{"aws:SourceIp": "10.0.0.0/8"}}},
	}}
	id := w.imported(document)
	w.call(id, "GET", "/open", "").want(t, 200, `{}`)
	what := "User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:" + id + "/prod/GET/"
	w.call(id, "GET", "/closed", "").want(t, 403, `{"message":"`+what+`closed"}`)
	w.call(id, "GET", "/secret", "").want(t, 403, `{"message":"`+what+`secret with an explicit deny"}`)
}
