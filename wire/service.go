package wire

import (
	"context"
	"fmt"
	"slices"
)

// Service serves the operations of a Model: it is immutable after NewService,
// but for OnFault, and safe for concurrent use.
type Service struct {
	Model
	// OnFault is called with each error of an operation that is not an *Error
	// and is answered as an internal failure, so that someone logs it. Set it
	// before serving; nil drops them.
	OnFault func(ctx context.Context, err error)

	byName map[string]*Operation
	errors map[string]ErrorShape
}

// opPlan holds how an operation's input and output are read, checked and
// written.
type opPlan struct{}

// NewService builds the tables of m once: the operations by name, and for each
// type how it is read, validated and written. It panics on a Model that no
// generator would write.
func NewService(m Model) *Service {
	s := &Service{Model: m, byName: map[string]*Operation{}, errors: map[string]ErrorShape{}}
	for i := range s.Operations {
		op := &s.Operations[i]
		if s.byName[op.Name] != nil {
			panic(fmt.Sprintf("wire: %s has two operations %s", m.Name, op.Name))
		}
		s.byName[op.Name] = op
	}
	for _, e := range m.Errors {
		s.errors[e.Name] = e
	}
	return s
}

// Implements says whether the service has the operation; known is true as well
// for the operations that only the model has.
func (s *Service) Implements(name string) (implemented, known bool) {
	if s.byName[name] != nil {
		return true, true
	}
	return false, slices.Contains(s.Unimplemented, name)
}
