// Package refuse says no to a request of SQS in AWS's own words, for all
// packages that look at one. It has the two errors that the API reference lists
// as common to all operations, and that the API model therefore lacks.
package refuse

import "github.com/signalbox/signalbox/wire"

// NotForType is the reason AWS gives [Value] for a parameter that the other
// kind of queue has.
const NotForType = "The request include parameter that is not valid for this queue type."

// Missing is the error MissingParameter.
func Missing(parameter string) error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s.", parameter)
}

// Value is the error InvalidParameterValue of a parameter whose value will not do.
func Value(value any, parameter, reason string) error {
	return Invalidf("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

// Invalidf is the error InvalidParameterValue in other words.
func Invalidf(format string, args ...any) error {
	return wire.Errorf("InvalidParameterValue", format, args...)
}
