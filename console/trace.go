package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/hub/journey"
	"github.com/signalbox/signalbox/services/events"
)

// Trace is the journey of an event, and all of the trace that it belongs to.
// Asked for by another id (a trace's, a request's, a stream record's), it has
// the trace alone.
type Trace struct {
	EventID  string          `json:"eventId,omitempty"`
	Received time.Time       `json:"received,omitzero"`
	Event    json.RawMessage `json:"event,omitempty"`
	Steps    []Step          `json:"steps,omitempty"`
	TraceID  string          `json:"traceId,omitempty"`
	Tree     []*Node         `json:"tree,omitempty"` // what set off what, the earliest first
	// Missed are rules of the event's buses, as they are now, that do not
	// match it, are disabled, or have no targets, the nearest to a match
	// first: told where no rule matched, or where asked.
	Missed []Explanation `json:"missed,omitempty"`
	// MissedMore is how many more there are.
	MissedMore int `json:"missedMore,omitempty"`
	// Refusals are what IAM's policies do not allow of the event's way.
	Refusals []Refusal `json:"refusals,omitempty"`
}

// Step is one step of a journey, its Type in the words of EventBridge's event
// bus log schema. Members that say nothing about a step of its Type are absent.
type Step struct {
	Type        journey.Type `json:"type"`
	Time        time.Time    `json:"time"`
	Bus         string       `json:"bus"`              // ARN
	Rule        string       `json:"rule,omitempty"`   // ARN
	Target      string       `json:"target,omitempty"` // ARN
	Targets     []string     `json:"targets,omitempty"`
	Invocation  string       `json:"invocationId,omitempty"`
	Attempt     int          `json:"attempt,omitempty"`
	AttemptType string       `json:"attemptType,omitempty"`
	Status      string       `json:"status,omitempty"`
	HTTPStatus  int          `json:"httpStatus,omitempty"`
	Message     string       `json:"message,omitempty"`
	// Milliseconds, of the attempt and from the event's receipt on.
	Duration   float64 `json:"durationMs,omitempty"`
	ToComplete float64 `json:"ingestionToCompleteMs,omitempty"`
}

// maxMissed bounds the rules that a trace explains.
const maxMissed = 50

func (s *Console) trace(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	id := r.PathValue("event")
	steps, err := s.Hub.Trace(ctx, id)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return nil, err
	}
	spans, err := s.spansOf(ctx, id, steps)
	if err != nil {
		return nil, err
	}
	if len(steps)+len(spans) == 0 {
		return nil, noEvent(id)
	}
	t := &Trace{Steps: make([]Step, len(steps))}
	if len(spans) > 0 {
		t.TraceID = spans[0].Root
		if t.Tree, err = s.tree(ctx, spans); err != nil {
			return nil, err
		}
	}
	if len(steps) == 0 {
		return t, nil
	}
	t.EventID = id
	unmatched := map[string]bool{} // buses on which no rule matched
	var buses []string
	for i, st := range steps {
		t.Steps[i] = stepOf(st)
		switch st.Type {
		case journey.EventReceipt:
			buses = append(buses, st.Bus)
			if t.Event == nil {
				t.Event, t.Received = json.RawMessage(st.Event), st.Time
			}
		case journey.NoStandardRulesMatched:
			unmatched[st.Bus] = true
		}
	}
	t.Refusals = s.refusalsOf(t)
	why := r.URL.Query().Get("why") != ""
	for _, bus := range buses {
		if unmatched[bus] || why {
			if err := s.addMissed(ctx, t, bus); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func noEvent(id string) error {
	return &Error{Code: "NotFound", Message: fmt.Sprintf("no event bus has the event %s, and no trace knows it, or not any more", id), status: http.StatusNotFound}
}

func stepOf(st journey.Step) Step {
	return Step{
		Type: st.Type, Time: st.Time, Bus: st.Bus, Rule: st.Rule, Target: st.Target, Targets: st.Targets, Invocation: st.Invocation,
		Attempt: st.Attempt, AttemptType: st.AttemptType, Status: st.Status, HTTPStatus: st.HTTPStatus, Message: st.Message,
		Duration: milliseconds(st.Duration), ToComplete: milliseconds(st.ToComplete),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (s *Console) addMissed(ctx context.Context, t *Trace, bus string) error {
	rules, err := s.Events.ExplainRules(ctx, bus, t.Event)
	if err != nil {
		return err
	}
	for _, e := range rules {
		switch {
		case e.Matched && e.State == events.RuleStateEnabled && e.Targets > 0:
		case len(t.Missed) == maxMissed:
			t.MissedMore++
		default:
			t.Missed = append(t.Missed, explanationOf(e))
		}
	}
	return nil
}
