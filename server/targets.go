package server

import (
	"fmt"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/services/lambda"
	"github.com/signalbox/signalbox/services/logs"
	"github.com/signalbox/signalbox/services/sqs"
	"github.com/signalbox/signalbox/wire"
)

// targets tells the event buses what the ARNs of other services stand for.
type targets struct {
	queues    *sqs.Service
	groups    *logs.Service
	functions *lambda.Service
}

// Target implements [events.Targets].
func (t targets) Target(spec events.Target) (delivery.Target, error) {
	a, err := arn.Parse(*spec.Arn)
	if err != nil {
		return nil, err
	}
	switch kind, _ := a.Split(); {
	case a.Service == "sqs":
		var p sqs.TargetParams
		if spec.SqsParameters != nil && spec.SqsParameters.MessageGroupId != nil {
			p.MessageGroupId = *spec.SqsParameters.MessageGroupId
		}
		return t.queues.Target(*spec.Arn, p), nil
	case a.Service == "logs" && kind == "log-group":
		return t.groups.Target(*spec.Arn), nil
	case a.Service == "lambda" && kind == "function":
		return t.functions.Target(*spec.Arn), nil
	}
	return nil, wire.Errorf(wire.CodeValidation, "Parameter %s is not valid. Reason: %s as the target of a rule is not implemented by Signalbox.", *spec.Arn, a.Service)
}

// DeadLetters implements [events.Targets].
func (t targets) DeadLetters(queueARN, ruleARN, targetARN string) (delivery.DeadLetters, error) {
	if _, err := arn.Parse(queueARN); err != nil {
		return nil, fmt.Errorf("dead-letter queue: %w", err)
	}
	return t.queues.DeadLetters(queueARN, sqs.DeadLetterParams{RuleARN: ruleARN, TargetARN: targetARN}), nil
}
