package sqs

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// maxMessage is the most bytes that a message, or all messages of a batch, may
// have (1 MiB since August 2025).
const maxMessage = 1 << 20

// number is an attribute that is a whole number.
type number struct{ min, max, normal int64 }

// numbers are the numeric attributes with the bounds and defaults of the API
// reference's page CreateQueue. Times are in seconds, sizes in bytes.
var numbers = map[string]number{
	QueueAttributeNameDelaySeconds:                  {0, 900, 0},
	QueueAttributeNameMaximumMessageSize:            {1024, maxMessage, maxMessage},
	QueueAttributeNameMessageRetentionPeriod:        {60, 1209600, 345600},
	QueueAttributeNameReceiveMessageWaitTimeSeconds: {0, 20, 0},
	QueueAttributeNameVisibilityTimeout:             {0, maxVisibility, 30},
	QueueAttributeNameKmsDataKeyReusePeriodSeconds:  {60, 86400, 300},
}

// words are the attributes that are one of a few words, for FIFO queues alone;
// the first is the default.
var words = map[string][]string{
	QueueAttributeNameContentBasedDeduplication: {"false", "true"},
	QueueAttributeNameDeduplicationScope:        {"queue", "messageGroup"},
	QueueAttributeNameFifoThroughputLimit:       {"perQueue", "perMessageGroupId"},
}

// computed are the attributes that can only be read.
var computed = []string{
	QueueAttributeNameApproximateNumberOfMessages,
	QueueAttributeNameApproximateNumberOfMessagesDelayed,
	QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	QueueAttributeNameCreatedTimestamp,
	QueueAttributeNameLastModifiedTimestamp,
	QueueAttributeNameQueueArn,
}

// texts are the attributes that an empty value removes.
var texts = []string{
	QueueAttributeNamePolicy,
	QueueAttributeNameRedrivePolicy,
	QueueAttributeNameRedriveAllowPolicy,
	QueueAttributeNameKmsMasterKeyId,
}

// parsed are the attributes as the way of a message needs them.
type parsed struct {
	delay, wait, visibility, retention time.Duration
	maxSize                            int
	fifo, contentDedup, groupScope     bool
	redrive                            *redrivePolicy // nil: none
}

func parse(a map[string]string) parsed {
	seconds := func(name string) time.Duration { return time.Duration(whole(a, name)) * time.Second }
	p := parsed{
		delay:        seconds(QueueAttributeNameDelaySeconds),
		wait:         seconds(QueueAttributeNameReceiveMessageWaitTimeSeconds),
		visibility:   seconds(QueueAttributeNameVisibilityTimeout),
		retention:    seconds(QueueAttributeNameMessageRetentionPeriod),
		maxSize:      int(whole(a, QueueAttributeNameMaximumMessageSize)),
		fifo:         a[QueueAttributeNameFifoQueue] == "true",
		contentDedup: a[QueueAttributeNameContentBasedDeduplication] == "true",
		groupScope:   a[QueueAttributeNameDeduplicationScope] == "messageGroup",
	}
	if text := a[QueueAttributeNameRedrivePolicy]; text != "" {
		p.redrive, _ = parseRedrivePolicy(text)
	}
	return p
}

// whole is a numeric attribute, or its default.
func whole(a map[string]string, name string) int64 {
	if n, err := strconv.ParseInt(a[name], 10, 64); err == nil {
		return n
	}
	return numbers[name].normal
}

