package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/gateway"
	"github.com/signalbox/signalbox/server"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"signalbox": main})
}

// TestScripts runs the command against a real server. Besides what testscript
// has, scripts may say:
//
//	server [required]        start a server, and let the command find it
//	server watch DIR         start one that watches a folder of functions' source
//	aws SERVICE OP JSON      call an operation
//	receiver NAME STATUS…    an HTTP receiver at $NAME_URL that answers these, the last for ever;
//	                         503/60 asks to be left alone for a minute
//	until TEXT COMMAND…      run a command until its output has the text
//	plain                    the last output, with the same ids, times and ports in every run
//	plain -loose             the same, and durations and white space
//	exits CODE COMMAND…      run a command that ends with this exit code
//	capture NAME             keep the last output in a variable
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("SIGNALBOX_ENDPOINT", "http://127.0.0.1:1")
			e.Setenv("NOW_MS", strconv.FormatInt(time.Now().UnixMilli(), 10))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startServer, "aws": callAWS, "receiver": startReceiver, "until": until, "plain": plain, "exits": exits, "capture": capture,
		},
	})
}

func startServer(ts *testscript.TestScript, _ bool, args []string) {
	c := server.Config{Listen: "127.0.0.1:0", Data: ts.MkAbs("data"), Version: "test"}
	if len(args) == 2 && args[0] == "watch" {
		c.Watch = ts.MkAbs(args[1])
	} else if len(args) > 0 {
		c.Auth, c.AccessKey, c.SecretKey = gateway.Required, "admin", "secret-key"
		ts.Setenv("AWS_ACCESS_KEY_ID", c.AccessKey)
		ts.Setenv("AWS_SECRET_ACCESS_KEY", c.SecretKey)
	}
	s, err := server.Start(context.Background(), c)
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Close(context.Background())) })
	ts.Setenv("SIGNALBOX_ENDPOINT", s.URL())
}

// targetsOf are the prefixes of X-Amz-Target.
var targetsOf = map[string]string{"events": "AWSEvents", "sqs": "AmazonSQS", "logs": "Logs_20140328"}

func callAWS(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: aws SERVICE OPERATION JSON")
	}
	r := remote.Flags{Endpoint: ts.Getenv("SIGNALBOX_ENDPOINT")}
	c, err := r.Client(ts.Getenv, clock.Real())
	ts.Check(err)
	var out json.RawMessage
	err = c.Call(context.Background(), args[0], targetsOf[args[0]]+"."+args[1], json.RawMessage(os.Expand(args[2], ts.Getenv)), &out)
	if neg == (err == nil) {
		ts.Fatalf("%s: %v", args[1], err)
	}
	ts.Logf("%s", out)
	// ARNs that are made with a UUID are needed again.
	var made struct{ ConnectionArn, ApiDestinationArn string }
	_ = json.Unmarshal(out, &made)
	for name, value := range map[string]string{"CONNECTION": made.ConnectionArn, "DESTINATION": made.ApiDestinationArn} {
		if value != "" {
			ts.Setenv(name, value)
		}
	}
}

func startReceiver(ts *testscript.TestScript, _ bool, args []string) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := min(int(calls.Add(1)), len(args)-1)
		text, later, _ := strings.Cut(args[n], "/")
		if later != "" {
			w.Header().Set("Retry-After", later)
		}
		status, err := strconv.Atoi(text)
		if err != nil {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
	}))
	ts.Defer(s.Close)
	ts.Setenv(args[0]+"_URL", s.URL)
}

// maxTries bounds until; each try is a process of its own.
const maxTries = 300

func until(ts *testscript.TestScript, _ bool, args []string) {
	for range maxTries {
		if ts.Exec(args[1], args[2:]...); strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
	}
	ts.Fatalf("%v never says %q", args[1:], args[0])
}

// vague are the parts of outputs that differ from run to run.
var vague = []struct {
	is   *regexp.Regexp
	told string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "00000000-0000-0000-0000-000000000000"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d`), "2026-01-31"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d+)?`), "12:00:00.000"},
	{regexp.MustCompile(`(localhost|127\.0\.0\.1):\d+`), "$1:45660"},
	{regexp.MustCompile(`\((now|\d+ s ago)\)`), "(now)"},
	{regexp.MustCompile(`, (now|\d+ s ago)\)`), ", now)"},
}

var vaguer = []struct {
	is   *regexp.Regexp
	told string
}{
	{regexp.MustCompile(`[\d.]+ m?s\b`), "1 ms"},
	{regexp.MustCompile(`("\w+(Ms|Time|timestamp)"): [\d.]+`), "$1: 1"},
	{regexp.MustCompile(`[ \t]+`), " "},
}

// plain makes of the last output what does not differ from run to run, for cmp.
func plain(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	rules := vague
	if len(args) > 0 && args[0] == "-loose" {
		rules = append(rules[:len(rules):len(rules)], vaguer...)
	}
	for _, r := range rules {
		text = r.is.ReplaceAllString(text, r.told)
	}
	_, err := ts.Stdout().Write([]byte(text))
	ts.Check(err)
}

// capture keeps the last output in a variable.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("%v ends with exit code %d, not %s", args[1:], code, args[0])
	}
}
