package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// callers is how many connections send requests to APIs: as many processes of
// the function run at once.
const callers = 16

// apiOrder is what is sent and what comes back, but for the integration of
// EventBridge.
const apiOrder = `{"order":{"id":"8f1c2a7e","state":"pending"}}`

// apis measures requests to APIs beside a bare net/http server that is asked the
// same and answers the same.
func (r *run) apis() error {
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, apiOrder)
	}))
	defer bare.Close()
	b, err := newBox(r.ctx, r.binary)
	if err != nil {
		return err
	}
	defer b.stop()
	config := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://" + b.address), Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")}
	function, err := echoFunction(r.ctx, config)
	if err != nil {
		return err
	}
	rest, err := restAPI(r.ctx, config, function, bare.URL)
	if err != nil {
		return err
	}
	httpAPI, err := newHTTPAPI(r.ctx, config, function, bare.URL)
	if err != nil {
		return err
	}
	var base float64
	for _, m := range []struct{ what, address, path, holds string }{
		{"bare net/http server", strings.TrimPrefix(bare.URL, "http://"), "/orders", "pending"},
		{"REST API, mock", b.address, "/restapis/" + rest + "/prod/_user_request_/mock", "pending"},
		{"REST API, PutEvents by a mapping template", b.address, "/restapis/" + rest + "/prod/_user_request_/events", `"FailedEntryCount":0`},
		{"REST API, Lambda proxy", b.address, "/restapis/" + rest + "/prod/_user_request_/function", "pending"},
		{"REST API, HTTP proxy to the bare server", b.address, "/restapis/" + rest + "/prod/_user_request_/http", "pending"},
		{"HTTP API, Lambda (payload 2.0)", b.address, "/_aws/execute-api/" + httpAPI + "/function", "pending"},
		{"HTTP API, HTTP proxy to the bare server", b.address, "/_aws/execute-api/" + httpAPI + "/http", "pending"},
	} {
		request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nUser-Agent: bench\r\nContent-Length: %d\r\n\r\n%s", m.path, m.address, len(apiOrder), apiOrder)
		// Functions are started, templates read, connections made.
		if _, _, err := load(r.ctx, m.address, again(request), m.holds, callers, time.Second); err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		rate, times, err := load(r.ctx, m.address, again(request), m.holds, callers, r.seconds)
		if err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		if base == 0 {
			base = rate
		}
		row(m.what, "%8.0f requests/s  p50 %v  p99 %v  %.2f of the bare server", rate, quantile(times, 0.5), quantile(times, 0.99), rate/base)
	}
	return nil
}

// echoFunction builds and makes the function that APIs call.
func echoFunction(ctx context.Context, config aws.Config) (arn string, err error) {
	dir, err := os.MkdirTemp("", "signalbox-bench-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "bootstrap")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./bench/echo")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the function: %w", err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Store}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	if err != nil {
		return "", err
	}
	if _, err := f.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	role, err := apiRole(ctx, config)
	if err != nil {
		return "", err
	}
	client := lambda.NewFromConfig(config)
	out, err := client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("echo"), Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Role: &role,
		Code: &lambdatypes.FunctionCode{ZipFile: b.Bytes()}, Timeout: aws.Int32(20),
	})
	if err != nil {
		return "", err
	}
	_, err = client.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: out.FunctionName, StatementId: aws.String("apis"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"),
	})
	return *out.FunctionArn, err
}

// apiRole makes the role that the function has, and the integration of
// EventBridge.
func apiRole(ctx context.Context, config aws.Config) (arn string, err error) {
	client := iam.NewFromConfig(config)
	role, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("apis"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["apigateway.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		return "", err
	}
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("apis"), PolicyName: aws.String("put"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["events:PutEvents","logs:*"],"Resource":"*"}]}`)})
	return *role.Role.Arn, err
}

// restAPI imports and deploys an API of all integrations that are measured.
func restAPI(ctx context.Context, config aws.Config, function, bare string) (id string, err error) {
	type object = map[string]any
	method := func(integration object) object {
		return object{"post": object{"responses": object{"200": object{"description": "fine"}}, "x-amazon-apigateway-integration": integration}}
	}
	plain := object{"default": object{"statusCode": "200"}}
	document, err := json.Marshal(object{
		"openapi": "3.0.1", "info": object{"title": "bench"},
		"paths": object{
			"/mock": method(object{"type": "mock", "requestTemplates": object{"application/json": `{"statusCode":200}`},
				"responses": object{"default": object{"statusCode": "200", "responseTemplates": object{"application/json": apiOrder}}}}),
			"/events": method(object{"type": "aws", "httpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:events:action/PutEvents",
				"credentials": "arn:aws:iam::000000000000:role/apis", "responses": plain, "requestTemplates": object{"application/json": `#set($order = $input.path('$.order'))
{"Entries":[{"Source":"bench","DetailType":"order.$order.state","Detail":"$util.escapeJavaScript($input.json('$'))"}]}`}}),
			"/function": method(object{"type": "aws_proxy", "httpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + function + "/invocations"}),
			"/http":     method(object{"type": "http_proxy", "httpMethod": "POST", "uri": bare + "/orders"}),
		},
	})
	if err != nil {
		return "", err
	}
	client := apigateway.NewFromConfig(config)
	api, err := client.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: document})
	if err != nil {
		return "", err
	}
	_, err = client.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod")})
	return *api.Id, err
}

// newHTTPAPI makes an HTTP API with the stage $default.
func newHTTPAPI(ctx context.Context, config aws.Config, function, bare string) (id string, err error) {
	client := apigatewayv2.NewFromConfig(config)
	api, err := client.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("bench"), ProtocolType: v2types.ProtocolTypeHttp})
	if err != nil {
		return "", err
	}
	for path, in := range map[string]*apigatewayv2.CreateIntegrationInput{
		"/function": {IntegrationType: v2types.IntegrationTypeAwsProxy, IntegrationUri: &function, PayloadFormatVersion: aws.String("2.0")},
		"/http":     {IntegrationType: v2types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("POST"), IntegrationUri: aws.String(bare + "/orders")},
	} {
		in.ApiId = api.ApiId
		i, err := client.CreateIntegration(ctx, in)
		if err != nil {
			return "", err
		}
		if _, err := client.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("POST " + path), Target: aws.String("integrations/" + *i.IntegrationId)}); err != nil {
			return "", err
		}
	}
	_, err = client.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	return *api.ApiId, err
}
