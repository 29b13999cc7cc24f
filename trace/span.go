package trace

import "time"

// Kind is what a span is one of.
type Kind string

// The kinds of spans.
const (
	Request     Kind = "request"     // to an API or a function's URL, from outside or from inside
	Call        Kind = "call"        // of an operation of a service
	Invocation  Kind = "invocation"  // of a function
	Pipe        Kind = "pipe"        // of a record
	Event       Kind = "event"       // put on a bus
	Destination Kind = "destination" // an API destination's request to its endpoint
)

// Span is one thing that was done in a trace. Members that say nothing about
// its Kind are empty.
type Span struct {
	Root     string        `json:"root"`
	ID       string        `json:"id"`
	Parent   string        `json:"parent,omitempty"`
	Kind     Kind          `json:"kind"`
	Name     string        `json:"name"`               // "POST /orders", "dynamodb:PutItem", a function's, pipe's or destination's name
	Resource string        `json:"resource,omitempty"` // ARN, URL or id of what it is about
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration,omitempty"` // nanoseconds
	Status   int           `json:"status,omitempty"`   // of HTTP
	Error    string        `json:"error,omitempty"`    // what went wrong
	Note     string        `json:"note,omitempty"`     // what else a person would want to know: "enriched by …"
	Request  string        `json:"request,omitempty"`  // its request id
	Refers   []string      `json:"refers,omitempty"`   // ids that it can be found by: of an event, of a stream's records
}
