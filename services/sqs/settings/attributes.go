package settings

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Attributes are a queue's, by name. Those that are not there have their
// defaults.
type Attributes map[string]string

// Parsed are the attributes as the way of a message needs them.
type Parsed struct {
	Delay, Wait, Visibility, Retention time.Duration
	MaxSize                            int // bytes
	FIFO, ContentDedup, GroupScope     bool
	Redrive                            *RedrivePolicy // nil: none
}

// Parse is what checked attributes say, with defaults for those that are not set.
func (a Attributes) Parse() Parsed {
	seconds := func(name string) time.Duration { return time.Duration(a.whole(name)) * time.Second }
	p := Parsed{
		Delay:        seconds(delaySeconds),
		Wait:         seconds(receiveMessageWaitTimeSeconds),
		Visibility:   seconds(visibilityTimeout),
		Retention:    seconds(messageRetentionPeriod),
		MaxSize:      int(a.whole(maximumMessageSize)),
		FIFO:         a[fifoQueue] == "true",
		ContentDedup: a[contentBasedDeduplication] == "true",
		GroupScope:   a[deduplicationScope] == "messageGroup",
	}
	if text := a[redrivePolicy]; text != "" {
		p.Redrive, _ = parseRedrivePolicy(text)
	}
	return p
}

// whole is a numeric attribute, or its default.
func (a Attributes) whole(name string) int64 {
	if n, err := strconv.ParseInt(a[name], 10, 64); err == nil {
		return n
	}
	return numbers[name].normal
}

// Set puts checked attributes into a queue's, and reports whether any changed.
func (a Attributes) Set(attributes Attributes) (changed bool) {
	put := func(name, value string) {
		if old, had := a[name]; had && old == value {
			return
		}
		a[name], changed = value, true
	}
	remove := func(name string) {
		if _, had := a[name]; had {
			delete(a, name)
			changed = true
		}
	}
	for name, value := range attributes {
		if value == "" && slices.Contains(texts, name) {
			remove(name)
			continue
		}
		put(name, normal(name, value))
	}
	switch {
	case attributes[kmsMasterKeyId] != "":
		put(sqsManagedSseEnabled, "false")
	case attributes[sqsManagedSseEnabled] == "true":
		remove(kmsMasterKeyId)
		remove(kmsDataKeyReusePeriodSeconds)
	}
	return changed
}

// normal is the one way an attribute's value is kept: numbers without leading
// zeros.
func normal(name, value string) string {
	if _, ok := numbers[name]; ok {
		n, _ := strconv.ParseInt(value, 10, 64)
		return strconv.FormatInt(n, 10)
	}
	return value
}

// Effective is an attribute's value as GetQueueAttributes answers it, "" where
// it answers none. Computed ones are not known here.
func (a Attributes) Effective(name string) string {
	if v, ok := a[name]; ok {
		return v
	}
	fifo := a[fifoQueue] == "true"
	if name == kmsDataKeyReusePeriodSeconds && a[kmsMasterKeyId] == "" {
		return ""
	}
	if bounds, ok := numbers[name]; ok {
		return strconv.FormatInt(bounds.normal, 10)
	}
	if choices, ok := words[name]; ok && fifo {
		return choices[0]
	}
	if name == sqsManagedSseEnabled {
		return "true"
	}
	return ""
}

// Differs finds the first wanted attribute that a queue has otherwise; "" where
// it has none.
func (a Attributes) Differs(wanted Attributes) string {
	for _, name := range wanted.sorted() {
		have, want := a.Effective(name), normal(name, wanted[name])
		if have != want && !sameJSON(have, want) {
			return name
		}
	}
	return ""
}

func sameJSON(a, b string) bool {
	if !isObject(a) || !isObject(b) {
		return false
	}
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func isObject(s string) bool {
	return strings.HasPrefix(strings.TrimSpace(s), "{") && json.Valid([]byte(s))
}

func (a Attributes) sorted() []string { return slices.Sorted(maps.Keys(a)) }
