package catalog

import (
	"maps"
	"slices"

	"github.com/signalbox/signalbox/wire"
)

// Alias is an alias as it is kept.
type Alias struct {
	wire.Scope
	Function    string
	Name        string
	Version     string
	Weights     map[string]float64 // of another version, if any
	Description string
	Revision    string
}

// Named is its name.
func (a *Alias) Named() Name {
	return Name{Scope: a.Scope, Function: a.Function, Qualifier: a.Name}
}

// Pick is the version for an invocation; chance is in [0, 1).
func (a *Alias) Pick(chance float64) string {
	for _, v := range slices.Sorted(maps.Keys(a.Weights)) {
		if chance -= a.Weights[v]; chance < 0 {
			return v
		}
	}
	return a.Version
}
