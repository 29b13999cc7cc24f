package enginetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/signalbox/signalbox/engine"
)

// Check tells what an engine, opened after a crash between the two marks,
// lacks or has too much. It writes to the engine, and empties its queue.
func (w *Workload) Check(ctx context.Context, e engine.Engine, acknowledged, tried Mark) error {
	c := checker{w.worker(ctx, e, 2000), w.believe(acknowledged, tried)}
	var errs []error
	for _, log := range workLogs {
		errs = append(errs, c.log(log))
	}
	errs = append(errs, c.records(), c.queue(), c.drain(), c.cleared(), c.blobs(), c.numbers())
	return errors.Join(errs...)
}

type checker struct {
	*worker
	b *belief
}

func (c *checker) log(name string) error {
	first, next, err := c.Logs().Bounds(c.ctx, name)
	if err != nil {
		return err
	}
	if t := c.b.trimmed[name]; int(first) < t.least || int(first) > max(1, t.most) {
		return fmt.Errorf("log %s begins at %d, it was trimmed to %d", name, first, t.least)
	}
	found, err := c.readAll(name, first, next)
	if err != nil {
		return err
	}
	for at, data := range c.b.entries[name] {
		if at >= next {
			return fmt.Errorf("log %s ends before %d, the acknowledged entry %d is lost", name, next, at)
		}
		if at >= first && found[at] != data {
			return fmt.Errorf("log %s has %.20q at %d, acknowledged was %.20q", name, found[at], at, data)
		}
	}
	return c.batches(name, first, found)
}

func (c *checker) readAll(name string, first, next engine.Position) (map[engine.Position]string, error) {
	found := map[engine.Position]string{}
	if first == next {
		return found, nil
	}
	r, err := c.Logs().Open(c.ctx, name, 1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var last time.Time
	for at := first; at < next; {
		got, err := r.Next(c.ctx, nil, 7)
		if err != nil {
			return nil, fmt.Errorf("reading log %s at %d: %w", name, at, err)
		}
		for _, e := range got {
			if e.Position != at || e.Time.Before(last) {
				return nil, fmt.Errorf("log %s: entry %d at %v follows %d at %v", name, e.Position, e.Time, at-1, last)
			}
			found[at], last = string(e.Data), e.Time
			at++
		}
	}
	return found, nil
}

// batches checks that batches are whole, and each worker's in order.
func (c *checker) batches(name string, first engine.Position, found map[engine.Position]string) error {
	type place struct{ worker, step, i, n int }
	parse := func(s string) (p place) {
		fmt.Sscanf(s, "%d %d %d %d", &p.worker, &p.step, &p.i, &p.n)
		return p
	}
	steps := map[int]int{}
	for at, end := first, first+engine.Position(len(found)); at < end; {
		p := parse(found[at])
		if at > first && p.i != 0 {
			return fmt.Errorf("log %s: a batch begins with its entry %d at %d", name, p.i, at)
		}
		if last, ok := steps[p.worker]; ok && p.step <= last {
			return fmt.Errorf("log %s: step %d of worker %d comes after step %d", name, p.step, p.worker, last)
		}
		steps[p.worker] = p.step
		for ; p.i < p.n; p.i++ {
			if q := parse(found[at]); q != p {
				return fmt.Errorf("log %s: entry %d is %.20q, and the batch before is torn", name, at, found[at])
			}
			at++
		}
	}
	return nil
}

func (c *checker) records() error {
	n := 0
	if rec, err := c.Records().Get(c.ctx, "counters", "n"); err == nil {
		fmt.Sscan(string(rec.Value), &n)
	} else if !isA(err, engine.ErrNotFound) {
		return err
	}
	if n < c.b.counted.least || n > c.b.counted.most {
		return fmt.Errorf("the counter stands at %d, acknowledged were %d, tried %d", n, c.b.counted.least, c.b.counted.most)
	}
	for key, latest := range c.b.latest {
		var found [2]engine.Record
		for i, coll := range []string{"left", "right"} {
			rec, err := c.Records().Get(c.ctx, coll, key)
			if err != nil && !isA(err, engine.ErrNotFound) {
				return err
			}
			found[i] = rec
		}
		l, r := found[0], found[1]
		if string(l.Value) != string(r.Value) || l.Revision != r.Revision {
			return fmt.Errorf("the pair %s is torn: %s and %s", key, show(l), show(r))
		}
		if !c.b.tries[key][string(l.Value)] || l.Revision != 0 && l.Revision < latest {
			return fmt.Errorf("the pair %s is %s, its revision %d was acknowledged, and may be %v", key, show(l), latest, c.b.tries[key])
		}
	}
	return nil
}

func (c *checker) queue() error {
	list, err := c.Queues().Browse(c.ctx, workQueue, 0, 0)
	if err != nil {
		return err
	}
	found := map[uint64]string{}
	batches := map[string]int{} // how many of a batch there are
	for _, l := range list {
		found[l.ID] = string(l.Body)
		name, _, _ := strings.Cut(string(l.Body), " ")
		batches[name]++
	}
	for _, m := range c.b.message {
		body, there := found[m.id]
		switch {
		case m.settled && there:
			return fmt.Errorf("message %d was settled and is there again", m.id)
		case m.known && !m.maybeSettled && !there:
			return fmt.Errorf("message %d is lost", m.id)
		case there && (len(body) < len(m.body) || m.known && len(body) > len(m.most) || !strings.HasPrefix(body, m.body)):
			return fmt.Errorf("message %d is %q, acknowledged was %q", m.id, body, m.body)
		}
		if !there && m.maybeSettled {
			name, _, _ := strings.Cut(m.most, " ")
			batches[name]++
		}
	}
	for id, body := range found {
		var name string
		var i, n int
		fmt.Sscanf(body, "%s %d %d", &name, &i, &n)
		if batches[name] != n {
			return fmt.Errorf("message %d: of its batch %s are there %d of %d", id, name, batches[name], n)
		}
	}
	d, err := c.Queues().Depth(c.ctx, workQueue)
	if err == nil && d.Due+d.Delayed+d.Leased != len(list) {
		err = fmt.Errorf("the queue counts %+v, and lists %d", d, len(list))
	}
	return err
}

// drain leases and settles all: each message comes once, groups in order.
func (c *checker) drain() error {
	list, err := c.Queues().Browse(c.ctx, workQueue, 0, 0)
	if err != nil {
		return err
	}
	left := map[uint64]bool{}
	for _, l := range list {
		left[l.ID] = true
	}
	last := map[string]uint64{}
	if c.Clock != nil {
		c.Clock.Advance(time.Hour)
	}
	for len(left) > 0 {
		got, err := c.Queues().Lease(c.ctx, workQueue, 1+c.rng.IntN(5), 24*time.Hour)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return fmt.Errorf("%d messages cannot be leased: %v", len(left), left)
		}
		var tokens []string
		for _, l := range got {
			if !left[l.ID] {
				return fmt.Errorf("message %d is leased, and was not listed, or was leased before", l.ID)
			}
			if l.Group != "" && l.ID < last[l.Group] {
				return fmt.Errorf("message %d of group %s is leased after %d", l.ID, l.Group, last[l.Group])
			}
			last[l.Group] = l.ID
			delete(left, l.ID)
			tokens = append(tokens, l.Token)
		}
		settled, err := c.Queues().Settle(c.ctx, workQueue, tokens...)
		if n := count(settled); err != nil || n != len(tokens) {
			return fmt.Errorf("%d of %d messages are settled: %v", n, len(tokens), err)
		}
	}
	d, err := c.Queues().Depth(c.ctx, workQueue)
	if err == nil && d != (engine.Depth{}) {
		err = fmt.Errorf("the empty queue counts %+v", d)
	}
	return err
}

