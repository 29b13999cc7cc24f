package sources

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
)

// Queues takes messages from queues.
type Queues interface {
	// Receive takes up to most messages for the queue's own visibility
	// time-out, and waits for the first one. A queue that is not there is ErrGone.
	Receive(ctx context.Context, queueARN string, most int, wait time.Duration) ([]Message, error)
	// Settle deletes messages.
	Settle(ctx context.Context, queueARN string, tokens ...string) error
	// Release makes messages visible again, after a time.
	Release(ctx context.Context, queueARN string, after time.Duration, tokens ...string) error
	// Queue tells of a queue; ErrGone.
	Queue(ctx context.Context, queueARN string) (QueueInfo, error)
}

// QueueInfo is what of a queue matters to mappings.
type QueueInfo struct {
	FIFO       bool
	Visibility time.Duration
}

// Message is a message that was received.
type Message struct {
	ID, ReceiptHandle string
	Body              []byte
	MD5               string
	System            map[string]string
	Attributes        map[string]MessageAttribute
	Token             string // for Settle and Release
}

// MessageAttribute is one of a message's own attributes.
type MessageAttribute struct {
	Type   string
	Text   *string
	Binary []byte
}

// Bounds of reading queues.
const (
	defaultConcurrency = 10
	pollTime           = 20 * time.Second
	maxPayload         = 6 << 20
	throttleTries      = 6
)

// runQueue receives batches and hands them to invocations, no more at a time
// than the mapping allows.
func (m *Mapping) runQueue(ctx context.Context) {
	width := m.Concurrency
	if width <= 0 {
		width = defaultConcurrency
	}
	slots := make(chan struct{}, width)
	var under sync.WaitGroup
	defer under.Wait()
	for failed := 0; ctx.Err() == nil; {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		batch, err := m.gather(ctx)
		if err != nil || len(batch) == 0 {
			<-slots
			if err != nil && ctx.Err() == nil {
				failed++
				m.troubled(failed, err)
				_ = m.pause(ctx, failed)
			} else {
				failed = 0
			}
			continue
		}
		failed = 0
		under.Go(func() {
			defer func() { <-slots }()
			m.work(ctx, batch)
		})
	}
}

// troubled tells of a source that cannot be read, once.
func (m *Mapping) troubled(times int, err error) {
	if errors.Is(err, ErrGone) {
		m.note("PROBLEM: " + err.Error())
	} else {
		m.note("PROBLEM: internal Signalbox error. Please check the log.")
	}
	if times == 1 {
		m.Logger.Warn("reading an event source", "source", m.Source, "function", m.Function, "error", err)
	}
}

// entry is a message as the function gets it.
type entry struct {
	id, token string
	record    json.RawMessage
}

// gather receives until the batch is full or the window has passed since the
// first message. Messages that the filter refuses are deleted.
func (m *Mapping) gather(ctx context.Context) ([]entry, error) {
	var batch []entry
	size := 0
	var end time.Time
	for {
		wait := pollTime
		if len(batch) > 0 {
			if wait = end.Sub(m.Clock.Now()); wait <= 0 {
				return batch, nil
			}
		}
		got, err := m.Queues.Receive(ctx, m.Source, m.Batch-len(batch), wait)
		if err != nil {
			if len(batch) > 0 {
				m.release(ctx, batch)
			}
			return nil, err
		}
		var refused []string
		for _, message := range got {
			e, err := m.entry(message)
			if err != nil || !m.Filter.chooses(e.record, message.Body) {
				refused = append(refused, message.Token)
				continue
			}
			size += len(e.record)
			batch = append(batch, e)
		}
		if len(refused) > 0 {
			if err := m.Queues.Settle(ctx, m.Source, refused...); err != nil {
				return batch, err
			}
		}
		if len(batch) == 0 {
			if len(got) == 0 {
				return nil, nil
			}
			continue
		}
		if end.IsZero() {
			end = m.Clock.Now().Add(m.Window)
		}
		if len(batch) >= m.Batch || m.Window == 0 || size > maxPayload/2 {
			return batch, nil
		}
	}
}

