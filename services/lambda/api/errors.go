package api

import (
	"net/http"

	"github.com/signalbox/signalbox/wire"
)

// fault is what AWS's errors carry beside their message.
type fault struct {
	Type    *string `wire:"Type"`
	Message *string `wire:"Message"`
}

// Refuse is an error of the caller's doing.
func Refuse(code, format string, args ...any) error {
	e := wire.Errorf(code, format, args...)
	e.Detail = &fault{Type: new("User"), Message: &e.Message}
	return e
}

// Invalid, NotFound and Conflict are the refusals that AWS gives most.
func Invalid(format string, args ...any) error {
	return Refuse(CodeInvalidParameterValueException, format, args...)
}

func NotFound(format string, args ...any) error {
	return Refuse(CodeResourceNotFoundException, format, args...)
}

func Conflict(format string, args ...any) error {
	return Refuse(CodeResourceConflictException, format, args...)
}

// Throttled is the error of an invocation beyond a limit of concurrency.
func Throttled(reason string) error {
	e := wire.Errorf(CodeTooManyRequestsException, "Rate Exceeded.")
	e.Detail = &TooManyRequestsException{Type: new("User"), Reason: new(reason)}
	return e
}

// CodeRequestEntityTooLarge is what AWS answers to a request that is too large;
// its model says RequestTooLargeException.
const CodeRequestEntityTooLarge = "RequestEntityTooLargeException"

// TooLarge is the error of a request that is too large.
func TooLarge(format string, args ...any) error {
	e := wire.Errorf(CodeRequestEntityTooLarge, format, args...)
	e.Status, e.Detail = http.StatusRequestEntityTooLarge, &fault{Type: new("User"), Message: &e.Message}
	return e
}

// Breaks is the error of a member that breaks a constraint, as AWS words it.
func Breaks(value any, member, constraint string) error {
	return wire.Errorf(wire.CodeValidation, "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

// StaleRevision is the error of a change to what somebody else has changed.
func StaleRevision() error {
	return Refuse(CodePreconditionFailedException, "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}
