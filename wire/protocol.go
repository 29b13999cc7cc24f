package wire

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// find works out protocol and operation from what the request looks like.
func (c *call) find() *Error {
	h := c.r.Header
	switch {
	case h.Get("Smithy-Protocol") == "rpc-v2-cbor":
		c.protocol = CBOR
		_, c.name, _ = strings.Cut(c.r.URL.Path, "/operation/")
	case h.Get("X-Amz-Target") != "":
		c.protocol = JSON
		c.version = c.s.JSONVersion
		if v, ok := strings.CutPrefix(h.Get("Content-Type"), "application/x-amz-json-"); ok && (v == "1.0" || v == "1.1") {
			c.version = v
		}
		target := h.Get("X-Amz-Target")
		c.name = target[strings.LastIndexByte(target, '.')+1:]
	case c.isForm() && !c.onlyREST():
		c.protocol = Query
		form, err := parseForm(c.r, c.body)
		if err != nil {
			return Errorf("MalformedQueryString", "%v", err)
		}
		c.form = form
		c.name = form.take("Action")
	case len(c.s.routes) > 0:
		return c.findRoute()
	case len(c.s.Protocols) > 0:
		c.protocol = c.s.Protocols[0]
		c.version = c.s.JSONVersion
	}
	if c.s.Name == "" {
		return nil
	}
	if c.name == "" {
		if c.protocol == Query {
			return Errorf("MissingAction", "The request names no Action.")
		}
		return Errorf(CodeUnknownOperation, "the request names no operation of %s", c.s.Name)
	}
	if !slices.Contains(c.s.Protocols, c.protocol) {
		return Errorf(CodeUnknownOperation, "%s does not speak %s", c.s.Name, c.protocol)
	}
	return nil
}

// isForm says whether the request is in the form of the query protocol: an
// Action in a form body or in the URL.
func (c *call) isForm() bool {
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return true
	}
	return c.r.URL.RawQuery != "" && strings.Contains(c.r.URL.RawQuery, "Action=")
}

// onlyREST says whether the service has routes and no query protocol: there a
// parameter named Action means nothing.
func (c *call) onlyREST() bool {
	return len(c.s.routes) > 0 && !slices.Contains(c.s.Protocols, Query)
}

// input decodes and validates an operation's input.
func (c *call) input(op *Operation) (any, *Error) {
	in := op.newIn()
	v := reflect.ValueOf(in).Elem()
	o := op.plan.in
	var err error
	switch c.protocol {
	case JSON:
		err = decodeJSON(c.body, o, v)
	case Query:
		err = c.decodeForm(o, v)
	case RestJSON, RestXML:
		err = c.bind(o, v)
	case CBOR:
		err = decodeCBOR(c.body, o, v)
	}
	if err != nil {
		return nil, c.unreadable(err)
	}
	if bad := schema.Validate(o, v); bad != nil {
		return nil, c.s.invalid(bad, c.protocol)
	}
	return in, nil
}

// invalid is the answer to an input that breaks the model's constraints.
func (s *Service) invalid(v *schema.Violation, p Protocol) *Error {
	switch {
	case v.Refused != "":
		return &Error{Code: s.validationCode(p), Message: v.Refused}
	case v.Missing != "" && s.MissingCode != "":
		return &Error{Code: s.MissingCode, Message: strings.ReplaceAll(s.MissingText, "{member}", v.Missing)}
	}
	return &Error{Code: s.validationCode(p), Message: v.Message}
}

// validationCode is the code of errors about an input's form.
func (s *Service) validationCode(p Protocol) string {
	switch {
	case s.ValidationCode != "":
		return s.ValidationCode
	case p == Query || p == RestXML:
		return CodeQueryValidation
	}
	return CodeValidation
}

