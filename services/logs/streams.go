package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// stream is a log stream as it is kept.
type stream struct {
	wire.Scope
	Group   string
	Name    string
	Created time.Time
	From    engine.Position // none of its events lies before
}

func (st *stream) key() string { return st.Scope.Key(st.Group, st.Name) }

func (st *stream) arn() string {
	return st.Scope.ARN("logs", "log-group:"+st.Group+":log-stream:"+st.Name)
}

// activity is what was written to a stream since the service began.
type activity struct {
	mu          sync.Mutex // guards what follows
	first, last int64      // timestamps of its events; 0: none
	ingested    time.Time
}

func (a *activity) note(first, last int64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first == 0 || first < a.first {
		a.first = first
	}
	a.last, a.ingested = max(a.last, last), now
}

// CreateLogStream implements [API].
func (s *Service) CreateLogStream(ctx context.Context, in *CreateLogStreamInput) (*CreateLogStreamOutput, error) {
	g, err := s.identify(ctx, in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	_, created, err := s.ensureStream(ctx, g, *in.LogStreamName)
	if err == nil && !created {
		err = exists("log stream")
	}
	return &CreateLogStreamOutput{}, err
}

// stream is the group's stream of that name, made where it is not there.
func (s *Service) stream(ctx context.Context, g *group, name string) (*stream, error) {
	if st := s.streams.Get(g.Scope.Key(g.Name, name)); st != nil {
		return st, nil
	}
	st, _, err := s.ensureStream(ctx, g, name)
	return st, err
}

// ensureStream is stream, and tells whether it made it.
func (s *Service) ensureStream(ctx context.Context, g *group, name string) (_ *stream, created bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.streams.Get(g.Scope.Key(g.Name, name)); st != nil {
		return st, false, nil
	}
	if s.groups.Get(g.key()) != g { // it was deleted, or changed, meanwhile
		if g = s.groups.Get(g.key()); g == nil {
			return nil, false, notFound("log group")
		}
	}
	_, next, err := s.logs.Bounds(ctx, g.log())
	if err != nil {
		return nil, false, err
	}
	st := &stream{Scope: g.Scope, Group: g.Name, Name: name, Created: s.clock.Now(), From: next}
	return st, true, s.streams.Put(ctx, st.key(), st)
}

// DeleteLogStream implements [API]. The stream's events are seen no more; they
// leave the disk with the group's retention.
func (s *Service) DeleteLogStream(ctx context.Context, in *DeleteLogStreamInput) (*DeleteLogStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.identify(ctx, in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	key := g.Scope.Key(g.Name, *in.LogStreamName)
	if s.streams.Get(key) == nil {
		return nil, notFound("log stream")
	}
	s.recent.Delete(key)
	return &DeleteLogStreamOutput{}, s.streams.Delete(ctx, key)
}

// DescribeLogStreams implements [API].
func (s *Service) DescribeLogStreams(ctx context.Context, in *DescribeLogStreamsInput) (*DescribeLogStreamsOutput, error) {
	if in.LogGroupName != nil && in.LogGroupIdentifier != nil {
		return nil, unfit("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	}
	g, err := s.identify(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	byTime := wire.Value(in.OrderBy) == OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	rows := make([]LogStream, 0)
	for _, st := range s.streams.List(g.Scope.Key(g.Name, wire.Value(in.LogStreamNamePrefix))) {
		row, err := s.describe(ctx, g, st)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	name := func(r LogStream) string { return *r.LogStreamName }
	if byTime {
		name = func(r LogStream) string {
			return fmt.Sprintf("%020d %s", wire.Value(r.LastEventTimestamp), *r.LogStreamName)
		}
	}
	slices.SortFunc(rows, func(a, b LogStream) int { return cmp.Compare(name(a), name(b)) })
	if wire.Value(in.Descending) {
		rows, name = reversed(rows, name)
	}
	rows, next, err := wire.Page(rows, name, int(*either(in.Limit, new(int32(50)))), in.NextToken)
	if err != nil {
		return nil, invalid("The specified nextToken is invalid: %s.", err)
	}
	return &DescribeLogStreamsOutput{LogStreams: rows, NextToken: next}, nil
}

// reversed turns the order around, and the names with it so that they ascend.
func reversed(rows []LogStream, name func(LogStream) string) ([]LogStream, func(LogStream) string) {
	slices.Reverse(rows)
	return rows, func(r LogStream) string {
		text := []byte(name(r))
		for i := range text {
			text[i] = ^text[i]
		}
		return string(append(text, 0xff)) // a name comes before those that it begins, so after them here
	}
}

// describe tells of a stream. What was written before the service began is
// found by reading the stream once.
func (s *Service) describe(ctx context.Context, g *group, st *stream) (LogStream, error) {
	v, known := s.recent.LoadOrStore(st.key(), new(activity))
	a := v.(*activity)
	if !known {
		_, err := s.read(ctx, g, query{streams: []string{st.Name}, from: st.From}, func(e found) bool {
			a.note(e.Timestamp, e.Timestamp, e.ingested)
			return true
		})
		if err != nil {
			return LogStream{}, fmt.Errorf("reading stream %s: %w", st.Name, err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	row := LogStream{
		LogStreamName: new(st.Name), CreationTime: millis(st.Created), Arn: new(st.arn()), StoredBytes: new(int64(0)),
	}
	if !a.ingested.IsZero() {
		row.UploadSequenceToken = new(sequenceToken)
		row.FirstEventTimestamp, row.LastEventTimestamp, row.LastIngestionTime = new(a.first), new(a.last), millis(a.ingested)
	}
	return row, nil
}
