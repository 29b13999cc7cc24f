package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func logs(t *testing.T, clk clock.Clock) engine.Logs {
	t.Helper()
	e, err := local.Open("data", local.Options{Clock: clk, FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e.Logs()
}

func source(id string) *Source {
	return &Source{Subscription: id, Rule: "rule/" + id, Target: "arn:aws:sqs:us-east-1:111122223333:" + id}
}

func event(p engine.Position, id string) *delivery.Event { return &delivery.Event{ID: id, Position: p} }

var failed = delivery.Result{Kind: delivery.Retryable, Code: "SDK_CLIENT_ERROR", Status: 503, Message: "Service Unavailable"}

func TestAJournalTellsWhatWasNotedOfAnEvent(t *testing.T) {
	clk := clock.NewFake(noon)
	j := Open(logs(t, clk), "j", All, clk, func(bool) {})
	a, b := source("a"), source("b")
	var m Matches
	m.Begin(7)
	m.Add(a)
	m.Begin(8)
	m.Begin(9)
	m.Add(a)
	m.Add(b)
	j.Matched(&m)
	try := delivery.Attempt{Number: 1, Start: noon.Add(time.Second), Duration: 1500 * time.Microsecond, Result: failed}
	j.Attempted(b, event(9, "x"), &try)
	j.Settled(a, event(7, "w"), delivery.Delivered, &delivery.Attempt{Number: 1, Start: noon})
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Minute) // and the rest in a block of its own
	good := delivery.Attempt{Number: 2, Start: noon.Add(time.Minute), Duration: 2 * time.Millisecond}
	j.Settled(b, event(9, "x"), delivery.Delivered, &good)
	j.Settled(a, event(0, "x"), delivery.DeadLettered, &try)
	got, err := j.Of(t.Context(), 9, "x", noon)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s *Source) Source { return Source{Subscription: s.Subscription, Rule: s.Rule, Target: s.Target} }
	want := []Record{
		{Match: true, Matched: []Source{plain(a), plain(b)}, Time: noon},
		{Source: plain(b), Attempt: try},
		{Source: plain(b), Attempt: good, Outcome: delivery.Delivered, Time: noon.Add(time.Minute)},
		{Source: plain(a), Attempt: try, Outcome: delivery.DeadLettered, Time: noon.Add(time.Minute)},
	}
	for i, p := range []engine.Position{9, 9, 9, 0} {
		want[i].Position = p
	}
	want[1].EventID, want[3].EventID = "x", "x"
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	none, err := j.Of(t.Context(), 8, "y", noon)
	if err != nil || len(none) != 1 || !none[0].Match || none[0].Matched != nil {
		t.Errorf("of an event that matched nothing: %+v, %v", none, err)
	}
	if got, err := j.Of(t.Context(), 10, "z", noon); err != nil || len(got) != 0 {
		t.Errorf("of an event that is not there: %+v, %v", got, err)
	}
}