// unreadable is the answer to an input that could not be decoded.
func (c *call) unreadable(err error) *Error {
	e := &Error{Code: CodeSerialization, Message: err.Error(), Status: http.StatusBadRequest}
	d, ok := err.(*decodeError)
	switch {
	case ok && d.code == CodeValidation:
		e.Code = c.s.validationCode(c.protocol)
	case c.protocol == Query:
		e.Code = "MalformedInput"
	}
	return e
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// respond writes an operation's output.
func (c *call) respond(op *Operation, out any) {
	v := reflect.ValueOf(out).Elem()
	o := op.plan.out
	buf := buffers.Get().(*[]byte)
	b := (*buf)[:0]
	switch c.protocol {
	case JSON:
		if !op.Route.NoOutput || len(o.Fields) > 0 {
			b = appendObject(b, o, v, nil)
		}
		c.write(http.StatusOK, c.jsonType(), b)
	case Query:
		b = c.appendResponse(b, op, o, v)
		c.write(http.StatusOK, "text/xml", b)
	case CBOR:
		c.w.Header()["Smithy-Protocol"] = []string{"rpc-v2-cbor"}
		if op.Route.NoOutput {
			c.write(http.StatusOK, "", nil)
			break
		}
		b = appendCBORObject(b, o, v)
		c.write(http.StatusOK, "application/cbor", b)
	case RestJSON, RestXML:
		b = c.unbind(b, op, o, v)
	}
	if cap(b) <= 1<<20 {
		*buf = b
		buffers.Put(buf)
	}
}

func (c *call) jsonType() string {
	if c.version == "1.0" {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// fail writes an error in the protocol of the request.
func (c *call) fail(e *Error) {
	name, code, status, receiver := c.s.row(e)
	switch c.protocol {
	case JSON:
		if c.s.QueryCompatible {
			c.w.Header()["X-Amzn-Query-Error"] = []string{code + ";" + fault(receiver)}
		}
		c.write(status, c.jsonType(), c.jsonError(e, name))
	case RestJSON:
		c.w.Header()["X-Amzn-Errortype"] = []string{name}
		c.detailHeaders(e)
		c.write(status, "application/json", c.jsonError(e, name))
	case CBOR:
		c.w.Header()["Smithy-Protocol"] = []string{"rpc-v2-cbor"}
		c.write(status, "application/cbor", c.cborError(e, name))
	case Query:
		c.write(status, "text/xml", c.queryError(e, code, receiver))
	case RestXML:
		c.write(status, "application/xml", c.restXMLError(e, code, receiver))
	}
}

func fault(receiver bool) string {
	if receiver {
		return "Receiver"
	}
	return "Sender"
}

// jsonError is {"__type": name, "message": …} and the error's own members.
func (c *call) jsonError(e *Error, name string) []byte {
	if c.s.TypeNamespace != "" {
		name = c.s.TypeNamespace + "#" + name
	}
	b := append([]byte(nil), `{"__type":`...)
	b = appendString(b, name)
	b = append(b, `,"message":`...)
	b = appendString(b, e.Message)
	if o, v := detail(e); o != nil {
		if own := appendObject(nil, o, v, (*schema.Field).InTheBody); len(own) > 2 {
			b = append(append(b, ','), own[1:len(own)-1]...)
		}
	}
	return append(b, '}')
}

// detailHeaders sets the headers that an error's own members travel in.
func (c *call) detailHeaders(e *Error) {
	o, v := detail(e)
	if o == nil {
		return
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if val := v.Field(f.Index); f.In == schema.InHeader && !schema.Absent(val) {
			c.w.Header().Set(f.InName, headerText(f.Shape, reflect.Indirect(val)))
		}
	}
}

// detail plans an error's own structure; errors are rare enough to plan anew.
func detail(e *Error) (*schema.Object, reflect.Value) {
	v := reflect.ValueOf(e.Detail)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, v
	}
	o, err := newPlanner().Plan(v.Elem().Type())
	if err != nil {
		return nil, v
	}
	return o, v.Elem()
}
