package lambda

import "github.com/signalbox/signalbox/services/lambda/catalog"

// kept is what a version is to keep ready.
type kept struct {
	processes int
	failure   error // its pool could not be made
}

// keep has a version's pool keep n processes ready, and makes it where n asks
// for one.
func (w *workshop) keep(v *catalog.Version, n int) {
	key := v.Named().Key(v.Version)
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.kept[key]
	if w.closed || k == nil && n == 0 {
		return
	}
	if k == nil {
		k = new(kept)
		w.kept[key] = k
	}
	k.processes, k.failure = n, nil
	if b := w.benches[key]; b != nil && b.begun {
		select {
		case <-b.ready:
			if b.pool != nil {
				b.pool.Provision(n)
			}
		default: // equip does it
		}
	} else if n > 0 {
		w.prefetch(v)
	}
	if n == 0 {
		delete(w.kept, key)
	}
}

// prefetch makes a version's pool in the background. Called with mu held.
func (w *workshop) prefetch(v *catalog.Version) {
	if w.closed {
		return
	}
	w.ends.Go(func() {
		// An error is that of the next invocation too, which tells it.
		_, _ = w.pool(w.s.life, v)
	})
}

// equip has a pool that was made keep ready what it should.
func (w *workshop) equip(key string, b *bench) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.kept[key]
	if k == nil || w.benches[key] != b {
		return
	}
	if k.failure = b.err; b.pool != nil {
		b.pool.Provision(k.processes)
	}
}

// ready tells how many of the processes that a version is to keep are ready, and
// why there are not more; nil: they are being started.
func (w *workshop) ready(v *catalog.Version) (int, error) {
	key := v.Named().Key(v.Version)
	w.mu.Lock()
	defer w.mu.Unlock()
	b, k := w.benches[key], w.kept[key]
	if b != nil {
		select {
		case <-b.ready:
			if b.pool != nil {
				return b.pool.Provisioned()
			}
		default:
		}
	}
	if k != nil {
		return 0, k.failure
	}
	return 0, nil
}
