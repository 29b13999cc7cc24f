package pipes

import (
	"context"
	"errors"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/transform"
	"github.com/signalbox/signalbox/wire"
)

// The kinds of things that pipes lead from and to.
const (
	kindQueue       = "an SQS queue"
	kindStream      = "a DynamoDB stream"
	kindBus         = "an event bus"
	kindFunction    = "a Lambda function"
	kindDestination = "an API destination"
	kindGroup       = "a log group"
)

// Batches of sources that say nothing.
const (
	queueBatch  = 10
	streamBatch = 1
)

// largest is how many records a target takes at a time (user guide, page
// eb-pipes-batching-concurrency).
var largest = map[string]int32{kindQueue: 10, kindBus: 10, kindFunction: 10_000, kindDestination: 1, kindGroup: 10_000}

// kindOf tells what an ARN names; empty where it is nothing that pipes know.
func kindOf(text string) string {
	a, err := arn.Parse(text)
	if err != nil {
		return ""
	}
	switch kind, rest := a.Split(); {
	case a.Service == "sqs":
		return kindQueue
	case a.Service == "dynamodb" && kind == "table" && strings.Contains(rest, "/stream/"):
		return kindStream
	case a.Service == "events" && kind == "event-bus":
		return kindBus
	case a.Service == "events" && kind == "api-destination":
		return kindDestination
	case a.Service == "lambda" && kind == "function":
		return kindFunction
	case a.Service == "logs" && kind == "log-group":
		return kindGroup
	}
	return ""
}

func unknown(what, text string) error {
	a, err := arn.Parse(text)
	if err != nil {
		return invalid("%s is not an ARN that can be the %s of a pipe.", text, what)
	}
	kind, _ := a.Split()
	if kind != "" {
		kind = ":" + kind
	}
	return invalid("%s%s as the %s of a pipe is not implemented by Signalbox: %s", a.Service, kind, what, text)
}

// check completes a pipe's settings and says what is wrong with them.
func (s *Service) check(p *pipe) error {
	if err := s.checkSource(p); err != nil {
		return err
	}
	if p.Enrichment != "" && kindOf(p.Enrichment) != kindFunction {
		return unknown("enrichment", p.Enrichment)
	}
	if p.EnrichmentParams != nil {
		if p.Enrichment == "" && wire.Value(p.EnrichmentParams.InputTemplate) != "" {
			return invalid("EnrichmentParameters require an Enrichment.")
		}
		if _, err := transform.NewPipe(wire.Value(p.EnrichmentParams.InputTemplate)); err != nil {
			return invalid("%s", err)
		}
	}
	if err := checkTarget(p); err != nil {
		return err
	}
	if err := checkBatch(p); err != nil {
		return err
	}
	if p.Log != nil && *p.Log.Level != LogLevelOff && p.Log.CloudwatchLogsLogDestination == nil {
		return invalid("LogConfiguration requires a log destination where its Level is %s.", *p.Log.Level)
	}
	return nil
}

func (s *Service) checkSource(p *pipe) error {
	kind, given := kindOf(p.Source), &p.SourceParameters
	if len(p.patterns()) == 0 {
		given.FilterCriteria = nil
	}
	if _, err := p.filter(); err != nil {
		return invalid("Invalid filter pattern definition. %s", err)
	}
	for _, text := range p.patterns() {
		if name := nested(text); name != "" {
			return invalid("Invalid filter pattern definition. Event buses support anything-but with %s, pipes do not.", name)
		}
	}
	switch kind {
	case kindQueue:
		if given.DynamoDBStreamParameters != nil {
			return invalid("SourceParameters.DynamoDBStreamParameters do not belong to the source %s.", p.Source)
		}
		q := wire.Value(given.SqsQueueParameters)
		defaulted(&q.BatchSize, 0)
		defaulted(&q.MaximumBatchingWindowInSeconds, 0)
		given.SqsQueueParameters = &q
	case kindStream:
		if given.SqsQueueParameters != nil {
			return invalid("SourceParameters.SqsQueueParameters do not belong to the source %s.", p.Source)
		}
		if given.DynamoDBStreamParameters == nil {
			return invalid("SourceParameters.DynamoDBStreamParameters are required for the source %s.", p.Source)
		}
		if s.Streams == nil {
			return unknown("source", p.Source)
		}
		st := *given.DynamoDBStreamParameters
		defaulted(&st.BatchSize, 0)
		defaulted(&st.MaximumBatchingWindowInSeconds, 0)
		defaulted(&st.MaximumRecordAgeInSeconds, -1)
		defaulted(&st.MaximumRetryAttempts, -1)
		defaulted(&st.ParallelizationFactor, 1)
		given.DynamoDBStreamParameters = &st
		if age := *st.MaximumRecordAgeInSeconds; age != -1 && age < 60 {
			return invalid("MaximumRecordAgeInSeconds must be -1 or at least 60, and is %d.", age)
		}
		if d := st.DeadLetterConfig; d != nil && d.Arn != nil && kindOf(*d.Arn) != kindQueue {
			return unknown("dead-letter queue", *d.Arn)
		}
	default:
		return unknown("source", p.Source)
	}
	return nil
}

