package apigateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/signalboxtest"
)

// world is a Signalbox and what a test does with it most.
type world struct {
	*signalboxtest.Box
	t      testing.TB
	ctx    context.Context
	apis   *apigateway.Client
	events *eventbridge.Client
	queues *sqs.Client
}

func newWorld(t testing.TB, options ...signalboxtest.Option) *world {
	t.Helper()
	box := signalboxtest.Start(t, options...)
	config := box.Config()
	config.RetryMaxAttempts = 1
	return &world{
		Box: box, t: t, ctx: t.Context(), apis: apigateway.NewFromConfig(config), events: eventbridge.NewFromConfig(config), queues: sqs.NewFromConfig(config),
	}
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

// wantCode fails the test unless err is the API error with that code, whose
// message holds text.
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

// imported imports an OpenAPI document and deploys it to the stage prod.
func (w *world) imported(document any) string {
	w.t.Helper()
	body, is := document.(string)
	if !is {
		text, err := json.Marshal(document)
		if err != nil {
			w.t.Fatal(err)
		}
		body = string(text)
	}
	api := must(w.apis.ImportRestApi(w.ctx, &apigateway.ImportRestApiInput{Body: []byte(body)}))(w.t)
	w.deploy(*api.Id)
	return *api.Id
}

func (w *world) deploy(id string) {
	w.t.Helper()
	must(w.apis.CreateDeployment(w.ctx, &apigateway.CreateDeploymentInput{RestApiId: &id, StageName: aws.String("prod")}))(w.t)
}

// answer is an HTTP response, read.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// call sends a request to the stage prod of an API. Headers are "Name: value".
func (w *world) call(id, method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.send(method, w.URL()+"/restapis/"+id+"/prod/_user_request_"+path, body, headers...)
}

func (w *world) send(method, url, body string, headers ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
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
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// want fails the test unless the answer has this status and body.
func (a answer) want(t testing.TB, status int, body string) {
	t.Helper()
	if a.Status != status || a.Body != body {
		t.Errorf("answer = %d %s\nwant     %d %s", a.Status, a.Body, status, body)
	}
}

// queue makes a queue and returns its URL and ARN.
func (w *world) queue(name string) (url, arn string) {
	w.t.Helper()
	url = *must(w.queues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: &name}))(w.t).QueueUrl
	return url, "arn:aws:sqs:us-east-1:000000000000:" + name
}

// receive waits for a queue's next message and returns its body.
func (w *world) receive(url string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	out := must(w.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 4, MessageSystemAttributeNames: nil}))(w.t)
	if len(out.Messages) == 0 {
		w.t.Fatal("no message came")
	}
	must(w.queues.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: out.Messages[0].ReceiptHandle}))(w.t)
	return *out.Messages[0].Body
}

// toQueue lets the events of a bus go to a queue.
func (w *world) toQueue(bus, queueARN string) {
	w.t.Helper()
	must(w.events.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{Name: &bus}))(w.t)
	must(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("all"), EventBusName: &bus, EventPattern: aws.String(`{"account":["000000000000"]}`)}))(w.t)
	must(w.events.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("all"), EventBusName: &bus, Targets: []ebtypes.Target{{Id: aws.String("q"), Arn: &queueARN}}}))(w.t)
}

type object = map[string]any

// confirmShipment is the path of the same name of the article on event gateways
// that this has to accept.
var confirmShipment = object{
	"post": object{
		"x-amazon-apigateway-integration": object{
			"httpMethod": "POST", "type": "aws",
			"uri":         "arn:aws:apigateway:us-east-1:events:action/PutEvents",
			"credentials": "arn:aws:iam::000000000000:role/integration",
			"responses":   object{"default": object{"statusCode": "200"}},
			"requestParameters": object{
				"integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
				"integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
			},
			"requestTemplates": object{"application/json": `{
  "Entries":[{
    "Source":"carrier",
    "Detail":"{\"shipped_at\": $util.escapeJavaScript($input.json('$.shipped_at')),\"order_id\": $util.escapeJavaScript($input.json('$.order_id'))}",
    "DetailType": "carrier.order_shipped",
    "EventBusName": "orders"
  }]
}
`},
		},
	},
}

