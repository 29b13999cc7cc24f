package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/signalbox/signalbox/access"
	"github.com/signalbox/signalbox/hub/journey"
)

// Refusal is something that IAM's policies do not allow: refused in mode
// enforce, done all the same in mode audit.
type Refusal struct {
	Principal string    `json:"principal"` // ARN, or a service's name
	Action    string    `json:"action"`
	Resource  string    `json:"resource"`
	Source    string    `json:"source,omitempty"` // ARN of what it was done for: a rule
	Why       string    `json:"why"`
	Enforced  bool      `json:"enforced"`
	Count     int       `json:"count"` // since Signalbox was started
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

func (s *Console) listRefusals() []Refusal {
	list := []Refusal{}
	if s.Refusals == nil {
		return list
	}
	for _, r := range s.Refusals() {
		list = append(list, Refusal(r))
	}
	return list
}

func (s *Console) refusals(context.Context, *http.Request, []byte) (any, error) {
	return s.listRefusals(), nil
}

// refusalsOf are what policies do not allow of an event's way: of the rules that
// matched it, since it came.
func (s *Console) refusalsOf(t *Trace) []Refusal {
	rules := map[string]bool{}
	for _, st := range t.Steps {
		if st.Type == journey.RuleMatch || st.Target != "" {
			rules[st.Rule] = true
		}
	}
	list := slices.DeleteFunc(s.listRefusals(), func(r Refusal) bool {
		return r.Source == "" || !rules[r.Source] || r.Last.Before(t.Received)
	})
	slices.SortFunc(list, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Principal, b.Principal))
	})
	return list
}

var _ = Refusal(access.Refusal{}) // they have the same members
