package events

import (
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_amazoneventbridge).
func Needs(in any, r *wire.Request) []wire.Permission {
	sc := wire.Scope{Account: r.Account, Region: r.Region}
	if need := needsOfBus(sc, in); need != nil {
		return need
	}
	rule := func(bus *string, name string) []wire.Permission {
		return on(ruleARN(sc, bus, name))
	}
	named := func(kind string, name *string) []wire.Permission { return on(sc.ARN("events", kind+"/"+*name)) }
	switch in := in.(type) {
	case *api.PutRuleInput:
		return passing(rule(in.EventBusName, *in.Name), in.RoleArn)
	case *api.DescribeRuleInput:
		return rule(in.EventBusName, *in.Name)
	case *api.DeleteRuleInput:
		return rule(in.EventBusName, *in.Name)
	case *api.EnableRuleInput:
		return rule(in.EventBusName, *in.Name)
	case *api.DisableRuleInput:
		return rule(in.EventBusName, *in.Name)
	case *api.PutTargetsInput:
		needs := rule(in.EventBusName, *in.Rule)
		for _, t := range in.Targets {
			needs = passing(needs, t.RoleArn)
		}
		return needs
	case *api.RemoveTargetsInput:
		return rule(in.EventBusName, *in.Rule)
	case *api.ListTargetsByRuleInput:
		return rule(in.EventBusName, *in.Rule)
	case *api.TagResourceInput:
		return on(*in.ResourceARN)
	case *api.UntagResourceInput:
		return on(*in.ResourceARN)
	case *api.ListTagsForResourceInput:
		return on(*in.ResourceARN)
	case *api.CreateConnectionInput:
		return named("connection", in.Name)
	case *api.UpdateConnectionInput:
		return named("connection", in.Name)
	case *api.DeleteConnectionInput:
		return named("connection", in.Name)
	case *api.DescribeConnectionInput:
		return named("connection", in.Name)
	case *api.DeauthorizeConnectionInput:
		return named("connection", in.Name)
	case *api.CreateApiDestinationInput:
		return named("api-destination", in.Name)
	case *api.UpdateApiDestinationInput:
		return named("api-destination", in.Name)
	case *api.DeleteApiDestinationInput:
		return named("api-destination", in.Name)
	case *api.DescribeApiDestinationInput:
		return named("api-destination", in.Name)
	case *api.CreateArchiveInput:
		return named("archive", in.ArchiveName)
	case *api.UpdateArchiveInput:
		return named("archive", in.ArchiveName)
	case *api.DeleteArchiveInput:
		return named("archive", in.ArchiveName)
	case *api.DescribeArchiveInput:
		return named("archive", in.ArchiveName)
	case *api.StartReplayInput:
		return named("replay", in.ReplayName)
	case *api.CancelReplayInput:
		return named("replay", in.ReplayName)
	case *api.DescribeReplayInput:
		return named("replay", in.ReplayName)
	}
	return nil
}

// needsOfBus is Needs of the requests that are about a bus.
func needsOfBus(sc wire.Scope, in any) []wire.Permission {
	switch in := in.(type) {
	case *api.PutEventsInput:
		return needsOfEntries(sc, in)
	case *api.CreateEventBusInput:
		return on(eventBusARN(sc, in.Name))
	case *api.DeleteEventBusInput:
		return on(eventBusARN(sc, in.Name))
	case *api.DescribeEventBusInput:
		return on(eventBusARN(sc, in.Name))
	case *api.UpdateEventBusInput:
		return on(eventBusARN(sc, in.Name))
	case *api.PutPermissionInput:
		return on(eventBusARN(sc, in.EventBusName))
	case *api.RemovePermissionInput:
		return on(eventBusARN(sc, in.EventBusName))
	}
	return nil
}

// needsOfEntries asks for each bus, source and detail type once. A request has
// ten entries at most.
func needsOfEntries(sc wire.Scope, in *api.PutEventsInput) []wire.Permission {
	needs := make([]wire.Permission, 0, 1)
	for i := range in.Entries {
		e := &in.Entries[i]
		if slices.ContainsFunc(in.Entries[:i], func(o api.PutEventsRequestEntry) bool {
			return wire.Value(o.EventBusName) == wire.Value(e.EventBusName) && wire.Value(o.Source) == wire.Value(e.Source) && wire.Value(o.DetailType) == wire.Value(e.DetailType)
		}) {
			continue
		}
		needs = append(needs, wire.Permission{Resource: eventBusARN(sc, e.EventBusName), Context: map[string][]string{
			"events:source": {wire.Value(e.Source)}, "events:detail-type": {wire.Value(e.DetailType)}, "events:eventbusinvocation": {"false"},
		}})
	}
	return needs
}

func on(arn string) []wire.Permission { return []wire.Permission{{Resource: arn}} }

// passing adds that a role may be handed to EventBridge.
func passing(needs []wire.Permission, role *string) []wire.Permission {
	if role == nil {
		return needs
	}
	return append(needs, wire.Permission{Action: "iam:PassRole", Resource: *role, Context: map[string][]string{"iam:passedtoservice": {"events.amazonaws.com"}}})
}

// eventBusARN is the ARN of the bus that a request names, by name or ARN, or of
// the default one.
func eventBusARN(sc wire.Scope, nameOrARN *string) string {
	switch {
	case nameOrARN == nil:
		return sc.ARN("events", "event-bus/"+defaultBus)
	case strings.HasPrefix(*nameOrARN, "arn:"):
		return *nameOrARN
	}
	return sc.ARN("events", "event-bus/"+*nameOrARN)
}

func ruleARN(sc wire.Scope, bus *string, rule string) string {
	_, busName, _ := strings.Cut(eventBusARN(sc, bus), ":event-bus/")
	if busName == defaultBus {
		return sc.ARN("events", "rule/"+rule)
	}
	return sc.ARN("events", "rule/"+busName+"/"+rule)
}

// ResourcePolicies are the policy of the bus with that ARN, where it has one. It
// is for who evaluates permissions.
func (s *Service) ResourcePolicies(ctx context.Context, busARN string) []string {
	if !strings.Contains(busARN, ":event-bus/") {
		return nil
	}
	b, err := s.bus(ctx, &busARN)
	if err != nil || b.Policy.Text() == nil {
		return nil
	}
	return []string{*b.Policy.Text()}
}
