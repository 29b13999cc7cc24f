package enginetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/engine"
)

var recordTests = []test{
	{"what was put is got, with its revision", func(h *harness) {
		r := h.Engine.Records()
		_, err := r.Get(h.ctx(), "c", "k")
		h.is(err, engine.ErrNotFound)
		first := h.apply(put("c", "k", "1"))
		h.equal(first, 1)
		second := h.apply(put("c", "k", "2"))
		if second <= first {
			h.Fatalf("revision %d follows %d", second, first)
		}
		rec, err := r.Get(h.ctx(), "c", "k")
		h.must(err)
		h.equal(show(rec), fmt.Sprint("k=2@", second))
		_, err = r.Get(h.ctx(), "other", "k")
		h.is(err, engine.ErrNotFound)
	}},
	{"an empty value is put, a nil value deletes", func(h *harness) {
		r := h.Engine.Records()
		h.apply(put("c", "k", ""))
		rec, err := r.Get(h.ctx(), "c", "k")
		h.must(err)
		h.equal(len(rec.Value), 0)
		h.apply(engine.Write{Collection: "c", Key: "k"})
		_, err = r.Get(h.ctx(), "c", "k")
		h.is(err, engine.ErrNotFound)
		h.apply(engine.Write{Collection: "c", Key: "k"}) // again
	}},
	{"conditions hold a write back", func(h *harness) {
		r := h.Engine.Records()
		rev := h.apply(put("c", "k", "1"))
		gone := h.apply(put("c", "gone", "1"))
		h.apply(engine.Write{Collection: "c", Key: "gone"})
		for _, c := range []struct {
			key  string
			cond engine.Revision
			err  error
		}{
			{"k", engine.Absent, engine.ErrConflict},
			{"k", rev + 1, engine.ErrConflict},
			{"new", rev, engine.ErrConflict},
			{"gone", gone, engine.ErrConflict},
			{"new", engine.Absent, nil},
			{"gone", engine.Absent, nil},
			{"k", rev, nil},
			{"k", rev, engine.ErrConflict},
		} {
			w := put("c", c.key, "2")
			w.If = c.cond
			_, err := r.Apply(h.ctx(), w)
			if h.is(err, c.err); c.err != nil {
				continue
			}
			_, err = r.Get(h.ctx(), "c", c.key)
			h.must(err)
		}
		_, err := r.Apply(h.ctx(), engine.Write{Collection: "c", Key: "k", If: rev})
		h.is(err, engine.ErrConflict)
	}},
	{"several writes are made together or not at all", func(h *harness) {
		r := h.Engine.Records()
		h.apply(put("a", "k", "1"))
		bad := put("b", "k", "2")
		bad.If = 99
		_, err := r.Apply(h.ctx(), put("a", "k", "2"), put("a", "k2", "2"), bad)
		h.is(err, engine.ErrConflict)
		h.equal(h.list("a", "", "", 0), "[k=1@1]")
		bad.If = engine.Absent
		rev := h.apply(put("a", "k", "2"), put("a", "k2", "2"), bad)
		h.equal(h.list("a", "", "", 0), fmt.Sprintf("[k=2@%d k2=2@%[1]d]", rev))
		h.equal(h.list("b", "", "", 0), fmt.Sprintf("[k=2@%d]", rev))
		if _, err := r.Apply(h.ctx(), put("a", "k", "3"), put("a", "k", "4")); err == nil {
			h.Fatal("two writes of one record are taken")
		}
	}},
	{"lists are in the order of keys, by prefix, behind a key, up to a limit", func(h *harness) {
		for _, k := range []string{"b", "a/2", "a/1", "a", "a/10", "a\xc3\xbf"} {
			h.apply(put("c", k, "v"))
		}
		for _, c := range []struct {
			prefix, after string
			limit         int
			want          string
		}{
			{"", "", 0, "a a/1 a/10 a/2 a\u00ff b"},
			{"a/", "", 0, "a/1 a/10 a/2"},
			{"a/", "a/1", 0, "a/10 a/2"},
			{"a/", "a", 2, "a/1 a/10"},
			{"a/", "a/3", 0, ""},
			{"a/", "b", 0, ""},
			{"", "a/2", 1, "a\u00ff"},
			{"x", "", 0, ""},
		} {
			recs, err := h.Engine.Records().List(h.ctx(), "c", c.prefix, c.after, c.limit)
			h.must(err)
			var keys []string
			for _, r := range recs {
				keys = append(keys, r.Key)
			}
			h.equal(strings.Join(keys, " "), c.want)
		}
	}},
	{"what a caller does to slices afterwards changes nothing", func(h *harness) {
		v := []byte("value")
		h.apply(engine.Write{Collection: "c", Key: "k", Value: v})
		copy(v, "XXXXX")
		rec, err := h.Engine.Records().Get(h.ctx(), "c", "k")
		h.must(err)
		h.equal(string(rec.Value), "value")
		copy(rec.Value, "YYYYY")
		rec, err = h.Engine.Records().Get(h.ctx(), "c", "k")
		h.must(err)
		h.equal(string(rec.Value), "value")
	}},
	{"a watcher sees what stands and then every change", func(h *harness) {
		h.apply(put("c", "a", "1"))
		h.apply(put("c", "b", "1"))
		h.apply(put("c", "a", "2"))
		h.apply(put("other", "x", "1"))
		h.apply(put("c", "gone", "1"))
		h.apply(engine.Write{Collection: "c", Key: "gone"})
		w := h.watch("c", 0)
		h.equal(w.next(), "b=1@2")
		h.equal(w.next(), "a=2@3")
		h.apply(put("other", "x", "2"))
		rev := h.apply(put("c", "a", "3"), put("other", "y", "3"))
		h.equal(w.next(), fmt.Sprint("a=3@", rev))
		rev = h.apply(engine.Write{Collection: "c", Key: "b"})
		h.equal(w.next(), fmt.Sprint("b deleted@", rev))
		since := h.watch("c", rev-1)
		late := h.apply(put("c", "z", "1"))
		h.equal(since.next(), fmt.Sprint("z=1@", late))
	}},
	{"a watcher that stops is let go", func(h *harness) {
		h.apply(put("c", "a", "1"))
		for change, err := range h.Engine.Records().Watch(h.ctx(), "c", 0) {
			h.must(err)
			h.equal(change.Key, "a")
			break
		}
		ctx, cancel := context.WithCancel(h.ctx())
		cancel()
		for _, err := range h.Engine.Records().Watch(ctx, "c", 0) {
			h.is(err, context.Canceled)
		}
	}},
	{"one counter is counted up by many without a loss", func(h *harness) {
		const workers, each = 8, 20
		var group sync.WaitGroup
		for range workers {
			group.Go(func() {
				for range each {
					if _, err := increment(h.ctx(), h.Engine, "counters", "n"); err != nil {
						h.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		rec, err := h.Engine.Records().Get(h.ctx(), "counters", "n")
		h.must(err)
		h.equal(string(rec.Value), workers*each)
	}},
	{"a watcher that follows rebuilds the collection, and it survives reopening", watchModel},
}

func put(collection, key, value string) engine.Write {
	return engine.Write{Collection: collection, Key: key, Value: []byte(value)}
}

func show(r engine.Record) string { return fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.Revision) }

func (h *harness) apply(w ...engine.Write) engine.Revision {
	h.Helper()
	rev, err := h.Engine.Records().Apply(h.ctx(), w...)
	h.must(err)
	return rev
}

func (h *harness) list(collection, prefix, after string, limit int) string {
	h.Helper()
	recs, err := h.Engine.Records().List(h.ctx(), collection, prefix, after, limit)
	h.must(err)
	s := []string{}
	for _, r := range recs {
		s = append(s, show(r))
	}
	return fmt.Sprint(s)
}

// increment adds one to a number by compare and swap.
func increment(ctx context.Context, e engine.Engine, collection, key string) (engine.Revision, error) {
	for {
		n, cond := 0, engine.Absent
		rec, err := e.Records().Get(ctx, collection, key)
		if err == nil {
			fmt.Sscan(string(rec.Value), &n)
			cond = rec.Revision
		} else if !isA(err, engine.ErrNotFound) {
			return 0, err
		}
		w := put(collection, key, fmt.Sprint(n+1))
		w.If = cond
		rev, err := e.Records().Apply(ctx, w)
		if !isA(err, engine.ErrConflict) {
			return rev, err
		}
	}
}

// watching is a watch that is consumed one by one.
type watching struct {
	h       *harness
	changes chan engine.Change
}

func (h *harness) watch(collection string, after engine.Revision) *watching {
	w := &watching{h, make(chan engine.Change)}
	ctx, cancel := context.WithCancel(h.ctx())
	var group sync.WaitGroup
	group.Go(func() {
		defer close(w.changes)
		for change, err := range h.Engine.Records().Watch(ctx, collection, after) {
			if err != nil {
				if ctx.Err() == nil && !isA(err, engine.ErrClosed) {
					h.Error(err)
				}
				return
			}
			select {
			case w.changes <- change:
			case <-ctx.Done():
			}
		}
	})
	h.Cleanup(func() { cancel(); group.Wait() })
	return w
}

func (w *watching) next() string {
	w.h.Helper()
	ctx, cancel := w.h.patient()
	defer cancel()
	select {
	case c := <-w.changes:
		if c.Deleted {
			return fmt.Sprintf("%s deleted@%d", c.Key, c.Revision)
		}
		return show(c.Record)
	case <-ctx.Done():
		w.h.Fatal("the watcher was not told")
		return ""
	}
}

// watchModel makes random writes, while one follows them.
func watchModel(h *harness) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := h.watch("c", 0)
	model := map[string]string{}
	var last engine.Revision
	for i := range 300 {
		var writes []engine.Write
		for _, k := range rng.Perm(12)[:1+rng.IntN(3)] {
			key := fmt.Sprint("k", k)
			write := put("c", key, fmt.Sprint("v", i))
			if rng.IntN(4) == 0 {
				write.Value = nil
				delete(model, key)
			} else {
				model[key] = string(write.Value)
			}
			writes = append(writes, write)
		}
		rev := h.apply(writes...)
		if rev <= last {
			h.Fatalf("revision %d follows %d", rev, last)
		}
		last = rev
	}
	end := h.apply(put("c", "end", "")) // the watcher has seen all once it sees this
	model["end"] = ""
	seen := map[string]string{}
	last = 0
	ctx, cancel := h.patient()
	defer cancel()
	for last < end {
		select {
		case c := <-w.changes:
			if c.Revision < last {
				h.Fatalf("a change of revision %d comes after %d", c.Revision, last)
			}
			last = c.Revision
			if c.Deleted {
				delete(seen, c.Key)
			} else {
				seen[c.Key] = string(c.Value)
			}
		case <-ctx.Done():
			h.Fatal("the watcher was not told all")
		}
	}
	h.equal(seen, model)
	check := func() {
		h.Helper()
		recs, err := h.Engine.Records().List(h.ctx(), "c", "", "", 0)
		h.must(err)
		found := map[string]string{}
		for _, r := range recs {
			found[r.Key] = string(r.Value)
		}
		h.equal(found, model)
		if !slices.IsSortedFunc(recs, func(a, b engine.Record) int { return strings.Compare(a.Key, b.Key) }) {
			h.Fatal("the list is not in order")
		}
	}
	check()
	h.reopen()
	check()
	if rev := h.apply(put("c", "x", "")); rev <= end {
		h.Fatalf("revision %d is given again, %d was the last", rev, end)
	}
}
