package events

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/services/events/apidestination"
	"github.com/signalbox/signalbox/wire"
)

// Filter chooses what an [Overview] tells of. Empty members choose all.
type Filter struct{ Account, Region, Bus string }

func (f Filter) has(sc wire.Scope) bool {
	return (f.Account == "" || f.Account == sc.Account) && (f.Region == "" || f.Region == sc.Region)
}

// Overview is what there is and how it does, for a person to look at. It
// crosses accounts and regions, and holds no secret.
type Overview struct {
	Buses        []BusOverview                        `json:"buses"`
	Destinations []apidestination.DestinationOverview `json:"apiDestinations"`
	Connections  []apidestination.ConnectionOverview  `json:"connections"`
	Archives     []ArchiveOverview                    `json:"archives"`
}

// BusOverview is a bus with its rules.
type BusOverview struct {
	Account string         `json:"account"`
	Region  string         `json:"region"`
	Name    string         `json:"name"`
	ARN     string         `json:"arn"`
	Rules   []RuleOverview `json:"rules"`
}

// RuleOverview is a rule with its targets.
type RuleOverview struct {
	Name      string           `json:"name"`
	ARN       string           `json:"arn"`
	State     string           `json:"state"` // ENABLED, DISABLED, …
	Pattern   string           `json:"pattern,omitempty"`
	ManagedBy string           `json:"managedBy,omitempty"`
	Targets   []TargetOverview `json:"targets"`
}

// The states of a target, the most pressing one of those that apply.
const (
	StateDown     = "down"     // it fails on end; the hub probes it
	StateRetrying = "retrying" // some events failed and wait for their next attempt
	StateBehind   = "behind"   // it does not keep pace with its bus
	StateOK       = "ok"
	StateDisabled = "disabled" // its rule is; what matched before is still delivered
)

// TargetOverview is a rule's target and how its deliveries do. Delivered, Dead
// and Dropped count since the server's start.
type TargetOverview struct {
	ID         string         `json:"id"`
	ARN        string         `json:"arn"`
	State      string         `json:"state"`
	Backlog    uint64         `json:"backlog"`  // events of the bus that it has not looked at yet
	Held       int            `json:"inFlight"` // under way, or waiting for their turn
	Retries    int            `json:"retries"`  // waiting for their next attempt
	Oldest     time.Time      `json:"oldest,omitzero"`
	Delivered  uint64         `json:"delivered"`
	Dead       uint64         `json:"deadLettered"`
	Dropped    uint64         `json:"dropped"`
	DeadLetter string         `json:"deadLetterQueue,omitempty"` // ARN
	LastError  *ErrorOverview `json:"lastError,omitempty"`       // since its last success
}

// ErrorOverview is a failed attempt.
type ErrorOverview struct {
	Time    time.Time `json:"time"`
	Attempt int       `json:"attempt"`
	Status  int       `json:"httpStatus,omitempty"`
	Code    string    `json:"code"`
	Message string    `json:"message,omitempty"`
}

// ArchiveOverview is an archive.
type ArchiveOverview struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	State   string `json:"state"`
	Bus     string `json:"bus"`
	Events  int64  `json:"events"`
	Bytes   int64  `json:"bytes"`
}

