package lambda

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"github.com/signalbox/signalbox/wire"
)

// alias is an alias as it is kept.
type alias struct {
	wire.Scope
	Function    string
	Name        string
	Version     string
	Weights     map[string]float64 // of another version, if any
	Description string
	Revision    string
}

func (a *alias) name() name {
	return name{Scope: a.Scope, function: a.Function, qualifier: a.Name}
}

// pick is the version for an invocation; chance is in [0, 1).
func (a *alias) pick(chance float64) string {
	for _, v := range slices.Sorted(maps.Keys(a.Weights)) {
		if chance -= a.Weights[v]; chance < 0 {
			return v
		}
	}
	return a.Version
}

func (a *alias) describe() AliasConfiguration {
	c := AliasConfiguration{
		AliasArn: new(a.name().arn()), Name: new(a.Name), FunctionVersion: new(a.Version),
		Description: new(a.Description), RevisionId: new(a.Revision),
	}
	if len(a.Weights) > 0 {
		c.RoutingConfig = &AliasRoutingConfiguration{AdditionalVersionWeights: a.Weights}
	}
	return c
}

var aliasName = regexp.MustCompile(`^[a-zA-Z0-9-_]+$`)

// checkAlias sees that what the alias names exists.
func (s *Service) checkAlias(f *function, a *alias) error {
	for v := range maps.Keys(a.Weights) {
		if s.versions.Get(f.key(v)) == nil {
			return notFound("Function not found: %s", functionARN(f.Scope, f.Name, v))
		}
		if a.Version == latest {
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		}
		if v == a.Version {
			return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", v, v)
		}
	}
	if len(a.Weights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	if a.Version != latest && s.versions.Get(f.key(a.Version)) == nil {
		return notFound("Function not found: %s", functionARN(f.Scope, f.Name, a.Version))
	}
	return nil
}

// CreateAlias implements [API].
func (s *Service) CreateAlias(ctx context.Context, in *CreateAliasInput) (*CreateAliasOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	if !aliasName.MatchString(*in.Name) || isVersion(*in.Name) {
		return nil, breaks(*in.Name, "name", "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)")
	}
	a := &alias{
		Scope: f.Scope, Function: f.Name, Name: *in.Name, Version: *in.FunctionVersion,
		Description: wire.Value(in.Description), Revision: uuid.NewString(),
	}
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	if err := s.checkAlias(f, a); err != nil {
		return nil, err
	}
	if s.aliases.Get(f.key(a.Name)) != nil {
		return nil, conflict("Alias already exists: %s", a.name().arn())
	}
	if err := s.aliases.Put(ctx, f.key(a.Name), a); err != nil {
		return nil, err
	}
	return new(CreateAliasOutput(a.describe())), nil
}

func (s *Service) alias(ctx context.Context, functionName, aliasName string) (*function, *alias, error) {
	_, f, err := s.unqualified(ctx, functionName)
	if err != nil {
		return nil, nil, err
	}
	a := s.aliases.Get(f.key(aliasName))
	if a == nil {
		return f, nil, notFound("Cannot find alias arn: %s", functionARN(f.Scope, f.Name, aliasName))
	}
	return f, a, nil
}

// UpdateAlias implements [API].
func (s *Service) UpdateAlias(ctx context.Context, in *UpdateAliasInput) (*UpdateAliasOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, old, err := s.alias(ctx, *in.FunctionName, *in.Name)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != old.Revision {
		return nil, staleRevision()
	}
	a := *old
	put(&a.Version, in.FunctionVersion)
	put(&a.Description, in.Description)
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	a.Revision = uuid.NewString()
	if err := s.checkAlias(f, &a); err != nil {
		return nil, err
	}
	if err := s.aliases.Put(ctx, f.key(a.Name), &a); err != nil {
		return nil, err
	}
	return new(UpdateAliasOutput(a.describe())), nil
}

// DeleteAlias implements [API], with what belongs to the alias. One that is not
// there is no error.
func (s *Service) DeleteAlias(ctx context.Context, in *DeleteAliasInput) (*DeleteAliasOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	key := f.key(*in.Name)
	if err := s.aliases.Delete(ctx, key); err != nil {
		return nil, err
	}
	if err := s.policies.Delete(ctx, key); err != nil {
		return nil, err
	}
	if err := s.configs.Delete(ctx, key); err != nil {
		return nil, err
	}
	return nil, s.urls.Delete(ctx, key)
}

// GetAlias implements [API].
func (s *Service) GetAlias(ctx context.Context, in *GetAliasInput) (*GetAliasOutput, error) {
	_, a, err := s.alias(ctx, *in.FunctionName, *in.Name)
	if err != nil {
		return nil, err
	}
	return new(GetAliasOutput(a.describe())), nil
}

// ListAliases implements [API].
func (s *Service) ListAliases(ctx context.Context, in *ListAliasesInput) (*ListAliasesOutput, error) {
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(s.aliases.List(f.key("")), func(a *alias) bool {
		return in.FunctionVersion != nil && a.Version != *in.FunctionVersion
	})
	rows, next, err := page(all, func(a *alias) string { return a.Name }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListAliasesOutput{Aliases: []AliasConfiguration{}, NextMarker: next}
	for _, a := range rows {
		out.Aliases = append(out.Aliases, a.describe())
	}
	return out, nil
}
