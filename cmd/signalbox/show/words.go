package show

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
)

// Thing is what an ARN names, in the words of a person: "queue shipped". What
// lies in another account or region than home says so.
func Thing(text string, home arn.ARN) string {
	a, err := arn.Parse(text)
	if err != nil {
		return text
	}
	kind, name := a.Split()
	words := a.Service + " " + a.Resource
	switch a.Service + "/" + kind {
	case "events/rule", "events/archive", "events/event-bus":
		words = strings.TrimPrefix(kind, "event-") + " " + name
	case "events/api-destination", "events/connection":
		name, _, _ := strings.Cut(name, "/")
		words = strings.Replace(kind, "api-", "API ", 1) + " " + name
	case "sqs/":
		words = "queue " + a.Resource
	case "lambda/function", "dynamodb/table", "pipes/pipe":
		words = kind + " " + name
	case "logs/log-group":
		words = "log group " + strings.TrimSuffix(name, ":*")
	}
	if home.Account != "" && a.Account != home.Account {
		words += " of " + a.Account
	}
	if home.Region != "" && a.Region != home.Region {
		words += " in " + a.Region
	}
	return words
}

// Last is the name at the end of a rule's or bus's ARN.
func Last(text string) string {
	return text[strings.LastIndexByte(text, '/')+1:]
}

// Home is the ARN that others are told relative to.
func Home(text string) arn.ARN {
	a, _ := arn.Parse(text) // the zero ARN makes all be told in full
	return a
}

// Duration is a time span in at most three digits: "0.4 ms", "12 ms", "1.41 s",
// "2 m 03 s".
func Duration(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d == 0:
		return "0 ms"
	case ms < 9.95:
		return strings.TrimSuffix(strconv.FormatFloat(ms, 'f', 1, 64), ".0") + " ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	case ms < 9_995:
		return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
	case ms < 59_950:
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	}
	s := int64((d + time.Second/2) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d m %02d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %02d m", s/3600, s%3600/60)
}

// Ago is how long ago something was, roughly.
func Ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d m ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	}
	return fmt.Sprintf("%d days ago", d/(24*time.Hour))
}

func Milliseconds(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond))
}

// Count is a number with its thousands apart: "1,204".
func Count[N int | int32 | int64 | uint64](n N) string {
	text := strconv.FormatUint(uint64(max(n, 0)), 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Plural is a count with its noun: "1 event", "2 events".
func Plural[N int | int32 | int64 | uint64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(n) + " " + noun
}

// Bytes is a size: "1.5 MB".
func Bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for ; v >= 999.5 && i < len(units)-1; i++ {
		v /= 1000
	}
	if i == 0 || v >= 9.95 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// Fill is what lacks of a text up to a width.
func Fill(text string, width int) string {
	return strings.Repeat(" ", max(width-len([]rune(text)), 0))
}
