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
	busy map[string]int // by key: of a function, of a qualifier with provisioned concurrency, of a scope the rest
}

func newSlots() *slots { return &slots{busy: map[string]int{}} }

// enter takes a slot for an invocation of the function; leave gives it back. What is
// provisioned for the qualifier is taken first. The rest of the function goes
// without what is provisioned.
func (s *Service) enter(n catalog.Name, f *catalog.Function) (leave func(), err error) {
	key, limit, reason := f.Scope.Key(), s.unreserved(f.Scope)-s.Provisions.Unbacked(f.Scope), api.ThrottleReasonConcurrentInvocationLimitExceeded
	if f.Reserved != nil {
		key, limit, reason = f.Key(), int(*f.Reserved)-s.Provisions.Of(f), api.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded
	}
	own := n.Key(n.Qualifier)
	provided := s.Provisions.At(n)
	l := s.slots
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[own] < provided {
		key, limit = own, provided
	}
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

// unreserved is the concurrency that functions have not reserved.
func (s *Service) unreserved(sc wire.Scope) int { return accountConcurrency - s.reserved(sc, "") }

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
