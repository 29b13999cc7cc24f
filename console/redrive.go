package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events"
	"github.com/signalbox/signalbox/wire"
)

// RedriveRequest asks for dead letters to go back to their targets.
type RedriveRequest struct {
	Queue string `json:"queue"`          // name or ARN
	Rule  string `json:"rule,omitempty"` // name or ARN: only those of this rule
	Max   int    `json:"max,omitempty"`  // how many at most; 0: all that can be received now
}

// Redrive is what became of them.
type Redrive struct {
	Queue    string        `json:"queue"` // ARN
	Redriven int           `json:"redriven"`
	Targets  []RedriveSent `json:"targets"` // where they went
	Left     []RedriveLeft `json:"left"`    // what stays in the queue, and why
}

// RedriveSent counts what went to one target.
type RedriveSent struct {
	Rule   string `json:"rule"`   // ARN
	Target string `json:"target"` // ARN
	Count  int    `json:"count"`
}

// RedriveLeft counts what stays in the queue.
type RedriveLeft struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// redriveBatch is how many dead letters are held in memory at a time.
const redriveBatch = 100

func (s *Console) redrive(ctx context.Context, _ *http.Request, body []byte) (any, error) {
	var in RedriveRequest
	if err := read(body, &in); err != nil {
		return nil, err
	}
	switch {
	case in.Queue == "":
		return nil, badRequest("queue is missing")
	case in.Max < 0:
		return nil, badRequest("max is negative")
	}
	out := &Redrive{Queue: in.Queue, Targets: []RedriveSent{}, Left: []RedriveLeft{}}
	if !arn.Is(in.Queue) {
		out.Queue = wire.ScopeOf(ctx).ARN("sqs", in.Queue)
	}
	// What stays is given back at the end: sooner it would come again.
	var stay []string
	err := s.redriveAll(ctx, in, out, &stay)
	return out, errors.Join(err, s.Queues.Release(context.WithoutCancel(ctx), out.Queue, 0, stay...))
}

func (s *Console) redriveAll(ctx context.Context, in RedriveRequest, out *Redrive, stay *[]string) error {
	for in.Max == 0 || out.Redriven < in.Max {
		most := redriveBatch
		if in.Max > 0 {
			most = min(most, in.Max-out.Redriven)
		}
		letters, err := s.Queues.Take(ctx, out.Queue, most)
		if err != nil || len(letters) == 0 {
			return err
		}
		for i, l := range letters {
			d := events.DeadLetter{Event: l.Body, RuleARN: l.Attributes["RULE_ARN"], TargetARN: l.Attributes["TARGET_ARN"], Queue: out.Queue}
			if in.Rule != "" && !isRule(in.Rule, d.RuleARN) {
				out.leave("of another rule than " + in.Rule)
				*stay = append(*stay, l.Token)
				continue
			}
			err := s.Events.Redrive(ctx, d)
			if errors.Is(err, events.ErrNoWayBack) {
				out.leave(strings.TrimPrefix(err.Error(), events.ErrNoWayBack.Error()+": "))
				*stay = append(*stay, l.Token)
				continue
			}
			if err == nil { // it is durable with its target's delivery
				err = s.Queues.Settle(ctx, out.Queue, l.Token)
			}
			if err != nil {
				for _, rest := range letters[i:] {
					*stay = append(*stay, rest.Token)
				}
				return err
			}
			out.sent(d)
		}
	}
	return nil
}

// isRule tells whether the rule that is asked for, by name or ARN, is this one.
func isRule(asked, ruleARN string) bool {
	return asked == ruleARN || strings.HasSuffix(ruleARN, "/"+asked)
}

func (o *Redrive) sent(d events.DeadLetter) {
	o.Redriven++
	for i := range o.Targets {
		if t := &o.Targets[i]; t.Rule == d.RuleARN && t.Target == d.TargetARN {
			t.Count++
			return
		}
	}
	o.Targets = append(o.Targets, RedriveSent{Rule: d.RuleARN, Target: d.TargetARN, Count: 1})
}

func (o *Redrive) leave(reason string) {
	for i := range o.Left {
		if o.Left[i].Reason == reason {
			o.Left[i].Count++
			return
		}
	}
	o.Left = append(o.Left, RedriveLeft{Reason: reason, Count: 1})
}
