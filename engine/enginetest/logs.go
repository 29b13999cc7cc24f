package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
)

func isA(err, kind error) bool { return errors.Is(err, kind) }

var logTests = []test{
	{"positions begin with one and are consecutive", func(h *harness) {
		h.bounds("l", 1, 1)
		h.equal(h.append("l", "a"), 1)
		h.equal(h.append("l", "b", "c"), 2)
		h.equal(h.append("other", "x"), 1)
		h.bounds("l", 1, 4)
		h.equal(h.read("l", 1, 3), "1a 2b 3c")
		h.equal(h.read("l", 2, 2), "2b 3c")
	}},
	{"a reader waits for what comes", func(h *harness) {
		r := h.openLog("l", 1)
		for i := 1; i <= 50; i++ {
			var got []engine.Entry
			done := ask(func() (err error) {
				got, err = r.Next(h.ctx(), nil, 10)
				return err
			})
			h.equal(h.append("l", "x"), i)
			h.must(<-done)
			h.equal(len(got), 1)
			h.equal(got[0].Position, i)
		}
	}},
	{"a reader may begin ahead of the end, and gets no more than it asks for", func(h *harness) {
		r := h.openLog("l", 3)
		h.append("l", "a", "b", "c", "d", "e")
		got, err := r.Next(h.ctx(), nil, 2)
		h.must(err)
		h.equal(entries(got), "3c 4d")
		got, err = r.Next(h.ctx(), got, 2)
		h.must(err)
		h.equal(entries(got), "3c 4d 5e")
	}},
	{"what a caller does to slices afterwards changes nothing", func(h *harness) {
		r := h.openLog("l", 1)
		data := []byte("data")
		_, err := h.Engine.Logs().Append(h.ctx(), "l", data)
		h.must(err)
		copy(data, "XXXX")
		got, err := r.Next(h.ctx(), nil, 1)
		h.must(err)
		h.equal(entries(got), "1data")
		h.equal(h.read("l", 1, 1), "1data")
	}},
	{"empty entries and large ones are kept", func(h *harness) {
		large := bytes.Repeat([]byte("x"), 3<<20)
		_, err := h.Engine.Logs().Append(h.ctx(), "l", nil, large, []byte{})
		h.must(err)
		r := h.openLog("l", 1)
		var got []engine.Entry
		for len(got) < 3 {
			got, err = r.Next(h.ctx(), got, 3)
			h.must(err)
		}
		if len(got[0].Data) != 0 || !bytes.Equal(got[1].Data, large) || len(got[2].Data) != 0 {
			h.Fatal("the entries are not those that were appended")
		}
	}},
	{"trimming forgets entries, but no position comes twice", func(h *harness) {
		h.append("l", "a", "b", "c", "d")
		r := h.openLog("l", 1)
		h.must(h.Engine.Logs().Trim(h.ctx(), "l", 3))
		h.bounds("l", 3, 5)
		got, err := r.Next(h.ctx(), nil, 10)
		h.must(err)
		h.equal(entries(got), "3c 4d")
		h.must(h.Engine.Logs().Trim(h.ctx(), "l", 2)) // is below already
		h.bounds("l", 3, 5)
		h.must(h.Engine.Logs().Trim(h.ctx(), "l", 100)) // no further than the end
		h.bounds("l", 5, 5)
		h.equal(h.append("l", "e"), 5)
		h.must(h.Engine.Logs().Trim(h.ctx(), "l", 6))
		h.must(h.Engine.Logs().Trim(h.ctx(), "never", 6))
		h.reopen()
		h.bounds("l", 6, 6)
		h.equal(h.append("l", "f"), 6)
		h.equal(h.read("l", 1, 1), "6f")
	}},
	{"dropping a log ends its readers, and it begins anew", func(h *harness) {
		h.append("l", "a", "b")
		r, waiting := h.openLog("l", 1), h.openLog("l", 3)
		done := ask(func() error { _, err := waiting.Next(h.ctx(), nil, 1); return err })
		h.must(h.Engine.Logs().Drop(h.ctx(), "l"))
		h.is(<-done, engine.ErrNotFound)
		_, err := r.Next(h.ctx(), nil, 1)
		h.is(err, engine.ErrNotFound)
		h.bounds("l", 1, 1)
		h.append("l", "z")
		h.equal(h.read("l", 1, 1), "1z")
		h.must(h.Engine.Logs().Drop(h.ctx(), "never"))
		h.reopen()
		h.equal(h.read("l", 1, 1), "1z")
	}},
	{"a time leads to the first entry of then or later", func(h *harness) {
		h.needClock()
		at, err := h.Engine.Logs().Seek(h.ctx(), "l", Epoch)
		h.must(err)
		h.equal(at, 1)
		begin := h.Clock.Now()
		for range 10 { // two entries every second
			h.append("l", "a", "b")
			h.Clock.Advance(time.Second)
		}
		for _, c := range []struct {
			after time.Duration
			want  int
		}{
			{-time.Hour, 1}, {0, 1}, {time.Microsecond, 3}, {time.Millisecond, 3},
			{time.Second, 3}, {8500 * time.Millisecond, 19}, {9 * time.Second, 19},
			{9*time.Second + 1, 21}, {time.Hour, 21},
		} {
			at, err := h.Engine.Logs().Seek(h.ctx(), "l", begin.Add(c.after))
			h.must(err)
			if int(at) != c.want {
				h.Errorf("%v after the first entry: position %d, want %d", c.after, at, c.want)
			}
		}
		h.must(h.Engine.Logs().Trim(h.ctx(), "l", 6))
		at, err = h.Engine.Logs().Seek(h.ctx(), "l", begin)
		h.must(err)
		h.equal(at, 6)
		r := h.openLog("l", 7)
		got, err := r.Next(h.ctx(), nil, 1)
		h.must(err)
		if want := begin.Add(3 * time.Second).Truncate(time.Millisecond); !got[0].Time.Equal(want) {
			h.Fatalf("the entry's time is %v, want %v", got[0].Time, want)
		}
	}},
	{"a reader that is closed ends, and so does its Next", func(h *harness) {
		r := h.openLog("l", 1)
		done := ask(func() error { _, err := r.Next(h.ctx(), nil, 1); return err })
		h.must(r.Close())
		h.is(<-done, engine.ErrClosed)
		h.append("l", "a")
		_, err := r.Next(h.ctx(), nil, 1)
		h.is(err, engine.ErrClosed)
		h.must(r.Close())
	}},
	{"a reader's Next ends with its context", func(h *harness) {
		r := h.openLog("l", 1)
		ctx, cancel := context.WithCancel(h.ctx())
		done := ask(func() error { _, err := r.Next(ctx, nil, 1); return err })
		cancel()
		h.is(<-done, context.Canceled)
		h.append("l", "a")
		got, err := r.Next(h.ctx(), nil, 1)
		h.must(err)
		h.equal(entries(got), "1a")
	}},
	{"many append, and each reader reads all in order, at its own pace", logConcurrency},
	{"random appends, trims and reads agree with a model", logModel},
}

