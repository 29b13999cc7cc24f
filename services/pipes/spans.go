package pipes

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/signalbox/signalbox/services/lambda/sources"
	"github.com/signalbox/signalbox/trace"
)

// spans are those of a batch's records: what is sent on of a record belongs
// under its span. A nil one has none.
type spans struct {
	journal *trace.Journal
	headers []trace.Header // of what is sent on
	list    []trace.Span
}

// begin begins the spans of a batch. A record that came with no trace has one
// of its own.
func (f *flow) begin(records []json.RawMessage) *spans {
	if f.s.Traces == nil {
		return nil
	}
	b := &spans{journal: f.s.Traces}
	now := f.s.Clock.Now()
	for _, r := range records {
		var id struct {
			EventID   string `json:"eventID"`
			MessageID string `json:"messageId"`
		}
		_ = json.Unmarshal(r, &id) // a record without an id cannot be found by it
		var text string
		if f.s.TraceOf != nil {
			text = f.s.TraceOf(r)
		}
		h, ok := trace.Parse(text)
		name := cmp.Or(id.EventID, id.MessageID)
		if !ok {
			h = trace.OfEvent("", name, now)
			h.Parent = ""
		}
		s := trace.Span{
			Root: h.Root, ID: trace.NewSpan(), Parent: h.Parent, Kind: trace.Pipe, Name: f.pipe.Name, Resource: f.pipe.arn(), Start: now, Note: f.pipe.Target,
			Refers: []string{name},
		}
		b.list, b.headers = append(b.list, s), append(b.headers, h.Under(s.ID))
	}
	return b
}

// header is the header for what is sent on of a record; of all, that of the first.
func (b *spans) header(i int) string {
	if b == nil || i >= len(b.headers) {
		return ""
	}
	return b.headers[i].String()
}

// of is the header for one of n events that were made of the records.
func (b *spans) of(i, n int) string {
	if b != nil && n != len(b.headers) {
		i = 0 // the enrichment has made others of them
	}
	return b.header(i)
}

// end notes what became of the batch.
func (b *spans) end(answer sources.Answer, err error) {
	if b == nil {
		return
	}
	failure := answer.Error
	if err != nil {
		failure = err.Error()
	}
	now := b.journal.Now()
	for _, s := range b.list {
		s.Duration, s.Error = max(now.Sub(s.Start), time.Duration(0)), failure
		b.journal.Add(s)
	}
}
