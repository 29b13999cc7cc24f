package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/console"
)

type tailVerb struct {
	Bus     string `short:"b" placeholder:"NAME" help:"The event bus, by name or ARN. Default: default"`
	Pattern string `short:"p" placeholder:"FILE|JSON" help:"Only events that match this pattern."`
	Since   string `placeholder:"AGE|TIME" help:"Begin this long ago (10m), or at this time (RFC 3339). Default: now."`
	Max     int    `short:"n" placeholder:"N" help:"Stop after N events."`
	JSON    bool   `help:"The events as they are, one a line; the same as -o json."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (tailVerb) Help() string {
	return `The events as they come: when each was received, its id, source, detail type and detail. Ctrl-C ends.

Examples:

    signalbox tail
    signalbox tail --bus orders --since 10m
    signalbox tail --bus orders --pattern '{"detail": {"total": [{"numeric": [">", 100]}]}}'
    signalbox tail --bus orders --json | jq .detail`
}

// Run asks and writes until it is stopped.
func (v *tailVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	query := url.Values{"bus": {v.Bus}}
	if v.Pattern != "" {
		p, err := readPattern(v.Pattern)
		if err != nil {
			return err
		}
		query.Set("pattern", p.String())
	}
	if v.Since != "" {
		t, err := sinceTime(v.Since, sys.clock.Now())
		if err != nil {
			return err
		}
		query.Set("since", t.UTC().Format(time.RFC3339Nano))
	}
	in, err := c.Stream(ctx, "events", query)
	if err != nil {
		return err
	}
	defer in.Close()
	t := &tailer{Screen: show.On(sys.out, v.Format, sys.env), source: minColumn, kind: minColumn}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxInput)
	for n := 0; (v.Max == 0 || n < v.Max) && lines.Scan(); n++ {
		var seen console.Seen
		if err := json.Unmarshal(lines.Bytes(), &seen); err != nil {
			return c.Unreachable(err)
		}
		if v.JSON || v.Format.JSON() {
			err = show.WriteLine(sys.out, seen.Event)
		} else {
			err = t.write(&seen)
		}
		if err != nil {
			return err
		}
		if n+1 == v.Max {
			return nil
		}
	}
	if ctx.Err() != nil {
		return nil // the person has seen enough
	}
	if err := lines.Err(); err != nil {
		return c.Unreachable(err)
	}
	return &exit.Failure{Code: exit.Unreachable, Err: remote.ErrStopped}
}

// sinceTime reads an age ("10m") or a time.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, exit.Misused("", "--since is an age such as 10m or 24h, or a time such as 2026-01-31T12:00:00Z, not %q", text)
	}
	return t, nil
}

// tailer writes events in columns that grow with what comes.
type tailer struct {
	*show.Screen
	source, kind int // widths
}

// The bounds of a column: one long name does not push all aside.
const minColumn, maxColumn = 14, 32

func (t *tailer) write(seen *console.Seen) error {
	var e struct {
		ID, Source string
		DetailType string `json:"detail-type"`
		Detail     json.RawMessage
	}
	if err := json.Unmarshal(seen.Event, &e); err != nil {
		e.Detail = seen.Event // whatever it is
	}
	t.source, t.kind = column(t.source, e.Source), column(t.kind, e.DetailType)
	line := t.Faint(seen.Received.Local().Format("15:04:05.000")) + show.Gap + t.Faint(e.ID) + show.Gap +
		t.Name(e.Source) + show.Fill(e.Source, t.source) + show.Gap + t.Bold(e.DetailType) + show.Fill(e.DetailType, t.kind) + show.Gap + string(e.Detail)
	return t.Printf("%s\n", show.Clip(line, t.Width))
}

func column(width int, text string) int { return max(width, min(len([]rune(text)), maxColumn)) }
