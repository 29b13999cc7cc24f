package pipes

import (
	"context"
	"maps"
)

const maxTags = 50

// retag changes the tags of the pipe that an ARN names.
func (s *Service) retag(ctx context.Context, text string, change func(map[string]string)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.findARN(text)
	if err != nil {
		return err
	}
	p := *old
	if p.Tags = maps.Clone(old.Tags); p.Tags == nil {
		p.Tags = map[string]string{}
	}
	change(p.Tags)
	if len(p.Tags) > maxTags {
		return invalid("A pipe can have at most %d tags.", maxTags)
	}
	return s.pipes.Put(ctx, p.key(), &p)
}

// TagResource implements [API].
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return nil, s.retag(ctx, *in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

// UntagResource implements [API].
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return nil, s.retag(ctx, *in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
}

// ListTagsForResource implements [API].
func (s *Service) ListTagsForResource(_ context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	p, err := s.findARN(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &ListTagsForResourceOutput{Tags: p.Tags}, nil
}
