// Package provisioned is provisioned concurrency: how many processes of a version
// are kept ready (developer guide, page provisioned-concurrency).
//
//	PutProvisionedConcurrencyConfig ── a record ── Sync ──► Config.Keep(version, n) ──► its pool
//	GetProvisionedConcurrencyConfig ◄── IN_PROGRESS, READY, FAILED ◄── Config.Kept
//
// A configuration belongs to a version or to an alias; that of an alias goes with
// it to the versions that it leads to, in the parts that it leads there. What is
// configured counts against the function's reserved concurrency, or, where it has
// none, against the account's.
package provisioned

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// Config is what provisioned concurrency works with. All is required.
type Config struct {
	Engine  engine.Engine
	Clock   clock.Clock
	Catalog *catalog.Catalog
	// Keep has n processes of a version kept ready.
	Keep func(v *catalog.Version, n int)
	// Kept tells how many are, and why not more; nil: they are being started.
	Kept func(v *catalog.Version) (ready int, failure error)
	// Unreserved is the concurrency that a scope's account has left beside what
	// functions have reserved.
	Unreserved func(sc wire.Scope) int
}

// record is a configuration as it is kept.
type record struct {
	wire.Scope
	Function  string
	Qualifier string // version or alias
	Requested int32
	Modified  time.Time
}

func (r *record) key() string { return r.Scope.Key(r.Function, r.Qualifier) }

// Provisions are all configurations.
type Provisions struct {
	Config
	kept *engine.Documents[record]
}

// New loads the configurations; Resume has processes started.
func New(ctx context.Context, c Config) (*Provisions, error) {
	p := &Provisions{Config: c}
	var err error
	if p.kept, err = engine.OpenDocuments[record](ctx, c.Engine.Records(), "lambda.provisioned"); err != nil {
		return nil, fmt.Errorf("loading provisioned concurrency: %w", err)
	}
	return p, nil
}

// Resume starts what is to be kept ready.
func (p *Provisions) Resume() {
	for _, r := range p.kept.List("") {
		if f := p.Catalog.Functions.Get(r.Scope.Key(r.Function)); f != nil {
			p.Sync(f)
		}
	}
}

// Sync has kept ready what a function's configurations and aliases say.
func (p *Provisions) Sync(f *catalog.Function) {
	wanted := map[string]int{}
	for _, r := range p.kept.List(f.Key("")) {
		for v, n := range p.shares(r) {
			wanted[v] += n
		}
	}
	for _, v := range p.Catalog.Published(f) {
		p.Keep(v, wanted[v.Version])
	}
}

// shares are the processes that a configuration means, by version.
func (p *Provisions) shares(r *record) map[string]int {
	a := p.Catalog.Aliases.Get(r.key())
	if a == nil {
		return map[string]int{r.Qualifier: int(r.Requested)}
	}
	shares, rest := map[string]int{}, int(r.Requested)
	for v, weight := range a.Weights {
		n := min(int(math.Round(weight*float64(r.Requested))), rest)
		shares[v] += n
		rest -= n
	}
	shares[a.Version] += rest
	return shares
}

// At is what is provisioned for a version or an alias.
func (p *Provisions) At(n catalog.Name) int {
	if n.Qualifier == "" {
		return 0
	}
	if r := p.kept.Get(n.Key(n.Qualifier)); r != nil {
		return int(r.Requested)
	}
	return 0
}

// Of is what is provisioned for all of a function.
func (p *Provisions) Of(f *catalog.Function) (total int) {
	for _, r := range p.kept.List(f.Key("")) {
		total += int(r.Requested)
	}
	return total
}

// Unbacked is what is provisioned in a scope for functions that have no reserved
// concurrency.
func (p *Provisions) Unbacked(sc wire.Scope) (total int) {
	for _, r := range p.kept.List(sc.Key("")) {
		if f := p.Catalog.Functions.Get(sc.Key(r.Function)); f != nil && f.Reserved == nil {
			total += int(r.Requested)
		}
	}
	return total
}

// Drop deletes the configuration of a version or an alias, if it has one.
func (p *Provisions) Drop(ctx context.Context, f *catalog.Function, qualifier string) error {
	if p.kept.Get(f.Key(qualifier)) == nil {
		return nil
	}
	if err := p.kept.Delete(ctx, f.Key(qualifier)); err != nil {
		return err
	}
	p.Sync(f)
	return nil
}

// DropOrphans deletes the configurations of functions that there are no more.
func (p *Provisions) DropOrphans(ctx context.Context) error {
	for _, r := range p.kept.List("") {
		if p.Catalog.Functions.Get(r.Scope.Key(r.Function)) != nil {
			continue
		}
		if err := p.kept.Delete(ctx, r.key()); err != nil {
			return err
		}
	}
	return nil
}
