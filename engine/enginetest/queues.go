package enginetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/engine"
)

var queueTests = []test{
	{"a message is leased, then settled", func(h *harness) {
		h.depth("q", "0 due, 0 delayed, 0 leased")
		h.equal(h.enqueue("q", msg("a"), msg("b")), "[1 2]")
		h.depth("q", "2 due, 0 delayed, 0 leased")
		got := h.lease("q", 10, time.Minute)
		h.equal(bodies(got), "a b")
		h.depth("q", "0 due, 0 delayed, 2 leased")
		h.equal(bodies(h.lease("q", 10, time.Minute)), "")
		h.settle("q", 1, got[0].Token)
		h.settle("q", 0, got[0].Token)
		told, err := h.Engine.Queues().Settle(h.ctx(), "q", got[0].Token, "nonsense", "", got[1].Token, got[1].Token)
		h.must(err)
		h.equal(told, []bool{false, false, false, true, false})
		h.depth("q", "0 due, 0 delayed, 0 leased")
	}},
	{"all of a leased message is told", func(h *harness) {
		h.needClock()
		begin := h.Clock.Now()
		h.enqueue("q", engine.Message{Body: []byte("a"), Group: "g", Dedup: "d"})
		h.Clock.Advance(time.Second)
		first := h.lease("q", 1, time.Minute)[0]
		h.equal(first.Group+first.Dedup+string(first.Body), "gda")
		h.equal(first.Leases, 1)
		h.at(first.Enqueued, begin)
		h.at(first.First, begin.Add(time.Second))
		h.at(first.Until, begin.Add(time.Second+time.Minute))
		h.Clock.Advance(time.Minute)
		second := h.lease("q", 1, time.Minute)[0]
		h.equal(second.Leases, 2)
		h.equal(second.ID, first.ID)
		h.at(second.First, begin.Add(time.Second))
		h.at(second.Enqueued, begin)
		if first.Token == second.Token {
			h.Fatal("two leases have one token")
		}
	}},
	{"a message is not leased before it is due", func(h *harness) {
		h.needClock()
		now := h.Clock.Now()
		late := engine.Message{Body: []byte("late"), Due: now.Add(time.Hour)}
		h.enqueue("q", late, msg("now"), engine.Message{Body: []byte("soon"), Due: now.Add(time.Second)})
		h.equal(bodies(h.lease("q", 10, time.Hour)), "now")
		h.depth("q", "0 due, 2 delayed, 1 leased")
		h.Clock.Advance(time.Second - time.Millisecond)
		h.equal(bodies(h.lease("q", 10, time.Hour)), "")
		h.Clock.Advance(time.Millisecond)
		h.depth("q", "1 due, 1 delayed, 1 leased")
		h.equal(bodies(h.lease("q", 10, 3*time.Hour)), "soon")
		h.Clock.Advance(time.Hour)
		got := strings.Fields(bodies(h.lease("q", 10, time.Hour)))
		slices.Sort(got)
		h.equal(got, "[late now]")
	}},
	{"when the lease ends the message is due again, and its token holds until it is leased again", func(h *harness) {
		h.needClock()
		h.enqueue("q", msg("a"), msg("b"))
		first := h.lease("q", 2, time.Minute)
		h.Clock.Advance(time.Minute - 1)
		h.equal(bodies(h.lease("q", 2, time.Minute)), "")
		h.Clock.Advance(1)
		h.depth("q", "2 due, 0 delayed, 0 leased")
		h.settle("q", 1, first[1].Token)
		second := h.lease("q", 2, time.Minute)
		h.equal(bodies(second), "a")
		h.settle("q", 0, first[0].Token)
		h.settle("q", 1, second[0].Token)
	}},
	{"a message put back is due when it says, with the body it was given", func(h *harness) {
		h.needClock()
		h.enqueue("q", msg("a"))
		l := h.lease("q", 1, time.Minute)[0]
		h.must(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, h.Clock.Now().Add(time.Hour), false, []byte("b")))
		h.is(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, h.Clock.Now(), false, nil), engine.ErrLease)
		h.settle("q", 0, l.Token)
		h.depth("q", "0 due, 1 delayed, 0 leased")
		h.Clock.Advance(time.Hour)
		l = h.lease("q", 1, time.Minute)[0]
		h.equal(string(l.Body), "b")
		h.equal(l.Leases, 2)
		h.must(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, h.Clock.Now(), false, nil))
		l = h.lease("q", 1, time.Minute)[0]
		h.equal(string(l.Body), "b")
		h.equal(l.Leases, 3)
		h.is(h.Engine.Queues().PutBack(h.ctx(), "q", "nonsense", h.Clock.Now(), false, nil), engine.ErrLease)
		h.is(h.Engine.Queues().PutBack(h.ctx(), "never", "1-1", h.Clock.Now(), false, nil), engine.ErrLease)
	}},
	{"a lease kept goes on to its new end", func(h *harness) {
		h.needClock()
		h.enqueue("q", msg("a"))
		l := h.lease("q", 1, time.Minute)[0]
		end := h.Clock.Now().Add(time.Hour)
		h.must(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, end, true, nil))
		h.Clock.Advance(30 * time.Minute)
		h.equal(bodies(h.lease("q", 1, time.Minute)), "")
		h.must(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, end, true, []byte("b")))
		h.must(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, h.Clock.Now().Add(time.Second), true, nil))
		h.Clock.Advance(time.Second)
		again := h.lease("q", 1, time.Minute)
		h.equal(bodies(again), "b")
		h.is(h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, end, true, nil), engine.ErrLease)
		h.settle("q", 1, again[0].Token)
	}},
	{"a group's messages come in order, and wait for those before them", func(h *harness) {
		h.enqueue("q", grouped("g", "g1"), grouped("h", "h1"), grouped("g", "g2"), grouped("g", "g3"))
		got := h.lease("q", 2, time.Minute)
		rest := h.lease("q", 10, time.Minute)
		h.equal(inGroup(append(got, rest...), "h"), "h1")
		g := inGroup(append(got, rest...), "g")
		if !strings.HasPrefix("g1 g2 g3", g) {
			h.Fatalf("the group came as %s", g)
		}
		// Whatever is leased of the group, the rest waits for all of it.
		leased := only(append(got, rest...), "g")
		for i := len(leased) - 1; i > 0; i-- {
			h.settle("q", 1, leased[i].Token)
			h.equal(bodies(h.lease("q", 10, time.Minute)), "")
		}
		h.settle("q", 1, leased[0].Token)
		for n := len(leased); n < 3; {
			more := h.lease("q", 10, time.Minute)
			for _, l := range more {
				n++
				h.equal(string(l.Body), fmt.Sprint("g", n))
				h.settle("q", 1, l.Token)
			}
			if len(more) == 0 {
				h.Fatal("the group does not go on")
			}
		}
	}},
	{"a group waits for a head that is delayed or put back", func(h *harness) {
		h.needClock()
		now := h.Clock.Now()
		h.enqueue("q", engine.Message{Body: []byte("g1"), Group: "g", Due: now.Add(time.Minute)}, grouped("g", "g2"), msg("x"))
		h.equal(bodies(h.lease("q", 10, time.Hour)), "x")
		h.depth("q", "1 due, 1 delayed, 1 leased")
		h.Clock.Advance(time.Minute)
		l := h.lease("q", 1, time.Hour)
		h.equal(bodies(l), "g1")
		h.must(h.Engine.Queues().PutBack(h.ctx(), "q", l[0].Token, h.Clock.Now().Add(time.Minute), false, nil))
		h.equal(bodies(h.lease("q", 10, time.Hour)), "")
		h.Clock.Advance(time.Minute)
		got := h.lease("q", 10, time.Hour)
		h.equal(string(got[0].Body), "g1")
		h.settle("q", 1, got[0].Token)
		if len(got) == 1 {
			got = append(got, h.lease("q", 10, time.Hour)...)
		}
		h.equal(bodies(got), "g1 g2")
	}},
	{"a message enqueued twice within the window counts once", func(h *harness) {
		h.needClock()
		d := engine.Message{Body: []byte("a"), Dedup: "d"}
		h.equal(h.enqueue("q", d, d, msg("b")), "[1 1 2]")
		h.equal(h.enqueue("other", d), "[1]")
		got := h.lease("q", 10, time.Minute)
		h.equal(bodies(got), "a b")
		h.settle("q", 2, got[0].Token, got[1].Token)
		h.Clock.Advance(engine.DedupWindow - time.Millisecond)
		h.equal(h.enqueue("q", d), "[1]")
		h.must(h.Engine.Queues().Purge(h.ctx(), "q"))
		h.equal(h.enqueue("q", d), "[1]")
		h.depth("q", "0 due, 0 delayed, 0 leased")
		h.Clock.Advance(time.Millisecond)
		h.equal(h.enqueue("q", d), "[3]")
		h.equal(h.enqueue("q", d), "[3]")
		h.must(h.Engine.Queues().Drop(h.ctx(), "q"))
		h.enqueue("q", d)
		h.depth("q", "1 due, 0 delayed, 0 leased")
	}},
	{"waiting ends when a message may be due", queueWait},
	{"browsing lists the messages and leases none", func(h *harness) {
		h.enqueue("q", msg("a"), grouped("g", "b"), msg("c"))
		l := h.lease("q", 1, time.Minute)[0]
		for _, c := range []struct {
			after uint64
			limit int
			want  string
		}{{0, 10, "a b c"}, {0, 2, "a b"}, {1, 2, "b c"}, {3, 1, ""}, {0, 0, "a b c"}, {99, 0, ""}} {
			got, err := h.Engine.Queues().Browse(h.ctx(), "q", c.after, c.limit)
			h.must(err)
			h.equal(bodies(got), c.want)
		}
		h.equal(len(h.lease("q", 10, time.Minute)), 2)
		h.settle("q", 1, l.Token)
		got, err := h.Engine.Queues().Browse(h.ctx(), "q", 0, 10)
		h.must(err)
		h.equal(bodies(got), "b c")
		_, err = h.Engine.Queues().Browse(h.ctx(), "never", 0, 10)
		h.must(err)
	}},
	{"purging removes every message, but gives no id twice", func(h *harness) {
		h.enqueue("q", msg("a"), grouped("g", "b"), grouped("g", "c"))
		l := h.lease("q", 2, time.Minute)
		h.must(h.Engine.Queues().Purge(h.ctx(), "q"))
		h.depth("q", "0 due, 0 delayed, 0 leased")
		h.settle("q", 0, l[0].Token, l[1].Token)
		h.equal(h.enqueue("q", grouped("g", "d")), "[4]")
		h.equal(bodies(h.lease("q", 2, time.Minute)), "d")
		h.must(h.Engine.Queues().Drop(h.ctx(), "q"))
		h.depth("q", "0 due, 0 delayed, 0 leased")
		h.equal(len(h.lease("q", 2, time.Minute)), 0)
		h.enqueue("q", grouped("g", "e"))
		h.equal(bodies(h.lease("q", 2, time.Minute)), "e")
		h.must(h.Engine.Queues().Purge(h.ctx(), "never"))
		h.must(h.Engine.Queues().Drop(h.ctx(), "never"))
	}},
	{"messages survive reopening, leases need not", func(h *harness) {
		h.needClock()
		h.enqueue("q", msg("a"), grouped("g", "b"), grouped("g", "c"),
			engine.Message{Body: []byte("d"), Due: h.Clock.Now().Add(time.Hour)})
		got := h.lease("q", 1, time.Minute)
		h.settle("q", 1, got[0].Token)
		h.lease("q", 1, time.Minute)
		h.reopen()
		h.Clock.Advance(time.Minute)
		h.depth("q", "2 due, 1 delayed, 0 leased")
		got = h.lease("q", 10, time.Minute)
		h.equal(bodies(got), "b c")
		h.equal(h.enqueue("q", grouped("g", "e")), "[5]")
		h.settle("q", 2, got[0].Token, got[1].Token)
		h.equal(bodies(h.lease("q", 10, time.Minute)), "e")
		h.Clock.Advance(time.Hour)
		h.equal(bodies(h.lease("q", 1, time.Minute)), "e")
		h.equal(bodies(h.lease("q", 1, time.Minute)), "d")
	}},
	{"many take from one queue, and each message is settled once", queueConcurrency},
	{"purging while others work leaves the counts right", queuePurges},
	{"random operations agree with a model", queueModel},
}

