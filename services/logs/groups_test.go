package logs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func (w *world) describe(name string) types.LogGroup {
	w.t.Helper()
	out := must(w.logs.DescribeLogGroups(w.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}))(w.t)
	if len(out.LogGroups) == 0 || *out.LogGroups[0].LogGroupName != name {
		w.t.Fatalf("DescribeLogGroups = %+v, want %s", out.LogGroups, name)
	}
	return out.LogGroups[0]
}

func TestWhatAGroupIsGivenIsKeptOverARestart(t *testing.T) {
	w := newWorld(t)
	name := aws.String("/aws/events/orders")
	must(w.logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, KmsKeyId: aws.String("arn:aws:kms:us-east-1:000000000000:key/k"), Tags: map[string]string{"a": "1"}}))(t)
	must(w.logs.PutRetentionPolicy(w.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(7)}))(t)
	must(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: name, LogStreamName: aws.String("s")}))(t)
	w.put(*name, "s", "one", "two")
	w.Restart()
	g := w.describe(*name)
	if *g.Arn != "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/orders:*" || *g.LogGroupArn != "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/orders" ||
		*g.RetentionInDays != 7 || *g.StoredBytes != 6 || g.LogGroupClass != types.LogGroupClassStandard || *g.CreationTime != w.now.Now().UnixMilli() || *g.KmsKeyId == "" {
		t.Errorf("DescribeLogGroups = %+v", g)
	}
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: name}); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("after the restart the group holds %v", got)
	}
	streams := must(w.logs.DescribeLogStreams(w.ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: name}))(t).LogStreams
	at := w.now.Now().UnixMilli()
	if len(streams) != 1 || *streams[0].FirstEventTimestamp != at-1000 || *streams[0].LastEventTimestamp != at || *streams[0].LastIngestionTime != at ||
		*streams[0].Arn != "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/orders:log-stream:s" {
		t.Errorf("DescribeLogStreams = %+v", streams)
	}
	must(w.logs.DeleteRetentionPolicy(w.ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: name}))(t)
	if g := w.describe(*name); g.RetentionInDays != nil {
		t.Errorf("without a retention policy, RetentionInDays = %d", *g.RetentionInDays)
	}
	must(w.logs.DeleteLogGroup(w.ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name}))(t)
	w.group(*name)
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: name}); len(got) != 0 {
		t.Errorf("the new group of that name holds %v", got)
	}
}

func TestRetentionForgetsOldEvents(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	must(w.logs.PutRetentionPolicy(w.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(1)}))(t)
	w.put("g", "s", "old")
	w.now.Advance(20 * time.Hour)
	w.put("g", "s", "young!")
	if got := *w.describe("g").StoredBytes; got != 9 {
		t.Errorf("both have %d bytes", got)
	}
	w.now.Advance(5 * time.Hour)
	if got := *w.describe("g").StoredBytes; got != 6 {
		t.Errorf("after a day %d bytes are stored, want those of the young one", got)
	}
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")}); !slices.Equal(got, []string{"young!"}) {
		t.Errorf("after a day the group holds %v", got)
	}
	w.now.Advance(48 * time.Hour)
	if got := *w.describe("g").StoredBytes; got != 0 {
		t.Errorf("after three days %d bytes are stored", got)
	}
	w.put("g", "s", "new")
	if got := *w.describe("g").StoredBytes; got != 3 {
		t.Errorf("the new one has %d bytes", got)
	}
}

func TestADeletedStreamIsSeenNoMore(t *testing.T) {
	w := newWorld(t)
	w.group("g", "a", "b")
	w.put("g", "a", "gone")
	w.put("g", "b", "stays")
	stream := &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("a")}
	must(w.logs.DeleteLogStream(w.ctx, stream))(t)
	must(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("a")}))(t)
	w.put("g", "a", "new")
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")}); !slices.Equal(got, []string{"stays", "new"}) {
		t.Errorf("the group holds %v", got)
	}
}

