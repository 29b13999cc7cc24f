package apigateway_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// bootstrap is a function as a program: it answers by its event.
const bootstrap = `#!/usr/bin/env python3
import json, os, urllib.request, uuid
seed, calls = str(uuid.uuid4()), 0
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as r:
        id, event = r.headers["Lambda-Runtime-Aws-Request-Id"], json.load(r)
    what, where = event.get("do") or (event.get("queryStringParameters") or {}).get("do"), "/response"
    if event.get("type") in ("TOKEN", "REQUEST"):
        token = event.get("authorizationToken") or event.get("identitySource")
        calls += 1
        token = token or event["headers"].get("Authorization")
        if token == "unknown":
            out, where = {"errorType": "Error", "errorMessage": "Unauthorized"}, "/error"
        else:
            out = {"principalId": "me", "context": {"team": "a", "calls": seed + str(calls), "flag": True}, "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Action": "execute-api:Invoke", "Effect": "Allow" if token == "yes" else "Deny", "Resource": event["methodArn"]}]}}
            if token == "deep": out["context"]["deep"] = {"x": 1}
            if token == "nothing": out = {"principalId": "me"}
            if token == "broken": out, where = {"errorType": "Error", "errorMessage": "no"}, "/error"
    elif what == "fail":
        out, where = {"errorType": "Error", "errorMessage": "[BadThing] no"}, "/error"
    elif what == "text":
        out = "text"
    elif what == "strange":
        out = {"statusCode": 200, "strange": 1}
    elif what == "binary":
        out = {"statusCode": 200, "isBase64Encoded": True, "body": "AAEC/w==", "headers": {"Content-Type": "image/png"}}
    elif what == "many":
        out = {"statusCode": "201", "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "headers": {"X-One": "1"}, "body": "made"}
    elif "httpMethod" in event or "rawPath" in event:
        out = {"statusCode": 200, "body": json.dumps(event)}
    else:
        out = event
    urllib.request.urlopen(urllib.request.Request(base + id + where, json.dumps(out).encode(), method="POST")).read()
`

// function makes a function and returns the URI of integrations with it.
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
	out := must(lambda.NewFromConfig(w.Config()).CreateFunction(w.ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("x"), Role: aws.String("arn:aws:iam::000000000000:role/f"),
		Code: &types.FunctionCode{ZipFile: b.Bytes()}, Timeout: aws.Int32(20),
	}))(w.t)
	return "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + *out.FunctionArn + "/invocations"
}

