package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

type invokeVerb struct {
	Name      string `arg:"" help:"The function, by name or ARN."`
	Payload   string `short:"p" default:"{}" placeholder:"JSON" help:"The event: JSON, @FILE, or - for the standard input. Default: {}"`
	Async     bool   `help:"Do not wait for the function: it runs as it does for events, with retries."`
	Qualifier string `short:"q" placeholder:"NAME" help:"A version or alias. Default: $LATEST"`
	Log       bool   `short:"l" help:"Show the last 4 kB of what the function logged, on the standard error."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (invokeVerb) Help() string {
	return `Prints what the function answers. An error of the function is told on the standard error, and is exit code 1; with -o json it is in the answer.

Examples:

    signalbox invoke create-order --payload '{"order_id": "A-1"}' --log
    signalbox invoke create-order --payload @event.json
    generate-event | signalbox invoke create-order --payload - --async`
}

// invocation is what the service tells of one.
type invocation struct {
	Function  string          `json:"function"`
	RequestID string          `json:"requestId"`
	Status    int             `json:"status"`            // of HTTP: 200, or 202 for one that is not waited for
	Version   string          `json:"version,omitempty"` // that ran
	Error     string          `json:"functionError,omitempty"`
	TookMs    float64         `json:"tookMs"`
	Payload   json.RawMessage `json:"payload,omitempty"`
	Log       string          `json:"log,omitempty"`
}

// Run asks and writes.
func (v *invokeVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	event, err := v.event(sys)
	if err != nil {
		return err
	}
	done, err := v.invoke(ctx, sys.clock, c, event)
	if err != nil {
		if remote.IsCode(err, "ResourceNotFoundException") {
			return exit.Failed("signalbox ls shows what exists; check --region, too", "%w", err)
		}
		return err
	}
	if v.JSON() {
		if err := show.WriteJSON(sys.out, done); err != nil {
			return err
		}
	} else if err := v.write(sys, done); err != nil {
		return err
	}
	if done.Error != "" {
		return errNo
	}
	return nil
}

// event is the payload, which must be JSON.
func (v *invokeVerb) event(sys *system) ([]byte, error) {
	text, from, err := []byte(v.Payload), "", error(nil)
	switch name, isFile := strings.CutPrefix(v.Payload, "@"); {
	case v.Payload == "-":
		from = " on the standard input"
		text, err = io.ReadAll(sys.in)
	case isFile:
		from = " in " + name
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, exit.Misused("", "reading the payload: %w", err)
	}
	var event json.RawMessage
	if err := json.Unmarshal(text, &event); err != nil {
		return nil, exit.Misused("@FILE reads a file, - the standard input", "the payload%s is not JSON: %w", from, err)
	}
	return text, nil
}

func (v *invokeVerb) invoke(ctx context.Context, clk clock.Clock, c *remote.Client, event []byte) (*invocation, error) {
	path := "/2015-03-31/functions/" + url.PathEscape(v.Name) + "/invocations"
	if v.Qualifier != "" {
		path += "?" + url.Values{"Qualifier": {v.Qualifier}}.Encode()
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Amz-Invocation-Type": {"RequestResponse"}}
	if v.Async {
		header.Set("X-Amz-Invocation-Type", "Event")
	} else if v.Log {
		header.Set("X-Amz-Log-Type", "Tail")
	}
	begun := clk.Now()
	r, err := c.Send(ctx, "lambda", http.MethodPost, path, header, event)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, c.Unreachable(err)
	}
	took := clk.Now().Sub(begun)
	tail, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Amz-Log-Result"))
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	done := &invocation{
		Function: v.Name, RequestID: r.Header.Get("X-Amzn-Requestid"), Status: r.StatusCode, Version: r.Header.Get("X-Amz-Executed-Version"),
		Error: r.Header.Get("X-Amz-Function-Error"), TookMs: float64(took.Microseconds()) / 1000, Payload: answer, Log: string(tail),
	}
	if !json.Valid(answer) && len(answer) > 0 {
		done.Payload = json.RawMessage(strconv.Quote(string(answer)))
	}
	return done, nil
}

// write shows an answer to a person.
func (v *invokeVerb) write(sys *system, done *invocation) error {
	out, notes := show.On(sys.out, v.Format, sys.env), show.On(sys.err, v.Format, sys.env)
	for line := range strings.Lines(done.Log) {
		if err := notes.Printf("%s\n", show.LogLine(notes, strings.TrimRight(line, "\n"))); err != nil {
			return err
		}
	}
	switch {
	case v.Async:
		if out.Live() {
			return out.Printf("%s accepted as %s\n%s\n", out.Mark(true), out.Name(done.RequestID), out.Faint("  signalbox logs "+v.Name+" --follow shows how it goes"))
		}
		return out.Printf("%s\n", done.RequestID)
	case done.Error != "":
		return v.writeError(notes, done)
	case len(done.Payload) == 0:
		return nil
	case out.Live():
		return out.Printf("%s\n", out.Pretty(done.Payload))
	}
	return out.Printf("%s\n", done.Payload)
}

// writeError tells of a function's error as its runtime wrote it.
func (v *invokeVerb) writeError(s *show.Screen, done *invocation) error {
	var e struct {
		Type    string   `json:"errorType"`
		Message string   `json:"errorMessage"`
		Trace   []string `json:"stackTrace"` // Python's
		Stack   []string `json:"trace"`      // Node's
	}
	// What is no object is shown as it is.
	if err := json.Unmarshal(done.Payload, &e); err != nil || e.Type == "" && e.Message == "" {
		e.Message = string(done.Payload)
	}
	what := e.Message
	if e.Type != "" {
		what = s.Bold(e.Type) + " " + e.Message
	}
	err := s.Printf("%s %s failed: %s\n", s.Bad("✗"), v.Name, what)
	for _, line := range append(e.Trace, e.Stack...) {
		for part := range strings.Lines(line) {
			err = errors.Join(err, s.Printf("%s\n", s.Faint("  "+strings.TrimRight(part, "\n"))))
		}
	}
	if !v.Log {
		err = errors.Join(err, s.Printf("%s\n", s.Faint("  --log shows what it logged, signalbox logs "+v.Name+" all of it")))
	}
	return err
}
