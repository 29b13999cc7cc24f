package sqs

import (
	"context"

	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/services/sqs/settings"
)

// AddPermission implements [API].
func (s *Service) AddPermission(ctx context.Context, in *AddPermissionInput) (*AddPermissionOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	added, err := settings.NewStatement(q.Queue, in.Label, in.AWSAccountIds, in.Actions)
	if err != nil {
		return nil, err
	}
	return nil, s.store.update(ctx, q.Queue, func(d *document) (bool, error) {
		d.Modified = s.clock.Now().UnixMilli()
		return true, d.Attributes.Permit(q.Queue, added)
	})
}

// RemovePermission implements [API].
func (s *Service) RemovePermission(ctx context.Context, in *RemovePermissionInput) (*RemovePermissionOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if in.Label == nil {
		return nil, refuse.Missing("Label")
	}
	return nil, s.store.update(ctx, q.Queue, func(d *document) (bool, error) {
		d.Modified = s.clock.Now().UnixMilli()
		return true, d.Attributes.Forbid(*in.Label)
	})
}
