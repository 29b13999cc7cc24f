package apigatewayv2_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/signalbox/signalbox/services/apigateway/token/tokentest"
)

// guarded makes routes that a JWT authorizer guards: one that asks for scopes,
// one that does not.
func (w *world) guarded(api, issuer string, in *apigatewayv2.CreateIntegrationInput) {
	w.t.Helper()
	a := must(w.apis.CreateAuthorizer(w.ctx, &apigatewayv2.CreateAuthorizerInput{
		ApiId: &api, Name: aws.String("jwt"), AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: &issuer, Audience: []string{"app"}},
	}))(w.t)
	in.ApiId = &api
	i := must(w.apis.CreateIntegration(w.ctx, in))(w.t)
	for key, scopes := range map[string][]string{"ANY /any": nil, "ANY /scoped": {"orders:write", "orders:all"}} {
		must(w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{
			ApiId: &api, RouteKey: &key, Target: aws.String("integrations/" + *i.IntegrationId), AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: a.AuthorizerId, AuthorizationScopes: scopes,
		}))(w.t)
	}
}

func TestATokenOpensRoutes(t *testing.T) {
	w := newWorld(t)
	issuer := tokentest.New(t)
	api := w.api(nil)
	method, url := "ANY", backend(t)
	w.guarded(api, issuer.URL, &apigatewayv2.CreateIntegrationInput{
		IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: &method, IntegrationUri: &url,
		RequestParameters: map[string]string{"append:header.x-added": "$context.authorizer.claims.sub"},
	})
	claims := func(scope string, change map[string]any) string {
		all := map[string]any{"aud": "app", "sub": "me", "scope": scope, "exp": time.Now().Add(time.Hour).Unix()}
		for k, v := range change {
			all[k] = v
		}
		return "Authorization: Bearer " + issuer.Token(all)
	}
	good := claims("orders:read", nil)
	for name, c := range map[string]struct {
		path, header string
		status       int
		challenge    string
	}{
		"a good token":                    {"/any", good, 200, ""},
		"without the word Bearer":         {"/any", strings.Replace(good, "Bearer ", "", 1), 200, ""},
		"one of the scopes":               {"/scoped", claims("profile orders:all", nil), 200, ""},
		"no token":                        {"/any", "X-Other: x", 401, "Bearer"},
		"an empty token":                  {"/any", "Authorization: Bearer ", 401, "Bearer"},
		"what is no token":                {"/any", "Authorization: Bearer secret", 401, `Bearer scope="" error="invalid_token" error_description="token contains an invalid number of segments"`},
		"a token for another application": {"/any", claims("", map[string]any{"aud": "other"}), 401, `Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"`},
		"an expired token":                {"/scoped", claims("orders:all", map[string]any{"exp": 1}), 401, `Bearer scope="orders:write orders:all" error="invalid_token" error_description="the token has expired"`},
		"none of the scopes":              {"/scoped", good, 403, `Bearer scope="orders:write orders:all" error="insufficient_scope" error_description="the token does not have any of the required scopes"`},
	} {
		resp, body := w.call(api, "GET", c.path, "", c.header)
		if resp.StatusCode != c.status || resp.Header.Get("Www-Authenticate") != c.challenge {
			t.Errorf("%s: %d %s\n www-authenticate: %s\n            want: %s", name, resp.StatusCode, body, resp.Header.Get("Www-Authenticate"), c.challenge)
		}
		want := map[int]string{200: "GET / me ", 401: `{"message":"Unauthorized"}`, 403: `{"message":"Forbidden"}`}[c.status]
		if body != want {
			t.Errorf("%s: body = %s, want %s", name, body, want)
		}
	}
	if issuer.Asked() != 1 {
		t.Errorf("the issuer was asked %d times", issuer.Asked())
	}
}

func TestAnIssuerThatCannotBeReachedOpensNothing(t *testing.T) {
	w := newWorld(t)
	issuer := tokentest.New(t)
	issuer.Fail(true)
	api := w.api(nil)
	method, url := "ANY", backend(t)
	w.guarded(api, issuer.URL, &apigatewayv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: &method, IntegrationUri: &url})
	resp, body := w.call(api, "GET", "/any", "", "Authorization: "+issuer.Token(map[string]any{"aud": "app", "exp": time.Now().Add(time.Hour).Unix()}))
	if want := `Bearer scope="" error="invalid_token" error_description="OIDC discovery endpoint communication error"`; resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Www-Authenticate") != want {
		t.Errorf("%d %s %v", resp.StatusCode, body, resp.Header)
	}
}

func TestClaimsReachFunctions(t *testing.T) {
	w := newWorld(t)
	issuer := tokentest.New(t)
	api, arn := w.api(nil), w.function("f")
	w.guarded(api, issuer.URL, &apigatewayv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: &arn, PayloadFormatVersion: aws.String("2.0")})
	header := "Authorization: " + issuer.Token(map[string]any{
		"aud": []string{"app"}, "exp": 4_000_000_000, "scope": "profile orders:all", "cognito:groups": []string{"admins", "users"}, "email_verified": true,
	})
	for path, scopes := range map[string]string{"/any": "null", "/scoped": `["profile","orders:all"]`} {
		_, body := w.call(api, "GET", path, "", header)
		var event struct {
			RequestContext struct {
				Authorizer struct {
					JWT struct {
						Claims map[string]string
						Scopes []string
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &event); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		got := event.RequestContext.Authorizer.JWT
		if said, _ := json.Marshal(got.Scopes); string(said) != scopes || got.Claims["exp"] != "4000000000" || got.Claims["aud"] != "[app]" || got.Claims["cognito:groups"] != "[admins users]" || got.Claims["email_verified"] != "true" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestRoutesAskOnlyWhatTheirAuthorizersKnow(t *testing.T) {
	w := newWorld(t)
	api := w.api(nil)
	a := must(w.apis.CreateAuthorizer(w.ctx, &apigatewayv2.CreateAuthorizerInput{
		ApiId: &api, Name: aws.String("jwt"), AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: aws.String("https://issuer.example"), Audience: []string{"app"}},
	}))(t)
	_, err := w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET /a"), AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: a.AuthorizerId})
	wantCode(t, err, "BadRequestException", "requires a valid REQUEST authorizer")
	_, err = w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET /a"), AuthorizationType: types.AuthorizationTypeJwt})
	wantCode(t, err, "BadRequestException", "requires a valid JWT authorizer")
	_, err = w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET /a"), AuthorizationScopes: []string{"a"}})
	wantCode(t, err, "BadRequestException", "Authorization Scopes are only valid")
}
