package sqs

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signalbox/signalbox/services/sqs/refuse"
)

const maxTags = 50

// checkTags validates tags that are to be added to those that a queue has.
func checkTags(name string, has, add map[string]string) error {
	count := len(has)
	for _, key := range slices.Sorted(maps.Keys(add)) {
		value := add[key]
		switch n := utf8.RuneCountInString(key); {
		case n < 1 || n > 128:
			return refuse.Invalidf("Tag keys must be between 1 and 128 characters in length.")
		case utf8.RuneCountInString(value) > 256:
			return refuse.Invalidf("Tag values must be between 0 and 256 characters in length.")
		case len(key) >= 4 && strings.EqualFold(key[:4], "aws:"):
			return refuse.Invalidf("Tag keys must not begin with aws: (%s).", key)
		}
		if _, replaces := has[key]; !replaces {
			count++
		}
	}
	if count > maxTags {
		return refuse.Invalidf("Too many tags added for queue %s.", name)
	}
	return nil
}

// TagQueue implements [API]. A queue has at most 50 tags.
func (s *Service) TagQueue(ctx context.Context, in *TagQueueInput) (*TagQueueOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, refuse.Missing("Tags")
	}
	return nil, s.store.update(ctx, q.Queue, func(d *document) (bool, error) {
		if err := checkTags(q.Name, d.Tags, in.Tags); err != nil {
			return false, err
		}
		if d.Tags == nil {
			d.Tags = map[string]string{}
		}
		maps.Copy(d.Tags, in.Tags)
		return true, nil
	})
}

// UntagQueue implements [API]. Keys that the queue does not have are no error.
func (s *Service) UntagQueue(ctx context.Context, in *UntagQueueInput) (*UntagQueueOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, refuse.Invalidf("Tag keys can't be null or empty.")
	}
	return nil, s.store.update(ctx, q.Queue, func(d *document) (bool, error) {
		before := len(d.Tags)
		for _, key := range in.TagKeys {
			delete(d.Tags, key)
		}
		return len(d.Tags) != before, nil
	})
}

// ListQueueTags implements [API].
func (s *Service) ListQueueTags(ctx context.Context, in *ListQueueTagsInput) (*ListQueueTagsOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &ListQueueTagsOutput{}
	if tags := q.now.Load().Tags; len(tags) > 0 {
		out.Tags = maps.Clone(tags)
	}
	return out, nil
}
