package lambda

import (
	"context"
	"io"
	"sync"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/services/lambda/watch"
	"github.com/signalbox/signalbox/wire"
)

var _ watch.Functions = (*Service)(nil)

// Functions implements [watch.Functions]: all that have a package. Those that
// run from a folder follow its changes by themselves.
func (s *Service) Functions() []watch.Function {
	var list []watch.Function
	for _, f := range s.Catalog.Functions.List("") {
		if v := &f.Latest; v.Code.Folder == "" {
			list = append(list, watch.Function{
				Scope: f.Scope, Name: f.Name, ID: f.ID, Runtime: v.Runtime, Handler: v.Handler, Modified: v.Modified,
			})
		}
	}
	return list
}

// Package implements [watch.Functions].
func (s *Service) Package(ctx context.Context, sc wire.Scope, name string) (watch.Package, error) {
	f, err := s.unscoped(sc, name)
	if err != nil {
		return nil, err
	}
	return s.Engine.Blobs().Open(ctx, f.Latest.Code.Digest)
}

func (s *Service) unscoped(sc wire.Scope, name string) (*catalog.Function, error) {
	if f := s.Catalog.Functions.Get(sc.Key(name)); f != nil {
		return f, nil
	}
	return nil, api.NotFound("Function not found: %s", catalog.FunctionARN(sc, name, ""))
}

// Replace implements [watch.Functions]: it does what UpdateFunctionCode does.
func (s *Service) Replace(ctx context.Context, sc wire.Scope, name string, content io.ReaderAt, size int64) error {
	s.storing.RLock()
	unlock := sync.OnceFunc(s.storing.RUnlock)
	defer unlock()
	stored, err := s.keep(ctx, content, size)
	if err != nil {
		return err
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f, err := s.unscoped(sc, name)
	if err != nil {
		return err
	}
	changed := *f
	changed.Latest.Code = stored
	changed.Latest.Touch(s.Clock.Now())
	if err := checkTotal(&changed.Latest); err != nil {
		return err
	}
	return s.changeCode(ctx, f, &changed, unlock)
}

// changeCode puts a function with other code in the place of what it was.
// Called with mu held; stored releases what the caller holds of storing.
func (s *Service) changeCode(ctx context.Context, old, changed *catalog.Function, stored func()) error {
	if err := s.Catalog.Functions.Put(ctx, old.Key(), changed); err != nil {
		return err
	}
	s.workshop.replace(&changed.Latest)
	stored()
	s.forgetCode(ctx, old.Latest.Code.Digest)
	return nil
}

// Tell implements [watch.Functions]: in a log stream of its own, named for the day.
func (s *Service) Tell(ctx context.Context, sc wire.Scope, name, text string) error {
	f, err := s.unscoped(sc, name)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	stream := now.UTC().Format("2006/01/02") + "/signalbox"
	return s.Logs.Write(ctx, sc, *f.Latest.Logging.LogGroup, stream, now, text)
}