func TestAFunctionAnswersRequests(t *testing.T) {
	w := newWorld(t)
	uri := w.function("f")
	document := mockAPI(object{
		"/proxy/{id}": object{"x-amazon-apigateway-any-method": object{"x-amazon-apigateway-integration": object{"type": "aws_proxy", "httpMethod": "POST", "uri": uri}}},
		"/mapped": object{"post": object{"x-amazon-apigateway-integration": object{
			"type": "aws", "httpMethod": "POST", "uri": uri,
			"responses": object{
				"default":      object{"statusCode": "200", "responseTemplates": object{"application/json": `{"n":$input.json('$.n')}`}},
				`.*BadThing.*`: object{"statusCode": "409", "responseTemplates": object{"application/json": `{"error":$input.json('$.errorMessage')}`}},
			},
		}}},
		"/none": object{"get": object{"x-amazon-apigateway-integration": object{"type": "aws_proxy", "httpMethod": "POST", "uri": uri[:len(uri)-len("f/invocations")] + "none/invocations"}}},
	})
	document["x-amazon-apigateway-binary-media-types"] = []string{"image/png"}
	id := w.imported(document)

	got := w.call(id, "PUT", "/proxy/a%2Fb?x=1&x=2&y=z", "hello", "X-Two: 1", "Content-Type: text/plain")
	var event struct {
		Resource, Path, HTTPMethod, Body string
		Headers                          map[string]string
		MultiValueHeaders                map[string][]string
		QueryStringParameters            map[string]string
		MultiValueQueryStringParameters  map[string][]string
		PathParameters                   map[string]string
		StageVariables                   map[string]string
		IsBase64Encoded                  bool
		RequestContext                   struct {
			APIID, Stage, ResourcePath, HTTPMethod, Path, AccountID, RequestID string
			Identity                                                           struct{ SourceIP *string }
		}
	}
	if err := json.Unmarshal([]byte(got.Body), &event); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	c := event.RequestContext
	if event.Resource != "/proxy/{id}" || event.Path != "/proxy/a%2Fb" || event.HTTPMethod != "PUT" || event.Body != "hello" || event.IsBase64Encoded ||
		event.Headers["X-Two"] != "1" || event.QueryStringParameters["x"] != "2" || len(event.MultiValueQueryStringParameters["x"]) != 2 ||
		event.PathParameters["id"] != "a%2Fb" || event.StageVariables != nil || c.APIID != id || c.Stage != "prod" || c.Path != "/prod/proxy/a%2Fb" ||
		c.AccountID != "000000000000" || c.RequestID != got.Header.Get("X-Amzn-Requestid") || *c.Identity.SourceIP == "" {
		t.Errorf("event = %+v", event)
	}
	if got.Header.Get("X-Amzn-Trace-Id") == "" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("header = %v", got.Header)
	}
	got = w.call(id, "POST", "/proxy/1?do=many", "")
	if got.Status != 201 || got.Body != "made" || len(got.Header.Values("Set-Cookie")) != 2 || got.Header.Get("X-One") != "1" {
		t.Errorf("%+v", got)
	}
	w.call(id, "GET", "/proxy/1?do=fail", "").want(t, 502, `{"message":"Internal server error"}`)
	w.call(id, "GET", "/proxy/1?do=text", "").want(t, 502, `{"message":"Internal server error"}`)
	w.call(id, "GET", "/proxy/1?do=strange", "").want(t, 502, `{"message":"Internal server error"}`)
	w.call(id, "GET", "/proxy/1?do=binary", "", "Accept: image/png").want(t, 200, "\x00\x01\x02\xff")
	w.call(id, "GET", "/proxy/1?do=binary", "", "Accept: text/plain").want(t, 200, "AAEC/w==")
	got = w.call(id, "POST", "/proxy/1", "\x00\x01", "Content-Type: image/png")
	if err := json.Unmarshal([]byte(got.Body), &event); err != nil || event.Body != "AAE=" || !event.IsBase64Encoded {
		t.Errorf("%v %+v", err, event)
	}
	w.call(id, "POST", "/mapped", `{"n":[1,{"a":2}]}`).want(t, 200, `{"n":[1,{"a":2}]}`)
	w.call(id, "POST", "/mapped", `{"do":"fail"}`).want(t, 409, `{"error":"[BadThing] no"}`)
	w.call(id, "POST", "/mapped", `{x`).want(t, 400, `{"message":"Could not parse request body into json: invalid character 'x'"}`)
	w.call(id, "GET", "/none", "").want(t, 500, `{"message":"Internal server error"}`)
}

func TestAnAuthorizerLetsInWhomItKnows(t *testing.T) {
	w := newWorld(t)
	method := mock(`{"who":"$context.authorizer.principalId","team":"$context.authorizer.team"}`)
	method["security"] = []object{{"mine": []string{}}}
	document := mockAPI(object{"/a": object{"get": method}})
	document["securityDefinitions"] = object{"mine": object{
		"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
		"x-amazon-apigateway-authorizer": object{"type": "token", "authorizerUri": w.function("auth"), "identityValidationExpression": "[a-z]+"},
	}}
	id := w.imported(document)
	w.call(id, "GET", "/a", "", "Authorization: yes").want(t, 200, `{"who":"me","team":"a"}`)
	w.call(id, "GET", "/a", "", "Authorization: no").want(t, 403, `{"message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`)
	w.call(id, "GET", "/a", "", "Authorization: unknown").want(t, 401, `{"message":"Unauthorized"}`)
	w.call(id, "GET", "/a", "").want(t, 401, `{"message":"Unauthorized"}`)
	w.call(id, "GET", "/a", "", "Authorization: NO").want(t, 401, `{"message":"Unauthorized"}`)
}
