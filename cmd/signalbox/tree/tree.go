// Package tree writes traces for people: a line for each thing that was done,
// with when it began and how long it took, under what set it off.
//
// [Write] gets a [console.Trace] and writes its tree to a screen. It promises a
// line for each node, however deep, that fits the terminal.
package tree

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/console"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/trace"
)

// forest writes what set off what: when, for how long, what.
type forest struct {
	s     *show.Screen
	event string // whose journey was asked for
	begun time.Time
	table show.Table
	home  arn.ARN
}

// Write writes the trace that an event belongs to, or the trace alone.
func Write(s *show.Screen, t *console.Trace, now time.Time) error {
	if len(t.Tree) == 0 || t.EventID != "" && len(t.Tree) == 1 && leaf(t.Tree[0]) {
		return nil
	}
	f := &forest{s: s, event: t.EventID, begun: t.Tree[0].Start, table: show.Table{Right: map[int]bool{0: true, 1: true}}, home: homeOf(t.Tree)}
	end := f.begun
	for _, top := range t.Tree {
		measure(top, &end)
		f.grow(top, "", "")
	}
	if t.EventID != "" {
		if err := s.Printf("\n"); err != nil {
			return err
		}
	}
	if err := s.Printf("%s, begun %s%s, took %s\n\n", s.Bold("trace "+t.TraceID), f.begun.Local().Format("2006-01-02 15:04:05.000"),
		s.Faint(" ("+show.Ago(now.Sub(f.begun))+")"), show.Duration(end.Sub(f.begun))); err != nil {
		return err
	}
	return f.table.Write(s, "  ")
}

// leaf tells whether a node is an event that set off nothing but its
// deliveries, which the journey tells.
func leaf(n *console.Node) bool {
	return n.Kind == trace.Event && !slices.ContainsFunc(n.Calls, func(d *console.Node) bool {
		return d.Kind != console.Delivery || slices.ContainsFunc(d.Calls, func(c *console.Node) bool {
			return c.Kind != trace.Destination || len(c.Calls) > 0
		})
	})
}

// homeOf is where most of a trace is: the account and region of the first that
// tells it.
func homeOf(nodes []*console.Node) arn.ARN {
	for _, n := range nodes {
		if a, err := arn.Parse(n.Resource); err == nil && a.Account != "" {
			return a
		}
		if a := homeOf(n.Calls); a.Account != "" {
			return a
		}
	}
	return arn.ARN{}
}

// measure moves end to where the last of a node and those below it ended.
func measure(n *console.Node, end *time.Time) {
	if last := n.Start.Add(show.Milliseconds(n.Duration)); last.After(*end) {
		*end = last
	}
	for _, c := range n.Calls {
		measure(c, end)
	}
}

// grow adds a node and those below it.
func (f *forest) grow(n *console.Node, branch, under string) {
	took := ""
	if n.Duration > 0 {
		took = show.Duration(show.Milliseconds(n.Duration))
	}
	f.table.Add(f.s.Faint("+"+show.Duration(max(n.Start.Sub(f.begun), 0))), took, f.s.Faint(branch)+f.words(n))
	for i, c := range n.Calls {
		if i == len(n.Calls)-1 {
			f.grow(c, under+"└ ", under+"  ")
		} else {
			f.grow(c, under+"├ ", under+"│ ")
		}
	}
}

// words tells of a node in a line.
func (f *forest) words(n *console.Node) string {
	s, text := f.s, ""
	switch n.Kind {
	case trace.Request:
		name, at := address(n.Name, n.Resource)
		text = s.Bold(name) + " " + f.status(n.Status) + s.Faint("  "+at)
	case trace.Call:
		service, operation, _ := strings.Cut(n.Name, ":")
		text = service + " " + operation
		if n.Resource != "" {
			text += " " + s.Name(show.Thing(n.Resource, f.home))
		}
		if n.Status >= http.StatusBadRequest {
			text += " " + f.status(n.Status)
		}
	case trace.Invocation:
		text = "function " + s.Name(n.Name)
	case trace.Pipe:
		text = "pipe " + s.Name(n.Name) + " → " + show.Thing(n.Note, f.home)
	case trace.Event:
		text = "event " + s.Bold(n.Name) + " from " + s.Bold(n.Note) + " on " + s.Name(show.Thing(n.Resource, f.home))
		if n.Name == "" {
			text = "event on " + s.Name(show.Thing(n.Resource, f.home))
		}
		if n.Outcome == journey.NoStandardRulesMatched {
			text += s.Faint(", which no rule matched")
		}
		if n.EventID == f.event {
			text = s.Good("► ") + text
		} else {
			text += s.Faint("  " + n.EventID)
		}
	case console.Delivery:
		text = f.delivery(n)
	case trace.Destination:
		text = f.status(n.Status) + " " + n.Name // a long address must not push the status out of sight
	default:
		text = string(n.Kind) + " " + n.Name
	}
	if n.Error != "" && n.Kind != console.Delivery {
		text += "  " + s.Bad(n.Error)
	}
	return text
}

// places are the forms that the addresses of APIs and functions' URLs have: by
// the path, or by the host.
var places = []struct {
	is   *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`^(?:/_aws/execute-api|/restapis)/([^/]+)/([^/]+)(?:/_user_request_)?(/.*)?$`), "API"},
	{regexp.MustCompile(`^/_aws/lambda-url/([^/]+)()(/.*)?$`), "function URL"},
}

// address is what a request asks for, and of whom: of "POST /_aws/execute-api/x/prod/orders"
// it is "POST /orders" of the API x.
func address(name, host string) (short, of string) {
	method, path, _ := strings.Cut(name, " ")
	for _, p := range places {
		if m := p.is.FindStringSubmatch(path); m != nil {
			of = p.what + " " + m[1]
			if m[2] != "" {
				of += ", stage " + m[2]
			}
			return method + " " + cmp.Or(m[3], "/"), of
		}
	}
	id, rest, _ := strings.Cut(host, ".")
	switch {
	case strings.HasPrefix(rest, "execute-api."):
		return name, "API " + id
	case strings.HasPrefix(rest, "lambda-url."):
		return name, "function URL " + id
	}
	return name, host
}

func (f *forest) status(status int) string {
	text := fmt.Sprint(status)
	switch {
	case status == 0:
		return ""
	case status >= http.StatusInternalServerError:
		return f.s.Bad(text)
	case status >= http.StatusBadRequest:
		return f.s.Warn(text)
	}
	return f.s.Good(text)
}

func (f *forest) delivery(n *console.Node) string {
	s := f.s
	text := "rule " + s.Name(show.Last(n.Name)) + " → " + show.Thing(n.Resource, f.home) + ": "
	attempts := ""
	if n.Attempts > 1 {
		attempts = " after " + show.Plural(n.Attempts, "attempt")
	}
	switch n.Outcome {
	case journey.InvocationSuccess:
		return text + s.Good("delivered") + attempts
	case journey.InvocationDLQ:
		return text + s.Bad("dead-lettered") + attempts + "  " + s.Bad(n.Error)
	case journey.InvocationFailure:
		return text + s.Bad("dropped") + attempts + "  " + s.Bad(n.Error)
	}
	return text + s.Warn("on its way") + attempts + "  " + n.Error
}
