package logs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/signalboxtest"
)

// world is a Signalbox whose clock the test turns, and what a test does with
// its log groups most.
type world struct {
	*signalboxtest.Box
	t    testing.TB
	ctx  context.Context
	now  *clock.Fake
	logs *cloudwatchlogs.Client
}

func newWorld(t testing.TB) *world {
	t.Helper()
	now := clock.NewFake(time.Now().Truncate(time.Millisecond))
	box := signalboxtest.Start(t, signalboxtest.WithClock(now))
	config := box.Config()
	config.RetryMaxAttempts = 1
	return &world{Box: box, t: t, ctx: t.Context(), now: now, logs: cloudwatchlogs.NewFromConfig(config)}
}

// must fails the test on an error and returns the answer.
func must[T any](out T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func only[T any](_ T, err error) error { return err }

// refusal is a call that is refused.
type refusal struct {
	name       string
	call       func() error
	code, text string
}

func refused(t *testing.T, list []refusal) {
	t.Helper()
	for _, r := range list {
		t.Run(r.name, func(t *testing.T) {
			var api smithy.APIError
			if err := r.call(); !errors.As(err, &api) {
				t.Fatalf("error = %v, want %s", err, r.code)
			}
			if api.ErrorCode() != r.code || !strings.Contains(api.ErrorMessage(), r.text) {
				t.Errorf("error = %s: %s\nwant  %s: …%s…", api.ErrorCode(), api.ErrorMessage(), r.code, r.text)
			}
		})
	}
}

const (
	missing = "ResourceNotFoundException"
	exists  = "ResourceAlreadyExistsException"
	invalid = "InvalidParameterException"
)

func (w *world) group(name string, streams ...string) {
	w.t.Helper()
	must(w.logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))(w.t)
	for _, s := range streams {
		must(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &name, LogStreamName: &s}))(w.t)
	}
}

// put writes messages to a stream, a second apart, the last of them now.
func (w *world) put(group, stream string, messages ...string) *cloudwatchlogs.PutLogEventsOutput {
	w.t.Helper()
	var list []types.InputLogEvent
	for i, m := range messages {
		at := w.now.Now().Add(-time.Duration(len(messages)-1-i) * time.Second).UnixMilli()
		list = append(list, types.InputLogEvent{Message: &m, Timestamp: &at})
	}
	return must(w.logs.PutLogEvents(w.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: list}))(w.t)
}

func (w *world) get(in cloudwatchlogs.GetLogEventsInput) *cloudwatchlogs.GetLogEventsOutput {
	w.t.Helper()
	return must(w.logs.GetLogEvents(w.ctx, &in))(w.t)
}

func texts(out *cloudwatchlogs.GetLogEventsOutput) []string {
	list := []string{}
	for _, e := range out.Events {
		list = append(list, *e.Message)
	}
	return list
}

// filter gathers all pages of FilterLogEvents.
func (w *world) filter(in cloudwatchlogs.FilterLogEventsInput) []string {
	w.t.Helper()
	list := []string{}
	for pages := 0; ; pages++ {
		out := must(w.logs.FilterLogEvents(w.ctx, &in))(w.t)
		for _, e := range out.Events {
			list = append(list, *e.Message)
			if e.EventId == nil || e.IngestionTime == nil || e.LogStreamName == nil {
				w.t.Errorf("event = %+v", e)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return list
		}
		if pages > 100 {
			w.t.Fatal("the pages have no end")
		}
	}
}

func numbers(from, to int) []string {
	var list []string
	for n := from; n < to; n++ {
		list = append(list, fmt.Sprint("m", n))
	}
	return list
}

func TestAStreamIsReadForwardAndBackToItsEnds(t *testing.T) {
	w := newWorld(t)
	w.group("g", "a", "b")
	group, a := aws.String("g"), aws.String("a")
	for n := range 5 { // with another stream's events in between
		w.put("g", "a", numbers(2*n, 2*n+2)...)
		w.put("g", "b", "other")
		w.now.Advance(10 * time.Second)
	}
	read := func(token *string, head bool) *cloudwatchlogs.GetLogEventsOutput {
		t.Helper()
		return w.get(cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: a, Limit: aws.Int32(4), NextToken: token, StartFromHead: &head})
	}
	want := func(out *cloudwatchlogs.GetLogEventsOutput, list ...string) {
		t.Helper()
		if got := texts(out); !slices.Equal(got, list) && len(got)+len(list) > 0 {
			t.Errorf("got %v, want %v", got, list)
		}
	}
	// From the head forward.
	first := read(nil, true)
	want(first, numbers(0, 4)...)
	second := read(first.NextForwardToken, true)
	want(second, numbers(4, 8)...)
	third := read(second.NextForwardToken, true)
	want(third, numbers(8, 10)...)
	end := read(third.NextForwardToken, true)
	want(end)
	if *end.NextForwardToken != *third.NextForwardToken {
		t.Errorf("at the end the token is %s, want the one passed in, %s", *end.NextForwardToken, *third.NextForwardToken)
	}
	w.put("g", "b", "other", "other")
	if again := read(end.NextForwardToken, true); *again.NextForwardToken != *end.NextForwardToken {
		t.Error("events of another stream move the token")
	}
	w.put("g", "a", "m10")
	more := read(end.NextForwardToken, true)
	want(more, "m10")
	// Back from there.
	want(read(more.NextBackwardToken, true), numbers(6, 10)...)
	// From the end back.
	last := read(nil, false)
	want(last, numbers(7, 11)...)
	before := read(last.NextBackwardToken, false)
	want(before, numbers(3, 7)...)
	rest := read(before.NextBackwardToken, false)
	want(rest, numbers(0, 3)...)
	head := read(rest.NextBackwardToken, false)
	want(head)
	if *head.NextBackwardToken != *rest.NextBackwardToken {
		t.Errorf("at the head the token is %s, want the one passed in, %s", *head.NextBackwardToken, *rest.NextBackwardToken)
	}
	want(read(head.NextForwardToken, true), numbers(0, 4)...)
	// By time, and by the group's ARN.
	at := w.now.Now().Add(-20 * time.Second).UnixMilli() // that of m7
	byTime := w.get(cloudwatchlogs.GetLogEventsInput{
		LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:g"), LogStreamName: a, StartTime: aws.Int64(at - 1000), EndTime: &at, StartFromHead: aws.Bool(true)})
	want(byTime, "m6")
	refused(t, []refusal{{"a token of no answer", func() error {
		return only(w.logs.GetLogEvents(w.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: a, NextToken: aws.String("x")}))
	}, invalid, "nextToken"}})
}

func TestAnAnswerHoldsAMegabyteAtMost(t *testing.T) {
	w := newWorld(t)
	w.group("g", "a")
	for n := range 7 {
		w.put("g", "a", fmt.Sprint(n)+strings.Repeat("x", 250_000))
	}
	group, a := aws.String("g"), aws.String("a")
	forward := w.get(cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: a, StartFromHead: aws.Bool(true)})
	back := w.get(cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: a})
	if len(forward.Events) != 4 || (*forward.Events[0].Message)[0] != '0' || len(back.Events) != 4 || (*back.Events[3].Message)[0] != '6' {
		t.Errorf("a page holds %d events from the head and %d from the end, want 4", len(forward.Events), len(back.Events))
	}
	if next := w.get(cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: a, NextToken: forward.NextForwardToken}); len(next.Events) != 3 {
		t.Errorf("the next page holds %d events, want 3", len(next.Events))
	}
	if all := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: group}); len(all) != 7 {
		t.Errorf("FilterLogEvents found %d events in its pages, want 7", len(all))
	}
}

