package dynamodb

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/arn"
	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// ErrNoStream is the answer to an ARN that no stream has, or not any more.
var ErrNoStream = errors.New("there is no such stream")

// ErrTrimmed is the answer to reading what is older than a day.
var ErrTrimmed = errors.New("the records are no longer kept")

// Changes reads the change streams of tables, for who reads them from inside:
// pipes, event source mappings, and the streams' own API.
type Changes struct{ s *Service }

// Changes reads the streams of the service's tables.
func (s *Service) Changes() *Changes { return &Changes{s} }

// Stream is a change stream.
type Stream struct {
	ARN      string
	Label    string
	View     string // NEW_IMAGE, …
	Table    string
	Schema   table.Schema
	Created  time.Time
	Disabled bool // its shards are closed; it can be read for a day
	Shards   []Shard

	logs   engine.Logs
	clock  clock.Clock
	region string
}

// Shard is a part of a stream. The changes of one item are all in one shard, in
// their order.
type Shard struct {
	ID  string
	log string
}

// List lists the streams of an account and region, or of one of its tables, in
// the order of their ARNs.
func (c *Changes) List(scope wire.Scope, tableName string) []*Stream {
	var list []*Stream
	for _, d := range c.s.docs.List(scope.Key()) {
		if d.Deleted || tableName != "" && d.Name != tableName {
			continue
		}
		for _, p := range d.streams() {
			list = append(list, c.stream(d, p))
		}
	}
	slices.SortFunc(list, func(a, b *Stream) int { return strings.Compare(a.ARN, b.ARN) })
	return list
}

// Stream finds a stream by its ARN; ErrNoStream where there is none.
func (c *Changes) Stream(streamARN string) (*Stream, error) {
	a, err := arn.Parse(streamARN)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoStream, err)
	}
	kind, rest := a.Split()
	name, label, ok := strings.Cut(rest, "/stream/")
	if a.Service != "dynamodb" || kind != "table" || !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoStream, streamARN)
	}
	if v, ok := c.s.open.Load(wire.ScopeOfARN(a).Key(name)); ok {
		d := v.(*OpenTable).doc.Load()
		for _, p := range d.streams() {
			if p.Label == label {
				return c.stream(d, p), nil
			}
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrNoStream, streamARN)
}

func (c *Changes) stream(d *document, p pastStream) *Stream {
	created, _ := time.Parse("2006-01-02T15:04:05.000", p.Label)
	s := &Stream{
		ARN: d.streamARN(p.Label), Label: p.Label, View: p.View, Table: d.Name, Schema: d.Schema, Created: created,
		Disabled: p.Disabled != 0, logs: c.s.logs, clock: c.s.clock, region: d.Region,
	}
	for i := range p.Shards {
		sum := md5.Sum([]byte(p.Log(i)))
		s.Shards = append(s.Shards, Shard{ID: fmt.Sprintf("shardId-%020d-%s", created.UnixMilli(), hex.EncodeToString(sum[:4])), log: p.Log(i)})
	}
	return s
}

// Shard finds a shard by its id; nil where there is none.
func (s *Stream) Shard(id string) *Shard {
	for i := range s.Shards {
		if s.Shards[i].ID == id {
			return &s.Shards[i]
		}
	}
	return nil
}

// Change is a record of a stream.
type Change struct {
	table.Record
	Position engine.Position // in its shard
	Time     time.Time       // to the millisecond
	stream   *Stream
	shard    *Shard
}

// Bounds are the position of the oldest record of a shard, and of the next one
// to come.
func (s *Stream) Bounds(ctx context.Context, shard *Shard) (first, next engine.Position, err error) {
	first, next, err = s.logs.Bounds(ctx, shard.log)
	if err != nil || first == next {
		return first, next, err
	}
	kept, err := s.Seek(ctx, shard, s.clock.Now().Add(-streamLife))
	return max(first, kept), next, err
}

// Seek is the position of the first record at or after a time.
func (s *Stream) Seek(ctx context.Context, shard *Shard, t time.Time) (engine.Position, error) {
	return s.logs.Seek(ctx, shard.log, t)
}

// readTime bounds how long Read waits for records that are there: they may be
// trimmed at the same moment.
const readTime = 2 * time.Second

