package cloudformation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/cloudformation/resources"
)

// fail turns an operation back whose resource failed.
func (s *Service) fail(st *stack, name, status string) []event {
	verb := "update"
	if status == statusCreateFailed {
		verb = "create"
	}
	return s.failStack(st, fmt.Sprintf("The following resource(s) failed to %s: [%s].", verb, name))
}

// failStack turns an operation back, or leaves the stack as it is where that was
// asked for.
func (s *Service) failStack(st *stack, why string) []event {
	op := st.Operation
	if !strings.HasSuffix(why, ".") {
		why += "."
	}
	back := why + " Rollback requested by user."
	switch {
	case op.Creating && st.OnFailure == OnFailureDelete:
		op.Phase, op.Final = removal, StackStatusDeleteComplete
		return []event{s.turn(st, StackStatusDeleteInProgress, why+" Delete requested by user.")}
	case op.Creating && (st.DisableRollback || st.OnFailure == OnFailureDoNothing):
		e := s.turn(st, StackStatusCreateFailed, why)
		st.Operation = nil
		return []event{e}
	case op.Creating:
		op.Phase, op.Final = removal, StackStatusRollbackComplete
		return []event{s.turn(st, StackStatusRollbackInProgress, back)}
	case st.DisableRollback:
		e := s.turn(st, StackStatusUpdateFailed, why)
		st.Operation = nil
		return []event{e}
	}
	op.Phase = backward
	return []event{s.turn(st, StackStatusUpdateRollbackInProgress, why)}
}

// backward takes back the last change of an update that failed, or ends the phase.
func (s *Service) backward(ctx context.Context, st *stack) error {
	op := st.Operation
	if len(op.Touched) == 0 {
		_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
			op := st.Operation
			st.settings, st.Outputs, st.Imports = op.Before.settings, op.Before.Outputs, op.Before.Imports
			for name, r := range st.Resources {
				if b := op.Before.Resources[name]; b != nil {
					r.Order, r.Deletion, r.Replace = b.Order, b.Deletion, b.Replace
				}
			}
			op.Phase, op.Final = cleanup, StackStatusUpdateRollbackComplete
			return []event{s.turn(st, StackStatusUpdateRollbackCompleteCleanupInProgress, "")}, nil
		})
		return err
	}
	last := op.Touched[len(op.Touched)-1]
	if last.How == changed {
		return s.restore(ctx, st, last.Resource)
	}
	_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		op := st.Operation
		op.Touched = op.Touched[:len(op.Touched)-1]
		now := st.Resources[last.Resource]
		op.Garbage = slices.DeleteFunc(op.Garbage, func(g garbage) bool { return g.Name == last.Resource && g.Replaced })
		if now != nil && now.ID != "" {
			op.Garbage = append(op.Garbage, garbage{Name: last.Resource, Resource: now})
		}
		delete(st.Resources, last.Resource)
		b := op.Before.Resources[last.Resource]
		if b == nil {
			return nil, nil
		}
		st.Resources[last.Resource] = b
		return []event{s.note(st, last.Resource, b, statusUpdateComplete, "")}, nil
	})
	return err
}

// restore gives a changed resource its old properties.
func (s *Service) restore(ctx context.Context, st *stack, name string) error {
	b, now := st.Operation.Before.Resources[name], st.Resources[name]
	st, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		return []event{s.note(st, name, st.Resources[name], statusUpdateInProgress, "")}, nil
	})
	if err != nil {
		return err
	}
	req := s.request(st, name, b)
	req.ID, req.Previous, req.PreviousTags = now.ID, now.Properties, now.Tags
	made, failure := resources.Find(b.Type).Update(ctx, req)
	if failure != nil && ctx.Err() != nil {
		return failure
	}
	_, err = s.stacks.change(context.WithoutCancel(ctx), st.ID, func(st *stack) ([]event, error) {
		op := st.Operation
		if failure != nil {
			events := []event{s.note(st, name, st.Resources[name], statusUpdateFailed, words(failure))}
			events = append(events, s.turn(st, StackStatusUpdateRollbackFailed, fmt.Sprintf("The following resource(s) failed to update: [%s].", name)))
			st.Operation = nil
			return events, nil
		}
		op.Touched = op.Touched[:len(op.Touched)-1]
		r := op.Before.Resources[name]
		r.ID, r.Attributes = made.ID, made.Attributes
		st.Resources[name] = r
		return []event{s.note(st, name, r, statusUpdateComplete, "")}, nil
	})
	return err
}

