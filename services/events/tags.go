package events

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/wire"
)

// tags are those of one resource.
type tags map[string]string

// maxTags is how many tags a resource may have (EventBridge quotas).
const maxTags = 50

func newTags(list []Tag) (tags, error) { return tags(nil).with(list) }

// with returns a copy with the tags of the list added or replaced.
func (t tags) with(list []Tag) (tags, error) {
	if len(list) == 0 {
		return t, nil
	}
	out := maps.Clone(t)
	if out == nil {
		out = tags{}
	}
	for _, tag := range list {
		if strings.HasPrefix(strings.ToLower(*tag.Key), "aws:") {
			return nil, invalid("Tag key %q is not valid: keys must not begin with aws:, which is reserved.", *tag.Key)
		}
		out[*tag.Key] = *tag.Value
	}
	if len(out) > maxTags {
		return nil, invalid("Tags: a resource can have at most %d tags; this one would have %d.", maxTags, len(out))
	}
	return out, nil
}

// without returns a copy that lacks the keys.
func (t tags) without(keys []string) tags {
	out := maps.Clone(t)
	for _, key := range keys {
		delete(out, key)
	}
	return out
}

// list is the wire form, in the order of the keys; empty, not absent, where there is none.
func (t tags) list() []Tag {
	out := make([]Tag, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		out = append(out, Tag{Key: new(key), Value: new(t[key])})
	}
	return out
}

// TagResource implements [API]. Rules and event buses have tags.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, s.retag(ctx, *in.ResourceARN, func(t tags) (tags, error) { return t.with(in.Tags) })
}

// UntagResource implements [API].
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.retag(ctx, *in.ResourceARN, func(t tags) (tags, error) { return t.without(in.TagKeys), nil })
}

// ListTagsForResource implements [API].
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	b, r, err := s.tagged(ctx, *in.ResourceARN)
	if err != nil {
		return nil, err
	}
	if r != nil {
		return &ListTagsForResourceOutput{Tags: r.Tags.list()}, nil
	}
	return &ListTagsForResourceOutput{Tags: b.Tags.list()}, nil
}

// tagged finds the bus or the rule with that ARN.
func (s *Service) tagged(ctx context.Context, text string) (*bus, *rule, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "events" {
		return nil, nil, invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
	}
	switch kind, name := a.Split(); kind {
	case "event-bus":
		b, err := s.bus(ctx, &text)
		return b, nil, err
	case "rule":
		busName, ruleName, found := strings.Cut(name, "/")
		if !found {
			busName, ruleName = defaultBus, name
		}
		sc := wire.ScopeOfARN(a)
		if r := s.rules.Get(sc.Key(busName, ruleName)); r != nil {
			return nil, r, nil
		}
		return nil, nil, notFound("Rule %s does not exist on EventBus %s.", ruleName, busName)
	}
	return nil, nil, notFound("Resource %s does not exist, or has no tags: rules and event buses have.", text)
}

func (s *Service) retag(ctx context.Context, text string, change func(tags) (tags, error)) error {
	b, r, err := s.tagged(ctx, text)
	if err != nil {
		return err
	}
	if r != nil {
		_, err := s.changeRule(ctx, new(r.busARN()), r.Name, func(r *rule) (err error) {
			if err = r.checkManaged(nil); err == nil {
				r.Tags, err = change(r.Tags)
			}
			return err
		})
		return err
	}
	_, err = s.changeBus(ctx, new(b.arn()), func(b *bus) (err error) { b.Tags, err = change(b.Tags); return })
	return err
}
