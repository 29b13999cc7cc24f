package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/server"
)

type coverageVerb struct {
	Service string `arg:"" optional:"" name:"SERVICE" help:"Only this service, with its operations: events, sqs, …"`
	Output  string `short:"o" enum:"text,json,markdown" default:"text" placeholder:"text|json|markdown" help:"For people, for scripts, or for the documentation."`
	Color   string `enum:"auto,always,never" default:"auto" hidden:""`
}

// Help implements [kong.HelpProvider].
func (coverageVerb) Help() string {
	return `It is read from the tables that requests are answered from: an operation that is not implemented answers an error that says so, and so does a request with a member that is not.

Examples:

    signalbox coverage
    signalbox coverage events
    signalbox coverage -o markdown > docs/coverage.md`
}

// Run writes.
func (v *coverageVerb) Run(sys *system) error {
	all := server.Coverage()
	if v.Service != "" {
		names := make([]string, len(all))
		for i, s := range all {
			names[i] = s.Name
		}
		if all = slices.DeleteFunc(all, func(s server.ServiceCoverage) bool { return s.Name != v.Service }); len(all) == 0 {
			return exit.Failed("there are: "+strings.Join(names, ", "), "there is no service %s", v.Service)
		}
	}
	switch v.Output {
	case "json":
		return show.WriteJSON(sys.out, all)
	case "markdown":
		_, err := sys.out.Write([]byte(coverageMarkdown(all)))
		return err
	}
	return writeCoverage(show.On(sys.out, show.Format{Color: v.Color}, sys.env), all, v.Service != "")
}

func writeCoverage(s *show.Screen, all []server.ServiceCoverage, full bool) error {
	t := &show.Table{Right: map[int]bool{2: true, 3: true}}
	t.Head = s.Heads("SERVICE", "NAME", "OPERATIONS", "OF", "PROTOCOLS")
	for _, c := range all {
		t.Add(s.Name(c.Name), c.Title, show.Count(len(c.Implemented)), show.Count(len(c.Implemented)+len(c.Unimplemented)), s.Faint(strings.Join(c.Protocols, ", ")))
	}
	if err := t.Write(s, ""); err != nil || !full {
		return err
	}
	for _, c := range all {
		list := &show.Table{}
		for _, name := range c.Implemented {
			list.Add(s.Mark(true), name)
		}
		for _, name := range c.Unimplemented {
			list.Add(s.Faint("–"), s.Faint(name))
		}
		if err := s.Printf("\n"); err != nil {
			return err
		}
		if err := list.Write(s, "  "); err != nil {
			return err
		}
		for _, r := range c.Refused {
			if err := s.Printf("  %s %s %s\n", s.Warn("–"), r.Shape+"."+r.Member, s.Faint(r.Reason)); err != nil {
				return err
			}
		}
	}
	return nil
}

func coverageMarkdown(all []server.ServiceCoverage) string {
	var b strings.Builder
	b.WriteString("# What of AWS is implemented\n\nWritten by `make coverage` from the tables that requests are answered from. An operation that is not implemented answers an error that says so, and so does a request with a member that is not.\n\n")
	b.WriteString("| Service | Operations | Of | Protocols |\n|---|---:|---:|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d | %s |\n", c.Title, anchor(c.Title), len(c.Implemented), len(c.Implemented)+len(c.Unimplemented), strings.Join(c.Protocols, ", "))
	}
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", c.Title)
		b.WriteString("Implemented: " + strings.Join(c.Implemented, ", ") + ".\n")
		if len(c.Unimplemented) > 0 {
			b.WriteString("\nNot implemented: " + strings.Join(c.Unimplemented, ", ") + ".\n")
		}
		if len(c.Refused) > 0 {
			b.WriteString("\nMembers that are refused:\n\n")
			for _, r := range c.Refused {
				fmt.Fprintf(&b, "- `%s.%s`: %s\n", r.Shape, r.Member, r.Reason)
			}
		}
	}
	return b.String()
}

func anchor(title string) string {
	return strings.ReplaceAll(strings.ToLower(title), " ", "-")
}
