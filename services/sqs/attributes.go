package sqs

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/settings"
	"github.com/signalbox/signalbox/wire"
)

// computed are the attributes that can only be read.
var computed = []string{
	QueueAttributeNameApproximateNumberOfMessages,
	QueueAttributeNameApproximateNumberOfMessagesDelayed,
	QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	QueueAttributeNameCreatedTimestamp,
	QueueAttributeNameLastModifiedTimestamp,
	QueueAttributeNameQueueArn,
}

// GetQueueAttributes implements [API]. The counts are exact at the moment of
// the call, but for messages whose retention ends at that moment.
func (s *Service) GetQueueAttributes(ctx context.Context, in *GetQueueAttributesInput) (*GetQueueAttributesOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all, count := false, false
	for _, name := range in.AttributeNames {
		switch {
		case name == QueueAttributeNameAll:
			all, count = true, true
		case strings.HasPrefix(name, "ApproximateNumberOf") && slices.Contains(computed, name):
			count = true
		case !slices.Contains(computed, name) && !slices.Contains(settings.Names, name):
			return nil, settings.Unknown(name)
		}
	}
	var depth engine.Depth
	if count {
		if depth, err = s.depth(ctx, q); err != nil {
			return nil, err
		}
	}
	d := q.now.Load().document
	values := map[string]string{
		QueueAttributeNameQueueArn:                              q.ARN(),
		QueueAttributeNameCreatedTimestamp:                      strconv.FormatInt(d.Created/1000, 10),
		QueueAttributeNameLastModifiedTimestamp:                 strconv.FormatInt(d.Modified/1000, 10),
		QueueAttributeNameApproximateNumberOfMessages:           strconv.Itoa(depth.Due),
		QueueAttributeNameApproximateNumberOfMessagesDelayed:    strconv.Itoa(depth.Delayed),
		QueueAttributeNameApproximateNumberOfMessagesNotVisible: strconv.Itoa(depth.Leased),
	}
	for _, name := range settings.Names {
		if v := d.Attributes.Effective(name); v != "" {
			values[name] = v
		}
	}
	for name := range values {
		if !all && !slices.Contains(in.AttributeNames, name) {
			delete(values, name)
		}
	}
	if len(values) == 0 {
		values = nil
	}
	return &GetQueueAttributesOutput{Attributes: values}, nil
}

// SetQueueAttributes implements [API]. Messages that are in the queue already
// follow the new retention period and redrive policy, and keep their delay.
func (s *Service) SetQueueAttributes(ctx context.Context, in *SetQueueAttributesInput) (*SetQueueAttributesOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	fifo := q.now.Load().FIFO
	if v, ok := in.Attributes[QueueAttributeNameFifoQueue]; ok && !fifo {
		return nil, settings.Unknown(QueueAttributeNameFifoQueue)
	} else if ok && v != "true" {
		return nil, wire.Errorf(CodeInvalidAttributeValue, "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	given := settings.Attributes(in.Attributes)
	if err := given.Check(fifo, s.refuses(q.Queue, fifo)); err != nil {
		return nil, err
	}
	return nil, s.store.update(ctx, q.Queue, func(d *document) (bool, error) {
		changed := d.Attributes.Set(given)
		d.Modified = s.clock.Now().UnixMilli()
		return changed, d.Attributes.CheckThroughput()
	})
}
