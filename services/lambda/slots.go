package lambda

import (
	"sync"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/wire"
)

// accountConcurrency is how many invocations an account may have under way in a
// region at a time (Lambda quotas); minUnreserved of them cannot be reserved.
const (
	accountConcurrency = 1000
	minUnreserved      = 100
)

// slots counts the invocations under way.
type slots struct {
	mu   sync.Mutex     // guards busy
	busy map[string]int // by function's key; by scope's key those without a reservation
}

func newSlots() *slots { return &slots{busy: map[string]int{}} }

// enter takes a slot for an invocation of the function; leave gives it back.
func (s *Service) enter(f *catalog.Function) (leave func(), err error) {
	key, limit, reason := f.Scope.Key(), accountConcurrency-s.reserved(f.Scope, ""), api.ThrottleReasonConcurrentInvocationLimitExceeded
	if f.Reserved != nil {
		key, limit, reason = f.Key(), int(*f.Reserved), api.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded
	}
	l := s.slots
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[key] >= limit {
		return nil, api.Throttled(reason)
	}
	l.busy[key]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.busy[key]--; l.busy[key] == 0 {
			delete(l.busy, key)
		}
	}, nil
}

// reserved is the concurrency that the scope's functions have reserved, but for
// one of them.
func (s *Service) reserved(sc wire.Scope, but string) (total int) {
	for _, f := range s.Catalog.Functions.List(sc.Key("")) {
		if f.Reserved != nil && f.Name != but {
			total += int(*f.Reserved)
		}
	}
	return total
}
