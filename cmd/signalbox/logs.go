package main

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

type logsVerb struct {
	Group  string `arg:"" name:"GROUP" help:"The log group, such as /aws/events/orders, or a function's name."`
	Follow bool   `short:"f" help:"Go on with what comes. Ctrl-C ends."`
	Since  string `placeholder:"AGE|TIME" help:"Begin this long ago (10m), or at this time (RFC 3339). Default: the beginning."`
	Filter string `placeholder:"PATTERN" help:"Only events that match this filter pattern of CloudWatch Logs."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (logsVerb) Help() string {
	return `The log events of a group, of all its streams by time: CloudWatch Logs' FilterLogEvents. Where no group has the name, the function of that name is meant: its group is /aws/lambda/NAME.

Examples:

    signalbox logs /aws/events/orders
    signalbox logs create-order --follow --since 10m
    signalbox logs /aws/events/orders --filter '{ $.detail.state = "shipped" }'`
}

// pollEvery is how often a followed group is asked for more.
const pollEvery = 500 * time.Millisecond

// logEvent is one of CloudWatch Logs' filtered log events.
type logEvent struct {
	LogStreamName string `json:"logStreamName"`
	Timestamp     int64  `json:"timestamp"`
	Message       string `json:"message"`
	IngestionTime int64  `json:"ingestionTime"`
	EventID       string `json:"eventId"`
}

// Run asks page by page and writes.
func (v *logsVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	if v.Group, err = v.group(ctx, c); err != nil {
		return err
	}
	in := map[string]any{"logGroupName": v.Group}
	var from int64
	if v.Since != "" {
		t, err := sinceTime(v.Since, sys.clock.Now())
		if err != nil {
			return err
		}
		from = t.UnixMilli()
	}
	if v.Filter != "" {
		in["filterPattern"] = v.Filter
	}
	s := show.On(sys.out, v.Format, sys.env)
	seen := map[string]bool{} // of the last millisecond, which is asked for again
	for {
		in["startTime"] = from
		if from, err = v.pages(ctx, c, s, in, from, seen); err != nil || !v.Follow {
			return over(ctx, err)
		}
		if err := clock.Sleep(ctx, sys.clock, pollEvery); err != nil {
			return nil // the person has seen enough
		}
	}
}

// functionLogs is what the groups of functions begin with.
const functionLogs = "/aws/lambda/"

// group is the group that is meant: a function's is followed also before it
// has logged anything.
func (v *logsVerb) group(ctx context.Context, c *remote.Client) (string, error) {
	if strings.HasPrefix(v.Group, "/") {
		return v.Group, nil
	}
	var out struct {
		Groups []struct {
			Name string `json:"logGroupName"`
		} `json:"logGroups"`
	}
	if err := c.Call(ctx, "logs", "Logs_20140328.DescribeLogGroups", map[string]any{"logGroupNamePrefix": v.Group, "limit": 1}, &out); err != nil {
		return "", err
	}
	if len(out.Groups) > 0 && out.Groups[0].Name == v.Group {
		return v.Group, nil
	}
	var function struct {
		LoggingConfig struct{ LogGroup string }
	}
	err := c.Exchange(ctx, "lambda", http.MethodGet, "/2015-03-31/functions/"+url.PathEscape(v.Group)+"/configuration", nil, nil, &function)
	switch {
	case remote.IsCode(err, "ResourceNotFoundException"), remote.IsCode(err, "ValidationException"):
		return "", exit.Failed("check the name, and --region", "there is neither a log group nor a function %s", v.Group)
	case err != nil:
		return "", err
	}
	return cmp.Or(function.LoggingConfig.LogGroup, functionLogs+v.Group), nil
}

// over is err, but for the end that a person made.
func over(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// pages writes all that there is now and returns the time of the latest.
func (v *logsVerb) pages(ctx context.Context, c *remote.Client, s *show.Screen, in map[string]any, from int64, seen map[string]bool) (int64, error) {
	delete(in, "nextToken")
	for {
		var out struct {
			Events    []logEvent `json:"events"`
			NextToken string     `json:"nextToken"`
		}
		if err := c.Call(ctx, "logs", "Logs_20140328.FilterLogEvents", in, &out); err != nil {
			if remote.IsCode(err, "ResourceNotFoundException") {
				if strings.HasPrefix(v.Group, functionLogs) && v.Follow {
					return from, nil // it has not been called yet
				}
				return from, exit.Failed("check the group's name, and --region", "log group %s: %w", v.Group, err)
			}
			return from, err
		}
		for _, e := range out.Events {
			if seen[e.EventID] {
				continue
			}
			if e.Timestamp > from {
				from = e.Timestamp
				clear(seen)
			}
			seen[e.EventID] = true
			if err := v.write(s, &e); err != nil {
				return from, err
			}
		}
		if out.NextToken == "" {
			return from, nil
		}
		in["nextToken"] = out.NextToken
	}
}

func (v *logsVerb) write(s *show.Screen, e *logEvent) error {
	if v.JSON() {
		return show.WriteLine(s.Out, e)
	}
	at := time.UnixMilli(e.Timestamp).Local().Format("2006-01-02 15:04:05.000")
	stream := e.LogStreamName
	message := strings.TrimRight(e.Message, "\n")
	if _, instance, ok := strings.Cut(stream, "[$LATEST]"); ok && strings.HasPrefix(v.Group, functionLogs) {
		stream = show.Clip(instance, 9) // enough to tell processes apart
	}
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = show.LogLine(s, strings.TrimRight(line, "\r"))
	}
	return s.Printf("%s%s%s%s%s\n", s.Faint(at), show.Gap, s.Name(show.Clip(stream, maxColumn)), show.Gap, strings.Join(lines, "\n"))
}
