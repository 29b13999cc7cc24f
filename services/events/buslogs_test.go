package events_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// delivered has the logs of a bus of each type delivered to a group of its own,
// whose name is the type's behind a prefix.
func (w *world) delivered(logs *cloudwatchlogs.Client, bus, prefix string) {
	w.t.Helper()
	for _, logType := range []string{"ERROR_LOGS", "INFO_LOGS", "TRACE_LOGS"} {
		name := prefix + logType
		must(logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))(w.t)
		must(logs.PutDeliverySource(w.ctx, &cloudwatchlogs.PutDeliverySourceInput{Name: &name, ResourceArn: &bus, LogType: &logType}))(w.t)
		to := must(logs.PutDeliveryDestination(w.ctx, &cloudwatchlogs.PutDeliveryDestinationInput{
			Name: &name, DeliveryDestinationConfiguration: &logtypes.DeliveryDestinationConfiguration{
				DestinationResourceArn: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:" + name),
			},
		}))(w.t)
		must(logs.CreateDelivery(w.ctx, &cloudwatchlogs.CreateDeliveryInput{DeliverySourceName: &name, DeliveryDestinationArn: to.DeliveryDestination.Arn}))(w.t)
	}
}

// logged are the records of a log group, by their message_type.
func (w *world) logged(logs *cloudwatchlogs.Client, group string) (types []string, all map[string]map[string]any) {
	w.t.Helper()
	all = map[string]map[string]any{}
	for _, e := range must(logs.FilterLogEvents(w.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}))(w.t).Events {
		var r map[string]any
		if err := json.Unmarshal([]byte(*e.Message), &r); err != nil {
			w.t.Fatalf("%s holds %s: %v", group, *e.Message, err)
		}
		kind := r["message_type"].(string)
		types, all[kind] = append(types, kind), r
	}
	slices.Sort(types)
	return types, all
}

func TestABusLogsWhatItsLogConfigAsksFor(t *testing.T) {
	for _, c := range []struct {
		level  types.Level
		detail types.IncludeDetail
		want   map[string]string // by log type
	}{
		{types.LevelError, types.IncludeDetailFull, map[string]string{"ERROR_LOGS": "INVOCATION_ATTEMPT_PERMANENT_FAILURE INVOCATION_FAILURE"}},
		{types.LevelInfo, types.IncludeDetailNone, map[string]string{
			"ERROR_LOGS": "INVOCATION_ATTEMPT_PERMANENT_FAILURE INVOCATION_FAILURE", "INFO_LOGS": "EVENT_INGEST_SUCCESS INVOCATION_SUCCESS RULE_MATCH",
		}},
		{types.LevelTrace, types.IncludeDetailFull, map[string]string{
			"ERROR_LOGS": "INVOCATION_ATTEMPT_PERMANENT_FAILURE INVOCATION_FAILURE", "INFO_LOGS": "EVENT_INGEST_SUCCESS INVOCATION_SUCCESS RULE_MATCH",
			"TRACE_LOGS": "EVENT_RECEIPT INVOCATION_ATTEMPT_START INVOCATION_ATTEMPT_START INVOCATION_ATTEMPT_SUCCESS INVOCATION_START INVOCATION_START RULE_MATCH_START",
		}},
	} {
		t.Run(string(c.level), func(t *testing.T) {
			w := newWorld(t)
			logs := cloudwatchlogs.NewFromConfig(w.Config())
			bus := w.bus("orders")
			w.delivered(logs, bus, "")
			must(w.events.UpdateEventBus(w.ctx, &eventbridge.UpdateEventBusInput{Name: aws.String("orders"), LogConfig: &types.LogConfig{Level: c.level, IncludeDetail: c.detail}}))(t)
			w.Restart() // it goes on with the server
			_, queue := w.queue("q")
			w.rule("orders", "r", shopPattern, target("q", queue), target("gone", queue+"-gone"))
			id := *w.put(entry("orders", "shop", "order", `{"n":1}`)).Entries[0].EventId
			told := map[string]map[string]any{}
			for logType, want := range c.want {
				var got []string
				w.until(logType+" has come", func() bool {
					var all map[string]map[string]any
					got, all = w.logged(logs, logType)
					for kind, r := range all {
						told[kind] = r
					}
					return len(got) >= len(strings.Fields(want))
				})
				if strings.Join(got, " ") != want {
					t.Errorf("%s holds %v, want %s", logType, got, want)
				}
			}
			for _, logType := range []string{"INFO_LOGS", "TRACE_LOGS"} {
				if got, _ := w.logged(logs, logType); c.want[logType] == "" && len(got) > 0 {
					t.Errorf("%s holds %v", logType, got)
				}
			}
			for kind, r := range told {
				if r["event_id"] != id || r["resource_arn"] != bus {
					t.Errorf("%s is of %v on %v", kind, r["event_id"], r["resource_arn"])
				}
			}
			if r := told["EVENT_INGEST_SUCCESS"]; r != nil {
				detail := r["details"].(map[string]any)["event_detail"]
				if want := map[types.IncludeDetail]any{types.IncludeDetailFull: `{"n":1}`, types.IncludeDetailNone: nil}[c.detail]; detail != want {
					t.Errorf("the detail is told as %v, want %v", detail, want)
				}
			}
		})
	}
}

func TestABusThatLogsNoMoreIsLeft(t *testing.T) {
	w := newWorld(t)
	logs := cloudwatchlogs.NewFromConfig(w.Config())
	_, queue := w.queue("q")
	info := &types.LogConfig{Level: types.LevelInfo}
	for _, name := range []string{"orders", "other"} {
		bus := must(w.events.CreateEventBus(w.ctx, &eventbridge.CreateEventBusInput{Name: &name, LogConfig: info}))(t)
		w.delivered(logs, *bus.EventBusArn, name)
		w.rule(name, "r", shopPattern, target("q", queue))
		w.put(entry(name, "mine", "order", `{}`))
		w.until("the event is told", func() bool { got, _ := w.logged(logs, name+"INFO_LOGS"); return len(got) > 1 })
	}
	before, _ := w.logged(logs, "ordersINFO_LOGS")
	if want := []string{"EVENT_INGEST_SUCCESS", "NO_STANDARD_RULES_MATCHED"}; !slices.Equal(before, want) {
		t.Errorf("an event that matches nothing is told as %v, want %v", before, want)
	}
	must(w.events.UpdateEventBus(w.ctx, &eventbridge.UpdateEventBusInput{Name: aws.String("orders"), LogConfig: &types.LogConfig{Level: types.LevelOff}}))(t)
	w.put(entry("orders", "mine", "order", `{}`), entry("other", "mine", "order", `{}`))
	w.until("the other bus's is told", func() bool { got, _ := w.logged(logs, "otherINFO_LOGS"); return len(got) > 3 })
	if after, _ := w.logged(logs, "ordersINFO_LOGS"); !slices.Equal(after, before) {
		t.Errorf("the bus that is off told %v, and then %v", before, after)
	}
}
