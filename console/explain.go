package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/services/events"
)

// ExplainRequest asks why a rule matches an event or not. The event is given
// whole, or by its id on the rule's bus.
type ExplainRequest struct {
	Bus     string          `json:"bus,omitempty"` // name or ARN; empty: the default bus
	Rule    string          `json:"rule"`
	Event   json.RawMessage `json:"event,omitempty"`
	EventID string          `json:"eventId,omitempty"`
}

// Explanation says, member by member, why a pattern matches an event or not.
type Explanation struct {
	Rule    string          `json:"rule,omitempty"` // name; absent where a pattern was asked about
	Bus     string          `json:"bus,omitempty"`  // name
	State   string          `json:"state,omitempty"`
	Targets *int            `json:"targets,omitempty"` // how many the rule has
	Pattern json.RawMessage `json:"pattern,omitempty"`
	Matched bool            `json:"matched"`
	// Reason is what decided if it was no single member.
	Reason string `json:"reason,omitempty"`
	// Branches is how many combinations the $or of the pattern make.
	Branches int      `json:"branches"`
	Members  []Member `json:"members"`
}

// Member is what became of one member of a pattern.
type Member struct {
	Path    string            `json:"path"`
	Matched bool              `json:"matched"`
	Wanted  json.RawMessage   `json:"wanted"`
	Found   []json.RawMessage `json:"found"`
	// Alternative is the one of Wanted that matched.
	Alternative json.RawMessage `json:"alternative,omitempty"`
	Reason      string          `json:"reason,omitempty"`
}

// Explain explains a pattern without a server.
func Explain(p *pattern.Pattern, event []byte) (Explanation, error) {
	e, err := pattern.Explain(p, event)
	if err != nil {
		return Explanation{}, err
	}
	out := newExplanation(e)
	out.Pattern = raw(p.String())
	return out, nil
}

func newExplanation(e pattern.Explanation) Explanation {
	out := Explanation{Matched: e.Matched, Reason: e.Reason, Branches: e.Branches, Members: make([]Member, len(e.Members))}
	for i, m := range e.Members {
		found := make([]json.RawMessage, len(m.Found))
		for k, v := range m.Found {
			found[k] = raw(v)
		}
		out.Members[i] = Member{Path: m.Path, Matched: m.Matched, Wanted: raw(m.Wanted), Found: found, Alternative: raw(m.Alternative), Reason: m.Reason}
	}
	return out
}

// raw is a text that is JSON, or else the text as a JSON string.
func raw(text string) json.RawMessage {
	switch {
	case text == "":
		return nil
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	quoted, _ := json.Marshal(text) // of a string
	return quoted
}

func explanationOf(e events.RuleExplanation) Explanation {
	out := newExplanation(e.Explanation)
	out.Rule, out.Bus, out.State, out.Pattern = e.Name, e.Bus, e.State, raw(e.Pattern)
	out.Targets = &e.Targets
	return out
}

func (s *Console) explain(ctx context.Context, _ *http.Request, body []byte) (any, error) {
	var in ExplainRequest
	if err := read(body, &in); err != nil {
		return nil, err
	}
	if in.Rule == "" {
		return nil, badRequest("rule is missing")
	}
	if in.Event == nil {
		log, err := s.Events.LogOf(ctx, in.Bus)
		if err != nil {
			return nil, err
		}
		seen, err := s.Hub.Find(ctx, log, in.EventID)
		if errors.Is(err, engine.ErrNotFound) {
			return nil, noEvent(in.EventID)
		}
		if err != nil {
			return nil, err
		}
		in.Event = seen.Envelope
	}
	e, err := s.Events.ExplainRule(ctx, in.Bus, in.Rule, in.Event)
	if err != nil {
		return nil, err
	}
	return explanationOf(e), nil
}