func msg(body string) engine.Message { return engine.Message{Body: []byte(body)} }

func grouped(group, body string) engine.Message {
	return engine.Message{Body: []byte(body), Group: group}
}

func (h *harness) at(got, want time.Time) {
	h.Helper()
	if !got.Equal(want) {
		h.Fatalf("the time is %v, want %v", got, want)
	}
}

func (h *harness) enqueue(queue string, m ...engine.Message) []uint64 {
	h.Helper()
	ids, err := h.Engine.Queues().Enqueue(h.ctx(), queue, m...)
	h.must(err)
	return ids
}

func (h *harness) lease(queue string, n int, d time.Duration) []engine.Leased {
	h.Helper()
	l, err := h.Engine.Queues().Lease(h.ctx(), queue, n, d)
	h.must(err)
	return l
}

// count counts the tokens that were settled.
func count(settled []bool) (n int) {
	for _, s := range settled {
		if s {
			n++
		}
	}
	return n
}

func (h *harness) settle(queue string, want int, tokens ...string) {
	h.Helper()
	settled, err := h.Engine.Queues().Settle(h.ctx(), queue, tokens...)
	h.must(err)
	h.equal(len(settled), len(tokens))
	h.equal(fmt.Sprint(count(settled), " settled"), fmt.Sprint(want, " settled"))
}

