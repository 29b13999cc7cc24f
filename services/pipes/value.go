package pipes

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/transform"
)

// value is a parameter of a target: a text, or a path into the event that is
// sent ("$.body.id"; user guide, page eb-pipes-event-target, dynamic path
// parameters).
type value struct {
	text string
	path *transform.Transformer
}

func newValue(text string) (value, error) {
	if !strings.HasPrefix(text, "$.") && text != "$" {
		return value{text: text}, nil
	}
	path, err := transform.NewPipe("<" + text + ">")
	if err != nil {
		return value{}, invalid("Invalid JSON path: %s", text)
	}
	return value{text: text, path: path}, nil
}

// of is the value for one event; what the event does not have is empty.
func (v value) of(event []byte) (string, error) {
	if v.path == nil {
		return v.text, nil
	}
	found, err := v.path.Apply(nil, event, transform.Facts{})
	if err != nil {
		return "", fmt.Errorf("reading %s of the event: %w", v.text, err)
	}
	var text string
	if json.Unmarshal(found, &text) == nil {
		return text, nil
	}
	return string(found), nil
}

func newValues(texts []string) ([]value, error) {
	list := make([]value, len(texts))
	var errs []error
	for i, text := range texts {
		v, err := newValue(text)
		list[i], errs = v, append(errs, err)
	}
	return list, errors.Join(errs...)
}

func newValueMap(texts map[string]string) (map[string]value, error) {
	all := map[string]value{}
	for name, text := range texts {
		v, err := newValue(text)
		if err != nil {
			return nil, err
		}
		all[name] = v
	}
	return all, nil
}

func valuesOf(list []value, event []byte) ([]string, error) {
	texts := make([]string, len(list))
	for i, v := range list {
		var err error
		if texts[i], err = v.of(event); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func valueMapOf(all map[string]value, event []byte) (map[string]string, error) {
	texts := map[string]string{}
	for name, v := range all {
		var err error
		if texts[name], err = v.of(event); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// timeOf reads a time: RFC 3339, or seconds or milliseconds since 1970. The
// empty text is the zero time.
func timeOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || n < 0 || n > 1e15:
		return time.Time{}, fmt.Errorf("%.64q is no time", text)
	case n < 1e11: // until the year 5138
		n *= 1000
	}
	return time.UnixMilli(int64(n)), nil
}
