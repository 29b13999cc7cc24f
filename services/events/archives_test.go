package events_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// archive makes an archive and returns its ARN.
func (w *world) archive(name, bus string, days int32, pattern *string) string {
	w.t.Helper()
	return *must(w.events.CreateArchive(w.ctx, &eventbridge.CreateArchiveInput{
		ArchiveName: &name, EventSourceArn: &bus, RetentionDays: &days, EventPattern: pattern, Description: aws.String("of " + name),
	}))(w.t).ArchiveArn
}

// archived waits until the archive holds n events.
func (w *world) archived(name string, n int64) *eventbridge.DescribeArchiveOutput {
	w.t.Helper()
	var out *eventbridge.DescribeArchiveOutput
	w.until(fmt.Sprintf("archive %s holds %d events", name, n), func() bool {
		out = must(w.events.DescribeArchive(w.ctx, &eventbridge.DescribeArchiveInput{ArchiveName: &name}))(w.t)
		return out.EventCount >= n
	})
	if out.EventCount != n {
		w.t.Errorf("archive %s holds %d events, want %d", name, out.EventCount, n)
	}
	return out
}

// replay starts a replay of all that an archive holds of an hour around now.
func (w *world) replay(name, archive, bus string, now time.Time, rules ...string) {
	w.t.Helper()
	out := must(w.events.StartReplay(w.ctx, &eventbridge.StartReplayInput{
		ReplayName: &name, EventSourceArn: &archive, Description: aws.String("again"),
		EventStartTime: aws.Time(now.Add(-time.Hour)), EventEndTime: aws.Time(now.Add(time.Hour)),
		Destination: &types.ReplayDestination{Arn: &bus, FilterArns: rules},
	}))(w.t)
	if out.State != types.ReplayStateStarting || out.ReplayArn == nil || out.ReplayStartTime == nil {
		w.t.Errorf("StartReplay = %+v", out)
	}
}

// replayed waits until the replay has ended.
func (w *world) replayed(name string) *eventbridge.DescribeReplayOutput {
	w.t.Helper()
	var out *eventbridge.DescribeReplayOutput
	w.until("replay "+name+" has ended", func() bool {
		out = must(w.events.DescribeReplay(w.ctx, &eventbridge.DescribeReplayInput{ReplayName: &name}))(w.t)
		return out.State == types.ReplayStateCompleted || out.State == types.ReplayStateFailed || out.State == types.ReplayStateCancelled
	})
	return out
}

// until waits for what the server is about to bring about.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func numbered(bus, source string, from, to int) []types.PutEventsRequestEntry {
	var list []types.PutEventsRequestEntry
	for n := from; n < to; n++ {
		list = append(list, entry(bus, source, "order", fmt.Sprintf(`{"n":%d}`, n)))
	}
	return list
}

