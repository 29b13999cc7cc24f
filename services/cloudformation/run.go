package cloudformation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/cloudformation/resources"
	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

// run takes a stack's operation to its end, step by step. A step that cannot be
// kept ends the run; the operation goes on when the stacks are loaded again.
func (s *Service) run(ctx context.Context, id string) {
	var p *plan
	for ctx.Err() == nil {
		st := s.stacks.byID(id)
		if st == nil || !st.busy() {
			return
		}
		var err error
		switch st.Operation.Phase {
		case forward:
			if p == nil {
				p, err = s.newPlan(st, st.settings)
			}
			if err == nil {
				err = s.forward(ctx, st, p)
			}
		case backward:
			err = s.backward(ctx, st)
		case cleanup:
			err = s.cleanup(ctx, st)
		case removal:
			err = s.remove(ctx, st)
		default:
			err = fmt.Errorf("unknown phase %q", st.Operation.Phase)
		}
		if err != nil {
			if ctx.Err() == nil {
				s.log.Error("a stack operation stopped", "stack", id, "error", err)
			}
			return
		}
	}
}

// note is an event of a resource.
func (s *Service) note(st *stack, name string, r *resource, status, reason string) event {
	e := event{ID: uuid.NewString(), Resource: name, Physical: r.ID, Type: r.Type, Status: status, Reason: reason, At: s.now()}
	if st.Operation != nil {
		e.Operation, e.Token = st.Operation.ID, st.Operation.Token
	}
	e.Properties = st.told(r.Properties)
	r.Status, r.Reason, r.Changed = status, reason, e.At
	return e
}

// told is what an event says of properties: the values of secret parameters in
// them are masked.
func (s *stack) told(properties map[string]any) string {
	if len(properties) == 0 {
		return ""
	}
	text, err := json.Marshal(masked(properties, s.secrets()))
	if err != nil {
		return ""
	}
	return string(text)
}

// secrets are the values of the parameters that have NoEcho.
func (s *stack) secrets() (values []string) {
	if len(s.Parameters) == 0 {
		return nil
	}
	t, _ := template.Parse(s.Template)
	if t == nil {
		return nil
	}
	for name, p := range t.Parameters {
		if v := s.Parameters[name]; p.NoEcho && v != "" {
			values = append(values, v)
		}
	}
	return values
}

// masked is a value with asterisks for each of some texts.
func masked(v any, secrets []string) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, item := range v {
			m[name] = masked(item, secrets)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = masked(item, secrets)
		}
		return list
	case bool, nil:
		return v
	}
	text := fmt.Sprint(v)
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			text = strings.ReplaceAll(text, secret, "****")
			v = text
		}
	}
	return v
}

// turn gives the stack a new status, with the event of it.
func (s *Service) turn(st *stack, status, reason string) event {
	st.Status, st.Reason = status, reason
	e := event{ID: uuid.NewString(), Resource: st.Name, Physical: st.ID, Type: "AWS::CloudFormation::Stack", Status: status, Reason: reason, At: s.now()}
	if st.Operation != nil {
		e.Operation, e.Token = st.Operation.ID, st.Operation.Token
	}
	return e
}

// request is what a resource type needs to know.
func (s *Service) request(st *stack, name string, r *resource) *resources.Request {
	op := *st.Operation
	principal := op.Principal
	if role, ok := strings.CutPrefix(st.RoleARN, "arn:"); ok && strings.Contains(role, ":role/") {
		principal = "arn:aws:sts::" + st.Account + ":assumed-role/" + st.RoleARN[strings.LastIndexByte(st.RoleARN, '/')+1:] + "/AWSCloudFormation"
	}
	partition, suffix := partitionOf(st.Region)
	return &resources.Request{
		Partition: partition, Account: st.Account, Region: st.Region, URLSuffix: suffix,
		Stack: st.Name, Logical: name, Token: r.Token, Properties: r.Properties, Tags: r.Tags, ID: r.ID, Attributes: r.Attributes,
		Sleep: func(ctx context.Context, d time.Duration) error { return clock.Sleep(ctx, s.clock, d) },
		Call: func(ctx context.Context, service, operation string, in map[string]any) (map[string]any, error) {
			return s.call(ctx, &wire.Request{
				Account: st.Account, Region: st.Region, Principal: principal, RequestID: uuid.NewString(),
				Scheme: op.Scheme, Host: op.Host, UserAgent: "cloudformation.amazonaws.com", Time: s.clock.Now(),
			}, service, operation, in)
		},
	}
}

