// Package urls is the URLs of functions: their configuration, and the HTTP
// requests that come to them.
//
//	{id}.lambda-url.{region}.… | /_aws/lambda-url/{id}/… ──► the URL ──► CORS, signature
//	    ──► httpevent: the event ──► Config.Call ──► httpevent: the response
//
// It promises: a request that was accepted runs to its end also when its client
// goes away; the URLs that are handed out lead back here from where the client is.
package urls

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
)

// Config is what URLs work with. All but Authenticate are required.
type Config struct {
	Engine   engine.Engine
	Clock    clock.Clock
	Logger   *slog.Logger
	Catalog  *catalog.Catalog
	Endpoint func() string // the address of the server, as functions know it
	// Call invokes a function and waits for its answer.
	Call func(ctx context.Context, functionARN string, payload []byte, p api.CallParams) (api.Result, error)
	// Authenticate says who signed a request to a URL with AuthType AWS_IAM, and
	// returns the body as it was meant. The error is a *wire.Error where the
	// caller is to blame. Nil: such requests are refused.
	Authenticate func(r *http.Request, body []byte) (Caller, []byte, error)
}

// URLs are all function URLs.
type URLs struct {
	Config
	kept *engine.Documents[record]
	byID sync.Map // id → key of the document
}

// New loads the URLs.
func New(ctx context.Context, c Config) (*URLs, error) {
	s := &URLs{Config: c}
	var err error
	if s.kept, err = engine.OpenDocuments[record](ctx, c.Engine.Records(), "lambda.url"); err != nil {
		return nil, fmt.Errorf("loading function URLs: %w", err)
	}
	for _, u := range s.kept.List("") {
		s.byID.Store(u.ID, u.Scope.Key(u.Function, u.Qualifier))
	}
	return s, nil
}

// Drop deletes the URL of an alias, if it has one.
func (s *URLs) Drop(ctx context.Context, n catalog.Name) error {
	return s.kept.Delete(ctx, n.Key(n.Qualifier))
}

// DropOrphans deletes the URLs of functions that there are no more.
func (s *URLs) DropOrphans(ctx context.Context) error {
	for _, u := range s.kept.List("") {
		if s.Catalog.Functions.Get(u.Scope.Key(u.Function)) != nil {
			continue
		}
		if err := s.kept.Delete(ctx, u.Scope.Key(u.Function, u.Qualifier)); err != nil {
			return err
		}
	}
	return nil
}
