package api

import (
	"encoding/json"
)

// Limits of payloads (Lambda quotas), in bytes.
const (
	MaxPayload = 6 << 20 // of an invocation, and of its answer
	MaxEvent   = 1 << 20 // of an asynchronous invocation
)

// MaxTimeout is the longest time-out of a function, in seconds.
const MaxTimeout = 900

// CallParams are what may be said of a call beside its payload.
type CallParams struct {
	RequestID     string // empty: a new one
	Qualifier     string // where the ARN has none
	ClientContext string // JSON
	Trace         string // X-Ray trace header; empty: a new one
}

// Result is what a function answered.
type Result struct {
	Payload   []byte // JSON; the error where there is one
	Error     string // type of the error; empty: success
	RequestID string
	Version   string // that was executed
	Log       []byte // the last 4 KB of the invocation's log
}

// CheckPayload sees that it is JSON. Without one the event is an empty object.
func CheckPayload(payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(payload) {
		var v any
		err := json.Unmarshal(payload, &v)
		return nil, Refuse(CodeInvalidRequestContentException, "Could not parse request body into json: Could not parse payload into json: %v", err)
	}
	return payload, nil
}
