package iam

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// maxTags is how many tags a thing may have (IAM quotas).
const maxTags = 50

func newTags(list []Tag) (map[string]string, error) { return withTags(nil, list) }

// withTags is a copy with the tags of the list added or replaced. Keys are told
// apart without regard to case, and keep the case that they came with.
func withTags(tags map[string]string, list []Tag) (map[string]string, error) {
	out := maps.Clone(tags)
	if out == nil {
		out = map[string]string{}
	}
	seen := map[string]bool{}
	for _, t := range list {
		folded := strings.ToLower(*t.Key)
		switch {
		case strings.HasPrefix(folded, "aws:"):
			return nil, invalidInput("Tag keys that begin with aws: are reserved for AWS use.")
		case seen[folded]:
			return nil, invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[folded] = true
		for key := range out {
			if strings.EqualFold(key, *t.Key) {
				delete(out, key)
			}
		}
		out[*t.Key] = *t.Value
	}
	if len(out) > maxTags {
		return nil, exceeded("The number of tags has reached the maximum limit.")
	}
	return out, nil
}

func withoutTags(tags map[string]string, keys []string) map[string]string {
	out := maps.Clone(tags)
	maps.DeleteFunc(out, func(key, _ string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) })
	})
	return out
}

// tagList is the wire form in the order of the keys; never absent.
func tagList(tags map[string]string) []Tag {
	out := make([]Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{Key: new(key), Value: new(tags[key])})
	}
	return out
}

// someTags is tagList, absent where there is none.
func someTags(tags map[string]string) []Tag {
	if len(tags) == 0 {
		return nil
	}
	return tagList(tags)
}

func tagPage(tags map[string]string, limit *int32, marker *string) ([]Tag, bool, *string, error) {
	return page(tagList(tags), func(t Tag) string { return *t.Key }, limit, marker)
}

func (s *Service) tagIdentity(ctx context.Context, k kind, name string, add []Tag, remove []string) error {
	return s.change(ctx, k, name, func(i *identity) (err error) {
		if remove != nil {
			i.Tags = withoutTags(i.Tags, remove)
			return nil
		}
		i.Tags, err = withTags(i.Tags, add)
		return err
	})
}

func (s *Service) identityTags(ctx context.Context, k kind, name string, limit *int32, marker *string) ([]Tag, bool, *string, error) {
	i, err := s.identity(ctx, k, name)
	if err != nil {
		return nil, false, nil, err
	}
	return tagPage(i.Tags, limit, marker)
}
