package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/wire"
)

// DeadLetter is an event that was given up, with what its dead-letter queue
// says of it.
type DeadLetter struct {
	Event     []byte // as it was matched
	RuleARN   string
	TargetARN string
	Queue     string // ARN of the queue it lies in
}

// ErrNoWayBack is what Redrive wraps where a dead letter has no target to go to.
var ErrNoWayBack = errors.New("no target to go back to")

// Redrive hands a dead letter to the target that it was meant for, past the
// rule's pattern, with the rule's retries and a new age. It is durable when
// Redrive returns, and may then be taken out of its queue.
func (s *Service) Redrive(ctx context.Context, d DeadLetter) error {
	stay := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrNoWayBack, fmt.Sprintf(format, args...))
	}
	if d.RuleARN == "" || d.TargetARN == "" {
		return stay("the message is no dead letter of a rule")
	}
	r := s.ruleByARN(d.RuleARN)
	if r == nil {
		return stay("the rule %s does not exist any more", d.RuleARN)
	}
	id, reason := r.targetOf(d)
	if reason != "" {
		return stay("%s", reason)
	}
	var event struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(d.Event, &event); err != nil || event.ID == "" {
		return stay("the message is no event")
	}
	b, err := s.bus(ctx, new(r.busARN()))
	if err != nil {
		return stay("%s", err)
	}
	return s.Hub.Submit(ctx, b.log(), subscriptionID(r, id), delivery.Event{ID: event.ID, Ingested: s.Clock.Now(), Data: d.Event})
}

// targetOf is the id of the rule's target that gave the event up. Of several
// with the same ARN it is the one whose dead-letter queue it is.
func (r *rule) targetOf(d DeadLetter) (id, reason string) {
	var same, mine []string
	for _, t := range r.Targets {
		if *t.Arn != d.TargetARN {
			continue
		}
		same = append(same, *t.Id)
		if t.DeadLetterConfig != nil && wire.Value(t.DeadLetterConfig.Arn) == d.Queue {
			mine = append(mine, *t.Id)
		}
	}
	switch {
	case len(same) == 0:
		return "", fmt.Sprintf("the rule %s has no target %s any more", r.Name, d.TargetARN)
	case len(same) == 1:
		return same[0], ""
	case len(mine) == 1:
		return mine[0], ""
	}
	return "", fmt.Sprintf("the rule %s has several targets %s: %s", r.Name, d.TargetARN, strings.Join(same, ", "))
}

// ruleByARN finds a rule by its ARN, nil where there is none.
func (s *Service) ruleByARN(text string) *rule {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	kind, name := a.Split()
	if kind != "rule" {
		return nil
	}
	bus := defaultBus
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		bus, name = name[:i], name[i+1:]
	}
	return s.rules.Get(wire.ScopeOfARN(a).Key(bus, name))
}
