package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/wire"
)

// Target is a log group as the target of a rule (user guide of EventBridge,
// page eb-targets). An event becomes a log event with the time of its coming;
// where a transformer made {"timestamp": …, "message": …} of it, one of that
// time and message. Its stream is that of the day.
func (s *Service) Target(groupARN string) delivery.Target { return target{s: s, arn: groupARN} }

type target struct {
	s   *Service
	arn string
}

// MaxBatch implements [delivery.Target].
func (target) MaxBatch() int { return 256 }

// Deliver implements [delivery.Target].
func (t target) Deliver(ctx context.Context, requests []delivery.Request) []delivery.Result {
	results := make([]delivery.Result, len(requests))
	failure := delivery.Result{Kind: delivery.Permanent, Code: "NO_RESOURCE", Message: "log group " + t.arn + " does not exist"}
	if g := t.group(); g != nil {
		err := t.write(ctx, g, requests)
		if err == nil {
			return results
		}
		failure = delivery.Result{Kind: delivery.Retryable, Code: "INTERNAL_ERROR", Message: fmt.Sprintf("the log group could not store the event: %s", err)}
	}
	for i := range results {
		results[i] = failure
	}
	return results
}

func (t target) group() *group {
	a, err := arn.Parse(t.arn)
	if err != nil {
		return nil
	}
	_, name := a.Split()
	return t.s.groups.Get(wire.ScopeOfARN(a).Key(strings.TrimSuffix(name, ":*")))
}

func (t target) write(ctx context.Context, g *group, requests []delivery.Request) error {
	now := t.s.clock.Now().UTC()
	st, err := t.s.stream(ctx, g, now.Format("2006/01/02")+"/events")
	if err != nil {
		return err
	}
	entries := make([]entry, len(requests))
	for i, r := range requests {
		entries[i] = entry{Stream: st.Name, Timestamp: r.Event.Ingested.UnixMilli(), Message: string(r.Input)}
		if bytes.Equal(r.Input, r.Event.Data) {
			continue
		}
		var made struct {
			Timestamp *int64  `json:"timestamp"`
			Message   *string `json:"message"`
		}
		if json.Unmarshal(r.Input, &made) == nil && made.Timestamp != nil && made.Message != nil {
			entries[i].Timestamp, entries[i].Message = *made.Timestamp, *made.Message
		}
	}
	return t.s.write(ctx, g, st, entries)
}