func TestReadingStopsOnceAllInvocationsSucceeded(t *testing.T) {
	clk := clock.NewFake(noon)
	counting := &countingLogs{Logs: logs(t, clk)}
	j := Open(counting, "j", All, clk, func(bool) {})
	a := source("a")
	for p := engine.Position(1); p <= 100; p++ {
		var m Matches
		m.Begin(p)
		m.Add(a)
		j.Matched(&m)
		j.Settled(a, event(p, "x"), delivery.Delivered, &delivery.Attempt{Number: 1, Start: noon})
		if err := j.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := j.Of(t.Context(), 1, "x", noon); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if counting.read >= 100 {
		t.Errorf("it read %d blocks", counting.read)
	}
}

// countingLogs counts the entries that are read.
type countingLogs struct {
	engine.Logs
	read int
}

type countingReader struct {
	engine.Reader
	logs *countingLogs
}

func (c *countingLogs) Open(ctx context.Context, log string, from engine.Position) (engine.Reader, error) {
	r, err := c.Logs.Open(ctx, log, from)
	return countingReader{r, c}, err
}

func (c countingReader) Next(ctx context.Context, dst []engine.Entry, max int) ([]engine.Entry, error) {
	n := len(dst)
	dst, err := c.Reader.Next(ctx, dst, max)
	c.logs.read += len(dst) - n
	return dst, err
}

// brokenLogs fail to append as long as they are broken.
type brokenLogs struct {
	engine.Logs
	broken bool
}

func (b *brokenLogs) Append(ctx context.Context, log string, data ...[]byte) (engine.Position, error) {
	if b.broken {
		return 0, errors.New("broken")
	}
	return b.Logs.Append(ctx, log, data...)
}

func TestWhatCannotBeWrittenIsKeptForAWhileAndThenCounted(t *testing.T) {
	clk := clock.NewFake(noon)
	l := &brokenLogs{Logs: logs(t, clk), broken: true}
	var calls []bool
	j := Open(l, "j", All, clk, func(full bool) { calls = append(calls, full) })
	a := source("a")
	long := failed
	long.Message = strings.Repeat("x", 2*maxMessage)
	for p := engine.Position(1); p < 10_000; p++ {
		j.Attempted(a, event(p, ""), &delivery.Attempt{Number: 1, Start: noon, Result: long})
		if p == 10 {
			if err := j.Flush(t.Context()); err == nil {
				t.Fatal("Flush of what cannot be written returns nil")
			}
		}
	}
	if j.Lost() == 0 {
		t.Error("nothing was given up")
	}
	if !slices.Equal(calls, []bool{false, false, true}) {
		t.Errorf("it asked to be flushed %v", calls)
	}
	l.broken = false
	for _, p := range []engine.Position{1, 10, 11} {
		got, err := j.Of(t.Context(), p, "", noon)
		if want := p < 11; err != nil || want && len(got) != 1 {
			t.Errorf("of the event at %d there is %d, %v", p, len(got), err)
		}
		if len(got) == 1 && len(got[0].Attempt.Result.Message) != maxMessage {
			t.Errorf("its message has %d bytes", len(got[0].Attempt.Result.Message))
		}
	}
}

func TestLevelsChooseWhatIsKept(t *testing.T) {
	clk := clock.NewFake(noon)
	for level, want := range map[Level]int{All: 4, Failures: 2, Off: 0} {
		j := Open(logs(t, clk), "j", level, clk, func(bool) {})
		a := source("a")
		var m Matches
		m.Begin(1)
		m.Add(a)
		j.Matched(&m)
		j.Attempted(a, event(1, ""), &delivery.Attempt{Number: 1, Start: noon, Result: failed})
		j.Settled(a, event(1, ""), delivery.Dropped, &delivery.Attempt{Number: 1, Start: noon, Result: failed})
		j.Settled(a, event(1, ""), delivery.Delivered, &delivery.Attempt{Number: 2, Start: noon})
		if got, err := j.Of(t.Context(), 1, "", noon); err != nil || len(got) != want {
			t.Errorf("level %d keeps %d records, %v; want %d", level, len(got), err, want)
		}
	}
	for name, want := range map[string]Level{"all": All, "failures": Failures, "off": Off} {
		if got, err := ParseLevel(name); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ParseLevel("some"); err == nil {
		t.Error("a level that is none is read")
	}
}

func TestTrimAndDropForget(t *testing.T) {
	clk := clock.NewFake(noon)
	l := logs(t, clk)
	j := Open(l, "j", All, clk, func(bool) {})
	note := func(p engine.Position) {
		j.Settled(source("a"), event(p, ""), delivery.Dropped, &delivery.Attempt{Number: 1, Start: noon})
		if err := j.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	has := func(p engine.Position) bool {
		got, err := j.Of(t.Context(), p, "", noon)
		if err != nil {
			t.Fatal(err)
		}
		return len(got) > 0
	}
	note(1)
	clk.Advance(time.Hour)
	note(2)
	if err := j.Trim(t.Context(), noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if has(1) || !has(2) {
		t.Errorf("after Trim: the old one is there: %v, the young one: %v", has(1), has(2))
	}
	if err := j.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if has(2) {
		t.Error("after Drop it is there")
	}
}

func TestStepsAreRecordsOfTheSchema(t *testing.T) {
	tests := []struct {
		name string
		step Step
		want string
	}{
		{"a receipt", Step{Type: EventReceipt, Event: []byte(`{"account":"1","time":"2026-11-21T12:00:00Z","source":"s","detail-type":"d","resources":["r"],"detail":{"a":1}}`)},
			`{"resource_arn":"bus","event_id":"e","message_timestamp_ms":1795262400000,"message_type":"EVENT_RECEIPT","log_level":"TRACE","details":{"caller_account_id":"1","source_time_ms":1795262400000,"source":"s","detail_type":"d","resources":["r"],"event_detail":"{\"a\":1}"}}`},
		{"a receipt of something odd", Step{Type: EventReceipt, Event: []byte(`{"source":1}`)},
			`{"resource_arn":"bus","event_id":"e","message_timestamp_ms":1795262400000,"message_type":"EVENT_RECEIPT","log_level":"TRACE","details":{"caller_account_id":"","source_time_ms":0,"source":"","detail_type":"","resources":[]}}`},
		{"a match", Step{Type: RuleMatch, Rule: "r", Targets: []string{"t"}, Invocations: []string{"i"}},
			`{"resource_arn":"bus","event_id":"e","message_timestamp_ms":1795262400000,"message_type":"RULE_MATCH","log_level":"INFO","details":{"rule_arn":"r","target_arns":["t"],"invocation_ids":["i"]}}`},
		{"no match", Step{Type: NoStandardRulesMatched},
			`{"resource_arn":"bus","event_id":"e","message_timestamp_ms":1795262400000,"message_type":"NO_STANDARD_RULES_MATCHED","log_level":"INFO","details":{}}`},
		{"a failed attempt", Step{Type: AttemptThrottle, Rule: "r", Target: "arn:aws:sqs:r:1:q", Invocation: "i", Attempt: 2, AttemptType: "RETRY", Status: "SDK_CLIENT_ERROR", HTTPStatus: 429, Message: "slow down", Duration: 1500 * time.Microsecond},
			`{"resource_arn":"bus","event_id":"e","invocation_id":"i","message_timestamp_ms":1795262400000,"message_type":"INVOCATION_ATTEMPT_THROTTLE","log_level":"ERROR","details":{"rule_arn":"r","target_arn":"arn:aws:sqs:r:1:q","attempt_type":"RETRY","attempt_count":2,"invocation_status":"SDK_CLIENT_ERROR","target_duration_ms":1},"error":{"http_status_code":429,"error_message":"slow down","aws_service":"sqs"}}`},
		{"a success at once", Step{Type: InvocationSuccess, Rule: "r", Target: "t", Invocation: "i", Attempt: 1, Status: "SUCCESS", Duration: 3 * time.Millisecond, ToStart: time.Millisecond, ToComplete: 4 * time.Millisecond},
			`{"resource_arn":"bus","event_id":"e","invocation_id":"i","message_timestamp_ms":1795262400000,"message_type":"INVOCATION_SUCCESS","log_level":"INFO","details":{"rule_arn":"r","target_arn":"t","total_attempts":1,"final_invocation_status":"SUCCESS","ingestion_to_start_latency_ms":1,"ingestion_to_complete_latency_ms":4,"ingestion_to_success_latency_ms":4,"target_duration_ms":3}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.step.Bus, test.step.EventID, test.step.Time = "bus", "e", noon
			got, err := json.Marshal(test.step)
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestAnInvocationsIDIsTheSameInAllItsSteps(t *testing.T) {
	a := Source{Subscription: "a", Rule: "r", Target: "t"}
	records := []Record{
		{Match: true, Matched: []Source{a}, Time: noon},
		{Match: true, Matched: []Source{a}, Time: noon.Add(time.Second)}, // again, after a crash
		{Source: a, Attempt: delivery.Attempt{Number: 1, Start: noon, Result: failed}},
		{Source: a, Attempt: delivery.Attempt{Number: 2, Start: noon.Add(time.Minute), Result: failed}},
		{Source: a, Attempt: delivery.Attempt{Number: 2, Start: noon.Add(time.Minute), Result: failed}, Outcome: delivery.Dropped, Time: noon.Add(time.Minute)},
	}
	var types []string
	ids := map[string]bool{}
	for _, s := range Steps(Event{ID: "e", Ingested: noon, Kept: noon, Envelope: []byte("{}")}, records, true) {
		types = append(types, string(s.Type))
		if s.Type == RuleMatch {
			ids[s.Invocations[0]] = true
		}
		if s.Invocation != "" {
			ids[s.Invocation] = true
		}
	}
	want := []Type{EventReceipt, EventIngestSuccess, RuleMatchStart, RuleMatch, InvocationStart, AttemptStart, AttemptRetryableFailure, AttemptStart, AttemptRetryableFailure, InvocationFailure}
	if fmt.Sprint(types) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", types, want)
	}
	if len(ids) != 1 {
		t.Errorf("its ids are %v", ids)
	}
}

func FuzzBlock(f *testing.F) {
	var b block
	b.begin(noon)
	a := source("a")
	var m Matches
	m.Begin(3)
	m.Add(a)
	b.matches(noon, &m)
	b.attempt(recordAttempt, a, event(3, ""), &delivery.Attempt{Number: 1, Start: noon, Result: failed})
	b.outcome(a, event(0, "id"), delivery.Delivered, &delivery.Attempt{Number: 2, Start: noon}, noon)
	f.Add(b.sealed())
	f.Add([]byte{blockVersion, 0, 1, 9, 0, recordMatches, 0, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Fuzz(func(t *testing.T, data []byte) {
		err := scan(data, 3, "id", func(r Record) {
			if !r.Match && r.Outcome == 0 && r.Attempt.Start.IsZero() {
				t.Error("a record says nothing")
			}
		})
		all := scanAll(data, func(Record) {})
		if err != nil && !errors.Is(err, errBlock) || all != nil && !errors.Is(all, errBlock) {
			t.Error(err, all)
		}
	})
}
