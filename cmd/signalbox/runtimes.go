package main

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/services/lambda/runtimes"
)

type runtimesVerb struct {
	Action string   `arg:"" optional:"" enum:"list,install" default:"list" placeholder:"list|install" help:"list: what there is; install: what AWS's runtimes bring, ahead of its first use. Default: list"`
	Names  []string `arg:"" optional:"" name:"NAME" help:"The runtimes to install for, such as nodejs or python3.12. Default: all that this machine has"`
	Data   string   `env:"SIGNALBOX_DATA" default:"${data}" placeholder:"DIR" help:"The server's data; its cache is there where the user has none. Default: ${data}"`
	show.Format
}

// Help implements [kong.HelpProvider].
func (runtimesVerb) Help() string {
	return `Functions run as processes of this machine: those of nodejs* and python* with its node and python3, those of provided.* and go1.x by themselves. A version that is not there is replaced by the one that is.

AWS's runtimes bring the SDK (boto3; version 3 for JavaScript). Signalbox installs what a function imports with pip or npm at its first use, into a cache; install does that ahead, so that no network is needed then.

Examples:

    signalbox runtimes
    signalbox runtimes install
    signalbox runtimes install python3.12`
}

// offered are the runtimes that are shown: those that AWS still creates
// functions of.
var offered = strings.Fields("nodejs20.x nodejs22.x nodejs24.x nodejs26.x python3.10 python3.11 python3.12 python3.13 python3.14 python3.15 provided.al2 provided.al2023")

// runtimeRow is a runtime and what runs it.
type runtimeRow struct {
	Name    string `json:"name"`
	Program string `json:"program,omitempty"` // path; none for provided.*
	Version string `json:"version,omitempty"`
	Same    bool   `json:"ownVersion"` // it is of the runtime's version
	Problem string `json:"problem,omitempty"`
}

// Run lists or installs.
func (v *runtimesVerb) Run(ctx context.Context, sys *system) error {
	cache := runtimes.DefaultCache(filepath.Join(v.Data, "lambda"))
	host, err := runtimes.New("", cache, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if v.Action == "install" {
		return v.install(ctx, sys, host)
	}
	if len(v.Names) > 0 {
		return exit.Misused("signalbox runtimes install NAME installs", "list takes no names")
	}
	return v.list(ctx, sys, host, cache)
}

func (v *runtimesVerb) list(ctx context.Context, sys *system, host *runtimes.Host, cache string) error {
	var rows []runtimeRow
	for _, name := range offered {
		r, _ := runtimes.Parse(name) // those that are offered can be run
		row := runtimeRow{Name: name, Same: true}
		if r.Family != runtimes.Program {
			i, err := host.Find(ctx, r)
			if err != nil {
				row.Problem = err.Error()
			}
			row.Program, row.Version, row.Same = i.Path, i.Version, i.Same(r)
		}
		rows = append(rows, row)
	}
	sdks := map[string][]string{}
	for _, s := range host.List(ctx) {
		if s.Family != runtimes.Program {
			sdks[string(s.Family)] = append([]string{}, s.SDK...)
		}
	}
	if v.JSON() {
		return show.WriteJSON(sys.out, map[string]any{"runtimes": rows, "sdks": sdks, "cache": cache})
	}
	return writeRuntimes(show.On(sys.out, v.Format, sys.env), rows, sdks, cache)
}

func writeRuntimes(s *show.Screen, rows []runtimeRow, sdks map[string][]string, cache string) error {
	t := show.Table{}
	problems := map[string]bool{}
	for _, r := range rows {
		family, _, _ := strings.Cut(strings.TrimRight(r.Name, "0123456789.x"), ".")
		switch {
		case r.Problem != "":
			t.Add(s.Mark(false)+" "+s.Name(r.Name), "cannot run", "")
			_, what, _ := strings.Cut(r.Problem, " needs ")
			problems[family+" needs "+what] = true
		case r.Program == "":
			t.Add(s.Mark(true)+" "+s.Name(r.Name), "the package's own program", "")
		case r.Same:
			t.Add(s.Mark(true)+" "+s.Name(r.Name), r.Version, s.Faint(r.Program))
		default:
			t.Add(s.Warn("~")+" "+s.Name(r.Name), r.Version+" instead", s.Faint(r.Program))
		}
	}
	if err := t.Write(s, ""); err != nil {
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(problems)) {
		if err := s.Printf("  %s\n", s.Bad(p)); err != nil {
			return err
		}
	}
	if err := s.Printf("\nWhat AWS's runtimes bring, in %s\n", cache); err != nil {
		return err
	}
	for _, family := range []string{"nodejs", "python"} {
		have := sdks[family]
		text := strings.Join(have, ", ")
		switch {
		case len(have) == 0:
			text = s.Faint("nothing yet; it comes at the first use, or by signalbox runtimes install " + family)
		case len(have) > 4:
			text = strings.Join(have[:3], ", ") + " and " + show.Count(len(have)-3) + " more"
		}
		if err := s.Printf("  %-7s %s\n", family, text); err != nil {
			return err
		}
	}
	return nil
}

// shorter leaves out the middle of a long enumeration.
func shorter(text string) string {
	const most = 3
	list, end, _ := strings.Cut(text, " with ")
	parts := strings.Split(list, ", ")
	if len(parts) <= most+1 {
		return text
	}
	return strings.Join(parts[:most], ", ") + " and " + show.Count(len(parts)-most) + " more with " + end
}

// install fills the cache and tells of it.
func (v *runtimesVerb) install(ctx context.Context, sys *system, host *runtimes.Host) error {
	names := v.Names
	if len(names) == 0 {
		for _, s := range host.List(ctx) {
			if s.Family != runtimes.Program && s.Problem == "" {
				names = append(names, string(s.Family))
			}
		}
	}
	if len(names) == 0 {
		return exit.Failed("install Node.js (https://nodejs.org) or Python (https://www.python.org)", "this machine has neither node nor python3")
	}
	s := show.On(sys.err, v.Format, sys.env)
	installed := []string{}
	for _, name := range names {
		begun := sys.clock.Now()
		err := host.Install(ctx, name, func(text string) {
			if strings.HasPrefix(text, "installing ") {
				// It is a word in between; what cannot be written shows at the next.
				_ = s.Printf("%s\n", s.Faint(shorter(text)+" …"))
			}
		})
		if err != nil {
			return exit.Failed("", "installing for %s: %w", name, err)
		}
		installed = append(installed, name)
		if err := s.Printf("%s %s has what AWS's runtime brings %s\n", s.Mark(true), s.Name(name), s.Faint("("+show.Duration(sys.clock.Now().Sub(begun))+")")); err != nil {
			return err
		}
	}
	if v.JSON() {
		return show.WriteJSON(sys.out, map[string]any{"installed": installed})
	}
	return nil
}