// cleared checks that what was dropped or purged has not come back.
func (c *checker) cleared() error {
	first, next, err := c.Logs().Bounds(c.ctx, droppedLog)
	if err != nil {
		return err
	}
	entries, err := c.readAll(droppedLog, first, next)
	if err != nil {
		return err
	}
	list, err := c.Queues().Browse(c.ctx, purgedQueue, 0, 0)
	if err != nil {
		return err
	}
	d, err := c.Queues().Depth(c.ctx, purgedQueue)
	if err != nil {
		return err
	}
	if d.Due+d.Leased+d.Delayed != len(list) {
		return fmt.Errorf("the purged queue counts %+v, and lists %d", d, len(list))
	}
	in := map[string][]string{}
	for _, data := range entries {
		in[droppedLog] = append(in[droppedLog], data)
	}
	for _, l := range list {
		in[purgedQueue] = append(in[purgedQueue], string(l.Body))
	}
	for name, all := range in {
		for _, data := range all {
			g, s := 0, c.b.cleared[name]
			fmt.Sscan(data, &g)
			if g < s.least || g > s.most || data != all[0] {
				return fmt.Errorf("%s holds %q of generation %d, it was cleared up to %d", name, all, g, s.least)
			}
		}
	}
	return nil
}

func (c *checker) blobs() error {
	for d, content := range c.b.blobs {
		b, err := c.Blobs().Open(c.ctx, d)
		if err != nil {
			return fmt.Errorf("a blob is lost: %w", err)
		}
		got, err := io.ReadAll(b)
		if err = errors.Join(err, b.Close()); err != nil {
			return err
		}
		if string(got) != content {
			return fmt.Errorf("the blob %s is damaged", d)
		}
	}
	return nil
}

// numbers checks that none is given out again.
func (c *checker) numbers() error {
	rev, err := c.Records().Apply(c.ctx, put("left", "new", ""))
	if err != nil || rev <= c.b.rev {
		return fmt.Errorf("revision %d is given out after %d: %v", rev, c.b.rev, err)
	}
	var last uint64
	for id, m := range c.b.message {
		if m.known {
			last = max(last, id)
		}
	}
	ids, err := c.Queues().Enqueue(c.ctx, workQueue, msg("new"))
	if err != nil || ids[0] <= last {
		return fmt.Errorf("ids %v are given out after %d: %v", ids, last, err)
	}
	for name, entries := range c.b.entries {
		p, err := c.Logs().Append(c.ctx, name, []byte("new"))
		if err != nil {
			return err
		}
		if data, again := entries[p]; again {
			return fmt.Errorf("log %s: position %d is given out again, it had %.20q", name, p, data)
		}
	}
	l, err := c.Leases().Acquire(c.ctx, "lease", time.Hour)
	if isA(err, engine.ErrLease) {
		return nil // it survived
	}
	if err != nil || l.Token() <= c.b.token {
		return fmt.Errorf("a lease's token is not above %d: %v", c.b.token, err)
	}
	return nil
}