// defaulted gives a number that was not given its default.
func defaulted(n **int32, value int32) {
	if *n == nil {
		*n = &value
	}
}

func checkTarget(p *pipe) error {
	kind := kindOf(p.Target)
	if largest[kind] == 0 {
		return unknown("target", p.Target)
	}
	if p.TargetParameters == nil {
		return nil
	}
	t := p.TargetParameters
	for _, of := range []struct {
		kind, member string
		given        bool
	}{
		{kindBus, "EventBridgeEventBusParameters", t.EventBridgeEventBusParameters != nil},
		{kindFunction, "LambdaFunctionParameters", t.LambdaFunctionParameters != nil},
		{kindQueue, "SqsQueueParameters", t.SqsQueueParameters != nil},
		{kindDestination, "HttpParameters", t.HttpParameters != nil},
		{kindGroup, "CloudWatchLogsParameters", t.CloudWatchLogsParameters != nil},
	} {
		if of.given && of.kind != kind {
			return invalid("TargetParameters.%s do not belong to the target %s.", of.member, p.Target)
		}
	}
	if b := t.EventBridgeEventBusParameters; b != nil && strings.HasPrefix(wire.Value(b.Source), "aws.") {
		return invalid("TargetParameters.EventBridgeEventBusParameters.Source must not begin with aws.")
	}
	if _, err := transform.NewPipe(wire.Value(t.InputTemplate)); err != nil {
		return invalid("%s", err)
	}
	_, err := newFlow(nil, p)
	return err
}

// checkBatch fits the batch to what the target takes.
func checkBatch(p *pipe) error {
	most, kind := largest[kindOf(p.Target)], kindOf(p.Target)
	size, window, usual := (**int32)(nil), int32(0), int32(queueBatch)
	if st := p.stream(); st != nil {
		size, window, usual = &st.BatchSize, *st.MaximumBatchingWindowInSeconds, streamBatch
	} else {
		q := p.SourceParameters.SqsQueueParameters
		size, window = &q.BatchSize, *q.MaximumBatchingWindowInSeconds
	}
	if **size == 0 {
		*size = new(min(usual, most))
	}
	n, fifo := **size, strings.HasSuffix(p.Source, ".fifo")
	switch {
	case n > most:
		return invalid("BatchSize %d is greater than the %d that %s takes as a target.", n, most, kind)
	case p.stream() != nil:
		return nil
	case fifo && window > 0:
		return invalid("Batching window is not supported for FIFO queues.")
	case fifo && n > 10:
		return invalid("BatchSize for FIFO queues must be at most 10.")
	case n > 10 && window == 0:
		return invalid("MaximumBatchingWindowInSeconds must be greater than 0 if BatchSize is greater than 10.")
	}
	return nil
}

// reachable sees whether a pipe's source is there. The reason is for people.
func (s *Service) reachable(ctx context.Context, p *pipe) (reason string, err error) {
	if p.stream() != nil {
		_, err = s.Streams.Shards(ctx, p.Source)
	} else {
		_, err = s.Queues.Queue(ctx, p.Source)
	}
	if errors.Is(err, sources.ErrGone) {
		return "The source " + p.Source + " does not exist.", nil
	}
	return "", err
}
