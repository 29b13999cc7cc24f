package events

import (
	"context"

	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/services/events/buspolicy"
	"github.com/signalbox/signalbox/wire"
)

// maxPolicy bounds a bus's policy, in bytes (EventBridge quotas).
const maxPolicy = 10240

// PutPermission implements [api.API]: one statement by its members, or the whole
// policy. A statement takes the place of one with its id.
func (s *Service) PutPermission(ctx context.Context, in *api.PutPermissionInput) (*api.PutPermissionOutput, error) {
	_, err := s.changeBus(ctx, in.EventBusName, func(b *bus) (err error) {
		if in.Policy != nil {
			b.Policy, err = parsePolicy(in)
		} else {
			b.Policy, err = b.Policy.With(b.arn(), in)
		}
		if err == nil && len(wire.Value(b.Policy.Text())) > maxPolicy {
			err = wire.Errorf(api.CodePolicyLengthExceededException, "The policy of event bus %s would exceed the %d bytes allowed.", b.Name, maxPolicy)
		}
		return err
	})
	return &api.PutPermissionOutput{}, err
}

func parsePolicy(in *api.PutPermissionInput) (buspolicy.Policy, error) {
	if in.StatementId != nil || in.Action != nil || in.Principal != nil || in.Condition != nil {
		return buspolicy.Policy{}, api.Invalid("Parameter Policy cannot be used together with StatementId, Action, Principal or Condition.")
	}
	p, err := buspolicy.Read(*in.Policy)
	if err != nil {
		return buspolicy.Policy{}, api.Invalid("Parameter Policy is not valid. Reason: %s.", err)
	}
	return p, nil
}

// RemovePermission implements [api.API].
func (s *Service) RemovePermission(ctx context.Context, in *api.RemovePermissionInput) (*api.RemovePermissionOutput, error) {
	_, err := s.changeBus(ctx, in.EventBusName, func(b *bus) error {
		switch {
		case wire.Value(in.RemoveAllPermissions):
			b.Policy = buspolicy.Policy{}
			return nil
		case in.StatementId == nil:
			return api.Invalid("Parameter StatementId must be specified, or RemoveAllPermissions set.")
		}
		var found bool
		if b.Policy, found = b.Policy.Without(*in.StatementId); !found {
			return api.NotFound("Statement with the provided id does not exist.")
		}
		return nil
	})
	return &api.RemovePermissionOutput{}, err
}
