package apigatewayv2_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/signalboxtest"
)

// world is a Signalbox and what a test does with it most.
type world struct {
	*signalboxtest.Box
	t      testing.TB
	ctx    context.Context
	apis   *apigatewayv2.Client
	queues *sqs.Client
}

func newWorld(t testing.TB, options ...signalboxtest.Option) *world {
	t.Helper()
	box := signalboxtest.Start(t, options...)
	config := box.Config()
	config.RetryMaxAttempts = 1
	return &world{Box: box, t: t, ctx: t.Context(), apis: apigatewayv2.NewFromConfig(config), queues: sqs.NewFromConfig(config)}
}

// must fails the test on an error and returns the answer.
func must[T any](out T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func wantCode(t testing.TB, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("error = %s: %s\nwant  %s: …%s…", api.ErrorCode(), api.ErrorMessage(), code, text)
	}
}

// api makes an HTTP API with the stage $default, deployed automatically.
func (w *world) api(cors *types.Cors) string {
	w.t.Helper()
	api := must(w.apis.CreateApi(w.ctx, &apigatewayv2.CreateApiInput{Name: aws.String("shop"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: cors}))(w.t)
	must(w.apis.CreateStage(w.ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true), StageVariables: map[string]string{"env": "live"}}))(w.t)
	return *api.ApiId
}

// route makes an integration and a route to it.
func (w *world) route(api, key string, in *apigatewayv2.CreateIntegrationInput) {
	w.t.Helper()
	in.ApiId = &api
	i := must(w.apis.CreateIntegration(w.ctx, in))(w.t)
	must(w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: &key, Target: aws.String("integrations/" + *i.IntegrationId)}))(w.t)
}

func (w *world) call(api, method, path, body string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, w.URL()+"/_aws/execute-api/"+api+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(text)
}

// backend is an HTTP server that says what it was asked.
func backend(t testing.TB) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Backend", "yes")
		w.Header().Set("Content-Type", "text/plain")
		if r.URL.Query().Has("fail") {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Added")+" "+string(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestTheMostSpecificRouteIsTaken(t *testing.T) {
	w := newWorld(t)
	api, url := w.api(nil), backend(t)
	for key, uri := range map[string]string{
		"GET /pets/{id}": url + "/one/{id}", "GET /pets/mine": url + "/mine", "ANY /pets/{id}": url + "/any", "GET /pets/{rest+}": url + "/rest/{rest}", "$default": url + "/else",
	} {
		w.route(api, key, &apigatewayv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), IntegrationUri: &uri})
	}
	for request, want := range map[string]string{
		"GET /pets/7": "GET /one/7  ", "GET /pets/mine": "GET /mine  ", "PUT /pets/7": "PUT /any  ", "GET /pets/a/b": "GET /rest/a/b  ", "GET /shops?x=1&y=a%20b": "GET /else?x=1&y=a+b  ", "POST /": "POST /else  ",
	} {
		method, path, _ := strings.Cut(request, " ")
		resp, got := w.call(api, method, path, "")
		if resp.StatusCode != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", request, resp.StatusCode, got, want)
		}
		if resp.Header.Get("Apigw-Requestid") == "" {
			t.Errorf("%s: no request identifier", request)
		}
	}
}

func TestParametersAreMapped(t *testing.T) {
	w := newWorld(t)
	api, url := w.api(nil), backend(t)
	w.route(api, "POST /in/{id}", &apigatewayv2.CreateIntegrationInput{
		IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("PUT"), IntegrationUri: aws.String(url + "/x"),
		RequestParameters: map[string]string{
			"overwrite:header.X-Added": "$request.body.name", "append:querystring.env": "${stageVariables.env}-1", "overwrite:path": "/mapped/${request.path.id}", "remove:querystring.secret": "''",
		},
		ResponseParameters: map[string]map[string]string{
			"418": {"overwrite:statuscode": "503", "append:header.X-Was": "$response.header.x-backend", "remove:header.X-Backend": "''"},
		},
	})
	resp, got := w.call(api, "POST", "/in/7?secret=1&q=2", `{"name":"pen"}`)
	if resp.StatusCode != 200 || got != `PUT /mapped/7?env=live-1&q=2 pen {"name":"pen"}` {
		t.Errorf("%d %q", resp.StatusCode, got)
	}
	resp, _ = w.call(api, "POST", "/in/7?fail=1", `{"name":"pen"}`)
	if resp.StatusCode != 503 || resp.Header.Get("X-Was") != "yes" || resp.Header.Get("X-Backend") != "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

func TestPreflightsAreAnsweredByTheAPI(t *testing.T) {
	w := newWorld(t)
	api := w.api(&types.Cors{AllowOrigins: []string{"https://shop.example"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"x-id"}, MaxAge: aws.Int32(60), AllowCredentials: aws.Bool(true)})
	w.route(api, "GET /a", &apigatewayv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String(backend(t))})
	resp, _ := w.call(api, "OPTIONS", "/a", "", "Origin: https://shop.example", "Access-Control-Request-Method: GET")
	h := resp.Header
	if resp.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != "https://shop.example" || h.Get("Access-Control-Allow-Methods") != "GET,POST" || h.Get("Access-Control-Max-Age") != "60" || h.Get("Access-Control-Allow-Headers") != "x-id" {
		t.Errorf("preflight: %d %v", resp.StatusCode, h)
	}
	resp, _ = w.call(api, "GET", "/a", "", "Origin: https://shop.example")
	if resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("request: %d %v", resp.StatusCode, resp.Header)
	}
	resp, _ = w.call(api, "OPTIONS", "/a", "", "Origin: https://other.example", "Access-Control-Request-Method: GET")
	if resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin is allowed: %v", resp.Header)
	}
	resp, body := w.call(api, "GET", "/nothing", "")
	if resp.StatusCode != 404 || body != `{"message":"Not Found"}` {
		t.Errorf("no route: %d %s", resp.StatusCode, body)
	}
}

