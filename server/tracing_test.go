package server_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/server"
	"github.com/signalbox/signalbox/signalboxtest"
	"github.com/signalbox/signalbox/trace"
)

const root = "1-5759e988-bd862e3fe1be46a994272793"

// traced has a call belong to a trace, as functions' SDKs do.
func traced(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("trace", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		in.Request.(*smithyhttp.Request).Header.Set(trace.Name, "Root="+root)
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}

// told is what the console tells of a trace, nil while it knows none.
func told(t *testing.T, box *signalboxtest.Box, id string) *console.Trace {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, box.URL()+"/_signalbox/api/trace/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotFound {
		return nil
	}
	tr := &console.Trace{}
	if err := json.NewDecoder(answer.Body).Decode(tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// table makes a table with a stream, and returns the stream's ARN.
func table(t *testing.T, c aws.Config) string {
	t.Helper()
	out, err := dynamodb.NewFromConfig(c).CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: ddb.KeyTypeHash}},
		StreamSpecification:  &ddb.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: ddb.StreamViewTypeKeysOnly},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.TableDescription.LatestStreamArn
}

func put(t *testing.T, c aws.Config) {
	t.Helper()
	if _, err := dynamodb.NewFromConfig(c).PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: aws.String("orders"), Item: map[string]ddb.AttributeValue{"k": &ddb.AttributeValueMemberS{Value: "1"}},
	}, dynamodb.WithAPIOptions(traced)); err != nil {
		t.Fatal(err)
	}
}

func TestAFunctionThatReadsATablesStreamBelongsUnderTheWrite(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("Python is not installed")
	}
	box := signalboxtest.Start(t)
	stream := table(t, box.Config())
	var code bytes.Buffer
	w := zip.NewWriter(&code)
	f, err := w.Create("app.py")
	if err == nil {
		_, err = f.Write([]byte("def handler(event, context): return len(event['Records'])"))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	functions := lambda.NewFromConfig(box.Config())
	if _, err := functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::000000000000:role/r"), Handler: aws.String("app.handler"), Runtime: types.RuntimePython312,
		Code: &types.FunctionCode{ZipFile: code.Bytes()},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := functions.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("f"), EventSourceArn: &stream, StartingPosition: types.EventSourcePositionTrimHorizon,
	}); err != nil {
		t.Fatal(err)
	}
	put(t, box.Config())
	const tries = 20_000
	for range tries {
		if tr := told(t, box, root); tr != nil && len(tr.Tree) == 1 && len(tr.Tree[0].Calls) == 1 {
			write, invocation := tr.Tree[0], tr.Tree[0].Calls[0]
			if write.Kind != trace.Call || write.Name != "dynamodb:PutItem" || write.Resource != "arn:aws:dynamodb:us-east-1:000000000000:table/orders" || write.Status != http.StatusOK {
				t.Errorf("the write is %+v", write)
			}
			if invocation.Kind != trace.Invocation || invocation.Name != "f" || invocation.Error != "" {
				t.Errorf("the invocation is %+v", invocation)
			}
			return
		}
	}
	t.Errorf("the trace is %+v", told(t, box, root))
}

func TestTracesAreKeptOnlyWithWholeJourneys(t *testing.T) {
	for level, want := range map[journey.Level]bool{journey.All: true, journey.Failures: false, journey.Off: false} {
		box := signalboxtest.Start(t, signalboxtest.With(func(c *server.Config) { c.Journeys = level }))
		table(t, box.Config())
		put(t, box.Config())
		if got := told(t, box, root) != nil; got != want {
			t.Errorf("at level %d a trace is kept: %v", level, got)
		}
	}
}
