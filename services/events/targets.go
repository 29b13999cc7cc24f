package events

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/transform"
	"github.com/signalbox/signalbox/wire"
)

// maxTargets is how many targets a rule may have (EventBridge quotas).
const maxTargets = 5

// PutTargets implements [api.API]. A target takes the place of one with its id.
// All are checked before the first is put: either all are put or none.
func (s *Service) PutTargets(ctx context.Context, in *api.PutTargetsInput) (*api.PutTargetsOutput, error) {
	for i := range in.Targets {
		if err := s.checkTarget(&in.Targets[i]); err != nil {
			return nil, err
		}
	}
	_, err := s.changeRule(ctx, in.EventBusName, *in.Rule, func(r *rule) error {
		if err := r.checkManaged(nil); err != nil {
			return err
		}
		list := slices.Clone(r.Targets)
		for _, t := range in.Targets {
			if err := checkBus(&t, r.Scope); err != nil {
				return err
			}
			if i := slices.IndexFunc(list, func(o api.Target) bool { return *o.Id == *t.Id }); i >= 0 {
				list[i] = t
			} else {
				list = append(list, t)
			}
		}
		if len(list) > maxTargets {
			return wire.Errorf(api.CodeLimitExceededException, "The requested resource exceeds the maximum number allowed.")
		}
		r.Targets = list
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.PutTargetsOutput{FailedEntries: []api.PutTargetsResultEntry{}}, nil
}

// RemoveTargets implements [api.API]. What was matched for a target and not yet
// delivered is given up with it.
func (s *Service) RemoveTargets(ctx context.Context, in *api.RemoveTargetsInput) (*api.RemoveTargetsOutput, error) {
	failed := []api.RemoveTargetsResultEntry{}
	_, err := s.changeRule(ctx, in.EventBusName, *in.Rule, func(r *rule) error {
		if err := r.checkManaged(in.Force); err != nil {
			return err
		}
		list := slices.Clone(r.Targets)
		for _, id := range in.Ids {
			i := slices.IndexFunc(list, func(o api.Target) bool { return *o.Id == id })
			if i < 0 {
				failed = append(failed, api.RemoveTargetsResultEntry{
					TargetId: new(id), ErrorCode: new(api.CodeResourceNotFoundException),
					ErrorMessage: new("Rule " + r.Name + " does not have a target with the Id " + id + "."),
				})
				continue
			}
			list = slices.Delete(list, i, i+1)
		}
		r.Targets = list
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.RemoveTargetsOutput{FailedEntryCount: int32(len(failed)), FailedEntries: failed}, nil
}

// ListTargetsByRule implements [api.API].
func (s *Service) ListTargetsByRule(ctx context.Context, in *api.ListTargetsByRuleInput) (*api.ListTargetsByRuleOutput, error) {
	_, r, err := s.rule(ctx, in.EventBusName, *in.Rule)
	if err != nil {
		return nil, err
	}
	id := func(t api.Target) string { return *t.Id }
	all := slices.Clone(r.Targets)
	sortByName(all, id)
	rows, next, err := api.Page(all, id, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &api.ListTargetsByRuleOutput{Targets: slices.Concat([]api.Target{}, rows), NextToken: next}, nil
}

// checkTarget refuses what could never be delivered.
func (s *Service) checkTarget(t *api.Target) error {
	a, err := arn.Parse(*t.Arn)
	if err != nil {
		return api.Invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *t.Arn)
	}
	if a.Service == "sqs" && strings.HasSuffix(a.Resource, ".fifo") && (t.SqsParameters == nil || t.SqsParameters.MessageGroupId == nil) {
		return api.Invalid("Parameter(s) SqsParameters must be specified for target: %s.", *t.Id)
	}
	if t.SqsParameters != nil && a.Service != "sqs" {
		return api.Invalid("Parameter SqsParameters is not valid for target %s. Reason: it is for SQS queues.", *t.Id)
	}
	kind, _ := a.Split()
	if t.HttpParameters != nil && (a.Service != "events" || kind != "api-destination") {
		return api.Invalid("Parameter HttpParameters is not valid for target %s. Reason: it is for API destinations.", *t.Id)
	}
	if a.Service == "events" && kind == "api-destination" && t.RoleArn == nil {
		return needsRole(t)
	}
	if err := checkDeadLetter(t.DeadLetterConfig); err != nil {
		return err
	}
	if _, err := newTransformer(t); err != nil {
		return err
	}
	if _, err := s.target(*t); err != nil {
		return err
	}
	return nil
}

func checkDeadLetter(c *api.DeadLetterConfig) error {
	if c == nil || c.Arn == nil {
		return nil
	}
	a, err := arn.Parse(*c.Arn)
	switch {
	case err != nil:
		return api.Invalid("Parameter DeadLetterConfig.Arn is not valid. Reason: Provided Arn is not in correct format.")
	case a.Service != "sqs":
		return api.Invalid("Parameter DeadLetterConfig.Arn is not valid. Reason: %s is not supported as a dead letter resource.", a.Service)
	case strings.HasSuffix(a.Resource, ".fifo"):
		return api.Invalid("Parameter DeadLetterConfig.Arn is not valid. Reason: SQS FIFO is not supported by Dead Letter Queues.")
	}
	return nil
}

// isBus tells whether the target is an event bus.
func isBus(t *api.Target) bool {
	a, err := arn.Parse(*t.Arn)
	if err != nil {
		return false
	}
	kind, _ := a.Split()
	return a.Service == "events" && kind == "event-bus"
}

func needsRole(t *api.Target) error {
	return api.Invalid("RoleArn is required for target %s.", *t.Arn)
}

// checkBus refuses what EventBridge does of targets that are buses elsewhere
// than the rule: without a role, and, in another account, with an input of the
// rule's making (API reference, PutTargets).
func checkBus(t *api.Target, from wire.Scope) error {
	a, err := arn.Parse(*t.Arn)
	if err != nil || !isBus(t) || wire.ScopeOfARN(a) == from {
		return nil
	}
	if t.RoleArn == nil {
		return needsRole(t)
	}
	if a.Account != from.Account && (t.Input != nil || t.InputPath != nil || t.InputTransformer != nil) {
		return api.Invalid("Input, InputPath and InputTransformer are not available for target %s. Reason: it is an event bus of another account.", *t.Id)
	}
	return nil
}

// target is what the rule's target delivers to: a thing of this package, or of
// another service.
func (s *Service) target(t api.Target) (delivery.Target, error) {
	a, err := arn.Parse(*t.Arn)
	if err != nil {
		return nil, api.Invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *t.Arn)
	}
	kind, _ := a.Split()
	if a.Service != "events" {
		return s.Targets.Target(t)
	}
	switch kind {
	case "event-bus":
		return busTarget{s: s, arn: *t.Arn}, nil
	case "api-destination":
		return s.TargetOf(t), nil
	case "archive":
		return s.archiveTarget(*t.Arn), nil
	}
	return nil, api.Invalid("Parameter %s is not valid. Reason: %s of EventBridge cannot be a target.", *t.Arn, kind)
}

// newTransformer compiles what makes the target's input; nil where it gets the
// event as it is.
func newTransformer(t *api.Target) (*transform.Transformer, error) {
	spec := transform.Spec{TargetID: *t.Id, Input: t.Input, InputPath: t.InputPath}
	if t.InputTransformer != nil {
		spec.Template, spec.PathsMap = t.InputTransformer.InputTemplate, t.InputTransformer.InputPathsMap
	}
	if spec.Input == nil && spec.InputPath == nil && spec.Template == nil {
		return nil, nil
	}
	tr, err := transform.New(spec)
	if err != nil {
		return nil, api.Invalid("%s", err)
	}
	return tr, nil
}
