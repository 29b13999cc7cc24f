package lambda

import (
	"context"

	"github.com/signalbox/signalbox/wire"
)

type mapping struct {
	wire.Scope
	ID   string
	Tags map[string]string
}

func (m *mapping) key() string        { return m.Scope.Key(m.ID) }
func mappingID(string) (string, bool) { return "", false }
func noMapping() error                { return notFound("The resource you requested does not exist.") }

type pollers struct{}

func newPollers(*Service) *pollers           { return &pollers{} }
func (*pollers) resume()                     {}
func (*pollers) close(context.Context) error { return nil }

type Queues interface{}
type Streams interface{}
type Authenticate func()
type url struct {
	wire.Scope
	Function, Qualifier string
}

func (s *Service) CreateEventSourceMapping(ctx context.Context, in *CreateEventSourceMappingInput) (*CreateEventSourceMappingOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) UpdateEventSourceMapping(ctx context.Context, in *UpdateEventSourceMappingInput) (*UpdateEventSourceMappingOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) GetEventSourceMapping(ctx context.Context, in *GetEventSourceMappingInput) (*GetEventSourceMappingOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) DeleteEventSourceMapping(ctx context.Context, in *DeleteEventSourceMappingInput) (*DeleteEventSourceMappingOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) ListEventSourceMappings(ctx context.Context, in *ListEventSourceMappingsInput) (*ListEventSourceMappingsOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *CreateFunctionUrlConfigInput) (*CreateFunctionUrlConfigOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *UpdateFunctionUrlConfigInput) (*UpdateFunctionUrlConfigOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *GetFunctionUrlConfigInput) (*GetFunctionUrlConfigOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *DeleteFunctionUrlConfigInput) (*DeleteFunctionUrlConfigOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *ListFunctionUrlConfigsInput) (*ListFunctionUrlConfigsOutput, error) {
	return nil, wire.Errorf(wire.CodeNotImplemented, "this is not implemented by Signalbox yet")
}
