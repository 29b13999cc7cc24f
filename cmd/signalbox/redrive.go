package main

import (
	"context"
	"strings"

	"github.com/signalbox/signalbox/console"
)

type redriveVerb struct {
	Queue string `required:"" short:"q" placeholder:"NAME|ARN" help:"The dead-letter queue."`
	Rule  string `placeholder:"NAME|ARN" help:"Only the dead letters of this rule."`
	Max   int    `short:"n" placeholder:"N" help:"At most N of them. Default: all that are visible."`
	format
	remote
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
	c, err := v.client(sys)
	if err != nil {
		return err
	}
	var r console.Redrive
	if err := c.post(ctx, "redrive", console.RedriveRequest{Queue: v.Queue, Rule: v.Rule, Max: v.Max}, &r); err != nil {
		if isCode(err, "QueueDoesNotExist") || isCode(err, "AWS.SimpleQueueService.NonExistentQueue") {
			return fail("signalbox ls shows the queues", "there is no queue %s", v.Queue)
		}
		return err
	}
	if v.json() {
		err = writeJSON(sys.out, r)
	} else {
		err = writeRedrive(newScreen(sys, sys.out, v.format), &r)
	}
	if err == nil && r.Redriven == 0 && len(r.Left) > 0 {
		err = errNo
	}
	return err
}

func writeRedrive(s *screen, r *console.Redrive) error {
	queue := strings.TrimPrefix(thing(r.Queue, home(r.Queue)), "queue ")
	if r.Redriven == 0 && len(r.Left) == 0 {
		return s.printf("%s has no dead letters that are visible\n", queue)
	}
	verdict := s.mark(true) + " " + plural(r.Redriven, "dead letter") + " of " + s.bold(queue) + " on the way back"
	if r.Redriven == 0 {
		verdict = s.mark(false) + " none of the dead letters of " + s.bold(queue) + " can go back"
	}
	if err := s.printf("%s\n", verdict); err != nil {
		return err
	}
	t := &table{right: map[int]bool{0: true}}
	for _, sent := range r.Targets {
		t.add(count(sent.Count), s.name(last(sent.Rule))+" → "+thing(sent.Target, home(sent.Rule)))
	}
	for _, left := range r.Left {
		t.add(count(left.Count), s.warn("stay")+gap+left.Reason)
	}
	return t.write(s, "  ")
}
