package local

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/signalbox/signalbox/engine"
	"github.com/signalbox/signalbox/engine/local/internal/store"
)

// A watcher gathers the changes that its consumer has not seen yet, for each
// record only the last: one that does not keep up costs no more than the
// collection has records.
type watcher struct {
	// guarded by the collection's mu
	changes []engine.Change // in order; superseded ones have no key
	latest  map[string]int  // where in changes a record's last change is
	wake    chan struct{}   // has room for one
}

// tell is called by the syncer, in the order of revisions.
func (c *collection) tell(change engine.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watchers {
		w.add(change)
	}
}

func (w *watcher) add(change engine.Change) {
	if i, ok := w.latest[change.Key]; ok {
		w.changes[i] = engine.Change{}
	}
	if len(w.changes) >= 64 && len(w.changes) >= 2*len(w.latest) {
		w.changes = slices.DeleteFunc(w.changes, func(c engine.Change) bool { return c.Key == "" })
		for i := range w.changes {
			w.latest[w.changes[i].Key] = i
		}
	}
	w.latest[change.Key] = len(w.changes)
	w.changes = append(w.changes, change)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (c *collection) take(w *watcher) []engine.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes := w.changes
	w.changes, w.latest = nil, map[string]int{}
	return changes
}

func (r records) Watch(ctx context.Context, collection string, from engine.Revision) iter.Seq2[engine.Change, error] {
	return func(yield func(engine.Change, error) bool) {
		if err := r.watch(ctx, collection, from, yield); err != nil {
			yield(engine.Change{}, err)
		}
	}
}

// watch yields the state that it finds, then what changes. It returns nil once
// the consumer stops.
func (r records) watch(ctx context.Context, name string, from engine.Revision, yield func(engine.Change, error) bool) error {
	if err := store.CheckName("collection", name); err != nil {
		return err
	}
	if err := r.e.store.Enter(); err != nil {
		return err
	}
	coll, err := r.e.collection(name)
	r.e.store.Leave()
	if err != nil {
		return err
	}
	// Whoever watches before the state is read misses nothing; what both
	// show is told by its revision.
	w := &watcher{latest: map[string]int{}, wake: make(chan struct{}, 1)}
	coll.mu.Lock()
	coll.watchers[w] = struct{}{}
	coll.mu.Unlock()
	defer func() {
		coll.mu.Lock()
		delete(coll.watchers, w)
		coll.mu.Unlock()
	}()
	found, seen, err := r.state(ctx, name, from)
	if err != nil {
		return err
	}
	for _, rec := range found {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(engine.Change{Record: rec}, nil) {
			return nil
		}
	}
	found, seen = nil, max(seen, from)
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.e.store.Closed():
			return engine.ErrClosed
		}
		for _, change := range coll.take(w) {
			if change.Key == "" || change.Revision <= seen {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			change.Value = slices.Clone(change.Value)
			if !yield(change, nil) {
				return nil
			}
		}
	}
}

// state lists the records changed after a revision, in the order of their
// revisions, and the revision that the list shows.
func (r records) state(ctx context.Context, name string, from engine.Revision) ([]engine.Record, engine.Revision, error) {
	var found []engine.Record
	var seen engine.Revision
	err := r.e.read(ctx, func(v *store.View) error {
		seen = v.Revision
		id, err := number(v, name)
		if err != nil || id == 0 {
			return err
		}
		prefix := recordKey(id, "")
		return store.Scan(v, prefix, store.After(prefix), func(k, b []byte) (bool, error) {
			rec, err := decodeRecord(string(k[len(prefix):]), b)
			if rec.Revision > from {
				found = append(found, rec)
			}
			return true, err
		})
	})
	slices.SortStableFunc(found, func(a, b engine.Record) int { return cmp.Compare(a.Revision, b.Revision) })
	return found, seen, err
}
