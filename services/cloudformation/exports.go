package cloudformation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/services/cloudformation/template"
	"github.com/signalbox/signalbox/wire"
)

// imported finds a value that another stack exports.
func (s *Service) imported(st *stack, name string) (string, error) {
	for _, other := range s.stacks.list(st.Scope) {
		if other.gone() || other.ID == st.ID {
			continue
		}
		for _, o := range other.Outputs {
			if o.Export == name {
				return o.Value, nil
			}
		}
	}
	return "", fmt.Errorf("No export named %s found.", name)
}

// importers names the stacks that import a value.
func (s *Service) importers(sc wire.Scope, export string) (names []string) {
	for _, st := range s.stacks.list(sc) {
		if !st.gone() && slices.Contains(st.Imports, export) {
			names = append(names, st.Name)
		}
	}
	slices.Sort(names)
	return names
}

// exportable refuses exports that another stack has already, and taking away
// or changing those that are in use.
func (s *Service) exportable(st *stack, outs []output) error {
	values := map[string]string{}
	for _, o := range outs {
		if o.Export == "" {
			continue
		}
		if _, twice := values[o.Export]; twice {
			return fmt.Errorf("Duplicate Export names: %s", o.Export)
		}
		values[o.Export] = o.Value
		for _, other := range s.stacks.list(st.Scope) {
			if !other.gone() && other.ID != st.ID && slices.ContainsFunc(other.Outputs, func(o2 output) bool { return o2.Export == o.Export }) {
				return fmt.Errorf("Export with name %s is already exported by stack %s", o.Export, other.Name)
			}
		}
	}
	for _, o := range st.Outputs {
		by := s.importers(st.Scope, o.Export)
		if o.Export == "" || len(by) == 0 {
			continue
		}
		if v, ok := values[o.Export]; !ok {
			return fmt.Errorf("Export %s cannot be deleted as it is in use by %s", o.Export, strings.Join(by, " and "))
		} else if v != o.Value {
			return fmt.Errorf("Export %s cannot be updated as it is in use by %s", o.Export, strings.Join(by, " and "))
		}
	}
	return nil
}

// importsOf names the values that a plan imports.
func importsOf(p *plan) (names []string) {
	scope := *p.scope
	scope.Import = func(name string) (string, error) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		return p.scope.Import(name)
	}
	// What could not be worked out has failed before.
	for _, name := range p.order {
		_, _ = scope.Properties(name)
	}
	for _, o := range p.template.Outputs {
		if scope.Included(o.Condition) {
			_, _ = scope.Resolve(o.Value)
		}
	}
	slices.Sort(names)
	return names
}

// sameOutputs says whether two templates tell the same.
func sameOutputs(a, b *template.Template) bool {
	x, errX := json.Marshal(a.Outputs)
	y, errY := json.Marshal(b.Outputs)
	return errX == nil && errY == nil && string(x) == string(y)
}

// ListExports implements [API].
func (s *Service) ListExports(ctx context.Context, in *ListExportsInput) (*ListExportsOutput, error) {
	var all []Export
	for _, st := range s.stacks.list(wire.ScopeOf(ctx)) {
		for _, o := range st.Outputs {
			if o.Export != "" {
				all = append(all, Export{ExportingStackId: new(st.ID), Name: new(o.Export), Value: new(o.Value)})
			}
		}
	}
	slices.SortFunc(all, func(a, b Export) int { return strings.Compare(*a.Name, *b.Name) })
	rows, next, err := page(all, func(e Export) string { return *e.Name }, in.NextToken)
	if rows == nil {
		rows = []Export{}
	}
	return &ListExportsOutput{Exports: rows, NextToken: next}, err
}

// ListImports implements [API].
func (s *Service) ListImports(ctx context.Context, in *ListImportsInput) (*ListImportsOutput, error) {
	names, next, err := page(s.importers(wire.ScopeOf(ctx), *in.ExportName), func(n string) string { return n }, in.NextToken)
	if err == nil && len(names) == 0 {
		err = invalid("Export '%s' is not imported by any stack.", *in.ExportName)
	}
	return &ListImportsOutput{Imports: names, NextToken: next}, err
}
