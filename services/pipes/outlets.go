package pipes

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/delivery"
	"github.com/signalbox/signalbox/services/lambda/sources"
)

// Outlets reach the things that pipes send to. What is sent is durable, or has
// been taken, when a call returns. Each answers one result for each thing sent,
// in their order.
type Outlets interface {
	// PutEvents puts events on a bus, in their order.
	PutEvents(ctx context.Context, busARN string, events []Event) []delivery.Result
	// SendMessages sends up to ten messages to a queue, in their order.
	SendMessages(ctx context.Context, queueARN string, messages []Message) []delivery.Result
	// Call invokes a function and waits for its answer. A function without
	// capacity is [sources.ErrThrottled].
	Call(ctx context.Context, functionARN string, payload []byte, traceHeader string) (sources.Answer, error)
	// Submit invokes a function asynchronously.
	Submit(ctx context.Context, functionARN string, payload []byte, traceHeader string) delivery.Result
	// Request calls an API destination, at its rate.
	Request(ctx context.Context, destinationARN string, r HTTPRequest) delivery.Result
	// Write writes to a stream of a log group, which is made where it is not there.
	Write(ctx context.Context, groupARN, stream string, events []LogEvent) []delivery.Result
}

// Event is an event for a bus.
type Event struct {
	Source, DetailType, Detail string
	Resources                  []string
	Time                       time.Time // zero: now
	Trace                      string    // X-Ray trace header; may be empty
}

// Message is a message for a queue.
type Message struct {
	Body               string
	Group, Deduplicate string // may be empty
	Trace              string // X-Ray trace header; may be empty
}

// HTTPRequest is a request to an API destination.
type HTTPRequest struct {
	Body          []byte
	Path          []string // values for the endpoint's asterisks
	Header, Query map[string]string
	Trace         string // X-Ray trace header; may be empty
}

// LogEvent is an entry of a log.
type LogEvent struct {
	Time time.Time
	Text string
}