func (h *harness) append(log string, data ...string) engine.Position {
	h.Helper()
	var b [][]byte
	for _, d := range data {
		b = append(b, []byte(d))
	}
	p, err := h.Engine.Logs().Append(h.ctx(), log, b...)
	h.must(err)
	return p
}

func (h *harness) bounds(log string, first, next engine.Position) {
	h.Helper()
	f, n, err := h.Engine.Logs().Bounds(h.ctx(), log)
	h.must(err)
	h.equal(fmt.Sprint(f, " to ", n), fmt.Sprint(first, " to ", next))
}

func (h *harness) openLog(log string, from engine.Position) engine.Reader {
	h.Helper()
	r, err := h.Engine.Logs().Open(h.ctx(), log, from)
	h.must(err)
	h.Cleanup(func() { r.Close() })
	return r
}

// read opens a log and reads n entries.
func (h *harness) read(log string, from engine.Position, n int) string {
	h.Helper()
	ctx, cancel := h.patient()
	defer cancel()
	r := h.openLog(log, from)
	defer r.Close()
	var got []engine.Entry
	for len(got) < n {
		var err error
		got, err = r.Next(ctx, got, n-len(got))
		h.must(err)
	}
	return entries(got)
}

func entries(list []engine.Entry) string {
	var s []string
	for _, e := range list {
		s = append(s, fmt.Sprintf("%d%s", e.Position, e.Data))
	}
	return strings.Join(s, " ")
}