func TestARequestBecomesAnEventWithNoCode(t *testing.T) {
	w := newWorld(t)
	url, arn := w.queue("shipped")
	w.toQueue("orders", arn)
	id := w.imported(object{
		"openapi": "3.0.1", "info": object{"title": "orders", "version": "1.0"},
		"paths": object{"/confirm-shipment": confirmShipment},
	})
	got := w.call(id, "POST", "/confirm-shipment", `{"order_id":"o-1","shipped_at":"2023-06-27T11:58:06.389133"}`)
	if got.Status != 200 || !strings.Contains(got.Body, `"FailedEntryCount":0`) {
		t.Fatalf("answer = %+v", got)
	}
	if got.Header.Get("X-Amzn-Requestid") == "" || got.Header.Get("X-Amz-Apigw-Id") == "" {
		t.Errorf("the answer has no request identifiers: %v", got.Header)
	}
	var event struct {
		Source     string
		DetailType string `json:"detail-type"`
		Detail     map[string]string
	}
	if err := json.Unmarshal([]byte(w.receive(url)), &event); err != nil {
		t.Fatal(err)
	}
	if event.Source != "carrier" || event.DetailType != "carrier.order_shipped" || event.Detail["order_id"] != "o-1" || event.Detail["shipped_at"] != "2023-06-27T11:58:06.389133" {
		t.Errorf("event = %+v", event)
	}
}

func TestAnAPIIsReachedUnderEachOfItsAddresses(t *testing.T) {
	w := newWorld(t)
	id := w.imported(mockAPI(object{"/hello": object{"get": mock(`{"path":"$context.path","stage":"$context.stage"}`)}}))
	port := w.URL()[strings.LastIndexByte(w.URL(), ':'):]
	want := `{"path":"/prod/hello","stage":"prod"}`
	w.send("GET", w.URL()+"/restapis/"+id+"/prod/_user_request_/hello", "").want(t, 200, want)
	w.send("GET", w.URL()+"/_aws/execute-api/"+id+"/prod/hello", "").want(t, 200, want)
	for _, host := range []string{".execute-api.us-east-1.localhost", ".execute-api.localhost.localstack.cloud", ".execute-api.us-east-1.amazonaws.com"} {
		w.send("GET", w.URL()+"/prod/hello", "", "Host: "+id+host+port).want(t, 200, want)
	}
	w.send("GET", w.URL()+"/_aws/execute-api/"+id+"/other/hello", "").want(t, 403, `{"message":"Forbidden"}`)
	w.send("GET", w.URL()+"/_aws/execute-api/none/prod/hello", "").want(t, 403, `{"message":"Forbidden"}`)
	w.call(id, "GET", "/nothing", "").want(t, 403, `{"message":"Missing Authentication Token"}`)
	w.call(id, "POST", "/hello", "").want(t, 403, `{"message":"Missing Authentication Token"}`)
}

// mockAPI is an OpenAPI document with these paths.
func mockAPI(paths object) object {
	return object{"swagger": "2.0", "info": object{"title": "mock", "version": "1"}, "paths": paths}
}

// mock is a method whose integration answers 200 with what a template gives.
func mock(template string) object {
	return object{
		"responses": object{"200": object{"description": "fine"}},
		"x-amazon-apigateway-integration": object{
			"type": "mock", "requestTemplates": object{"application/json": `{"statusCode": 200}`},
			"responses": object{"default": object{"statusCode": "200", "responseTemplates": object{"application/json": template}}},
		},
	}
}

