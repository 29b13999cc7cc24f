package enginetest

import (
	"context"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// calls are all methods of an engine that take a name, each with one.
func calls(ctx context.Context, e engine.Engine, name string) map[string]func() error {
	return map[string]func() error{
		"Records.Get":    func() error { _, err := e.Records().Get(ctx, name, "k"); return err },
		"Records.Get(k)": func() error { _, err := e.Records().Get(ctx, "c", name); return err },
		"Records.List":   func() error { _, err := e.Records().List(ctx, name, "", "", 0); return err },
		"Records.Apply":  func() error { _, err := e.Records().Apply(ctx, put(name, "k", "")); return err },
		"Records.Apply(k)": func() error {
			_, err := e.Records().Apply(ctx, put("c", name, ""))
			return err
		},
		"Records.Watch": func() error {
			for _, err := range e.Records().Watch(ctx, name, 0) {
				return err
			}
			return nil
		},
		"Logs.Append": func() error { _, err := e.Logs().Append(ctx, name, []byte("x")); return err },
		"Logs.Bounds": func() error { _, _, err := e.Logs().Bounds(ctx, name); return err },
		"Logs.Seek":   func() error { _, err := e.Logs().Seek(ctx, name, time.Time{}); return err },
		"Logs.Open":   func() error { _, err := e.Logs().Open(ctx, name, 1); return err },
		"Logs.Trim":   func() error { return e.Logs().Trim(ctx, name, 1) },
		"Logs.Drop":   func() error { return e.Logs().Drop(ctx, name) },
		"Queues.Enqueue": func() error {
			_, err := e.Queues().Enqueue(ctx, name, msg("x"))
			return err
		},
		"Queues.Lease":   func() error { _, err := e.Queues().Lease(ctx, name, 1, time.Second); return err },
		"Queues.Settle":  func() error { _, err := e.Queues().Settle(ctx, name, "t"); return err },
		"Queues.PutBack": func() error { return e.Queues().PutBack(ctx, name, "t", time.Time{}, false, nil) },
		"Queues.Wait":    func() error { return e.Queues().Wait(ctx, name) },
		"Queues.Depth":   func() error { _, err := e.Queues().Depth(ctx, name); return err },
		"Queues.Browse":  func() error { _, err := e.Queues().Browse(ctx, name, 0, 1); return err },
		"Queues.Purge":   func() error { return e.Queues().Purge(ctx, name) },
		"Queues.Drop":    func() error { return e.Queues().Drop(ctx, name) },
		"Leases.Acquire": func() error { _, err := e.Leases().Acquire(ctx, name, time.Second); return err },
	}
}

var lifeTests = []test{
	{"a name that is none is refused everywhere", func(h *harness) {
		for _, name := range []string{"", "a\x00b", "\xff", strings.Repeat("x", engine.MaxName+1)} {
			for method, call := range calls(h.ctx(), h.Engine, name) {
				if err := call(); !isA(err, engine.ErrName) {
					h.Errorf("%s takes the name %.20q: %v", method, name, err)
				}
			}
		}
	}},
	{"names of any form and of full length are kept apart", func(h *harness) {
		long := strings.Repeat("é", engine.MaxName/2)
		names := []string{"a", "a/b", "a\x01", "a\U0010ffff", " ", long, long[:engine.MaxName-2]}
		for i, name := range names {
			h.apply(put(name, name, string(rune('0'+i))))
			h.append(name, name)
			h.enqueue(name, grouped(name, name))
		}
		for i, name := range names {
			rec, err := h.Engine.Records().Get(h.ctx(), name, name)
			h.must(err)
			h.equal(string(rec.Value), string(rune('0'+i)))
			h.equal(h.read(name, 1, 1), "1"+name)
			h.equal(bodies(h.lease(name, 9, time.Minute)), name)
		}
	}},
	{"a context that has ended ends every call", func(h *harness) {
		ctx, cancel := context.WithCancel(h.ctx())
		cancel()
		for method, call := range calls(ctx, h.Engine, "n") {
			if err := call(); !isA(err, context.Canceled) {
				h.Errorf("%s: %v", method, err)
			}
		}
		_, _, err := h.Engine.Blobs().Put(ctx, strings.NewReader("x"))
		h.is(err, context.Canceled)
	}},
	{"after Close every method says so, and who waits is woken", func(h *harness) {
		r := h.openLog("n", 1)
		lease := h.acquire("n", time.Hour)
		d, _, err := h.Engine.Blobs().Put(h.ctx(), strings.NewReader("x"))
		h.must(err)
		waiting := []<-chan error{
			ask(func() error { _, err := r.Next(h.ctx(), nil, 1); return err }),
			ask(func() error { return h.Engine.Queues().Wait(h.ctx(), "n") }),
			ask(calls(h.ctx(), h.Engine, "n")["Records.Watch"]),
		}
		h.must(h.Engine.Close())
		h.must(h.Engine.Close())
		for _, w := range waiting {
			h.is(<-w, engine.ErrClosed)
		}
		all := calls(h.ctx(), h.Engine, "n")
		all["Reader.Next"] = func() error { _, err := r.Next(h.ctx(), nil, 1); return err }
		all["Lease.Renew"] = func() error { return lease.Renew(h.ctx()) }
		all["Lease.Release"] = func() error { return lease.Release(h.ctx()) }
		all["Blobs.Put"] = func() error { _, _, err := h.Engine.Blobs().Put(h.ctx(), strings.NewReader("x")); return err }
		all["Blobs.Open"] = func() error { _, err := h.Engine.Blobs().Open(h.ctx(), d); return err }
		all["Blobs.Delete"] = func() error { return h.Engine.Blobs().Delete(h.ctx(), d) }
		for method, call := range all {
			if err := call(); !isA(err, engine.ErrClosed) {
				h.Errorf("%s: %v", method, err)
			}
		}
		h.must(r.Close())
	}},
	{"Close answers the writes under way", func(h *harness) {
		var done []<-chan error
		for range 50 {
			done = append(done, ask(func() error {
				_, err := h.Engine.Logs().Append(h.ctx(), "l", []byte("x"))
				return err
			}))
		}
		h.must(h.Engine.Close())
		written := 0
		for _, d := range done {
			if err := <-d; err == nil {
				written++
			} else {
				h.is(err, engine.ErrClosed)
			}
		}
		h.reopen()
		h.bounds("l", 1, engine.Position(written+1))
	}},
}