// check validates attributes that are to be set on a queue of the given kind,
// all of them before any is used.
func (s *Service) check(q address, fifo bool, attributes map[string]string) error {
	for _, name := range sorted(attributes) {
		if err := s.checkOne(q, fifo, name, attributes[name]); err != nil {
			return err
		}
	}
	if attributes[QueueAttributeNameKmsMasterKeyId] != "" && attributes[QueueAttributeNameSqsManagedSseEnabled] == "true" {
		return wire.Errorf(CodeInvalidAttributeName, "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	return nil
}

func (s *Service) checkOne(q address, fifo bool, name, value string) error {
	wrong := wire.Errorf(CodeInvalidAttributeValue, "Invalid value for the parameter %s.", name)
	if bounds, ok := numbers[name]; ok {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < bounds.min || n > bounds.max {
			return wrong
		}
		return nil
	}
	if choices, ok := words[name]; ok {
		if !fifo {
			return wire.Errorf(CodeInvalidAttributeName, "You can specify the %s only when FifoQueue is set to true.", name)
		}
		if !slices.Contains(choices, value) {
			return wrong
		}
		return nil
	}
	switch name {
	case QueueAttributeNameSqsManagedSseEnabled, QueueAttributeNameFifoQueue:
		if value != "true" && value != "false" {
			return wrong
		}
	case QueueAttributeNamePolicy:
		if value != "" && !isObject(value) {
			return wrong
		}
	case QueueAttributeNameKmsMasterKeyId:
		if len(value) > 2048 {
			return wrong
		}
	case QueueAttributeNameRedrivePolicy:
		return s.checkRedrivePolicy(q, fifo, value)
	case QueueAttributeNameRedriveAllowPolicy:
		return checkRedriveAllowPolicy(value)
	default:
		return unknownAttribute(name)
	}
	return nil
}

func unknownAttribute(name string) error {
	return wire.Errorf(CodeInvalidAttributeName, "Unknown Attribute %s.", name)
}

// checkThroughput looks at the two FIFO attributes that depend on each other.
func checkThroughput(a map[string]string) error {
	if a[QueueAttributeNameFifoThroughputLimit] == "perMessageGroupId" && a[QueueAttributeNameDeduplicationScope] != "messageGroup" {
		return wire.Errorf(CodeInvalidAttributeValue, "The value of FifoThroughputLimit can be perMessageGroupId only when the value of DeduplicationScope is messageGroup.")
	}
	return nil
}

// set puts checked attributes into a queue's, and reports whether any changed.
func set(into map[string]string, attributes map[string]string) (changed bool) {
	put := func(name, value string) {
		if old, had := into[name]; had && old == value {
			return
		}
		into[name], changed = value, true
	}
	remove := func(name string) {
		if _, had := into[name]; had {
			delete(into, name)
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
	case attributes[QueueAttributeNameKmsMasterKeyId] != "":
		put(QueueAttributeNameSqsManagedSseEnabled, "false")
	case attributes[QueueAttributeNameSqsManagedSseEnabled] == "true":
		remove(QueueAttributeNameKmsMasterKeyId)
		remove(QueueAttributeNameKmsDataKeyReusePeriodSeconds)
	}
	return changed
}

// normal is the one way an attribute's value is kept: numbers without leading
// zeros, JSON without spaces.
func normal(name, value string) string {
	if _, ok := numbers[name]; ok {
		n, _ := strconv.ParseInt(value, 10, 64)
		return strconv.FormatInt(n, 10)
	}
	return value
}

// effective is an attribute's value as GetQueueAttributes answers it, "" where
// it answers none. Computed ones are not known here.
func effective(a map[string]string, name string) string {
	if v, ok := a[name]; ok {
		return v
	}
	fifo := a[QueueAttributeNameFifoQueue] == "true"
	if name == QueueAttributeNameKmsDataKeyReusePeriodSeconds && a[QueueAttributeNameKmsMasterKeyId] == "" {
		return ""
	}
	if bounds, ok := numbers[name]; ok {
		return strconv.FormatInt(bounds.normal, 10)
	}
	if choices, ok := words[name]; ok && fifo {
		return choices[0]
	}
	if name == QueueAttributeNameSqsManagedSseEnabled {
		return "true"
	}
	return ""
}

// differs finds the first wanted attribute that a queue has otherwise.
func differs(has, wanted map[string]string) string {
	for _, name := range sorted(wanted) {
		have, want := effective(has, name), normal(name, wanted[name])
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

// settable are all attributes that can be set.
var settable = slices.Sorted(func(yield func(string) bool) {
	for name := range numbers {
		if !yield(name) {
			return
		}
	}
	for name := range words {
		if !yield(name) {
			return
		}
	}
	for _, name := range append(texts, QueueAttributeNameSqsManagedSseEnabled, QueueAttributeNameFifoQueue) {
		if !yield(name) {
			return
		}
	}
})

// GetQueueAttributes implements [API]. The counts are exact at the moment of
// the call, but for messages whose retention ends at that moment.
func (s *Service) GetQueueAttributes(ctx context.Context, in *GetQueueAttributesInput) (*GetQueueAttributesOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all, count := false, false
	for _, name := range in.AttributeNames {
		switch {
		case name == QueueAttributeNameAll:
			all, count = true, true
		case strings.HasPrefix(name, "ApproximateNumberOf") && slices.Contains(computed, name):
			count = true
		case !slices.Contains(computed, name) && !slices.Contains(settable, name):
			return nil, unknownAttribute(name)
		}
	}
	var depth engine.Depth
	if count {
		if depth, err = s.depth(ctx, q); err != nil {
			return nil, err
		}
	}
	d := q.now.Load().document
	values := map[string]string{
		QueueAttributeNameQueueArn:                              q.arn(),
		QueueAttributeNameCreatedTimestamp:                      strconv.FormatInt(d.Created/1000, 10),
		QueueAttributeNameLastModifiedTimestamp:                 strconv.FormatInt(d.Modified/1000, 10),
		QueueAttributeNameApproximateNumberOfMessages:           strconv.Itoa(depth.Due),
		QueueAttributeNameApproximateNumberOfMessagesDelayed:    strconv.Itoa(depth.Delayed),
		QueueAttributeNameApproximateNumberOfMessagesNotVisible: strconv.Itoa(depth.Leased),
	}
	for _, name := range settable {
		if v := effective(d.Attributes, name); v != "" {
			values[name] = v
		}
	}
	for name := range values {
		if !all && !slices.Contains(in.AttributeNames, name) {
			delete(values, name)
		}
	}
	if len(values) == 0 {
		values = nil
	}
	return &GetQueueAttributesOutput{Attributes: values}, nil
}

// SetQueueAttributes implements [API]. Messages that are in the queue already
// follow the new retention period and redrive policy, and keep their delay.
func (s *Service) SetQueueAttributes(ctx context.Context, in *SetQueueAttributesInput) (*SetQueueAttributesOutput, error) {
	q, err := s.queueAt(ctx, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	fifo := q.now.Load().fifo
	if v, ok := in.Attributes[QueueAttributeNameFifoQueue]; ok && !fifo {
		return nil, unknownAttribute(QueueAttributeNameFifoQueue)
	} else if ok && v != "true" {
		return nil, wire.Errorf(CodeInvalidAttributeValue, "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	if err := s.check(q.address, fifo, in.Attributes); err != nil {
		return nil, err
	}
	return nil, s.store.update(ctx, q.address, func(d *document) (bool, error) {
		if d.Attributes == nil {
			d.Attributes = map[string]string{}
		}
		changed := set(d.Attributes, in.Attributes)
		d.Modified = s.clock.Now().UnixMilli()
		return changed, checkThroughput(d.Attributes)
	})
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
