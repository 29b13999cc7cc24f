package logs

import (
	"context"
	"maps"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

// TagResource implements [API]. Log groups have tags, and so have delivery
// sources, delivery destinations and deliveries.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, s.retagResource(ctx, *in.ResourceArn, in.Tags, nil)
}

// UntagResource implements [API].
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.retagResource(ctx, *in.ResourceArn, nil, in.TagKeys)
}

// ListTagsForResource implements [API].
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	v, err := s.vendedByARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if v != nil {
		tags := maps.Clone(*v.tags)
		if tags == nil {
			tags = map[string]string{}
		}
		return &ListTagsForResourceOutput{Tags: tags}, nil
	}
	g, err := s.identify(ctx, groupOf(*in.ResourceArn), nil)
	if err != nil {
		return nil, err
	}
	return &ListTagsForResourceOutput{Tags: g.tags()}, nil
}

func (s *Service) retagResource(ctx context.Context, text string, add map[string]string, remove []string) error {
	s.mu.Lock()
	v, err := s.vendedByARN(ctx, text)
	if v == nil || err != nil {
		s.mu.Unlock()
		if err != nil {
			return err
		}
		return s.retag(ctx, groupOf(text), add, remove)
	}
	defer s.mu.Unlock()
	if *v.tags, err = retagged(*v.tags, add, remove); err != nil {
		return err
	}
	return v.put()
}

// vended is a copy of something of the vended logs that has tags.
type vended struct {
	tags *map[string]string
	put  func() error // keeps the copy
}

// vendedByARN finds a delivery source, a delivery destination or a delivery; nil
// where the ARN names something of another kind.
func (s *Service) vendedByARN(ctx context.Context, text string) (*vended, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return nil, nil
	}
	kind, name := a.Split()
	key := wire.ScopeOfARN(a).Key(name)
	switch kind {
	case "delivery-source":
		if old := s.deliverySources.Get(key); old != nil {
			d := *old
			return &vended{&d.Tags, func() error { return s.deliverySources.Put(ctx, key, &d) }}, nil
		}
	case "delivery-destination":
		if old := s.deliveryDestinations.Get(key); old != nil {
			d := *old
			return &vended{&d.Tags, func() error { return s.deliveryDestinations.Put(ctx, key, &d) }}, nil
		}
	case "delivery":
		if old := s.deliveries.Get(key); old != nil {
			d := *old
			return &vended{&d.Tags, func() error { return s.deliveries.Put(ctx, key, &d) }}, nil
		}
	default:
		return nil, nil
	}
	return nil, wire.Errorf(CodeResourceNotFoundException, "The specified resource %s does not exist.", text)
}

// TagLogGroup implements [API].
func (s *Service) TagLogGroup(ctx context.Context, in *TagLogGroupInput) (*TagLogGroupOutput, error) {
	return &TagLogGroupOutput{}, s.retag(ctx, in.LogGroupName, in.Tags, nil)
}

// UntagLogGroup implements [API].
func (s *Service) UntagLogGroup(ctx context.Context, in *UntagLogGroupInput) (*UntagLogGroupOutput, error) {
	return &UntagLogGroupOutput{}, s.retag(ctx, in.LogGroupName, nil, in.Tags)
}

// ListTagsLogGroup implements [API].
func (s *Service) ListTagsLogGroup(ctx context.Context, in *ListTagsLogGroupInput) (*ListTagsLogGroupOutput, error) {
	g, err := s.identify(ctx, in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	return &ListTagsLogGroupOutput{Tags: g.tags()}, nil
}

// tags are never absent on the wire.
func (g *group) tags() map[string]string {
	if g.Tags == nil {
		return map[string]string{}
	}
	return g.Tags
}

// groupOf is the name that a group's ARN holds.
func groupOf(text string) *string {
	if a, err := arn.Parse(text); err == nil {
		_, text = a.Split()
	}
	return new(strings.TrimSuffix(text, ":*"))
}

func (s *Service) retag(ctx context.Context, name *string, add map[string]string, remove []string) error {
	return s.changeGroup(ctx, name, func(g *group) (err error) {
		g.Tags, err = retagged(g.Tags, add, remove)
		return err
	})
}

// retagged is a copy of tags with some added or replaced, and some removed.
func retagged(tags, add map[string]string, remove []string) (map[string]string, error) {
	out := maps.Clone(tags)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, add)
	for _, key := range remove {
		delete(out, key)
	}
	if len(out) > maxTags {
		return nil, wire.Errorf(CodeTooManyTagsException, "A resource can have at most %d tags; this one would have %d.", maxTags, len(out))
	}
	return out, nil
}
