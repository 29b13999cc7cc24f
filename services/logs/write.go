package logs

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/signalbox/signalbox/wire"
)

// Bounds of PutLogEvents (API reference).
const (
	maxBatchBytes = 1 << 20
	eventOverhead = 26 // bytes counted for each event beside its message
	maxSpan       = 24 * time.Hour
	maxFuture     = 2 * time.Hour
	maxPast       = 14 * 24 * time.Hour
)

// sequenceToken is answered where clients of old expect one; none is asked for.
const sequenceToken = "49039859627848574924758436785943874584785748574"

// entry is one event in a group's log.
type entry struct {
	Stream    string
	Timestamp int64 // milliseconds since 1970
	Message   string
	Sum       uint64 // bytes of all messages up to and with this one, for the group's size
}

func (e *entry) encode() []byte {
	b := binary.AppendUvarint(make([]byte, 0, len(e.Stream)+len(e.Message)+24), e.Sum)
	b = binary.AppendVarint(b, e.Timestamp)
	b = binary.AppendUvarint(b, uint64(len(e.Stream)))
	b = append(b, e.Stream...)
	return append(b, e.Message...)
}

var errEntry = errors.New("damaged log entry")

func decode(b []byte) (e entry, err error) {
	sum, n := binary.Uvarint(b)
	if n <= 0 {
		return e, errEntry
	}
	at, m := binary.Varint(b[n:])
	if m <= 0 {
		return e, errEntry
	}
	b = b[n+m:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return e, errEntry
	}
	b = b[n:]
	return entry{Stream: string(b[:size]), Timestamp: at, Message: string(b[size:]), Sum: sum}, nil
}

// PutLogEvents implements [API]. Events that are too old or too new are left
// out and told of; the others are durable when the answer is given.
func (s *Service) PutLogEvents(ctx context.Context, in *PutLogEventsInput) (*PutLogEventsOutput, error) {
	g, err := s.identify(ctx, in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	st := s.streams.Get(g.Scope.Key(g.Name, *in.LogStreamName))
	if st == nil {
		return nil, notFound("log stream")
	}
	size := 0
	for i, e := range in.LogEvents {
		size += len(*e.Message) + eventOverhead
		if i > 0 && *e.Timestamp < *in.LogEvents[i-1].Timestamp {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if size > maxBatchBytes {
		return nil, invalid("Upload too large: %d bytes exceeds limit of %d", size, maxBatchBytes)
	}
	if span := *in.LogEvents[len(in.LogEvents)-1].Timestamp - *in.LogEvents[0].Timestamp; span > maxSpan.Milliseconds() {
		return nil, invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	rejected, accepted := s.sift(g, in.LogEvents)
	entries := make([]entry, len(accepted))
	for i, e := range accepted {
		entries[i] = entry{Stream: st.Name, Timestamp: *e.Timestamp, Message: *e.Message}
	}
	if err := s.write(ctx, g, st, entries); err != nil {
		return nil, err
	}
	return &PutLogEventsOutput{NextSequenceToken: new(sequenceToken), RejectedLogEventsInfo: rejected}, nil
}

// sift parts the events that may be kept from those beyond the bounds of time.
func (s *Service) sift(g *group, events []InputLogEvent) (*RejectedLogEventsInfo, []InputLogEvent) {
	now := s.clock.Now()
	oldest, newest := now.Add(-maxPast).UnixMilli(), now.Add(maxFuture).UnixMilli()
	expired := int64(0)
	if g.Days != nil {
		expired = now.AddDate(0, 0, -int(*g.Days)).UnixMilli()
	}
	info := new(RejectedLogEventsInfo)
	from, to := 0, len(events)
	for i, e := range events {
		switch {
		case *e.Timestamp < expired:
			info.ExpiredLogEventEndIndex, from = new(int32(i)), i+1
		case *e.Timestamp < oldest:
			info.TooOldLogEventEndIndex, from = new(int32(i)), i+1
		case *e.Timestamp > newest && to == len(events):
			info.TooNewLogEventStartIndex, to = new(int32(i)), i
		}
	}
	if *info == (RejectedLogEventsInfo{}) {
		info = nil
	}
	return info, events[from:max(from, to)]
}

// write appends the events of one stream to the group's log, one batch at a
// time for the sums' sake.
func (s *Service) write(ctx context.Context, g *group, st *stream, entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	lock, _ := s.writing.LoadOrStore(g.log(), new(sync.Mutex))
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	if err := s.expire(ctx, g); err != nil {
		return err
	}
	first, next, err := s.logs.Bounds(ctx, g.log())
	if err != nil {
		return err
	}
	total := uint64(0)
	if first != next {
		newest, err := s.entryAt(ctx, g, next-1)
		if err != nil {
			return err
		}
		total = newest.Sum
	}
	data := make([][]byte, len(entries))
	for i := range entries {
		total += uint64(len(entries[i].Message))
		entries[i].Sum = total
		data[i] = entries[i].encode()
	}
	if _, err := s.logs.Append(ctx, g.log(), data...); err != nil {
		return err
	}
	if v, ok := s.recent.Load(st.key()); ok {
		v.(*activity).note(entries[0].Timestamp, entries[len(entries)-1].Timestamp, s.clock.Now())
	}
	return nil
}

// Write puts lines into a stream of a group, both made where they are not
// there: the way of other services' own logs.
func (s *Service) Write(ctx context.Context, sc wire.Scope, groupName, streamName string, at time.Time, messages ...string) error {
	g := s.groups.Get(sc.Key(groupName))
	if g == nil {
		ctx := wire.NewContext(ctx, &wire.Request{Account: sc.Account, Region: sc.Region})
		if _, err := s.CreateLogGroup(ctx, &CreateLogGroupInput{LogGroupName: &groupName}); err != nil && !wire.IsCode(err, CodeResourceAlreadyExistsException) {
			return err
		}
		g = s.groups.Get(sc.Key(groupName))
	}
	st, err := s.stream(ctx, g, streamName)
	if err != nil {
		return err
	}
	entries := make([]entry, len(messages))
	for i, m := range messages {
		entries[i] = entry{Stream: streamName, Timestamp: at.UnixMilli(), Message: m}
	}
	return s.write(ctx, g, st, entries)
}
