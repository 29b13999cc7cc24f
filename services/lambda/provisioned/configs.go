package provisioned

import (
	"context"
	"slices"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
)

// minUnreserved is what an account must keep unreserved (Lambda quotas);
// maxUnreserved what it has.
const (
	minUnreserved = 100
	maxUnreserved = 1000
)

// find looks up what an operation is about; without a configuration r is nil.
func (p *Provisions) find(ctx context.Context, name, qualifier *string, latest string) (n catalog.Name, f *catalog.Function, r *record, err error) {
	if n, err = catalog.Locate(ctx, *name, qualifier); err != nil {
		return n, nil, nil, err
	}
	if n.Qualifier == catalog.Latest {
		return n, nil, nil, api.Invalid("%s", latest)
	}
	f = p.Catalog.Functions.Get(n.Key())
	switch {
	case catalog.IsVersion(n.Qualifier):
		if p.Catalog.Versions.Get(n.Key(n.Qualifier)) == nil {
			return n, f, nil, api.NotFound("Function not found: %s", n.ARN())
		}
	case p.Catalog.Aliases.Get(n.Key(n.Qualifier)) == nil:
		return n, f, nil, api.NotFound("Cannot find alias arn: %s", n.ARN())
	}
	return n, f, p.kept.Get(n.Key(n.Qualifier)), nil
}

const (
	unpublished = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
	needsOne    = "The function resource provided must be an alias or a published version."
)

// PutProvisionedConcurrencyConfig implements [api.API].
func (p *Provisions) PutProvisionedConcurrencyConfig(ctx context.Context, in *api.PutProvisionedConcurrencyConfigInput) (*api.PutProvisionedConcurrencyConfigOutput, error) {
	p.Catalog.Mu.Lock()
	defer p.Catalog.Mu.Unlock()
	n, f, old, err := p.find(ctx, in.FunctionName, in.Qualifier, unpublished)
	if err != nil {
		return nil, err
	}
	if err := p.checkOthers(n, f); err != nil {
		return nil, err
	}
	requested, before := *in.ProvisionedConcurrentExecutions, 0
	if old != nil {
		before = int(old.Requested)
	}
	if err := p.checkRoom(f, int(requested), before); err != nil {
		return nil, err
	}
	r := &record{Scope: n.Scope, Function: n.Function, Qualifier: n.Qualifier, Requested: requested, Modified: p.Clock.Now()}
	if err := p.kept.Put(ctx, r.key(), r); err != nil {
		return nil, err
	}
	p.Sync(f)
	return &api.PutProvisionedConcurrencyConfigOutput{
		RequestedProvisionedConcurrentExecutions: &requested, AllocatedProvisionedConcurrentExecutions: new(int32(0)),
		AvailableProvisionedConcurrentExecutions: new(int32(0)), Status: new(api.ProvisionedConcurrencyStatusEnumInProgress),
		LastModified: r.modified(),
	}, nil
}

// checkOthers sees that a version is not provisioned twice, by itself and by an alias.
func (p *Provisions) checkOthers(n catalog.Name, f *catalog.Function) error {
	a := p.Catalog.Aliases.Get(n.Key(n.Qualifier))
	if a == nil {
		for _, o := range p.Catalog.Aliases.List(f.Key("")) {
			if o.Version == n.Qualifier && p.kept.Get(f.Key(o.Name)) != nil {
				return api.Conflict("Version is pointed by a Provisioned Concurrency alias")
			}
		}
		return nil
	}
	if a.Version == catalog.Latest {
		return api.Invalid("%s", unpublished)
	}
	if p.kept.Get(f.Key(a.Version)) != nil {
		return api.Conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
	}
	return nil
}

