package lambda

import (
	"github.com/signalbox/signalbox/wire"
)

// fault is what AWS's errors carry beside their message.
type fault struct {
	Type    *string `wire:"Type"`
	Message *string `wire:"Message"`
}

// refuse is an error of the caller's doing.
func refuse(code, format string, args ...any) error {
	e := wire.Errorf(code, format, args...)
	e.Detail = &fault{Type: new("User"), Message: &e.Message}
	return e
}

func invalid(format string, args ...any) error {
	return refuse(CodeInvalidParameterValueException, format, args...)
}

func notFound(format string, args ...any) error {
	return refuse(CodeResourceNotFoundException, format, args...)
}

func conflict(format string, args ...any) error {
	return refuse(CodeResourceConflictException, format, args...)
}

// throttled is the error of an invocation beyond a limit of concurrency.
func throttled(reason string) error {
	e := wire.Errorf(CodeTooManyRequestsException, "Rate Exceeded.")
	e.Detail = &TooManyRequestsException{Type: new("User"), Reason: new(reason)}
	return e
}

// breaks is the error of a member that breaks a constraint, as AWS words it.
func breaks(value any, member, constraint string) error {
	return wire.Errorf(wire.CodeValidation, "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

func staleRevision() error {
	return refuse(CodePreconditionFailedException, "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}
