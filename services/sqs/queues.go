package sqs

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/services/sqs/refuse"
	"github.com/signalbox/signalbox/services/sqs/settings"
	"github.com/signalbox/signalbox/wire"
)

// queueAt finds the queue that a request means by its URL.
func (s *Service) queueAt(ctx context.Context, url *string) (*queue, error) {
	if url == nil || *url == "" {
		return nil, refuse.Missing(`QueueUrl`)
	}
	a, err := address.OfURL(wire.FromContext(ctx), *url)
	if err != nil {
		return nil, err
	}
	if q := s.store.find(a); q != nil {
		return q, nil
	}
	return nil, noQueue()
}

// CreateQueue implements [API]. It answers the URL of a queue that is there
// already, if none of the given attributes differs.
func (s *Service) CreateQueue(ctx context.Context, in *CreateQueueInput) (*CreateQueueOutput, error) {
	if in.QueueName == nil {
		return nil, refuse.Missing("QueueName")
	}
	r, given := wire.FromContext(ctx), settings.Attributes(in.Attributes)
	a := address.Queue{Region: r.Region, Account: r.Account, Name: *in.QueueName}
	fifo, err := checkName(a.Name, in.Attributes)
	if err != nil {
		return nil, err
	}
	if err := given.Check(fifo, s.refuses(a, fifo)); err != nil {
		return nil, err
	}
	if err := checkTags(a.Name, nil, in.Tags); err != nil {
		return nil, err
	}
	attributes := settings.Attributes{}
	attributes.Set(given)
	if err := attributes.CheckThroughput(); err != nil {
		return nil, err
	}
	for {
		if q := s.store.find(a); q != nil {
			if name := q.now.Load().Attributes.Differs(given); name != "" {
				return nil, wire.Errorf(CodeQueueNameExists, "A queue already exists with the same name and a different value for attribute %s", name)
			}
			return &CreateQueueOutput{QueueUrl: new(a.URL(r))}, nil
		}
		now := s.clock.Now()
		if s.deletedSince(a, now) {
			return nil, wire.Errorf(CodeQueueDeletedRecently, "You must wait %d seconds after deleting a queue before you can create another with the same name.", int(s.opts.NameReuse/time.Second))
		}
		d := document{
			Instance: uuid.NewString(), Created: now.UnixMilli(), Modified: now.UnixMilli(),
			Attributes: attributes, Tags: in.Tags,
		}
		if created, err := s.store.create(ctx, a, d); err != nil {
			return nil, err
		} else if created {
			return &CreateQueueOutput{QueueUrl: new(a.URL(r))}, nil
		}
	}
}