func TestARequestBecomesAMessageWithNoCode(t *testing.T) {
	w := newWorld(t)
	url := must(w.queues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")}))(t).QueueUrl
	api := w.api(nil)
	in := &apigatewayv2.CreateIntegrationInput{
		IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage"), PayloadFormatVersion: aws.String("1.0"),
		CredentialsArn: aws.String("arn:aws:iam::000000000000:role/api"), RequestParameters: map[string]string{"QueueUrl": *url, "MessageBody": "$request.body.order"},
	}
	w.route(api, "POST /orders", in)
	resp, body := w.call(api, "POST", "/orders", `{"order":{"id":7}}`)
	if resp.StatusCode != 200 || !strings.Contains(body, "MessageId") {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	out := must(w.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 3}))(t)
	if len(out.Messages) != 1 || *out.Messages[0].Body != `{"id":7}` {
		t.Errorf("messages = %+v", out.Messages)
	}

	// An error of the service is the answer.
	in.RequestParameters = map[string]string{"QueueUrl": *url + "-none", "MessageBody": "$request.body"}
	w.route(api, "POST /none", in)
	if resp, body := w.call(api, "POST", "/none", `x`); resp.StatusCode != 400 || !strings.Contains(body, "queue does not exist") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestAnAPIIsMadeAtOnceWithATarget(t *testing.T) {
	w := newWorld(t)
	api := must(w.apis.CreateApi(w.ctx, &apigatewayv2.CreateApiInput{Name: aws.String("q"), ProtocolType: types.ProtocolTypeHttp, Target: aws.String(backend(t) + "/t")}))(t)
	if _, got := w.call(*api.ApiId, "GET", "/", ""); got != "GET /t  " {
		t.Errorf("got %q", got)
	}
	if !strings.HasSuffix(*api.ApiEndpoint, "/_aws/execute-api/"+*api.ApiId) {
		t.Errorf("endpoint = %s", *api.ApiEndpoint)
	}
	w.Restart()
	if _, got := w.call(*api.ApiId, "GET", "/x", ""); got != "GET /t  " {
		t.Errorf("after a restart: %q", got)
	}
}

func TestAnOpenAPIDocumentBecomesAnHTTPAPI(t *testing.T) {
	w := newWorld(t)
	api := must(w.apis.ImportApi(w.ctx, &apigatewayv2.ImportApiInput{Body: aws.String(`
openapi: 3.0.1
info: {title: imported, version: "2"}
x-amazon-apigateway-cors: {allowOrigins: ["*"]}
paths:
  /hello/{name}:
    get:
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        uri: ` + backend(t) + `/hi/{name}
        payloadFormatVersion: 1.0
`)}))(t)
	must(w.apis.CreateStage(w.ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("v1"), AutoDeploy: aws.Bool(true)}))(t)
	if _, got := w.call(*api.ApiId, "GET", "/v1/hello/you", ""); got != "GET /hi/you  " {
		t.Errorf("got %q", got)
	}
	if *api.Name != "imported" || *api.Version != "2" || api.CorsConfiguration.AllowOrigins[0] != "*" {
		t.Errorf("api = %+v", api)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	w := newWorld(t)
	api := w.api(nil)
	_, err := w.apis.CreateApi(w.ctx, &apigatewayv2.CreateApiInput{Name: aws.String("x"), ProtocolType: types.ProtocolTypeWebsocket})
	wantCode(t, err, "BadRequestException", "WebSocket APIs are not implemented")
	_, err = w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET pets")})
	wantCode(t, err, "BadRequestException", "The provided route key is not formatted properly")
	_, err = w.apis.CreateRoute(w.ctx, &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET /"), Target: aws.String("integrations/none")})
	wantCode(t, err, "BadRequestException", "Invalid target specified")
	_, err = w.apis.CreateIntegration(w.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: &api, IntegrationType: types.IntegrationTypeMock})
	wantCode(t, err, "BadRequestException", "AWS_PROXY and HTTP_PROXY")
	_, err = w.apis.CreateIntegration(w.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: &api, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage"), CredentialsArn: aws.String("arn:aws:iam::000000000000:role/api"), RequestParameters: map[string]string{"QueueUrl": "x"}})
	wantCode(t, err, "BadRequestException", "MessageBody is required")
	_, err = w.apis.GetApi(w.ctx, &apigatewayv2.GetApiInput{ApiId: aws.String("none")})
	wantCode(t, err, "NotFoundException", "Invalid API identifier specified none")
	_, err = w.apis.CreateStage(w.ctx, &apigatewayv2.CreateStageInput{ApiId: &api, StageName: aws.String("$default")})
	wantCode(t, err, "ConflictException", "Stage already exists")
}
