// Command signalbox runs event-driven serverless applications, and looks into
// them while they run.
//
// signalbox serve is the server. The other verbs are its clients: they ask the
// AWS wire APIs, or what the console's API under /_signalbox/ answers, and show
// it to a person, or as JSON to a script. There is no logic here: each verb
// reads its flags, asks (package remote), and writes (package show); how things
// look is in the file named for the verb.
//
// Exit codes: 0 it is so, or it is done; 1 it is not so, or it failed; 2 the
// command line is wrong; 3 the server cannot be reached.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

// version is set when a binary is built for release.
var version = "dev"

func main() {
	clk := clock.Real()
	begun := clk.Now()
	sys := &system{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, clock: clk, begun: begun}
	os.Exit(run(sys, os.Args[1:]))
}

// grammar is the command line.
type grammar struct {
	Serve      serveVerb      `cmd:"" group:"run" help:"Run Signalbox."`
	Ls         lsVerb         `cmd:"" group:"look" help:"Show what exists and how it does."`
	Tail       tailVerb       `cmd:"" group:"look" help:"Watch the events of a bus, live."`
	Trace      traceVerb      `cmd:"" group:"look" help:"Show the journey of an event."`
	Explain    explainVerb    `cmd:"" group:"look" help:"Say why a rule matches an event, or why not."`
	Logs       logsVerb       `cmd:"" group:"look" help:"Show a log group."`
	Runtimes   runtimesVerb   `cmd:"" group:"run" help:"Show what functions run with, and install it ahead."`
	Deploy     deployVerb     `cmd:"" group:"act" help:"Make or change a stack of a CloudFormation template's resources."`
	Invoke     invokeVerb     `cmd:"" group:"act" help:"Call a function."`
	Send       sendVerb       `cmd:"" group:"act" help:"Put events on a bus."`
	Redrive    redriveVerb    `cmd:"" group:"act" help:"Send dead letters back to their targets."`
	Coverage   coverageVerb   `cmd:"" group:"about" help:"Show what of AWS is implemented."`
	Completion completionVerb `cmd:"" group:"about" help:"Print the completion script of a shell."`
	Version    versionVerb    `cmd:"" group:"about" help:"Print the version."`
}

const description = `Signalbox runs event-driven serverless applications over the AWS wire APIs.

Exit codes: 0 yes or done; 1 no or failed; 2 wrong usage; 3 the server cannot be reached.`

// parser reads the command line. exit is called when help was printed.
func parser(sys *system, g *grammar, leave func(int)) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("signalbox"), kong.Description(description), kong.Writers(sys.out, sys.err), kong.Exit(leave),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100, NoExpandSubcommands: true}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "run", Title: "Run:"}, {Key: "look", Title: "Look:"}, {Key: "act", Title: "Act:"}, {Key: "about", Title: "About:"},
			{Key: "server", Title: "Which Signalbox:"},
		}),
		kong.Vars{"data": defaultData(sys.env)},
	)
}

// run is the whole command but for its process.
func run(sys *system, args []string) (code int) {
	type leave struct{ code int }
	defer func() {
		if p := recover(); p != nil {
			l, ok := p.(leave)
			if !ok {
				panic(p)
			}
			code = l.code
		}
	}()
	var g grammar
	k, err := parser(sys, &g, func(code int) { panic(leave{code}) })
	if err != nil {
		return sys.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := k.Parse(args)
	if err != nil {
		return sys.fail(wrongUsage(err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills
	parsed.BindTo(ctx, (*context.Context)(nil))
	return sys.fail(parsed.Run(sys))
}

// system is what the command gets from its process.
type system struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	clock    clock.Clock
	begun    time.Time // when the process began
}

// errNo ends a verb that has said already what is not so.
var errNo = errors.New("no")

func wrongUsage(err error) error {
	hint := "signalbox --help lists the verbs"
	if p, ok := errors.AsType[*kong.ParseError](err); ok && p.Context != nil {
		if n := p.Context.Selected(); n != nil {
			hint = "signalbox " + n.Name + " --help shows how it is used"
		}
	}
	return &exit.Failure{Code: exit.Usage, Err: err, Hint: hint}
}

// fail tells of an error and gives its exit code.
func (sys *system) fail(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, errNo) {
		return exit.No
	}
	code, hint := exit.No, ""
	if f, ok := errors.AsType[*exit.Failure](err); ok {
		code, hint = f.Code, f.Hint
	}
	// There is nowhere else to tell of it.
	s := show.On(sys.err, show.Format{Color: "auto"}, sys.env)
	_, _ = fmt.Fprintf(sys.err, "%s %s\n", s.Bad("signalbox:"), err)
	if hint != "" {
		_, _ = fmt.Fprintln(sys.err, s.Faint("  "+hint))
	}
	return code
}