func TestFilterPatternsChooseEvents(t *testing.T) {
	w := newWorld(t)
	w.group("g", "app", "web-1", "web-2")
	w.put("g", "app", "ERROR disk full", "WARN disk slow", "error network", "ERROR network down 404")
	w.put("g", "web-1", "GET /a 200")
	w.put("g", "web-2", "GET /b 404")
	group := aws.String("g")
	for pattern, want := range map[string][]string{
		"":                {"ERROR disk full", "WARN disk slow", "error network", "ERROR network down 404", "GET /a 200", "GET /b 404"},
		"ERROR":           {"ERROR disk full", "ERROR network down 404"},
		"ERROR network":   {"ERROR network down 404"},
		`"disk full"`:     {"ERROR disk full"},
		"?ERROR ?WARN":    {"ERROR disk full", "WARN disk slow", "ERROR network down 404"},
		"ERROR -network":  {"ERROR disk full"},
		"-ERROR -GET":     {"WARN disk slow", "error network"},
		`ERROR -"404"`:    {"ERROR disk full"},
		"%[Ee]rror|slow%": {"WARN disk slow", "error network"},
		"404":             {"ERROR network down 404", "GET /b 404"},
		"nothing":         {},
	} {
		got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: &pattern, Limit: aws.Int32(1)})
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("pattern %q found %v, want %v", pattern, got, want)
		}
	}
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, LogStreamNamePrefix: aws.String("web")}); len(got) != 2 {
		t.Errorf("by the prefix of streams: %v", got)
	}
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, LogStreamNames: []string{"web-2"}}); len(got) != 1 || got[0] != "GET /b 404" {
		t.Errorf("by the name of a stream: %v", got)
	}
	bad := func(change func(*cloudwatchlogs.FilterLogEventsInput)) func() error {
		in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group}
		change(in)
		return func() error { return only(w.logs.FilterLogEvents(w.ctx, in)) }
	}
	refused(t, []refusal{
		{"a filter for JSON", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.FilterPattern = aws.String(`{ $.a = 1 }`) }), invalid, "not implemented by Signalbox"},
		{"a quotation without end", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.FilterPattern = aws.String(`"a`) }), invalid, "not closed"},
		{"a broken expression", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.FilterPattern = aws.String(`%a(%`) }), invalid, "Invalid filter pattern"},
		{"a lone minus", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.FilterPattern = aws.String(`a -`) }), invalid, "a term is missing"},
		{"streams by name and prefix", bad(func(in *cloudwatchlogs.FilterLogEventsInput) {
			in.LogStreamNames, in.LogStreamNamePrefix = []string{"app"}, aws.String("a")
		}), invalid, "logStreamNamePrefix"},
		{"a stream that is not", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.LogStreamNames = []string{"nope"} }), missing, "The specified log stream does not exist."},
		{"a token of no answer", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.NextToken = aws.String("x") }), invalid, "nextToken"},
		{"a group that is not", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.LogGroupName = aws.String("nope") }), missing, "The specified log group does not exist."},
		{"no group", bad(func(in *cloudwatchlogs.FilterLogEventsInput) { in.LogGroupName = nil }), invalid, "logGroup"},
	})
}

func FuzzFilterPatterns(f *testing.F) {
	w := newWorld(f)
	w.group("g", "a")
	w.put("g", "a", "some text")
	for _, s := range []string{"", "a", "-", "?", `"`, `%`, `?"a b" -%x%`, "{", "[", "\x00", "a\tb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if len(pattern) > 100 {
			return
		}
		var api smithy.APIError
		_, err := w.logs.FilterLogEvents(context.Background(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: &pattern})
		if errors.As(err, &api) && (api.ErrorCode() == "InternalFailure" || api.ErrorFault() == smithy.FaultServer) {
			t.Fatalf("%q: %v", pattern, err)
		}
	})
}
