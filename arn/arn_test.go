package arn

import "testing"

func TestParseReadsWhatStringWrites(t *testing.T) {
	for _, c := range []struct {
		text       string
		want       ARN
		kind, name string
	}{
		{"arn:aws:events:us-east-1:000000000000:rule/orders/created", ARN{"aws", "events", "us-east-1", "000000000000", "rule/orders/created"}, "rule", "orders/created"},
		{"arn:aws:sqs:eu-west-1:123456789012:q.fifo", ARN{"aws", "sqs", "eu-west-1", "123456789012", "q.fifo"}, "", "q.fifo"},
		{"arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/x:*", ARN{"aws", "logs", "us-east-1", "123456789012", "log-group:/aws/events/x:*"}, "log-group", "/aws/events/x:*"},
		{"arn:aws:s3:::bucket/key", ARN{"aws", "s3", "", "", "bucket/key"}, "bucket", "key"},
	} {
		got, err := Parse(c.text)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", c.text, got, err, c.want)
		}
		if got.String() != c.text {
			t.Errorf("String() = %q, want %q", got, c.text)
		}
		if kind, name := got.Split(); kind != c.kind || name != c.name {
			t.Errorf("Split(%q) = %q, %q", c.text, kind, name)
		}
	}
}

func TestWhatIsNoARNIsRefused(t *testing.T) {
	for _, s := range []string{"", "arn", "arn:aws:sqs", "ARN:aws:sqs:::q", "arn::sqs:r:a:q", "arn:aws::r:a:q", "arn:aws:sqs:r:a:"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", s, got)
		}
	}
}
