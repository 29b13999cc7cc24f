package main

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/cmd/signalbox/exit"
	"github.com/signalbox/signalbox/cmd/signalbox/remote"
	"github.com/signalbox/signalbox/cmd/signalbox/show"
	"github.com/signalbox/signalbox/console"
)

type redriveVerb struct {
	Queue string `required:"" short:"q" placeholder:"NAME|ARN" help:"The dead-letter queue."`
	Rule  string `placeholder:"NAME|ARN" help:"Only the dead letters of this rule."`
	Max   int    `short:"n" placeholder:"N" help:"At most N of them. Default: all that are visible."`
	show.Format
	remote.Flags
}

// Help implements [kong.HelpProvider].
func (redriveVerb) Help() string {
	return `Takes the events that rules gave up out of their dead-letter queue and delivers them to the same targets again, with the retries that the rule has now. They keep their ids; signalbox trace shows how it ends. What has no target any more stays in the queue.

Messages that a consumer of a queue gave up are no events of a rule: StartMessageMoveTask of SQS moves those.

Nothing could go back, though there was something: exit code 1.

Examples:

    signalbox redrive --queue orders-dead
    signalbox redrive --queue orders-dead --rule created --max 10`
}

// Run asks and writes.
func (v *redriveVerb) Run(ctx context.Context, sys *system) error {
	c, err := v.Client(sys.env, sys.clock)
	if err != nil {
		return err
	}
	var r console.Redrive
	if err := c.Post(ctx, "redrive", console.RedriveRequest{Queue: v.Queue, Rule: v.Rule, Max: v.Max}, &r); err != nil {
		if remote.IsCode(err, "QueueDoesNotExist") || remote.IsCode(err, "AWS.SimpleQueueService.NonExistentQueue") {
			return exit.Failed("signalbox ls shows the queues", "there is no queue %s", v.Queue)
		}
		return err
	}
	if v.JSON() {
		err = show.WriteJSON(sys.out, r)
	} else {
		err = writeRedrive(show.On(sys.out, v.Format, sys.env), &r)
	}
	if err == nil && r.Redriven == 0 && len(r.Left) > 0 {
		err = errNo
	}
	return err
}

func writeRedrive(s *show.Screen, r *console.Redrive) error {
	queue := strings.TrimPrefix(show.Thing(r.Queue, show.Home(r.Queue)), "queue ")
	if r.Redriven == 0 && len(r.Left) == 0 {
		return s.Printf("%s has no dead letters that are visible\n", queue)
	}
	verdict := s.Mark(true) + " " + show.Plural(r.Redriven, "dead letter") + " of " + s.Bold(queue) + " on the way back"
	if r.Redriven == 0 {
		verdict = s.Mark(false) + " none of the dead letters of " + s.Bold(queue) + " can go back"
	}
	if err := s.Printf("%s\n", verdict); err != nil {
		return err
	}
	t := &show.Table{Right: map[int]bool{0: true}}
	for _, sent := range r.Targets {
		t.Add(show.Count(sent.Count), s.Name(show.Last(sent.Rule))+" → "+show.Thing(sent.Target, show.Home(sent.Rule)))
	}
	for _, left := range r.Left {
		t.Add(show.Count(left.Count), s.Warn("stay")+show.Gap+left.Reason)
	}
	return t.Write(s, "  ")
}