// words are an error as a stack event tells it.
func words(err error) string {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return fmt.Sprintf("Resource handler returned message: %q (HandlerErrorCode: %s)", e.Message, e.Code)
	}
	return err.Error()
}

// forward makes or changes the next resource, or ends the phase.
func (s *Service) forward(ctx context.Context, st *stack, p *plan) error {
	op := st.Operation
	for i, name := range p.order {
		if slices.Contains(op.Done, name) {
			continue
		}
		p.look(st)
		properties, err := p.scope.Properties(name)
		old := st.Resources[name]
		if err != nil {
			return s.unresolved(ctx, st, p, name, i+1, err)
		}
		t := p.template.Resources[name]
		typ := resources.Find(t.Type)
		next := &resource{
			Type: t.Type, Properties: properties, Tags: st.Tags, Token: newToken(), Order: i + 1,
			Deletion: t.DeletionPolicy, Replace: t.ReplacePolicy,
		}
		under := slices.ContainsFunc(op.Touched, func(t touch) bool { return t.Resource == name })
		if err := typ.Check(properties); err != nil {
			return s.unresolved(ctx, st, p, name, i+1, err)
		}
		switch {
		case under && old.ID == "": // it was being made when the process ended
			next.Token = old.Token
			return s.make(ctx, st, name, next, true)
		case under:
			return s.alter(ctx, st, name, next)
		case old == nil || old.ID == "":
			return s.make(ctx, st, name, next, false)
		}
		changed := difference(old.Properties, properties)
		replaces := typ.Replaces(changed)
		switch {
		case old.Type != next.Type || len(replaces) > 0:
			return s.replace(ctx, st, name, next)
		case len(changed) > 0 || !maps.Equal(old.Tags, next.Tags):
			return s.alter(ctx, st, name, next)
		}
		_, err = s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
			r := st.Resources[name]
			r.Order, r.Deletion, r.Replace = next.Order, next.Deletion, next.Replace
			st.Operation.Done = append(st.Operation.Done, name)
			return nil, nil
		})
		return err
	}
	return s.arrived(ctx, st, p)
}

// unresolved fails a resource before anything is done to it.
func (s *Service) unresolved(ctx context.Context, st *stack, p *plan, name string, order int, cause error) error {
	_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		r, status := st.Resources[name], statusUpdateFailed
		if r == nil {
			r = &resource{Type: p.template.Resources[name].Type, Order: order}
			st.Resources[name], status = r, statusCreateFailed
			st.Operation.Touched = append(st.Operation.Touched, touch{name, created})
		}
		events := []event{s.note(st, name, r, status, words(cause))}
		return append(events, s.fail(st, name, status)...), nil
	})
	return err
}

// make creates a resource. Where resumed, it may have been created before.
func (s *Service) make(ctx context.Context, st *stack, name string, next *resource, resumed bool) error {
	if !resumed {
		var err error
		st, err = s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
			how := created
			if st.Resources[name] != nil && st.Operation.Before != nil && st.Operation.Before.Resources[name] != nil {
				how = replaced
			}
			st.Resources[name] = next
			st.Operation.Touched = append(st.Operation.Touched, touch{name, how})
			return []event{s.note(st, name, next, statusCreateInProgress, "")}, nil
		})
		if err != nil {
			return err
		}
	}
	return s.create(ctx, st, name, next, resumed, statusCreateComplete, statusCreateFailed)
}

// create makes what is recorded as under way, and records what came of it.
func (s *Service) create(ctx context.Context, st *stack, name string, next *resource, resumed bool, complete, failed string) error {
	req := s.request(st, name, next)
	req.Resumed = resumed
	made, failure := resources.Find(next.Type).Make(ctx, req)
	if failure != nil && ctx.Err() != nil {
		return failure
	}
	_, err := s.stacks.change(context.WithoutCancel(ctx), st.ID, func(st *stack) ([]event, error) {
		order := next.Order
		*next = resource{
			Type: next.Type, ID: made.ID, Properties: next.Properties, Attributes: made.Attributes, Tags: next.Tags, Token: next.Token,
			Order: order, Deletion: next.Deletion, Replace: next.Replace,
		}
		st.Resources[name] = next
		if failure != nil {
			events := []event{s.note(st, name, next, failed, words(failure))}
			return append(events, s.fail(st, name, failed)...), nil
		}
		st.Operation.Done = append(st.Operation.Done, name)
		going := strings.TrimSuffix(complete, "COMPLETE") + "IN_PROGRESS"
		return []event{s.note(st, name, next, going, "Resource creation Initiated"), s.note(st, name, next, complete, "")}, nil
	})
	return err
}

