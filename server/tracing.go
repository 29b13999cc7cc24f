package server

import (
	"encoding/json"
	"sync"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/trace"
)

// openTraces opens the journal of traces, where journeys are kept whole: it
// tells what lies between them.
func (s *Server) openTraces(c Config, eng engine.Engine) {
	if c.Journeys != journey.All {
		return
	}
	s.traces = trace.Open(eng.Logs(), trace.Options{Clock: c.Clock, Logger: c.Logger, Retention: c.Retention})
	s.onClose(s.traces.Close)
}

// maxHeaders bounds how many records' trace headers are remembered: many times
// what is read ahead.
const maxHeaders = 10_000

// headers remembers with which trace header records of change streams came,
// from their reading until they are sent on: what pipes and functions get of a
// record does not show it. Its zero value is empty.
type headers struct {
	mu        sync.Mutex // guards what follows
	now, last map[string]string
}

// tell notes a record's header. The oldest are forgotten.
func (h *headers) tell(record, header string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil || len(h.now) >= maxHeaders {
		h.now, h.last = map[string]string{}, h.now
	}
	h.now[record] = header
}

// of is the header that a record came with, of a change stream or a queue.
func (h *headers) of(record []byte) string {
	var r struct {
		EventID    string `json:"eventID"`
		Attributes struct{ AWSTraceHeader string }
	}
	if json.Unmarshal(record, &r) != nil || r.EventID == "" {
		return r.Attributes.AWSTraceHeader
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if header, ok := h.now[r.EventID]; ok {
		return header
	}
	return h.last[r.EventID]
}
