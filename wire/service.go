package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// Service serves the operations of a Model. After NewService it is immutable,
// but for OnFault and Authorize, and safe for concurrent use.
type Service struct {
	Model
	// OnFault is called with each error of an operation that is not an *Error
	// and is answered as an internal failure, so that someone logs it. Set it
	// before serving; nil drops them.
	OnFault func(ctx context.Context, err error)
	// Authorize, where it is set, is asked before an operation is called with
	// its input, which is valid. Its error is the answer. Set it before serving.
	Authorize func(ctx context.Context, in any) error

	byName   map[string]*Operation
	errors   map[string]*ErrorShape
	byQuery  map[string]*ErrorShape
	routes   []route
	internal string // code of internal failures
	objects  schema.Planner
}

// opPlan holds how an operation's input and output are read, checked and
// written.
type opPlan struct{ in, out *schema.Object }

// NewService builds the tables of m once: the operations by name, and for each
// type how it is read, validated and written. It panics on a Model that no
// generator would write.
func NewService(m Model) *Service {
	s := &Service{
		Model: m, byName: map[string]*Operation{}, internal: CodeInternalFailure,
		errors: map[string]*ErrorShape{}, byQuery: map[string]*ErrorShape{}, objects: newPlanner(),
	}
	for i := range s.Operations {
		op := &s.Operations[i]
		if s.byName[op.Name] != nil {
			panic(fmt.Sprintf("wire: %s has two operations %s", m.Name, op.Name))
		}
		s.byName[op.Name] = op
		in, err := s.objects.Plan(op.in)
		out, err2 := s.objects.Plan(op.out)
		if err := errors.Join(err, err2); err != nil {
			panic(fmt.Sprintf("wire: %s.%s: %v", m.Name, op.Name, err))
		}
		op.plan = &opPlan{in, out}
	}
	s.objects.Settle()
	for i := range s.Errors {
		e := &s.Errors[i]
		s.errors[e.Name] = e
		if e.Code != "" {
			s.byQuery[e.Code] = e
		}
		if e.Status == http.StatusInternalServerError && slices.Contains(internalCodes, e.Name) {
			s.internal = e.Name
		}
	}
	if slices.Contains(m.Protocols, RestJSON) || slices.Contains(m.Protocols, RestXML) {
		s.routes = newRoutes(m)
	}
	return s
}

func newPlanner() schema.Planner {
	return schema.Planner{Time: reflect.TypeFor[Time](), Document: reflect.TypeFor[Document](), Objects: map[reflect.Type]*schema.Object{}}
}

// The names that services give to their internal failures.
var internalCodes = []string{"InternalException", "InternalServerException", "InternalServerError", "InternalFailure", "InternalServiceErrorException", "ServiceException"}

// Implements says whether the service has the operation; known is true as well
// for the operations that only the model has.
func (s *Service) Implements(name string) (implemented, known bool) {
	if s.byName[name] != nil {
		return true, true
	}
	return false, slices.Contains(s.Unimplemented, name)
}

// call is one request on its way through a codec.
type call struct {
	s        *Service
	r        *http.Request
	w        http.ResponseWriter
	body     []byte
	req      *Request
	protocol Protocol
	version  string            // of awsJson, as the client speaks it
	name     string            // of the operation
	labels   map[string]string // of a REST path
	form     *formNode         // of a query request
}

// Operation finds what a request asks for, before anything is decoded: for
// authorization and access logs. The name is empty when the request names
// nothing; it may be an operation that the service does not have.
func (s *Service) Operation(r *http.Request, body []byte) string {
	c := &call{s: s, r: r, body: body}
	c.find()
	return c.name
}

// Serve answers one request: it finds protocol and operation, decodes and
// validates the input, calls the operation with req in the context, and writes
// its output or error. body is the whole request body; req.Service and
// req.Operation are filled in when empty.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, body []byte, req *Request) {
	c := &call{s: s, r: r, w: w, body: body, req: req}
	if e := c.find(); e != nil {
		c.fail(e)
		return
	}
	op := s.byName[c.name]
	if req.Service == "" {
		req.Service = s.Name
	}
	if req.Operation == "" {
		req.Operation = c.name
	}
	if op == nil {
		c.fail(c.absent())
		return
	}
	in, e := c.input(op)
	if e != nil {
		c.fail(e)
		return
	}
	ctx := NewContext(r.Context(), req)
	if e := c.authorized(ctx, in); e != nil {
		c.fail(e)
		return
	}
	out, err := op.call(ctx, in)
	if err != nil {
		c.fail(c.known(ctx, err))
		return
	}
	c.respond(op, out)
}

