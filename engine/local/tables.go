package local

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// Transact is [Engine.Commit] for those whose writes are told of in logs: what
// f appends is made durable together with what it writes to w, or neither is.
// The size is what f will write, in bytes, about.
func (e *Engine) Transact(ctx context.Context, size int, f func(r pebble.Reader, w *pebble.Batch, log func(name string, data []byte)) error) error {
	return e.do(ctx, &transactOp{e: e, f: f}, size)
}

type transactOp struct {
	e       *Engine
	f       func(r pebble.Reader, w *pebble.Batch, log func(string, []byte)) error
	appends []*appendOp
}

func (o *transactOp) prepare(c *commit) error {
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
			errs = append(errs, checkName("log", a.name), err)
		}
		return errors.Join(errs...)
	}
	if err := foreignOp(f).prepare(c); err != nil {
		return err
	}
	for _, a := range o.appends {
		if err := a.prepare(c); err != nil {
			return err
		}
	}
	return nil
}

func (*transactOp) publish() {}