// Read reads up to most records from a position on, fewer where they come to
// some MB, none where there are none yet. ErrTrimmed where the record at the position is not kept any more.
func (s *Stream) Read(ctx context.Context, shard *Shard, from engine.Position, most int) ([]Change, error) {
	first, next, err := s.Bounds(ctx, shard)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.ARN, err)
	}
	if from < first {
		return nil, ErrTrimmed
	}
	if from >= next {
		return nil, nil
	}
	r, err := s.logs.Open(ctx, shard.log, from)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.ARN, err)
	}
	defer r.Close()
	short, cancel := clock.WithTimeout(ctx, s.clock, readTime)
	defer cancel()
	entries, err := some(short, r, min(most, int(next-from)))
	if err != nil {
		if ctx.Err() == nil && short.Err() != nil {
			return nil, nil
		}
		return nil, fmt.Errorf("reading %s: %w", s.ARN, err)
	}
	list := make([]Change, len(entries))
	for i, e := range entries {
		list[i] = Change{Position: e.Position, Time: e.Time, stream: s, shard: shard}
		if list[i].Record, err = table.DecodeRecord(e.Data); err != nil {
			return nil, fmt.Errorf("reading %s: %w", s.ARN, err)
		}
	}
	return list, nil
}

// readBytes is how much is read of a stream at once, about; readPortion is how
// many records are read before that is looked at.
const (
	readBytes   = 4 << 20
	readPortion = 16
)

// some reads up to most entries that are there, or fewer where they are large.
func some(ctx context.Context, r engine.Reader, most int) ([]engine.Entry, error) {
	var list []engine.Entry
	for size := 0; len(list) < most && size < readBytes; {
		read := len(list)
		var err error
		if list, err = r.Next(ctx, list, min(readPortion, most-read)); err != nil {
			return nil, err
		}
		for _, e := range list[read:] {
			size += len(e.Data)
		}
	}
	return list, nil
}

// waitTime bounds how long Wait waits: streams are dropped, too.
const waitTime = 10 * time.Second

// Wait returns when there may be a record at a position, or later ones; or early.
func (s *Stream) Wait(ctx context.Context, shard *Shard, from engine.Position) error {
	short, cancel := clock.WithTimeout(ctx, s.clock, waitTime)
	defer cancel()
	if s.Disabled {
		<-short.Done()
		return ctx.Err()
	}
	r, err := s.logs.Open(ctx, shard.log, from)
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", s.ARN, err)
	}
	defer r.Close()
	if _, err := r.Next(short, nil, 1); err != nil && short.Err() == nil {
		return fmt.Errorf("waiting for %s: %w", s.ARN, err)
	}
	return ctx.Err()
}

// Sequence numbers are positions with 21 digits.
const sequenceBase = "1"

// Sequence is the sequence number of a position.
func Sequence(p engine.Position) string { return fmt.Sprintf("%s%020d", sequenceBase, p) }

// PositionOf is the position that a sequence number stands for.
func PositionOf(sequence string) (engine.Position, error) {
	digits, ok := strings.CutPrefix(sequence, sequenceBase)
	n, err := strconv.ParseUint(digits, 10, 64)
	if !ok || len(digits) != 20 || err != nil {
		return 0, fmt.Errorf("%q is no sequence number of a stream", sequence)
	}
	return engine.Position(n), nil
}

// ID is the change's event id: the same whenever it is read.
func (c *Change) ID() string {
	sum := md5.Sum([]byte(c.shard.log + "/" + Sequence(c.Position)))
	return hex.EncodeToString(sum[:])
}

// Event is the change as functions and pipes get it: a record of an event of
// the source aws:dynamodb.
func (c *Change) Event() []byte {
	b := []byte(`{"eventID":"` + c.ID() + `","eventName":"` + c.Record.Event + `","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"` + c.stream.region + `","dynamodb":{"ApproximateCreationDateTime":`)
	b = strconv.AppendInt(b, c.Time.Unix(), 10)
	b = append(append(b, `,"Keys":`...), c.Keys...)
	if c.New != nil {
		b = append(append(b, `,"NewImage":`...), c.New...)
	}
	if c.Old != nil {
		b = append(append(b, `,"OldImage":`...), c.Old...)
	}
	b = append(b, `,"SequenceNumber":"`+Sequence(c.Position)+`","SizeBytes":`...)
	b = strconv.AppendInt(b, int64(c.Size), 10)
	b = append(b, `,"StreamViewType":"`+c.stream.View+`"}`...)
	if c.Expired {
		b = append(b, `,"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}`...)
	}
	return append(b, `,"eventSourceARN":"`+c.stream.ARN+`"}`...)
}

// Partition is the change's key as text, by which those who work on several
// changes at once keep the order of each item's.
func (c *Change) Partition() string { return string(c.Keys) }