// release gives messages back at once.
func (m *Mapping) release(ctx context.Context, batch []entry) {
	tokens := make([]string, len(batch))
	for i, e := range batch {
		tokens[i] = e.token
	}
	// Where this fails they are visible after their time-out.
	_ = m.Queues.Release(context.WithoutCancel(ctx), m.Source, 0, tokens...)
}

func (m *Mapping) entry(message Message) (entry, error) {
	region := ""
	if a, err := arn.Parse(m.Source); err == nil {
		region = a.Region
	}
	type attribute struct {
		Text    *string  `json:"stringValue,omitempty"`
		Binary  *string  `json:"binaryValue,omitempty"`
		Texts   []string `json:"stringListValues"`
		Binarys []string `json:"binaryListValues"`
		Type    string   `json:"dataType"`
	}
	attributes := map[string]attribute{}
	for name, a := range message.Attributes {
		v := attribute{Text: a.Text, Type: a.Type, Texts: []string{}, Binarys: []string{}}
		if a.Binary != nil {
			v.Binary = new(base64.StdEncoding.EncodeToString(a.Binary))
		}
		attributes[name] = v
	}
	record, err := json.Marshal(struct {
		ID         string               `json:"messageId"`
		Handle     string               `json:"receiptHandle"`
		Body       string               `json:"body"`
		System     map[string]string    `json:"attributes"`
		Attributes map[string]attribute `json:"messageAttributes"`
		MD5        string               `json:"md5OfBody"`
		Source     string               `json:"eventSource"`
		ARN        string               `json:"eventSourceARN"`
		Region     string               `json:"awsRegion"`
	}{message.ID, message.ReceiptHandle, string(message.Body), message.System, attributes, message.MD5, "aws:sqs", m.Source, region})
	return entry{id: message.ID, token: message.Token, record: record}, err
}

// work invokes the function with a batch, and deletes what it took. What it did
// not take is visible again when its time-out has passed. An invocation that
// has begun is brought to its end also when ctx ends.
func (m *Mapping) work(ctx context.Context, batch []entry) {
	records := make([]json.RawMessage, len(batch))
	known := map[string]bool{}
	for i, e := range batch {
		records[i] = e.record
		known[e.id] = true
	}
	payload, err := m.event(records)
	if err != nil {
		m.troubled(1, err)
		return
	}
	if len(payload) > maxPayload && len(batch) > 1 {
		m.work(ctx, batch[:len(batch)/2])
		m.work(ctx, batch[len(batch)/2:])
		return
	}
	answer, err := m.insist(ctx, payload)
	if err != nil {
		m.note("PROBLEM: Function call failed")
		if ctx.Err() != nil || errors.Is(err, ErrThrottled) {
			m.release(ctx, batch)
		}
		return
	}
	if answer.Error != "" {
		m.note("PROBLEM: Function call failed")
		return
	}
	failed := map[string]bool{}
	if m.Report {
		var ok bool
		if failed, ok = failures(answer.Payload, func(id string) bool { return known[id] }); !ok {
			m.note("PROBLEM: Function call failed")
			return
		}
	}
	var done []string
	for _, e := range batch {
		if !failed[e.id] {
			done = append(done, e.token)
		}
	}
	if len(done) > 0 {
		if err := m.Queues.Settle(context.WithoutCancel(ctx), m.Source, done...); err != nil {
			m.troubled(1, err)
			return
		}
	}
	m.note("OK")
}

// insist invokes the function; while it has no capacity, again, for a while.
func (m *Mapping) insist(ctx context.Context, payload []byte) (Answer, error) {
	for n := 1; ; n++ {
		answer, err := m.Invoke(context.WithoutCancel(ctx), payload)
		if !errors.Is(err, ErrThrottled) || n == throttleTries {
			return answer, err
		}
		if clock.Sleep(ctx, m.Clock, pauseMin) != nil {
			return answer, err
		}
	}
}
