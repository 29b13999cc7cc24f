package sources

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/signalbox/signalbox/pattern"
)

// Filter chooses records: one that any of its patterns matches is chosen
// (developer guide, page invocation-eventfiltering).
type Filter struct{ patterns []filterPattern }

type filterPattern struct {
	pattern *pattern.Pattern
	body    bodyKind
}

// bodyKind is what a pattern expects of a message's body.
type bodyKind uint8

const (
	anyBody  bodyKind = iota // it does not look at it
	jsonBody                 // members
	textBody                 // the text as a whole
)

// NewFilter parses patterns. None is nil: everything is chosen.
func NewFilter(patterns []string) (*Filter, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	f := new(Filter)
	for _, text := range patterns {
		p, err := pattern.Parse([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("filter pattern: %w", err)
		}
		var members struct {
			Body json.RawMessage `json:"body"`
		}
		kind := anyBody
		if json.Unmarshal([]byte(text), &members) == nil && len(members.Body) > 0 {
			kind = textBody
			if bytes.TrimSpace(members.Body)[0] == '{' {
				kind = jsonBody
			}
		}
		f.patterns = append(f.patterns, filterPattern{p, kind})
	}
	return f, nil
}

// chooses tells whether a record is chosen. body is a message's body, nil for
// records of streams: a pattern with members sees it as the JSON that it is, one
// for the text sees a body that is no JSON.
func (f *Filter) chooses(record json.RawMessage, body []byte) bool {
	if f == nil {
		return true
	}
	for _, p := range f.patterns {
		seen := []byte(record)
		if body != nil && p.body != anyBody {
			valid := json.Valid(body)
			if valid != (p.body == jsonBody) {
				continue
			}
			if valid {
				var members map[string]json.RawMessage
				if json.Unmarshal(record, &members) != nil {
					continue
				}
				members["body"] = body
				var err error
				if seen, err = json.Marshal(members); err != nil {
					continue
				}
			}
		}
		// A record that cannot be read matches nothing.
		if ok, err := p.pattern.Match(seen); err == nil && ok {
			return true
		}
	}
	return false
}
