package gateway

import (
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// Stats are the front door's counts since it was opened.
type Stats struct {
	Requests   uint64
	InFlight   int64
	Refused    uint64 // by signature, key or token
	TooLarge   uint64
	Panics     uint64
	BytesIn    uint64                               // of bodies
	BytesOut   uint64                               // of bodies
	Operations map[string]map[string]OperationStats // by service or route, then operation; those that were called
}

// OperationStats are the counts of one operation.
type OperationStats struct {
	Calls        uint64
	ClientErrors uint64        // answered 4xx
	ServerErrors uint64        // answered 5xx
	Time         time.Duration // of all calls together
}

type counters struct {
	requests, refused, tooLarge, panics, in, out atomic.Uint64
	inFlight                                     atomic.Int64
	operations                                   map[string]map[string]*operationCounter // fixed after newCounters
}

type operationCounter struct {
	calls, client, server atomic.Uint64
	nanoseconds           atomic.Int64
}

// unknownOperation counts what a service does not have, so that callers cannot
// make up rows.
const unknownOperation = "(unknown)"

func newCounters(services []*wire.Service, routes []Route) *counters {
	c := &counters{operations: map[string]map[string]*operationCounter{"": {unknownOperation: {}}}}
	for _, s := range services {
		m := map[string]*operationCounter{unknownOperation: {}}
		for _, op := range s.Operations {
			m[op.Name] = &operationCounter{}
		}
		c.operations[s.Name] = m
	}
	for _, r := range routes {
		if c.operations[r.Name] == nil {
			c.operations[r.Name] = map[string]*operationCounter{unknownOperation: {}}
		}
	}
	return c
}

func (c *counters) count(service, operation string, status int, took time.Duration) {
	o := c.operations[service][operation]
	if o == nil {
		if o = c.operations[service][unknownOperation]; o == nil {
			o = c.operations[""][unknownOperation]
		}
	}
	o.calls.Add(1)
	o.nanoseconds.Add(int64(took))
	switch {
	case status >= 500:
		o.server.Add(1)
	case status >= 400:
		o.client.Add(1)
	}
}

// Stats are the counts as they stand.
func (g *Gateway) Stats() Stats {
	c := g.counters
	s := Stats{
		Requests: c.requests.Load(), InFlight: c.inFlight.Load(), Refused: c.refused.Load(), TooLarge: c.tooLarge.Load(), Panics: c.panics.Load(),
		BytesIn: c.in.Load(), BytesOut: c.out.Load(), Operations: map[string]map[string]OperationStats{},
	}
	for service, operations := range c.operations {
		for name, o := range operations {
			if o.calls.Load() == 0 {
				continue
			}
			if s.Operations[service] == nil {
				s.Operations[service] = map[string]OperationStats{}
			}
			s.Operations[service][name] = OperationStats{o.calls.Load(), o.client.Load(), o.server.Load(), time.Duration(o.nanoseconds.Load())}
		}
	}
	return s
}
