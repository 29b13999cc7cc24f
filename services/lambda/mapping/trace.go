package mapping

import (
	"bytes"
	"encoding/json"
)

// traceOf is the trace that a batch goes on with: that of its first record.
func (s *Mappings) traceOf(payload []byte) string {
	if s.TraceOf == nil {
		return ""
	}
	// {"Records":[ is what a batch begins with; the rest need not be read.
	dec := json.NewDecoder(bytes.NewReader(payload))
	for range 3 {
		if _, err := dec.Token(); err != nil {
			return ""
		}
	}
	var first json.RawMessage
	if dec.Decode(&first) != nil {
		return ""
	}
	return s.TraceOf(first)
}