func TestAnArchiveHoldsWhatItsPatternChoosesAndAReplayBringsIt(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	chosen, chosenARN := w.queue("chosen")
	other, otherARN := w.queue("other")
	archive := w.archive("a", bus, 0, aws.String(`{"source":["shop"]}`))
	w.archive("all", bus, 0, nil)
	w.put(append(numbered("orders", "shop", 0, 3), numbered("orders", "else", 3, 5)...)...)
	got := w.archived("a", 3)
	w.archived("all", 5)
	if got.SizeBytes < 300 || got.State != types.ArchiveStateEnabled || got.RetentionDays == nil || *got.RetentionDays != 0 ||
		*got.EventSourceArn != bus || *got.Description != "of a" || *got.EventPattern != `{"source":["shop"]}` {
		t.Errorf("DescribeArchive = %+v", got)
	}
	listed := must(w.events.ListArchives(w.ctx, &eventbridge.ListArchivesInput{EventSourceArn: &bus, NamePrefix: aws.String("al")}))(t)
	if len(listed.Archives) != 1 || *listed.Archives[0].ArchiveName != "all" || listed.Archives[0].EventCount != 5 {
		t.Errorf("ListArchives = %+v", listed.Archives)
	}
	rules := must(w.events.ListRules(w.ctx, &eventbridge.ListRulesInput{EventBusName: &bus}))(t)
	if len(rules.Rules) != 2 || *rules.Rules[0].Name != "Events-Archive-a" || *rules.Rules[0].ManagedBy != "prod.vhs.events.aws.internal" {
		t.Errorf("ListRules = %+v, want the rules of the archives, managed", rules.Rules)
	}

	w.rule("orders", "chosen", `{"source":[{"prefix":""}]}`, target("q", chosenARN))
	w.rule("orders", "other", `{"source":[{"prefix":""}]}`, target("q", otherARN))
	w.replay("again", archive, bus, time.Now(), "arn:aws:events:us-east-1:000000000000:rule/orders/chosen")
	for range 3 {
		var event struct {
			Source string
			Replay string `json:"replay-name"`
		}
		if err := json.Unmarshal([]byte(w.receive(chosen)), &event); err != nil || event.Replay != "again" || event.Source != "shop" {
			t.Errorf("replayed event = %+v, %v", event, err)
		}
	}
	done := w.replayed("again")
	if done.State != types.ReplayStateCompleted || done.EventLastReplayedTime == nil || done.ReplayEndTime == nil || *done.Description != "again" ||
		len(done.Destination.FilterArns) != 1 || *done.EventSourceArn != archive {
		t.Errorf("DescribeReplay = %+v", done)
	}
	w.empty(chosen)
	w.empty(other)
	// What a replay brings is not archived again: the next event is the next one.
	w.put(numbered("orders", "shop", 5, 6)...)
	w.archived("a", 4)
	w.archived("all", 6)
}

