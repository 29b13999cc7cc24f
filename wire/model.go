package wire

import (
	"context"
	"reflect"
)

// Protocol is one of the ways AWS services speak.
type Protocol int

// The protocols, by their names in the models.
const (
	JSON     Protocol = iota // awsJson1.0 and 1.1: X-Amz-Target and a JSON body
	Query                    // awsQuery: a form in, XML out
	RestJSON                 // restJson1
	RestXML                  // restXml
	CBOR                     // smithy rpcv2Cbor
)

// String is the protocol's name as Smithy spells it.
func (p Protocol) String() string {
	return [...]string{"awsJson", "awsQuery", "restJson1", "restXml", "rpcv2Cbor"}[p]
}

// Model is a service as its API model describes it, cut down to what is
// implemented. wiregen writes it.
type Model struct {
	Name          string     // file name of the model: "events"
	ID            string     // "EventBridge"
	Title         string     // "Amazon EventBridge"
	APIVersion    string     // "2015-10-07"
	SigningNames  []string   // service part of the credential scope
	TargetPrefix  string     // of X-Amz-Target
	JSONVersion   string     // "1.0" or "1.1"
	XMLNamespace  string     // of query and XML answers
	URLMember     string     // member that a query request may leave to its URL: SQS's QueueUrl
	TypeNamespace string     // put before "#Error" in JSON errors, "" for none
	Protocols     []Protocol // the first is the preferred one

	QueryCompatible bool   // JSON errors carry the query code in x-amzn-query-error
	ValidationCode  string // code of validation errors, "" for the protocol's own
	MissingCode     string // code for absent required members, "" for ValidationCode
	MissingText     string // its message; {member} stands for the name

	Operations    []Operation
	Errors        []ErrorShape
	Unimplemented []string // operations of the model that the service has not
	// UnimplementedRoutes says where those live, for REST services.
	UnimplementedRoutes map[string]Route
}

// Route says where an operation lives in the REST protocols, and how its answer
// is wrapped in the query protocol.
type Route struct {
	Method   string // "GET"
	URI      string // template: "/v1/buses/{Name+}?mode=x"
	Status   int    // of success; 0 is 200
	Wrapper  string // element around a query answer; "" is the operation's name + "Result"
	NoOutput bool   // the model gives the operation no output
}

// ErrorShape is a row of a service's error table.
type ErrorShape struct {
	Name     string // in the model and in Error.Code
	Status   int    // HTTP status
	Code     string // in the query protocol, where it differs from Name
	Receiver bool   // the fault is ours
}

// Operation is one typed function of a service, bound to its types.
type Operation struct {
	Name  string
	Route Route

	in, out reflect.Type // structures, not pointers
	newIn   func() any
	call    func(ctx context.Context, in any) (any, error)
	plan    *opPlan
}

// Op binds a function to its name. A nil output without an error stands for an
// empty one.
func Op[I, O any](name string, r Route, f func(context.Context, *I) (*O, error)) Operation {
	return Operation{
		Name: name, Route: r,
		in: reflect.TypeFor[I](), out: reflect.TypeFor[O](),
		newIn: func() any { return new(I) },
		call: func(ctx context.Context, in any) (any, error) {
			out, err := f(ctx, in.(*I))
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = new(O)
			}
			return out, nil
		},
	}
}

// Document is free-form JSON in a request or an answer, kept as it was written.
type Document []byte