func (h *harness) depth(queue, want string) {
	h.Helper()
	d, err := h.Engine.Queues().Depth(h.ctx(), queue)
	h.must(err)
	h.equal(fmt.Sprintf("%d due, %d delayed, %d leased", d.Due, d.Delayed, d.Leased), want)
	if none := d.Due+d.Delayed+d.Leased == 0; none != d.Oldest.IsZero() || none != d.Next.IsZero() {
		h.Fatalf("oldest %v and next %v do not fit %s", d.Oldest, d.Next, want)
	}
}

func bodies(list []engine.Leased) string {
	var s []string
	for _, l := range list {
		s = append(s, string(l.Body))
	}
	return strings.Join(s, " ")
}

func only(list []engine.Leased, group string) (in []engine.Leased) {
	for _, l := range list {
		if l.Group == group {
			in = append(in, l)
		}
	}
	return in
}

func inGroup(list []engine.Leased, group string) string { return bodies(only(list, group)) }

func queueWait(h *harness) {
	h.needClock()
	wait := func() <-chan error {
		return ask(func() error { return h.Engine.Queues().Wait(h.ctx(), "q") })
	}
	// leased waits until one message can be leased, as waiting may end early.
	leased := func(done <-chan error) engine.Leased {
		h.Helper()
		for {
			h.must(<-done)
			if l := h.lease("q", 1, time.Minute); len(l) > 0 {
				return l[0]
			}
			done = wait()
		}
	}
	done := wait()
	h.enqueue("q", msg("a"))
	l := leased(done)
	h.equal(string(l.Body), "a")

	done = wait() // for the lease's end
	h.turnUntil(done, time.Minute)
	h.equal(string(leased(wait()).Body), "a")

	done = wait()
	h.must(h.Engine.Queues().PutBack(h.ctx(), "q", h.leasedAgain("q"), h.Clock.Now(), false, nil))
	l = leased(done)
	h.settle("q", 1, l.Token)

	h.enqueue("q", engine.Message{Body: []byte("later"), Due: h.Clock.Now().Add(24 * time.Hour)})
	h.turnUntil(wait(), 24*time.Hour)
	h.equal(string(leased(wait()).Body), "later")

	ctx, cancel := context.WithCancel(h.ctx())
	ended := ask(func() error { return h.Engine.Queues().Wait(ctx, "empty") })
	cancel()
	h.is(<-ended, context.Canceled)
}