// replace makes a resource anew; the old one is deleted when all is done.
func (s *Service) replace(ctx context.Context, st *stack, name string, next *resource) error {
	old := st.Resources[name]
	if typ := resources.Find(next.Type); typ.ID != nil && old.Type == next.Type && typ.ID(s.request(st, name, next)) == old.ID {
		_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
			r := st.Resources[name]
			events := []event{s.note(st, name, r, statusUpdateFailed, fmt.Sprintf("CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename %s and update the stack again.", old.ID))}
			return append(events, s.fail(st, name, statusUpdateFailed)...), nil
		})
		return err
	}
	st, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		op := st.Operation
		op.Garbage = append(op.Garbage, garbage{Name: name, Resource: st.Resources[name], Replaced: true})
		op.Touched = append(op.Touched, touch{name, replaced})
		st.Resources[name] = next
		return []event{s.note(st, name, next, statusUpdateInProgress, "Requested update requires the creation of a new physical resource; hence creating one.")}, nil
	})
	if err != nil {
		return err
	}
	return s.create(ctx, st, name, next, false, statusUpdateComplete, statusUpdateFailed)
}

// alter changes a resource in place.
func (s *Service) alter(ctx context.Context, st *stack, name string, next *resource) error {
	was := st.Resources[name]
	if before := st.Operation.Before; before != nil && before.Resources[name] != nil && before.Resources[name].ID == was.ID {
		was = before.Resources[name]
	}
	next.ID, next.Token, next.Attributes = was.ID, was.Token, was.Attributes
	typ := resources.Find(next.Type)
	inPlace := typ.Update != nil
	if inPlace && !slices.Contains(st.Operation.Touched, touch{name, changed}) {
		var err error
		st, err = s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
			st.Operation.Touched = append(st.Operation.Touched, touch{name, changed})
			return []event{s.note(st, name, st.Resources[name], statusUpdateInProgress, "")}, nil
		})
		if err != nil {
			return err
		}
	}
	made, failure := resources.Made{ID: was.ID, Attributes: was.Attributes}, error(nil)
	if inPlace { // else only the stack's tags changed, of a type that has none
		req := s.request(st, name, next)
		req.Previous, req.PreviousTags = was.Properties, was.Tags
		made, failure = typ.Update(ctx, req)
	}
	if failure != nil && ctx.Err() != nil {
		return failure
	}
	_, err := s.stacks.change(context.WithoutCancel(ctx), st.ID, func(st *stack) ([]event, error) {
		if failure != nil {
			events := []event{s.note(st, name, st.Resources[name], statusUpdateFailed, words(failure))}
			return append(events, s.fail(st, name, statusUpdateFailed)...), nil
		}
		next.ID, next.Attributes = made.ID, made.Attributes
		next.Status, next.Changed = st.Resources[name].Status, st.Resources[name].Changed
		st.Resources[name] = next
		st.Operation.Done = append(st.Operation.Done, name)
		if !inPlace {
			return nil, nil
		}
		return []event{s.note(st, name, next, statusUpdateComplete, "")}, nil
	})
	return err
}

// arrived ends the forward phase: outputs, exports, and what is needed no more.
func (s *Service) arrived(ctx context.Context, st *stack, p *plan) error {
	p.look(st)
	outs, failure := p.outputs()
	imports := importsOf(p)
	s.mu.Lock() // exports are unique among stacks
	defer s.mu.Unlock()
	if failure == nil {
		failure = s.exportable(st, outs)
	}
	_, err := s.stacks.change(context.WithoutCancel(ctx), st.ID, func(st *stack) ([]event, error) {
		op := st.Operation
		if failure != nil {
			return s.failStack(st, words(failure)), nil
		}
		st.Outputs, st.Imports = outs, imports
		if op.Creating {
			e := s.turn(st, StackStatusCreateComplete, "")
			st.Operation = nil
			return []event{e}, nil
		}
		for _, name := range st.backwards() {
			if !slices.Contains(p.order, name) {
				op.Garbage = append(op.Garbage, garbage{Name: name, Resource: st.Resources[name]})
				delete(st.Resources, name)
			}
		}
		op.Phase, op.Final = cleanup, StackStatusUpdateComplete
		return []event{s.turn(st, StackStatusUpdateCompleteCleanupInProgress, "")}, nil
	})
	return err
}
