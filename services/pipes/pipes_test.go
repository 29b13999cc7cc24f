package pipes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/signalbox/signalbox/signalboxtest"
)

const role = "arn:aws:iam::000000000000:role/pipe"

// world is a whole Signalbox and its clients.
type world struct {
	*testing.T
	box    *signalboxtest.Box
	pipes  *pipes.Client
	queues *sqs.Client
	buses  *eventbridge.Client
	tables *dynamodb.Client
}

func newWorld(t *testing.T) *world {
	t.Parallel()
	box := signalboxtest.Start(t)
	c := box.Config()
	return &world{T: t, box: box, pipes: pipes.NewFromConfig(c), queues: sqs.NewFromConfig(c), buses: eventbridge.NewFromConfig(c), tables: dynamodb.NewFromConfig(c)}
}

// answer is what a call returned.
type answer[T any] struct {
	out T
	err error
}

func got[T any](out T, err error) answer[T] { return answer[T]{out, err} }

// must is the answer of a call that may not fail.
func must[T any](t testing.TB, a answer[T]) T {
	t.Helper()
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.out
}

func arnOf(service, resource string) string {
	return "arn:aws:" + service + ":us-east-1:000000000000:" + resource
}

// queue makes a queue and returns its URL and ARN.
func (w *world) queue(name string, attributes map[string]string) (url, arn string) {
	w.Helper()
	if strings.HasSuffix(name, ".fifo") {
		attributes = map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	}
	out := must(w, got(w.queues.CreateQueue(w.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})))
	return *out.QueueUrl, arnOf("sqs", name)
}

func (w *world) send(url string, bodies ...string) {
	w.Helper()
	for _, b := range bodies {
		must(w, got(w.queues.SendMessage(w.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &b})))
	}
}

// bodies receives n messages.
func (w *world) bodies(url string, n int) []string {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	var list []string
	for len(list) < n {
		out, err := w.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 5})
		if err != nil {
			w.Fatalf("%d of %d messages came: %q: %v", len(list), n, list, err)
		}
		for _, m := range out.Messages {
			list = append(list, *m.Body)
			must(w, got(w.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})))
		}
	}
	return list
}

// bus makes a bus all of whose events go to a queue.
func (w *world) bus(name string) (arn, url string) {
	w.Helper()
	url, queueARN := w.queue("from-"+name, nil)
	out := must(w, got(w.buses.CreateEventBus(w.Context(), &eventbridge.CreateEventBusInput{Name: &name})))
	must(w, got(w.buses.PutRule(w.Context(), &eventbridge.PutRuleInput{Name: aws.String("all"), EventBusName: &name, EventPattern: aws.String(`{"account":["000000000000"]}`)})))
	must(w, got(w.buses.PutTargets(w.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String("all"), EventBusName: &name, Targets: []ebtypes.Target{{Id: aws.String("q"), Arn: &queueARN}},
	})))
	return *out.EventBusArn, url
}

func (w *world) create(in *pipes.CreatePipeInput) {
	w.Helper()
	in.RoleArn = aws.String(role)
	out := must(w, got(w.pipes.CreatePipe(w.Context(), in)))
	if out.CurrentState != types.PipeStateCreating {
		w.Errorf("the new pipe is %s", out.CurrentState)
	}
}