func TestAReplayBringsTheEventsOfItsTimeAlone(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	url, arn := w.queue("q")
	archive := w.archive("a", bus, 0, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	entries := numbered("orders", "shop", 0, 5)
	for i := range entries {
		entries[i].Time = aws.Time(at.Add(time.Duration(i) * time.Hour))
	}
	w.put(entries...)
	w.archived("a", 5)
	w.rule("orders", "r", `{"replay-name":["some"]}`, target("q", arn))
	must(w.events.StartReplay(w.ctx, &eventbridge.StartReplayInput{
		ReplayName: aws.String("some"), EventSourceArn: &archive, Destination: &types.ReplayDestination{Arn: &bus},
		EventStartTime: aws.Time(at.Add(time.Hour)), EventEndTime: aws.Time(at.Add(2 * time.Hour)),
	}))(t)
	var got []string
	for range 2 {
		var event struct{ Detail json.RawMessage }
		if err := json.Unmarshal([]byte(w.receive(url)), &event); err != nil {
			t.Fatal(err)
		}
		got = append(got, string(event.Detail))
	}
	if all := strings.Join(got, ""); !strings.Contains(all, `{"n":1}`) || !strings.Contains(all, `{"n":2}`) {
		t.Errorf("replayed %v, want 1 and 2", got)
	}
	if last := w.replayed("some").EventLastReplayedTime; !last.Equal(at.Add(2 * time.Hour)) {
		t.Errorf("EventLastReplayedTime = %v, want that of the second", last)
	}
	w.empty(url)
}

func TestAnArchiveForgetsWhatIsBeyondItsRetention(t *testing.T) {
	now := clock.NewFake(time.Now())
	w := newWorld(t, signalboxtest.WithClock(now))
	bus := w.bus("orders")
	archive := w.archive("a", bus, 2, nil)
	w.archive("kept", bus, 0, nil)
	w.put(numbered("orders", "shop", 0, 2)...)
	two := w.archived("a", 2)
	now.Advance(36 * time.Hour)
	w.put(numbered("orders", "shop", 2, 3)...)
	w.archived("a", 3)
	now.Advance(23 * time.Hour)
	one := w.archived("a", 1)
	if one.SizeBytes >= two.SizeBytes || one.SizeBytes == 0 {
		t.Errorf("one event has %d bytes, two have %d", one.SizeBytes, two.SizeBytes)
	}
	w.archived("kept", 3)
	must(w.events.UpdateArchive(w.ctx, &eventbridge.UpdateArchiveInput{ArchiveName: aws.String("kept"), RetentionDays: aws.Int32(1), EventPattern: aws.String(`{"source":["none"]}`)}))(t)
	w.archived("kept", 1)
	w.put(numbered("orders", "shop", 3, 4)...)
	w.archived("a", 2)
	w.archived("kept", 1)
	now.Advance(72 * time.Hour)
	if gone := w.archived("a", 0); gone.SizeBytes != 0 {
		t.Errorf("an empty archive has %d bytes", gone.SizeBytes)
	}
	w.replay("none", archive, bus, now.Now())
	if r := w.replayed("none"); r.State != types.ReplayStateCompleted || r.EventLastReplayedTime != nil {
		t.Errorf("the replay of nothing = %+v", r)
	}
}

func TestAReplayGoesOnAfterARestart(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	archive := w.archive("a", bus, 0, nil)
	const n = 1200
	for from := 0; from < n; from += 10 {
		w.put(numbered("orders", "shop", from, from+10)...)
	}
	w.archived("a", n)
	url, arn := w.queue("q")
	w.rule("orders", "r", `{"replay-name":["again"]}`, target("q", arn))
	w.replay("again", archive, bus, time.Now())
	w.Restart()
	if r := w.replayed("again"); r.State != types.ReplayStateCompleted {
		t.Fatalf("after the restart the replay is %s: %s", r.State, aws.ToString(r.StateReason))
	}
	seen := map[string]bool{}
	for len(seen) < n {
		var event struct{ Detail struct{ N json.Number } }
		for _, body := range w.receiveAll(url) {
			if err := json.Unmarshal([]byte(body), &event); err != nil {
				t.Fatal(err)
			}
			seen[event.Detail.N.String()] = true
		}
	}
}

func TestAReplayCanBeCancelled(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	archive := w.archive("a", bus, 0, nil)
	for from := 0; from < 2000; from += 10 {
		w.put(numbered("orders", "shop", from, from+10)...)
	}
	w.archived("a", 2000)
	// Several, as each may be done before it is cancelled.
	for i := range 20 {
		name := fmt.Sprint("r", i)
		w.replay(name, archive, bus, time.Now())
		out, err := w.events.CancelReplay(w.ctx, &eventbridge.CancelReplayInput{ReplayName: &name})
		if err != nil {
			wantCode(t, err, badStatus, "not in a valid state")
			continue
		}
		if out.State != types.ReplayStateCancelling {
			t.Errorf("CancelReplay = %+v", out)
		}
		if r := w.replayed(name); r.State != types.ReplayStateCancelled || r.ReplayEndTime == nil {
			t.Errorf("the cancelled replay is %+v", r)
		}
		return
	}
	t.Error("no replay could be cancelled in twenty tries")
}

func TestAnArchiveOutlivesItsBusDisabled(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	w.archive("a", bus, 0, nil)
	w.put(numbered("orders", "shop", 0, 1)...)
	w.archived("a", 1)
	must(w.events.DeleteEventBus(w.ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("orders")}))(t)
	if got := w.archived("a", 1); got.State != types.ArchiveStateDisabled {
		t.Errorf("the archive is %s, want DISABLED", got.State)
	}
	must(w.events.DeleteArchive(w.ctx, &eventbridge.DeleteArchiveInput{ArchiveName: aws.String("a")}))(t)
}

func TestADeletedArchiveLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	bus := w.bus("orders")
	w.archive("a", bus, 0, nil)
	w.put(numbered("orders", "shop", 0, 3)...)
	w.archived("a", 3)
	must(w.events.DeleteArchive(w.ctx, &eventbridge.DeleteArchiveInput{ArchiveName: aws.String("a")}))(t)
	if rules := must(w.events.ListRules(w.ctx, &eventbridge.ListRulesInput{EventBusName: &bus}))(t); len(rules.Rules) != 0 {
		t.Errorf("the archive's rule is there still: %+v", rules.Rules)
	}
	w.archive("a", bus, 0, nil)
	w.archived("a", 0)
	w.put(numbered("orders", "shop", 3, 4)...)
	w.archived("a", 1)
}
