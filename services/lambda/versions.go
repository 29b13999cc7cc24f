package lambda

import (
	"context"
	"strconv"

	"github.com/signalbox/signalbox/wire"
)

// PublishVersion implements [API]. Where nothing has changed since the last
// version, that is the answer.
func (s *Service) PublishVersion(ctx context.Context, in *PublishVersionInput) (*PublishVersionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != f.Latest.Revision {
		return nil, staleRevision()
	}
	if in.CodeSha256 != nil && *in.CodeSha256 != f.Latest.Code.SHA256 {
		return nil, invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", *in.CodeSha256, f.Latest.Code.SHA256)
	}
	v, err := s.publish(ctx, f, in.Description)
	if err != nil {
		return nil, err
	}
	c, err := s.describe(v, v.Version)
	return new(PublishVersionOutput(c)), err
}

// publish makes a version of $LATEST. Called with mu held. The number is taken
// before the version is written: a crash in between leaves a gap.
func (s *Service) publish(ctx context.Context, f *function, description *string) (*version, error) {
	if last := s.published(f); len(last) > 0 {
		v := last[len(last)-1]
		mine, err := s.variables(&f.Latest)
		if err != nil {
			return nil, err
		}
		others, err := s.variables(v)
		if err != nil {
			return nil, err
		}
		if f.Latest.same(v, mine, others) {
			return v, nil
		}
	}
	v := f.Latest
	v.Version = strconv.Itoa(f.Next)
	put(&v.Description, description)
	v.touch(s.Clock.Now())
	if _, err := s.changeFunction(ctx, f, func(f *function) error { f.Next++; return nil }); err != nil {
		return nil, err
	}
	return &v, s.versions.Put(ctx, f.key(v.Version), &v)
}

// ListVersionsByFunction implements [API].
func (s *Service) ListVersionsByFunction(ctx context.Context, in *ListVersionsByFunctionInput) (*ListVersionsByFunctionOutput, error) {
	_, f, err := s.function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	all := append([]*version{&f.Latest}, s.published(f)...)
	rows, next, err := page(all, func(v *version) string { return "|" + padded(v.Version) }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListVersionsByFunctionOutput{Versions: []FunctionConfiguration{}, NextMarker: next}
	for _, v := range rows {
		c, err := s.describe(v, v.Version)
		if err != nil {
			return nil, err
		}
		out.Versions = append(out.Versions, c)
	}
	return out, nil
}

// GetFunctionConcurrency implements [API].
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *GetFunctionConcurrencyInput) (*GetFunctionConcurrencyOutput, error) {
	_, f, err := s.function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	return &GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: f.Reserved}, nil
}

// PutFunctionConcurrency implements [API].
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *PutFunctionConcurrencyInput) (*PutFunctionConcurrencyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	wanted := *in.ReservedConcurrentExecutions
	if left := accountConcurrency - s.reserved(f.Scope, f.Name) - int(wanted); left < minUnreserved {
		return nil, invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
	}
	_, err = s.changeFunction(ctx, f, func(f *function) error { f.Reserved = &wanted; return nil })
	return &PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: &wanted}, err
}

// DeleteFunctionConcurrency implements [API].
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *DeleteFunctionConcurrencyInput) (*DeleteFunctionConcurrencyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.changeFunction(ctx, f, func(f *function) error { f.Reserved = nil; return nil })
	return nil, err
}

// tagged finds the function or the event source mapping that an ARN names, and
// how its tags are changed.
func (s *Service) tagged(ctx context.Context, resource string) (tags map[string]string, change func(map[string]string) error, err error) {
	if id, ok := mappingID(resource); ok {
		m := s.mappings.Get(wire.ScopeOf(ctx).Key(id))
		if m == nil {
			return nil, nil, noMapping()
		}
		return m.Tags, func(tags map[string]string) error {
			changed := *m
			changed.Tags = tags
			return s.mappings.Put(ctx, m.key(), &changed)
		}, nil
	}
	_, f, err := s.unqualified(ctx, resource)
	if err != nil {
		return nil, nil, err
	}
	return f.Tags, func(tags map[string]string) error {
		_, err := s.changeFunction(ctx, f, func(f *function) error { f.Tags = tags; return nil })
		return err
	}, nil
}

const maxTags = 50

// TagResource implements [API].
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, change, err := s.tagged(ctx, *in.Resource)
	if err != nil {
		return nil, err
	}
	merged := map[string]string{}
	for _, m := range []map[string]string{tags, in.Tags} {
		for k, v := range m {
			merged[k] = v
		}
	}
	if len(merged) > maxTags {
		return nil, invalid("The number of tags exceeds the limit of %d.", maxTags)
	}
	return nil, change(merged)
}

// UntagResource implements [API].
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, change, err := s.tagged(ctx, *in.Resource)
	if err != nil {
		return nil, err
	}
	left := map[string]string{}
	for k, v := range tags {
		left[k] = v
	}
	for _, k := range in.TagKeys {
		delete(left, k)
	}
	return nil, change(left)
}

// ListTags implements [API].
func (s *Service) ListTags(ctx context.Context, in *ListTagsInput) (*ListTagsOutput, error) {
	tags, _, err := s.tagged(ctx, *in.Resource)
	if err != nil {
		return nil, err
	}
	if tags == nil {
		tags = map[string]string{}
	}
	return &ListTagsOutput{Tags: tags}, nil
}
