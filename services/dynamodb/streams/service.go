package streams

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/clock"
	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/wire"
)

// Service implements [API].
type Service struct {
	changes *dynamodb.Changes
	clock   clock.Clock
}

var _ API = (*Service)(nil)

// New serves the streams of a table service.
func New(changes *dynamodb.Changes, c clock.Clock) *Service {
	return &Service{changes: changes, clock: c}
}

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.CodeValidation, format, args...)
}

func (s *Service) find(streamARN string) (*dynamodb.Stream, error) {
	stream, err := s.changes.Stream(streamARN)
	if errors.Is(err, dynamodb.ErrNoStream) {
		return nil, wire.Errorf(CodeResourceNotFoundException, "Requested resource not found: Stream: %s not found", streamARN)
	}
	return stream, err
}

// ListStreams implements API.
func (s *Service) ListStreams(ctx context.Context, in *ListStreamsInput) (*ListStreamsOutput, error) {
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit > 100 {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100", limit)
	}
	out := &ListStreamsOutput{Streams: []Stream{}}
	for _, stream := range s.changes.List(wire.ScopeOf(ctx), wire.Value(in.TableName)) {
		if in.ExclusiveStartStreamArn != nil && stream.ARN <= *in.ExclusiveStartStreamArn {
			continue
		}
		if len(out.Streams) == limit {
			out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
			break
		}
		out.Streams = append(out.Streams, Stream{StreamArn: new(stream.ARN), TableName: new(stream.Table), StreamLabel: new(stream.Label)})
	}
	return out, nil
}

// DescribeStream implements API.
func (s *Service) DescribeStream(ctx context.Context, in *DescribeStreamInput) (*DescribeStreamOutput, error) {
	stream, err := s.find(*in.StreamArn)
	if err != nil {
		return nil, err
	}
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit > 100 {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100", limit)
	}
	d := &StreamDescription{
		StreamArn: new(stream.ARN), StreamLabel: new(stream.Label), StreamStatus: new(StreamStatusEnabled), StreamViewType: new(stream.View),
		CreationRequestDateTime: new(wire.At(stream.Created)), TableName: new(stream.Table), Shards: []Shard{},
	}
	if stream.Disabled {
		d.StreamStatus = new(StreamStatusDisabled)
	}
	for i, name := range stream.Schema.Names() {
		d.KeySchema = append(d.KeySchema, KeySchemaElement{AttributeName: new(name), KeyType: new([...]string{KeyTypeHash, KeyTypeRange}[i])})
	}
	begun := in.ExclusiveStartShardId == nil
	for i := range stream.Shards {
		shard := &stream.Shards[i]
		if !begun {
			begun = shard.ID == *in.ExclusiveStartShardId
			continue
		}
		if in.ShardFilter != nil { // shards never split: none is a child
			break
		}
		if len(d.Shards) == limit {
			d.LastEvaluatedShardId = d.Shards[limit-1].ShardId
			break
		}
		described, err := describeShard(ctx, stream, shard)
		if err != nil {
			return nil, err
		}
		d.Shards = append(d.Shards, described)
	}
	return &DescribeStreamOutput{StreamDescription: d}, nil
}

func describeShard(ctx context.Context, stream *dynamodb.Stream, shard *dynamodb.Shard) (Shard, error) {
	r := &SequenceNumberRange{StartingSequenceNumber: new(dynamodb.Sequence(1))}
	if stream.Disabled {
		_, next, err := stream.Bounds(ctx, shard)
		if err != nil {
			return Shard{}, err
		}
		r.EndingSequenceNumber = new(dynamodb.Sequence(max(next, 2) - 1))
	}
	return Shard{ShardId: new(shard.ID), SequenceNumberRange: r}, nil
}

