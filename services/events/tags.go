package events

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/services/events/api"
	"github.com/signalbox/signalbox/wire"
)

// tags are those of one resource.
type tags map[string]string

// maxTags is how many tags a resource may have (EventBridge quotas).
const maxTags = 50

func newTags(list []api.Tag) (tags, error) { return tags(nil).with(list) }

// with returns a copy with the tags of the list added or replaced.
func (t tags) with(list []api.Tag) (tags, error) {
	if len(list) == 0 {
		return t, nil
	}
	out := maps.Clone(t)
	if out == nil {
		out = tags{}
	}
	for _, tag := range list {
		if strings.HasPrefix(strings.ToLower(*tag.Key), "aws:") {
			return nil, api.Invalid("Tag key %q is not valid: keys must not begin with aws:, which is reserved.", *tag.Key)
		}
		out[*tag.Key] = *tag.Value
	}
	if len(out) > maxTags {
		return nil, api.Invalid("Tags: a resource can have at most %d tags; this one would have %d.", maxTags, len(out))
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
func (t tags) list() []api.Tag {
	out := make([]api.Tag, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		out = append(out, api.Tag{Key: new(key), Value: new(t[key])})
	}
	return out
}

// TagResource implements [api.API]. Rules and event buses have tags.
func (s *Service) TagResource(ctx context.Context, in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	return &api.TagResourceOutput{}, s.retag(ctx, *in.ResourceARN, func(t tags) (tags, error) { return t.with(in.Tags) })
}

// UntagResource implements [api.API].
func (s *Service) UntagResource(ctx context.Context, in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	return &api.UntagResourceOutput{}, s.retag(ctx, *in.ResourceARN, func(t tags) (tags, error) { return t.without(in.TagKeys), nil })
}

// ListTagsForResource implements [api.API].
func (s *Service) ListTagsForResource(ctx context.Context, in *api.ListTagsForResourceInput) (*api.ListTagsForResourceOutput, error) {
	b, r, err := s.tagged(ctx, *in.ResourceARN)
	if err != nil {
		return nil, err
	}
	if r != nil {
		return &api.ListTagsForResourceOutput{Tags: r.Tags.list()}, nil
	}
	return &api.ListTagsForResourceOutput{Tags: b.Tags.list()}, nil
}

// tagged finds the bus or the rule with that ARN.
func (s *Service) tagged(ctx context.Context, text string) (*bus, *rule, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "events" {
		return nil, nil, api.Invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
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
		return nil, nil, api.NotFound("Rule %s does not exist on EventBus %s.", ruleName, busName)
	}
	return nil, nil, api.NotFound("Resource %s does not exist, or has no tags: rules and event buses have.", text)
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
