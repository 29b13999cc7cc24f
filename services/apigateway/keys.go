package apigateway

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/services/apigateway/patch"
	"github.com/signalbox/signalbox/wire"
)

// apiKey is kept by account, region and identifier.
type apiKey struct {
	wire.Scope
	Key ApiKey
}

// usagePlan is kept by account, region and identifier.
type usagePlan struct {
	wire.Scope
	Plan UsagePlan
	Keys []string // identifiers
}

func itoa(n int) string { return strconv.Itoa(n) }

// CreateApiKey implements [API].
func (s *Service) CreateApiKey(ctx context.Context, in *CreateApiKeyInput) (*CreateApiKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := wire.ScopeOf(ctx)
	value := wire.Value(in.Value)
	if value == "" {
		value = kept.NewID(40)
	}
	if len(value) < 20 || len(value) > 128 {
		return nil, bad("API Key value should be between 20 and 128 characters")
	}
	for _, k := range s.keys.List(scope.Key()) {
		if *k.Key.Value == value {
			return nil, conflict("API Key already exists")
		}
	}
	now := new(wire.At(s.clock.Now()))
	k := &apiKey{Scope: scope, Key: ApiKey{
		Id: new(kept.NewID(10)), Value: &value, Name: in.Name, CustomerId: in.CustomerId, Description: in.Description,
		Enabled: wire.Value(in.Enabled), CreatedDate: now, LastUpdatedDate: now, StageKeys: []string{}, Tags: in.Tags,
	}}
	return (*CreateApiKeyOutput)(&k.Key), s.keys.Put(ctx, scope.Key(*k.Key.Id), k)
}

func (s *Service) key(ctx context.Context, id string) (*apiKey, error) {
	if k := s.keys.Get(wire.ScopeOf(ctx).Key(id)); k != nil {
		return k, nil
	}
	return nil, notFound("Invalid API Key identifier specified")
}

// GetApiKey implements [API].
func (s *Service) GetApiKey(ctx context.Context, in *GetApiKeyInput) (*GetApiKeyOutput, error) {
	k, err := s.key(ctx, *in.ApiKey)
	if err != nil {
		return nil, err
	}
	out := GetApiKeyOutput(k.Key)
	if !wire.Value(in.IncludeValue) {
		out.Value = nil
	}
	return &out, nil
}

// GetApiKeys implements [API].
func (s *Service) GetApiKeys(ctx context.Context, in *GetApiKeysInput) (*GetApiKeysOutput, error) {
	var all []ApiKey
	for _, k := range s.keys.List(wire.ScopeOf(ctx).Key()) {
		if in.NameQuery != nil && !strings.HasPrefix(wire.Value(k.Key.Name), *in.NameQuery) || in.CustomerId != nil && wire.Value(k.Key.CustomerId) != *in.CustomerId {
			continue
		}
		row := k.Key
		if !wire.Value(in.IncludeValues) {
			row.Value = nil
		}
		all = append(all, row)
	}
	rows, next, err := page(all, func(k ApiKey) string { return *k.Id }, in.Limit, in.Position)
	return &GetApiKeysOutput{Items: rows, Position: next}, err
}

// UpdateApiKey implements [API].
func (s *Service) UpdateApiKey(ctx context.Context, in *UpdateApiKeyInput) (*UpdateApiKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.key(ctx, *in.ApiKey)
	if err != nil {
		return nil, err
	}
	k := *old
	if err := apply(&k.Key, in.PatchOperations, "name", "description", "enabled", "customerId"); err != nil {
		return nil, err
	}
	k.Key.LastUpdatedDate = new(wire.At(s.clock.Now()))
	return (*UpdateApiKeyOutput)(&k.Key), s.keys.Put(ctx, k.Scope.Key(*in.ApiKey), &k)
}

// DeleteApiKey implements [API]: plans lose it.
func (s *Service) DeleteApiKey(ctx context.Context, in *DeleteApiKeyInput) (*DeleteApiKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.key(ctx, *in.ApiKey); err != nil {
		return nil, err
	}
	scope := wire.ScopeOf(ctx)
	for _, p := range s.plans.List(scope.Key()) {
		if i := slices.Index(p.Keys, *in.ApiKey); i >= 0 {
			changed := *p
			changed.Keys = slices.Delete(slices.Clone(p.Keys), i, i+1)
			if err := s.plans.Put(ctx, scope.Key(*p.Plan.Id), &changed); err != nil {
				return nil, err
			}
		}
	}
	return nil, s.keys.Delete(ctx, scope.Key(*in.ApiKey))
}

