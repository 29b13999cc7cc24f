package settings

import (
	"slices"
	"strconv"

	"github.com/signalbox/signalbox/services/sqs/address"
	"github.com/signalbox/signalbox/wire"
)

const (
	codeInvalidName  = "InvalidAttributeName"
	codeInvalidValue = "InvalidAttributeValue"
)

// Check validates attributes that are to be set on a queue of the given kind,
// all of them before any is used. Refuses says why a queue cannot be this one's
// dead-letter queue, or "". Errors are InvalidAttributeName,
// InvalidAttributeValue and, of redrive policies, InvalidParameterValue.
func (a Attributes) Check(fifo bool, refuses func(deadLetters address.Queue) string) error {
	for _, name := range a.sorted() {
		if err := checkOne(fifo, name, a[name], refuses); err != nil {
			return err
		}
	}
	if a[kmsMasterKeyId] != "" && a[sqsManagedSseEnabled] == "true" {
		return wire.Errorf(codeInvalidName, "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	return nil
}

func checkOne(fifo bool, name, value string, refuses func(address.Queue) string) error {
	wrong := wire.Errorf(codeInvalidValue, "Invalid value for the parameter %s.", name)
	if bounds, ok := numbers[name]; ok {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < bounds.min || n > bounds.max {
			return wrong
		}
		return nil
	}
	if choices, ok := words[name]; ok {
		if !fifo {
			return wire.Errorf(codeInvalidName, "You can specify the %s only when FifoQueue is set to true.", name)
		}
		if !slices.Contains(choices, value) {
			return wrong
		}
		return nil
	}
	switch name {
	case sqsManagedSseEnabled, fifoQueue:
		if value != "true" && value != "false" {
			return wrong
		}
	case policy:
		if value != "" && !isObject(value) {
			return wrong
		}
	case kmsMasterKeyId:
		if len(value) > 2048 {
			return wrong
		}
	case redrivePolicy:
		return checkRedrivePolicy(value, refuses)
	case redriveAllowPolicy:
		return checkRedriveAllowPolicy(value)
	default:
		return Unknown(name)
	}
	return nil
}

// Unknown is the error of an attribute that a queue does not have.
func Unknown(name string) error {
	return wire.Errorf(codeInvalidName, "Unknown Attribute %s.", name)
}

// CheckThroughput looks at the two FIFO attributes that depend on each other,
// once all are set.
func (a Attributes) CheckThroughput() error {
	if a[fifoThroughputLimit] == "perMessageGroupId" && a[deduplicationScope] != "messageGroup" {
		return wire.Errorf(codeInvalidValue, "The value of FifoThroughputLimit can be perMessageGroupId only when the value of DeduplicationScope is messageGroup.")
	}
	return nil
}