// event is an event as a rule's target gets it.
type event struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Time       time.Time       `json:"time"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

func eventOf(t testing.TB, text string) (e event) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func TestMessagesOfAQueueBecomeEventsOnABus(t *testing.T) {
	w := newWorld(t)
	in, inARN := w.queue("in", nil)
	bus, out := w.bus("orders")
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &bus})
	w.send(in, `{"id":1}`)
	e := eventOf(t, w.bodies(out, 1)[0])
	var record struct{ Body, EventSource, EventSourceARN, MessageId string }
	if err := json.Unmarshal(e.Detail, &record); err != nil {
		t.Fatal(err)
	}
	if e.Source != "Pipe p" || e.DetailType != "Event from aws:sqs" || record.Body != `{"id":1}` || record.EventSource != "aws:sqs" || record.EventSourceARN != inARN {
		t.Errorf("the event is %+v, the record %+v", e, record)
	}
	d := must(t, got(w.pipes.DescribePipe(t.Context(), &pipes.DescribePipeInput{Name: aws.String("p")})))
	if d.CurrentState != types.PipeStateRunning || *d.SourceParameters.SqsQueueParameters.BatchSize != 10 {
		t.Errorf("it is %s, with batches of %d", d.CurrentState, *d.SourceParameters.SqsQueueParameters.BatchSize)
	}
}

func TestEventsOfABusAreMadeOfPathsIntoTheRecord(t *testing.T) {
	w := newWorld(t)
	in, inARN := w.queue("in", nil)
	bus, out := w.bus("orders")
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &bus, TargetParameters: &types.PipeTargetParameters{
		InputTemplate: aws.String(`{"id": <$.body.id>, "by": <aws.pipes.pipe-name>, "of": "<aws.pipes.source-arn>"}`),
		EventBridgeEventBusParameters: &types.PipeTargetEventBridgeEventBusParameters{
			Source: aws.String("shop"), DetailType: aws.String("$.body.kind"), Resources: []string{"$.body.arn"}, Time: aws.String("$.body.at"),
		},
	}})
	w.send(in, `{"id":7,"kind":"placed","arn":"arn:aws:s3:::x","at":"2030-01-02T03:04:05Z"}`)
	e := eventOf(t, w.bodies(out, 1)[0])
	if want := fmt.Sprintf(`{"id":7,"by":"p","of":%q}`, inARN); string(e.Detail) != want {
		t.Errorf("the detail is %s, want %s", e.Detail, want)
	}
	if e.Source != "shop" || e.DetailType != "placed" || !slices.Equal(e.Resources, []string{"arn:aws:s3:::x"}) || e.Time.Year() != 2030 {
		t.Errorf("the event is %+v", e)
	}
}

func TestAFilterChoosesMessagesByTheirBody(t *testing.T) {
	w := newWorld(t)
	in, inARN := w.queue("in", nil)
	out, outARN := w.queue("out", nil)
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &outARN,
		SourceParameters: &types.PipeSourceParameters{FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":{"n":[{"numeric":[">",1]}]}}`)}}}},
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String("n is <$.body.n>")},
	})
	w.send(in, `{"n":1}`, `{"n":2}`, `no JSON`, `{"n":3}`)
	came := w.bodies(out, 2)
	slices.Sort(came)
	if !slices.Equal(came, []string{"n is 2", "n is 3"}) {
		t.Errorf("what came is %q", came)
	}
	left := must(t, got(w.queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &in, AttributeNames: []sqstypes.QueueAttributeName{"All"}})))
	if left.Attributes["ApproximateNumberOfMessages"] != "0" {
		t.Errorf("the refused ones are left: %v", left.Attributes)
	}
}

func TestGroupsOfAFIFOQueueKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	in, inARN := w.queue("in.fifo", nil)
	out, outARN := w.queue("out.fifo", nil)
	for i := range 30 {
		must(t, got(w.queues.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: &in, MessageBody: aws.String(fmt.Sprintf(`{"group":"g%d","n":"%02d"}`, i%3, i)), MessageGroupId: aws.String(fmt.Sprintf("g%d", i%3)),
		})))
	}
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &outARN, TargetParameters: &types.PipeTargetParameters{
		InputTemplate:      aws.String("<$.body.group> <$.body.n>"),
		SqsQueueParameters: &types.PipeTargetSqsQueueParameters{MessageGroupId: aws.String("$.attributes.MessageGroupId"), MessageDeduplicationId: aws.String("$.messageId")},
	}})
	last := map[string]string{}
	for _, b := range w.bodies(out, 30) {
		group, n, _ := strings.Cut(b, " ")
		if n <= last[group] {
			t.Errorf("%s came after %s", b, last[group])
		}
		last[group] = n
	}
}

func TestAPipeIsStoppedAndStarted(t *testing.T) {
	w := newWorld(t)
	in, inARN := w.queue("in", nil)
	out, outARN := w.queue("out", nil)
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &inARN, Target: &outARN, DesiredState: types.RequestedPipeStateStopped,
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String("taken: <$.body>")}})
	w.send(in, "first")
	state := func(want types.PipeState) {
		t.Helper()
		d := must(t, got(w.pipes.DescribePipe(t.Context(), &pipes.DescribePipeInput{Name: aws.String("p")})))
		if d.CurrentState != want {
			t.Errorf("it is %s, want %s", d.CurrentState, want)
		}
	}
	state(types.PipeStateStopped)
	started := must(t, got(w.pipes.StartPipe(t.Context(), &pipes.StartPipeInput{Name: aws.String("p")})))
	if started.CurrentState != types.PipeStateStarting {
		t.Errorf("StartPipe answers %s", started.CurrentState)
	}
	if came := w.bodies(out, 1); came[0] != "taken: first" {
		t.Errorf("what came is %q", came)
	}
	must(t, got(w.pipes.StopPipe(t.Context(), &pipes.StopPipeInput{Name: aws.String("p")})))
	state(types.PipeStateStopped)
	w.send(in, "second")
	must(t, got(w.pipes.UpdatePipe(t.Context(), &pipes.UpdatePipeInput{
		Name: aws.String("p"), RoleArn: aws.String(role), DesiredState: types.RequestedPipeStateRunning,
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String("changed: <$.body>")},
	})))
	if came := w.bodies(out, 1); came[0] != "changed: second" {
		t.Errorf("what came is %q", came)
	}
	must(t, got(w.pipes.DeletePipe(t.Context(), &pipes.DeletePipeInput{Name: aws.String("p")})))
	if _, err := w.pipes.DescribePipe(t.Context(), &pipes.DescribePipeInput{Name: aws.String("p")}); err == nil || !strings.Contains(err.Error(), "NotFoundException") {
		t.Errorf("a deleted pipe: %v", err)
	}
}