// checkPlan says what of a plan is wrong, its stages included.
func (s *Service) checkPlan(ctx context.Context, p *UsagePlan) error {
	for _, st := range p.ApiStages {
		if st.ApiId == nil || st.Stage == nil {
			return bad("API stage needs apiId and stage")
		}
		if _, err := s.stage(ctx, st.ApiId, st.Stage); err != nil {
			return notFound("API Stage not found: %s:%s", *st.ApiId, *st.Stage)
		}
	}
	if t := p.Throttle; t != nil && (wire.Value(t.RateLimit) < 0 || wire.Value(t.BurstLimit) < 0) {
		return bad("Usage Plan throttle rate and burst limits cannot be negative")
	}
	if q := p.Quota; q != nil {
		if q.Period == nil || q.Limit == nil || *q.Limit < 0 {
			return bad("Usage Plan quota needs a period and a limit of 0 or more")
		}
	}
	return nil
}

// CreateUsagePlan implements [API].
func (s *Service) CreateUsagePlan(ctx context.Context, in *CreateUsagePlanInput) (*CreateUsagePlanOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &usagePlan{Scope: wire.ScopeOf(ctx), Plan: UsagePlan{
		Id: new(kept.NewID(6)), Name: in.Name, Description: in.Description, ApiStages: in.ApiStages, Throttle: in.Throttle, Quota: in.Quota, Tags: in.Tags,
	}}
	if p.Plan.ApiStages == nil {
		p.Plan.ApiStages = []ApiStage{}
	}
	if q := p.Plan.Quota; q != nil {
		q.Offset = orElse(q.Offset, 0)
	}
	if err := s.checkPlan(ctx, &p.Plan); err != nil {
		return nil, err
	}
	return (*CreateUsagePlanOutput)(&p.Plan), s.plans.Put(ctx, p.Scope.Key(*p.Plan.Id), p)
}

func (s *Service) plan(ctx context.Context, id string) (*usagePlan, error) {
	if p := s.plans.Get(wire.ScopeOf(ctx).Key(id)); p != nil {
		return p, nil
	}
	return nil, notFound("Invalid Usage Plan ID specified")
}

