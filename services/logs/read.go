package logs

import (
	"cmp"
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
// takes no more or the log (or q.to) ends. It returns the position of the event
// that was not taken, or the end.
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
				return raw.Position, nil
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
	p := page{limit: limit}
	if forward {
		at = max(at, st.From)
		q.from = at
		_, err = s.read(ctx, g, q, p.add)
	} else {
		if at == 0 {
			if _, at, err = s.logs.Bounds(ctx, g.log()); err != nil {
				return nil, err
			}
		}
		p, err = s.last(ctx, g, q, at, limit)
	}
	if err != nil {
		return nil, err
	}
	page, begin, end := p.events, at, at // at an end of the stream the token stays
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

// maxPageBytes bounds an answer's events, each with its overhead (API
// reference, GetLogEvents); one event is always told.
const maxPageBytes = 1 << 20

// page collects events up to its bounds.
type page struct {
	limit  int
	events []found
	bytes  int
	full   bool // there is an event that it has no room for
}

func (e *found) size() int { return len(e.Message) + eventOverhead }

// add adds the event if there is room, and tells whether there may be more.
func (p *page) add(e found) bool {
	if len(p.events) == p.limit || len(p.events) > 0 && p.bytes+e.size() > maxPageBytes {
		p.full = true
		return false
	}
	p.events, p.bytes = append(p.events, e), p.bytes+e.size()
	return true
}

// push adds the event and drops the first ones for which there is no more room.
func (p *page) push(e found) {
	p.events, p.bytes = append(p.events, e), p.bytes+e.size()
	for len(p.events) > p.limit || len(p.events) > 1 && p.bytes > maxPageBytes {
		p.bytes -= p.events[0].size()
		p.events[0] = found{}
		p.events, p.full = p.events[1:], true
	}
}

// last reads the last events below end, looking back ever further.
func (s *Service) last(ctx context.Context, g *group, q query, end engine.Position, limit int) (page, error) {
	head := q.from
	for window := engine.Position(max(4*limit, 1024)); ; window *= 4 {
		q.from, q.to = head, end
		if end > head && end-head > window {
			q.from = end - window
		}
		p := page{limit: limit}
		if q.to == 0 {
			return p, nil
		}
		if _, err := s.read(ctx, g, q, func(e found) bool {
			p.push(e)
			return true
		}); err != nil {
			return p, err
		}
		if p.full || len(p.events) == limit || q.from == head {
			return p, nil
		}
	}
}

func sortByTime(page []found) {
	slices.SortStableFunc(page, func(a, b found) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
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
	for _, name := range in.LogStreamNames {
		if s.streams.Get(g.Scope.Key(g.Name, name)) == nil {
			return nil, notFound("log stream")
		}
	}
	p := page{limit: int(*either(in.Limit, new(int32(10000))))}
	at, err := s.read(ctx, g, q, p.add)
	if err != nil {
		return nil, err
	}
	page := p.events
	out := &FilterLogEventsOutput{Events: make([]FilteredLogEvent, len(page)), SearchedLogStreams: []SearchedLogStream{}}
	sortByTime(page)
	for i, e := range page {
		out.Events[i] = FilteredLogEvent{
			LogStreamName: new(e.Stream), Timestamp: new(e.Timestamp), Message: new(e.Message), IngestionTime: millis(e.ingested),
			EventId: new(fmt.Sprintf("%056d", e.position)),
		}
	}
	if p.full {
		out.NextToken = new(strconv.FormatUint(uint64(at), 10))
	}
	return out, nil
}
