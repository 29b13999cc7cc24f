package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/services/events"
)

type lsVerb struct {
	Bus string `short:"b" placeholder:"NAME" help:"Only this event bus."`
	format
	remote
}

// Help implements [kong.HelpProvider].
func (lsVerb) Help() string {
	return `Event buses with their rules and targets, and how deliveries do: the state of each target, the events it has not looked at yet (backlog), those that wait for another attempt (retries), and the last error since the last success. API destinations, connections, archives and queues follow. Everything there is, in all accounts and regions, unless --account or --region is given.

Examples:

    signalbox ls
    signalbox ls --bus orders
    signalbox ls -o json | jq '.buses[].rules[].targets[] | select(.state != "ok")'`
}

// Run asks and writes.
func (v *lsVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.client(sys)
	if err != nil {
		return err
	}
	var o console.Overview
	if err := c.get(ctx, "overview", url.Values{"bus": {v.Bus}, "account": {v.Account}, "region": {v.Region}}, &o); err != nil {
		if isCode(err, "NotFound") {
			return fail("signalbox ls shows what there is", "%w", err)
		}
		return err
	}
	if v.json() {
		return writeJSON(sys.out, o)
	}
	s := newScreen(sys, sys.out, v.format)
	if err := writeOverview(s, &o, sys.clock.Now()); err != nil || !s.live() || !bare(&o) {
		return err
	}
	return s.printf("\n%s\n", s.faint("Rules and targets come from any AWS SDK or tool: AWS_ENDPOINT_URL="+c.endpoint))
}

// bare tells whether there is nothing but buses.
func bare(o *console.Overview) bool {
	for _, b := range o.Buses {
		if len(b.Rules) > 0 {
			return false
		}
	}
	return len(o.Destinations)+len(o.Connections)+len(o.Archives)+len(o.Queues) == 0
}