// ServeError answers err in the protocol that the request speaks, for what is
// found wrong before a service is called: signatures, permissions, limits.
func (s *Service) ServeError(w http.ResponseWriter, r *http.Request, req *Request, err *Error) {
	c := &call{s: s, r: r, w: w, req: req}
	c.find()
	c.fail(err)
}

// WriteError is ServeError for a request of which not even the service is
// known.
func WriteError(w http.ResponseWriter, r *http.Request, req *Request, err *Error) {
	(&Service{Model: Model{Protocols: []Protocol{RestJSON}}}).ServeError(w, r, req, err)
}

// absent is the answer to an operation that the service does not have.
func (c *call) absent() *Error {
	if slices.Contains(c.s.Unimplemented, c.name) {
		e := Errorf(CodeNotImplemented, "%s.%s is not implemented by Signalbox; see signalbox coverage", c.s.Name, c.name)
		e.Status, e.Fault = http.StatusNotImplemented, Receiver
		return e
	}
	if c.protocol == Query {
		return Errorf(CodeInvalidAction, "The action %s is not valid for this web service.", schema.Clip(c.name))
	}
	e := Errorf(CodeUnknownOperation, "%s has no operation %s", c.s.Name, schema.Clip(c.name))
	if c.protocol != JSON {
		e.Status = http.StatusNotFound
	}
	return e
}

// known turns an operation's error into one that the caller may see.
func (c *call) known(ctx context.Context, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if c.s.OnFault != nil && !errors.Is(ctx.Err(), context.Canceled) {
		c.s.OnFault(ctx, err)
	}
	return &Error{
		Code: c.s.internal, Status: http.StatusInternalServerError, Fault: Receiver,
		Message: "An internal error occurred. Request id: " + c.req.RequestID,
	}
}

// row completes an error from the service's table: its name, its code in the
// query protocol, its status and whose fault it is.
func (s *Service) row(e *Error) (name, code string, status int, receiver bool) {
	name, code, status = e.Code, e.Code, http.StatusBadRequest
	row := s.errors[e.Code]
	if row == nil {
		row = s.byQuery[e.Code]
	}
	if row != nil {
		name, status, receiver = row.Name, row.Status, row.Receiver
		if code = row.Code; code == "" {
			code = row.Name
		}
	} else if e.Code == s.internal || e.Code == CodeInternalFailure {
		status = http.StatusInternalServerError
	}
	if e.Status != 0 {
		status = e.Status
	}
	receiver = receiver || status >= 500
	if e.Fault != FaultUnknown {
		receiver = e.Fault == Receiver
	}
	return name, code, status, receiver
}

// Refusal is a member that the service refuses when a request carries it.
type Refusal struct {
	Shape  string // Go name of the structure
	Member string
	Reason string
}

// Refusals lists the members that are not implemented, for the coverage table.
func (s *Service) Refusals() []Refusal {
	var list []Refusal
	for _, o := range s.objects.Objects {
		for _, f := range o.Fields {
			if f.Refused != "" {
				list = append(list, Refusal{o.Name, f.Name, f.Refused})
			}
		}
	}
	slices.SortFunc(list, func(a, b Refusal) int {
		return strings.Compare(a.Shape+"."+a.Member, b.Shape+"."+b.Member)
	})
	return list
}

// write sends a whole answer.
func (c *call) write(status int, contentType string, body []byte) {
	h := c.w.Header()
	h["X-Amzn-Requestid"] = []string{c.req.RequestID}
	if contentType != "" {
		h["Content-Type"] = []string{contentType}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.w.WriteHeader(status)
	// An error here means that the client has gone; there is nobody to tell.
	_, _ = c.w.Write(body)
}
