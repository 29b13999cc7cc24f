package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// A reader takes entries from the log's tail, or, where it lags behind, from
// the database in chunks. It holds nothing of the database between two calls.
type reader struct {
	log     *log
	pos     engine.Position
	ahead   []engine.Entry // read from the database, not handed out yet
	closed  chan struct{}
	closing sync.Once
}

const (
	chunkEntries = 128       // are read at least, if there are as many
	chunkBytes   = 512 << 10 // are read at most, or one entry
	slabBytes    = 4 << 10   // entries share memory in pieces of this size: who keeps one keeps no more of the others
)

func (s logs) Open(ctx context.Context, name string, from engine.Position) (engine.Reader, error) {
	for {
		l, err := s.find(ctx, name, true)
		if err != nil {
			return nil, err
		}
		if l.attach() {
			return &reader{log: l, pos: max(from, 1), closed: make(chan struct{})}, nil
		}
	}
}

// attach reports false if the log has just been dropped.
func (l *log) attach() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped {
		return false
	}
	if l.readers++; l.readers == 1 {
		l.e.tailed.Add(1)
	}
	return true
}

func (l *log) detach() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readers--; l.readers == 0 {
		l.e.tailed.Add(-1)
		l.tail = tail{}
	}
}

func (r *reader) Close() error {
	r.closing.Do(func() {
		close(r.closed)
		r.log.detach()
	})
	return nil
}

func (r *reader) Next(ctx context.Context, dst []engine.Entry, n int) ([]engine.Entry, error) {
	n = max(n, 1)
	for {
		if err := ctx.Err(); err != nil {
			return dst, err
		}
		got, wait, err := r.poll(dst, n)
		if err != nil || len(got) > len(dst) {
			return got, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return dst, ctx.Err()
		case <-r.closed:
			return dst, engine.ErrClosed
		case <-r.log.e.store.Closed():
			return dst, engine.ErrClosed
		}
	}
}

// poll appends what is there. Where nothing is, it returns what will be closed
// when there may be something.
func (r *reader) poll(dst []engine.Entry, n int) ([]engine.Entry, <-chan struct{}, error) {
	l := r.log
	if err := l.e.store.Enter(); err != nil {
		return dst, nil, err
	}
	defer l.e.store.Leave()
	select {
	case <-r.closed:
		return dst, nil, engine.ErrClosed
	default:
	}
	l.mu.Lock()
	if l.dropped {
		l.mu.Unlock()
		return dst, nil, fmt.Errorf("log %q was dropped: %w", l.name, engine.ErrNotFound)
	}
	r.pos = max(r.pos, l.kept)
	if r.pos < l.published && len(r.ahead) == 0 {
		if got, ok := l.tail.read(dst, r.pos, n); ok {
			l.mu.Unlock()
			r.pos += engine.Position(len(got) - len(dst))
			return got, nil, nil
		}
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	wait, published := l.changed, l.published
	l.mu.Unlock()
	if r.pos >= published {
		return dst, wait, nil
	}
	got, err := r.stored(dst, n, published)
	if len(got) > len(dst) {
		r.pos = got[len(got)-1].Position + 1
	}
	return got, wait, err
}

// stored reads from the database what lies below published. There may be
// nothing: a trim or drop is under way and will wake the reader.
func (r *reader) stored(dst []engine.Entry, n int, published engine.Position) ([]engine.Entry, error) {
	for len(r.ahead) > 0 && r.ahead[0].Position < r.pos {
		r.ahead = r.ahead[1:]
	}
	if len(r.ahead) == 0 {
		if n >= chunkEntries {
			return r.log.chunk(dst, r.pos, published, n)
		}
		var err error
		if r.ahead, err = r.log.chunk(nil, r.pos, published, chunkEntries); err != nil {
			return dst, err
		}
	}
	k := min(n, len(r.ahead))
	dst = append(dst, r.ahead[:k]...)
	if r.ahead = r.ahead[k:]; len(r.ahead) == 0 {
		r.ahead = nil
	}
	return dst, nil
}

// chunk appends up to n entries from the database.
func (l *log) chunk(dst []engine.Entry, from, to engine.Position, n int) ([]engine.Entry, error) {
	it, err := l.iterator(from, to)
	if err != nil {
		return dst, fmt.Errorf("reading log %q: %w", l.name, err)
	}
	var slab []byte
	size, total := 1<<10, 0
	for ok := it.First(); ok && n > 0 && total < chunkBytes && err == nil; ok = it.Next() {
		var v []byte
		if v, err = it.ValueAndErr(); err != nil {
			break
		}
		data := v[8:]
		if len(data) > cap(slab)-len(slab) {
			size = min(2*size, slabBytes)
			slab = make([]byte, 0, max(size, len(data)))
		}
		at := len(slab)
		slab = append(slab, data...)
		dst = append(dst, engine.Entry{
			Position: positionOf(it.Key()),
			Time:     time.UnixMilli(timeOf(v)).UTC(),
			Data:     slab[at:len(slab):len(slab)],
		})
		total += len(data) + entryOverhead
		n--
	}
	if err := errors.Join(err, it.Close()); err != nil {
		return dst, fmt.Errorf("reading log %q: %w", l.name, err)
	}
	return dst, nil
}
