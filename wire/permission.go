package wire

import (
	"context"
	"net/http"
)

// Permission is something that a caller must be allowed for its request to be
// answered. Each service says what its requests need in a method
//
//	Needs(in any, r *wire.Request) []wire.Permission
//
// in is the operation's input, decoded and valid. No answer (nil) stands for the
// operation's own action on every resource; an empty one for nothing at all.
type Permission struct {
	Action   string              // "events:PutEvents"; "" is the operation's own
	Resource string              // ARN; "" is "*"
	Context  map[string][]string // condition keys, in lower case, that the request gives values
}

// CodeAccessDenied is the code of an error that refuses a caller. Services of
// the JSON protocols are answered with its form AccessDeniedException.
const CodeAccessDenied = "AccessDenied"

// authorized asks whether the caller may; the answer is nil, or the error to
// answer with.
func (c *call) authorized(ctx context.Context, in any) *Error {
	if c.s.Authorize == nil {
		return nil
	}
	err := c.s.Authorize(ctx, in)
	if err == nil {
		return nil
	}
	e := *c.known(ctx, err)
	if e.Code != CodeAccessDenied {
		return &e
	}
	e.Status, e.Fault = http.StatusForbidden, Sender
	if c.protocol != Query && c.protocol != RestXML && !c.s.QueryCompatible {
		e.Code = "AccessDeniedException"
		if c.protocol != RestJSON {
			e.Status = http.StatusBadRequest
		}
	}
	return &e
}
