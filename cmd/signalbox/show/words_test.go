package show

import (
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
)

func TestDurationsHaveAtMostThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 400 * time.Microsecond: "0.4 ms", time.Millisecond: "1 ms", 12345 * time.Microsecond: "12 ms", 999499 * time.Microsecond: "999 ms",
		999600 * time.Microsecond: "1.00 s", 1411 * time.Millisecond: "1.41 s", 12340 * time.Millisecond: "12.3 s", 59960 * time.Millisecond: "1 m 00 s",
		123 * time.Second: "2 m 03 s", 3*time.Hour + 12*time.Minute: "3 h 12 m",
	} {
		if got := Duration(d); got != want {
			t.Errorf("duration(%d) is %q, not %q", d, got, want)
		}
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1204: "1,204", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("count(%d) is %q", n, got)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 224: "224 B", 1500: "1.5 kB", 12_345_678: "12 MB"} {
		if got := Bytes(n); got != want {
			t.Errorf("bytesOf(%d) is %q", n, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "now", 5 * time.Second: "5 s ago", 90 * time.Second: "1 m ago", 3 * time.Hour: "3 h ago", 100 * time.Hour: "4 days ago"} {
		if got := Ago(d); got != want {
			t.Errorf("ago(%s) is %q", d, got)
		}
	}
}

func TestARNsAreToldInWords(t *testing.T) {
	at := Home("arn:aws:events:us-east-1:000000000000:event-bus/orders")
	for arn, want := range map[string]string{
		"arn:aws:sqs:us-east-1:000000000000:audit":                            "queue audit",
		"arn:aws:sqs:eu-west-1:111111111111:audit":                            "queue audit of 111111111111 in eu-west-1",
		"arn:aws:events:us-east-1:000000000000:event-bus/default":             "bus default",
		"arn:aws:events:us-east-1:000000000000:api-destination/carrier/12-34": "API destination carrier",
		"arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/orders:*":  "log group /aws/events/orders",
		"arn:aws:lambda:us-east-1:000000000000:function:ship":                 "function ship",
		"not an ARN": "not an ARN",
	} {
		if got := Thing(arn, at); got != want {
			t.Errorf("%s is told as %q, not %q", arn, got, want)
		}
	}
}

func TestTablesAlignColouredCellsAndFitTheTerminal(t *testing.T) {
	s := &Screen{coloured: true}
	tab := &Table{Right: map[int]bool{1: true}}
	tab.Head = s.Heads("NAME", "N", "NOTHING", "TEXT")
	tab.Add(s.Good("short"), "7", "", "a text that is too long")
	tab.Add("much longer", s.Bad("1,204"), "", "b")
	lines := tab.Lines(30)
	want := []string{
		"NAME             N  TEXT",
		"short            7  a text th…",
		"much longer  1,204  b",
	}
	for i, line := range lines {
		if width := lipgloss.Width(line); width > 30 {
			t.Errorf("%q has %d columns", line, width)
		}
		if got := uncoloured(line); got != want[i] {
			t.Errorf("line %d is\n%q, not\n%q", i, got, want[i])
		}
	}
}

// uncoloured is a text without its colours.
func uncoloured(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == 0x1b {
			for text[i] != 'm' {
				i++
			}
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
