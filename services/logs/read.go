package logs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/wire"
)

// query is what a reader wants of a group.
type query struct {
	streams    []string // names; none: all that are not deleted
	prefix     string   // of the streams' names
	from, to   engine.Position
	since, til int64 // timestamps, from and before; 0: no bound
	filter     filter
}

// found is an event that a query found.
type found struct {
	entry
	position engine.Position
	ingested time.Time
}

// read hands the events that fit to yield, in the order of the log, until it
// has enough or the log (or q.to) ends. It returns where it stopped.
func (s *Service) read(ctx context.Context, g *group, q query, yield func(found) bool) (engine.Position, error) {
	first, next, err := s.logs.Bounds(ctx, g.log())
	if err != nil {
		return 0, err
	}
	at, end := max(q.from, first), next
	if q.to != 0 {
		end = min(end, q.to)
	}
	if at >= end {
		return end, nil
	}
	r, err := s.logs.Open(ctx, g.log(), at)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var entries []engine.Entry
	for at < end {
		if entries, err = r.Next(ctx, entries[:0], min(512, int(end-at))); err != nil {
			return 0, err
		}
		for _, raw := range entries {
			at = raw.Position + 1
			e, err := decode(raw.Data)
			if err != nil {
				return 0, fmt.Errorf("reading log group %s at %d: %w", g.Name, raw.Position, err)
			}
			if raw.Position < end && s.fits(g, &q, &e, raw.Position) && !yield(found{e, raw.Position, raw.Time}) {
				return at, nil
			}
		}
	}
	return end, nil
}

func (s *Service) fits(g *group, q *query, e *entry, at engine.Position) bool {
	switch {
	case q.streams != nil && !slices.Contains(q.streams, e.Stream), !strings.HasPrefix(e.Stream, q.prefix):
		return false
	case q.since != 0 && e.Timestamp < q.since, q.til != 0 && e.Timestamp >= q.til:
		return false
	}
	if st := s.streams.Get(g.Scope.Key(g.Name, e.Stream)); st == nil || at < st.From {
		return false // of a stream that was deleted
	}
	return q.filter.match(e.Message)
}

// GetLogEvents implements [API]: a page of one stream, from its head or back
// from its end. The tokens go on from the page's ends; at an end of the stream
// the same token comes back.
func (s *Service) GetLogEvents(ctx context.Context, in *GetLogEventsInput) (*GetLogEventsOutput, error) {
	g, err := s.identify(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	st := s.streams.Get(g.Scope.Key(g.Name, *in.LogStreamName))
	if st == nil {
		return nil, notFound("log stream")
	}
	limit := int(*either(in.Limit, new(int32(10000))))
	q := query{streams: []string{st.Name}, from: st.From, since: wire.Value(in.StartTime), til: wire.Value(in.EndTime)}
	forward, at, err := direction(in)
	if err != nil {
		return nil, err
	}
	var page []found
	begin, end := at, at
	if forward {
		begin = max(at, st.From)
		q.from = begin
		end, err = s.read(ctx, g, q, func(e found) bool {
			page = append(page, e)
			return len(page) < limit
		})
	} else {
		if at == 0 {
			if _, end, err = s.logs.Bounds(ctx, g.log()); err != nil {
				return nil, err
			}
		}
		page, err = s.last(ctx, g, q, end, limit)
		begin = end
	}
	if err != nil {
		return nil, err
	}
	if len(page) > 0 {
		begin = page[0].position
		end = page[len(page)-1].position + 1
	}
	out := &GetLogEventsOutput{
		Events:            make([]OutputLogEvent, len(page)),
		NextForwardToken:  new(fmt.Sprintf("f/%056d", end)),
		NextBackwardToken: new(fmt.Sprintf("b/%056d", begin)),
	}
	sortByTime(page)
	for i, e := range page {
		out.Events[i] = OutputLogEvent{Timestamp: new(e.Timestamp), Message: new(e.Message), IngestionTime: millis(e.ingested)}
	}
	return out, nil
}

// direction reads which way to go and from where; 0 is the stream's head or end.
func direction(in *GetLogEventsInput) (forward bool, at engine.Position, err error) {
	if in.NextToken == nil {
		return wire.Value(in.StartFromHead), 0, nil
	}
	way, number, _ := strings.Cut(*in.NextToken, "/")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || (way != "f" && way != "b") {
		return false, 0, invalid("The specified nextToken is invalid.")
	}
	return way == "f", engine.Position(n), nil
}

// last reads the last limit events below end, looking back ever further.
func (s *Service) last(ctx context.Context, g *group, q query, end engine.Position, limit int) ([]found, error) {
	head := q.from
	for window := engine.Position(max(4*limit, 1024)); ; window *= 4 {
		q.from, q.to = head, end
		if end > head && end-head > window {
			q.from = end - window
		}
		if q.to == 0 {
			return nil, nil
		}
		var page []found
		if _, err := s.read(ctx, g, q, func(e found) bool {
			page = append(page, e)
			return true
		}); err != nil {
			return nil, err
		}
		if len(page) >= limit {
			return page[len(page)-limit:], nil
		}
		if q.from == head {
			return page, nil
		}
	}
}

func sortByTime(page []found) {
	slices.SortStableFunc(page, func(a, b found) int { return int(a.Timestamp - b.Timestamp) })
}

// FilterLogEvents implements [API].
func (s *Service) FilterLogEvents(ctx context.Context, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
	g, err := s.identify(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != nil {
		return nil, invalid("logStreamNames and logStreamNamePrefix cannot both be given.")
	}
	q := query{streams: in.LogStreamNames, prefix: wire.Value(in.LogStreamNamePrefix), since: wire.Value(in.StartTime), til: wire.Value(in.EndTime)}
	if q.filter, err = parseFilter(wire.Value(in.FilterPattern)); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		n, err := strconv.ParseUint(*in.NextToken, 10, 64)
		if err != nil {
			return nil, invalid("The specified nextToken is invalid.")
		}
		q.from = engine.Position(n)
	}
	limit := int(*either(in.Limit, new(int32(10000))))
	var page []found
	at, err := s.read(ctx, g, q, func(e found) bool {
		page = append(page, e)
		return len(page) < limit
	})
	if err != nil {
		return nil, err
	}
	out := &FilterLogEventsOutput{Events: make([]FilteredLogEvent, len(page)), SearchedLogStreams: []SearchedLogStream{}}
	sortByTime(page)
	for i, e := range page {
		out.Events[i] = FilteredLogEvent{
			LogStreamName: new(e.Stream), Timestamp: new(e.Timestamp), Message: new(e.Message), IngestionTime: millis(e.ingested),
			EventId: new(fmt.Sprintf("%056d", e.position)),
		}
	}
	if len(page) == limit {
		out.NextToken = new(strconv.FormatUint(uint64(at), 10))
	}
	return out, nil
}
