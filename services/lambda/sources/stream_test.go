package sources_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/services/lambda/sources"
)

// stream is a change stream in memory: shards with records 1, 2, 3, …
type stream struct {
	mu      sync.Mutex
	shards  []sources.Shard
	records map[string][]sources.Record
	ended   map[string]bool
	changed chan struct{} // closed and replaced at every change
	points  map[string]sources.Checkpoint
}

func newStream(shards ...sources.Shard) *stream {
	return &stream{shards: shards, records: map[string][]sources.Record{}, ended: map[string]bool{}, changed: make(chan struct{}), points: map[string]sources.Checkpoint{}}
}

func (s *stream) add(shard, key string, at time.Time, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		seq := strconv.Itoa(len(s.records[shard]) + 1)
		s.records[shard] = append(s.records[shard], sources.Record{Sequence: seq, Key: key, Time: at, Event: json.RawMessage(`{"seq":"` + seq + `","key":"` + key + `"}`)})
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) Shards(context.Context, string) ([]sources.Shard, error) { return s.shards, nil }

func (s *stream) Newest(_ context.Context, _, shard string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.Itoa(len(s.records[shard])), nil
}

func (s *stream) Read(_ context.Context, _, shard, after string, most int) ([]sources.Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := strconv.Atoi(after)
	rest := s.records[shard][n:]
	return slices.Clone(rest[:min(most, len(rest))]), s.ended[shard] && len(rest) == 0, nil
}

