package apigateway_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

func TestARequestIsCheckedBeforeAnythingIsDone(t *testing.T) {
	w := newWorld(t)
	method := mock(`{"fine":true}`)
	method["parameters"] = []object{
		{"name": "q", "in": "query", "required": true, "type": "string"}, {"name": "X-Id", "in": "header", "required": true, "type": "string"},
		{"name": "o", "in": "query", "required": false, "type": "string"},
		{"name": "body", "in": "body", "schema": object{"$ref": "#/definitions/Order"}},
	}
	document := mockAPI(object{"/orders": object{"post": method}})
	document["definitions"] = object{
		"Order": object{"type": "object", "required": []string{"id"}, "properties": object{"id": object{"type": "integer", "minimum": 1}, "items": object{"type": "array", "items": object{"$ref": "#/definitions/Item"}}}},
		"Item":  object{"type": "object", "required": []string{"name"}, "additionalProperties": false, "properties": object{"name": object{"type": "string", "pattern": "^[a-z]+$"}}},
	}
	document["x-amazon-apigateway-request-validators"] = object{"all": object{"validateRequestBody": true, "validateRequestParameters": true}}
	document["x-amazon-apigateway-request-validator"] = "all"
	id := w.imported(document)
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		want       string
	}{
		"all is there":                 {"/orders?q=1", `{"id":1,"items":[{"name":"pen"}]}`, []string{"X-Id: 1"}, 200, `{"fine":true}`},
		"parameters are missing":       {"/orders", `{"id":1}`, nil, 400, `{"message":"Missing required request parameters: [X-Id, q]"}`},
		"a member is missing":          {"/orders?q=1", `{}`, []string{"X-Id: 1"}, 400, `{"message":"Invalid request body"}`},
		"there is no body":             {"/orders?q=1", ``, []string{"X-Id: 1"}, 400, `{"message":"Invalid request body"}`},
		"it is no JSON":                {"/orders?q=1", `{id`, []string{"X-Id: 1"}, 400, `{"message":"Invalid request body"}`},
		"a number is too low":          {"/orders?q=1", `{"id":0}`, []string{"X-Id: 1"}, 400, `{"message":"Invalid request body"}`},
		"another model's is wrong":     {"/orders?q=1", `{"id":1,"items":[{"name":"Pen"}]}`, []string{"X-Id: 1"}, 400, `{"message":"Invalid request body"}`},
		"another model's has too much": {"/orders?q=1", `{"id":1,"items":[{"name":"pen","x":1}]}`, []string{"X-Id: 1"}, 400, `{"message":"Invalid request body"}`},
		"a content type has no model":  {"/orders?q=1", `{"statusCode":200}`, []string{"X-Id: 1", "Content-Type: text/plain"}, 200, `{"fine":true}`},
	} {
		if got := w.call(id, "POST", c.path, c.body, c.headers...); got.Status != c.status || got.Body != c.want {
			t.Errorf("%s: %d %s, want %d %s", name, got.Status, got.Body, c.status, c.want)
		}
	}
}

