package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/services/events"
)

type explainVerb struct {
	Rule    string `xor:"pattern" required:"" placeholder:"NAME" help:"The rule to explain."`
	Pattern string `xor:"pattern" required:"" placeholder:"FILE|JSON" help:"Or a pattern; this needs no server."`
	Event   string `required:"" placeholder:"FILE|-|EVENT_ID" help:"The event: a file, the standard input, or the id of one that came."`
	Bus     string `short:"b" placeholder:"NAME" help:"The rule's event bus. Default: default"`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (explainVerb) Help() string {
	return `Member by member: what the pattern wants, what the event has, and where they differ. The event may be written as an event, or as an entry of PutEvents.

No match is exit code 1.

Examples:

    signalbox explain --rule created --bus orders --event order.json
    signalbox explain --rule created --bus orders --event 019a8f5e-7c3a-7d21-9b4f-0e8c5a1d2b3c
    signalbox explain --pattern '{"source": ["shop"]}' --event - < order.json`
}

// Run explains here, or asks.
func (v *explainVerb) Run(ctx context.Context, sys *system) error {
	e, err := v.explanation(ctx, sys)
	if err != nil {
		return err
	}
	if v.JSON() {
		err = show.WriteJSON(sys.out, e)
	} else {
		err = writeExplanation(show.On(sys.out, v.Format, sys.env), e)
	}
	if err == nil && !e.Matched {
		err = errNo
	}
	return err
}

func (v *explainVerb) explanation(ctx context.Context, sys *system) (*console.Explanation, error) {
	event, id, err := readEvent(sys, v.Event)
	if err != nil {
		return nil, err
	}
	if v.Pattern != "" {
		p, err := readPattern(v.Pattern)
		if err != nil {
			return nil, err
		}
		if id != "" {
			if event, err = v.fetch(ctx, sys, id); err != nil {
				return nil, err
			}
		}
		e, err := console.Explain(p, event)
		if err != nil {
			return nil, exit.Failed("", "the event: %w", err)
		}
		return &e, nil
	}
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return nil, err
	}
	var e console.Explanation
	err = c.Post(ctx, "explain", console.ExplainRequest{Bus: v.Bus, Rule: v.Rule, Event: event, EventID: id}, &e)
	if remote.IsCode(err, events.CodeResourceNotFoundException) {
		err = exit.Failed("signalbox ls shows the rules; --bus names a bus other than default", "%w", err)
	}
	return &e, err
}

// fetch gets an event by its id.
func (v *explainVerb) fetch(ctx context.Context, sys *system, id string) ([]byte, error) {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return nil, err
	}
	var t console.Trace
	err = c.Get(ctx, "trace/"+url.PathEscape(id), nil, &t)
	return t.Event, err
}

// readEvent reads what --event names: the event, or its id.
func readEvent(sys *system, from string) (event []byte, id string, err error) {
	var text []byte
	switch {
	case from == "-":
		text, err = readAll(sys.in)
	case strings.HasPrefix(strings.TrimSpace(from), "{"):
		text = []byte(from)
	default:
		text, err = os.ReadFile(from)
		if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(from, "/.\\") {
			return nil, from, nil
		}
	}
	if err != nil {
		return nil, "", exit.Misused("--event is a file, - for the standard input, or the id of an event", "reading the event: %w", err)
	}
	var e draft
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, "", exit.Failed("", "the event is no JSON object: %w", err)
	}
	event, err = e.envelope()
	return event, "", err
}

func readPattern(from string) (*pattern.Pattern, error) {
	text := []byte(from)
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		var err error
		if text, err = os.ReadFile(from); err != nil {
			return nil, exit.Misused("a pattern is a file, or JSON that begins with {", "reading the pattern: %w", err)
		}
	}
	p, err := pattern.Parse(bytes.TrimSpace(text))
	if err != nil {
		return nil, exit.Failed("", "%w", err)
	}
	return p, nil
}

// writeExplanation writes the verdict and a line for each member.
func writeExplanation(s *show.Screen, e *console.Explanation) error {
	subject := "the pattern"
	if e.Rule != "" {
		subject = "rule " + s.Bold(e.Rule) + " on bus " + s.Bold(e.Bus)
	}
	verdict := " does not match"
	if e.Matched {
		verdict = " matches"
	}
	switch {
	case e.State == events.RuleStateDisabled:
		verdict += s.Warn(", but it is disabled")
	case e.Matched && e.Targets != nil && *e.Targets == 0:
		verdict += s.Warn(", but it has no targets")
	}
	if err := s.Printf("%s %s%s\n", s.Mark(e.Matched), subject, verdict); err != nil {
		return err
	}
	t := &show.Table{}
	for _, m := range e.Members {
		t.Add(s.Mark(m.Matched), m.Path, found(s, m.Found), s.Faint("wants "+string(m.Wanted)))
	}
	for i, line := range t.Lines(max(s.Width-2, 0)) {
		if err := s.Printf("  %s\n", line); err != nil {
			return err
		}
		if m := e.Members[i]; !m.Matched {
			if err := s.Printf("     %s\n", s.Bad(m.Reason)); err != nil {
				return err
			}
		}
	}
	if e.Reason != "" {
		if err := s.Printf("  %s\n", s.Warn(e.Reason)); err != nil {
			return err
		}
	}
	if e.Branches > 1 {
		return s.Printf("  %s\n", s.Faint(fmt.Sprintf("of %d combinations of its $or, this one came nearest", e.Branches)))
	}
	return nil
}

// maxFound is how many values of a member are shown.
const maxFound = 3

func found(s *show.Screen, values []json.RawMessage) string {
	if len(values) == 0 {
		return s.Faint("absent")
	}
	var texts []string
	for i, v := range values {
		if i == maxFound {
			texts = append(texts, fmt.Sprintf("and %d more", len(values)-maxFound))
			break
		}
		texts = append(texts, show.Clip(string(v), 40))
	}
	return strings.Join(texts, ", ")
}
