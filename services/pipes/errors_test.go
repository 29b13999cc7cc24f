package pipes_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
)

func TestAPipeThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	_, queue := w.queue("q", nil)
	_, fifo := w.queue("q.fifo", nil)
	stream := w.orders()
	bus := arnOf("events", "event-bus/default")
	http := arnOf("events", "api-destination/x/1")
	latest := types.DynamoDBStreamStartPositionLatest
	for name, c := range map[string]struct {
		in   pipes.CreatePipeInput
		want string
	}{
		"another service as source":        {pipes.CreatePipeInput{Source: aws.String(arnOf("kinesis", "stream/x")), Target: &bus}, "kinesis:stream as the source of a pipe is not implemented"},
		"another service as target":        {pipes.CreatePipeInput{Source: &queue, Target: aws.String(arnOf("states", "stateMachine:x"))}, "states:stateMachine as the target of a pipe is not implemented"},
		"another service as enrichment":    {pipes.CreatePipeInput{Source: &queue, Target: &bus, Enrichment: &http}, "as the enrichment of a pipe is not implemented"},
		"a stream without a start":         {pipes.CreatePipeInput{Source: &stream, Target: &bus}, "DynamoDBStreamParameters are required"},
		"a batch that the target can't":    {pipes.CreatePipeInput{Source: &queue, Target: &http, SourceParameters: queueBatch(2, 0)}, "BatchSize 2 is greater than the 1"},
		"a big batch without a window":     {pipes.CreatePipeInput{Source: &queue, Target: aws.String(arnOf("lambda", "function:f")), SourceParameters: queueBatch(11, 0)}, "must be greater than 0 if BatchSize is greater than 10"},
		"a window on a FIFO queue":         {pipes.CreatePipeInput{Source: &fifo, Target: &bus, SourceParameters: queueBatch(1, 1)}, "Batching window is not supported for FIFO queues"},
		"parameters of another source":     {pipes.CreatePipeInput{Source: &stream, Target: &bus, SourceParameters: queueBatch(1, 0)}, "SqsQueueParameters do not belong"},
		"parameters of another target":     {pipes.CreatePipeInput{Source: &queue, Target: &bus, TargetParameters: &types.PipeTargetParameters{LambdaFunctionParameters: &types.PipeTargetLambdaFunctionParameters{}}}, "LambdaFunctionParameters do not belong"},
		"a broken template":                {pipes.CreatePipeInput{Source: &queue, Target: &bus, TargetParameters: &types.PipeTargetParameters{InputTemplate: aws.String(`{"a": <$.a`)}}, "InputTemplate"},
		"a broken filter":                  {pipes.CreatePipeInput{Source: &queue, Target: &bus, SourceParameters: &types.PipeSourceParameters{FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"a":1}`)}}}}}, "Invalid filter pattern"},
		"a filter of buses alone":          {pipes.CreatePipeInput{Source: &queue, Target: &bus, SourceParameters: &types.PipeSourceParameters{FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":{"$or":[{"a":[1]},{"b":[{"anything-but":{"prefix":"x"}}]}]}}`)}}}}}, "anything-but with prefix"},
		"a member that is not implemented": {pipes.CreatePipeInput{Source: &queue, Target: &bus, TargetParameters: &types.PipeTargetParameters{EventBridgeEventBusParameters: &types.PipeTargetEventBridgeEventBusParameters{EndpointId: aws.String("abc.def")}}}, "EndpointId"},
		"an age below a minute": {pipes.CreatePipeInput{Source: &stream, Target: &bus, SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{
			StartingPosition: latest, MaximumRecordAgeInSeconds: aws.Int32(30)}}}, "MaximumRecordAgeInSeconds"},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Name, c.in.RoleArn = aws.String("p"), aws.String(role)
			_, err := w.pipes.CreatePipe(t.Context(), &c.in)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
	if out := must(t, got(w.pipes.ListPipes(t.Context(), &pipes.ListPipesInput{}))); len(out.Pipes) > 0 {
		t.Errorf("refused pipes are there: %+v", out.Pipes)
	}
}

func queueBatch(size, window int32) *types.PipeSourceParameters {
	return &types.PipeSourceParameters{SqsQueueParameters: &types.PipeSourceSqsQueueParameters{BatchSize: &size, MaximumBatchingWindowInSeconds: &window}}
}

func TestAPipeWithoutItsSourceSaysSo(t *testing.T) {
	w := newWorld(t)
	bus := arnOf("events", "event-bus/default")
	w.create(&pipes.CreatePipeInput{Name: aws.String("p"), Source: aws.String(arnOf("sqs", "none")), Target: &bus})
	d := must(t, got(w.pipes.DescribePipe(t.Context(), &pipes.DescribePipeInput{Name: aws.String("p")})))
	if d.CurrentState != types.PipeStateCreateFailed || !strings.Contains(aws.ToString(d.StateReason), "does not exist") {
		t.Errorf("it is %s for %q", d.CurrentState, aws.ToString(d.StateReason))
	}
	w.queue("none", nil)
	must(t, got(w.pipes.StartPipe(t.Context(), &pipes.StartPipeInput{Name: aws.String("p")})))
	d = must(t, got(w.pipes.DescribePipe(t.Context(), &pipes.DescribePipeInput{Name: aws.String("p")})))
	if d.CurrentState != types.PipeStateRunning || d.StateReason != nil {
		t.Errorf("it is %s for %q", d.CurrentState, aws.ToString(d.StateReason))
	}
}

func TestPipesAreListedByWhatTheyAre(t *testing.T) {
	w := newWorld(t)
	_, queue := w.queue("q", nil)
	bus := arnOf("events", "event-bus/default")
	for _, name := range []string{"a1", "a2", "b1"} {
		w.create(&pipes.CreatePipeInput{Name: &name, Source: &queue, Target: &bus, DesiredState: types.RequestedPipeStateStopped, Tags: map[string]string{"of": name}})
	}
	if _, err := w.pipes.CreatePipe(t.Context(), &pipes.CreatePipeInput{Name: aws.String("a1"), Source: &queue, Target: &bus, RoleArn: aws.String(role)}); err == nil || !strings.Contains(err.Error(), "ConflictException") {
		t.Errorf("a second one of the name: %v", err)
	}
	page := must(t, got(w.pipes.ListPipes(t.Context(), &pipes.ListPipesInput{NamePrefix: aws.String("a"), Limit: aws.Int32(1)})))
	next := must(t, got(w.pipes.ListPipes(t.Context(), &pipes.ListPipesInput{NamePrefix: aws.String("a"), Limit: aws.Int32(1), NextToken: page.NextToken})))
	if *page.Pipes[0].Name != "a1" || *next.Pipes[0].Name != "a2" || next.NextToken != nil {
		t.Errorf("the pages are %+v and %+v", page, next)
	}
	running := must(t, got(w.pipes.ListPipes(t.Context(), &pipes.ListPipesInput{CurrentState: types.PipeStateRunning})))
	if len(running.Pipes) > 0 {
		t.Errorf("none runs, but %+v", running.Pipes)
	}
	arn := page.Pipes[0].Arn
	must(t, got(w.pipes.TagResource(t.Context(), &pipes.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"x": "y"}})))
	must(t, got(w.pipes.UntagResource(t.Context(), &pipes.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"of"}})))
	tags := must(t, got(w.pipes.ListTagsForResource(t.Context(), &pipes.ListTagsForResourceInput{ResourceArn: arn})))
	if len(tags.Tags) != 1 || tags.Tags["x"] != "y" {
		t.Errorf("the tags are %v", tags.Tags)
	}
}
