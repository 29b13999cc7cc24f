package lambda

import (
	"context"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

func describeAlias(a *catalog.Alias) api.AliasConfiguration {
	c := api.AliasConfiguration{
		AliasArn: new(a.Named().ARN()), Name: new(a.Name), FunctionVersion: new(a.Version),
		Description: new(a.Description), RevisionId: new(a.Revision),
	}
	if len(a.Weights) > 0 {
		c.RoutingConfig = &api.AliasRoutingConfiguration{AdditionalVersionWeights: a.Weights}
	}
	return c
}

var aliasName = regexp.MustCompile(`^[a-zA-Z0-9-_]+$`)

// checkAlias sees that what the alias names exists.
func (s *Service) checkAlias(f *catalog.Function, a *catalog.Alias) error {
	if len(a.Weights) > 1 {
		return api.Invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for v := range a.Weights {
		if s.Versions.Get(f.Key(v)) == nil {
			return api.NotFound("Function not found: %s", catalog.FunctionARN(f.Scope, f.Name, v))
		}
		if a.Version == catalog.Latest {
			return api.Invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		}
		if v == a.Version {
			return api.Invalid("Invalid function version %s. Function version %s is already included in routing configuration.", v, v)
		}
	}
	if a.Version != catalog.Latest && s.Versions.Get(f.Key(a.Version)) == nil {
		return api.NotFound("Function not found: %s", catalog.FunctionARN(f.Scope, f.Name, a.Version))
	}
	return nil
}

// CreateAlias implements [api.API].
func (s *Service) CreateAlias(ctx context.Context, in *api.CreateAliasInput) (*api.CreateAliasOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	n, f, err := s.unqualified(ctx, *in.FunctionName)
	if wire.IsCode(err, api.CodeResourceNotFoundException) { // of the version, as AWS says
		return nil, api.NotFound("Function not found: %s", catalog.FunctionARN(n.Scope, n.Function, *in.FunctionVersion))
	}
	if err != nil {
		return nil, err
	}
	if !aliasName.MatchString(*in.Name) || catalog.IsVersion(*in.Name) {
		return nil, api.Breaks(*in.Name, "name", "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)")
	}
	a := &catalog.Alias{
		Scope: f.Scope, Function: f.Name, Name: *in.Name, Version: *in.FunctionVersion,
		Description: wire.Value(in.Description), Revision: uuid.NewString(),
	}
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	if err := s.checkAlias(f, a); err != nil {
		return nil, err
	}
	if s.Aliases.Get(f.Key(a.Name)) != nil {
		return nil, api.Conflict("Alias already exists: %s", a.Named().ARN())
	}
	if err := s.Aliases.Put(ctx, f.Key(a.Name), a); err != nil {
		return nil, err
	}
	return new(api.CreateAliasOutput(describeAlias(a))), nil
}

func (s *Service) alias(ctx context.Context, functionName, aliasName string) (*catalog.Function, *catalog.Alias, error) {
	_, f, err := s.unqualified(ctx, functionName)
	if err != nil {
		return nil, nil, err
	}
	a := s.Aliases.Get(f.Key(aliasName))
	if a == nil {
		return f, nil, api.NotFound("Cannot find alias arn: %s", catalog.FunctionARN(f.Scope, f.Name, aliasName))
	}
	return f, a, nil
}

// UpdateAlias implements [api.API].
func (s *Service) UpdateAlias(ctx context.Context, in *api.UpdateAliasInput) (*api.UpdateAliasOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f, old, err := s.alias(ctx, *in.FunctionName, *in.Name)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != old.Revision {
		return nil, api.StaleRevision()
	}
	a := *old
	api.Put(&a.Version, in.FunctionVersion)
	api.Put(&a.Description, in.Description)
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	a.Revision = uuid.NewString()
	if err := s.checkAlias(f, &a); err != nil {
		return nil, err
	}
	if err := s.Aliases.Put(ctx, f.Key(a.Name), &a); err != nil {
		return nil, err
	}
	s.Provisions.Sync(f)
	return new(api.UpdateAliasOutput(describeAlias(&a))), nil
}

// DeleteAlias implements [api.API], with what belongs to the alias. One that is not
// there is no error.
func (s *Service) DeleteAlias(ctx context.Context, in *api.DeleteAliasInput) (*api.DeleteAliasOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	key := f.Key(*in.Name)
	if err := s.Aliases.Delete(ctx, key); err != nil {
		return nil, err
	}
	if err := s.policies.Delete(ctx, key); err != nil {
		return nil, err
	}
	if err := s.Configs.Delete(ctx, key); err != nil {
		return nil, err
	}
	if err := s.Provisions.Drop(ctx, f, *in.Name); err != nil {
		return nil, err
	}
	return nil, s.URLs.Drop(ctx, f.Named(*in.Name))
}

// GetAlias implements [api.API].
func (s *Service) GetAlias(ctx context.Context, in *api.GetAliasInput) (*api.GetAliasOutput, error) {
	_, a, err := s.alias(ctx, *in.FunctionName, *in.Name)
	if err != nil {
		return nil, err
	}
	return new(api.GetAliasOutput(describeAlias(a))), nil
}

// ListAliases implements [api.API].
func (s *Service) ListAliases(ctx context.Context, in *api.ListAliasesInput) (*api.ListAliasesOutput, error) {
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(s.Aliases.List(f.Key("")), func(a *catalog.Alias) bool {
		return in.FunctionVersion != nil && a.Version != *in.FunctionVersion
	})
	rows, next, err := api.Page(all, func(a *catalog.Alias) string { return a.Name }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListAliasesOutput{Aliases: []api.AliasConfiguration{}, NextMarker: next}
	for _, a := range rows {
		out.Aliases = append(out.Aliases, describeAlias(a))
	}
	return out, nil
}