func TestTheSDKBuildsAnAPIPieceByPiece(t *testing.T) {
	w := newWorld(t)
	api := must(w.apis.CreateRestApi(w.ctx, &apigateway.CreateRestApiInput{Name: aws.String("shop"), Tags: map[string]string{"team": "a"}}))(t)
	resource := must(w.apis.CreateResource(w.ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("orders")}))(t)
	child := must(w.apis.CreateResource(w.ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: resource.Id, PathPart: aws.String("{id}")}))(t)
	if *child.Path != "/orders/{id}" {
		t.Errorf("path = %s", *child.Path)
	}
	_, err := w.apis.CreateResource(w.ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("orders")})
	wantCode(t, err, "ConflictException", "Another resource with the same parent already has this name: orders")
	_, err = w.apis.CreateResource(w.ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("a b")})
	wantCode(t, err, "BadRequestException", "path part only allow")
	_, err = w.apis.CreateDeployment(w.ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id})
	wantCode(t, err, "BadRequestException", "doesn't contain any methods")

	must(w.apis.PutMethod(w.ctx, &apigateway.PutMethodInput{
		RestApiId: api.Id, ResourceId: child.Id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE"), RequestParameters: map[string]bool{"method.request.path.id": true},
	}))(t)
	_, err = w.apis.CreateDeployment(w.ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id})
	wantCode(t, err, "BadRequestException", "No integration defined for method")
	must(w.apis.PutIntegration(w.ctx, &apigateway.PutIntegrationInput{
		RestApiId: api.Id, ResourceId: child.Id, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode": #if($input.params('id') == "0")404#{else}200#end}`},
	}))(t)
	for status, pattern := range map[string]string{"200": "", "404": "404"} {
		must(w.apis.PutMethodResponse(w.ctx, &apigateway.PutMethodResponseInput{
			RestApiId: api.Id, ResourceId: child.Id, HttpMethod: aws.String("GET"), StatusCode: &status, ResponseParameters: map[string]bool{"method.response.header.X-Order": false},
		}))(t)
		must(w.apis.PutIntegrationResponse(w.ctx, &apigateway.PutIntegrationResponseInput{
			RestApiId: api.Id, ResourceId: child.Id, HttpMethod: aws.String("GET"), StatusCode: &status, SelectionPattern: &pattern,
			ResponseTemplates:  map[string]string{"application/json": `{"order":"$input.params('id')","env":"$stageVariables.env"}`},
			ResponseParameters: map[string]string{"method.response.header.X-Order": "method.request.path.id"},
		}))(t)
	}
	deployment := must(w.apis.CreateDeployment(w.ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id}))(t)
	must(w.apis.CreateStage(w.ctx, &apigateway.CreateStageInput{RestApiId: api.Id, StageName: aws.String("prod"), DeploymentId: deployment.Id, Variables: map[string]string{"env": "live"}}))(t)

	got := w.call(*api.Id, "GET", "/orders/7", "")
	got.want(t, 200, `{"order":"7","env":"live"}`)
	if got.Header.Get("X-Order") != "7" {
		t.Errorf("X-Order = %q", got.Header.Get("X-Order"))
	}
	w.call(*api.Id, "GET", "/orders/0", "").want(t, 404, `{"order":"0","env":"live"}`)

	// A deployment does not change with its API, nor with a restart.
	must(w.apis.DeleteMethod(w.ctx, &apigateway.DeleteMethodInput{RestApiId: api.Id, ResourceId: child.Id, HttpMethod: aws.String("GET")}))(t)
	must(w.apis.UpdateStage(w.ctx, &apigateway.UpdateStageInput{RestApiId: api.Id, StageName: aws.String("prod"), PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/variables/env"), Value: aws.String("new")},
	}}))(t)
	w.Restart()
	w.call(*api.Id, "GET", "/orders/7", "").want(t, 200, `{"order":"7","env":"new"}`)

	_, err = w.apis.DeleteDeployment(w.ctx, &apigateway.DeleteDeploymentInput{RestApiId: api.Id, DeploymentId: deployment.Id})
	wantCode(t, err, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted")
	must(w.apis.DeleteRestApi(w.ctx, &apigateway.DeleteRestApiInput{RestApiId: api.Id}))(t)
	_, err = w.apis.GetRestApi(w.ctx, &apigateway.GetRestApiInput{RestApiId: api.Id})
	wantCode(t, err, "NotFoundException", "Invalid API identifier specified 000000000000:"+*api.Id)
	w.call(*api.Id, "GET", "/orders/7", "").want(t, 403, `{"message":"Forbidden"}`)
}
