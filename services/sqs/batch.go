package sqs

import (
	"context"
	"errors"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/message"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/wire"
)

const maxBatch = 10

// checkBatch looks at the ids of a batch: an error refuses it whole.
func checkBatch(entry string, n int, id func(int) *string) error {
	if n == 0 {
		return wire.Errorf(CodeEmptyBatchRequest, "There should be at least one %s in the request.", entry)
	}
	if n > maxBatch {
		return wire.Errorf(CodeTooManyEntriesInBatchRequest, "Maximum number of entries per request are %d. You have sent %d.", maxBatch, n)
	}
	seen := map[string]bool{}
	for i := range n {
		p := id(i)
		if p == nil || !address.ValidName(*p) {
			return wire.Errorf(CodeInvalidBatchEntryId, "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[*p] {
			return wire.Errorf(CodeBatchEntryIdsNotDistinct, "Id %s repeated.", *p)
		}
		seen[*p] = true
	}
	return nil
}

// failed is an entry's error; one that is not the caller's ends the batch.
func failed(id *string, err error) (BatchResultErrorEntry, error) {
	var e *wire.Error
	if !errors.As(err, &e) {
		return BatchResultErrorEntry{}, err
	}
	return BatchResultErrorEntry{Id: id, SenderFault: true, Code: &e.Code, Message: &e.Message}, nil
}

// SendMessageBatch implements [API]. The good entries are enqueued together,
// all or none.
func (s *Service) SendMessageBatch(ctx context.Context, in *SendMessageBatchInput) (*SendMessageBatchOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("SendMessageBatchRequestEntry", len(in.Entries), func(i int) *string { return in.Entries[i].Id }); err != nil {
		return nil, err
	}
	if total := batchSize(in.Entries); total > message.MaxSize {
		return nil, wire.Errorf(CodeBatchRequestTooLong, "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", message.MaxSize, total)
	}
	if err := q.checkFIFOBatch(in.Entries); err != nil {
		return nil, err
	}
	out := &SendMessageBatchOutput{Successful: []SendMessageBatchResultEntry{}, Failed: []BatchResultErrorEntry{}}
	var messages []engine.Message
	now, sender := s.clock.Now(), wire.FromContext(ctx).Account
	for _, e := range in.Entries {
		body := ""
		if e.MessageBody != nil {
			body = *e.MessageBody
		}
		p, err := q.prepare(draft{
			body: body, delay: e.DelaySeconds, attributes: e.MessageAttributes, system: e.MessageSystemAttributes,
			dedup: e.MessageDeduplicationId, group: e.MessageGroupId, sender: sender, trace: traceFrom(ctx),
		}, now)
		if err != nil {
			f, err := failed(e.Id, err)
			if err != nil {
				return nil, err
			}
			out.Failed = append(out.Failed, f)
			continue
		}
		messages = append(messages, p.kept)
		digest, attributes, system := p.digests()
		out.Successful = append(out.Successful, SendMessageBatchResultEntry{
			Id: e.Id, MD5OfMessageBody: &digest,
			MD5OfMessageAttributes: wire.Optional(attributes), MD5OfMessageSystemAttributes: wire.Optional(system),
		})
	}
	if len(messages) == 0 {
		return out, nil
	}
	ids, err := s.enqueue(ctx, q, messages...)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		out.Successful[i].MessageId = new(message.ID(q.instance, id))
		out.Successful[i].SequenceNumber = q.sequence(id)
	}
	return out, nil
}

// checkFIFOBatch refuses a batch whole that lacks a group or deduplication id:
// AWS does so, with InvalidParameterValue for both.
func (q *queue) checkFIFOBatch(entries []SendMessageBatchRequestEntry) error {
	set := q.now.Load()
	if !set.FIFO {
		return nil
	}
	for _, e := range entries {
		if e.MessageGroupId == nil {
			return refuse.Invalidf("The request must contain the parameter MessageGroupId.")
		}
		if e.MessageDeduplicationId == nil && !set.ContentDedup {
			return errNoDedup
		}
	}
	return nil
}

func batchSize(entries []SendMessageBatchRequestEntry) (n int) {
	for _, e := range entries {
		if e.MessageBody != nil {
			n += len(*e.MessageBody)
		}
		for name, v := range e.MessageAttributes {
			n += len(name) + len(v.BinaryValue)
			if v.DataType != nil {
				n += len(*v.DataType)
			}
			if v.StringValue != nil {
				n += len(*v.StringValue)
			}
		}
	}
	return n
}

// DeleteMessageBatch implements [API].
func (s *Service) DeleteMessageBatch(ctx context.Context, in *DeleteMessageBatchInput) (*DeleteMessageBatchOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("DeleteMessageBatchRequestEntry", len(in.Entries), func(i int) *string { return in.Entries[i].Id }); err != nil {
		return nil, err
	}
	out := &DeleteMessageBatchOutput{Successful: []DeleteMessageBatchResultEntry{}, Failed: []BatchResultErrorEntry{}}
	var tokens []string
	for _, e := range in.Entries {
		token, err := s.deletable(ctx, q, e.ReceiptHandle)
		if err != nil {
			f, err := failed(e.Id, err)
			if err != nil {
				return nil, err
			}
			out.Failed = append(out.Failed, f)
			continue
		}
		tokens = append(tokens, token)
		out.Successful = append(out.Successful, DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, s.settle(ctx, q, tokens...)
}

// ChangeMessageVisibilityBatch implements [API].
func (s *Service) ChangeMessageVisibilityBatch(ctx context.Context, in *ChangeMessageVisibilityBatchInput) (*ChangeMessageVisibilityBatchOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", len(in.Entries), func(i int) *string { return in.Entries[i].Id }); err != nil {
		return nil, err
	}
	out := &ChangeMessageVisibilityBatchOutput{Successful: []ChangeMessageVisibilityBatchResultEntry{}, Failed: []BatchResultErrorEntry{}}
	for _, e := range in.Entries {
		if err := s.changeVisibility(ctx, q, e.ReceiptHandle, e.VisibilityTimeout); err != nil {
			f, err := failed(e.Id, err)
			if err != nil {
				return nil, err
			}
			out.Failed = append(out.Failed, f)
			continue
		}
		out.Successful = append(out.Successful, ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
	}
	return out, nil
}
