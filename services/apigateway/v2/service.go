package apigatewayv2

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/apigateway/address"
	"github.com/signalbox/signalbox/services/apigateway/domains"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// Service implements [API].
type Service struct {
	clock clock.Clock
	names *domains.Names

	mu          sync.Mutex // serializes changes of the documents
	apis        *engine.Documents[api]
	deployments *engine.Documents[deployment]
}

var _ API = (*Service)(nil)

// api is an HTTP API as it is kept, by its identifier.
type api struct {
	wire.Scope
	Api         Api
	Definition  Definition
	Stages      map[string]*Stage // by name
	Deployments []string          // identifiers, the oldest first
}

// Definition is what a deployment freezes. It is not to be changed.
type Definition struct {
	Routes       map[string]*Route       // by identifier
	Integrations map[string]*Integration // by identifier
	Authorizers  map[string]*Authorizer  // by identifier
}

// deployment is kept by API and identifier.
type deployment struct {
	Deployment Deployment
	Definition Definition
}

// New loads the APIs.
func New(ctx context.Context, eng engine.Engine, clk clock.Clock, names *domains.Names) (*Service, error) {
	s := &Service{clock: clk, names: names}
	var err error
	if s.apis, err = engine.OpenDocuments[api](ctx, eng.Records(), "apigatewayv2.api"); err != nil {
		return nil, err
	}
	if s.deployments, err = engine.OpenDocuments[deployment](ctx, eng.Records(), "apigatewayv2.deployment"); err != nil {
		return nil, err
	}
	return s, nil
}

// Deployed is what a stage serves.
type Deployed struct {
	wire.Scope
	API          Api
	Stage        Stage
	DeploymentID string
	Definition   *Definition // the same pointer for the same deployment
}

// Exists says whether there is an API of that identifier.
func (s *Service) Exists(id string) bool { return s.apis.Get(id) != nil }

// Deployed finds what a stage of an API serves. An API whose own address is
// disabled answers at custom domains only.
func (s *Service) Deployed(id, stage string) (Deployed, bool) {
	a := s.apis.Get(id)
	if a == nil || a.Stages[stage] == nil {
		return Deployed{}, false
	}
	d := s.deployments.Get(id + "|" + wire.Value(a.Stages[stage].DeploymentId))
	if d == nil {
		return Deployed{}, false
	}
	return Deployed{Scope: a.Scope, API: a.Api, Stage: *a.Stages[stage], DeploymentID: *d.Deployment.DeploymentId, Definition: &d.Definition}, true
}

func notFound(kind, id string) error {
	return wire.Errorf(CodeNotFoundException, "Invalid %s identifier specified %s", kind, id)
}

func bad(format string, args ...any) error {
	return wire.Errorf(CodeBadRequestException, format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf(CodeConflictException, format, args...)
}

func (s *Service) now() *wire.Time { return new(wire.At(s.clock.Now())) }

// find returns an API of the caller's.
func (s *Service) find(ctx context.Context, id *string) (*api, error) {
	if a := s.apis.Get(*id); a != nil && a.Scope == wire.ScopeOf(ctx) {
		return a, nil
	}
	return nil, notFound("API", *id)
}

// change puts a changed copy of an API.
func (s *Service) change(ctx context.Context, id *string, change func(*api) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	a, err := kept.Copy(old)
	if err != nil {
		return err
	}
	if err := change(a); err != nil {
		return err
	}
	return s.apis.Put(ctx, *id, a)
}

// changeDefinition is change for what deployments freeze: stages with automatic
// deployment get a new one.
func (s *Service) changeDefinition(ctx context.Context, id *string, what func(*api) error) error {
	return s.change(ctx, id, func(a *api) error {
		if err := what(a); err != nil {
			return err
		}
		return s.autoDeploy(ctx, a)
	})
}

// described is an API as it is answered: with its address as the client reaches
// it.
func described(ctx context.Context, a *api) Api {
	out := a.Api
	out.ApiEndpoint = new(address.URL(wire.FromContext(ctx), *out.ApiId, a.Region))
	return out
}

// page cuts a page out of what a map points to, in the order of the keys.
func page[T any](m map[string]*T, maxResults, token *string) (rows []T, next *string, err error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	limit := 500
	if maxResults != nil {
		n, err := strconv.Atoi(strings.TrimSpace(*maxResults))
		if err != nil || n < 1 {
			return nil, nil, bad("Invalid maxResults: %s", *maxResults)
		}
		limit = min(n, 500)
	}
	keys, next, err = wire.Page(keys, func(k string) string { return k }, limit, token)
	if err != nil {
		return nil, nil, bad("Invalid nextToken: %s", err)
	}
	rows = make([]T, len(keys))
	for i, k := range keys {
		rows[i] = *m[k]
	}
	return rows, next, nil
}
