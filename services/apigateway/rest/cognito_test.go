package rest_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine/local"
	"github.com/signalbox/signalbox/services/apigateway"
	"github.com/signalbox/signalbox/services/apigateway/imports"
	"github.com/signalbox/signalbox/services/apigateway/rest"
	"github.com/signalbox/signalbox/services/apigateway/token/tokentest"
	"github.com/signalbox/signalbox/wire"
)

// only is a network with one host, whatever name it is called by.
type only struct{ http.Handler }

func (o only) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w.Result(), nil
}

const poolAPI = `{
  "swagger": "2.0", "info": {"title": "pool"},
  "securityDefinitions": {"pool": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": ["arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_Pool"]}}},
  "paths": {
    "/id": {"get": {"security": [{"pool": []}], "x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\":200}"},
      "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "$context.authorizer.claims.email $context.authorizer.claims['cognito:groups']"}}}}}},
    "/scoped": {"get": {"security": [{"pool": ["orders/read"]}], "x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\":200}"},
      "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "$context.authorizer.claims.sub"}}}}}}
  }}`

// serve deploys an API and serves it.
func serve(t *testing.T, document string, config rest.Config) func(path string, headers ...string) (int, string) {
	t.Helper()
	eng, err := local.Open(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close() })
	ctx := wire.NewContext(context.Background(), &wire.Request{Account: "000000000000", Region: "eu-west-1"})
	apis, err := apigateway.New(ctx, eng, clock.Real(), nil, imports.Read)
	if err != nil {
		t.Fatal(err)
	}
	api, err := apis.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(document)})
	if err != nil {
		t.Fatal(err)
	}
	stage := "prod"
	if _, err := apis.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: &stage}); err != nil {
		t.Fatal(err)
	}
	config.APIs, config.Clock, config.Logger = apis, clock.Real(), slog.New(slog.NewTextHandler(t.Output(), nil))
	h := rest.NewHandler(config)
	return func(path string, headers ...string) (int, string) {
		r := httptest.NewRequestWithContext(wire.NewContext(t.Context(), &wire.Request{}), http.MethodGet, "/restapis/"+*api.Id+"/prod/_user_request_"+path, nil)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Body)
		return w.Code, string(body)
	}
}

func TestAUserPoolsTokenOpensMethods(t *testing.T) {
	issuer := tokentest.New(t)
	issuer.URL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool"
	call := serve(t, poolAPI, rest.Config{HTTP: &http.Client{Transport: only{issuer}}})
	claims := func(text string) string {
		all := map[string]any{"exp": time.Now().Add(time.Hour).Unix(), "sub": "me"}
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		return "Authorization: " + issuer.Token(all)
	}
	id := claims(`{"token_use":"id","email":"a@example.org","cognito:groups":["admins","users"]}`)
	access := claims(`{"token_use":"access","scope":"orders/read profile"}`)
	for name, c := range map[string]struct {
		path, header string
		status       int
		body         string
	}{
		"an ID token":                               {"/id", id, 200, "a@example.org [admins users]"},
		"with Bearer before it":                     {"/id", strings.Replace(id, ": ", ": Bearer ", 1), 200, "a@example.org [admins users]"},
		"an access token where no scopes are asked": {"/id", access, 401, `{"message":"Unauthorized"}`},
		"an access token with the scope":            {"/scoped", access, 200, "me"},
		"an access token without the scope":         {"/scoped", claims(`{"token_use":"access","scope":"profile"}`), 401, `{"message":"Unauthorized"}`},
		"an ID token where scopes are asked":        {"/scoped", id, 401, `{"message":"Unauthorized"}`},
		"no token":                                  {"/id", "X-Other: x", 401, `{"message":"Unauthorized"}`},
		"an expired token":                          {"/id", claims(`{"token_use":"id","exp":1}`), 401, `{"message":"The incoming token has expired"}`},
		"another pool's token":                      {"/id", claims(`{"token_use":"id","iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"}`), 401, `{"message":"Unauthorized"}`},
	} {
		if status, body := call(c.path, c.header); status != c.status || body != c.body {
			t.Errorf("%s: %d %s, want %d %s", name, status, body, c.status, c.body)
		}
	}
	issuer = tokentest.New(t)
	issuer.Fail(true)
	call = serve(t, poolAPI, rest.Config{HTTP: &http.Client{Transport: only{issuer}}})
	if status, body := call("/id", id); status != 500 || body != `{"message":"Internal server error"}` {
		t.Errorf("a pool that cannot be reached: %d %s", status, body)
	}
}
