package events_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// lister is a list operation: a page of names.
type lister func(prefix *string, limit *int32, token *string) (names []string, next *string, err error)

// names gathers the names of rows.
func names[T any](rows []T, name func(T) *string) []string {
	list := []string{}
	for _, r := range rows {
		list = append(list, *name(r))
	}
	return list
}

func TestListsComeInPagesAndByPrefix(t *testing.T) {
	w := newWorld(t)
	e, ctx := w.events, w.ctx
	bus := w.bus("home")
	_, queue := w.queue("q")
	connection := w.connection("a0", basic("u", "p"))
	var targets []types.Target
	for i := range 5 {
		name := fmt.Sprint("a", i)
		if i == 4 {
			name = "b4"
		}
		w.bus(name)
		w.rule("home", name, shopPattern, target("q", queue))
		if i > 0 {
			w.connection(name, basic("u", "p"))
		}
		w.destination(name, connection, "http://localhost/", 1)
		archive := w.archive(name, bus, 0, nil)
		w.replay(name, archive, bus, time.Now())
		targets = append(targets, target(name, queue))
	}
	for i := range 5 {
		w.replayed(strings.Replace(fmt.Sprint("a", i), "a4", "b4", 1))
	}
	must(e.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("b4"), EventBusName: &bus, Targets: targets[:4]}))(t)

	five := []string{"a0", "a1", "a2", "a3", "b4"}
	lists := []struct {
		name   string
		list   lister
		want   []string
		prefix bool
	}{
		{"buses", func(prefix *string, limit *int32, token *string) ([]string, *string, error) {
			out, err := e.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{NamePrefix: prefix, Limit: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return names(out.EventBuses, func(b types.EventBus) *string { return b.Name }), out.NextToken, nil
		}, append(slices.Clone(five), "default", "home"), true},
		{"rules", func(prefix *string, limit *int32, token *string) ([]string, *string, error) {
			out, err := e.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: &bus, NamePrefix: prefix, Limit: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return names(out.Rules, func(r types.Rule) *string { return r.Name }), out.NextToken, nil
		}, append([]string{"Events-Archive-a0", "Events-Archive-a1", "Events-Archive-a2", "Events-Archive-a3", "Events-Archive-b4"}, five...), true},
		{"rules by target", func(_ *string, limit *int32, token *string) ([]string, *string, error) {
			out, err := e.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{EventBusName: &bus, TargetArn: &queue, Limit: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.RuleNames, out.NextToken, nil
		}, five, false},
		{"targets", func(_ *string, limit *int32, token *string) ([]string, *string, error) {
			out, err := e.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{EventBusName: &bus, Rule: aws.String("b4"), Limit: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return names(out.Targets, func(t types.Target) *string { return t.Id }), out.NextToken, nil
		}, []string{"a0", "a1", "a2", "a3", "q"}, false},
		{"connections", func(prefix *string, limit *int32, token *string) ([]string, *string, error) {
			out, err := e.ListConnections(ctx, &eventbridge.ListConnectionsInput{NamePrefix: prefix, Limit: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return names(out.Connections, func(c types.Connection) *string { return c.Name }), out.NextToken, nil
		}, five, true},
		{"API destinations", func(prefix *string, limit *int32, token *string) ([]string, *string, error) {
			out, err := e.ListApiDestinations(ctx, &eventbridge.ListApiDestinationsInput{NamePrefix: prefix, Limit: limit, NextToken: token, ConnectionArn: &connection})
			if err != nil {
				return nil, nil, err
			}
			return names(out.ApiDestinations, func(d types.ApiDestination) *string { return d.Name }), out.NextToken, nil
		}, five, true},
		{"archives", func(prefix *string, limit *int32, token *string) ([]string, *string, error) {
			in := &eventbridge.ListArchivesInput{NamePrefix: prefix, Limit: limit, NextToken: token}
			if prefix == nil {
				in.State = types.ArchiveStateEnabled
			}
			out, err := e.ListArchives(ctx, in)
			if err != nil {
				return nil, nil, err
			}
			return names(out.Archives, func(a types.Archive) *string { return a.ArchiveName }), out.NextToken, nil
		}, five, true},
		{"replays", func(prefix *string, limit *int32, token *string) ([]string, *string, error) {
			in := &eventbridge.ListReplaysInput{NamePrefix: prefix, Limit: limit, NextToken: token}
			if prefix == nil {
				in.State = types.ReplayStateCompleted
			}
			out, err := e.ListReplays(ctx, in)
			if err != nil {
				return nil, nil, err
			}
			return names(out.Replays, func(r types.Replay) *string { return r.ReplayName }), out.NextToken, nil
		}, five, true},
	}
	for _, l := range lists {
		t.Run(l.name, func(t *testing.T) {
			var got []string
			var token *string
			for pages := 0; ; pages++ {
				page, next, err := l.list(nil, aws.Int32(2), token)
				if err != nil || len(page) > 2 || pages > 10 {
					t.Fatalf("page %d = %v, %v", pages, page, err)
				}
				got = append(got, page...)
				if token = next; token == nil {
					break
				}
			}
			if !slices.Equal(got, l.want) {
				t.Errorf("in pages of two: %v, want %v", got, l.want)
			}
			if all, next, err := l.list(nil, nil, nil); err != nil || next != nil || !slices.Equal(all, l.want) {
				t.Errorf("in one page: %v, %v, %v", all, next, err)
			}
			if _, _, err := l.list(nil, nil, aws.String("&")); err == nil {
				t.Error("a token of no list is taken")
			}
			if !l.prefix {
				return
			}
			for prefix, want := range map[string][]string{"b": {"b4"}, "a1": {"a1"}, "zz": {}} {
				if got, _, err := l.list(&prefix, nil, nil); err != nil || !slices.Equal(got, want) {
					t.Errorf("with prefix %q: %v, %v; want %v", prefix, got, err, want)
				}
			}
		})
	}
	for state, want := range map[types.ConnectionState]int{types.ConnectionStateAuthorized: 5, types.ConnectionStateDeauthorized: 0} {
		if out := must(e.ListConnections(ctx, &eventbridge.ListConnectionsInput{ConnectionState: state}))(t); len(out.Connections) != want {
			t.Errorf("%d connections are %s, want %d", len(out.Connections), state, want)
		}
	}
}

func TestScopesAreSeparateAndARNsReachOver(t *testing.T) {
	w := newWorld(t)
	far := eventbridge.NewFromConfig(w.ConfigFor("111111111111", "eu-west-1"))
	mine := w.bus("orders")
	theirs := *must(far.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{Name: aws.String("orders")}))(t).EventBusArn
	if want := "arn:aws:events:eu-west-1:111111111111:event-bus/orders"; theirs != want || theirs == mine {
		t.Fatalf("the other bus is %s, want %s", theirs, want)
	}
	name := aws.String("r")
	ctx := context.Background()
	// Every operation on rules takes the bus's ARN, of another account and region as well.
	must(w.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: name, EventBusName: &theirs, EventPattern: aws.String(shopPattern)}))(t)
	must(w.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: name, EventBusName: &theirs, Targets: []types.Target{target("q", "arn:aws:sqs:eu-west-1:111111111111:q")}}))(t)
	must(w.events.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &theirs}))(t)
	must(w.events.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: name, EventBusName: &theirs}))(t)
	must(w.events.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: name, EventBusName: &theirs}))(t)
	rule := must(w.events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: name, EventBusName: &theirs}))(t)
	if *rule.Arn != "arn:aws:events:eu-west-1:111111111111:rule/orders/r" || *rule.EventBusName != "orders" {
		t.Errorf("DescribeRule = %+v", rule)
	}
	for _, bus := range []string{mine, "orders"} {
		if out := must(w.events.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: &bus}))(t); len(out.Rules) != 0 {
			t.Errorf("the rule of the other bus is on %s", bus)
		}
	}
	for _, bus := range []string{theirs, "orders"} {
		if out := must(far.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: &bus}))(t); len(out.Rules) != 1 {
			t.Errorf("ListRules of %s for its owner = %+v", bus, out.Rules)
		}
	}
	if out := must(w.events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: name, EventBusName: &theirs}))(t); len(out.Targets) != 1 {
		t.Errorf("ListTargetsByRule = %+v", out.Targets)
	}
	if out := must(w.events.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{EventBusName: &theirs, TargetArn: aws.String("arn:aws:sqs:eu-west-1:111111111111:q")}))(t); len(out.RuleNames) != 1 {
		t.Errorf("ListRuleNamesByTarget = %+v", out.RuleNames)
	}
	must(w.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: name, EventBusName: &theirs, Ids: []string{"q"}}))(t)
	must(w.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: name, EventBusName: &theirs}))(t)
	if out := must(far.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: aws.String("orders")}))(t); len(out.Rules) != 0 {
		t.Errorf("the deleted rule is there still: %+v", out.Rules)
	}
}