// checkName looks at a new queue's name and FifoQueue together.
func checkName(name string, attributes map[string]string) (fifo bool, err error) {
	kind, given := attributes[QueueAttributeNameFifoQueue]
	switch {
	case given && kind == "false":
		return false, settings.Unknown(QueueAttributeNameFifoQueue)
	case kind == "true":
		bare, ok := strings.CutSuffix(name, address.FIFOSuffix)
		if !ok || !address.ValidName(bare) || len(name) > 80 {
			return false, refuse.Invalidf("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
		}
		return true, nil
	case !address.ValidName(name):
		return false, refuse.Invalidf("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return false, nil
}

// deletedSince tells whether the name is held back. It forgets those that are not.
func (s *Service) deletedSince(a address.Queue, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.deleted, func(_ address.Queue, at time.Time) bool { return now.Sub(at) >= s.opts.NameReuse })
	_, held := s.deleted[a]
	return held
}

// DeleteQueue implements [API]. The name can be used again at once, unless
// [Options.NameReuse] says otherwise.
func (s *Service) DeleteQueue(ctx context.Context, in *DeleteQueueInput) (*DeleteQueueOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if q, err = s.store.remove(ctx, q.Queue); err != nil {
		return nil, err
	}
	if s.opts.NameReuse > 0 {
		s.mu.Lock()
		s.deleted[q.Queue] = s.clock.Now()
		s.mu.Unlock()
	}
	// The queue is deleted whatever becomes of this: the next start drops what
	// is not dropped now.
	if err := s.drop(context.WithoutCancel(ctx), q.messages); err != nil {
		s.report(err)
	}
	return nil, nil
}

// GetQueueUrl implements [API].
func (s *Service) GetQueueUrl(ctx context.Context, in *GetQueueUrlInput) (*GetQueueUrlOutput, error) {
	if in.QueueName == nil {
		return nil, refuse.Missing("QueueName")
	}
	r := wire.FromContext(ctx)
	a := address.Queue{Region: r.Region, Account: r.Account, Name: *in.QueueName}
	if in.QueueOwnerAWSAccountId != nil {
		a.Account = *in.QueueOwnerAWSAccountId
	}
	if s.store.find(a) == nil {
		return nil, noQueue()
	}
	return &GetQueueUrlOutput{QueueUrl: new(a.URL(r))}, nil
}

// ListQueues implements [API]. Without MaxResults it answers the first 1,000
// and no token, as AWS does.
func (s *Service) ListQueues(ctx context.Context, in *ListQueuesInput) (*ListQueuesOutput, error) {
	r := wire.FromContext(ctx)
	prefix := r.Region + "/" + r.Account + "/"
	if in.QueueNamePrefix != nil {
		prefix += *in.QueueNamePrefix
	}
	urls, next, err := s.page(ctx, in.MaxResults, in.NextToken, func(key string, _ *queue) bool {
		return strings.HasPrefix(key, prefix)
	})
	if err != nil {
		return nil, err
	}
	return &ListQueuesOutput{QueueUrls: urls, NextToken: next}, nil
}

// ListDeadLetterSourceQueues implements [API].
func (s *Service) ListDeadLetterSourceQueues(ctx context.Context, in *ListDeadLetterSourceQueuesInput) (*ListDeadLetterSourceQueuesOutput, error) {
	dead, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	urls, next, err := s.page(ctx, in.MaxResults, in.NextToken, func(_ string, q *queue) bool {
		p := q.now.Load().Redrive
		return p != nil && p.Target == dead.Queue
	})
	if err != nil {
		return nil, err
	}
	if urls == nil {
		urls = []string{}
	}
	return &ListDeadLetterSourceQueuesOutput{QueueUrls: urls, NextToken: next}, nil
}

// page lists the URLs of the queues that are wanted, by name.
func (s *Service) page(ctx context.Context, limit *int32, token *string, wanted func(key string, q *queue) bool) (urls []string, next *string, err error) {
	most := 1000
	if limit != nil {
		if *limit < 1 || *limit > 1000 {
			return nil, nil, refuse.Value(*limit, "MaxResults", "Must be between 1 and 1000, if provided.")
		}
		most = int(*limit)
	}
	after := ""
	if token != nil && *token != "" {
		b, err := base64.URLEncoding.DecodeString(*token)
		if err != nil || len(b) == 0 {
			return nil, nil, refuse.Invalidf("Invalid or expired next token.")
		}
		after = string(b)
	}
	var keys []string
	for k, q := range s.store.queues.Range {
		if key := k.(string); key > after && wanted(key, q.(*queue)) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) > most {
		keys = keys[:most]
		if limit != nil {
			next = new(base64.URLEncoding.EncodeToString([]byte(keys[most-1])))
		}
	}
	for _, key := range keys {
		a, _ := address.OfKey(key)
		urls = append(urls, a.URL(wire.FromContext(ctx)))
	}
	return urls, next, nil
}

// PurgeQueue implements [API]. What was sent before the call is gone when it
// returns, in flight or not.
func (s *Service) PurgeQueue(ctx context.Context, in *PurgeQueueInput) (*PurgeQueueOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if s.opts.PurgeInterval > 0 && !s.mayPurge(q) {
		return nil, wire.Errorf(CodePurgeQueueInProgress, "Only one PurgeQueue operation on %s is allowed every %d seconds.", q.Name, int(s.opts.PurgeInterval/time.Second))
	}
	return nil, s.queues.Purge(ctx, q.messages)
}

func (s *Service) mayPurge(q *queue) bool {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.purged, func(_ string, at time.Time) bool { return now.Sub(at) >= s.opts.PurgeInterval })
	if _, recent := s.purged[q.messages]; recent {
		return false
	}
	s.purged[q.messages] = now
	return true
}