func TestListsOfLogsComeInPages(t *testing.T) {
	w := newWorld(t)
	want := []string{"a0", "a1", "a2", "a3", "b4"}
	for i, name := range want {
		w.group(name)
		must(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("a0"), LogStreamName: &name}))(t)
		if i != 2 { // by time: 3, 1, 0, 4; and 2 has no event
			w.now.Advance(time.Minute)
		}
	}
	for _, name := range []string{"a3", "a1", "a0", "b4"} {
		w.put("a0", name, "x")
		w.now.Advance(time.Minute)
	}
	groups := func(in cloudwatchlogs.DescribeLogGroupsInput) (list []string) {
		t.Helper()
		for {
			out := must(w.logs.DescribeLogGroups(w.ctx, &in))(t)
			for _, g := range out.LogGroups {
				list = append(list, *g.LogGroupName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return list
			}
		}
	}
	streams := func(in cloudwatchlogs.DescribeLogStreamsInput) (list []string) {
		t.Helper()
		in.LogGroupName = aws.String("a0")
		for {
			out := must(w.logs.DescribeLogStreams(w.ctx, &in))(t)
			for _, s := range out.LogStreams {
				list = append(list, *s.LogStreamName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return list
			}
		}
	}
	two := aws.Int32(2)
	for name, c := range map[string]struct{ got, want []string }{
		"groups":                           {groups(cloudwatchlogs.DescribeLogGroupsInput{Limit: two}), want},
		"groups by prefix":                 {groups(cloudwatchlogs.DescribeLogGroupsInput{Limit: two, LogGroupNamePrefix: aws.String("a")}), want[:4]},
		"groups by pattern":                {groups(cloudwatchlogs.DescribeLogGroupsInput{Limit: two, LogGroupNamePattern: aws.String("4")}), want[4:]},
		"streams":                          {streams(cloudwatchlogs.DescribeLogStreamsInput{Limit: two}), want},
		"streams by prefix":                {streams(cloudwatchlogs.DescribeLogStreamsInput{Limit: two, LogStreamNamePrefix: aws.String("b")}), want[4:]},
		"streams backwards":                {streams(cloudwatchlogs.DescribeLogStreamsInput{Limit: two, Descending: aws.Bool(true)}), []string{"b4", "a3", "a2", "a1", "a0"}},
		"streams by their last event":      {streams(cloudwatchlogs.DescribeLogStreamsInput{Limit: two, OrderBy: types.OrderByLastEventTime}), []string{"a2", "a3", "a1", "a0", "b4"}},
		"streams with the last ones first": {streams(cloudwatchlogs.DescribeLogStreamsInput{Limit: two, OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)}), []string{"b4", "a0", "a1", "a3", "a2"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func TestTagsOfGroups(t *testing.T) {
	w := newWorld(t)
	w.group("g")
	arn := aws.String("arn:aws:logs:us-east-1:000000000000:log-group:g")
	want := func(tags map[string]string) {
		t.Helper()
		if got := must(w.logs.ListTagsForResource(w.ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn}))(t).Tags; !maps.Equal(got, tags) {
			t.Errorf("tags = %v, want %v", got, tags)
		}
		//lint:ignore SA1019 older clients use it
		if got := must(w.logs.ListTagsLogGroup(w.ctx, &cloudwatchlogs.ListTagsLogGroupInput{LogGroupName: aws.String("g")}))(t).Tags; !maps.Equal(got, tags) {
			t.Errorf("tags in the older form = %v, want %v", got, tags)
		}
	}
	want(map[string]string{})
	must(w.logs.TagResource(w.ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
	must(w.logs.UntagResource(w.ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a", "nope"}}))(t)
	want(map[string]string{"b": "2"})
	//lint:ignore SA1019 older clients use it
	must(w.logs.TagLogGroup(w.ctx, &cloudwatchlogs.TagLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"c": "3"}}))(t)
	//lint:ignore SA1019 older clients use it
	must(w.logs.UntagLogGroup(w.ctx, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: aws.String("g"), Tags: []string{"b"}}))(t)
	want(map[string]string{"c": "3"})
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint("k", i)] = ""
	}
	refused(t, []refusal{
		{"more than fifty", func() error {
			return only(w.logs.TagResource(w.ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:g"), Tags: many}))
		}, "TooManyTagsException", "at most 50"},
		{"a group that is not", func() error {
			return only(w.logs.ListTagsForResource(w.ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:nope")}))
		}, missing, "The specified log group does not exist."},
	})
}

func TestLogsAreRefusedInAWSsWords(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	g, s, nope := aws.String("g"), aws.String("s"), aws.String("nope")
	at := w.now.Now().UnixMilli()
	event := func(at int64, text string) types.InputLogEvent {
		return types.InputLogEvent{Timestamp: &at, Message: &text}
	}
	put := func(events ...types.InputLogEvent) func() error {
		return func() error {
			return only(w.logs.PutLogEvents(w.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: s, LogEvents: events}))
		}
	}
	var large []types.InputLogEvent
	for range 5 {
		large = append(large, event(at, strings.Repeat("x", 250_000)))
	}
	refused(t, []refusal{
		{"a group that exists", func() error {
			return only(w.logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: g}))
		}, exists, "The specified log group already exists"},
		{"a group's name with a space", func() error {
			return only(w.logs.CreateLogGroup(w.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("a b")}))
		}, invalid, "'logGroupName' failed to satisfy constraint"},
		{"a stream that exists", func() error {
			return only(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: s}))
		}, exists, "The specified log stream already exists"},
		{"a stream of no group", func() error {
			return only(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: nope, LogStreamName: s}))
		}, missing, "The specified log group does not exist."},
		{"a stream's name with a colon", func() error {
			return only(w.logs.CreateLogStream(w.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: aws.String("a:b")}))
		}, invalid, "'logStreamName' failed to satisfy constraint"},
		{"to delete a group that is not", func() error {
			return only(w.logs.DeleteLogGroup(w.ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: nope}))
		}, missing, "The specified log group does not exist."},
		{"to delete a stream that is not", func() error {
			return only(w.logs.DeleteLogStream(w.ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: g, LogStreamName: nope}))
		}, missing, "The specified log stream does not exist."},
		{"to read a stream that is not", func() error {
			return only(w.logs.GetLogEvents(w.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: nope}))
		}, missing, "The specified log stream does not exist."},
		{"to read a group by name and ARN", func() error {
			return only(w.logs.GetLogEvents(w.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogGroupIdentifier: g, LogStreamName: s}))
		}, invalid, "cannot both be given"},
		{"to write to a stream that is not", func() error {
			return only(w.logs.PutLogEvents(w.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: nope, LogEvents: []types.InputLogEvent{event(at, "x")}}))
		}, missing, "The specified log stream does not exist."},
		{"events out of order", put(event(at, "a"), event(at-1, "b")), invalid, "Log events in a single PutLogEvents request must be in chronological order."},
		{"events of more than a day", put(event(at-25*3600*1000, "a"), event(at, "b")), invalid, "24 hours"},
		{"events of more than a megabyte", put(large...), invalid, "Upload too large"},
		{"no events", put([]types.InputLogEvent{}...), invalid, "'logEvents'"},
		{"a retention of two days", func() error {
			return only(w.logs.PutRetentionPolicy(w.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: aws.Int32(2)}))
		}, invalid, "retentionInDays"},
		{"a retention of no group", func() error {
			return only(w.logs.PutRetentionPolicy(w.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: nope, RetentionInDays: aws.Int32(1)}))
		}, missing, "The specified log group does not exist."},
		{"groups by prefix and pattern", func() error {
			return only(w.logs.DescribeLogGroups(w.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: g, LogGroupNamePrefix: g}))
		}, invalid, "mutually exclusive"},
		{"streams by time and prefix", func() error {
			return only(w.logs.DescribeLogStreams(w.ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: g, LogStreamNamePrefix: s, OrderBy: types.OrderByLastEventTime}))
		}, invalid, "Cannot order by LastEventTime with a logStreamNamePrefix."},
		{"a token of no list", func() error {
			return only(w.logs.DescribeLogGroups(w.ctx, &cloudwatchlogs.DescribeLogGroupsInput{NextToken: aws.String("%")}))
		}, invalid, "nextToken"},
		{"a policy that is no JSON", func() error {
			return only(w.logs.PutResourcePolicy(w.ctx, &cloudwatchlogs.PutResourcePolicyInput{PolicyName: g, PolicyDocument: aws.String("{")}))
		}, invalid, "policyDocument"},
		{"to delete a policy that is not", func() error {
			return only(w.logs.DeleteResourcePolicy(w.ctx, &cloudwatchlogs.DeleteResourcePolicyInput{PolicyName: nope}))
		}, missing, "Policy with name [nope] does not exist."},
	})
	if got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: g}); len(got) != 0 {
		t.Errorf("refused events were written: %v", got)
	}
}

