package apigateway

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/apigateway/domains"
	"github.com/signalbox/signalbox/services/apigateway/kept"
	"github.com/signalbox/signalbox/wire"
)

// Service implements [API].
type Service struct {
	clock clock.Clock
	names *domains.Names
	read  Reader

	mu          sync.Mutex // serializes changes of the documents
	apis        *engine.Documents[api]
	deployments *engine.Documents[deployment]
	stages      *engine.Documents[stage]
	keys        *engine.Documents[apiKey]
	plans       *engine.Documents[usagePlan]
	accounts    *engine.Documents[account]

	certificates *engine.Documents[certificate]
}

var _ API = (*Service)(nil)

// api is a REST API as it is kept, by its identifier.
type api struct {
	wire.Scope
	Definition
	Versions map[string]*DocumentationVersion `json:",omitempty"` // of its documentation, by name
}

// Definition is a REST API: what a deployment freezes. It is not to be changed.
type Definition struct {
	RestApi          RestApi
	Resources        map[string]*Resource         // by identifier
	Models           map[string]*Model            // by name
	Validators       map[string]*RequestValidator // by identifier
	Authorizers      map[string]*Authorizer       // by identifier
	GatewayResponses map[string]*GatewayResponse  // by type

	Parts map[string]*DocumentationPart `json:",omitempty"` // of its documentation, by identifier
}

// deployment is kept by API and identifier.
type deployment struct {
	wire.Scope
	Deployment Deployment
	Definition Definition
}

// stage is kept by API and name.
type stage struct {
	wire.Scope
	Stage Stage
}

// account is kept by account and region.
type account struct{ CloudwatchRole *string }

// New loads the APIs. Documents are read by read: package imports has it.
func New(ctx context.Context, eng engine.Engine, clk clock.Clock, names *domains.Names, read Reader) (*Service, error) {
	s := &Service{clock: clk, names: names, read: read}
	var err error
	if s.apis, err = engine.OpenDocuments[api](ctx, eng.Records(), "apigateway.api"); err != nil {
		return nil, err
	}
	if s.deployments, err = engine.OpenDocuments[deployment](ctx, eng.Records(), "apigateway.deployment"); err != nil {
		return nil, err
	}
	if s.stages, err = engine.OpenDocuments[stage](ctx, eng.Records(), "apigateway.stage"); err != nil {
		return nil, err
	}
	if s.keys, err = engine.OpenDocuments[apiKey](ctx, eng.Records(), "apigateway.key"); err != nil {
		return nil, err
	}
	if s.plans, err = engine.OpenDocuments[usagePlan](ctx, eng.Records(), "apigateway.plan"); err != nil {
		return nil, err
	}
	if s.accounts, err = engine.OpenDocuments[account](ctx, eng.Records(), "apigateway.account"); err != nil {
		return nil, err
	}
	if s.certificates, err = engine.OpenDocuments[certificate](ctx, eng.Records(), "apigateway.certificate"); err != nil {
		return nil, err
	}
	return s, nil
}

func notFound(format string, args ...any) error {
	return wire.Errorf(CodeNotFoundException, format, args...)
}

func bad(format string, args ...any) error {
	return wire.Errorf(CodeBadRequestException, format, args...)
}

func conflict(format string, args ...any) error {
	return wire.Errorf(CodeConflictException, format, args...)
}

// find returns an API of the caller's.
func (s *Service) find(ctx context.Context, id string) (*api, error) {
	scope := wire.ScopeOf(ctx)
	if a := s.apis.Get(id); a != nil && a.Scope == scope {
		return a, nil
	}
	return nil, notFound("Invalid API identifier specified %s:%s", scope.Account, id)
}

// change puts a changed copy of an API.
func (s *Service) change(ctx context.Context, id string, change func(*api) error) error {
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
	return s.apis.Put(ctx, id, a)
}

// page cuts a page out of a list, of at most limit items: by default 25, as AWS
// (500 is the most).
func page[T any](items []T, name func(T) string, limit *int32, position *string) ([]T, *string, error) {
	n := 25
	if limit != nil {
		n = int(min(max(*limit, 1), 500))
	}
	slices.SortStableFunc(items, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	rows, next, err := wire.Page(items, name, n, position)
	if err != nil {
		return nil, nil, bad("Invalid position parameter: %s", err)
	}
	return rows, next, nil
}

func orElse[T any](p *T, standard T) *T {
	if p != nil {
		return p
	}
	return &standard
}