func logConcurrency(h *harness) {
	const writers, each, readers = 8, 60, 4
	var group sync.WaitGroup
	for i := range readers {
		r := h.openLog("l", 1)
		group.Go(func() {
			next := map[string]int{}
			for pos, n := engine.Position(1), 0; n < writers*each*2; {
				got, err := r.Next(h.ctx(), nil, 1+i*40)
				if err != nil {
					h.Error(err)
					return
				}
				for _, e := range got {
					if e.Position != pos {
						h.Errorf("position %d comes after %d", e.Position, pos-1)
						return
					}
					var w string
					var k int
					fmt.Sscanf(string(e.Data), "%s %d", &w, &k)
					if k != next[w] {
						h.Errorf("writer %s: entry %d where %d was due", w, k, next[w])
						return
					}
					next[w]++
					pos++
					n++
				}
			}
		})
	}
	for w := range writers {
		group.Go(func() {
			for k := range each {
				_, err := h.Engine.Logs().Append(h.ctx(), "l",
					fmt.Appendf(nil, "w%d %d", w, 2*k), fmt.Appendf(nil, "w%d %d", w, 2*k+1))
				if err != nil {
					h.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func logModel(h *harness) {
	rng := rand.New(rand.NewPCG(3, 4))
	type model struct {
		data  []string // from position 1 on
		first int
	}
	logs := map[string]*model{"a": {first: 1}, "b": {first: 1}}
	readers := map[string]engine.Reader{}
	at := map[string]int{}
	for i := range 600 {
		name := []string{"a", "b"}[rng.IntN(2)]
		m := logs[name]
		switch k := rng.IntN(100); {
		case k < 50:
			var batch []string
			for j := range 1 + rng.IntN(5) {
				batch = append(batch, fmt.Sprintf("-%d.%d%s", i, j, strings.Repeat("x", rng.IntN(2000))))
			}
			h.equal(h.append(name, batch...), len(m.data)+1)
			m.data = append(m.data, batch...)
		case k < 60:
			before := 1 + rng.IntN(len(m.data)+2)
			h.must(h.Engine.Logs().Trim(h.ctx(), name, engine.Position(before)))
			m.first = max(m.first, min(before, len(m.data)+1))
		case k < 63 && h.Reopen != nil:
			h.reopen()
			clear(readers)
		case k < 70 || readers[name] == nil:
			at[name] = 1 + rng.IntN(len(m.data)+1)
			readers[name] = h.openLog(name, engine.Position(at[name]))
		default:
			from := max(at[name], m.first)
			if from > len(m.data) {
				continue
			}
			n := 1 + rng.IntN(300)
			got, err := readers[name].Next(h.ctx(), nil, n)
			h.must(err)
			if len(got) == 0 || len(got) > n {
				h.Fatalf("%d entries where 1 to %d were asked for", len(got), n)
			}
			for _, e := range got {
				if int(e.Position) != from || string(e.Data) != m.data[from-1] {
					h.Fatalf("log %s: entry %d %.20q, want %d %.20q", name, e.Position, e.Data, from, m.data[from-1])
				}
				from++
			}
			at[name] = from
		}
		h.bounds(name, engine.Position(m.first), engine.Position(len(m.data)+1))
	}
}