// orders makes a table with a stream.
func (w *world) orders() (streamARN string) {
	w.Helper()
	out := must(w, got(w.tables.CreateTable(w.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: ddb.KeyTypeHash}},
		StreamSpecification:  &ddb.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: ddb.StreamViewTypeNewAndOldImages},
	})))
	return *out.TableDescription.LatestStreamArn
}

func (w *world) put(id, state string) {
	w.Helper()
	must(w, got(w.tables.PutItem(w.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]ddb.AttributeValue{
		"PK": &ddb.AttributeValueMemberS{Value: id}, "state": &ddb.AttributeValueMemberS{Value: state},
	}})))
}

const orderTemplate = `{"eventName": <$.eventName>,"order": {"id": <$.dynamodb.NewImage.PK.S>,"state": <$.dynamodb.NewImage.state.S> } }`

func TestTheOrdersOfATableBecomeEventsOnABus(t *testing.T) {
	w := newWorld(t)
	stream := w.orders()
	bus, out := w.bus("orders")
	w.put("too early", "pending")
	w.create(&pipes.CreatePipeInput{Name: aws.String("dynamodb-orders-stream"), Source: &stream, Target: &bus,
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{
			StartingPosition: types.DynamoDBStreamStartPositionLatest, BatchSize: aws.Int32(1),
		}},
		TargetParameters: &types.PipeTargetParameters{
			InputTemplate: aws.String(orderTemplate),
			EventBridgeEventBusParameters: &types.PipeTargetEventBridgeEventBusParameters{
				Source: aws.String("dynamodb.orders"), DetailType: aws.String("dynamodb-orders-stream"),
			},
		},
	})
	w.put("1", "pending")
	w.put("1", "shipped")
	wanted := []string{`{"eventName":"INSERT","order":{"id":"1","state":"pending"}}`, `{"eventName":"MODIFY","order":{"id":"1","state":"shipped"}}`}
	came := w.bodies(out, 2) // of a rule's target, in any order
	slices.SortFunc(came, func(a, b string) int {
		return strings.Compare(string(eventOf(t, a).Detail), string(eventOf(t, b).Detail))
	})
	for i, want := range wanted {
		e := eventOf(t, came[i])
		if string(e.Detail) != want || e.Source != "dynamodb.orders" || e.DetailType != "dynamodb-orders-stream" {
			t.Errorf("the event is %+v with %s, want %s", e, e.Detail, want)
		}
	}
}

func TestAPoisonousRecordIsHalvedOutAndDeadLettered(t *testing.T) {
	w := newWorld(t)
	stream := w.orders()
	bus, out := w.bus("orders")
	dead, deadARN := w.queue("dead", nil)
	for _, id := range []string{"a", "b", "poison", "d", "e"} {
		detailType := "placed"
		if id == "poison" {
			detailType = "" // which no bus takes
		}
		w.put(id, detailType)
	}
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &stream, Target: &bus,
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{
			StartingPosition: types.DynamoDBStreamStartPositionTrimHorizon, BatchSize: aws.Int32(10), MaximumRetryAttempts: aws.Int32(0),
			OnPartialBatchItemFailure: types.OnPartialBatchItemFailureStreamsAutomaticBisect, DeadLetterConfig: &types.DeadLetterConfig{Arn: &deadARN},
		}},
		TargetParameters: &types.PipeTargetParameters{
			InputTemplate:                 aws.String(`{"id": <$.dynamodb.NewImage.PK.S>}`),
			EventBridgeEventBusParameters: &types.PipeTargetEventBridgeEventBusParameters{DetailType: aws.String("$.dynamodb.NewImage.state.S")},
		},
	})
	came := map[string]bool{}
	for len(came) < 4 {
		for _, b := range w.bodies(out, 1) {
			came[string(eventOf(t, b).Detail)] = true
		}
	}
	var record struct {
		Version string
		Context struct{ PartnerResourceArn, Condition string }
		Batch   struct {
			BatchSize int
			StreamArn string
			ShardId   string
		} `json:"DDBStreamBatchInfo"`
	}
	text := w.bodies(dead, 1)[0]
	if err := json.Unmarshal([]byte(text), &record); err != nil {
		t.Fatal(err)
	}
	if record.Context.PartnerResourceArn != arnOf("pipes", "pipe/p") || record.Context.Condition != "RetryAttemptsExhausted" || record.Batch.BatchSize != 1 || record.Batch.StreamArn != stream || record.Batch.ShardId == "" {
		t.Errorf("the dead letter is %s", text)
	}
}

func TestWhatIsUnderWayComesAgainAfterARestart(t *testing.T) {
	w := newWorld(t)
	stream := w.orders()
	bus, out := w.bus("orders")
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: &stream, Target: &bus,
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{StartingPosition: types.DynamoDBStreamStartPositionLatest}},
		TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String(orderTemplate)},
	})
	const orders = 60
	for i := range orders {
		w.put(fmt.Sprint(i), "pending")
		if i%20 == 10 {
			w.box.Restart()
		}
	}
	seen := map[string]bool{}
	for len(seen) < orders {
		for _, b := range w.bodies(out, 1) {
			seen[string(eventOf(t, b).Detail)] = true
		}
	}
}