func TestGatewayResponsesAreTheAPIsOwn(t *testing.T) {
	w := newWorld(t)
	document := mockAPI(object{"/a": object{"get": mock(`{}`)}})
	document["x-amazon-apigateway-gateway-responses"] = object{
		"MISSING_AUTHENTICATION_TOKEN": object{
			"statusCode": 404, "responseParameters": object{"gatewayresponse.header.X-Method": "context.httpMethod", "gatewayresponse.header.X-Fixed": "'a'"},
			"responseTemplates": object{"application/json": `{"error":$context.error.messageString,"type":"$context.error.responseType","id":"$context.requestId"}`},
		},
		"DEFAULT_4XX": object{"responseParameters": object{"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}},
	}
	id := w.imported(document)
	got := w.call(id, "GET", "/none", "")
	if got.Status != 404 || !strings.HasPrefix(got.Body, `{"error":"Missing Authentication Token","type":"MISSING_AUTHENTICATION_TOKEN","id":"`) || got.Header.Get("X-Method") != "GET" || got.Header.Get("X-Fixed") != "a" {
		t.Errorf("%+v", got)
	}
	got = w.call(id, "GET", "/a", strings.Repeat("x", 10<<20+1))
	if got.Status != 413 || got.Body != `{"message":"Request Too Long"}` || got.Header.Get("Access-Control-Allow-Origin") != "*" || got.Header.Get("X-Amzn-Errortype") != "RequestTooLongException" {
		t.Errorf("%d %s %v", got.Status, got.Body, got.Header)
	}
}

func TestAKeyOpensWhatItsPlanHas(t *testing.T) {
	turned := clock.NewFake(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	w := newWorld(t, signalboxtest.WithClock(turned))
	document := mockAPI(object{"/a": object{"get": mock(`{}`)}})
	document["securityDefinitions"] = object{"key": object{"type": "apiKey", "name": "x-api-key", "in": "header"}}
	document["security"] = []object{{"key": []string{}}}
	id := w.imported(document)
	key := must(w.apis.CreateApiKey(w.ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Enabled: true}))(t)
	w.call(id, "GET", "/a", "").want(t, 403, `{"message":"Forbidden"}`)
	w.call(id, "GET", "/a", "", "X-Api-Key: "+*key.Value).want(t, 403, `{"message":"Forbidden"}`)

	plan := must(w.apis.CreateUsagePlan(w.ctx, &apigateway.CreateUsagePlanInput{
		Name: aws.String("p"), ApiStages: []types.ApiStage{{ApiId: &id, Stage: aws.String("prod")}},
		Throttle: &types.ThrottleSettings{RateLimit: 1, BurstLimit: 2}, Quota: &types.QuotaSettings{Limit: 4, Period: types.QuotaPeriodTypeDay},
	}))(t)
	must(w.apis.CreateUsagePlanKey(w.ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")}))(t)
	ask := func() answer { return w.call(id, "GET", "/a", "", "X-Api-Key: "+*key.Value) }
	ask().want(t, 200, `{}`)
	ask().want(t, 200, `{}`)
	ask().want(t, 429, `{"message":"Too Many Requests"}`)
	turned.Advance(2 * time.Second)
	ask().want(t, 200, `{}`)
	ask().want(t, 200, `{}`)
	turned.Advance(2 * time.Second)
	ask().want(t, 429, `{"message":"Limit Exceeded"}`)
	turned.Advance(24 * time.Hour)
	ask().want(t, 200, `{}`)

	must(w.apis.UpdateApiKey(w.ctx, &apigateway.UpdateApiKeyInput{ApiKey: key.Id, PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/enabled"), Value: aws.String("false")}}}))(t)
	turned.Advance(2 * time.Second)
	ask().want(t, 403, `{"message":"Forbidden"}`)
	_, err := w.apis.DeleteRestApi(w.ctx, &apigateway.DeleteRestApiInput{RestApiId: &id})
	wantCode(t, err, "BadRequestException", "usage plan "+*plan.Id)
}

// echo is an HTTP server that says what it was asked, with the status that the
// query names.
func echo(t testing.TB) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Backend", r.Header.Get("X-Added"))
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("status") == "500" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, `{"request":"`+r.Method+" "+r.URL.RequestURI()+`","body":"`+base64.StdEncoding.EncodeToString(body)+`"}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAnHTTPServerAnswersDirectlyOrMapped(t *testing.T) {
	w := newWorld(t)
	url := echo(t)
	id := w.imported(mockAPI(object{
		"/proxy/{proxy+}": object{"x-amazon-apigateway-any-method": object{
			"parameters": []object{{"name": "proxy", "in": "path", "required": true, "type": "string"}},
			"x-amazon-apigateway-integration": object{
				"type": "http_proxy", "httpMethod": "ANY", "uri": url + "/{proxy}", "requestParameters": object{"integration.request.path.proxy": "method.request.path.proxy", "integration.request.header.X-Added": "context.stage"},
			},
		}},
		"/mapped/{id}": object{"post": object{
			"x-amazon-apigateway-integration": object{
				"type": "http", "httpMethod": "PUT", "uri": url + "/things/{thing}",
				"requestParameters": object{"integration.request.path.thing": "method.request.path.id", "integration.request.querystring.status": "method.request.querystring.s"},
				"requestTemplates":  object{"application/json": `<$input.path('$.n')>#if($input.path('$.n') == "9")#set($context.requestOverride.header["X-Added"] = "nine")#end`},
				"responses": object{
					"default": object{"statusCode": "201", "responseParameters": object{"method.response.header.X-From": "integration.response.header.X-Backend"}, "responseTemplates": object{"application/json": `{"got":$input.json('$.request'),"body":"$util.base64Decode($input.path('$.body'))"}`}},
					`5\d\d`:   object{"statusCode": "502", "responseTemplates": object{"application/json": `{"broken":true}#set($context.responseOverride.status = 503)`}},
				},
			},
		}},
		"/never": object{"post": object{"x-amazon-apigateway-integration": object{
			"type": "http", "httpMethod": "POST", "uri": url, "passthroughBehavior": "never", "requestTemplates": object{"application/xml": "x"}, "responses": object{"default": object{"statusCode": "200"}},
		}}},
		"/gone": object{"get": object{"x-amazon-apigateway-integration": object{"type": "http_proxy", "httpMethod": "GET", "uri": "http://127.0.0.1:1/"}}},
	}))
	got := w.call(id, "DELETE", "/proxy/a/b?x=1", "hi")
	got.want(t, 200, `{"request":"DELETE /a/b?x=1","body":"aGk="}`)
	if got.Header.Get("X-Backend") != "prod" {
		t.Errorf("X-Backend = %q", got.Header.Get("X-Backend"))
	}
	w.call(id, "POST", "/mapped/7", `{"n":5}`).want(t, 201, `{"got":"PUT /things/7","body":"<5>"}`)
	if got := w.call(id, "POST", "/mapped/7", `{"n":"9"}`); got.Header.Get("X-From") != "nine" {
		t.Errorf("%+v", got)
	}
	w.call(id, "POST", "/mapped/7?s=500", `{"n":5}`).want(t, 503, `{"broken":true}`)
	w.call(id, "POST", "/mapped/7", `{n`).want(t, 400, `{"message":"Could not parse request body into json: invalid character 'n'"}`)
	w.call(id, "POST", "/never", `{}`).want(t, 415, `{"message":"Unsupported Media Type"}`)
	w.call(id, "GET", "/gone", ``).want(t, 504, `{"message":"Network error communicating with endpoint"}`)
}

