package pipes_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
)

// function makes a function of a handler in JavaScript.
func (w *world) function(name, source string) (arn string) {
	w.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			w.Fatal("LEFT OUT: node is not on this machine")
		}
		w.Skip("LEFT OUT: node is not on this machine")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f := must(w, got(z.Create("index.js")))
	must(w, got(io.WriteString(f, "exports.handler = async (event) => { "+source+" }")))
	if err := z.Close(); err != nil {
		w.Fatal(err)
	}
	out := must(w, got(lambda.NewFromConfig(w.box.Config()).CreateFunction(w.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: lambdatypes.RuntimeNodejs20x, Handler: aws.String("index.handler"), Role: aws.String(role), Timeout: aws.Int32(20),
		Code: &lambdatypes.FunctionCode{ZipFile: b.Bytes()},
	})))
	return *out.FunctionArn
}

func TestAnEnrichmentMakesOtherEventsOfTheBatch(t *testing.T) {
	w := newWorld(t)
	in, inARN := w.queue("in", nil)
	out, outARN := w.queue("out", nil)
	// It gets a list, lets the zeros go, and makes two of each of the others.
	enrichment := w.function("enrich", `return event.filter(e => e.n > 0).flatMap(e => [{n: e.n, of: e.by}, {n: -e.n, of: e.by}])`)
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &outARN, Enrichment: &enrichment,
		EnrichmentParameters: &types.PipeEnrichmentParameters{InputTemplate: aws.String(`{"n": <$.body.n>, "by": <aws.pipes.pipe-name>}`)},
		SourceParameters:     queueBatch(1, 0),
		TargetParameters:     &types.PipeTargetParameters{InputTemplate: aws.String(`{"was": <$.n>, "of": <$.of>}`)},
	})
	w.send(in, `{"n":0}`, `{"n":1}`)
	came := w.bodies(out, 2)
	slices.Sort(came)
	if want := []string{`{"was":-1,"of":"p"}`, `{"was":1,"of":"p"}`}; !slices.Equal(came, want) {
		t.Errorf("what came is %q, want %q", came, want)
	}
}

func TestOnlyTheMessagesThatAFunctionReportsComeAgain(t *testing.T) {
	w := newWorld(t)
	dead, deadARN := w.queue("dead", nil)
	in, inARN := w.queue("in", map[string]string{"VisibilityTimeout": "5", "RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `","maxReceiveCount":1}`})
	target := w.function("target", `return {batchItemFailures: event.filter(e => e.body == "bad").map(e => ({itemIdentifier: e.messageId}))}`)
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &target, DesiredState: types.RequestedPipeStateStopped,
		TargetParameters: &types.PipeTargetParameters{LambdaFunctionParameters: &types.PipeTargetLambdaFunctionParameters{InvocationType: types.PipeTargetInvocationTypeRequestResponse}},
	})
	w.send(in, "good", "bad", "better")
	must(t, got(w.pipes.StartPipe(t.Context(), &pipes.StartPipeInput{Name: aws.String("p")})))
	if came := w.bodies(dead, 1); !slices.Equal(came, []string{"bad"}) {
		t.Errorf("the dead letters are %q", came)
	}
}

func TestAnAPIDestinationIsCalledWithWhatPathsFind(t *testing.T) {
	w := newWorld(t)
	calls := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- r.Method + " " + r.URL.String() + " " + r.Header.Get("X-Kind") + " " + string(body)
	}))
	t.Cleanup(server.Close)
	connection := must(t, got(w.buses.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: ebtypes.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &ebtypes.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("K"), ApiKeyValue: aws.String("v")}},
	})))
	destination := must(t, got(w.buses.CreateApiDestination(t.Context(), &eventbridge.CreateApiDestinationInput{
		Name: aws.String("d"), ConnectionArn: connection.ConnectionArn, HttpMethod: ebtypes.ApiDestinationHttpMethodPut, InvocationEndpoint: aws.String(server.URL + "/orders/*"),
	})))
	in, inARN := w.queue("in", nil)
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: destination.ApiDestinationArn, TargetParameters: &types.PipeTargetParameters{
		InputTemplate: aws.String(`{"id": <$.body.id>}`),
		HttpParameters: &types.PipeTargetHttpParameters{
			PathParameterValues: []string{"$.body.id"}, HeaderParameters: map[string]string{"X-Kind": "$.body.kind"}, QueryStringParameters: map[string]string{"by": "pipe"},
		},
	}})
	w.send(in, `{"id":"a b","kind":"placed"}`)
	select {
	case call := <-calls:
		if want := `PUT /orders/a%20b?by=pipe placed {"id":"a b"}`; call != want {
			t.Errorf("the call is %s, want %s", call, want)
		}
	case <-time.After(20 * time.Second):
		t.Error("there was no call")
	}
}

func TestAPipeKeepsALogAndWritesToOne(t *testing.T) {
	w := newWorld(t)
	groups := cloudwatchlogs.NewFromConfig(w.box.Config())
	for _, name := range []string{"steps", "target"} {
		must(t, got(groups.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})))
	}
	in, inARN := w.queue("in", nil)
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: aws.String(arnOf("logs", "log-group:target")),
		TargetParameters: &types.PipeTargetParameters{
			InputTemplate:            aws.String(`{"id": <$.body.id>}`),
			CloudWatchLogsParameters: &types.PipeTargetCloudWatchLogsParameters{LogStreamName: aws.String("orders"), Timestamp: aws.String("$.attributes.SentTimestamp")},
		},
		LogConfiguration: &types.PipeLogConfigurationParameters{
			Level: types.LogLevelInfo, IncludeExecutionData: []types.IncludeExecutionDataOption{"ALL"},
			CloudwatchLogsLogDestination: &types.CloudwatchLogsLogDestinationParameters{LogGroupArn: aws.String(arnOf("logs", "log-group:steps"))},
		},
	})
	w.send(in, `{"id":1}`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	texts := func(group string, n int) (list []string) {
		for len(list) < n && ctx.Err() == nil {
			out, err := groups.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
			if err != nil {
				t.Fatal(err)
			}
			list = nil
			for _, e := range out.Events {
				list = append(list, *e.Message)
			}
		}
		return list
	}
	if came := texts("target", 1); !slices.Equal(came, []string{`{"id":1}`}) {
		t.Errorf("the target has %q", came)
	}
	var steps []string
	for _, text := range texts("steps", 4) {
		var e struct{ MessageType, ResourceArn, Payload string }
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, e.MessageType)
		if e.MessageType == "EXECUTION_STARTED" && !strings.Contains(e.Payload, "messageId") {
			t.Errorf("the payload is %q", e.Payload)
		}
	}
	if want := []string{"EXECUTION_STARTED", "TARGET_STAGE_ENTERED", "TARGET_STAGE_SUCCEEDED", "EXECUTION_SUCCEEDED"}; !slices.Equal(steps, want) {
		t.Errorf("the steps are %q, want %q", steps, want)
	}
}
