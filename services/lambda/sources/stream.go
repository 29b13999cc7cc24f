package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/clock"
)

// Streams reads change streams.
type Streams interface {
	// Shards lists a stream's shards, parents before their children; ErrGone.
	Shards(ctx context.Context, streamARN string) ([]Shard, error)
	// Newest is the sequence number behind which there is nothing yet.
	Newest(ctx context.Context, streamARN, shard string) (after string, err error)
	// Read returns up to most records behind a sequence number ("": from the
	// oldest kept), none where there are none. ended tells that the shard is
	// closed and none will come.
	Read(ctx context.Context, streamARN, shard, after string, most int) (records []Record, ended bool, err error)
	// Wait returns when there may be records behind a sequence number, or early.
	Wait(ctx context.Context, streamARN, shard, after string) error
}

// Shard is a part of a stream that has an order.
type Shard struct{ ID, Parent string }

// Record is an entry of a stream.
type Record struct {
	Sequence string
	Key      string // partition key: records of one key keep their order
	Time     time.Time
	Event    json.RawMessage // as functions get it
}

// Checkpoints keeps how far shards have been read.
type Checkpoints interface {
	Checkpoint(ctx context.Context, mapping, shard string) (Checkpoint, error)
	Advance(ctx context.Context, mapping, shard string, c Checkpoint) error
}

// Checkpoint is how far a shard has been read. The zero value: not at all.
type Checkpoint struct {
	Begun bool
	After string // sequence number
	Ended bool   // the shard has been read to its end
}

// discoverEvery is how often new shards are looked for.
const discoverEvery = 10 * time.Second

// Begin writes the checkpoints from which a new mapping reads: what comes from
// now on counts, whenever it is read for the first time.
func (m *Mapping) Begin(ctx context.Context) error {
	shards, err := m.Streams.Shards(ctx, m.Source)
	if err != nil {
		return err
	}
	for _, s := range shards {
		c := Checkpoint{Begun: true}
		if m.Start == Newest {
			if c.After, err = m.Streams.Newest(ctx, m.Source, s.ID); err != nil {
				return err
			}
		}
		if err := m.Checkpoints.Advance(ctx, m.ID, s.ID, c); err != nil {
			return err
		}
	}
	return nil
}

