package dynamodb

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

const maxTags = 50

// addTags sets tags, or none where they are not allowed.
func addTags(to map[string]string, tags []Tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		if seen[*t.Key] {
			return invalid(badParameter + "Tag keys must be unique")
		}
		if strings.HasPrefix(strings.ToLower(*t.Key), "aws:") {
			return invalid(badParameter + "Tag keys starting with 'aws:' are reserved for system use")
		}
		seen[*t.Key] = true
	}
	for _, t := range tags {
		to[*t.Key] = *t.Value
	}
	if len(to) > maxTags {
		return invalid(badParameter + "Too many tags: a resource has at most 50")
	}
	return nil
}

// resource finds the table that a tagging operation means.
func (s *Service) resource(text string) (*OpenTable, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "dynamodb" {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", text)
	}
	kind, name := a.Split()
	if kind != "table" {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", text)
	}
	name, _, _ = strings.Cut(name, "/")
	if o, ok := s.open.Load(wire.ScopeOfARN(a).Key(name)); ok {
		return o.(*OpenTable), nil
	}
	return nil, wire.Errorf(CodeResourceNotFoundException, "Requested resource not found: ResourcArn: %s not found", text)
}

func (s *Service) retag(ctx context.Context, text string, change func(map[string]string) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.resource(text)
	if err != nil {
		return err
	}
	d := o.doc.Load().clone()
	if err := change(d.Tags); err != nil {
		return err
	}
	return s.change(ctx, o, d)
}

// TagResource implements API.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	if len(in.Tags) == 0 {
		return nil, invalid("Atleast one Tag needs to be provided as Input.")
	}
	return nil, s.retag(ctx, *in.ResourceArn, func(tags map[string]string) error { return addTags(tags, in.Tags) })
}

// UntagResource implements API.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	if len(in.TagKeys) == 0 {
		return nil, invalid("Atleast one Tag Key needs to be provided as Input.")
	}
	return nil, s.retag(ctx, *in.ResourceArn, func(tags map[string]string) error {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
		return nil
	})
}

// ListTagsOfResource implements API.
func (s *Service) ListTagsOfResource(ctx context.Context, in *ListTagsOfResourceInput) (*ListTagsOfResourceOutput, error) {
	o, err := s.resource(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &ListTagsOfResourceOutput{Tags: []Tag{}}
	tags := o.doc.Load().Tags
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, Tag{Key: new(key), Value: new(tags[key])})
	}
	return out, nil
}
