package lambda

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/services/lambda/api"
	"github.com/signalbox/signalbox/services/lambda/catalog"
	"github.com/signalbox/signalbox/trace"
)

// Bounds of loops of functions (developer guide, page invocation-recursion).
const (
	maxLoops   = 16 // invocations of a function that one event sets off
	maxLineage = 16 // functions that a lineage tells of: the ones of the last
)

// descend is the trace of an invocation of the function that goes on from h: its
// lineage, a part "1:function:times" for each of the functions that the event went
// through, has this one in it once more. SDKs in functions send it on, queues keep it.
// It refuses a function that the same event has invoked too often, unless it may be.
func descend(h trace.Header, f *catalog.Function) (trace.Header, error) {
	sum := sha256.Sum256([]byte(catalog.FunctionARN(f.Scope, f.Name, "")))
	id := hex.EncodeToString(sum[:4])
	times, others := 0, []string(nil)
	for part := range strings.SplitSeq(h.Lineage, "|") {
		if fields := strings.Split(part, ":"); len(fields) == 3 {
			n, err := strconv.Atoi(fields[2])
			switch {
			case err != nil || n < 0:
			case fields[1] == id:
				times = n + 1
			default:
				others = append(others, part)
			}
		}
	}
	if times >= maxLoops && f.RecursiveLoop != api.RecursiveLoopAllow {
		return h, api.Refuse(api.CodeRecursiveInvocationException, "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function's invocation.")
	}
	if over := len(others) - (maxLineage - 1); over > 0 {
		others = others[over:]
	}
	h.Lineage = strings.Join(append(others, "1:"+id+":"+strconv.Itoa(times)), "|")
	return h, nil
}

// GetFunctionRecursionConfig implements [api.API].
func (s *Service) GetFunctionRecursionConfig(ctx context.Context, in *api.GetFunctionRecursionConfigInput) (*api.GetFunctionRecursionConfigOutput, error) {
	_, f, err := s.Function(ctx, *in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	return &api.GetFunctionRecursionConfigOutput{RecursiveLoop: new(cmp.Or(f.RecursiveLoop, api.RecursiveLoopTerminate))}, nil
}

// PutFunctionRecursionConfig implements [api.API].
func (s *Service) PutFunctionRecursionConfig(ctx context.Context, in *api.PutFunctionRecursionConfigInput) (*api.PutFunctionRecursionConfigOutput, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, f, err := s.unqualified(ctx, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.changeFunction(ctx, f, func(f *catalog.Function) error { f.RecursiveLoop = *in.RecursiveLoop; return nil })
	return &api.PutFunctionRecursionConfigOutput{RecursiveLoop: in.RecursiveLoop}, err
}
