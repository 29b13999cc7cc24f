package journey

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/delivery"
)

// Event is what the bus's log knows of an event.
type Event struct {
	Bus      string // as the steps name it
	ID       string
	Ingested time.Time // when it came in
	Kept     time.Time // when it was durable
	Envelope []byte    // nil where the event is not kept any more
}

// Steps tells the journey of an event: its receipt, and what the records say.
// unmatched says that all rules have seen the event: where no record tells of
// a match, none did. The steps are in the order of their times.
func Steps(e Event, records []Record, unmatched bool) []Step {
	t := teller{event: e}
	if e.Envelope != nil {
		t.steps = Receipt(e)
	}
	t.matches(records, unmatched)
	t.invocations(records)
	slices.SortStableFunc(t.steps, func(a, b Step) int { return a.Time.Compare(b.Time) })
	return t.steps
}

// Receipt tells that an event was taken in.
func Receipt(e Event) []Step {
	t := teller{event: e}
	t.add(Step{Type: EventReceipt, Time: e.Ingested, Event: e.Envelope})
	t.add(Step{Type: EventIngestSuccess, Time: e.Kept, Event: e.Envelope})
	return t.steps
}

// Later tells what one record says, to those who know what the records before
// it said: its steps alone, in their order.
func Later(e Event, r Record, unmatched bool) []Step {
	t := teller{event: e}
	if r.Match {
		t.matches([]Record{r}, unmatched)
	} else {
		// An outcome other than delivered comes behind its last attempt's record.
		begun := r.Attempt.Number > 1 || r.Outcome != 0 && r.Outcome != delivery.Delivered
		t.step(r, &way{begun: begun, first: r.Attempt.Start})
	}
	return t.steps
}

type teller struct {
	event Event
	steps []Step
}

func (t *teller) add(s Step) {
	s.Bus, s.EventID, s.Time = t.event.Bus, t.event.ID, s.Time.UTC().Truncate(time.Millisecond)
	t.steps = append(t.steps, s)
}

// matches tells of each rule once: an event may be matched again after a
// crash, and its rules not all at the same time.
func (t *teller) matches(records []Record, unmatched bool) {
	var rules []*Step
	var start, tried time.Time
	seen := map[string]bool{}
	for _, r := range records {
		if !r.Match {
			continue
		}
		if tried.IsZero() {
			tried = r.Time
		}
		for _, s := range r.Matched {
			if seen[s.Subscription] {
				continue
			}
			seen[s.Subscription] = true
			if start.IsZero() {
				start = r.Time
			}
			i := slices.IndexFunc(rules, func(x *Step) bool { return x.Rule == s.Rule })
			if i < 0 {
				i = len(rules)
				rules = append(rules, &Step{Type: RuleMatch, Time: r.Time, Rule: s.Rule})
			}
			st := rules[i]
			st.Targets = append(st.Targets, s.Target)
			st.Invocations = append(st.Invocations, t.invocation(s.Subscription))
		}
	}
	if start.IsZero() && tried.IsZero() && !unmatched {
		return
	}
	if start.IsZero() {
		start = tried
	}
	if start.IsZero() {
		start = t.event.Kept
	}
	t.add(Step{Type: RuleMatchStart, Time: start, Event: t.event.Envelope})
	if len(rules) == 0 && unmatched {
		t.add(Step{Type: NoStandardRulesMatched, Time: start})
	}
	for _, r := range rules {
		t.add(*r)
	}
}

// way is what is known of an event's way to one subscription.
type way struct {
	begun bool
	first time.Time
	last  delivery.Result
}

// invocations tells of each subscription's attempts and outcome.
func (t *teller) invocations(records []Record) {
	ways := map[string]*way{}
	for _, r := range records {
		if r.Match {
			continue
		}
		w := ways[r.Source.Subscription]
		if w == nil {
			w = &way{first: r.Attempt.Start}
			ways[r.Source.Subscription] = w
		}
		t.step(r, w)
	}
}

// step tells what one record says of a way.
func (t *teller) step(r Record, w *way) {
	base := Step{
		Rule: r.Source.Rule, Target: r.Source.Target, Subscription: r.Source.Subscription,
		Invocation: t.invocation(r.Source.Subscription), Attempt: r.Attempt.Number,
	}
	if !w.begun {
		w.begun = true
		s := base
		s.Type, s.Time = InvocationStart, r.Attempt.Start
		t.add(s)
	}
	// A failed attempt has a record of its own; the outcome's record tells
	// of the attempt only if it succeeded.
	if r.Outcome == 0 || r.Outcome == delivery.Delivered {
		t.attempt(base, r, w.last)
		w.last = r.Attempt.Result
	}
	if r.Outcome != 0 {
		t.outcome(base, r, w.first)
		w.begun, w.last = false, delivery.Result{}
	}
}

func (t *teller) attempt(s Step, r Record, before delivery.Result) {
	s.Type, s.Time = AttemptStart, r.Attempt.Start
	t.add(s)
	s.Time = r.Attempt.Start.Add(r.Attempt.Duration)
	s.Duration = r.Attempt.Duration
	switch {
	case r.Attempt.Number <= 1:
		s.AttemptType = "FIRST"
	case before.Kind == delivery.Throttled:
		s.AttemptType = "THROTTLE"
	default:
		s.AttemptType = "RETRY"
	}
	switch r.Attempt.Result.Kind {
	case delivery.Success:
		s.Type = AttemptSuccess
	case delivery.Throttled:
		s.Type = AttemptThrottle
	case delivery.Permanent:
		s.Type = AttemptPermanentFailure
	default:
		s.Type = AttemptRetryableFailure
	}
	s.result(r.Attempt.Result)
	t.add(s)
}

func (t *teller) outcome(s Step, r Record, first time.Time) {
	switch r.Outcome {
	case delivery.Delivered:
		s.Type = InvocationSuccess
	case delivery.DeadLettered:
		s.Type = InvocationDLQ
	default:
		s.Type = InvocationFailure
	}
	s.Time, s.Duration = r.Time, r.Attempt.Duration
	s.ToStart, s.ToComplete = max(first.Sub(t.event.Ingested), 0), max(r.Time.Sub(t.event.Ingested), 0)
	s.result(r.Attempt.Result)
	t.add(s)
}

func (s *Step) result(r delivery.Result) {
	if r.Kind == delivery.Success {
		s.Status = "SUCCESS"
		return
	}
	s.Status, s.HTTPStatus, s.Message = r.Code, r.Status, r.Message
	if s.Message == "" {
		s.Message = r.Code
	}
}

// invocation is the id of the event's way to a subscription: the same
// whenever it is told.
func (t *teller) invocation(subscription string) string {
	sum := sha256.Sum256([]byte(t.event.ID + "\x00" + subscription))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