func TestAnIntegrationThatTakesTooLongIsGivenUp(t *testing.T) {
	w := newWorld(t)
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	id := w.imported(mockAPI(object{"/slow": object{"get": object{"x-amazon-apigateway-integration": object{"type": "http_proxy", "httpMethod": "GET", "uri": s.URL, "timeoutInMillis": 60}}}}))
	w.call(id, "GET", "/slow", "").want(t, 504, `{"message":"Endpoint request timed out"}`)
}

func TestAQueueIsReachedInEachForm(t *testing.T) {
	w := newWorld(t)
	url, _ := w.queue("orders")
	integration := func(uri string, parameters, templates object) object {
		return object{"post": object{"x-amazon-apigateway-integration": object{
			"type": "aws", "httpMethod": "POST", "uri": uri, "credentials": "arn:aws:iam::000000000000:role/api",
			"requestParameters": parameters, "requestTemplates": templates,
			"responses": object{
				"default": object{"statusCode": "200", "responseTemplates": object{"application/json": `{"sent":true}`}},
				`4\d\d`:   object{"statusCode": "400", "responseTemplates": object{"application/json": `{"refused":true}`}},
			},
		}}}
	}
	form := object{"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
	id := w.imported(mockAPI(object{
		"/path":   integration("arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders", form, object{"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"}),
		"/action": integration("arn:aws:apigateway:us-east-1:sqs:action/SendMessage", form, object{"application/json": "QueueUrl=$util.urlEncode('" + url + "')&MessageBody=$util.urlEncode($input.body)"}),
		"/query": integration("arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders", object{
			"integration.request.querystring.Action": "'SendMessage'", "integration.request.querystring.MessageBody": "method.request.body"}, object{}),
		"/json": integration("arn:aws:apigateway:us-east-1:sqs:action/SendMessage", object{}, object{"application/json": `{"QueueUrl":"` + url + `","MessageBody":"$util.escapeJavaScript($input.body).replaceAll("\\'","'")"}`}),
		"/none": integration("arn:aws:apigateway:us-east-1:sqs:path/000000000000/none", form, object{"application/json": "Action=SendMessage&MessageBody=x"}),
		"/what": integration("arn:aws:apigateway:us-east-1:athena:action/StartQueryExecution", object{}, object{}),
	}))
	for _, path := range []string{"/path", "/action", "/query", "/json"} {
		body := `{"via":"` + path + `"}`
		got := w.call(id, "POST", path, body)
		if got.Status != 200 || got.Body != `{"sent":true}` {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
			continue
		}
		if message := w.receive(url); message != body {
			t.Errorf("%s: message = %s", path, message)
		}
	}
	w.call(id, "POST", "/none", `{}`).want(t, 400, `{"refused":true}`)
	w.call(id, "POST", "/what", `{}`).want(t, 500, `{"message":"Internal server error"}`)
}

func TestPatchesChangeWhatTheyNameAndNothingElse(t *testing.T) {
	w := newWorld(t)
	api := must(w.apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: aws.String("a"), BinaryMediaTypes: []string{"a/b"}}))(t)
	op := func(op types.Op, path, value string) types.PatchOperation {
		p := types.PatchOperation{Op: op, Path: &path}
		if value != "" {
			p.Value = &value
		}
		return p
	}
	must(w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{
		op(types.OpReplace, "/name", "b"), op(types.OpAdd, "/binaryMediaTypes/image~1png", ""), op(types.OpRemove, "/binaryMediaTypes/a~1b", ""),
	}}))(t)
	_, err := w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{op(types.OpReplace, "/id", "x")}})
	wantCode(t, err, "BadRequestException", "Invalid patch path  '/id' specified for op 'replace'")
	_, err = w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/name")}}})
	wantCode(t, err, "BadRequestException", "replace of /name needs a value")
	_, err = w.apis.UpdateRestApi(w.ctx, &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{op(types.OpReplace, "/name", "c"), op(types.OpReplace, "/minimumCompressionSize", "many")}})
	wantCode(t, err, "BadRequestException", "Invalid patch value 'many'")
	got := must(w.apis.GetRestApi(w.ctx, &apigateway.GetRestApiInput{RestApiId: api.Id}))(t)
	if *got.Name != "b" || len(got.BinaryMediaTypes) != 1 || got.BinaryMediaTypes[0] != "image/png" {
		t.Errorf("%s %v", *got.Name, got.BinaryMediaTypes)
	}
}

