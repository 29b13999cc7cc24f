package events

import (
	"context"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// principal is who EventBridge is to others' policies.
const principal = "events.amazonaws.com"

// Authorizer says whether events may go where a rule sends them, by the target's
// resource policy or by its role's policies (user guide, page
// eb-use-resource-based). Its error is the reason why not.
type Authorizer interface {
	Authorize(ctx context.Context, r access.Request) error
}

// targetActions are what EventBridge does to a target, by the ARN's service.
var targetActions = map[string]string{
	"sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction", "sns": "sns:Publish", "states": "states:StartExecution",
	"kinesis": "kinesis:PutRecord", "firehose": "firehose:PutRecord", "logs": "logs:PutLogEvents", "execute-api": "execute-api:Invoke",
	"appsync": "appsync:GraphQL", "scheduler": "scheduler:CreateSchedule",
}

// guardedTarget asks before each delivery. The answer is for all of a batch.
type guardedTarget struct {
	delivery.Target
	guard   Authorizer
	request access.Request
}

// Deliver implements [delivery.Target].
func (t *guardedTarget) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	err := t.guard.Authorize(ctx, t.request)
	if err == nil {
		return t.Target.Deliver(ctx, requests)
	}
	results := make([]delivery.Result, len(requests))
	for i := range results {
		results[i] = permanent("NO_PERMISSIONS", "%s", err)
	}
	return results
}

// pacedTarget is a guardedTarget with a rate.
type pacedTarget struct {
	guardedTarget
	paced delivery.Paced
}

// Pacer implements [delivery.Paced].
func (t *pacedTarget) Pacer() *delivery.Pacer { return t.paced.Pacer() }

// guarded is the target of a rule, asked for before each delivery. A bus beside
// the rule's own, and an archive, need no permission.
func (s *Service) guarded(r *rule, t *api.Target, target delivery.Target) delivery.Target {
	a, err := arn.Parse(*t.Arn)
	if s.Authorizer == nil || err != nil {
		return target
	}
	request := access.Request{
		Service: principal, Role: wire.Value(t.RoleArn), Session: "EventBridge", Source: r.arn(), Action: targetActions[a.Service], Resource: *t.Arn,
	}
	switch kind, _ := a.Split(); {
	case a.Service == "events" && kind == "event-bus":
		if request.Role == "" && wire.ScopeOfARN(a) == r.Scope {
			return target
		}
		request.Action = "events:PutEvents"
	case a.Service == "events" && kind == "api-destination":
		request.Action = "events:InvokeApiDestination"
	case a.Service == "logs":
		request.Resource = logStreams(a)
	}
	if request.Action == "" {
		return target
	}
	guarded := guardedTarget{target, s.Authorizer, request}
	if paced, ok := target.(delivery.Paced); ok {
		return &pacedTarget{guarded, paced}
	}
	return &guarded
}

// guardedLetters asks whether the rule may send to its dead-letter queue.
type guardedLetters struct {
	delivery.DeadLetters
	guard   Authorizer
	request access.Request
}

// Bury implements [delivery.DeadLetters].
func (l *guardedLetters) Bury(ctx context.Context, d delivery.Dead) delivery.Result {
	if err := l.guard.Authorize(ctx, l.request); err != nil {
		return permanent("NO_PERMISSIONS", "%s", err)
	}
	return l.DeadLetters.Bury(ctx, d)
}

func (s *Service) guardedLetters(r *rule, queueARN string, letters delivery.DeadLetters) delivery.DeadLetters {
	if s.Authorizer == nil {
		return letters
	}
	return &guardedLetters{letters, s.Authorizer, access.Request{Service: principal, Source: r.arn(), Action: "sqs:SendMessage", Resource: queueARN}}
}

// logStreams names what EventBridge writes in a log group, as policies do: the
// group's streams.
func logStreams(group arn.ARN) string {
	group.Resource = strings.TrimSuffix(group.Resource, ":*") + ":log-stream:events"
	return group.String()
}

func permanent(code, format string, args ...any) delivery.Result {
	return delivery.Result{Kind: delivery.Permanent, Code: code, Message: fmt.Sprintf(format, args...)}
}
