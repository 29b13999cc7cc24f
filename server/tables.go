package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/services/dynamodb"
	"github.com/signalbox/signalbox/services/lambda/sources"
)

// changes are tables' change streams as event sources of functions.
type changes struct {
	streams *dynamodb.Changes
	headers *headers // where the traces of records are told
}

// find finds a stream and one of its shards.
func (c changes) find(streamARN, id string) (*dynamodb.Stream, *dynamodb.Shard, error) {
	stream, err := c.streams.Stream(streamARN)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", sources.ErrGone, err)
	}
	shard := stream.Shard(id)
	if shard == nil {
		return nil, nil, fmt.Errorf("%w: %s has no shard %s", sources.ErrGone, streamARN, id)
	}
	return stream, shard, nil
}

// behind is the position of what follows a sequence number.
func behind(after string) (engine.Position, error) {
	if after == "" {
		return 1, nil
	}
	p, err := dynamodb.PositionOf(after)
	return p + 1, err
}

// Shards implements [lambda.Streams].
func (c changes) Shards(_ context.Context, streamARN string) ([]sources.Shard, error) {
	stream, err := c.streams.Stream(streamARN)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sources.ErrGone, err)
	}
	list := make([]sources.Shard, len(stream.Shards))
	for i, s := range stream.Shards {
		list[i].ID = s.ID
	}
	return list, nil
}

// Newest implements [lambda.Streams].
func (c changes) Newest(ctx context.Context, streamARN, id string) (string, error) {
	stream, shard, err := c.find(streamARN, id)
	if err != nil {
		return "", err
	}
	_, next, err := stream.Bounds(ctx, shard)
	return dynamodb.Sequence(next - 1), err
}

// Read implements [lambda.Streams]. Records that are no longer kept are passed over.
func (c changes) Read(ctx context.Context, streamARN, id, after string, most int) (records []sources.Record, ended bool, err error) {
	stream, shard, err := c.find(streamARN, id)
	if err != nil {
		return nil, false, err
	}
	from, err := behind(after)
	if err != nil {
		return nil, false, err
	}
	list, err := stream.Read(ctx, shard, from, most)
	if errors.Is(err, dynamodb.ErrTrimmed) {
		if from, _, err = stream.Bounds(ctx, shard); err == nil {
			list, err = stream.Read(ctx, shard, from, most)
		}
	}
	if err != nil {
		return nil, false, err
	}
	for i := range list {
		ch := &list[i]
		if ch.Trace != "" {
			c.headers.tell(ch.ID(), ch.Trace)
		}
		records = append(records, sources.Record{Sequence: dynamodb.Sequence(ch.Position), Key: ch.Partition(), Time: ch.Time, Event: ch.Event()})
	}
	return records, stream.Disabled && len(list) == 0, nil
}

// Wait implements [lambda.Streams].
func (c changes) Wait(ctx context.Context, streamARN, id, after string) error {
	stream, shard, err := c.find(streamARN, id)
	if err != nil {
		return err
	}
	from, err := behind(after)
	if err != nil {
		return err
	}
	return stream.Wait(ctx, shard, from)
}
