package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/services/events"
)

type lsVerb struct {
	Bus string `short:"b" placeholder:"NAME" help:"Only this event bus."`
	show.Format
	remote.Flags
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
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	var o console.Overview
	if err := c.Get(ctx, "overview", url.Values{"bus": {v.Bus}, "account": {v.Account}, "region": {v.Region}}, &o); err != nil {
		if remote.IsCode(err, "NotFound") {
			return exit.Failed("signalbox ls shows what there is", "%w", err)
		}
		return err
	}
	if v.JSON() {
		return show.WriteJSON(sys.out, o)
	}
	s := show.On(sys.out, v.Format, sys.env)
	if err := writeOverview(s, &o, sys.clock.Now()); err != nil || !s.Live() || !bare(&o) {
		return err
	}
	return s.Printf("\n%s\n", s.Faint("Rules and targets come from any AWS SDK or tool: AWS_ENDPOINT_URL="+c.Endpoint))
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
func writeOverview(s *show.Screen, o *console.Overview, now time.Time) error {
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
				if err := s.Printf("\n"); err != nil {
					return err
				}
			}
			if err := s.Printf("%s\n\n", s.Bold("account "+p.account+" in "+p.region)); err != nil {
				return err
			}
		}
		tables := []*show.Table{busTable(s, o, p.account, p.region, now)}
		tables = append(tables, otherTables(s, o, p.account, p.region)...)
		written := false
		for _, t := range tables {
			if len(t.Rows) == 0 {
				continue
			}
			if written {
				if err := s.Printf("\n"); err != nil {
					return err
				}
			}
			written = true
			if err := t.Write(s, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func busTable(s *show.Screen, o *console.Overview, account, region string, now time.Time) *show.Table {
	t := &show.Table{Right: map[int]bool{5: true, 6: true, 7: true, 8: true}}
	t.Head = s.Heads("BUS", "RULE", "TARGET", "TO", "STATE", "BACKLOG", "RETRIES", "DELIVERED", "DEAD", "LAST ERROR")
	for _, b := range o.Buses {
		if b.Account != account || b.Region != region {
			continue
		}
		bus := s.Bold(b.Name)
		if len(b.Rules) == 0 {
			t.Add(bus, s.Faint("no rules"))
		}
		for _, r := range b.Rules {
			name := s.Name(r.Name)
			if r.ManagedBy != "" {
				name = s.Faint(r.Name)
			}
			if len(r.Targets) == 0 {
				t.Add(bus, name, s.Faint("no targets"), "", ruleState(s, r.State))
				bus = ""
			}
			for _, target := range r.Targets {
				t.Add(append([]string{bus, name}, targetCells(s, &b, &r, &target, now)...)...)
				bus, name = "", ""
			}
		}
	}
	return t
}

func targetCells(s *show.Screen, b *events.BusOverview, r *events.RuleOverview, t *events.TargetOverview, now time.Time) []string {
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
			return s.Faint("–")
		}
		return style(show.Count(n))
	}
	plain := func(text string) string { return text }
	return []string{
		id, show.Thing(t.ARN, show.Home(b.ARN)), state,
		number(t.Backlog, s.Warn), number(uint64(t.Retries), s.Warn), number(t.Delivered, plain), number(t.Dead+t.Dropped, s.Bad),
		lastError(s, t.LastError, now),
	}
}

func lastError(s *show.Screen, e *events.ErrorOverview, now time.Time) string {
	if e == nil {
		return ""
	}
	text := errorText(e.Status, e.Code, e.Message)
	return text + s.Faint(fmt.Sprintf(" (attempt %d, %s)", e.Attempt, show.Ago(now.Sub(e.Time))))
}

// errorText tells a failure shortly: by its HTTP status where it has one.
func errorText(status int, code, message string) string {
	switch {
	case status != 0:
		return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
	case message == "", strings.Contains(message, code):
		return cmp.Or(message, code)
	}
	return code + ": " + message
}

func ruleState(s *show.Screen, state string) string {
	if state == events.RuleStateDisabled {
		return targetState(s, events.StateDisabled)
	}
	return s.Faint("○ idle")
}

func targetState(s *show.Screen, state string) string {
	switch state {
	case events.StateOK:
		return s.Good("●") + " ok"
	case events.StateRetrying, events.StateBehind:
		return s.Warn("●") + " " + state
	case events.StateDown:
		return s.Bad("●") + " " + state
	}
	return s.Faint("○ " + state)
}

// otherTables are the tables of what is no bus.
func otherTables(s *show.Screen, o *console.Overview, account, region string) []*show.Table {
	destinations := &show.Table{Right: map[int]bool{3: true}}
	destinations.Head = s.Heads("API DESTINATION", "STATE", "CALLS", "RATE", "CONNECTION")
	for _, d := range o.Destinations {
		if d.Account == account && d.Region == region {
			destinations.Add(s.Name(d.Name), resourceState(s, d.State), d.Method+" "+d.Endpoint, fmt.Sprintf("%d/s", d.Rate), d.Connection)
		}
	}
	connections := &show.Table{}
	connections.Head = s.Heads("CONNECTION", "STATE", "AUTHORIZES WITH")
	for _, c := range o.Connections {
		if c.Account == account && c.Region == region {
			connections.Add(s.Name(c.Name), resourceState(s, c.State), strings.ToLower(strings.ReplaceAll(c.Type, "_", " ")))
		}
	}
	archives := &show.Table{Right: map[int]bool{3: true, 4: true}}
	archives.Head = s.Heads("ARCHIVE", "STATE", "OF BUS", "EVENTS", "SIZE")
	for _, a := range o.Archives {
		if a.Account == account && a.Region == region {
			archives.Add(s.Name(a.Name), resourceState(s, a.State), a.Bus, show.Count(a.Events), show.Bytes(a.Bytes))
		}
	}
	queues := &show.Table{Right: map[int]bool{1: true, 2: true, 3: true}}
	queues.Head = s.Heads("QUEUE", "MESSAGES", "IN FLIGHT", "DELAYED")
	for _, q := range o.Queues {
		if q.Account == account && q.Region == region {
			queues.Add(s.Name(q.Name), show.Count(q.Messages), show.Count(q.InFlight), show.Count(q.Delayed))
		}
	}
	return []*show.Table{destinations, connections, archives, queues}
}

func resourceState(s *show.Screen, state string) string {
	text := strings.ToLower(state)
	switch state {
	case "ACTIVE", "AUTHORIZED", "ENABLED":
		return s.Good("●") + " " + text
	case "DISABLED":
		return s.Faint("○ " + text)
	}
	return s.Warn("●") + " " + text
}
