package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

type sendVerb struct {
	File       string    `arg:"" optional:"" placeholder:"FILE" help:"Events as JSON: one, an array, or one a line; - is the standard input."`
	Bus        string    `short:"b" placeholder:"NAME" help:"The event bus, by name or ARN. Default: what the event says, or default."`
	Source     string    `short:"s" placeholder:"TEXT" help:"Who it is from, such as shop.orders."`
	DetailType string    `short:"t" placeholder:"TEXT" help:"What happened, such as Order created."`
	Detail     string    `short:"d" xor:"detail" placeholder:"JSON" help:"The event's detail, a JSON object."`
	DetailFile string    `xor:"detail" placeholder:"FILE" help:"Or the file that it is in; - is the standard input."`
	Resource   []string  `placeholder:"ARN" sep:"none" help:"What it is about; may be given more than once."`
	Time       time.Time `placeholder:"TIME" help:"When it happened (RFC 3339). Default: now."`
	Trace      string    `placeholder:"TEXT" help:"The X-Ray trace header."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (sendVerb) Help() string {
	return `The event comes from flags, or events come from a file or the standard input, written as PutEvents has them ("Source", "DetailType", "Detail") or as events are ("source", "detail-type", "detail"). Flags go before what a file says. The ids are printed, one a line; what was refused is told on the standard error, and is exit code 1.

Examples:

    signalbox send --source shop --detail-type "Order created" --detail '{"order_id": "A-1"}'
    signalbox send order.json --bus orders
    generate-orders | signalbox send - --bus orders`
}

// Run sends, ten events in a call.
func (v *sendVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	next, in, err := v.source(sys)
	if err != nil {
		return err
	}
	if in != nil {
		defer in.Close()
	}
	s := &sender{verb: v, client: c, sys: sys, screen: show.On(sys.out, v.Format, sys.env), notes: show.On(sys.err, v.Format, sys.env), input: in, begun: sys.clock.Now()}
	for {
		d, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			_ = s.flush(ctx) // what was read is sent; the error that counts is err
			s.clear()
			return err
		}
		if err := s.add(ctx, v.complete(d)); err != nil {
			return err
		}
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	return s.end()
}

// source is where the events come from: the flags, or a file.
func (v *sendVerb) source(sys *system) (next func() (*draft, error), in *input, err error) {
	if v.File == "" {
		d, err := v.fromFlags(sys)
		done := false
		return func() (*draft, error) {
			if done {
				return nil, io.EOF
			}
			done = true
			return d, nil
		}, nil, err
	}
	if v.Detail != "" || v.DetailFile != "" {
		return nil, nil, exit.Misused("leave out the file, or the flag", "events of a file have a detail of their own")
	}
	if in, err = openInput(sys, v.File); err != nil {
		return nil, nil, err
	}
	return newDrafts(in).next, in, nil
}

func (v *sendVerb) fromFlags(sys *system) (*draft, error) {
	if v.Source == "" || v.DetailType == "" || v.Detail == "" && v.DetailFile == "" {
		return nil, exit.Misused("signalbox send --help shows examples", "an event needs --source, --detail-type and --detail; or name a file, or - for the standard input")
	}
	d := &draft{entry: entry{Detail: v.Detail}}
	if v.DetailFile != "" {
		in, err := openInput(sys, v.DetailFile)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		text, err := readAll(in)
		if err != nil {
			return nil, exit.Failed("", "reading the detail: %w", err)
		}
		d.entry.Detail = string(text)
	}
	return d, nil
}

// complete lets flags go before what the event says.
func (v *sendVerb) complete(d *draft) *entry {
	e := &d.entry
	for _, f := range []struct {
		flag string
		to   *string
	}{{v.Bus, &e.EventBusName}, {v.Source, &e.Source}, {v.DetailType, &e.DetailType}, {v.Trace, &e.TraceHeader}} {
		if f.flag != "" {
			*f.to = f.flag
		}
	}
	if len(v.Resource) > 0 {
		e.Resources = v.Resource
	}
	if !v.Time.IsZero() {
		e.Time = timeNumber(v.Time)
	}
	return e
}

// input is a file that knows how far it was read.
type input struct {
	io.ReadCloser
	size int64 // 0: not known
	read int64
}

func openInput(sys *system, name string) (*input, error) {
	if name == "-" {
		return &input{ReadCloser: io.NopCloser(sys.in)}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, exit.Misused("- is the standard input", "reading events: %w", err)
	}
	in := &input{ReadCloser: f}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		in.size = info.Size()
	}
	return in, nil
}

// Read implements [io.Reader].
func (i *input) Read(p []byte) (int, error) {
	n, err := i.ReadCloser.Read(p)
	i.read += int64(n)
	return n, err
}

// The bounds of one call of PutEvents.
const (
	maxEntries = 10
	maxBytes   = 1 << 20
)

// sender puts entries in batches and tells what became of them.
type sender struct {
	verb          *sendVerb
	client        *remote.Client
	sys           *system
	screen, notes *show.Screen
	input         *input // nil: the event came from flags
	begun         time.Time

	batch        []*entry
	size         int // of batch, in bytes
	sent, failed int
	drawn        time.Time // when the progress bar was
}

func (s *sender) add(ctx context.Context, e *entry) error {
	size := len(e.Source) + len(e.DetailType) + len(e.Detail) + 64
	if len(s.batch) == maxEntries || len(s.batch) > 0 && s.size+size > maxBytes {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	s.batch = append(s.batch, e)
	s.size += size
	return nil
}

// sentEntry is what a script gets to know of an event.
type sentEntry struct {
	Entry   int    `json:"entry"` // its number, from 1 on
	EventID string `json:"eventId,omitempty"`
	Code    string `json:"errorCode,omitempty"`
	Message string `json:"errorMessage,omitempty"`
}

func (s *sender) flush(ctx context.Context) error {
	if len(s.batch) == 0 {
		return nil
	}
	var out struct {
		Entries []struct{ EventId, ErrorCode, ErrorMessage string }
	}
	err := s.client.Call(ctx, "events", "AWSEvents.PutEvents", map[string]any{"Entries": s.batch}, &out)
	if err == nil && len(out.Entries) != len(s.batch) {
		err = fmt.Errorf("PutEvents answered for %d of %d entries", len(out.Entries), len(s.batch))
	}
	if err != nil {
		s.clear()
		if s.sent > 0 {
			err = fmt.Errorf("after %s: %w", show.Plural(s.sent, "event"), err)
		}
		return err
	}
	for i, r := range out.Entries {
		n := s.sent + s.failed + 1
		if r.ErrorCode != "" {
			s.failed++
		} else {
			s.sent++
		}
		if err := s.tell(sentEntry{n, r.EventId, r.ErrorCode, r.ErrorMessage}, s.batch[i]); err != nil {
			return err
		}
	}
	s.batch, s.size = s.batch[:0], 0
	s.progress()
	return nil
}

// tell writes what became of an entry. A person does not want the ids of all
// the events of a file.
func (s *sender) tell(r sentEntry, e *entry) error {
	if s.verb.JSON() {
		return show.WriteLine(s.sys.out, r)
	}
	if r.Code != "" {
		s.clear()
		return s.notes.Printf("%s entry %d: %s: %s\n", s.notes.Mark(false), r.Entry, r.Code, r.Message)
	}
	if s.screen.Live() && s.input != nil {
		return nil
	}
	return s.screen.Printf("%s\n", r.EventID)
}

// redraw is the least time between two states of the progress bar.
const redraw = 50 * time.Millisecond

func (s *sender) progress() {
	if s.input == nil || !s.notes.Live() || s.verb.JSON() {
		return
	}
	now := s.sys.clock.Now()
	if now.Sub(s.drawn) < redraw {
		return
	}
	s.drawn = now
	// A progress bar that cannot be drawn is no reason to stop.
	_ = s.notes.Printf("\r%s\x1b[K", s.bar(now))
}

// bar is the progress bar: how much of the file is sent, how many events, and
// how many a second.
func (s *sender) bar(now time.Time) string {
	const width = 32
	text := show.Plural(s.sent, "event")
	if took := now.Sub(s.begun).Seconds(); took > 0.2 {
		text += fmt.Sprintf("  %s/s", show.Count(int(float64(s.sent)/took)))
	}
	if s.input.size == 0 {
		return text
	}
	part := min(float64(s.input.read)/float64(s.input.size), 1)
	done := int(part * width)
	return s.notes.Name(bars("█", done)) + s.notes.Faint(bars("░", width-done)) + fmt.Sprintf(" %3.0f %%  %s", part*100, text)
}

func bars(c string, n int) string {
	text := ""
	for range n {
		text += c
	}
	return text
}

// clear takes the progress bar away.
func (s *sender) clear() {
	if !s.drawn.IsZero() {
		_ = s.notes.Printf("\r\x1b[K")
	}
}

// end sums up where there was more than one event.
func (s *sender) end() error {
	s.clear()
	if s.input != nil && !s.verb.JSON() && s.notes.Live() {
		took := s.sys.clock.Now().Sub(s.begun)
		if err := s.notes.Printf("%s %s in %s\n", s.notes.Mark(s.failed == 0), show.Plural(s.sent, "event"), show.Duration(took)); err != nil {
			return err
		}
	}
	if s.failed > 0 {
		return exit.Failed("", "%d of %s not accepted", s.failed, show.Plural(s.sent+s.failed, "event"))
	}
	return nil
}

var _ json.Unmarshaler = (*draft)(nil)