// GetShardIterator implements API.
func (s *Service) GetShardIterator(ctx context.Context, in *GetShardIteratorInput) (*GetShardIteratorOutput, error) {
	kind := *in.ShardIteratorType
	atSequence := kind == ShardIteratorTypeAtSequenceNumber || kind == ShardIteratorTypeAfterSequenceNumber
	switch {
	case atSequence && in.SequenceNumber == nil:
		return nil, invalid("1 validation error detected: Value null at 'sequenceNumber' failed to satisfy constraint: Member must not be null")
	case !atSequence && in.SequenceNumber != nil:
		return nil, invalid("SequenceNumber should not be passed for this iterator type")
	case kind == ShardIteratorTypeAtTimestamp && in.Timestamp == nil:
		return nil, invalid("1 validation error detected: Value null at 'timestamp' failed to satisfy constraint: Member must not be null")
	case !atSequence && kind != ShardIteratorTypeTrimHorizon && kind != ShardIteratorTypeLatest && kind != ShardIteratorTypeAtTimestamp:
		return nil, invalid("1 validation error detected: Value '%s' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON, AT_TIMESTAMP]", kind)
	}
	stream, err := s.find(*in.StreamArn)
	if err != nil {
		return nil, err
	}
	shard := stream.Shard(*in.ShardId)
	if shard == nil {
		return nil, wire.Errorf(CodeResourceNotFoundException, "Requested resource not found: Shard does not exist")
	}
	first, next, err := stream.Bounds(ctx, shard)
	if err != nil {
		return nil, err
	}
	it := iterator{stream: stream.ARN, shard: shard.ID, issued: s.clock.Now()}
	switch kind {
	case ShardIteratorTypeTrimHorizon:
		it.at = first
	case ShardIteratorTypeLatest:
		it.at = next
	case ShardIteratorTypeAtTimestamp:
		at, err := stream.Seek(ctx, shard, in.Timestamp.Time)
		if err != nil {
			return nil, err
		}
		it.at = max(at, first)
	default:
		p, err := dynamodb.PositionOf(*in.SequenceNumber)
		if err != nil || p > next {
			return nil, invalid("Invalid SequenceNumber")
		}
		if kind == ShardIteratorTypeAfterSequenceNumber {
			p++
		}
		if p < first {
			return nil, errTrimmed
		}
		it.at = p
	}
	return &GetShardIteratorOutput{ShardIterator: new(it.text())}, nil
}

var errTrimmed = wire.Errorf(CodeTrimmedDataAccessException, "The operation attempted to read past the oldest stream record in a shard.")

const (
	iteratorLife = 15 * time.Minute
	maxRecords   = 1000
	maxBytes     = 1 << 20
)

// GetRecords implements API.
func (s *Service) GetRecords(ctx context.Context, in *GetRecordsInput) (*GetRecordsOutput, error) {
	limit := maxRecords
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit > maxRecords {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000", limit)
	}
	it, err := parseIterator(*in.ShardIterator)
	if err != nil {
		return nil, invalid("Invalid ShardIterator")
	}
	if s.clock.Now().Sub(it.issued) > iteratorLife {
		return nil, wire.Errorf(CodeExpiredIteratorException, "The provided iterator expired")
	}
	stream, err := s.find(it.stream)
	if err != nil {
		return nil, err
	}
	shard := stream.Shard(it.shard)
	if shard == nil {
		return nil, invalid("Invalid ShardId in ShardIterator")
	}
	changes, err := stream.Read(ctx, shard, it.at, limit)
	if errors.Is(err, dynamodb.ErrTrimmed) {
		return nil, errTrimmed
	}
	if err != nil {
		return nil, err
	}
	out := &GetRecordsOutput{Records: []Record{}}
	size := 0
	for i := range changes {
		c := &changes[i]
		if size += c.Size; size > maxBytes && i > 0 {
			break
		}
		out.Records = append(out.Records, record(c, stream, wire.ScopeOf(ctx).Region))
		it.at = c.Position + 1
	}
	it.issued = s.clock.Now()
	if len(out.Records) > 0 || !stream.Disabled {
		out.NextShardIterator = new(it.text())
	}
	return out, nil
}

func record(c *dynamodb.Change, stream *dynamodb.Stream, region string) Record {
	r := Record{
		EventID: new(c.ID()), EventName: new(c.Record.Event), EventVersion: new("1.1"), EventSource: new("aws:dynamodb"), AwsRegion: &region,
		Dynamodb: &StreamRecord{
			ApproximateCreationDateTime: new(wire.At(c.Time.Truncate(time.Second))), Keys: c.Keys, NewImage: c.New, OldImage: c.Old,
			SequenceNumber: new(dynamodb.Sequence(c.Position)), SizeBytes: new(int64(c.Size)), StreamViewType: new(stream.View),
		},
	}
	if c.Expired {
		r.UserIdentity = &Identity{PrincipalId: new("dynamodb.amazonaws.com"), Type: new("Service")}
	}
	return r
}

// An iterator is a place in a shard, and when it was given out.
type iterator struct {
	stream, shard string
	at            engine.Position
	issued        time.Time
}

func (it iterator) text() string {
	raw := fmt.Sprintf("%s|%s|%d|%d", it.stream, it.shard, it.at, it.issued.UnixMilli())
	return it.stream + "|1|" + base64.StdEncoding.EncodeToString([]byte(raw))
}

func parseIterator(text string) (it iterator, err error) {
	raw, err := base64.StdEncoding.DecodeString(text[strings.LastIndexByte(text, '|')+1:])
	if err != nil {
		return it, err
	}
	p := strings.Split(string(raw), "|")
	if len(p) != 4 {
		return it, errors.New("an iterator has four parts")
	}
	at, err1 := strconv.ParseUint(p[2], 10, 64)
	issued, err2 := strconv.ParseInt(p[3], 10, 64)
	return iterator{p[0], p[1], engine.Position(at), time.UnixMilli(issued)}, errors.Join(err1, err2)
}
