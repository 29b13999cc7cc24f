package local

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// Foreign is the first of the bytes that keys written through [Engine.Commit]
// may begin with.
const Foreign = store.Foreign

// View runs f on what is durable of what was written through [Engine.Commit].
// The reader is valid until f returns.
func (e *Engine) View(f func(r pebble.Reader) error) error {
	return e.store.View(func(v *store.View) error { return f(v) })
}

// Commit lets others write to the same database, in the same group commits.
// All keys that f writes must begin with a byte not below [Foreign].
//
// f is called in the order of commits, one at a time, by the goroutine that
// all writes pass through: it must not wait for anything. What it reads from r
// holds all commits before it, durable or not. What it writes to w is made
// durable whole, or, where it returns an error, not at all; Commit then
// returns that error.
func (e *Engine) Commit(ctx context.Context, f func(r pebble.Reader, w *pebble.Batch) error) error {
	return e.store.Do(ctx, store.ForeignOp(f), 1024)
}

// Transact is [Engine.Commit] for those whose writes are told of in logs: what
// f appends is made durable together with what it writes to w, or neither is.
// The size is what f will write, in bytes, about.
func (e *Engine) Transact(ctx context.Context, size int, f func(r pebble.Reader, w *pebble.Batch, log func(name string, data []byte)) error) error {
	return e.store.Do(ctx, &transactOp{e: e, f: f}, size)
}

type transactOp struct {
	e       *Engine
	f       func(r pebble.Reader, w *pebble.Batch, log func(string, []byte)) error
	appends []*appendOp
}

func (o *transactOp) Prepare(c *store.Commit) error {
	collect := func(name string, data []byte) {
		if n := len(o.appends); n > 0 && o.appends[n-1].name == name {
			o.appends[n-1].data = append(o.appends[n-1].data, data)
			return
		}
		o.appends = append(o.appends, &appendOp{e: o.e, name: name, data: [][]byte{data}})
	}
	f := func(r pebble.Reader, w *pebble.Batch) error {
		if err := o.f(r, w, collect); err != nil {
			return err
		}
		var errs []error
		for _, a := range o.appends {
			_, err := o.e.log(a.name, true) // so that nothing can fail below
			errs = append(errs, store.CheckName("log", a.name), err)
		}
		return errors.Join(errs...)
	}
	if err := store.ForeignOp(f).Prepare(c); err != nil {
		return err
	}
	for _, a := range o.appends {
		if err := a.Prepare(c); err != nil {
			return err
		}
	}
	return nil
}

func (*transactOp) Publish() {}
