package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/signalbox/signalbox/wire/internal/schema"
)

// Invoke calls an operation from inside the server, for whoever speaks to a
// service without knowing its types: in and out are its members as JSON values
// (numbers of out are json.Number), wherever the protocol would put them. in is
// validated as a client's input is, and errors are those that a client would see.
//
// Members are found also where their first letter's case differs, and scalars
// and JSON are converted to what the member is: "5" to 5, true to "true", an
// object to its text. This is how CloudFormation's templates write them.
func (s *Service) Invoke(ctx context.Context, req *Request, operation string, in map[string]any) (map[string]any, error) {
	c := &call{s: s, req: req, protocol: JSON, name: operation}
	op := s.byName[operation]
	if op == nil {
		return nil, c.absent()
	}
	v := reflect.ValueOf(op.newIn())
	plan := op.plan.in.InBody()
	body, err := json.Marshal(schema.Conform(in, &schema.Shape{Kind: schema.Structure, Object: plan}))
	if err != nil {
		return nil, fmt.Errorf("writing the input of %s.%s: %w", s.Name, operation, err)
	}
	if err := decodeJSON(body, plan, v.Elem()); err != nil {
		return nil, c.unreadable(err)
	}
	if bad := schema.Validate(op.plan.in, v.Elem()); bad != nil {
		return nil, s.invalid(bad, s.Protocols[0])
	}
	req.Service, req.Operation = s.Name, operation
	ctx = NewContext(ctx, req)
	if e := c.authorized(ctx, v.Interface()); e != nil {
		return nil, e
	}
	out, err := op.call(ctx, v.Interface())
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(appendObject(nil, op.plan.out, reflect.ValueOf(out).Elem(), nil)))
	dec.UseNumber()
	var answer map[string]any
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("reading the output of %s.%s: %w", s.Name, operation, err)
	}
	return answer, nil
}
