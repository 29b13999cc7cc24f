package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

func environmentContext(v *catalog.Version) []byte {
	return []byte("environment of " + catalog.FunctionARN(v.Scope, v.Function, ""))
}

// sealVariables keeps the environment variables.
func (s *Service) sealVariables(v *catalog.Version, variables map[string]string) error {
	v.Environment = nil
	if variables == nil {
		return nil
	}
	text, err := json.Marshal(variables)
	if err != nil {
		return fmt.Errorf("sealing environment variables: %w", err)
	}
	v.Environment = s.Box.Seal(text, environmentContext(v))
	return nil
}

// variables are the environment variables.
func (s *Service) variables(v *catalog.Version) (map[string]string, error) {
	if v.Environment == nil {
		return nil, nil
	}
	text, err := s.Box.Open(v.Environment, environmentContext(v))
	if err != nil {
		return nil, fmt.Errorf("opening the environment variables of %s: %w", v.Function, err)
	}
	variables := map[string]string{}
	if err := json.Unmarshal(text, &variables); err != nil {
		return nil, fmt.Errorf("opening the environment variables of %s: %w", v.Function, err)
	}
	return variables, nil
}

// changeFunction puts the changed copy of a function.
func (s *Service) changeFunction(ctx context.Context, f *catalog.Function, change func(*catalog.Function) error) (*catalog.Function, error) {
	changed := *f
	changed.Tags = maps.Clone(f.Tags)
	if err := change(&changed); err != nil {
		return nil, err
	}
	return &changed, s.Catalog.Functions.Put(ctx, f.Key(), &changed)
}

// forgetOrphans deletes what is left of functions whose deletion a crash cut
// short.
func (s *Service) forgetOrphans(ctx context.Context) error {
	owner := func(sc wire.Scope, name string) bool { return s.Catalog.Functions.Get(sc.Key(name)) != nil }
	for _, v := range s.Versions.List("") {
		if !owner(v.Scope, v.Function) {
			if err := s.Versions.Delete(ctx, v.Named().Key(v.Version)); err != nil {
				return err
			}
		}
	}
	for _, a := range s.Aliases.List("") {
		if !owner(a.Scope, a.Function) {
			if err := s.Aliases.Delete(ctx, a.Scope.Key(a.Function, a.Name)); err != nil {
				return err
			}
		}
	}
	for _, p := range s.policies.List("") {
		if !owner(p.Scope, p.Function) {
			if err := s.policies.Delete(ctx, p.Scope.Key(p.Function, p.Qualifier)); err != nil {
				return err
			}
		}
	}
	for _, c := range s.Configs.List("") {
		if !owner(c.Scope, c.Function) {
			if err := s.Configs.Delete(ctx, c.Scope.Key(c.Function, c.Qualifier)); err != nil {
				return err
			}
		}
	}
	if err := s.Provisions.DropOrphans(ctx); err != nil {
		return err
	}
	return s.URLs.DropOrphans(ctx)
}
