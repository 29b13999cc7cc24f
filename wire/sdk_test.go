package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/wire"
	"github.com/signalbox/signalbox/wire/internal/testapi/events"
	"github.com/signalbox/signalbox/wire/internal/testapi/sqs"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 250e6, time.UTC)

// serve puts a service behind a listener, with nothing between.
func serve(t testing.TB, s *wire.Service) string {
	t.Helper()
	server := httptest.NewServer(handler(s))
	t.Cleanup(server.Close)
	return server.URL
}

func handler(s *wire.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.Serve(w, r, body, &wire.Request{
			Account: "000000000000", Region: "eu-west-1", RequestID: "req-1",
			Scheme: "http", Host: r.Host, Time: noon,
		})
	})
}

func awsConfig(url string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(url),
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 1,
	}
}

// fakeEvents answers what it is given; operations left nil panic.
type fakeEvents struct {
	events.API
	putEvents func(context.Context, *events.PutEventsInput) (*events.PutEventsOutput, error)
	putRule   func(context.Context, *events.PutRuleInput) (*events.PutRuleOutput, error)
	targets   func(context.Context, *events.PutTargetsInput) (*events.PutTargetsOutput, error)
	archive   func(context.Context, *events.DescribeArchiveInput) (*events.DescribeArchiveOutput, error)
	deleted   func(context.Context, *events.DeleteRuleInput) (*events.DeleteRuleOutput, error)
	connect   func(context.Context, *events.CreateConnectionInput) (*events.CreateConnectionOutput, error)
}

func (f *fakeEvents) PutEvents(ctx context.Context, in *events.PutEventsInput) (*events.PutEventsOutput, error) {
	return f.putEvents(ctx, in)
}

func (f *fakeEvents) PutRule(ctx context.Context, in *events.PutRuleInput) (*events.PutRuleOutput, error) {
	return f.putRule(ctx, in)
}

func (f *fakeEvents) PutTargets(ctx context.Context, in *events.PutTargetsInput) (*events.PutTargetsOutput, error) {
	return f.targets(ctx, in)
}

func (f *fakeEvents) DescribeArchive(ctx context.Context, in *events.DescribeArchiveInput) (*events.DescribeArchiveOutput, error) {
	return f.archive(ctx, in)
}

func (f *fakeEvents) DeleteRule(ctx context.Context, in *events.DeleteRuleInput) (*events.DeleteRuleOutput, error) {
	return f.deleted(ctx, in)
}

func (f *fakeEvents) CreateConnection(ctx context.Context, in *events.CreateConnectionInput) (*events.CreateConnectionOutput, error) {
	return f.connect(ctx, in)
}

func TestEventBridgeSDK(t *testing.T) {
	ctx := t.Context()
	api := &fakeEvents{}
	s := events.NewService(api)
	client := eventbridge.NewFromConfig(awsConfig(serve(t, s)))

	t.Run("an entry arrives with all its members and the answer comes back", func(t *testing.T) {
		var got *events.PutEventsInput
		var req *wire.Request
		api.putEvents = func(ctx context.Context, in *events.PutEventsInput) (*events.PutEventsOutput, error) {
			got, req = in, wire.FromContext(ctx)
			return &events.PutEventsOutput{FailedEntryCount: 1, Entries: []events.PutEventsResultEntry{
				{EventId: new("id-1")},
				{ErrorCode: new("MalformedDetail"), ErrorMessage: new("Detail is malformed.")},
			}}, nil
		}
		out, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
			{
				Source: aws.String("shop"), DetailType: aws.String("Ordered ☕"), Detail: aws.String(`{"a":"<&\u0000>"}`),
				Time: aws.Time(noon), Resources: []string{"arn:1", "arn:2"}, TraceHeader: aws.String("Root=1"),
			},
			{Source: aws.String("shop")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if out.FailedEntryCount != 1 || *out.Entries[0].EventId != "id-1" || *out.Entries[1].ErrorCode != "MalformedDetail" {
			t.Errorf("the client got %+v", out)
		}
		e := got.Entries[0]
		if *e.Source != "shop" || *e.DetailType != "Ordered ☕" || *e.Detail != `{"a":"<&\u0000>"}` || len(e.Resources) != 2 || *e.TraceHeader != "Root=1" {
			t.Errorf("the service got %+v", e)
		}
		if !e.Time.Equal(noon) {
			t.Errorf("Time is %v, want %v", e.Time, noon)
		}
		if got.Entries[1].Detail != nil || got.Entries[1].Resources != nil {
			t.Errorf("absent members are there: %+v", got.Entries[1])
		}
		if req.Operation != "PutEvents" || req.Service != "events" || req.Region != "eu-west-1" {
			t.Errorf("the context carries %+v", req)
		}
	})

	t.Run("an error of the model is the client's typed error", func(t *testing.T) {
		api.putRule = func(context.Context, *events.PutRuleInput) (*events.PutRuleOutput, error) {
			return nil, wire.Errorf(events.CodeResourceNotFoundException, "Event bus %s does not exist.", "x")
		}
		_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r")})
		var gone *ebtypes.ResourceNotFoundException
		if !errors.As(err, &gone) || gone.ErrorMessage() != "Event bus x does not exist." {
			t.Errorf("got %v", err)
		}
	})

	t.Run("an error that is nobody's business is an internal one and is handed to OnFault", func(t *testing.T) {
		var logged error
		s.OnFault = func(_ context.Context, err error) { logged = err }
		secret := errors.New("disk /data/x is full")
		api.putRule = func(context.Context, *events.PutRuleInput) (*events.PutRuleOutput, error) { return nil, secret }
		_, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r")})
		var internal *ebtypes.InternalException
		if !errors.As(err, &internal) || internal.ErrorMessage() != "An internal error occurred. Request id: req-1" {
			t.Errorf("got %v", err)
		}
		if !errors.Is(logged, secret) {
			t.Errorf("OnFault got %v", logged)
		}
	})

	t.Run("an operation without output answers nothing", func(t *testing.T) {
		api.deleted = func(context.Context, *events.DeleteRuleInput) (*events.DeleteRuleOutput, error) { return nil, nil }
		if _, err := client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")}); err != nil {
			t.Error(err)
		}
	})

	t.Run("numbers without an absent state and timestamps come back", func(t *testing.T) {
		api.archive = func(context.Context, *events.DescribeArchiveInput) (*events.DescribeArchiveOutput, error) {
			return &events.DescribeArchiveOutput{CreationTime: new(wire.At(noon)), EventCount: 7}, nil
		}
		out, err := client.DescribeArchive(ctx, &eventbridge.DescribeArchiveInput{ArchiveName: aws.String("a")})
		if err != nil || !out.CreationTime.Equal(noon) || out.EventCount != 7 || out.SizeBytes != 0 || out.RetentionDays != nil {
			t.Errorf("got %+v, %v", out, err)
		}
	})

	t.Run("an operation that only the model has is not implemented", func(t *testing.T) {
		_, err := client.ListEndpoints(ctx, &eventbridge.ListEndpointsInput{})
		var e smithy.APIError
		if !errors.As(err, &e) || e.ErrorCode() != "NotImplementedException" ||
			e.ErrorMessage() != "events.ListEndpoints is not implemented by Signalbox; see signalbox coverage" {
			t.Errorf("got %v", err)
		}
	})
}

