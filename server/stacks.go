package server

import (
	"context"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/seal"
	"github.com/signalbox/signalbox/services/cloudformation"
	"github.com/signalbox/signalbox/wire"
)

// openStacks opens CloudFormation, which calls the other services as clients do.
func (s *Server) openStacks(ctx context.Context, c Config, eng engine.Engine, box *seal.Box) (err error) {
	s.stacks, err = cloudformation.New(ctx, cloudformation.Config{Engine: eng, Clock: c.Clock, Box: box, Logger: c.Logger, Call: s.call, Home: s.home.answer})
	if err == nil {
		s.onClose(s.stacks.Close)
	}
	return err
}

// call calls an operation of one of the services, inside the process.
func (s *Server) call(ctx context.Context, req *wire.Request, service, operation string, in map[string]any) (map[string]any, error) {
	for _, offered := range s.services {
		if offered.Name == service {
			return offered.Invoke(ctx, req, operation, in)
		}
	}
	return nil, wire.Errorf(wire.CodeNotImplemented, "the service %s is not implemented by Signalbox", service)
}
