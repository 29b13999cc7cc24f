package sqs

import (
	"strings"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/wire"
)

// Needs says what a caller must be allowed for a request (service authorization
// reference, page list_amazonsqs).
func Needs(in any, r *wire.Request) []wire.Permission {
	own := func(name string) []wire.Permission {
		return []wire.Permission{{Resource: address.Queue{Region: r.Region, Account: r.Account, Name: name}.ARN()}}
	}
	// at is the queue of a URL; one that cannot be read names no queue, which the
	// operation will say.
	at := func(url *string, action string) []wire.Permission {
		a, err := address.OfURL(r, wire.Value(url))
		if err != nil {
			return []wire.Permission{}
		}
		return []wire.Permission{{Action: action, Resource: a.ARN()}}
	}
	switch in := in.(type) {
	case *CreateQueueInput:
		return own(wire.Value(in.QueueName))
	case *GetQueueUrlInput:
		if in.QueueOwnerAWSAccountId != nil {
			return []wire.Permission{{Resource: address.Queue{Region: r.Region, Account: *in.QueueOwnerAWSAccountId, Name: wire.Value(in.QueueName)}.ARN()}}
		}
		return own(wire.Value(in.QueueName))
	case *DeleteQueueInput:
		return at(in.QueueUrl, "")
	case *GetQueueAttributesInput:
		return at(in.QueueUrl, "")
	case *SetQueueAttributesInput:
		return at(in.QueueUrl, "")
	case *PurgeQueueInput:
		return at(in.QueueUrl, "")
	case *ListDeadLetterSourceQueuesInput:
		return at(in.QueueUrl, "")
	case *AddPermissionInput:
		return at(in.QueueUrl, "")
	case *RemovePermissionInput:
		return at(in.QueueUrl, "")
	case *SendMessageInput:
		return at(in.QueueUrl, "")
	case *SendMessageBatchInput:
		return at(in.QueueUrl, "sqs:SendMessage")
	case *ReceiveMessageInput:
		return at(in.QueueUrl, "")
	case *DeleteMessageInput:
		return at(in.QueueUrl, "")
	case *DeleteMessageBatchInput:
		return at(in.QueueUrl, "sqs:DeleteMessage")
	case *ChangeMessageVisibilityInput:
		return at(in.QueueUrl, "")
	case *ChangeMessageVisibilityBatchInput:
		return at(in.QueueUrl, "sqs:ChangeMessageVisibility")
	case *StartMessageMoveTaskInput:
		return moving(in.SourceArn, in.DestinationArn)
	case *ListMessageMoveTasksInput:
		return []wire.Permission{{Resource: wire.Value(in.SourceArn)}}
	case *TagQueueInput:
		return at(in.QueueUrl, "")
	case *UntagQueueInput:
		return at(in.QueueUrl, "")
	case *ListQueueTagsInput:
		return at(in.QueueUrl, "")
	}
	return nil
}

// moving is what a redrive needs, of both queues (developer guide, page
// sqs-configure-dead-letter-queue-redrive).
func moving(source, destination *string) []wire.Permission {
	from := wire.Value(source)
	needs := []wire.Permission{{Resource: from}, {Action: "sqs:ReceiveMessage", Resource: from}, {Action: "sqs:DeleteMessage", Resource: from}}
	if destination != nil {
		needs = append(needs, wire.Permission{Action: "sqs:SendMessage", Resource: *destination})
	}
	return needs
}

// ResourcePolicies are the policy of the queue with that ARN, where it has one.
// It is for who evaluates permissions.
func (s *Service) ResourcePolicies(queueARN string) []string {
	if !strings.HasPrefix(queueARN, "arn:") {
		return nil
	}
	q, _ := s.queueOf(queueARN)
	if q == nil {
		return nil
	}
	if text := q.now.Load().Attributes[QueueAttributeNamePolicy]; text != "" {
		return []string{text}
	}
	return nil
}
