package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
)

// draft is an event as people write it: as an entry of PutEvents ("Source",
// "Detail" a text), or as the event itself ("source", "detail" an object).
type draft struct {
	entry entry
	whole json.RawMessage // the event itself, where it was written so
}

// entry is an entry of PutEvents.
type entry struct {
	Source       string       `json:",omitempty"`
	DetailType   string       `json:",omitempty"`
	Detail       string       `json:",omitempty"`
	EventBusName string       `json:",omitempty"`
	Resources    []string     `json:",omitempty"`
	Time         *json.Number `json:",omitempty"` // seconds since 1970
	TraceHeader  string       `json:",omitempty"`
}

// UnmarshalJSON reads either form. Members that neither has are refused where
// they would be lost.
func (d *draft) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if members == nil {
		return fmt.Errorf("an event is a JSON object, not %s", show.Clip(string(text), 40))
	}
	_, source := members["source"]
	_, detail := members["detail"]
	_, kind := members["detail-type"]
	if source || detail || kind {
		d.whole = bytes.Clone(text)
		return d.readEvent(members)
	}
	return d.readEntry(members)
}

func (d *draft) readEntry(members map[string]json.RawMessage) error {
	for name, value := range members {
		var err error
		switch name {
		case "Source":
			err = json.Unmarshal(value, &d.entry.Source)
		case "DetailType":
			err = json.Unmarshal(value, &d.entry.DetailType)
		case "Detail":
			d.entry.Detail, err = detailText(value)
		case "EventBusName":
			err = json.Unmarshal(value, &d.entry.EventBusName)
		case "Resources":
			err = json.Unmarshal(value, &d.entry.Resources)
		case "Time":
			d.entry.Time, err = seconds(value)
		case "TraceHeader":
			err = json.Unmarshal(value, &d.entry.TraceHeader)
		default:
			return fmt.Errorf("member %q is neither one of PutEvents' entries (Source, DetailType, Detail, …) nor of events (source, detail-type, detail, …)", name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// readEvent takes what PutEvents takes; the rest (id, account, region) is given
// by the bus that the event comes to.
func (d *draft) readEvent(members map[string]json.RawMessage) error {
	for name, value := range members {
		var err error
		switch name {
		case "source":
			err = json.Unmarshal(value, &d.entry.Source)
		case "detail-type":
			err = json.Unmarshal(value, &d.entry.DetailType)
		case "detail":
			d.entry.Detail, err = detailText(value)
		case "resources":
			err = json.Unmarshal(value, &d.entry.Resources)
		case "time":
			d.entry.Time, err = seconds(value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// detailText is a detail as PutEvents takes it: JSON in a string.
func detailText(value json.RawMessage) (string, error) {
	if len(value) > 0 && value[0] == '"' {
		var text string
		err := json.Unmarshal(value, &text)
		return text, err
	}
	return string(value), nil
}

// envelope is the event as a pattern sees it.
func (d *draft) envelope() ([]byte, error) {
	if d.whole != nil {
		return d.whole, nil
	}
	e := &d.entry
	detail := json.RawMessage(e.Detail)
	if e.Detail == "" {
		detail = json.RawMessage("{}")
	}
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	text, err := json.Marshal(map[string]any{
		"version": "0", "source": e.Source, "detail-type": e.DetailType, "detail": detail, "resources": resources,
	})
	if err != nil {
		return nil, exit.Failed("", "the event's Detail is no JSON: %w", err)
	}
	return text, nil
}

// maxInput bounds what is read of an event from the standard input, in bytes.
const maxInput = 4 << 20

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("it has more than %d bytes", maxInput)
	}
	return text, err
}

// drafts reads events one after another: one object, an array of objects, or
// objects one after another, as in JSON lines.
type drafts struct {
	text  *bufio.Reader
	dec   *json.Decoder // nil before the first
	array bool
	n     int
}

func newDrafts(r io.Reader) *drafts { return &drafts{text: bufio.NewReader(r)} }

// next is the next event, or io.EOF.
func (d *drafts) next() (*draft, error) {
	if d.dec == nil {
		if err := d.begin(); err != nil {
			return nil, err
		}
	}
	if d.array && !d.dec.More() {
		if _, err := d.dec.Token(); err != nil { // the array's end
			return nil, d.wrong(err)
		}
		return nil, io.EOF
	}
	var e draft
	if err := d.dec.Decode(&e); err != nil {
		if err == io.EOF && !d.array {
			return nil, io.EOF
		}
		return nil, d.wrong(err)
	}
	d.n++
	return &e, nil
}

func (d *drafts) wrong(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return exit.Failed("", "reading event %d: %w", d.n+1, err)
}

// begin finds out whether it is an array.
func (d *drafts) begin() error {
	for {
		c, err := d.text.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return exit.Failed("", "reading events: %w", err)
		}
		if strings.IndexByte(" \t\r\n", c) >= 0 {
			continue
		}
		d.array = c == '['
		if err := d.text.UnreadByte(); err != nil {
			return exit.Failed("", "reading events: %w", err)
		}
		break
	}
	d.dec = json.NewDecoder(d.text)
	if d.array {
		if _, err := d.dec.Token(); err != nil {
			return d.wrong(err)
		}
	}
	return nil
}

// seconds is a time as PutEvents takes it, from text in the form of RFC 3339 or
// from seconds.
func seconds(value json.RawMessage) (*json.Number, error) {
	if len(value) > 0 && value[0] != '"' {
		var n json.Number
		if err := json.Unmarshal(value, &n); err != nil {
			return nil, errors.New("it is no time in the form 2026-01-31T12:00:00Z, nor seconds since 1970")
		}
		return &n, nil
	}
	var t time.Time
	if err := json.Unmarshal(value, &t); err != nil {
		return nil, errors.New("it is no time in the form 2026-01-31T12:00:00Z")
	}
	return timeNumber(t), nil
}

func timeNumber(t time.Time) *json.Number {
	return new(json.Number(strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)))
}
