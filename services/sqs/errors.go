package sqs

import (
	"github.com/signalbox/signalbox/wire"
)

// Codes that the API reference lists as common errors and the model lacks.
const (
	codeInvalidParameterValue = "InvalidParameterValue"
	codeMissingParameter      = "MissingParameter"
)

// invalidValue is the error of a parameter whose value will not do.
func invalidValue(value any, parameter, reason string) error {
	return wire.Errorf(codeInvalidParameterValue, "Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

func missing(parameter string) error {
	return wire.Errorf(codeMissingParameter, "The request must contain the parameter %s.", parameter)
}

func noQueue() error {
	return wire.Errorf(CodeQueueDoesNotExist, "The specified queue does not exist.")
}

// notForType is the reason AWS gives for a parameter of the other kind of queue.
const notForType = "The request include parameter that is not valid for this queue type."
