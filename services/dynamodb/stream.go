package dynamodb

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/services/dynamodb/table"
	"github.com/signalbox/signalbox/wire"
)

// streamLife is how long a stream keeps a record, and a stream that was
// disabled can be read.
const streamLife = 24 * time.Hour

// checkStream returns the view that a specification asks for, or "" for no stream.
func checkStream(spec *StreamSpecification) (view string, err error) {
	switch {
	case spec == nil:
		return "", nil
	case *spec.StreamEnabled && wire.Value(spec.StreamViewType) == "":
		return "", invalid(badParameter + "Stream ViewType must not be null or empty when enabling streams.")
	case !*spec.StreamEnabled && spec.StreamViewType != nil:
		return "", invalid(badParameter + "Stream StreamEnabled was false but a StreamViewType was present.")
	case *spec.StreamEnabled:
		return *spec.StreamViewType, nil
	}
	return "", nil
}

// newStream makes a stream whose label no other stream of the table has.
func (s *Service) newStream(d *document, view string) *table.Stream {
	now := s.clock.Now().UTC()
	label := now.Format("2006-01-02T15:04:05.000")
	for taken := true; taken; {
		taken = false
		for _, p := range d.streams() {
			if p.Label == label {
				now, taken = now.Add(time.Millisecond), true
				label = now.Format("2006-01-02T15:04:05.000")
			}
		}
	}
	return &table.Stream{
		Label: label, View: view, Shards: s.opts.Shards,
		Logs: "dynamodb/" + strconv.FormatUint(uint64(d.ID), 10) + "/" + label,
	}
}

// streams are all streams of a table, the present one last.
func (d *document) streams() []pastStream {
	list := d.Past[:len(d.Past):len(d.Past)]
	if d.Stream != nil {
		list = append(list, pastStream{Stream: *d.Stream})
	}
	return list
}

func (s *Service) dropStream(ctx context.Context, stream *table.Stream) error {
	for shard := range stream.Shards {
		if err := s.logs.Drop(ctx, stream.Log(shard)); err != nil {
			return fmt.Errorf("dropping stream %s: %w", stream.Logs, err)
		}
	}
	return nil
}

// trim forgets records that are too old, and streams that were disabled long ago.
func (s *Service) trim(ctx context.Context, o *OpenTable) error {
	d := o.doc.Load()
	before := s.clock.Now().Add(-streamLife)
	over := false
	for _, stream := range d.streams() {
		if stream.over(before) {
			over = true
			continue
		}
		for shard := range stream.Shards {
			if err := s.trimLog(ctx, stream.Log(shard), before); err != nil {
				return fmt.Errorf("trimming stream %s: %w", stream.Log(shard), err)
			}
		}
	}
	if !over {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := o.doc.Load().clone()
	if v, ok := s.open.Load(c.Key(c.Name)); !ok || v != o {
		return nil // it was deleted meanwhile
	}
	c.Past = nil
	for _, stream := range o.doc.Load().Past {
		if !stream.over(before) {
			c.Past = append(c.Past, stream)
		} else if err := s.dropStream(ctx, &stream.Stream); err != nil {
			return err
		}
	}
	return s.change(ctx, o, c)
}

// over says whether the stream was disabled so long ago that it is forgotten.
func (p *pastStream) over(before time.Time) bool {
	return p.Disabled != 0 && !time.UnixMilli(p.Disabled).After(before)
}

func (s *Service) trimLog(ctx context.Context, name string, before time.Time) error {
	first, next, err := s.logs.Bounds(ctx, name)
	if err != nil || first == next {
		return err
	}
	at, err := s.logs.Seek(ctx, name, before)
	if err != nil || at <= first {
		return err
	}
	return s.logs.Trim(ctx, name, at)
}