// Overview tells what there is. A filter that names a bus leaves out what does
// not belong to buses.
func (s *Service) Overview(ctx context.Context, f Filter) (*Overview, error) {
	o := &Overview{Buses: []BusOverview{}, Destinations: []apidestination.DestinationOverview{}, Connections: []apidestination.ConnectionOverview{}, Archives: []ArchiveOverview{}}
	scopes, err := s.scopes(ctx)
	if err != nil {
		return nil, err
	}
	for _, sc := range scopes {
		if !f.has(sc) {
			continue
		}
		for _, b := range s.busesOf(sc, nil) {
			if f.Bus != "" && f.Bus != b.Name && f.Bus != b.arn() {
				continue
			}
			view, err := s.busOverview(ctx, b)
			if err != nil {
				return nil, err
			}
			o.Buses = append(o.Buses, view)
		}
		if f.Bus != "" {
			continue
		}
		if err := s.addOthers(ctx, o, sc); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// scopes are the accounts and regions in which there is anything, and the caller's.
func (s *Service) scopes(ctx context.Context) ([]wire.Scope, error) {
	set := map[wire.Scope]bool{wire.ScopeOf(ctx): true}
	for _, b := range s.buses.List("") {
		set[b.Scope] = true
	}
	for _, r := range s.rules.List("") {
		set[r.Scope] = true
	}
	for _, sc := range s.Destinations.Scopes() {
		set[sc] = true
	}
	logs, err := s.Hub.Buses(ctx)
	if err != nil {
		return nil, err
	}
	for _, log := range logs {
		if a, err := arn.Parse(BusARN(log)); err == nil {
			set[wire.ScopeOfARN(a)] = true
		}
	}
	all := make([]wire.Scope, 0, len(set))
	for sc := range set {
		all = append(all, sc)
	}
	slices.SortFunc(all, func(a, b wire.Scope) int { return strings.Compare(a.Key(), b.Key()) })
	return all, nil
}

func (s *Service) busOverview(ctx context.Context, b *bus) (BusOverview, error) {
	view := BusOverview{Account: b.Account, Region: b.Region, Name: b.Name, ARN: b.arn(), Rules: []RuleOverview{}}
	list, err := s.Hub.Status(ctx, b.log())
	if err != nil {
		return view, err
	}
	status := make(map[string]*hub.SubscriptionStatus, len(list))
	for i := range list {
		status[list[i].ID] = &list[i]
	}
	for _, r := range s.rules.List(b.Scope.Key(b.Name, "")) {
		rule := RuleOverview{
			Name: r.Name, ARN: r.arn(), State: r.State, Pattern: wire.Value(r.Pattern), ManagedBy: wire.Value(r.ManagedBy),
			Targets: make([]TargetOverview, len(r.Targets)),
		}
		for i := range r.Targets {
			t := &r.Targets[i]
			rule.Targets[i] = targetOverview(t, status[subscriptionID(r, *t.Id)])
		}
		view.Rules = append(view.Rules, rule)
	}
	return view, nil
}

func targetOverview(t *api.Target, st *hub.SubscriptionStatus) TargetOverview {
	v := TargetOverview{ID: *t.Id, ARN: *t.Arn, State: StateOK}
	if t.DeadLetterConfig != nil {
		v.DeadLetter = wire.Value(t.DeadLetterConfig.Arn)
	}
	if st == nil {
		return v
	}
	v.Backlog, v.Held, v.Retries, v.Oldest = st.Backlog, st.Held, st.Retries, st.Oldest
	v.Delivered, v.Dead, v.Dropped = st.Delivered, st.Dead, st.Dropped
	if e := st.LastError; e != nil {
		v.LastError = &ErrorOverview{Time: e.Start.UTC(), Attempt: e.Number, Status: e.Result.Status, Code: e.Result.Code, Message: e.Result.Message}
	}
	switch {
	case st.Down:
		v.State = StateDown
	case st.Retries > 0:
		v.State = StateRetrying
	case st.Disabled:
		v.State = StateDisabled
	case !st.Following && st.Backlog > 0:
		v.State = StateBehind
	}
	return v
}

func (s *Service) addOthers(ctx context.Context, o *Overview, sc wire.Scope) error {
	destinations, connections := s.Destinations.Overview(sc)
	o.Destinations, o.Connections = append(o.Destinations, destinations...), append(o.Connections, connections...)
	for _, a := range s.archives.List(sc.Key("")) {
		count, size, err := s.extent(ctx, a)
		if err != nil {
			return err
		}
		o.Archives = append(o.Archives, ArchiveOverview{
			Account: a.Account, Region: a.Region, Name: a.Name, ARN: a.arn(), State: s.archiveState(a), Bus: a.Bus, Events: count, Bytes: size,
		})
	}
	return nil
}

// LogOf is the hub's name for a bus that is named by its name or ARN; "" is the
// default bus.
func (s *Service) LogOf(ctx context.Context, busNameOrARN string) (string, error) {
	b, err := s.bus(ctx, nameOrNil(busNameOrARN))
	if err != nil {
		return "", err
	}
	return b.log(), nil
}

func nameOrNil(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

// RuleExplanation says why a rule, as it is now, matches an event or not.
type RuleExplanation struct {
	Name, ARN, Bus, State, Pattern string
	Targets                        int // how many it has
	pattern.Explanation
}

// ExplainRule explains one rule of a bus. The error is one of EventBridge's
// where the bus or the rule does not exist, or the event is none.
func (s *Service) ExplainRule(ctx context.Context, busNameOrARN, name string, event []byte) (RuleExplanation, error) {
	_, r, err := s.rule(ctx, nameOrNil(busNameOrARN), name)
	if err != nil {
		return RuleExplanation{}, err
	}
	return r.explain(event)
}

// ExplainRules explains the rules of a bus, the nearest to a match first, but
// those that a service manages.
func (s *Service) ExplainRules(ctx context.Context, busNameOrARN string, event []byte) ([]RuleExplanation, error) {
	b, err := s.bus(ctx, nameOrNil(busNameOrARN))
	if err != nil {
		return nil, err
	}
	all := []RuleExplanation{}
	for _, r := range s.rules.List(b.Scope.Key(b.Name, "")) {
		if r.ManagedBy != nil || r.Pattern == nil {
			continue
		}
		e, err := r.explain(event)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b RuleExplanation) int { return cmp.Compare(a.missed(), b.missed()) })
	return all, nil
}

func (r *rule) explain(event []byte) (RuleExplanation, error) {
	e := RuleExplanation{Name: r.Name, ARN: r.arn(), Bus: r.Bus, State: r.State, Pattern: wire.Value(r.Pattern), Targets: len(r.Targets)}
	p, err := pattern.Parse([]byte(e.Pattern))
	if err != nil {
		return e, wire.Errorf(api.CodeInvalidEventPatternException, "%s", err)
	}
	if e.Explanation, err = pattern.Explain(p, event); err != nil {
		return e, api.Invalid("Parameter Event is not valid. Reason: %s", err)
	}
	return e, nil
}

// missed is the part of the members that do not match, from 0 to 1.
func (e *RuleExplanation) missed() float64 {
	n := 0
	for _, m := range e.Members {
		if !m.Matched {
			n++
		}
	}
	return float64(n) / float64(max(len(e.Members), 1))
}