// runStream reads all shards, each in a goroutine of its own, children once
// their parents have ended.
func (m *Mapping) runStream(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	var mu sync.Mutex // guards begun and ended
	begun, ended := map[string]bool{}, map[string]bool{}
	changed := make(chan struct{}, 1)
	for failed := 0; ctx.Err() == nil; {
		shards, err := m.Streams.Shards(ctx, m.Source)
		if err != nil {
			failed++
			m.troubled(failed, err)
			_ = m.pause(ctx, failed)
			continue
		}
		failed = 0
		listed := map[string]bool{}
		for _, s := range shards {
			listed[s.ID] = true
		}
		mu.Lock()
		for _, s := range shards {
			if begun[s.ID] || s.Parent != "" && listed[s.Parent] && !ended[s.Parent] {
				continue
			}
			begun[s.ID] = true
			under.Go(func() {
				if m.readShard(ctx, s.ID) {
					mu.Lock()
					ended[s.ID] = true
					mu.Unlock()
					select {
					case changed <- struct{}{}:
					default:
					}
				}
			})
		}
		mu.Unlock()
		timer := m.Clock.NewTimer(discoverEvery)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// readShard reads one shard. It reports true at the shard's end.
func (m *Mapping) readShard(ctx context.Context, shard string) bool {
	for failed := 0; ctx.Err() == nil; {
		c, err := m.Checkpoints.Checkpoint(ctx, m.ID, shard)
		if err == nil && c.Ended {
			return true
		}
		if err == nil {
			err = m.step(ctx, shard, c)
		}
		if err == nil {
			failed = 0
		} else if ctx.Err() == nil {
			failed++
			m.troubled(failed, err)
			_ = m.pause(ctx, failed)
		}
	}
	return false
}

// step brings the checkpoint one batch further, or waits for records.
func (m *Mapping) step(ctx context.Context, shard string, c Checkpoint) error {
	records, ended, err := m.collect(ctx, shard, c.After)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		if ended {
			return m.Checkpoints.Advance(ctx, m.ID, shard, Checkpoint{Begun: true, After: c.After, Ended: true})
		}
		return m.Streams.Wait(ctx, m.Source, shard, c.After)
	}
	var chosen []Record
	for _, r := range records {
		if m.Filter.chooses(r.Event, nil) {
			chosen = append(chosen, r)
		}
	}
	if err := m.spread(ctx, shard, chosen); err != nil {
		return err
	}
	return m.Checkpoints.Advance(context.WithoutCancel(ctx), m.ID, shard, Checkpoint{Begun: true, After: records[len(records)-1].Sequence})
}

// collect reads a batch for each lane; with a window it waits for them to fill.
func (m *Mapping) collect(ctx context.Context, shard, after string) (records []Record, ended bool, err error) {
	most := m.Batch * max(m.Parallel, 1)
	records, ended, err = m.Streams.Read(ctx, m.Source, shard, after, most)
	if err != nil || len(records) == 0 || ended || m.Window == 0 {
		return records, ended, err
	}
	window, cancel := clock.WithTimeout(ctx, m.Clock, m.Window)
	defer cancel()
	for len(records) < most {
		after = records[len(records)-1].Sequence
		if m.Streams.Wait(window, m.Source, shard, after) != nil {
			break
		}
		more, _, err := m.Streams.Read(ctx, m.Source, shard, after, most-len(records))
		if err != nil {
			return nil, false, err
		}
		records = append(records, more...)
	}
	return records, false, ctx.Err()
}

// spread hands records to as many batches at a time as the mapping has, those
// of one key always to the same one.
func (m *Mapping) spread(ctx context.Context, shard string, records []Record) error {
	lanes := make([][]Record, max(m.Parallel, 1))
	for _, r := range records {
		lane := 0
		if len(lanes) > 1 {
			h := fnv.New32a()
			_, _ = h.Write([]byte(r.Key))
			lane = int(h.Sum32() % uint32(len(lanes)))
		}
		lanes[lane] = append(lanes[lane], r)
	}
	errs := make([]error, len(lanes))
	var under sync.WaitGroup
	for i, lane := range lanes {
		under.Go(func() {
			for len(lane) > 0 && errs[i] == nil {
				n := min(len(lane), m.Batch)
				errs[i] = m.hand(ctx, shard, lane[:n])
				lane = lane[n:]
			}
		})
	}
	under.Wait()
	return errors.Join(errs...)
}

// hand brings a batch to its end: taken, or given up. The error is that of ctx,
// or of what has to be durable.
func (m *Mapping) hand(ctx context.Context, shard string, batch []Record) error {
	var last Answer
	for attempt, waits := 0, 0; len(batch) > 0; {
		old := m.tooOld(batch)
		if len(old) > 0 {
			if err := m.giveUp(ctx, shard, old, "MaximumRecordAgeInSecondsExceeded", attempt, last); err != nil {
				return err
			}
			batch = batch[len(old):]
			continue
		}
		left, answer, err := m.attempt(ctx, batch)
		waits++
		switch {
		case errors.Is(err, ErrThrottled):
			if err := m.pause(ctx, waits); err != nil {
				return err
			}
			continue
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err == nil && len(left) == 0:
			m.note("OK")
			return nil
		}
		m.note("PROBLEM: Function call failed")
		last = answer
		if len(left) < len(batch) { // the first ones were taken
			batch, attempt = left, 0
			if m.Bisect { // the batch is parted there
				continue
			}
		}
		if m.Bisect && len(batch) > 1 && err == nil && answer.Error != "" {
			half := len(batch) / 2
			if err := m.hand(ctx, shard, batch[:half]); err != nil {
				return err
			}
			batch, attempt = batch[half:], 0
			continue
		}
		if attempt++; m.Retries >= 0 && attempt > m.Retries {
			return m.giveUp(ctx, shard, batch, "RetryAttemptsExhausted", attempt, last)
		}
		if err := m.pause(ctx, waits); err != nil {
			return err
		}
	}
	return nil
}

// attempt invokes the function with the batch; left is what it did not take.
func (m *Mapping) attempt(ctx context.Context, batch []Record) (left []Record, answer Answer, err error) {
	events := make([]json.RawMessage, len(batch))
	for i, r := range batch {
		events[i] = r.Event
	}
	payload, err := m.event(events)
	if err != nil {
		return batch, answer, err
	}
	answer, err = m.Invoke(context.WithoutCancel(ctx), payload)
	if err != nil || answer.Error != "" {
		return batch, answer, err
	}
	if !m.Report {
		return nil, answer, nil
	}
	failed, ok := failures(answer.Payload, func(id string) bool {
		for _, r := range batch {
			if r.Sequence == id {
				return true
			}
		}
		return false
	})
	if !ok {
		return batch, answer, nil
	}
	for i, r := range batch { // from the first failed one on
		if failed[r.Sequence] {
			return batch[i:], answer, nil
		}
	}
	return nil, answer, nil
}

// tooOld are the first records of a batch, as far as they are too old.
func (m *Mapping) tooOld(batch []Record) []Record {
	if m.MaxAge <= 0 {
		return nil
	}
	oldest := m.Clock.Now().Add(-m.MaxAge)
	n := 0
	for n < len(batch) && batch[n].Time.Before(oldest) {
		n++
	}
	return batch[:n]
}

// giveUp tells the on-failure destination where the records are.
func (m *Mapping) giveUp(ctx context.Context, shard string, batch []Record, condition string, attempts int, last Answer) error {
	if m.Bury == nil {
		return nil
	}
	first, end := batch[0], batch[len(batch)-1]
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	info := map[string]any{
		"shardId": shard, "startSequenceNumber": first.Sequence, "endSequenceNumber": end.Sequence,
		"approximateArrivalOfFirstRecord": stamp(first.Time), "approximateArrivalOfLastRecord": stamp(end.Time),
		"batchSize": len(batch), "streamArn": m.Source,
	}
	record := map[string]any{"version": "1.0", "timestamp": m.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")}
	if m.Pipe != "" {
		record["context"] = map[string]any{"partnerResourceArn": m.Pipe, "condition": condition}
	} else {
		record["requestContext"] = map[string]any{
			"requestId": last.RequestID, "functionArn": m.Function, "condition": condition, "approximateInvokeCount": attempts,
		}
	}
	if last.Version != "" {
		record["responseContext"] = map[string]any{"statusCode": 200, "executedVersion": last.Version, "functionError": "Unhandled"}
	}
	name := "DDBStreamBatchInfo"
	if strings.HasPrefix(m.Source, "arn:aws:kinesis:") {
		name = "KinesisBatchInfo"
	}
	record[name] = info
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("telling of records that were given up: %w", err)
	}
	return m.Bury(context.WithoutCancel(ctx), text)
}
