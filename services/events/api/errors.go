package api

import "github.com/signalbox/signalbox/wire"

// NotFound says that something named by a request does not exist.
func NotFound(format string, args ...any) error {
	return wire.Errorf(CodeResourceNotFoundException, format, args...)
}

// Exists says that something of that name is there already.
func Exists(format string, args ...any) error {
	return wire.Errorf(CodeResourceAlreadyExistsException, format, args...)
}

// Invalid says what is wrong with a request.
func Invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}