func (s *stream) Wait(ctx context.Context, _, shard, after string) error {
	s.mu.Lock()
	n, _ := strconv.Atoi(after)
	more, changed := len(s.records[shard]) > n || s.ended[shard], s.changed
	s.mu.Unlock()
	if more {
		return nil
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) Checkpoint(_ context.Context, mapping, shard string) (sources.Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.points[mapping+shard], nil
}

func (s *stream) Advance(_ context.Context, mapping, shard string, c sources.Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.points[mapping+shard] = c
	return nil
}

func (s *stream) at(shard string) string {
	c, _ := s.Checkpoint(context.Background(), "m", shard)
	return c.After
}

// function records its batches, and answers as a test wants.
type function struct {
	mu      sync.Mutex
	batches [][]string // sequence numbers
	answer  func(batch []string, n int) sources.Answer
}

func (f *function) invoke(_ context.Context, payload []byte) (sources.Answer, error) {
	var e struct{ Records []struct{ Seq string } }
	if err := json.Unmarshal(payload, &e); err != nil {
		return sources.Answer{}, err
	}
	var batch []string
	for _, r := range e.Records {
		batch = append(batch, r.Seq)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = append(f.batches, batch)
	if f.answer == nil {
		return sources.Answer{Payload: []byte("null")}, nil
	}
	return f.answer(batch, len(f.batches)), nil
}

func (f *function) seen() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, b := range f.batches {
		all = append(all, strings.Join(b, ","))
	}
	return strings.Join(all, " ")
}

var failedAnswer = sources.Answer{Error: "Error", Payload: []byte("{}"), RequestID: "r", Version: "1"}

// rig is a mapping that runs on a clock that is turned whenever it waits.
func rig(t *testing.T, s *stream, f *function, change func(*sources.Mapping)) *[]string {
	t.Helper()
	now := clock.NewFake(time.Unix(1_800_000_000, 0))
	var buried []string
	var mu sync.Mutex
	m := &sources.Mapping{
		ID: "m", Source: "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x", Function: "arn:f", Batch: 4, Retries: -1,
		Clock: now, Logger: slog.New(slog.DiscardHandler), Streams: s, Checkpoints: s, Invoke: f.invoke,
		Bury: func(_ context.Context, record []byte) error {
			mu.Lock()
			defer mu.Unlock()
			var r struct {
				RequestContext struct {
					Condition string
					Count     int `json:"approximateInvokeCount"`
				}
				Info struct{ StartSequenceNumber, EndSequenceNumber string } `json:"DDBStreamBatchInfo"`
			}
			if err := json.Unmarshal(record, &r); err != nil {
				return err
			}
			buried = append(buried, fmt.Sprintf("%s-%s %s %d", r.Info.StartSequenceNumber, r.Info.EndSequenceNumber, r.RequestContext.Condition, r.RequestContext.Count))
			return nil
		},
	}
	if change != nil {
		change(m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var under sync.WaitGroup
	under.Go(func() { m.Run(ctx) })
	under.Go(func() {
		for now.WaitForTimers(ctx, 2) == nil { // one looks for shards, the other is a wait
			now.Advance(time.Second)
		}
	})
	t.Cleanup(func() { cancel(); under.Wait() })
	return &buried
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

func TestStreams(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	one := sources.Shard{ID: "a"}
	for _, c := range []struct {
		says    string
		records int
		age     time.Duration
		change  func(*sources.Mapping)
		answer  func(batch []string, n int) sources.Answer
		seen    string
		buried  string
	}{
		{says: "records come in batches, in order", records: 6, seen: "1,2,3,4 5,6"},
		{
			says: "a batch that fails comes again before what follows", records: 6, seen: "1,2,3,4 1,2,3,4 5,6",
			answer: func(_ []string, n int) (a sources.Answer) {
				if n == 1 {
					return failedAnswer
				}
				return a
			},
		},
		{
			says: "with bisecting, a poisonous record is found and given up alone", records: 4, seen: "1,2,3,4 1,2 3,4 3 3 4", buried: "3-3 RetryAttemptsExhausted 2",
			change: func(m *sources.Mapping) { m.Bisect, m.Retries = true, 1 },
			answer: func(batch []string, _ int) (a sources.Answer) {
				if slices.Contains(batch, "3") {
					return failedAnswer
				}
				return a
			},
		},
		{
			says: "retries end, and the batch's place is told", records: 5, seen: "1,2,3,4 1,2,3,4 1,2,3,4 5", buried: "1-4 RetryAttemptsExhausted 3",
			change: func(m *sources.Mapping) { m.Retries = 2 },
			answer: func(batch []string, _ int) (a sources.Answer) {
				if batch[0] == "1" {
					return failedAnswer
				}
				return a
			},
		},
		{
			says: "a reported failure has it go on from there", records: 4, seen: "1,2,3,4 3,4",
			change: func(m *sources.Mapping) { m.Report = true },
			answer: func(_ []string, n int) (a sources.Answer) {
				if n == 1 {
					a.Payload = []byte(`{"batchItemFailures":[{"itemIdentifier":"3"}]}`)
				} else {
					a.Payload = []byte(`{"batchItemFailures":[]}`)
				}
				return a
			},
		},
		{
			says: "a report of what is not in the batch fails all of it", records: 2, seen: "1,2 1,2",
			change: func(m *sources.Mapping) { m.Report = true },
			answer: func(_ []string, n int) (a sources.Answer) {
				a.Payload = []byte("null")
				if n == 1 {
					a.Payload = []byte(`{"batchItemFailures":[{"itemIdentifier":"9"}]}`)
				}
				return a
			},
		},
		{
			says: "records that are too old are not handed over", records: 2, age: -time.Hour, seen: "", buried: "1-2 MaximumRecordAgeInSecondsExceeded 0",
			change: func(m *sources.Mapping) { m.MaxAge = time.Minute },
		},
		{
			says: "what the filter refuses is passed by", records: 4, seen: "2,3",
			change: func(m *sources.Mapping) {
				f, err := sources.NewFilter([]string{`{"seq":["2"]}`, `{"seq":["3"]}`})
				if err != nil {
					panic(err)
				}
				m.Filter = f
			},
		},
	} {
		t.Run(c.says, func(t *testing.T) {
			s, f := newStream(one), &function{answer: c.answer}
			s.add("a", "k", at.Add(c.age), c.records)
			buried := rig(t, s, f, c.change)
			until(t, "all is read", func() bool { return s.at("a") == strconv.Itoa(c.records) })
			if got := f.seen(); got != c.seen {
				t.Errorf("the function saw %q, want %q", got, c.seen)
			}
			if got := strings.Join(*buried, "; "); got != c.buried {
				t.Errorf("given up: %q, want %q", got, c.buried)
			}
		})
	}
	t.Run("batches side by side keep the order of each key", func(t *testing.T) {
		s, f := newStream(one), &function{}
		for i := range 20 {
			s.add("a", fmt.Sprint("k", i%5), at, 1)
		}
		rig(t, s, f, func(m *sources.Mapping) { m.Parallel = 3 })
		until(t, "all is read", func() bool { return s.at("a") == "20" })
		last := map[int]int{}
		for _, b := range f.batches {
			for _, seq := range b {
				n, _ := strconv.Atoi(seq)
				if n < last[n%5] {
					t.Errorf("%d came after %d", n, last[n%5])
				}
				last[n%5] = n
			}
		}
	})
	t.Run("a child is read once its parent has ended", func(t *testing.T) {
		s, f := newStream(one, sources.Shard{ID: "b", Parent: "a"}), &function{}
		s.add("b", "k", at, 1)
		s.add("a", "k", at, 2)
		rig(t, s, f, nil)
		until(t, "the parent is read", func() bool { return s.at("a") == "2" })
		if s.at("b") != "" {
			t.Error("the child is read before its parent has ended")
		}
		s.mu.Lock()
		s.ended["a"] = true
		s.mu.Unlock()
		s.add("b", "k", at, 1)
		until(t, "the child is read", func() bool { return s.at("b") == "2" })
	})
	t.Run("from the newest on, what was there before does not count", func(t *testing.T) {
		s, f := newStream(one), &function{}
		s.add("a", "k", at, 3)
		m := &sources.Mapping{ID: "m", Start: sources.Newest, Streams: s, Checkpoints: s}
		if err := m.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.add("a", "k", at, 1)
		rig(t, s, f, nil)
		until(t, "all is read", func() bool { return s.at("a") == "4" && f.seen() != "" })
		if f.seen() != "4" {
			t.Errorf("the function saw %q, want 4", f.seen())
		}
	})
}
