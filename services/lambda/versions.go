package lambda

import (
	"context"
	"strconv"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/mapping"
)

// PublishVersion implements [api.API]. Where nothing has changed since the last
// version, that is the answer.
func (s *Service) PublishVersion(ctx context.Context, in *api.PublishVersionInput) (*api.PublishVersionOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != f.Latest.Revision {
		return nil, api.StaleRevision()
	}
	if in.CodeSha256 != nil && *in.CodeSha256 != f.Latest.Code.SHA256 {
		return nil, api.Invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", *in.CodeSha256, f.Latest.Code.SHA256)
	}
	v, err := s.publish(ctx, f, in.Description)
	if err != nil {
		return nil, err
	}
	c, err := s.describe(v, v.Version)
	return new(api.PublishVersionOutput(c)), err
}

// publish makes a version of $LATEST. Called with mu held. The number is taken
// before the version is written: a crash in between leaves a gap.
func (s *Service) publish(ctx context.Context, f *catalog.Function, description *string) (*catalog.Version, error) {
	if last := s.Published(f); len(last) > 0 {
		v := last[len(last)-1]
		mine, err := s.variables(&f.Latest)
		if err != nil {
			return nil, err
		}
		others, err := s.variables(v)
		if err != nil {
			return nil, err
		}
		if f.Latest.Same(v, mine, others) {
			return v, nil
		}
	}
	v := f.Latest
	v.Version = strconv.Itoa(f.Next)
	api.Put(&v.Description, description)
	v.Touch(s.Clock.Now())
	if _, err := s.changeFunction(ctx, f, func(f *catalog.Function) error { f.Next++; return nil }); err != nil {
		return nil, err
	}
	return &v, s.Versions.Put(ctx, f.Key(v.Version), &v)
}

// ListVersionsByFunction implements [api.API].
func (s *Service) ListVersionsByFunction(ctx context.Context, in *api.ListVersionsByFunctionInput) (*api.ListVersionsByFunctionOutput, error) {
	_, f, err := s.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	all := append([]*catalog.Version{&f.Latest}, s.Published(f)...)
	rows, next, err := api.Page(all, func(v *catalog.Version) string { return "|" + padded(v.Version) }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListVersionsByFunctionOutput{Versions: []api.FunctionConfiguration{}, NextMarker: next}
	for _, v := range rows {
		c, err := s.describe(v, v.Version)
		if err != nil {
			return nil, err
		}
		out.Versions = append(out.Versions, c)
	}
	return out, nil
}

// GetFunctionConcurrency implements [api.API].
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *api.GetFunctionConcurrencyInput) (*api.GetFunctionConcurrencyOutput, error) {
	_, f, err := s.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	return &api.GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: f.Reserved}, nil
}

// PutFunctionConcurrency implements [api.API].
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *api.PutFunctionConcurrencyInput) (*api.PutFunctionConcurrencyOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	wanted := *in.ReservedConcurrentExecutions
	if held := s.Provisions.Of(f); int(wanted) < held {
		return nil, api.Invalid(" ReservedConcurrentExecutions  %d should not be lower than function's total provisioned concurrency [%d].", wanted, held)
	}
	if left := accountConcurrency - s.reserved(f.Scope, f.Name) - int(wanted); left < minUnreserved {
		return nil, api.Invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
	}
	_, err = s.changeFunction(ctx, f, func(f *catalog.Function) error { f.Reserved = &wanted; return nil })
	return &api.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: &wanted}, err
}

// DeleteFunctionConcurrency implements [api.API].
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *api.DeleteFunctionConcurrencyInput) (*api.DeleteFunctionConcurrencyOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.changeFunction(ctx, f, func(f *catalog.Function) error { f.Reserved = nil; return nil })
	return nil, err
}

// tagged finds the function or the event source mapping that an ARN names, and
// how its tags are changed.
func (s *Service) tagged(ctx context.Context, resource string) (tags map[string]string, change func(map[string]string) error, err error) {
	if id, ok := mapping.ID(resource); ok {
		return s.Mappings.Tags(ctx, id)
	}
	_, f, err := s.unqualified(ctx, resource)
	if err != nil {
		return nil, nil, err
	}
	return f.Tags, func(tags map[string]string) error {
		_, err := s.changeFunction(ctx, f, func(f *catalog.Function) error { f.Tags = tags; return nil })
		return err
	}, nil
}

const maxTags = 50

func tooManyTags() error { return api.Invalid("Number of tags exceeds resource tag limit.") }

// TagResource implements [api.API].
func (s *Service) TagResource(ctx context.Context, in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
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
		return nil, tooManyTags()
	}
	return nil, change(merged)
}

// UntagResource implements [api.API].
func (s *Service) UntagResource(ctx context.Context, in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
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

// ListTags implements [api.API].
func (s *Service) ListTags(ctx context.Context, in *api.ListTagsInput) (*api.ListTagsOutput, error) {
	tags, _, err := s.tagged(ctx, *in.Resource)
	if err != nil {
		return nil, err
	}
	if tags == nil {
		tags = map[string]string{}
	}
	return &api.ListTagsOutput{Tags: tags}, nil
}