// checkRoom sees that there is concurrency for what is asked for, in the place of what
// was before.
func (p *Provisions) checkRoom(f *catalog.Function, requested, before int) error {
	if f.Reserved != nil {
		if p.Of(f)-before+requested > int(*f.Reserved) {
			return api.Invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
		}
		return nil
	}
	if requested > maxUnreserved {
		return api.Invalid("Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [%d].", maxUnreserved)
	}
	if p.Unreserved(f.Scope)-p.Unbacked(f.Scope)+before-requested < minUnreserved {
		return api.Invalid("Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
	}
	return nil
}

func (r *record) modified() *string {
	return new(r.Modified.UTC().Format("2006-01-02T15:04:05-0700"))
}

// state is a configuration as answers show it.
func (p *Provisions) state(r *record) *api.GetProvisionedConcurrencyConfigOutput {
	var allocated int32
	var failure error
	for version, n := range p.shares(r) {
		v := p.Catalog.Versions.Get(r.Scope.Key(r.Function, version))
		if v == nil || n == 0 {
			continue
		}
		ready, err := p.Kept(v)
		allocated += int32(min(ready, n))
		if ready < n && err != nil {
			failure = err
		}
	}
	out := &api.GetProvisionedConcurrencyConfigOutput{
		RequestedProvisionedConcurrentExecutions: new(r.Requested), AllocatedProvisionedConcurrentExecutions: new(allocated),
		AvailableProvisionedConcurrentExecutions: new(allocated), LastModified: r.modified(),
		Status: new(api.ProvisionedConcurrencyStatusEnumInProgress),
	}
	switch {
	case allocated >= r.Requested:
		out.Status = new(api.ProvisionedConcurrencyStatusEnumReady)
	case failure != nil:
		out.Status, out.StatusReason = new(api.ProvisionedConcurrencyStatusEnumFailed), new("FUNCTION_ERROR_INIT_FAILURE")
	}
	return out
}

// GetProvisionedConcurrencyConfig implements [api.API].
func (p *Provisions) GetProvisionedConcurrencyConfig(ctx context.Context, in *api.GetProvisionedConcurrencyConfigInput) (*api.GetProvisionedConcurrencyConfigOutput, error) {
	_, _, r, err := p.find(ctx, in.FunctionName, in.Qualifier, needsOne)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, api.Refuse(api.CodeProvisionedConcurrencyConfigNotFoundException, "No Provisioned Concurrency Config found for this function")
	}
	return p.state(r), nil
}

// DeleteProvisionedConcurrencyConfig implements [api.API]. One that is not there
// is no error.
func (p *Provisions) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *api.DeleteProvisionedConcurrencyConfigInput) (*api.DeleteProvisionedConcurrencyConfigOutput, error) {
	p.Catalog.Mu.Lock()
	defer p.Catalog.Mu.Unlock()
	n, f, _, err := p.find(ctx, in.FunctionName, in.Qualifier, needsOne)
	if err != nil {
		return nil, err
	}
	return nil, p.Drop(ctx, f, n.Qualifier)
}

// ListProvisionedConcurrencyConfigs implements [api.API].
func (p *Provisions) ListProvisionedConcurrencyConfigs(ctx context.Context, in *api.ListProvisionedConcurrencyConfigsInput) (*api.ListProvisionedConcurrencyConfigsOutput, error) {
	_, f, err := p.Catalog.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(p.kept.List(f.Key("")))
	rows, next, err := api.Page(all, func(r *record) string { return r.Qualifier }, in.MaxItems, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &api.ListProvisionedConcurrencyConfigsOutput{ProvisionedConcurrencyConfigs: []api.ProvisionedConcurrencyConfigListItem{}, NextMarker: next}
	for _, r := range rows {
		s := p.state(r)
		out.ProvisionedConcurrencyConfigs = append(out.ProvisionedConcurrencyConfigs, api.ProvisionedConcurrencyConfigListItem{
			FunctionArn:                              new(f.Named(r.Qualifier).ARN()),
			RequestedProvisionedConcurrentExecutions: s.RequestedProvisionedConcurrentExecutions,
			AvailableProvisionedConcurrentExecutions: s.AvailableProvisionedConcurrentExecutions,
			AllocatedProvisionedConcurrentExecutions: s.AllocatedProvisionedConcurrentExecutions,
			Status:                                   s.Status, StatusReason: s.StatusReason, LastModified: s.LastModified,
		})
	}
	return out, nil
}