func TestWhatIsWrongWithADocumentIsSaid(t *testing.T) {
	w := newWorld(t)
	for text, want := range map[string]string{
		`nonsense`:       "the document is no object",
		`{"paths":{}}`:   "neither swagger nor openapi",
		"a: [":           "neither JSON nor YAML",
		`openapi: 3.0.1`: "info.title",
		`{"swagger":"2.0","info":{"title":"x"},"paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"type":"strange"}}}}}`:                                             "Unable to put integration on 'GET' for resource at path '/a': Enumeration value of type",
		`{"swagger":"2.0","info":{"title":"x"},"paths":{"/a":{"get":{"x-amazon-apigateway-request-validator":"none"}}}}`:                                                   `the request validator "none" is not defined`,
		`{"swagger":"2.0","info":{"title":"x"},"paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"#if("}}}}}}`: "Invalid mapping template for application/json",
		`{"swagger":"2.0","info":{"title":"x"},"paths":{"/a":{"post":{"parameters":[{"in":"body","name":"b","schema":{"$ref":"#/definitions/None"}}]}}}}`:                  "Invalid model identifier specified: None",
		`{"openapi":"3.0.0","info":{"title":"x"},"components":{"schemas":{}},"paths":{"/a":{"$ref":"#/paths/~1a"}}}`:                                                       "references go in circles",
		`{"swagger":"2.0","info":{"title":"x"},"x-amazon-apigateway-gateway-responses":{"STRANGE":{}},"paths":{}}`:                                                         "Invalid gateway response type specified: STRANGE",
	} {
		_, err := w.apis.ImportRestApi(w.ctx, &apigateway.ImportRestApiInput{Body: []byte(text)})
		wantCode(t, err, "BadRequestException", want)
	}
	if all := must(w.apis.GetRestApis(w.ctx, &apigateway.GetRestApisInput{}))(t); len(all.Items) != 0 {
		t.Errorf("%d APIs are left of documents that were refused", len(all.Items))
	}
}
