package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/pattern"
)

// Seen is an event on a bus, as the live stream has it.
type Seen struct {
	Received time.Time       `json:"received"`
	Event    json.RawMessage `json:"event"`
}

// tail streams the events of a bus until the caller goes or Signalbox stops:
// those that come from now on, or from a time on (since, RFC 3339).
func (s *Console) tail(w http.ResponseWriter, r *http.Request) {
	ctx, _, err := s.admit(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	q := r.URL.Query()
	log, err := s.Events.LogOf(ctx, q.Get("bus"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	var p *pattern.Pattern
	if text := q.Get("pattern"); text != "" {
		if p, err = pattern.Parse([]byte(text)); err != nil {
			s.refuse(w, r, badRequest("%s", err))
			return
		}
	}
	from := hub.Latest()
	if text := q.Get("since"); text != "" {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			s.refuse(w, r, badRequest("since is no time in the form of RFC 3339: %s", text))
			return
		}
		from = hub.Since(t)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	s.stream(ctx, w, r, s.Hub.Tail(ctx, log, p, from))
}

func (s *Console) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, events func(func(hub.Seen, error) bool)) {
	out := http.NewResponseController(w)
	// The server's time-out is for callers who are slow to ask.
	_ = out.SetReadDeadline(time.Time{})
	before, after, kind := "", "\n", "application/x-ndjson"
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		before, after, kind = "data: ", "\n\n", "text/event-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if out.Flush() != nil {
		return
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	for seen, err := range events {
		if err != nil {
			if ctx.Err() == nil {
				s.Logger.Error("console: live events", "error", err)
			}
			return
		}
		line.Reset()
		if err := enc.Encode(Seen{Received: seen.Ingested, Event: seen.Envelope}); err != nil {
			s.Logger.Error("console: live events", "bus", seen.Bus, "position", seen.Position, "error", err)
			continue
		}
		text := before + strings.TrimSuffix(line.String(), "\n") + after
		if _, err := w.Write([]byte(text)); err != nil || out.Flush() != nil {
			return
		}
	}
}