// writeOverview writes one block for each account and region.
func writeOverview(s *screen, o *console.Overview, now time.Time) error {
	type place struct{ account, region string }
	var places []place
	for _, b := range o.Buses {
		if p := (place{b.Account, b.Region}); len(places) == 0 || places[len(places)-1] != p {
			places = append(places, p)
		}
	}
	for i, p := range places {
		if len(places) > 1 {
			if i > 0 {
				if err := s.printf("\n"); err != nil {
					return err
				}
			}
			if err := s.printf("%s\n\n", s.bold("account "+p.account+" in "+p.region)); err != nil {
				return err
			}
		}
		tables := []*table{busTable(s, o, p.account, p.region, now)}
		tables = append(tables, otherTables(s, o, p.account, p.region)...)
		written := false
		for _, t := range tables {
			if len(t.rows) == 0 {
				continue
			}
			if written {
				if err := s.printf("\n"); err != nil {
					return err
				}
			}
			written = true
			if err := t.write(s, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *screen) heads(names ...string) []string {
	for i, n := range names {
		names[i] = s.faint(n)
	}
	return names
}

func busTable(s *screen, o *console.Overview, account, region string, now time.Time) *table {
	t := &table{right: map[int]bool{5: true, 6: true, 7: true, 8: true}}
	t.head = s.heads("BUS", "RULE", "TARGET", "TO", "STATE", "BACKLOG", "RETRIES", "DELIVERED", "DEAD", "LAST ERROR")
	for _, b := range o.Buses {
		if b.Account != account || b.Region != region {
			continue
		}
		bus := s.bold(b.Name)
		if len(b.Rules) == 0 {
			t.add(bus, s.faint("no rules"))
		}
		for _, r := range b.Rules {
			name := s.name(r.Name)
			if r.ManagedBy != "" {
				name = s.faint(r.Name)
			}
			if len(r.Targets) == 0 {
				t.add(bus, name, s.faint("no targets"), "", ruleState(s, r.State))
				bus = ""
			}
			for _, target := range r.Targets {
				t.add(append([]string{bus, name}, targetCells(s, &b, &r, &target, now)...)...)
				bus, name = "", ""
			}
		}
	}
	return t
}

func targetCells(s *screen, b *events.BusOverview, r *events.RuleOverview, t *events.TargetOverview, now time.Time) []string {
	state := targetState(s, t.State)
	if r.State == events.RuleStateDisabled && t.State == events.StateOK {
		state = targetState(s, events.StateDisabled)
	}
	id := t.ID
	if r.ManagedBy != "" {
		id = "" // it was made by who manages the rule
	}
	number := func(n uint64, style func(string) string) string {
		if n == 0 {
			return s.faint("–")
		}
		return style(count(n))
	}
	plain := func(text string) string { return text }
	return []string{
		id, thing(t.ARN, home(b.ARN)), state,
		number(t.Backlog, s.warn), number(uint64(t.Retries), s.warn), number(t.Delivered, plain), number(t.Dead+t.Dropped, s.bad),
		lastError(s, t.LastError, now),
	}
}

func lastError(s *screen, e *events.ErrorOverview, now time.Time) string {
	if e == nil {
		return ""
	}
	text := errorText(e.Status, e.Code, e.Message)
	return text + s.faint(fmt.Sprintf(" (attempt %d, %s)", e.Attempt, ago(now.Sub(e.Time))))
}

// errorText tells a failure shortly: by its HTTP status where it has one.
func errorText(status int, code, message string) string {
	switch {
	case status != 0:
		return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
	case message == "", strings.Contains(message, code):
		return first(message, code)
	}
	return code + ": " + message
}

func ruleState(s *screen, state string) string {
	if state == events.RuleStateDisabled {
		return targetState(s, events.StateDisabled)
	}
	return s.faint("○ idle")
}

func targetState(s *screen, state string) string {
	switch state {
	case events.StateOK:
		return s.good("●") + " ok"
	case events.StateRetrying, events.StateBehind:
		return s.warn("●") + " " + state
	case events.StateDown:
		return s.bad("●") + " " + state
	}
	return s.faint("○ " + state)
}

// otherTables are the tables of what is no bus.
func otherTables(s *screen, o *console.Overview, account, region string) []*table {
	destinations := &table{right: map[int]bool{3: true}}
	destinations.head = s.heads("API DESTINATION", "STATE", "CALLS", "RATE", "CONNECTION")
	for _, d := range o.Destinations {
		if d.Account == account && d.Region == region {
			destinations.add(s.name(d.Name), resourceState(s, d.State), d.Method+" "+d.Endpoint, fmt.Sprintf("%d/s", d.Rate), d.Connection)
		}
	}
	connections := &table{}
	connections.head = s.heads("CONNECTION", "STATE", "AUTHORIZES WITH")
	for _, c := range o.Connections {
		if c.Account == account && c.Region == region {
			connections.add(s.name(c.Name), resourceState(s, c.State), strings.ToLower(strings.ReplaceAll(c.Type, "_", " ")))
		}
	}
	archives := &table{right: map[int]bool{3: true, 4: true}}
	archives.head = s.heads("ARCHIVE", "STATE", "OF BUS", "EVENTS", "SIZE")
	for _, a := range o.Archives {
		if a.Account == account && a.Region == region {
			archives.add(s.name(a.Name), resourceState(s, a.State), a.Bus, count(a.Events), bytesOf(a.Bytes))
		}
	}
	queues := &table{right: map[int]bool{1: true, 2: true, 3: true}}
	queues.head = s.heads("QUEUE", "MESSAGES", "IN FLIGHT", "DELAYED")
	for _, q := range o.Queues {
		if q.Account == account && q.Region == region {
			queues.add(s.name(q.Name), count(q.Messages), count(q.InFlight), count(q.Delayed))
		}
	}
	return []*table{destinations, connections, archives, queues}
}

func resourceState(s *screen, state string) string {
	text := strings.ToLower(state)
	switch state {
	case "ACTIVE", "AUTHORIZED", "ENABLED":
		return s.good("●") + " " + text
	case "DISABLED":
		return s.faint("○ " + text)
	}
	return s.warn("●") + " " + text
}