// fakeSQS answers what it is given.
type fakeSQS struct {
	sqs.API
	send    func(context.Context, *sqs.SendMessageInput) (*sqs.SendMessageOutput, error)
	batch   func(context.Context, *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error)
	receive func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error)
	create  func(context.Context, *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error)
	attrs   func(context.Context, *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error)
	tags    func(context.Context, *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error)
	untag   func(context.Context, *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error)
}

func (f *fakeSQS) SendMessage(ctx context.Context, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	return f.send(ctx, in)
}

func (f *fakeSQS) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	return f.batch(ctx, in)
}

func (f *fakeSQS) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	return f.receive(ctx, in)
}

func (f *fakeSQS) CreateQueue(ctx context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
	return f.create(ctx, in)
}

func (f *fakeSQS) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	return f.attrs(ctx, in)
}

func (f *fakeSQS) ListQueueTags(ctx context.Context, in *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	return f.tags(ctx, in)
}

func (f *fakeSQS) UntagQueue(ctx context.Context, in *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error) {
	return f.untag(ctx, in)
}

func TestSQSSDK(t *testing.T) {
	ctx := t.Context()
	api := &fakeSQS{}
	client := awssqs.NewFromConfig(awsConfig(serve(t, sqs.NewService(api))))

	t.Run("message attributes travel both ways, binary ones too", func(t *testing.T) {
		api.receive = func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
			return &sqs.ReceiveMessageOutput{Messages: []sqs.Message{{
				Body: new("hi"), MD5OfBody: new("49f68a5c8493ec2c0bf489821c21fc3b"), MessageId: new("m"),
				MessageAttributes: map[string]sqs.MessageAttributeValue{"b": {DataType: new("Binary"), BinaryValue: []byte{0, 255}}},
				Attributes:        map[string]string{"SenderId": "me"},
			}}}, nil
		}
		out, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: aws.String("q"), MaxNumberOfMessages: 3})
		if err != nil {
			t.Fatal(err)
		}
		m := out.Messages[0]
		if *m.Body != "hi" || string(m.MessageAttributes["b"].BinaryValue) != "\x00\xff" || m.Attributes["SenderId"] != "me" {
			t.Errorf("got %+v", m)
		}
	})

	t.Run("an error carries its code of the query protocol", func(t *testing.T) {
		api.send = func(context.Context, *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
			return nil, wire.Errorf(sqs.CodeQueueDoesNotExist, "The specified queue does not exist.")
		}
		_, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: aws.String("q"), MessageBody: aws.String("x")})
		var gone *sqstypes.QueueDoesNotExist
		if !errors.As(err, &gone) || gone.ErrorCode() != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("got %v", err)
		}
	})
}