// leasedAgain ends the lease of the queue's one message by the clock, and leases
// it again.
func (h *harness) leasedAgain(queue string) string {
	h.Helper()
	h.Clock.Advance(time.Minute)
	l := h.lease(queue, 1, time.Minute)
	if len(l) == 0 {
		h.Fatal("the message is not due again")
	}
	return l[0].Token
}

// turnUntil turns the clock by d once the waiter waits for it.
func (h *harness) turnUntil(done <-chan error, d time.Duration) {
	h.Helper()
	ctx, cancel := h.patient()
	defer cancel()
	h.must(h.Clock.WaitForTimers(ctx, 1))
	h.Clock.Advance(d)
	select {
	case err := <-done:
		h.must(err)
	case <-ctx.Done():
		h.Fatal("waiting does not end with the clock")
	}
}

func queueConcurrency(h *harness) {
	const producers, consumers, each = 4, 4, 60
	var mu sync.Mutex
	settled := map[string]int{}
	last := map[string]int{}
	total := 0
	ctx, cancel := context.WithCancel(h.ctx())
	defer cancel()
	var group sync.WaitGroup
	for p := range producers {
		group.Go(func() {
			for i := range each {
				m := msg(fmt.Sprintf("%d.%d", p, i))
				if p%2 == 0 {
					m.Group = fmt.Sprint("g", p)
				}
				if _, err := h.Engine.Queues().Enqueue(ctx, "q", m); err != nil {
					h.Error(err)
				}
			}
		})
	}
	for c := range consumers {
		group.Go(func() {
			for ctx.Err() == nil {
				got, err := h.Engine.Queues().Lease(ctx, "q", 1+c, time.Hour)
				if err == nil && len(got) == 0 {
					err = h.Engine.Queues().Wait(ctx, "q")
				}
				if err != nil && ctx.Err() == nil {
					h.Error(err)
					cancel()
				}
				for _, l := range got {
					var p, i int
					fmt.Sscanf(string(l.Body), "%d.%d", &p, &i)
					mu.Lock()
					if l.Group != "" && i != last[l.Group] {
						h.Errorf("group %s: message %d where %d was due", l.Group, i, last[l.Group])
					}
					last[l.Group]++
					mu.Unlock()
					done, err := h.Engine.Queues().Settle(ctx, "q", l.Token)
					mu.Lock()
					if count(done) == 1 {
						settled[string(l.Body)]++
						if total++; total == producers*each {
							cancel()
						}
					} else if ctx.Err() == nil {
						h.Errorf("message %s: settled %v, %v", l.Body, done, err)
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	h.equal(len(settled), producers*each)
	h.depth("q", "0 due, 0 delayed, 0 leased")
}

func queuePurges(h *harness) {
	const workers, each = 6, 60
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range each {
				var err error
				if w == 0 && i%3 == 0 {
					err = h.Engine.Queues().Purge(h.ctx(), "q")
				} else if w < 3 {
					_, err = h.Engine.Queues().Enqueue(h.ctx(), "q", msg("a"), grouped("g", "b"), grouped("g", "c"))
				} else {
					var got []engine.Leased
					got, err = h.Engine.Queues().Lease(h.ctx(), "q", 5, time.Hour)
					for _, l := range got {
						if i%2 == 0 {
							_, err = h.Engine.Queues().Settle(h.ctx(), "q", l.Token)
						} else if err = h.Engine.Queues().PutBack(h.ctx(), "q", l.Token, l.Enqueued, false, nil); isA(err, engine.ErrLease) {
							err = nil
						}
					}
				}
				if err != nil {
					h.Error(err)
				}
			}
		})
	}
	group.Wait()
	for range 2 {
		d, err := h.Engine.Queues().Depth(h.ctx(), "q")
		h.must(err)
		list, err := h.Engine.Queues().Browse(h.ctx(), "q", 0, 0)
		h.must(err)
		if d.Due+d.Leased+d.Delayed != len(list) {
			h.Fatalf("the queue counts %+v, and lists %d", d, len(list))
		}
		if h.Reopen == nil {
			return
		}
		h.reopen()
	}
}
