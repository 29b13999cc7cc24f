package events

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/hub"
	"github.com/signalbox/signalbox/pattern"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/transform"
)

// subscriptionID names a rule's target among the subscriptions of its bus.
func subscriptionID(r *rule, targetID string) string { return r.Name + "/" + targetID }

// subscribe makes the targets of a rule subscriptions of the rule's bus, or
// brings those that are there up to date. They share the rule's pattern.
func (s *Service) subscribe(ctx context.Context, r *rule) error {
	b, err := s.bus(ctx, new(r.busARN()))
	if err != nil {
		return err
	}
	p, err := pattern.Parse([]byte(*r.Pattern))
	if err != nil {
		return fmt.Errorf("the pattern of rule %s: %w", r.arn(), err)
	}
	for i := range r.Targets {
		t := &r.Targets[i]
		config, err := s.deliveryConfig(r, t)
		if err != nil {
			return fmt.Errorf("target %s of rule %s: %w", *t.Id, r.arn(), err)
		}
		if err := s.Hub.Subscribe(ctx, b.log(), hub.Subscription{
			ID:       subscriptionID(r, *t.Id),
			Rule:     r.arn(),
			Target:   *t.Arn,
			Pattern:  p,
			Delivery: config,
			Disabled: r.State == api.RuleStateDisabled,
			// Buses that send to each other must not do so for ever.
			FirstHand: isBus(t),
		}); err != nil {
			return fmt.Errorf("target %s of rule %s: %w", *t.Id, r.arn(), err)
		}
	}
	return nil
}

func (s *Service) unsubscribe(ctx context.Context, r *rule, targetID string) error {
	b, err := s.bus(ctx, new(r.busARN()))
	if err != nil {
		return err
	}
	return s.Hub.Unsubscribe(ctx, b.log(), subscriptionID(r, targetID))
}

// deliveryConfig is how events reach the target.
func (s *Service) deliveryConfig(r *rule, t *api.Target) (delivery.Config, error) {
	target, err := s.target(*t)
	if err != nil {
		return delivery.Config{}, err
	}
	c := delivery.Config{Target: s.guarded(r, t, s.tracing(target, *t.Arn)), Policy: delivery.DefaultPolicy}
	if p := t.RetryPolicy; p != nil {
		if p.MaximumRetryAttempts != nil {
			c.Policy.MaxRetries = int(*p.MaximumRetryAttempts)
		}
		if p.MaximumEventAgeInSeconds != nil {
			c.Policy.MaxAge = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
		}
	}
	if d := t.DeadLetterConfig; d != nil && d.Arn != nil {
		if c.DeadLetters, err = s.Targets.DeadLetters(*d.Arn, r.arn(), *t.Arn); err != nil {
			return delivery.Config{}, err
		}
		c.DeadLetters = s.guardedLetters(r, *d.Arn, c.DeadLetters)
	}
	tr, err := newTransformer(t)
	if err != nil {
		return delivery.Config{}, err
	}
	if tr != nil {
		facts := transform.Facts{RuleARN: r.arn(), RuleName: r.Name}
		c.Transform = func(dst []byte, e *delivery.Event) ([]byte, error) {
			f := facts
			f.Ingested = e.Ingested
			return tr.Apply(dst, e.Data, f)
		}
	}
	return c, nil
}