// cleanup deletes the next resource that is needed no more, or ends the
// operation. What cannot be deleted stays, and its event says so.
func (s *Service) cleanup(ctx context.Context, st *stack) error {
	op := st.Operation
	if len(op.Garbage) == 0 {
		_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
			e := s.turn(st, st.Operation.Final, st.Operation.Why)
			st.Operation = nil
			return []event{e}, nil
		})
		return err
	}
	next := 0
	for i, g := range op.Garbage {
		if g.Resource.Order > op.Garbage[next].Resource.Order {
			next = i
		}
	}
	g := op.Garbage[next]
	keep := g.Resource.Deletion != "Delete"
	if g.Replaced {
		keep = g.Resource.Replace != "Delete"
	}
	if op.Final == StackStatusUpdateRollbackComplete {
		keep = g.Resource.Deletion == "Retain"
	}
	status, failure, err := s.discard(ctx, st, g.Name, g.Resource, keep)
	if err != nil {
		return err
	}
	_, err = s.stacks.change(context.WithoutCancel(ctx), st.ID, func(st *stack) ([]event, error) {
		st.Operation.Garbage = slices.Delete(st.Operation.Garbage, next, next+1)
		return []event{s.note(st, g.Name, g.Resource, status, failure)}, nil
	})
	return err
}

// discard deletes a resource, unless it is kept, and says how that ended. The
// error is that of an operation that was interrupted.
func (s *Service) discard(ctx context.Context, st *stack, name string, r *resource, keep bool) (status, reason string, err error) {
	if keep {
		return statusDeleteSkipped, "", nil
	}
	copied := *r
	if _, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
		return []event{s.note(st, name, &copied, statusDeleteInProgress, "")}, nil
	}); err != nil {
		return "", "", err
	}
	if typ := resources.Find(r.Type); r.ID != "" && typ != nil {
		if err := typ.Remove(ctx, s.request(st, name, r)); err != nil {
			if ctx.Err() != nil {
				return "", "", err
			}
			return statusDeleteFailed, words(err), nil
		}
	}
	return statusDeleteComplete, "", nil
}

// remove deletes the next of all resources, or ends the operation.
func (s *Service) remove(ctx context.Context, st *stack) error {
	op := st.Operation
	rolling := op.Final == StackStatusRollbackComplete
	for _, name := range st.backwards() {
		if slices.Contains(op.Failed, name) {
			continue
		}
		r := st.Resources[name]
		if r.Status == statusDeleteComplete || r.Status == statusDeleteSkipped {
			continue
		}
		if r.ID == "" { // there never was one, as far as anybody knows
			_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) {
				return []event{s.note(st, name, st.Resources[name], statusDeleteComplete, "")}, nil
			})
			return err
		}
		keep := r.Deletion == "Retain" || r.Deletion == "RetainExceptOnCreate" && !rolling || slices.Contains(op.Retain, name)
		status, failure, err := s.discard(ctx, st, name, r, keep)
		if err != nil {
			return err
		}
		_, err = s.stacks.change(context.WithoutCancel(ctx), st.ID, func(st *stack) ([]event, error) {
			if status == statusDeleteFailed {
				st.Operation.Failed = append(st.Operation.Failed, name)
			}
			return []event{s.note(st, name, st.Resources[name], status, failure)}, nil
		})
		return err
	}
	_, err := s.stacks.change(ctx, st.ID, func(st *stack) ([]event, error) { return []event{s.removed(st)}, nil })
	return err
}

// removed ends a removal.
func (s *Service) removed(st *stack) event {
	op := st.Operation
	status, why := op.Final, op.Why
	if len(op.Failed) > 0 && !op.Force {
		status = StackStatusDeleteFailed
		if op.Final == StackStatusRollbackComplete {
			status = StackStatusRollbackFailed
		}
		why = fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", strings.Join(op.Failed, ", "))
	}
	e := s.turn(st, status, why)
	st.Operation = nil
	if status == StackStatusDeleteComplete {
		st.Deleted, st.Outputs, st.Imports = e.At, nil, nil
	}
	return e
}
