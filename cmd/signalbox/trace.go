package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/cmd/signalbox/tree"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/hub/journey"
)

type traceVerb struct {
	ID  string `arg:"" name:"ID" help:"An event's id (PutEvents answers it, tail shows it); or that of a trace, a request, or a record of a table's stream."`
	Why bool   `help:"Also explain the rules that did not match, where others did."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (traceVerb) Help() string {
	return `The steps of an event in the words of EventBridge's event bus log schema, with their time since the event was received: on which buses it came, which rules matched, each attempt to deliver it, and how that ended. If no rule matched, it says for each rule why not.

Below is the trace that the event belongs to: what set it off and what it set off, through APIs, functions, tables' streams, pipes, buses and API destinations, for as long as each passes the header X-Amzn-Trace-Id on. AWS's SDKs do so inside functions; a request that a function makes itself must. Any id in a trace shows it: X-Amzn-Trace-Id (1-65a1b2c3-…), the request id of an API's or a function's answer (x-amzn-requestid), a stream record's eventID.

An id that nothing has, or not any more, is exit code 1.

Examples:

    signalbox trace 019a8f5e-7c3a-7d21-9b4f-0e8c5a1d2b3c
    signalbox trace 1-65a1b2c3-0123456789abcdef01234567
    signalbox trace $(signalbox send --source shop --detail-type Test --detail '{}')`
}

// Run asks and writes.
func (v *traceVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	query := url.Values{}
	if v.Why {
		query.Set("why", "1")
	}
	var t console.Trace
	if err := c.Get(ctx, "trace/"+url.PathEscape(v.ID), query, &t); err != nil {
		if remote.IsCode(err, "NotFound") {
			return exit.Failed("buses keep events for 24 hours, or as long as serve --retention says; signalbox tail --since 1h shows the latest", "%w", err)
		}
		return err
	}
	if v.JSON() {
		return show.WriteJSON(sys.out, t)
	}
	s, now := show.On(sys.out, v.Format, sys.env), sys.clock.Now()
	if len(t.Steps) > 0 {
		if err := writeTrace(s, &t, now); err != nil {
			return err
		}
	}
	return tree.Write(s, &t, now)
}

// way is what happened between an event and one target.
type way struct {
	rule, target string // ARNs
	steps        []console.Step
}

// end is the way's last step.
func (w *way) end() console.Step { return w.steps[len(w.steps)-1] }

// writeTrace writes the steps of each bus, then those of each target, and how
// it ended.
func writeTrace(s *show.Screen, t *console.Trace, now time.Time) error {
	var event struct {
		Source     string
		DetailType string `json:"detail-type"`
	}
	_ = json.Unmarshal(t.Event, &event) // what cannot be read is not shown
	if err := s.Printf("%s from %s, received %s%s\n", s.Bold(event.DetailType), s.Bold(event.Source),
		t.Received.Local().Format("2006-01-02 15:04:05.000"), s.Faint(" ("+show.Ago(now.Sub(t.Received))+")")); err != nil {
		return err
	}
	steps := &timeline{s: s, received: t.Received, table: show.Table{Right: map[int]bool{0: true}}, heads: map[int]string{}}
	var ways []*way
	bus := ""
	var onBuses []string // in the order in which the event came to them
	for _, st := range t.Steps {
		if st.Target == "" {
			if bus != st.Bus {
				bus = st.Bus
				onBuses = append(onBuses, bus)
				steps.head(s.Bold("on " + show.Thing(bus, show.Home(t.Steps[0].Bus))))
			}
			steps.add(st)
			continue
		}
		i := slices.IndexFunc(ways, func(w *way) bool { return w.steps[0].Invocation == st.Invocation && w.steps[0].Bus == st.Bus })
		if i < 0 {
			i = len(ways)
			ways = append(ways, &way{rule: st.Rule, target: st.Target})
		}
		ways[i].steps = append(ways[i].steps, st)
	}
	slices.SortStableFunc(ways, func(a, b *way) int {
		return cmp.Or(cmp.Compare(slices.Index(onBuses, a.steps[0].Bus), slices.Index(onBuses, b.steps[0].Bus)),
			cmp.Compare(a.rule, b.rule), cmp.Compare(a.target, b.target))
	})
	for _, w := range ways {
		steps.head(s.Bold(show.Last(w.rule) + " → " + show.Thing(w.target, show.Home(t.Steps[0].Bus))))
		for i, st := range w.steps {
			// The end of an attempt tells of its start as well.
			if st.Type != journey.AttemptStart || i == len(w.steps)-1 {
				steps.add(st)
			}
		}
	}
	if err := steps.write(); err != nil {
		return err
	}
	if err := writeEnds(s, t, ways); err != nil {
		return err
	}
	if err := writeRefusals(s, t); err != nil {
		return err
	}
	return writeMissed(s, t)
}

// timeline is steps under headings, all in the same columns.
type timeline struct {
	s        *show.Screen
	received time.Time
	table    show.Table
	heads    map[int]string // by the row that they stand before
}

func (l *timeline) head(text string) { l.heads[len(l.table.Rows)] = text }

func (l *timeline) add(st console.Step) {
	took := ""
	if st.AttemptType != "" {
		took = l.s.Faint("took ") + show.Duration(show.Milliseconds(st.Duration))
	}
	l.table.Add(l.s.Faint("+"+show.Duration(st.Time.Sub(l.received))), l.word(st.Type), took, l.note(st))
}

// word colours a step by what it means for the event.
func (l *timeline) word(t journey.Type) string {
	switch t {
	case journey.AttemptSuccess, journey.InvocationSuccess:
		return l.s.Good(string(t))
	case journey.AttemptRetryableFailure, journey.AttemptThrottle, journey.NoStandardRulesMatched:
		return l.s.Warn(string(t))
	case journey.AttemptPermanentFailure, journey.InvocationFailure, journey.InvocationDLQ:
		return l.s.Bad(string(t))
	}
	return string(t)
}

func (l *timeline) note(st console.Step) string {
	switch st.Type {
	case journey.RuleMatch:
		return l.s.Name(show.Last(st.Rule))
	case journey.AttemptSuccess, journey.AttemptRetryableFailure, journey.AttemptPermanentFailure, journey.AttemptThrottle:
		note := l.s.Faint(fmt.Sprintf("attempt %d", st.Attempt))
		if st.Message != "" {
			note += show.Gap + st.Message
		}
		return note
	}
	return ""
}

func (l *timeline) write() error {
	for i, line := range l.table.Lines(max(l.s.Width-3, 0)) {
		if h, ok := l.heads[i]; ok {
			if err := l.s.Printf("\n%s\n", h); err != nil {
				return err
			}
		}
		if err := l.s.Printf("  %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// writeEnds writes a line for each target: how the event's way there ended.
func writeEnds(s *show.Screen, t *console.Trace, ways []*way) error {
	if err := s.Printf("\n"); err != nil {
		return err
	}
	for _, w := range ways {
		e := w.end()
		to := show.Thing(w.target, show.Home(t.Steps[0].Bus))
		text := ""
		switch e.Type {
		case journey.InvocationSuccess:
			text = fmt.Sprintf("%s delivered to %s after %s", s.Mark(true), to, show.Duration(show.Milliseconds(e.ToComplete)))
			if e.Attempt > 1 {
				text += fmt.Sprintf(", at attempt %d", e.Attempt)
			}
		case journey.InvocationDLQ:
			text = fmt.Sprintf("%s given up for %s after %s: it is in the dead-letter queue", s.Mark(false), to, show.Plural(e.Attempt, "attempt"))
		case journey.InvocationFailure:
			text = fmt.Sprintf("%s given up for %s after %s, and dropped: there is no dead-letter queue", s.Mark(false), to, show.Plural(e.Attempt, "attempt"))
		default:
			text = fmt.Sprintf("%s on its way to %s", s.Warn("…"), to)
		}
		if err := s.Printf("%s\n", text); err != nil {
			return err
		}
	}
	if len(ways) > 0 {
		return nil
	}
	for _, st := range t.Steps {
		switch st.Type {
		case journey.NoStandardRulesMatched:
			return s.Printf("%s no rule matched\n", s.Mark(false))
		case journey.RuleMatch:
			return s.Printf("%s on its way\n", s.Warn("…"))
		}
	}
	return s.Printf("%s\n", s.Faint("No more is known of it: it was matched by no rule, or serve keeps fewer journeys (--journeys)."))
}

// writeRefusals says what policies do not allow of what was done. What was
// refused has failed, and its step says so.
func writeRefusals(s *show.Screen, t *console.Trace) error {
	told := map[string]bool{} // a role that is missing is so for each of its targets
	for _, r := range t.Refusals {
		if r.Enforced || told[r.Why] {
			continue
		}
		told[r.Why] = true
		if err := s.Printf("%s with --iam enforce this would be refused to %s: %s\n", s.Warn("!"), r.Principal, r.Why); err != nil {
			return err
		}
	}
	return nil
}

// writeMissed says why rules did not match.
func writeMissed(s *show.Screen, t *console.Trace) error {
	for i := range t.Missed {
		if err := s.Printf("\n"); err != nil {
			return err
		}
		if err := writeExplanation(s, &t.Missed[i]); err != nil {
			return err
		}
	}
	if t.MissedMore > 0 {
		return s.Printf("\n%s\n", s.Faint(fmt.Sprintf("and %s that are farther from a match", show.Plural(t.MissedMore, "rule"))))
	}
	return nil
}