// GetUsagePlan implements [API].
func (s *Service) GetUsagePlan(ctx context.Context, in *GetUsagePlanInput) (*GetUsagePlanOutput, error) {
	p, err := s.plan(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	return (*GetUsagePlanOutput)(&p.Plan), nil
}

// GetUsagePlans implements [API].
func (s *Service) GetUsagePlans(ctx context.Context, in *GetUsagePlansInput) (*GetUsagePlansOutput, error) {
	var all []UsagePlan
	for _, p := range s.plans.List(wire.ScopeOf(ctx).Key()) {
		if in.KeyId == nil || slices.Contains(p.Keys, *in.KeyId) {
			all = append(all, p.Plan)
		}
	}
	rows, next, err := page(all, func(p UsagePlan) string { return *p.Id }, in.Limit, in.Position)
	return &GetUsagePlansOutput{Items: rows, Position: next}, err
}

// UpdateUsagePlan implements [API].
func (s *Service) UpdateUsagePlan(ctx context.Context, in *UpdateUsagePlanInput) (*UpdateUsagePlanOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.plan(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	p, err := kept.Copy(old)
	if err != nil {
		return nil, err
	}
	for _, op := range in.PatchOperations {
		if path := patch.Segments(wire.Value(op.Path)); len(path) > 0 && path[0] == "apiStages" {
			err = patchStages(&p.Plan, path, op)
		} else {
			err = apply(&p.Plan, []PatchOperation{op}, "name", "description", "throttle", "quota", "productCode")
		}
		if err != nil {
			return nil, err
		}
	}
	if err := s.checkPlan(ctx, &p.Plan); err != nil {
		return nil, err
	}
	return (*UpdateUsagePlanOutput)(&p.Plan), s.plans.Put(ctx, p.Scope.Key(*in.UsagePlanId), p)
}

// patchStages adds and removes stages, written api:stage, and their throttles.
func patchStages(p *UsagePlan, path []string, op PatchOperation) error {
	name := wire.Value(op.Value)
	if len(path) > 1 {
		name = path[1]
	}
	id, stage, ok := strings.Cut(name, ":")
	if !ok || op.Op == nil {
		return bad("Invalid API stage specified: %s; it is written apiId:stage", name)
	}
	at := slices.IndexFunc(p.ApiStages, func(st ApiStage) bool { return *st.ApiId == id && *st.Stage == stage })
	switch {
	case len(path) > 2 && at >= 0:
		return apply(&p.ApiStages[at], []PatchOperation{{Op: op.Op, Value: op.Value, Path: new(throttlePath(path[2:]))}}, "throttle")
	case *op.Op == OpRemove && at >= 0:
		p.ApiStages = slices.Delete(p.ApiStages, at, at+1)
	case *op.Op == OpAdd && at < 0:
		p.ApiStages = append(p.ApiStages, ApiStage{ApiId: &id, Stage: &stage})
	}
	return nil
}

// throttlePath joins the resource and method of a throttle's path to one name:
// throttle/{resource}/{method}/rateLimit.
func throttlePath(path []string) string {
	if len(path) == 4 || len(path) == 3 && !strings.HasSuffix(path[2], "Limit") {
		path = append([]string{path[0], path[1] + "/" + path[2]}, path[3:]...)
	}
	for i, p := range path {
		path[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~", "~0"), "/", "~1")
	}
	return "/" + strings.Join(path, "/")
}

// DeleteUsagePlan implements [API].
func (s *Service) DeleteUsagePlan(ctx context.Context, in *DeleteUsagePlanInput) (*DeleteUsagePlanOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.plan(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	if len(p.Plan.ApiStages) > 0 {
		return nil, bad("Cannot delete Usage Plan %s because it has associated API stages", *in.UsagePlanId)
	}
	return nil, s.plans.Delete(ctx, p.Scope.Key(*in.UsagePlanId))
}

// CreateUsagePlanKey implements [API].
func (s *Service) CreateUsagePlanKey(ctx context.Context, in *CreateUsagePlanKeyInput) (*CreateUsagePlanKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.plan(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	if *in.KeyType != "API_KEY" {
		return nil, bad("Invalid key type specified: it is API_KEY")
	}
	k, err := s.key(ctx, *in.KeyId)
	if err != nil {
		return nil, err
	}
	if slices.Contains(p.Keys, *in.KeyId) {
		return nil, conflict("Usage plan key already exists")
	}
	changed := *p
	changed.Keys = append(slices.Clone(p.Keys), *in.KeyId)
	out := CreateUsagePlanKeyOutput(planKey(k))
	return &out, s.plans.Put(ctx, p.Scope.Key(*in.UsagePlanId), &changed)
}

func planKey(k *apiKey) UsagePlanKey {
	return UsagePlanKey{Id: k.Key.Id, Type: new("API_KEY"), Value: k.Key.Value, Name: k.Key.Name}
}

func (s *Service) planKeys(ctx context.Context, plan string) ([]UsagePlanKey, *usagePlan, error) {
	p, err := s.plan(ctx, plan)
	if err != nil {
		return nil, nil, err
	}
	var all []UsagePlanKey
	for _, id := range p.Keys {
		if k := s.keys.Get(p.Scope.Key(id)); k != nil {
			all = append(all, planKey(k))
		}
	}
	return all, p, nil
}

// GetUsagePlanKey implements [API].
func (s *Service) GetUsagePlanKey(ctx context.Context, in *GetUsagePlanKeyInput) (*GetUsagePlanKeyOutput, error) {
	all, _, err := s.planKeys(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if *k.Id == *in.KeyId {
			return (*GetUsagePlanKeyOutput)(&k), nil
		}
	}
	return nil, notFound("Invalid API Key identifier specified")
}

// GetUsagePlanKeys implements [API].
func (s *Service) GetUsagePlanKeys(ctx context.Context, in *GetUsagePlanKeysInput) (*GetUsagePlanKeysOutput, error) {
	all, _, err := s.planKeys(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(k UsagePlanKey) bool {
		return in.NameQuery != nil && !strings.HasPrefix(wire.Value(k.Name), *in.NameQuery)
	})
	rows, next, err := page(all, func(k UsagePlanKey) string { return *k.Id }, in.Limit, in.Position)
	return &GetUsagePlanKeysOutput{Items: rows, Position: next}, err
}

// DeleteUsagePlanKey implements [API].
func (s *Service) DeleteUsagePlanKey(ctx context.Context, in *DeleteUsagePlanKeyInput) (*DeleteUsagePlanKeyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.plan(ctx, *in.UsagePlanId)
	if err != nil {
		return nil, err
	}
	i := slices.Index(p.Keys, *in.KeyId)
	if i < 0 {
		return nil, notFound("Invalid API Key identifier specified")
	}
	changed := *p
	changed.Keys = slices.Delete(slices.Clone(p.Keys), i, i+1)
	return nil, s.plans.Put(ctx, p.Scope.Key(*in.UsagePlanId), &changed)
}
