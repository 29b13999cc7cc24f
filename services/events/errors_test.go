package events_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Codes of errors.
const (
	validation  = "ValidationException"
	notFound    = "ResourceNotFoundException"
	exists      = "ResourceAlreadyExistsException"
	badPattern  = "InvalidEventPatternException"
	managed     = "ManagedRuleException"
	limit       = "LimitExceededException"
	badStatus   = "IllegalStatusException"
	tooLong     = "PolicyLengthExceededException"
	shopPattern = `{"source":["shop"]}`
)

// refusal is a call that is refused.
type refusal struct {
	name       string
	call       func() error
	code, text string
}

func refused(t *testing.T, list []refusal) {
	t.Helper()
	for _, r := range list {
		t.Run(r.name, func(t *testing.T) { wantCode(t, r.call(), r.code, r.text) })
	}
}

// only makes the error of a call alone.
func only[T any](_ T, err error) error { return err }

func TestBusesAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	w.bus("orders")
	w.rule("orders", "r", shopPattern)
	create := func(in eventbridge.CreateEventBusInput) func() error {
		return func() error { return only(w.events.CreateEventBus(w.ctx, &in)) }
	}
	refused(t, []refusal{
		{"a bus that exists", create(eventbridge.CreateEventBusInput{Name: aws.String("orders")}), exists, "Event bus orders already exists."},
		{"the default bus exists always", create(eventbridge.CreateEventBusInput{Name: aws.String("default")}), exists, "Event bus default already exists."},
		{"a name with a slash", create(eventbridge.CreateEventBusInput{Name: aws.String("a/b")}), validation, "must not contain '/'"},
		{"a name with a space", create(eventbridge.CreateEventBusInput{Name: aws.String("a b")}), validation,
			"1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [/\\.\\-_A-Za-z0-9]+"},
		{"a partner's event source", create(eventbridge.CreateEventBusInput{Name: aws.String("p"), EventSourceName: aws.String("aws.partner/x/y")}), validation, "EventSourceName is not implemented by Signalbox"},
		{"a dead-letter queue that is a topic", create(eventbridge.CreateEventBusInput{Name: aws.String("p"), DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sns:us-east-1:000000000000:t")}}),
			validation, "sns is not supported as a dead letter resource"},
		{"a dead-letter queue that is FIFO", create(eventbridge.CreateEventBusInput{Name: aws.String("p"), DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:q.fifo")}}),
			validation, "SQS FIFO is not supported by Dead Letter Queues"},
		{"a tag of AWS's own", create(eventbridge.CreateEventBusInput{Name: aws.String("p"), Tags: []types.Tag{{Key: aws.String("AWS:x"), Value: aws.String("")}}}), validation, "AWS:x"},
		{"to describe a bus that is not", func() error {
			return only(w.events.DescribeEventBus(w.ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("nope")}))
		}, notFound, "Event bus nope does not exist."},
		{"to update a bus that is not", func() error {
			return only(w.events.UpdateEventBus(w.ctx, &eventbridge.UpdateEventBusInput{Name: aws.String("nope")}))
		}, notFound, "Event bus nope does not exist."},
		{"to delete the default bus", func() error {
			return only(w.events.DeleteEventBus(w.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("default")}))
		}, validation, "Cannot delete event bus default."},
		{"to delete a bus with rules", func() error {
			return only(w.events.DeleteEventBus(w.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("orders")}))
		}, validation, "Rules are still attached"},
		{"a token of no list", func() error {
			return only(w.events.ListEventBuses(w.ctx, &eventbridge.ListEventBusesInput{NextToken: aws.String("%%%")}))
		}, validation, "NextToken"},
		{"a limit of none", func() error {
			return only(w.events.ListEventBuses(w.ctx, &eventbridge.ListEventBusesInput{Limit: aws.Int32(0)}))
		}, validation, "'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
	})
	if err := only(w.events.DeleteEventBus(w.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("nope")})); err != nil {
		t.Errorf("deleting a bus that is not there: %v, want no error", err)
	}
}

func TestRulesAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	w.bus("orders")
	_, queue := w.queue("q")
	w.rule("orders", "r", shopPattern, target("q", queue))
	put := func(in eventbridge.PutRuleInput) func() error {
		return func() error { return only(w.events.PutRule(w.ctx, &in)) }
	}
	pattern := func(text string) func() error {
		return put(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: &text})
	}
	orders, nope := aws.String("orders"), aws.String("nope")
	refused(t, []refusal{
		{"a rule of nothing", put(eventbridge.PutRuleInput{Name: aws.String("x")}), validation, "Parameter(s) EventPattern or ScheduleExpression must be specified."},
		{"a schedule", put(eventbridge.PutRuleInput{Name: aws.String("x"), ScheduleExpression: aws.String("rate(1 day)")}), validation, "ScheduleExpression is not implemented by Signalbox"},
		{"a bus that is not", put(eventbridge.PutRuleInput{Name: aws.String("x"), EventBusName: nope, EventPattern: aws.String(shopPattern)}), notFound, "Event bus nope does not exist."},
		{"a state that is none", put(eventbridge.PutRuleInput{Name: aws.String("x"), EventPattern: aws.String(shopPattern), State: "ON"}), validation, "'state'"},
		{"a pattern that is no JSON", pattern(`{`), badPattern, "Event pattern is not valid"},
		{"a pattern with a lone value", pattern(`{"source":"shop"}`), badPattern, "Event pattern is not valid"},
		{"a pattern with an unknown operator", pattern(`{"source":[{"like":"s"}]}`), badPattern, "like"},
		{"a pattern with a list of nothing", pattern(`{"source":[]}`), badPattern, "Event pattern is not valid"},
		{"a pattern that is too long", pattern(`{"source":["` + strings.Repeat("x", 5000) + `"]}`), validation, "'eventPattern' failed to satisfy constraint: Member must have length less than or equal to"},
		{"to describe a rule that is not", func() error {
			return only(w.events.DescribeRule(w.ctx, &eventbridge.DescribeRuleInput{Name: nope}))
		}, notFound, "Rule nope does not exist on EventBus default."},
		{"to describe a rule of another bus", func() error {
			return only(w.events.DescribeRule(w.ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")}))
		}, notFound, "Rule r does not exist on EventBus default."},
		{"to delete a rule with targets", func() error {
			return only(w.events.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r"), EventBusName: orders}))
		}, validation, "Rule can't be deleted since it has targets."},
		{"to delete a rule of no bus", func() error {
			return only(w.events.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r"), EventBusName: nope}))
		}, notFound, "Event bus nope does not exist."},
		{"to enable a rule that is not", func() error {
			return only(w.events.EnableRule(w.ctx, &eventbridge.EnableRuleInput{Name: nope}))
		}, notFound, "Rule nope does not exist on EventBus default."},
		{"to disable a rule that is not", func() error {
			return only(w.events.DisableRule(w.ctx, &eventbridge.DisableRuleInput{Name: nope, EventBusName: orders}))
		}, notFound, "Rule nope does not exist on EventBus orders."},
		{"to list the rules of no bus", func() error {
			return only(w.events.ListRules(w.ctx, &eventbridge.ListRulesInput{EventBusName: nope}))
		}, notFound, "Event bus nope does not exist."},
		{"to list by target on no bus", func() error {
			return only(w.events.ListRuleNamesByTarget(w.ctx, &eventbridge.ListRuleNamesByTargetInput{EventBusName: nope, TargetArn: &queue}))
		}, notFound, "Event bus nope does not exist."},
		{"to list the targets of no rule", func() error {
			return only(w.events.ListTargetsByRule(w.ctx, &eventbridge.ListTargetsByRuleInput{Rule: nope}))
		}, notFound, "Rule nope does not exist on EventBus default."},
		{"to remove the targets of no rule", func() error {
			return only(w.events.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: nope, Ids: []string{"a"}}))
		}, notFound, "Rule nope does not exist on EventBus default."},
	})
	if err := only(w.events.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: nope})); err != nil {
		t.Errorf("deleting a rule that is not there: %v, want no error", err)
	}
}

func TestTargetsAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	_, queue := w.queue("q")
	w.rule("default", "r", shopPattern)
	put := func(change func(*types.Target)) func() error {
		to := target("t", queue)
		change(&to)
		return func() error {
			return only(w.events.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{to}}))
		}
	}
	to := func(arn string) func() error { return put(func(t *types.Target) { t.Arn = &arn }) }
	dead := func(arn string) func() error {
		return put(func(t *types.Target) { t.DeadLetterConfig = &types.DeadLetterConfig{Arn: &arn} })
	}
	template := func(text string, paths map[string]string) func() error {
		return put(func(t *types.Target) {
			t.InputTransformer = &types.InputTransformer{InputTemplate: &text, InputPathsMap: paths}
		})
	}
	retries := func(attempts, age int32) func() error {
		return put(func(t *types.Target) {
			t.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: &attempts, MaximumEventAgeInSeconds: &age}
		})
	}
	const destination = "arn:aws:events:us-east-1:000000000000:api-destination/d/5f6d8d0e-0000-4000-8000-000000000000"
	refused(t, []refusal{
		{"what is no ARN", to("q"), validation, "Parameter q is not valid. Reason: Provided Arn is not in correct format."},
		{"a service that is not there yet", to("arn:aws:kinesis:us-east-1:000000000000:stream/s"), validation, "kinesis as the target of a rule is not implemented"},
		{"a rule", to("arn:aws:events:us-east-1:000000000000:rule/r"), validation, "rule of EventBridge cannot be a target"},
		{"an id with a space", put(func(t *types.Target) { t.Id = aws.String("a b") }), validation,
			`1 validation error detected: Value 'a b' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`},
		{"an id that is too long", put(func(t *types.Target) { t.Id = aws.String(strings.Repeat("x", 65)) }), validation,
			"at 'targets.1.member.id' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"a FIFO queue without a group", to("arn:aws:sqs:us-east-1:000000000000:q.fifo"), validation, "Parameter(s) SqsParameters must be specified for target: t."},
		{"a group for a bus", put(func(t *types.Target) {
			t.Arn, t.SqsParameters = aws.String("arn:aws:events:us-east-1:000000000000:event-bus/default"), &types.SqsParameters{MessageGroupId: aws.String("g")}
		}), validation, "SqsParameters"},
		{"HTTP parameters for a queue", put(func(t *types.Target) { t.HttpParameters = &types.HttpParameters{} }), validation, "HttpParameters"},
		{"parameters of Kinesis", put(func(t *types.Target) {
			t.KinesisParameters = &types.KinesisParameters{PartitionKeyPath: aws.String("$.id")}
		}), validation, "KinesisParameters is not implemented by Signalbox"},
		{"an API destination without a role", to(destination), validation, "RoleArn is required for target " + destination + "."},
		{"a bus of another region without a role", to("arn:aws:events:eu-west-1:000000000000:event-bus/default"), validation,
			"RoleArn is required for target arn:aws:events:eu-west-1:000000000000:event-bus/default."},
		{"a bus of another account without a role", to("arn:aws:events:us-east-1:111111111111:event-bus/default"), validation,
			"RoleArn is required for target arn:aws:events:us-east-1:111111111111:event-bus/default."},
		{"an input for a bus of another account", put(func(t *types.Target) {
			*t = withRole(target("t", "arn:aws:events:us-east-1:111111111111:event-bus/default"))
			t.Input = aws.String(`{}`)
		}), validation, "not available for target t"},
		{"a dead-letter queue that is a topic", dead("arn:aws:sns:us-east-1:000000000000:t"), validation, "sns is not supported as a dead letter resource"},
		{"a dead-letter queue that is FIFO", dead("arn:aws:sqs:us-east-1:000000000000:q.fifo"), validation, "SQS FIFO is not supported by Dead Letter Queues"},
		{"a dead-letter queue that is no ARN", dead("q"), validation, "DeadLetterConfig.Arn is not valid. Reason: Provided Arn is not in correct format."},
		{"Input and InputPath", put(func(t *types.Target) { t.Input, t.InputPath = aws.String("{}"), aws.String("$") }), validation,
			"Only one of Input, InputPath, or InputTransformer must be provided for target t."},
		{"InputPath and InputTransformer", put(func(t *types.Target) {
			t.InputPath, t.InputTransformer = aws.String("$"), &types.InputTransformer{InputTemplate: aws.String("{}")}
		}), validation, "Only one of Input, InputPath, or InputTransformer must be provided for target t."},
		{"an Input that is no JSON", put(func(t *types.Target) { t.Input = aws.String("{no") }), validation, "JSON syntax error in input for target t"},
		{"an InputPath that is none", put(func(t *types.Target) { t.InputPath = aws.String("detail") }), validation, "InputPath for target t is invalid."},
		{"a template with an unknown variable", template(`{"a":<b>}`, nil), validation, "InputTemplate for target t contains invalid placeholder b."},
		{"a template that makes no JSON", template(`{"a":<b>`, map[string]string{"b": "$.detail"}), validation, "Invalid InputTemplate for target t"},
		{"too many retries", retries(186, 60), validation, "maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185"},
		{"too young an age", retries(0, 59), validation, "maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60"},
	})
	if out := must(w.events.ListTargetsByRule(w.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")}))(t); len(out.Targets) != 0 {
		t.Errorf("refused targets were put: %v", out.Targets)
	}
	var six []types.Target
	for i := range 6 {
		six = append(six, target(fmt.Sprint("t", i), queue))
	}
	putAll := func(list []types.Target) error {
		return only(w.events.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: list}))
	}
	if err := putAll(six[:5]); err != nil {
		t.Fatal(err)
	}
	wantCode(t, putAll(six[5:]), limit, "The requested resource exceeds the maximum number allowed.")
	if err := putAll(six[2:4]); err != nil {
		t.Errorf("replacing two of five targets: %v", err)
	}
	if out := must(w.events.ListTargetsByRule(w.ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")}))(t); len(out.Targets) != 5 {
		t.Errorf("the rule has %d targets, want 5", len(out.Targets))
	}
	removed := must(w.events.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"t0", "nope"}}))(t)
	if removed.FailedEntryCount != 1 || *removed.FailedEntries[0].TargetId != "nope" || *removed.FailedEntries[0].ErrorCode != notFound {
		t.Errorf("RemoveTargets = %+v, want nope to have failed", removed)
	}
}

func TestArchivesAndReplaysAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	orders := w.bus("orders")
	other := w.bus("other")
	archive := *must(w.events.CreateArchive(w.ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("a"), EventSourceArn: &orders}))(t).ArchiveArn
	nobody := strings.Replace(orders, "orders", "nope", 1)
	nope := aws.String("nope")
	now := time.Now()
	start := func(change func(*eventbridge.StartReplayInput)) func() error {
		in := &eventbridge.StartReplayInput{
			ReplayName: aws.String("r"), EventSourceArn: &archive, Destination: &types.ReplayDestination{Arn: &orders},
			EventStartTime: aws.Time(now.Add(-time.Hour)), EventEndTime: &now,
		}
		change(in)
		return func() error { return only(w.events.StartReplay(w.ctx, in)) }
	}
	if err := start(func(in *eventbridge.StartReplayInput) { in.ReplayName = aws.String("done") })(); err != nil {
		t.Fatal(err)
	}
	w.replayed("done")
	refused(t, []refusal{
		{"an archive of no bus", func() error {
			return only(w.events.CreateArchive(w.ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("b"), EventSourceArn: &nobody}))
		}, notFound, "Event bus nope does not exist."},
		{"an archive of another account's bus", func() error {
			return only(w.events.CreateArchive(w.ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("b"), EventSourceArn: aws.String("arn:aws:events:us-east-1:111111111111:event-bus/default")}))
		}, notFound, "Event bus default does not exist."},
		{"an archive that exists", func() error {
			return only(w.events.CreateArchive(w.ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("a"), EventSourceArn: &orders}))
		}, exists, "Archive a already exists."},
		{"an archive with a bad pattern", func() error {
			return only(w.events.CreateArchive(w.ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("b"), EventSourceArn: &orders, EventPattern: aws.String(`{"a":1}`)}))
		}, badPattern, "Event pattern is not valid"},
		{"to update an archive with a bad pattern", func() error {
			return only(w.events.UpdateArchive(w.ctx, &eventbridge.UpdateArchiveInput{ArchiveName: aws.String("a"), EventPattern: aws.String(`{"a":1}`)}))
		}, badPattern, "Event pattern is not valid"},
		{"to describe an archive that is not", func() error {
			return only(w.events.DescribeArchive(w.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: nope}))
		}, notFound, "Archive nope does not exist."},
		{"to update an archive that is not", func() error {
			return only(w.events.UpdateArchive(w.ctx, &eventbridge.UpdateArchiveInput{ArchiveName: nope}))
		}, notFound, "Archive nope does not exist."},
		{"to delete an archive that is not", func() error {
			return only(w.events.DeleteArchive(w.ctx, &eventbridge.DeleteArchiveInput{ArchiveName: nope}))
		}, notFound, "Archive nope does not exist."},
		{"to list the archives of no bus", func() error {
			return only(w.events.ListArchives(w.ctx, &eventbridge.ListArchivesInput{EventSourceArn: &nobody}))
		}, notFound, "Event bus nope does not exist."},
		{"to change an archive's rule", func() error {
			return only(w.events.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: aws.String("Events-Archive-a"), EventBusName: &orders, EventPattern: aws.String(shopPattern)}))
		}, managed, "Events-Archive-a"},
		{"to delete an archive's rule", func() error {
			return only(w.events.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: aws.String("Events-Archive-a"), EventBusName: &orders}))
		}, managed, "Events-Archive-a"},
		{"to disable an archive's rule", func() error {
			return only(w.events.DisableRule(w.ctx, &eventbridge.DisableRuleInput{Name: aws.String("Events-Archive-a"), EventBusName: &orders}))
		}, managed, "Events-Archive-a"},
		{"to add a target to an archive's rule", func() error {
			return only(w.events.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: aws.String("Events-Archive-a"), EventBusName: &orders, Targets: []types.Target{target("x", orders)}}))
		}, managed, "Events-Archive-a"},
		{"to remove an archive's target", func() error {
			return only(w.events.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("Events-Archive-a"), EventBusName: &orders, Ids: []string{"x"}}))
		}, managed, "Events-Archive-a"},
		{"to tag an archive's rule", func() error {
			return only(w.events.TagResource(w.ctx, &eventbridge.TagResourceInput{ResourceARN: aws.String("arn:aws:events:us-east-1:000000000000:rule/orders/Events-Archive-a"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}))
		}, managed, "Events-Archive-a"},
		{"to replay an archive that is not", start(func(in *eventbridge.StartReplayInput) {
			in.EventSourceArn = aws.String("arn:aws:events:us-east-1:000000000000:archive/nope")
		}), validation, "Parameter EventSourceArn is not valid. Reason: Archive nope does not exist."},
		{"to replay onto no bus", start(func(in *eventbridge.StartReplayInput) { in.Destination.Arn = &nobody }), notFound, "Event bus nope does not exist."},
		{"to replay onto another bus", start(func(in *eventbridge.StartReplayInput) { in.Destination.Arn = &other }), validation,
			"Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."},
		{"to replay backwards", start(func(in *eventbridge.StartReplayInput) { in.EventEndTime = aws.Time(now.Add(-2 * time.Hour)) }), validation,
			"Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."},
		{"to replay for what is no rule", start(func(in *eventbridge.StartReplayInput) { in.Destination.FilterArns = []string{"rule"} }), validation, "Destination.FilterArns"},
		{"a replay that exists", start(func(in *eventbridge.StartReplayInput) { in.ReplayName = aws.String("done") }), exists, "Replay done already exists."},
		{"to describe a replay that is not", func() error {
			return only(w.events.DescribeReplay(w.ctx, &eventbridge.DescribeReplayInput{ReplayName: nope}))
		}, notFound, "Replay nope does not exist."},
		{"to cancel a replay that is not", func() error {
			return only(w.events.CancelReplay(w.ctx, &eventbridge.CancelReplayInput{ReplayName: nope}))
		}, notFound, "Replay nope does not exist."},
		{"to cancel a replay that is done", func() error {
			return only(w.events.CancelReplay(w.ctx, &eventbridge.CancelReplayInput{ReplayName: aws.String("done")}))
		}, badStatus, "Replay done is not in a valid state for this operation."},
	})
}