func TestEventsBeyondTheBoundsOfTimeAreLeftOut(t *testing.T) {
	w := newWorld(t)
	w.group("g", "s")
	at := w.now.Now()
	put := func(offsets ...time.Duration) *types.RejectedLogEventsInfo {
		t.Helper()
		var list []types.InputLogEvent
		for _, d := range offsets {
			list = append(list, types.InputLogEvent{Timestamp: aws.Int64(at.Add(d).UnixMilli()), Message: aws.String(d.String())})
		}
		return must(w.logs.PutLogEvents(w.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: list}))(t).RejectedLogEventsInfo
	}
	const day = 24 * time.Hour
	if got := put(-14*day-time.Minute, -14*day-time.Second, -14*day+time.Second); got == nil || got.TooOldLogEventEndIndex == nil || *got.TooOldLogEventEndIndex != 1 {
		t.Errorf("old events: %+v", got)
	}
	if got := put(0, 2*time.Hour+time.Second, 3*time.Hour); got == nil || got.TooNewLogEventStartIndex == nil || *got.TooNewLogEventStartIndex != 1 {
		t.Errorf("new events: %+v", got)
	}
	must(w.logs.PutRetentionPolicy(w.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(3)}))(t)
	if got := put(-3*day-time.Second, -2*day-time.Second); got == nil || got.ExpiredLogEventEndIndex == nil || *got.ExpiredLogEventEndIndex != 0 {
		t.Errorf("expired events: %+v", got)
	}
	if got := put(0); got != nil {
		t.Errorf("a good event: %+v", got)
	}
	want := []string{(-14*day + time.Second).String(), "0s", (-2*day - time.Second).String(), "0s"}
	got := w.filter(cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g")})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the group holds %v, want %v", got, want)
	}
}

func TestPoliciesOfLogsAreKept(t *testing.T) {
	w := newWorld(t)
	document := aws.String(`{"Version":"2012-10-17","Statement":[]}`)
	for i := range 10 {
		must(w.logs.PutResourcePolicy(w.ctx, &cloudwatchlogs.PutResourcePolicyInput{PolicyName: aws.String(fmt.Sprint("p", i)), PolicyDocument: document}))(t)
	}
	refused(t, []refusal{{"an eleventh", func() error {
		return only(w.logs.PutResourcePolicy(w.ctx, &cloudwatchlogs.PutResourcePolicyInput{PolicyName: aws.String("p10"), PolicyDocument: document}))
	}, "LimitExceededException", "Resource limit exceeded."}})
	must(w.logs.DeleteResourcePolicy(w.ctx, &cloudwatchlogs.DeleteResourcePolicyInput{PolicyName: aws.String("p3")}))(t)
	w.Restart()
	out := must(w.logs.DescribeResourcePolicies(w.ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{}))(t).ResourcePolicies
	if len(out) != 9 || *out[0].PolicyName != "p0" || *out[0].PolicyDocument != *document || out[0].LastUpdatedTime == nil {
		t.Errorf("DescribeResourcePolicies = %+v", out)
	}
}
