package wire

import (
	"errors"
	"fmt"
)

// Fault says whose fault an error is.
type Fault int

// The two faults of AWS errors. The zero value leaves it to the error table
// and the status.
const (
	FaultUnknown Fault = iota
	Sender
	Receiver
)

// Error is an error as AWS answers it. Operations return it (wrapped or not)
// for whatever the caller may know; any other error is answered as an internal
// failure that says nothing of its cause.
type Error struct {
	Code    string // the error's name in the model, "ResourceNotFoundException"
	Message string // what is wrong, naming the member; shown to the caller
	Status  int    // HTTP status; 0 takes it from the service's error table, else 400
	Fault   Fault  // FaultUnknown takes it from the error table, else from the status
	Detail  any    // pointer to the generated structure of errors that carry more than a message
}

// Errorf makes an Error; the message is formatted as by fmt.Sprintf.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// IsCode says whether err is, or wraps, an Error of that code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Codes that wire itself answers with.
const (
	CodeSerialization    = "SerializationException"
	CodeValidation       = "ValidationException"
	CodeQueryValidation  = "ValidationError"
	CodeUnknownOperation = "UnknownOperationException"
	CodeInvalidAction    = "InvalidAction"
	CodeNotImplemented   = "NotImplementedException"
	CodeInternalFailure  = "InternalFailure"
)
