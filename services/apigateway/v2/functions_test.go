package apigatewayv2_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// bootstrap is a function as a program: it answers by its event.
const bootstrap = `#!/usr/bin/env python3
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as r:
        id, event = r.headers["Lambda-Runtime-Aws-Request-Id"], json.load(r)
    what, where = (event.get("queryStringParameters") or {}).get("do"), "/response"
    if event.get("type") == "REQUEST":
        out = {"isAuthorized": event["identitySource"] == ["yes"], "context": {"team": "a"}}
    elif what == "fail":
        out, where = {"errorType": "Error", "errorMessage": "no"}, "/error"
    elif what == "text":
        out = "plain text"
    elif what == "object":
        out = {"n": 1}
    elif what == "cookies":
        out = {"statusCode": 201, "cookies": ["a=1", "b=2"], "headers": {"X-One": "1"}, "isBase64Encoded": True, "body": "AAE="}
    else:
        out = {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
    urllib.request.urlopen(urllib.request.Request(base + id + where, json.dumps(out).encode(), method="POST")).read()
`

// function makes a function and returns its ARN.
func (w *world) function(name string) string {
	w.t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		w.t.Skip("python3 is not installed")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	if err == nil {
		_, err = f.Write([]byte(bootstrap))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return *must(lambda.NewFromConfig(w.Config()).CreateFunction(w.ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("x"), Role: aws.String("arn:aws:iam::000000000000:role/f"),
		Code: &lambdatypes.FunctionCode{ZipFile: b.Bytes()}, Timeout: aws.Int32(20),
	}))(w.t).FunctionArn
}

func TestAFunctionAnswersRequests(t *testing.T) {
	w := newWorld(t)
	api, arn := w.api(nil), w.function("f")
	for version, key := range map[string]string{"2.0": "ANY /two/{id}", "1.0": "POST /one/{id+}"} {
		w.route(api, key, &apigatewayv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: &arn, PayloadFormatVersion: &version})
	}
	_, body := w.call(api, "PUT", "/two/a%2Fb?x=1&x=2", "hello", "Cookie: c=1; d=2", "Content-Type: text/plain", "X-Two: y")
	var event struct {
		Version, RouteKey, RawPath, RawQueryString, Body               string
		Cookies                                                        []string
		Headers, QueryStringParameters, PathParameters, StageVariables map[string]string
		IsBase64Encoded                                                bool
		RequestContext                                                 struct {
			APIID, Stage, RouteKey string
			HTTP                   struct{ Method, Path, SourceIP string }
		}
	}
	if err := json.Unmarshal([]byte(body), &event); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	c := event.RequestContext
	if event.Version != "2.0" || event.RouteKey != "ANY /two/{id}" || event.RawPath != "/two/a/b" || event.RawQueryString != "x=1&x=2" || event.Body != "hello" ||
		len(event.Cookies) != 2 || event.Headers["x-two"] != "y" || event.Headers["content-length"] != "5" || event.QueryStringParameters["x"] != "1,2" || event.PathParameters["id"] != "a/b" ||
		event.StageVariables["env"] != "live" || event.IsBase64Encoded || c.APIID != api || c.Stage != "$default" || c.HTTP.Method != "PUT" || c.HTTP.SourceIP == "" {
		t.Errorf("event = %+v", event)
	}
	_, body = w.call(api, "POST", "/two/1", "\x00\x01", "Content-Type: image/png")
	if err := json.Unmarshal([]byte(body), &event); err != nil || event.Body != "AAE=" || !event.IsBase64Encoded {
		t.Errorf("%v %+v", err, event)
	}
	_, body = w.call(api, "POST", "/one/a/b", "{}", "Content-Type: application/json")
	var old struct{ Version, Resource, Path, HTTPMethod string }
	if err := json.Unmarshal([]byte(body), &old); err != nil || old.Version != "1.0" || old.Resource != "/one/{id+}" || old.Path != "/one/a/b" || old.HTTPMethod != "POST" {
		t.Errorf("%v %+v", err, old)
	}
	for what, want := range map[string]struct {
		status int
		body   string
		kind   string
	}{
		"text":    {200, "plain text", "application/json"},
		"object":  {200, `{"n": 1}`, "application/json"},
		"cookies": {201, "\x00\x01", "application/octet-stream"},
		"fail":    {500, `{"message":"Internal Server Error"}`, "application/json"},
	} {
		resp, body := w.call(api, "GET", "/two/1?do="+what, "")
		if resp.StatusCode != want.status || body != want.body || resp.Header.Get("Content-Type") != want.kind {
			t.Errorf("%s: %d %q %v", what, resp.StatusCode, body, resp.Header)
		}
		if what == "cookies" && (len(resp.Header.Values("Set-Cookie")) != 2 || resp.Header.Get("X-One") != "1") {
			t.Errorf("cookies: %v", resp.Header)
		}
	}
}

func TestAnAuthorizerAnswersSimply(t *testing.T) {
	w := newWorld(t)
	api, arn := w.api(nil), w.function("f")
	authorizer := must(w.apis.CreateAuthorizer(w.ctx, &apigatewayv2.CreateAuthorizerInput{
		ApiId: &api, Name: aws.String("a"), AuthorizerType: types.AuthorizerTypeRequest, AuthorizerPayloadFormatVersion: aws.String("2.0"), EnableSimpleResponses: aws.Bool(true),
		AuthorizerUri: aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"), IdentitySource: []string{"$request.header.Authorization"},
	}))(t)
	i := must(w.apis.CreateIntegration(w.ctx, &apigatewayv2.CreateIntegrationInput{ApiId: &api, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: &arn, PayloadFormatVersion: aws.String("2.0")}))(t)
	route := &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String("GET /a"), Target: aws.String("integrations/" + *i.IntegrationId), AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: authorizer.AuthorizerId}
	must(w.apis.CreateRoute(w.ctx, route))(t)
	resp, body := w.call(api, "GET", "/a", "", "Authorization: yes")
	var event struct {
		RequestContext struct {
			Authorizer struct{ Lambda map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(body), &event); err != nil || resp.StatusCode != 200 || event.RequestContext.Authorizer.Lambda["team"] != "a" {
		t.Errorf("%v %d %s", err, resp.StatusCode, body)
	}
	if resp, body := w.call(api, "GET", "/a", "", "Authorization: no"); resp.StatusCode != 403 || body != `{"message":"Forbidden"}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp, body := w.call(api, "GET", "/a", ""); resp.StatusCode != 401 || body != `{"message":"Unauthorized"}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
